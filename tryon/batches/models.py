"""Batches: what is asked for, each of its pairs, and recipes with a name."""

import uuid
from typing import Final, override

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core import clock
from tryon.fashn.options import DEFAULT_SEED


class NamedRecipe(models.Model):
    """A named set of options, normalised. A result has the recipe whose options its job has."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100, unique=True)
    options = models.JSONField(_("options"), default=dict, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("recipe")
        verbose_name_plural = _("recipes")
        ordering = ["name"]

    @override
    def __str__(self) -> str:
        return self.name


class BatchState(models.TextChoices):
    """The state of a batch. It is a plan until it has started: ``creating`` and ``ready`` cost nothing."""

    CREATING = "creating", _("Being planned")
    READY = "ready", _("Planned")
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    DONE = "done", _("Done")
    CANCELED = "canceled", _("Canceled")


class ItemState(models.TextChoices):
    """The state of one pair of a batch. ``reused`` has a result that was there before."""

    WAITING = "waiting", _("Waiting")
    QUEUED = "queued", _("Under way")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELED = "canceled", _("Canceled")
    BLOCKED = "blocked", _("Blocked")
    REUSED = "reused", _("There before")


class PauseCode(models.TextChoices):
    """A reason for which the feeder pauses a batch. A person decides what to do."""

    PRICE_ROSE = "price_rose", _("The rest costs more than was confirmed. Look at the price, then go on.")
    CREDIT_FLOOR = "credit_floor", _("FASHN's balance has come to the credits that the batch must leave.")
    PERSON_GONE = "person_gone", _("The person who planned it may start no try-ons any more.")
    OPTIONS_OUTDATED = "options_outdated", _("Its options are no longer supported. Make a new plan.")


PLANS: Final = (BatchState.CREATING, BatchState.READY)
LIVE: Final = (BatchState.RUNNING, BatchState.PAUSED)


class Batch(models.Model):
    """Many try-ons that one person plans, pays and follows together.

    ``selection`` has the ids of the photos until the start; ``planned`` counts the pairs that have rows.
    ``price`` is the sum of the credits that the waiting pairs of a plan cost. ``max_credits`` is the most
    that the batch may pay: what a person has confirmed, and in a plan the limit that they have set.
    ``paid_before`` are credits that failed pairs had cost before a retry.
    ``counts`` has the number of items in each state, as the feeder saw it last. ``pause_code`` says why a
    paused batch stands still, and is empty for a person's own pause.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=200)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="batches",
        verbose_name=_("person"),
    )
    options = models.JSONField(_("options"), default=dict, blank=True)
    recipe = models.ForeignKey(
        NamedRecipe, null=True, blank=True, on_delete=models.SET_NULL, verbose_name=_("recipe")
    )
    state = models.CharField(_("state"), max_length=10, choices=BatchState, default=BatchState.CREATING)
    pause_code = models.CharField(_("paused because"), max_length=40, blank=True)
    selection = models.JSONField(default=dict, editable=False)
    pairs = models.PositiveIntegerField(_("pairs"), default=0)
    planned = models.PositiveIntegerField(_("planned"), default=0)
    price = models.PositiveIntegerField(_("price"), default=0)
    priority = models.SmallIntegerField(_("priority"), default=0)
    not_before = models.DateTimeField(_("not before"), null=True, blank=True)
    credit_floor = models.PositiveIntegerField(_("credit floor"), null=True, blank=True)
    max_credits = models.PositiveIntegerField(_("at most"), null=True, blank=True)
    paid_before = models.PositiveIntegerField(_("paid before"), default=0, db_default=0)
    counts = models.JSONField(_("counts"), default=dict, editable=False)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    told_at = models.DateTimeField(
        _("told"), null=True, blank=True, help_text=_("When the person got the e-mail.")
    )

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["-created_at", "id"]
        default_permissions = ["view"]
        indexes = [
            models.Index(fields=["-created_at", "id"], name="batch_newest"),
            models.Index(fields=["state", "-priority", "created_at"], name="batch_feeding_order"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=BatchState.values), name="batch_state"),
            models.CheckConstraint(condition=Q(planned__lte=models.F("pairs")), name="batch_planned"),
            models.CheckConstraint(
                condition=~Q(state__in=LIVE) | Q(max_credits__isnull=False, started_at__isnull=False),
                name="batch_live_is_confirmed",
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.name

    @property
    def is_plan(self) -> bool:
        """Return whether the batch has not started."""
        return self.state in PLANS


class BatchItem(models.Model):
    """One picture of a batch: a product photo on a model photo, with a seed.

    ``credits`` are what the batch pays for it: while it waits, the price; under way, the most that its job
    costs; at the end, what it did cost. They are 0 where others pay, or nobody. ``job`` is set while the
    pair waits if somebody's job for the same picture was under way at the count. ``asked_at`` is the time of
    the latest request for its job.
    """

    batch = models.ForeignKey(
        Batch,
        on_delete=models.CASCADE,
        related_name="items",
        db_index=False,  # the index of the next items begins with it
    )
    product_image = models.ForeignKey(
        "tryon.ProductImage",
        null=True,
        on_delete=models.SET_NULL,
        related_name="batch_items",
        verbose_name=_("product photo"),
    )
    model_image = models.ForeignKey(
        "models_library.ModelImage",
        null=True,
        on_delete=models.SET_NULL,
        related_name="batch_items",
        verbose_name=_("model photo"),
    )
    job = models.ForeignKey(
        "tryon.TryOnJob",
        null=True,
        on_delete=models.SET_NULL,
        related_name="batch_items",
        verbose_name=_("job"),
    )
    seed = models.PositiveBigIntegerField(_("seed"), default=DEFAULT_SEED, db_default=DEFAULT_SEED)
    cache_key = models.CharField(_("cache key"), max_length=64, blank=True)
    credits = models.PositiveIntegerField(_("credits"), default=0)
    state = models.CharField(_("state"), max_length=10, choices=ItemState, default=ItemState.WAITING)
    error_code = models.CharField(_("error code"), max_length=60, blank=True)
    error_message = models.CharField(_("error message"), max_length=500, blank=True)
    asked_at = models.DateTimeField(_("asked"), null=True, blank=True)

    class Meta:
        verbose_name = _("pair of a batch")
        verbose_name_plural = _("pairs of batches")
        ordering = ["id"]
        default_permissions = ()
        indexes = [models.Index(fields=["batch", "state", "id"], name="batch_item_next")]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "product_image", "model_image", "seed"], name="batch_pair_once_a_seed"
            ),
            models.CheckConstraint(condition=Q(state__in=ItemState.values), name="batch_item_state"),
        ]

    @override
    def __str__(self) -> str:
        photos = (self.product_image, self.model_image)
        return " · ".join(gettext("Erased photo") if photo is None else str(photo) for photo in photos)
