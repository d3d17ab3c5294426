"""The keys that clients send with a request to be able to repeat it."""

from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    name = "config.core.http.idempotency"
    label = "idempotency"
