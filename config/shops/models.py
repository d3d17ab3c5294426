"""Shops and their API keys."""

import uuid
from typing import override

from django.db import models
from django.db.models import JSONField, Q, Value
from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.shops.abilities import Scope


class Shop(models.Model):
    """A shop: the owner of all that its keys make. Limits are in credits a day; None is no limit."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100)
    allowed_origins = models.JSONField(
        _("allowed origins"),
        default=list,
        blank=True,
        help_text=_("The shop's pages, such as https://shop.example: browsers may call from there."),
    )
    languages = models.JSONField(_("languages"), default=list, blank=True)
    daily_credits = models.PositiveIntegerField(
        _("credits a day"), null=True, blank=True, help_text=_("Empty: no limit.")
    )
    shopper_daily_credits = models.PositiveIntegerField(
        _("credits a shopper and day"), null=True, blank=True, help_text=_("Empty: no limit.")
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("The keys of an inactive shop do not work.")
    )
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("shop")
        verbose_name_plural = _("shops")
        ordering = ["name", "id"]

    @override
    def __str__(self) -> str:
        return self.name


class Kind(models.TextChoices):
    """The place where a key lives."""

    SECRET = "secret", _("Secret, for the shop's server")
    PUBLISHABLE = "publishable", _("Publishable, for browsers")


class ApiKey(models.Model):
    """A shop's key. Only its SHA-256 is kept: a key has 256 random bits, so a slow hash would add nothing.

    ``shop`` is empty in a row that an earlier release has inserted during a deploy.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    shop = models.ForeignKey(
        Shop, null=True, on_delete=models.PROTECT, related_name="keys", verbose_name=_("shop")
    )
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(
        _("kind"), max_length=11, choices=Kind, default=Kind.SECRET, db_default=Kind.SECRET.value
    )
    is_test = models.BooleanField(
        _("test"), default=False, db_default=False, help_text=_("Its try-ons are tests and cost nothing.")
    )
    scopes = models.JSONField(_("scopes"), default=list, db_default=Value([Scope.TRYON.value], JSONField()))
    prefix = models.CharField(_("prefix"), max_length=20, editable=False, help_text=_("How the key begins."))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    is_manager = models.BooleanField(
        _("manager"),
        default=False,
        help_text=_(
            "May do everything that the API offers: see every job, change the library, pause the service."
        ),
    )
    daily_credits = models.PositiveIntegerField(
        _("credits a day"), null=True, blank=True, help_text=_("Empty: no limit.")
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    expires_at = models.DateTimeField(
        _("expires"), null=True, blank=True, help_text=_("Empty: never. A key does not work after this time.")
    )
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    # The key itself, in the object that has issued it and nowhere else.
    text: str = ""

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-created_at"]
        constraints = [models.CheckConstraint(condition=Q(kind__in=Kind.values), name="api_key_kind")]

    @override
    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def is_publishable(self) -> bool:
        """Return whether the key is for browsers, where everybody can read it."""
        return self.kind == Kind.PUBLISHABLE
