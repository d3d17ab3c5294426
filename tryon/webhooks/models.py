"""Endpoints of shops, the events that they are told, and the log of it."""

import uuid
from datetime import datetime
from typing import ClassVar, Final, override
from urllib.parse import urlsplit

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.shops.callers import shop_name
from config.shops.models import Shop

ANSWER_BYTES: Final = 2048


class EventType(models.TextChoices):
    """The events. A stored value never changes its meaning."""

    JOB_COMPLETED = "job.completed", _("A job is completed")
    JOB_FAILED = "job.failed", _("A job has failed")
    JOB_CANCELED = "job.canceled", _("A job is canceled")
    RESULT_DELETED = "result.deleted", _("A result is deleted")
    RESULT_REVIEWED = "result.reviewed", _("A result is reviewed")
    SHOPPER_ERASED = "shopper.erased", _("A shopper is erased")
    PING = "ping", _("A test")


# A ping goes to its endpoint, whatever that listens to.
CHOSEN: Final = [(value, label) for value, label in EventType.choices if value != EventType.PING]


class Trouble(models.TextChoices):
    """The reason why the service has disabled an endpoint."""

    GONE = "gone", _("It answered 410: it wants no more")
    FAILING = "failing", _("Nothing was delivered for five days")


class State(models.TextChoices):
    """The state of a delivery."""

    PENDING = "pending", _("Pending")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")


class WebhookEndpoint(models.Model):
    """An address of a shop that is told what happens. One of test keys is told of test jobs only.

    ``owner`` is the requester that the shop is, for its live or its test keys. Without ``events`` it is told
    all of them. Two secrets sign while one is rotated. ``failing_since`` is the first failure after the last
    success, and ``bad_days`` counts the days with failures since then.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The database refuses to delete a shop that has one: rules of Python don't go with those of the database.
    shop = models.ForeignKey(
        Shop, on_delete=models.DO_NOTHING, related_name="webhook_endpoints", verbose_name=_("shop")
    )
    is_test = models.BooleanField(
        _("test"), default=False, help_text=_("It is told of the jobs of test keys, and of no others.")
    )
    owner = models.CharField(max_length=60, db_index=True, editable=False)
    url = models.CharField(
        _("address"), max_length=1000, help_text=_("An https address, such as https://shop.example/tryon.")
    )
    description = models.CharField(_("description"), max_length=200, blank=True)
    events = models.JSONField(_("events"), default=list, blank=True)
    secret = models.CharField(max_length=100, editable=False)
    old_secret = models.CharField(max_length=100, blank=True, editable=False)
    old_secret_until = models.DateTimeField(_("old secret until"), null=True, blank=True, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    trouble = models.CharField(
        _("disabled because"), max_length=10, blank=True, choices=Trouble, editable=False
    )
    disabled_at = models.DateTimeField(_("disabled"), null=True, blank=True, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True, editable=False)
    bad_days = models.PositiveSmallIntegerField(_("bad days"), default=0, editable=False)
    bad_day = models.DateField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        ordering: ClassVar = ["-created_at", "id"]

    @override
    def __str__(self) -> str:
        return self.host

    @property
    def host(self) -> str:
        """Return the host of the address: the rest of it may be a secret of the shop's."""
        return urlsplit(self.url).netloc

    def own(self) -> None:
        """Set the owner by the shop."""
        self.owner = shop_name(self.shop_id, is_test=self.is_test)

    def secrets_at(self, now: datetime) -> list[str]:
        """Return the secrets that sign: the new one, and the old one until its time is over."""
        is_old_good = self.old_secret_until is not None and self.old_secret_until > now
        return [self.secret, self.old_secret] if is_old_good else [self.secret]

    def listens_to(self, kind: str) -> bool:
        """Return whether the endpoint is told events of this kind."""
        return not self.events or kind in self.events


class WebhookEvent(models.Model):
    """Something that has happened to what is a shop's. Its id is the ``webhook-id`` of each delivery.

    It has ids and facts, no addresses of pictures, and after its last delivery no word about a shopper.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("event"), max_length=20, choices=EventType)
    owner = models.CharField(max_length=60)
    is_test = models.BooleanField(_("test"), default=False)
    data = models.JSONField(_("data"), default=dict)
    created_at = models.DateTimeField(_("created"), default=clock.now, db_index=True)

    class Meta:
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")
        default_permissions = ()

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class WebhookDelivery(models.Model):
    """An event on its way to one endpoint.

    ``next_at`` is when it is tried, and empty once it is delivered or given up. Who holds the lease tries
    it; a killed sender's lease ends soon.
    """

    event = models.ForeignKey(
        WebhookEvent, on_delete=models.DB_CASCADE, related_name="deliveries", verbose_name=_("event")
    )
    endpoint = models.ForeignKey(
        WebhookEndpoint,
        on_delete=models.DB_CASCADE,
        related_name="deliveries",
        verbose_name=_("endpoint"),
        db_index=False,  # its own index has the time too
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), null=True, blank=True, default=clock.now)
    lease = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        default_permissions = ("view", "change")
        ordering: ClassVar = ["-created_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "endpoint"], name="webhook_delivery_once"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="webhook_delivery_state"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-created_at", "-id"], name="webhook_newest"),
            models.Index(fields=["endpoint", "-created_at"], name="webhook_of_endpoint"),
            models.Index(
                fields=["endpoint", "next_at"], condition=Q(next_at__isnull=False), name="webhook_due"
            ),
        ]

    @override
    def __str__(self) -> str:
        return str(self.pk)


class WebhookAttempt(models.Model):
    """One try to deliver: the status and the first 2 kB of the answer, or the problem without one."""

    delivery = models.ForeignKey(
        WebhookDelivery, on_delete=models.DB_CASCADE, related_name="log", verbose_name=_("delivery")
    )
    at = models.DateTimeField(_("at"), default=clock.now)
    milliseconds = models.PositiveIntegerField(_("milliseconds"), default=0)
    status = models.PositiveSmallIntegerField(_("status"), null=True, blank=True)
    problem = models.CharField(_("problem"), max_length=40, blank=True)
    answer = models.TextField(_("answer"), blank=True)
    next_at = models.DateTimeField(_("next attempt"), null=True, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        default_permissions = ()
        ordering: ClassVar = ["id"]

    @override
    def __str__(self) -> str:
        return str(self.status or self.problem)
