"""Django's page about an error, which shows all settings when DEBUG is on."""

from typing import Any, override

from django.views.debug import SafeExceptionReporterFilter

from config.core.redaction import REDACTOR


class RedactingReporterFilter(SafeExceptionReporterFilter):
    """Hide passwords inside addresses too: Django goes by the names of settings."""

    @override
    def cleanse_setting(self, key: Any, value: Any) -> Any:
        cleansed = super().cleanse_setting(key, value)
        return REDACTOR.text(str(cleansed)) if isinstance(cleansed, str) else cleansed
