"""Logins of people, and the log of their changes."""

from datetime import timedelta

from config import env

# The first one only refuses: who has failed too often.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

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
