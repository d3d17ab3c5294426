"""The HTTP API's own app: keys and what every endpoint shares."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "config.api"
    label = "api"
    verbose_name = "API"
