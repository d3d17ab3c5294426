"""The admin pages of people: their preferences, and the audit log."""

from config.people import audit_admin, preferences_admin  # noqa: F401  (each registers its pages)
