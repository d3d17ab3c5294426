"""All settings, read once from the environment. With none set, an embedded set-up under ``var/`` works.

Names, defaults and meanings are listed in README.md; a test fails when one is missing there.
"""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from config.core.logs import configure_logging
from config.core.redis.addresses import cache_settings, check_scheme, queue_settings
from config.core.secrets import read_or_create_secret
from config.s3_options import s3_storage

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()


def positive(name: str, default: int) -> int:
    """An integer above zero from the environment."""
    value: int = env.int(name, default)
    if value < 1:
        raise ImproperlyConfigured(f"{name} must be 1 or more, not {value}.")
    return value


def not_negative(name: str, default: float) -> float:
    """A number from zero on from the environment."""
    try:
        value: float = env.float(name, default)
    except ValueError:
        value = -1.0
    if not value >= 0:
        raise ImproperlyConfigured(f"{name} must be a number, 0 or more.")
    return value


# --- Where things live ---------------------------------------------------------------------------------

VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var"))).resolve()
DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "") or read_or_create_secret(VAR_DIR / "secret-key")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# The address that shoppers' browsers and FASHN's webhooks reach, such as https://tryon.example.com.
PUBLIC_BASE_URL = env.str("PUBLIC_BASE_URL", "").rstrip("/")
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL] if PUBLIC_BASE_URL else []

# --- Application ---------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config.admin_site.StudioAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_rq",
    "config.core.apps.CoreConfig",
    "config.shops",
    "config.core.upkeep",
    "models_library",
    "results",
    "tryon",
]

MIDDLEWARE = [
    "config.core.middleware.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
TIME_ZONE = "UTC"
USE_TZ = True

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# --- Database ------------------------------------------------------------------------------------------

# Compose files hand on an empty DATABASE_URL where none is set.
DATABASE_URL = env.str("DATABASE_URL", "") or f"sqlite:///{VAR_DIR / 'db.sqlite3'}"
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
# A view that reads one row keeps 7 % of its throughput when each request opens its own connection.
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", 600)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # Writers queue at BEGIN instead of failing with "database is locked" in the middle of a transaction.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
elif DB_POOL_SIZE := env.int("DB_POOL_SIZE", 0):
    # For many threads that share few connections. Django takes either a pool or persistent connections.
    # Options of the address, such as sslmode, must stay.
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 1,
        "max_size": positive("DB_POOL_SIZE", DB_POOL_SIZE),
        "timeout": 10,  # seconds that a request waits for a connection to become free
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis: queue and cache ----------------------------------------------------------------------------

REDIS_URL = check_scheme(env.str("REDIS_URL", "redis://127.0.0.1:6379/0"))
RQ_QUEUES = {
    # The steps of jobs: short, so a worker that is told to stop is never long in leaving. A step that
    # hangs is stopped.
    "tryon": {**queue_settings(REDIS_URL), "DEFAULT_TIMEOUT": 150},
    "maintenance": {**queue_settings(REDIS_URL), "DEFAULT_TIMEOUT": 1800},
}
RQ = {
    "COMMIT_MODE": "auto"
}  # tryon/engine/queue.py waits for the commit itself, and survives Redis being away
CACHES = {"default": cache_settings(REDIS_URL)}

# --- Files ---------------------------------------------------------------------------------------------

MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = "/media/"
SIGNED_URL_SECONDS = positive("SIGNED_URL_SECONDS", 3600)
S3_BUCKET = env.str("S3_BUCKET", "")
S3_REGION = env.str("S3_REGION", "auto")
S3_ACCESS_KEY = env.str("S3_ACCESS_KEY", "").strip()
S3_SECRET_KEY = env.str("S3_SECRET_KEY", "").strip()
S3_ENDPOINT = env.str("S3_ENDPOINT", "")

# Whether FASHN fetches the photos itself, by signed URLs. A store inside the house it can't reach.
FASHN_INPUT_URLS = env.bool(
    "FASHN_INPUT_URLS", bool(S3_BUCKET) and (not S3_ENDPOINT or S3_ENDPOINT.startswith("https://"))
)

if S3_BUCKET:
    media_storage = s3_storage(
        bucket=S3_BUCKET,
        region=S3_REGION,
        access_key=S3_ACCESS_KEY,
        secret_key=S3_SECRET_KEY,
        endpoint=S3_ENDPOINT,
        url_seconds=SIGNED_URL_SECONDS,
    )
else:
    media_storage = {"BACKEND": "config.core.storage.local.SignedFileSystemStorage"}

STORAGES = {
    "default": media_storage,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "templates" / "static"]
# Uploaded files above 2.5 MB are spooled to disk by Django; this limits everything that is not a file.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

# --- Try-on --------------------------------------------------------------------------------------------

FASHN_API_KEY = env.str("FASHN_API_KEY", "").strip()  # a file of a secret ends with a new line
FASHN_API_URL = env.str("FASHN_API_URL", "https://api.fashn.ai").rstrip("/")
FASHN_TIMEOUT_SECONDS = positive("FASHN_TIMEOUT_SECONDS", 30)
QUEUE_CONCURRENCY = positive("QUEUE_CONCURRENCY", 5)
QUEUE_MAX_RETRIES = env.int("QUEUE_MAX_RETRIES", 3)
QUEUE_RETRY_DELAY = positive("QUEUE_RETRY_DELAY", 5000)  # milliseconds
JOB_DEADLINE_SECONDS = positive("JOB_DEADLINE_SECONDS", 600)
# How long a job waits for the webhook of a submission that was not answered.
SUBMISSION_WAIT_SECONDS = positive("SUBMISSION_WAIT_SECONDS", 180)
# FASHN's defaults: runs in 60 s and status calls in 10 s, all predictions together. Support raises them.
FASHN_RUN_CALLS = positive("FASHN_RUN_CALLS", 50)
FASHN_STATUS_CALLS = positive("FASHN_STATUS_CALLS", 50)
TRYON_DAILY_LIMIT = env.int("TRYON_DAILY_LIMIT", 0)  # credits a day, 0 for no limit
RESULT_TTL_DAYS = positive("RESULT_TTL_DAYS", 30)
UPLOAD_TTL_HOURS = positive("UPLOAD_TTL_HOURS", 24)  # for uploads that no try-on was asked for
EVENT_TTL_DAYS = positive("EVENT_TTL_DAYS", 90)
STORAGE_LIMIT_GB = not_negative("STORAGE_LIMIT_GB", 0.0)  # of 10^9 bytes, 0 for no limit
DEMO_SHOP = env.bool("DEMO_SHOP", False)

# --- HTTP API ------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "config.shops.authentication.ApiKeyAuthentication",
        "config.shops.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.core.http.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.core.http.exceptions.handle_exception",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Try-On Studio API",
    "DESCRIPTION": "Upload a garment, choose a model photo, generate a try-on picture and follow its job.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ModelCategory": "models_library.models.Category",
        "GarmentCategory": "tryon.fashn.options.CATEGORIES",
        "JobStatus": "tryon.models.Status",
        "Review": "results.models.Review",
    },
}

# --- Security ------------------------------------------------------------------------------------------

HTTPS = PUBLIC_BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", HTTPS)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 31_536_000 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", False)
SECURE_REFERRER_POLICY = "same-origin"
if env.bool("BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True
# Pictures may come from the storage's own host; everything else comes from here.
PICTURE_SOURCES = [CSP.SELF, "data:", "blob:", *([S3_ENDPOINT or "https:"] if S3_BUCKET else [])]
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "img-src": PICTURE_SOURCES,
    # django-rq's dashboard and Swagger UI style elements in place.
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.SELF],
    "form-action": [CSP.SELF],
    "object-src": [CSP.NONE],
}

# --- Logs ----------------------------------------------------------------------------------------------

LOG_FORMAT = env.str("LOG_FORMAT", "json")
LOGGING_CONFIG = None
configure_logging(log_format=LOG_FORMAT, level=env.str("LOG_LEVEL", "INFO"))
