"""Logs, errors and numbers for operators."""

from config import env
from config.core.logs import configure_logging
from config.core.redis.addresses import passwords_in
from config.core.sentry import configure_sentry
from config.settings.alerts import ALERT_WEBHOOK_URL, EMAIL_SERVER_PASSWORD
from config.settings.database import DATABASES
from config.settings.fashn import FASHN_API_KEY, FASHN_API_KEYS, TEST_FASHN_API_KEY
from config.settings.files import S3_SECRET_KEY
from config.settings.queues import REDIS_URL
from config.settings.security import SECRET_KEY

# The bearer token of /metrics. Without one the address answers 404.
METRICS_TOKEN = env.text("METRICS_TOKEN")

LOG_FORMAT = env.choice("LOG_FORMAT", "json", ["json", "text"])
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
LOGGING_CONFIG = None
SENTRY_DSN = env.text("SENTRY_DSN")
DEFAULT_EXCEPTION_REPORTER_FILTER = "config.core.debug.RedactingReporterFilter"
configure_logging(
    log_format=LOG_FORMAT,
    level=LOG_LEVEL,
    secrets=[
        SECRET_KEY,
        FASHN_API_KEY,
        *FASHN_API_KEYS,
        TEST_FASHN_API_KEY,
        METRICS_TOKEN,
        S3_SECRET_KEY,
        EMAIL_SERVER_PASSWORD,
        ALERT_WEBHOOK_URL,
        SENTRY_DSN,
        *passwords_in(REDIS_URL),
        str(DATABASES["default"].get("PASSWORD", "")),
    ],
)
configure_sentry(SENTRY_DSN, environment=env.text("SENTRY_ENVIRONMENT", "production"))
