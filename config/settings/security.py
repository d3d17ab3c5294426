"""Secrets, hosts, cookies, HTTPS, proxies, and the policy of pages."""

from urllib.parse import urlsplit

from django.utils.csp import CSP

from config import env
from config.s3_options import picture_origin
from config.settings.files import S3_ADDRESSING, S3_BUCKET, outer_endpoint
from config.settings.places import EVENTS_URL, PUBLIC, PUBLIC_BASE_URL, PUBLIC_HOST, VAR_DIR

SECRET_KEY = env.secret("SECRET_KEY", VAR_DIR / "secret-key")
# Their fingerprints are compared between machines, by each process at its start and by the doctor.
SHARED_SECRETS = ["SECRET_KEY", "FASHN_API_KEY", "FASHN_API_KEYS", "TEST_FASHN_API_KEY", "S3_SECRET_KEY"]

ALLOWED_HOSTS = env.host_names(
    "ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]", *filter(None, [PUBLIC_HOST])]
)
CSRF_TRUSTED_ORIGINS = [f"{PUBLIC.scheme}://{PUBLIC.netloc}"] if PUBLIC_BASE_URL else []

HTTPS = PUBLIC_BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if PUBLIC.path:
    # Another Django service of the same host may have cookies by Django's names, for all paths.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "tryon_sessionid", "tryon_csrftoken"
    SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{PUBLIC.path}/"
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", HTTPS)
SECURE_HSTS_SECONDS = env.number("SECURE_HSTS_SECONDS", 31_536_000 if HTTPS else 0, least=0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.flag("SECURE_HSTS_INCLUDE_SUBDOMAINS", False)

# Proxies in a row, each of which adds its client's address. The two older names are for one of them or more.
PROXY_COUNT = env.number("PROXY_COUNT", 1, least=1, most=10)
TRUSTED_PROXIES = env.number(
    "TRUSTED_PROXIES", PROXY_COUNT if env.flag("BEHIND_PROXY", False) else 0, least=0, most=10
)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True

store = [picture_origin(S3_BUCKET, outer_endpoint, S3_ADDRESSING)] if S3_BUCKET else []
live_door = [EVENTS_URL.removesuffix(urlsplit(EVENTS_URL).path)] if EVENTS_URL else []
SECURE_CSP = {
    "default-src": [CSP.SELF],
    # The demo shop's widget puts the AI label on pictures, and listens to the live door.
    "connect-src": [CSP.SELF, *store, *live_door],
    "img-src": [CSP.SELF, "data:", "blob:", *store],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.SELF],
    "form-action": [CSP.SELF],
    "object-src": [CSP.NONE],
}
