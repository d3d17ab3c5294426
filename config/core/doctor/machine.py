"""This machine: its static files and its settings."""

from collections.abc import Iterator
from typing import Any, Final, cast

from django.apps import apps
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core import checks
from django.utils.translation import gettext_noop as _

from config.core.doctor.findings import Finding, State

STATIC_FILES: Final = _("Static files")
SETTINGS: Final = _("Settings")
# Of Django's advice on security: a weak SECRET_KEY, and DEBUG. PUBLIC_BASE_URL decides the rest.
OF_SECURITY: Final = ("security.W009", "security.W018")
# Findings of their own say them.
SAID: Final = ("core.E004", "core.W001")


def missing_static_files() -> int:
    """Return the number of static files of this release that are not collected."""
    collected = cast(Any, staticfiles_storage)
    if not getattr(collected, "manifest_strict", False):  # served from their sources
        return 0
    ignored = cast(Any, apps.get_app_config("staticfiles")).ignore_patterns
    names = {name for finder in finders.get_finders() for name, _storage in finder.list(ignored)}
    return len(names - set(collected.load_manifest()[0]))


def static_files() -> Iterator[Finding]:
    """Compare the collected files with those of this release. A page that misses one is an error."""
    if missing := missing_static_files():
        advice = _("Static files are missing, so pages fail. Run manage.py collectstatic --noinput.")
        yield Finding(STATIC_FILES, State.ERROR, str(missing), advice)
    else:
        yield Finding(STATIC_FILES)


def settings_checked() -> Iterator[Finding]:
    """Run Django's system checks and ours, those of a deployment too."""
    told = [
        message
        for message in checks.run_checks(include_deployment_checks=True)
        if message.level >= checks.WARNING and not message.is_silenced() and _counts(str(message.id))
    ]
    for message in told:
        state = State.ERROR if message.level >= checks.ERROR else State.WARNING
        fact = f"{message.id}: {message.msg.rstrip('.')}"
        yield Finding(SETTINGS, state, fact, message.hint or "")
    if not told:
        yield Finding(SETTINGS)


def _counts(check: str) -> bool:
    return check in OF_SECURITY or not (check in SAID or check.startswith("security.W"))
