"""Django's parts: apps, middleware, templates, languages."""

from django.utils.translation import gettext_lazy as _

from config import env
from config.settings.places import BASE_DIR

DEBUG = env.flag("DEBUG", False)
DEMO_SHOP = env.flag("DEMO_SHOP", False)

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
