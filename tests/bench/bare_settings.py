"""The settings of the bare view: the product's, without middleware and with one more address."""

from config.settings import *  # noqa: F403

MIDDLEWARE = []
ROOT_URLCONF = "tests.bench.bare"
