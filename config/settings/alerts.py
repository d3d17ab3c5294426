"""Alerts, and the e-mail that carries them."""

from config import env
from config.settings.places import PUBLIC_HOST

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

# A shop may do without e-mail: Django calls that a fault of a deployment.
SILENCED_SYSTEM_CHECKS = ["mail.E001"]

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
