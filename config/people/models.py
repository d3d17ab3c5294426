"""The rows about people: their preferences, and the log of their changes."""

from typing import Any, Final, override

from auditlog.models import AbstractLogEntry
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from django.db.models import JSONField, Value
from django.utils.translation import gettext_lazy as _

from config.core import clock


class Preferences(models.Model):
    """A person's own choices. Empty texts mean that they have not chosen.

    ``review_keys`` maps an action of the review page to the physical key (``event.code``) that calls it.
    ``upload_pattern`` is that of the names of the product photos that they sent last.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="preferences"
    )
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, default="", db_default="")
    language = models.CharField(_("language"), max_length=10, blank=True, default="", db_default="")
    review_keys = models.JSONField(
        _("keys of the review page"), default=dict, blank=True, db_default=Value({}, JSONField())
    )
    upload_pattern = models.CharField(
        _("pattern of the names"), max_length=60, blank=True, default="", db_default=""
    )

    class Meta:
        verbose_name = _("preferences")
        verbose_name_plural = _("preferences")
        default_permissions = ()  # each person has their own, and nobody else's

    @override
    def __str__(self) -> str:
        return str(self.user)


def preferences_of(user: User | AnonymousUser) -> Preferences:
    """Return a person's preferences, not yet saved where they have chosen nothing."""
    if user.pk is None:
        return Preferences()
    return Preferences.objects.filter(pk=user.pk).first() or Preferences(user_id=user.pk)


def upload_pattern_keep(user: User | AnonymousUser, pattern: str) -> None:
    """Remember the pattern of a person's upload for their next one."""
    if user.pk is not None and preferences_of(user).upload_pattern != pattern:
        Preferences.objects.update_or_create(user_id=user.pk, defaults={"upload_pattern": pattern})


class Role(models.Model):
    """One of the ready-made groups, with the permissions that the product last gave it, as ``app.codename``.

    It tells a group that the owner has changed, or deleted, from one that follows the product.
    """

    name = models.CharField(primary_key=True, max_length=150)
    given = models.JSONField(default=list)

    class Meta:
        default_permissions = ()

    @override
    def __str__(self) -> str:
        return self.name


class Decision(models.TextChoices):
    """A decision that no change of fields tells. A stored value never changes its meaning."""

    START = "start", _("Started a batch")
    PAUSE = "pause", _("Paused")
    RESUME = "resume", _("Resumed")
    CANCEL = "cancel", _("Canceled")
    RETRY = "retry", _("Retried")
    REGENERATE = "regenerate", _("Regenerated")
    GENERATE = "generate", _("Asked for a try-on")
    REVIEW = "review", _("Reviewed")
    REPLACE = "replace", _("Replaced the photo")
    IMPORT = "import", _("Imported")
    EXPORT = "export", _("Exported")
    BULK_EDIT = "bulk_edit", _("Edited many")
    ERASE = "erase", _("Erased for good")
    DELETE = "delete", _("Deleted")
    PASSWORD = "password", _("Set a password")
    QUEUE = "queue", _("Changed a queue")
    CLEAN = "clean", _("Started a cleanup")


ACTIONS: Final = {
    AbstractLogEntry.Action.CREATE: _("Added"),
    AbstractLogEntry.Action.UPDATE: _("Changed"),
    AbstractLogEntry.Action.DELETE: _("Deleted"),
}


class AuditEntry(AbstractLogEntry):  # type: ignore[misc]  # the library has no types
    """One change or decision of a person. django-auditlog writes changes, ``config.people.audit`` decisions.

    Nobody's address is kept: no list of who came from where. ``cid`` is the request's id in the logs.
    """

    # One of Decision. Not as choices of the field: a new one would need a migration.
    decision = models.CharField(_("decision"), max_length=20, blank=True, default="", db_default="")
    cid = models.CharField(_("request"), max_length=64, blank=True, null=True)
    timestamp = models.DateTimeField(_("time"), default=clock.now)
    content_type = models.ForeignKey(
        "contenttypes.ContentType", on_delete=models.CASCADE, related_name="+", verbose_name=_("kind")
    )
    object_pk = models.CharField(_("id"), max_length=255)
    object_id = models.BigIntegerField(blank=True, null=True)
    object_repr = models.TextField(_("name"))
    action = models.PositiveSmallIntegerField(_("action"), choices=AbstractLogEntry.Action.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        blank=True,
        null=True,
        related_name="+",
        verbose_name=_("person"),
    )
    actor_email: Any = None
    remote_addr: Any = None
    remote_port: Any = None
    changes_text: Any = None

    class Meta:
        verbose_name = _("entry of the audit log")
        verbose_name_plural = _("entries of the audit log")
        ordering = ["-timestamp", "-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["-timestamp", "-id"], name="audit_newest"),
            models.Index(fields=["content_type", "object_pk"], name="audit_of_object"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.done}: {self.object_repr}" if self.object_repr else self.done

    @property
    def done(self) -> str:
        """Return what was done in words: the decision, or else the change of a row."""
        labels = dict(Decision.choices)
        return str(labels.get(self.decision, self.decision) if self.decision else ACTIONS[self.action])
