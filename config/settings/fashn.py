"""FASHN: its accounts, and the calls to it."""

from config import env
from config.settings.files import S3_BUCKET, outer_endpoint

FASHN_API_KEY = env.text("FASHN_API_KEY")
# Keys of further accounts at FASHN, each with limits of its own: those of live-2, live-3 and so on, by their
# places. An account without a key has an empty text.
FASHN_API_KEYS = env.secrets_of_places("FASHN_API_KEYS", "live", 2)
FASHN_API_URL = env.web_address("FASHN_API_URL", "https://api.fashn.ai", example="https://api.fashn.ai")
# The sandbox of test keys, and its key.
TEST_FASHN_URL = env.web_address("TEST_FASHN_URL", "", example="http://sandbox:8900")
TEST_FASHN_API_KEY = env.text("TEST_FASHN_API_KEY")

FASHN_TIMEOUT_SECONDS = env.number("FASHN_TIMEOUT_SECONDS", 30, least=1, most=3600)
# FASHN's defaults: runs in 60 s, and status calls in 10 s for all predictions together. Its support raises
# them.
FASHN_RUN_CALLS = env.number("FASHN_RUN_CALLS", 50, least=1)
FASHN_STATUS_CALLS = env.number("FASHN_STATUS_CALLS", 50, least=1)
# With it FASHN fetches the photos itself, by signed URLs. It can't reach a store inside the house.
FASHN_INPUT_URLS = env.flag(
    "FASHN_INPUT_URLS", bool(S3_BUCKET) and (not outer_endpoint or outer_endpoint.startswith("https://"))
)
