"""The API: its framework, its schema, and pages of other origins."""

from config.settings.places import PUBLIC

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
        "DeliveryState": "tryon.webhooks.models.State",
    },
}

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
