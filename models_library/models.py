"""Photos of people that garments are tried on."""

import uuid
from datetime import timedelta
from typing import Final, override

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core import clock

# The subject of snapshots of the library's pages.
LIBRARY: Final = uuid.UUID(int=1)
# People are told so long before a release ends.
RELEASE_NOTICE: Final = timedelta(days=30)


class Category(models.TextChoices):
    """The part of the person that the photo shows."""

    FULL_BODY = "full_body", _("Full body")
    UPPER_BODY = "upper_body", _("Upper body")
    LOWER_BODY = "lower_body", _("Lower body")


class ReleaseState(models.TextChoices):
    """The state of a model photo's release today."""

    NONE = "none", _("No release")
    VALID = "valid", _("Valid")
    SOON = "soon", _("Ends soon")
    ENDED = "ended", _("Ended")
    LATER = "later", _("Not yet valid")


class ModelImage(models.Model):
    """A model photo. While a job points at it, it can be retired but not deleted.

    Its release says where and on which days, both included and in UTC, its pictures may be used. No release
    means no limit, unless RELEASES_REQUIRED is on. ``release_file`` is a key in private storage.

    ``image`` and ``thumbnail`` are keys in private storage. ``model_image_create`` writes them after the
    picture has passed ``config.core.images``. ``width`` and ``height`` are the image's pixels. An erased
    photo has no name and no files. Its row stays for the history of its jobs.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=200)
    image = models.FileField(_("image"), max_length=200, editable=False)
    thumbnail = models.FileField(_("thumbnail"), max_length=200, editable=False)
    category = models.CharField(_("category"), max_length=16, choices=Category)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)
    checksum = models.CharField(_("checksum"), max_length=64, editable=False, db_index=True)
    # Empty for photos of the releases before it.
    fingerprint = models.CharField(
        _("fingerprint"), max_length=192, blank=True, default="", db_default="", editable=False
    )
    release_file = models.FileField(_("release"), max_length=200, blank=True, default="", db_default="")
    release_territory = models.CharField(
        _("territory"), max_length=200, blank=True, default="", db_default=""
    )
    release_from = models.DateField(_("valid from"), null=True, blank=True)
    release_until = models.DateField(_("valid until"), null=True, blank=True, db_index=True)
    is_ai_made = models.BooleanField(_("made with AI"), default=False, db_default=False)
    # The end that people were told of, and how many days before it: one alert for each.
    release_alert = models.CharField(max_length=20, blank=True, default="", db_default="", editable=False)
    replaced_by = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        related_name="replaces",
        verbose_name=_("replaced by"),
        null=True,
        blank=True,
        editable=False,
    )
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("model photo")
        verbose_name_plural = _("model photos")
        ordering = ["-created_at", "id"]
        indexes = [models.Index(fields=["is_active", "category", "-created_at"], name="model_image_library")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(category__in=Category.values), name="model_image_category"
            ),
            models.CheckConstraint(
                condition=models.Q(width__gt=0, height__gt=0), name="model_image_has_a_size"
            ),
            models.CheckConstraint(
                condition=models.Q(release_from=None)
                | models.Q(release_until=None)
                | models.Q(release_until__gte=models.F("release_from")),
                name="model_image_release_begins_before_its_end",
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.name or gettext("Erased photo")

    @property
    def is_erased(self) -> bool:
        """Return whether the photo was erased on request."""
        return not self.name

    @property
    def is_released(self) -> bool:
        """Return whether the release allows the photo's use today."""
        today = clock.today()
        begins, ends = self.release_from or today, self.release_until or today
        has_release = bool(self.release_file or self.is_ai_made) or not settings.RELEASES_REQUIRED
        return has_release and begins <= today <= ends

    @property
    def release_state(self) -> ReleaseState:
        """Return the state of the release."""
        today = clock.today()
        if self.release_until is not None and self.release_until < today:
            return ReleaseState.ENDED
        if self.release_from is not None and self.release_from > today:
            return ReleaseState.LATER
        if self.release_until is not None and self.release_until <= today + RELEASE_NOTICE:
            return ReleaseState.SOON
        has_release = self.release_file or self.is_ai_made or self.release_from or self.release_until
        return ReleaseState.VALID if has_release else ReleaseState.NONE

    @property
    def is_usable(self) -> bool:
        """Return whether try-ons may begin with the photo: it is active, and its release allows it."""
        return self.is_active and self.is_released
