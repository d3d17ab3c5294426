"""All settings, read once from the environment. With none set, an embedded set-up under ``var/`` works.

Names, defaults and meanings are listed in README.md; a test fails when one is missing there.
"""

from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from config import env
from config.core.http.static import add_headers
from config.core.logs import configure_logging
from config.core.private import FILE_MODE, FOLDER_MODE
from config.core.redis.addresses import cache_settings, passwords_in, queue_settings
from config.core.sentry import configure_sentry
from config.databases import database_settings
from config.s3_options import ADDRESSING, check_store, picture_origin, s3_storage

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where things live ---------------------------------------------------------------------------------

VAR_DIR = Path(env.text("VAR_DIR", str(BASE_DIR / "var"))).resolve()
DEBUG = env.flag("DEBUG", False)
SECRET_KEY = env.secret("SECRET_KEY", VAR_DIR / "secret-key")
# The address that shoppers' browsers and FASHN's webhooks reach, such as https://tryon.example.com, or
# https://shop.example/tryon for a service below a path of another site.
PUBLIC_BASE_URL = env.web_address("PUBLIC_BASE_URL", "", example="https://tryon.example.com")
PUBLIC = urlsplit(PUBLIC_BASE_URL)
CSRF_TRUSTED_ORIGINS = [f"{PUBLIC.scheme}://{PUBLIC.netloc}"] if PUBLIC_BASE_URL else []
PUBLIC_HOST = PUBLIC.netloc.removesuffix(f":{PUBLIC.port}")
# The address of the live door for browsers. Without one nobody is sent there.
EVENTS_URL = env.web_address("EVENTS_URL", "", example="https://tryon.example.com")
ALLOWED_HOSTS = env.host_names(
    "ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]", *filter(None, [PUBLIC_HOST])]
)
# Django puts it before every address. The gate takes it from the path of a request.
FORCE_SCRIPT_NAME = PUBLIC.path or None

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
    "corsheaders",
    "axes",
    "auditlog",
    "config.core.apps.CoreConfig",
    "config.shops",
    "config.core.upkeep",
    "config.core.http.idempotency",
    "config.people",
    "models_library",
    "results",
    "tryon",
    "tryon.catalogue",
    "tryon.batches",
    "tryon.board",
    "tryon.review",
    "tryon.comparisons",
    "tryon.money",
    "tryon.archive",
    "tryon.metrics",
    "tryon.alerts",
    "tryon.webhooks",
    "import_export",
]

MIDDLEWARE = [
    "config.core.http.address.ForwardedMiddleware",
    "config.core.middleware.RequestLogMiddleware",
    "tryon.api.quick.SnapshotMiddleware",
    "config.core.middleware.PrivateAnswersMiddleware",
    "config.core.http.health.ProbesMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.shops.rates.RatesMiddleware",
    "tryon.api.quick.JobStatusMiddleware",
    "tryon.api.hits.RepeatedWishMiddleware",
    "config.core.storage.StorageBudgetMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.shops.middleware.PeopleSessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.shops.middleware.PeopleAuthenticationMiddleware",
    "config.shops.middleware.PeopleMessageMiddleware",
    "axes.middleware.AxesMiddleware",
    "config.people.preferences.PreferencesMiddleware",
    "config.people.audit.AuditMiddleware",
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
LANGUAGES = [("en", _("English")), ("ko", _("Korean"))]
FORMAT_MODULE_PATH = "config.formats"
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

# The first one only refuses: who has failed too often.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# --- Database ------------------------------------------------------------------------------------------

DATABASES = {
    "default": database_settings(
        env.text("DATABASE_URL", f"sqlite:///{quote(str(VAR_DIR))}/db.sqlite3"),
        # A view that reads one row keeps 7 % of its throughput when each request opens its own connection.
        max_age=env.number("CONN_MAX_AGE", 600, least=0),
        pool_size=env.number("DB_POOL_SIZE", 0, least=0, most=10_000),
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis: queue and cache ----------------------------------------------------------------------------

REDIS_URL = env.redis_address("REDIS_URL", "redis://127.0.0.1:6379/0")
FASHN_TIMEOUT_SECONDS = env.number("FASHN_TIMEOUT_SECONDS", 30, least=1, most=3600)
RQ_QUEUES = {
    # The steps of jobs. They are short, so that a worker stops soon after it is told to. A step that hangs is
    # stopped, later than the deadlines of its parts: two photos from the store (100 s at the worst), 60 s
    # of sending, FASHN's answer and its body, 15 s of writing down its id.
    "tryon": {**queue_settings(REDIS_URL), "DEFAULT_TIMEOUT": 240 + 2 * FASHN_TIMEOUT_SECONDS},
    "maintenance": {**queue_settings(REDIS_URL), "DEFAULT_TIMEOUT": 1800},
}
RQ = {
    "COMMIT_MODE": "auto",  # tryon/engine/queue.py waits for the commit itself, and survives an outage
    "WORKER_CLASS": "tryon.worker.MaintenanceWorker",  # where rqworker's --worker-class names none
}
RQ_SHOW_ADMIN_LINK = False  # tryon/admin/queues.py shows the dashboard, to those who may see it
CACHES = {
    "default": cache_settings(REDIS_URL),
    # Small numbers that each process may find again by itself.
    "process": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
}

# --- Files ---------------------------------------------------------------------------------------------

MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = f"{PUBLIC.path}/media/"
SIGNED_URL_SECONDS = env.number("SIGNED_URL_SECONDS", 3600, least=1)
S3_BUCKET = env.bucket("S3_BUCKET")
S3_PREFIX = env.folder("S3_PREFIX")
S3_REGION = env.region("S3_REGION", "auto")
S3_ACCESS_KEY = env.text("S3_ACCESS_KEY")
S3_SECRET_KEY = env.text("S3_SECRET_KEY")
S3_ENDPOINT = env.web_address("S3_ENDPOINT", "", example="https://account.r2.cloudflarestorage.com")
# The address of the same store in signed URLs, where browsers can't reach it at S3_ENDPOINT.
S3_PUBLIC_ENDPOINT = env.web_address("S3_PUBLIC_ENDPOINT", "", example="https://pictures.shop.example")
S3_ADDRESSING = env.choice("S3_ADDRESSING", "auto", ADDRESSING)
check_store(
    bucket=S3_BUCKET,
    region=S3_REGION,
    endpoints={"S3_ENDPOINT": S3_ENDPOINT, "S3_PUBLIC_ENDPOINT": S3_PUBLIC_ENDPOINT},
)
outer_endpoint = S3_PUBLIC_ENDPOINT or S3_ENDPOINT

# With it FASHN fetches the photos itself, by signed URLs. It can't reach a store inside the house.
FASHN_INPUT_URLS = env.flag(
    "FASHN_INPUT_URLS", bool(S3_BUCKET) and (not outer_endpoint or outer_endpoint.startswith("https://"))
)

if S3_BUCKET:
    media_storage = s3_storage(
        bucket=S3_BUCKET,
        region=S3_REGION,
        access_key=S3_ACCESS_KEY,
        secret_key=S3_SECRET_KEY,
        endpoint=S3_ENDPOINT,
        public_endpoint=S3_PUBLIC_ENDPOINT,
        addressing=S3_ADDRESSING,
        url_seconds=SIGNED_URL_SECONDS,
        prefix=S3_PREFIX,
    )
else:
    media_storage = {
        "BACKEND": "config.core.storage.local.SignedFileSystemStorage",
        "OPTIONS": {"file_permissions_mode": FILE_MODE, "directory_permissions_mode": FOLDER_MODE},
    }

STORAGES = {
    "default": media_storage,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = f"{PUBLIC.path}/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "templates" / "static"]
WHITENOISE_ADD_HEADERS_FUNCTION = add_headers
# Small files stay in memory. Larger ones go to a file without a name: a killed process leaves none behind.
FILE_UPLOAD_HANDLERS = [
    "config.core.http.file_names.FileNamesHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "config.core.http.uploads.NamelessFileUploadHandler",
]
# Django counts uploaded files apart. This limits all other parts of a request.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

# Threads of a web process for pages and ordinary calls. Uploads, logins and searches have their own.
WEB_THREADS = env.number("WEB_THREADS", 4, least=1, most=64)

# What decoding one picture may take, in a process of its own.
IMAGE_MEMORY_MB = env.number("IMAGE_MEMORY_MB", 1024, least=64)
IMAGE_SECONDS = env.number("IMAGE_SECONDS", 20, least=1, most=600)  # of CPU; twice that by the clock

# --- Try-on --------------------------------------------------------------------------------------------

FASHN_API_KEY = env.text("FASHN_API_KEY")
# Keys of further accounts at FASHN, each with limits of its own: those of live-2, live-3 and so on, by their
# places. An account without a key has an empty text.
FASHN_API_KEYS = env.secrets_of_places("FASHN_API_KEYS", "live", 2)
FASHN_API_URL = env.web_address("FASHN_API_URL", "https://api.fashn.ai", example="https://api.fashn.ai")
# The sandbox of test keys, and its key.
TEST_FASHN_URL = env.web_address("TEST_FASHN_URL", "", example="http://sandbox:8900")
TEST_FASHN_API_KEY = env.text("TEST_FASHN_API_KEY")
QUEUE_CONCURRENCY = env.number("QUEUE_CONCURRENCY", 5, least=1)
QUEUE_MAX_RETRIES = env.number("QUEUE_MAX_RETRIES", 3, least=0, most=20)
QUEUE_RETRY_DELAY = env.number("QUEUE_RETRY_DELAY", 5000, least=1, most=3_600_000)  # milliseconds
QUEUE_PER_REQUESTER = env.number("QUEUE_PER_REQUESTER", 1000, least=1)  # queued jobs of one key or person
JOB_DEADLINE_SECONDS = env.number("JOB_DEADLINE_SECONDS", 600, least=1)
# Seconds that a job waits for the webhook of a submission without an answer.
SUBMISSION_WAIT_SECONDS = env.number("SUBMISSION_WAIT_SECONDS", 180, least=1)
# FASHN's defaults: runs in 60 s, and status calls in 10 s for all predictions together. Its support raises
# them.
FASHN_RUN_CALLS = env.number("FASHN_RUN_CALLS", 50, least=1)
FASHN_STATUS_CALLS = env.number("FASHN_STATUS_CALLS", 50, least=1)
# Credits a day of a publishable key that has no limit of its own; 0 for no limit.
PUBLISHABLE_KEY_DAILY_CREDITS = env.number("PUBLISHABLE_KEY_DAILY_CREDITS", 100, least=0)
TRYON_DAILY_LIMIT = env.number("TRYON_DAILY_LIMIT", 0, least=0)  # credits a day, 0 for no limit
RESULT_TTL_DAYS = env.number("RESULT_TTL_DAYS", 30, least=1, most=36_500)
# A model photo needs a release, or to be made with AI, before try-ons may begin with it.
RELEASES_REQUIRED = env.flag("RELEASES_REQUIRED", False)
# Hours that an upload without a try-on is kept.
UPLOAD_TTL_HOURS = env.number("UPLOAD_TTL_HOURS", 24, least=1, most=876_000)
# Hours after its upload at which a shopper's photo goes, with all that was made with it.
SHOPPER_PHOTO_TTL_HOURS = env.number("SHOPPER_PHOTO_TTL_HOURS", 24, least=1, most=8_760)
# Servers in the shop's own network that ``fileUrl`` may name, beside those of the public internet.
FILE_URL_HOSTS = env.places("FILE_URL_HOSTS")
# Days that a job without a result is kept after its end. FASHN keeps pictures for three days.
JOB_TTL_DAYS = env.number("JOB_TTL_DAYS", 400, least=4, most=36_500)
# Days after which such a job moves to the archive: one row, still found by its id.
JOB_ARCHIVE_DAYS = env.number("JOB_ARCHIVE_DAYS", 180, least=4, most=36_500)
EVENT_TTL_DAYS = env.number("EVENT_TTL_DAYS", 90, least=1, most=36_500)
# Days that the log of people's changes is kept.
AUDIT_LOG_DAYS = env.number("AUDIT_LOG_DAYS", 400, least=1, most=36_500)
# Servers in the shop's own network that webhook endpoints may name, also by http.
WEBHOOK_HOSTS = env.places("WEBHOOK_HOSTS")
# Days that the events for webhooks and the log of their deliveries are kept.
WEBHOOK_LOG_DAYS = env.number("WEBHOOK_LOG_DAYS", 30, least=5, most=36_500)
# The bearer token of /metrics. Without one the address answers 404.
METRICS_TOKEN = env.text("METRICS_TOKEN")
STORAGE_LIMIT_GB = env.number("STORAGE_LIMIT_GB", 0.0, least=0)  # of 10^9 bytes, 0 for no limit
DEMO_SHOP = env.flag("DEMO_SHOP", False)

# --- Rates ---------------------------------------------------------------------------------------------

# Requests in a minute. A shop's server asks for the jobs of all its shoppers with one key.
KEY_READS_PER_MINUTE = env.number("KEY_READS_PER_MINUTE", 120_000, least=1)
KEY_WRITES_PER_MINUTE = env.number("KEY_WRITES_PER_MINUTE", 6000, least=1)
SHOPPER_READS_PER_MINUTE = env.number("SHOPPER_READS_PER_MINUTE", 600, least=1)
SHOPPER_WRITES_PER_MINUTE = env.number("SHOPPER_WRITES_PER_MINUTE", 60, least=1)
# Many shoppers share the address of an office or of a mobile network.
ADDRESS_READS_PER_MINUTE = env.number("ADDRESS_READS_PER_MINUTE", 6000, least=1)
ADDRESS_WRITES_PER_MINUTE = env.number("ADDRESS_WRITES_PER_MINUTE", 600, least=1)

# --- E-mail --------------------------------------------------------------------------------------------

# The server that takes e-mail for people: alerts. Without one nothing is sent.
EMAIL_SERVER = env.text("EMAIL_SERVER")
EMAIL_SERVER_PORT = env.number("EMAIL_SERVER_PORT", 587, least=1, most=65_535)
EMAIL_SERVER_USER = env.text("EMAIL_SERVER_USER")
EMAIL_SERVER_PASSWORD = env.text("EMAIL_SERVER_PASSWORD")
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", f"Try-On Studio <tryon@{PUBLIC_HOST or 'localhost'}>")
EMAIL_SERVER_SECURITY = env.choice("EMAIL_SERVER_SECURITY", "starttls", ["starttls", "tls", "none"])
MAILERS = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": EMAIL_SERVER,
            "port": EMAIL_SERVER_PORT,
            "username": EMAIL_SERVER_USER,
            "password": EMAIL_SERVER_PASSWORD,
            "use_tls": EMAIL_SERVER_SECURITY == "starttls",
            "use_ssl": EMAIL_SERVER_SECURITY == "tls",
            "timeout": 20,
        },
    }
    if EMAIL_SERVER
    else {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
}
# --- Alerts --------------------------------------------------------------------------------------------

ALERT_EMAILS = env.emails("ALERT_EMAILS")
# Its address is a secret: who has it can write to the channel.
ALERT_WEBHOOK_URL = env.webhook("ALERT_WEBHOOK_URL")
# Servers in the shop's own network that it may name.
ALERT_WEBHOOK_HOSTS = env.places("ALERT_WEBHOOK_HOSTS")
# When only critical alerts are sent.
ALERT_QUIET_HOURS = env.hours("ALERT_QUIET_HOURS")
# For shoppers' jobs. Those of the lane bulk may wait for 24 times as long.
ALERT_QUEUE_SECONDS = env.number("ALERT_QUEUE_SECONDS", 600, least=1)
ALERT_FAILURE_PERCENT = env.number(
    "ALERT_FAILURE_PERCENT", 20, least=1, most=100
)  # of an hour, with one code
ALERT_DEAD_LETTERS = env.number("ALERT_DEAD_LETTERS", 10, least=1)
ALERT_CREDITS = env.number("ALERT_CREDITS", 100, least=0)
ALERT_CLOCK_SECONDS = env.number("ALERT_CLOCK_SECONDS", 2.0, least=0.1)

# A shop may do without e-mail: Django calls that a fault of a deployment.
SILENCED_SYSTEM_CHECKS = ["mail.E001"]

# --- HTTP API ------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "config.shops.authentication.ApiKeyAuthentication",
        "config.shops.authentication.TokenAuthentication",
        "config.shops.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["config.shops.permissions.ForTryOns"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.core.http.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_METADATA_CLASS": None,  # OPTIONS is for preflights alone: the schema tells the rest
    "EXCEPTION_HANDLER": "config.core.http.exceptions.handle_exception",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
    "URL_FORMAT_OVERRIDE": None,  # ?format= is a name like any other
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Try-On Studio API",
    "DESCRIPTION": "Upload a garment, choose a model photo, generate a try-on picture and follow its job.",
    "VERSION": "0.1.0",
    "LICENSE": {"name": "MIT", "url": "https://opensource.org/license/mit"},
    "SERVERS": [{"url": PUBLIC.path or "/"}],
    "SCHEMA_PATH_PREFIX": "/api/tryon/",
    "TAGS": [
        {"name": "sessions", "description": "Visitors of a shop's pages."},
        {"name": "uploads", "description": "Product photos of your own."},
        {"name": "product-photos", "description": "Product photos to try on."},
        {"name": "shoppers", "description": "Shoppers' own photos, and all that is kept of a shopper."},
        {"name": "models", "description": "The shop's library of model photos."},
        {"name": "jobs", "description": "Try-ons, from the request to their end."},
        {"name": "results", "description": "Try-on pictures, and your judgement of them."},
        {"name": "stats", "description": "The state of the service, for operators."},
        {"name": "webhook-endpoints", "description": "Addresses of your server that are told what happens."},
        {"name": "webhooks", "description": "For FASHN."},
    ],
    "AUTHENTICATION_WHITELIST": [
        "config.shops.authentication.ApiKeyAuthentication",
        "config.shops.authentication.TokenAuthentication",
    ],
    "PATH_CONVERTER_OVERRIDES": {
        "id": {"type": "string", "format": "uuid"},
        "text": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-.0-~]+$"},
    },
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.core.http.schema.finish",
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    # Everybody may read them, also with a key that does not work.
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ModelCategory": "models_library.models.Category",
        "GarmentCategory": "tryon.fashn.options.CATEGORIES",
        "JobStatus": "tryon.models.Status",
        "FailureCode": "tryon.failures.FailureCode",
        "Review": "results.models.Review",
    },
}

# --- Pages of other origins ------------------------------------------------------------------------------

# The origins are those of the shops (config/shops/cors.py). Pages send tokens, never cookies.
CORS_URLS_REGEX = r"^$"
CORS_ALLOW_METHODS = ["GET", "POST", "DELETE"]
CORS_ALLOW_HEADERS = ["authorization", "content-type", "idempotency-key", "if-none-match", "x-request-id"]
CORS_EXPOSE_HEADERS = [
    "ETag",
    "Idempotent-Replayed",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-ID",
]
CORS_PREFLIGHT_MAX_AGE = 600  # seconds

# --- Security ------------------------------------------------------------------------------------------

HTTPS = PUBLIC_BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
if PUBLIC.path:
    # Another Django service of the same host may have cookies by Django's names, for all paths.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "tryon_sessionid", "tryon_csrftoken"
    SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{PUBLIC.path}/"
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", HTTPS)
SECURE_HSTS_SECONDS = env.number("SECURE_HSTS_SECONDS", 31_536_000 if HTTPS else 0, least=0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.flag("SECURE_HSTS_INCLUDE_SUBDOMAINS", False)
SECURE_REFERRER_POLICY = "same-origin"
# Proxies in a row, each of which adds its client's address. The two older names are for one of them or more.
PROXY_COUNT = env.number("PROXY_COUNT", 1, least=1, most=10)
TRUSTED_PROXIES = env.number(
    "TRUSTED_PROXIES", PROXY_COUNT if env.flag("BEHIND_PROXY", False) else 0, least=0, most=10
)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True
# Their fingerprints are compared between machines, by each process at its start and by the doctor.
SHARED_SECRETS = ["SECRET_KEY", "FASHN_API_KEY", "FASHN_API_KEYS", "TEST_FASHN_API_KEY", "S3_SECRET_KEY"]
# One name from one address is locked out: nobody else, and not a whole office. A lock ends by itself.
AXES_FAILURE_LIMIT = env.number("LOGIN_ATTEMPTS", 5, least=1, most=1000)
AXES_COOLOFF_TIME = timedelta(minutes=env.number("LOGIN_LOCK_MINUTES", 15, least=1, most=10_080))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "config.core.http.address.client_address"
AXES_LOCKOUT_CALLABLE = "config.shops.logins.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the page has said when the lock ends
AXES_DISABLE_ACCESS_LOG = True  # no list of who came when
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# The log of what people change (config/people/audit.py). No address of anybody is kept.
AUDITLOG_LOGENTRY_MODEL = "people.AuditEntry"
AUDITLOG_CID_GETTER = "config.core.middleware.current_request_id"
AUDITLOG_STORE_JSON_CHANGES = True
# Pictures may come from the storage's own host; everything else comes from here.
PICTURE_SOURCES = [CSP.SELF, "data:", "blob:"]
CALLED: list[str] = [CSP.SELF]
if S3_BUCKET:
    store_origin = picture_origin(S3_BUCKET, outer_endpoint, S3_ADDRESSING)
    PICTURE_SOURCES.append(store_origin)
    CALLED.append(store_origin)  # the demo shop's widget puts the AI label on pictures
if EVENTS_URL:
    events = urlsplit(EVENTS_URL)
    CALLED.append(f"{events.scheme}://{events.netloc}")  # where it listens
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "connect-src": CALLED,
    "img-src": PICTURE_SOURCES,
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.SELF],
    "form-action": [CSP.SELF],
    "object-src": [CSP.NONE],
}

# --- Logs ----------------------------------------------------------------------------------------------

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
