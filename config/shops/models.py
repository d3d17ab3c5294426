"""API keys."""

import uuid
from typing import override

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.core import clock


class ApiKey(models.Model):
    """A shop's key. Only its SHA-256 is kept: a key has 256 random bits, so a slow hash would add nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("prefix"), max_length=12, editable=False, help_text=_("How the key begins."))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    is_manager = models.BooleanField(
        _("manager"),
        default=False,
        help_text=_(
            "May do everything that the API offers: see every job, change the library, pause the service."
        ),
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    # The key itself, in the object that has issued it and nowhere else.
    text: str = ""

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-created_at"]

    @override
    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
