"""The tables of upkeep: storage use, daily counts and cleanup runs."""

import uuid
from typing import ClassVar, override

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from config.core import clock


class Installation(models.Model):
    """The one row that tells this installation from others, on all its machines.

    ``prefix`` is the folder of the bucket that is its own, where S3_PREFIX names none; empty for the root.
    """

    THE_ONE: ClassVar[int] = 1

    number = models.PositiveSmallIntegerField(primary_key=True, default=THE_ONE, editable=False)
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    prefix = models.CharField(_("prefix"), max_length=40, blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now)

    class Meta:
        verbose_name = _("installation")
        verbose_name_plural = _("installations")
        constraints = [models.CheckConstraint(condition=Q(number=1), name="installation_one_row")]

    @override
    def __str__(self) -> str:
        return str(self.id)


class StorageUse(models.Model):
    """Objects and bytes in storage by kind. Each write and delete changes them; the sweep corrects them."""

    kind = models.CharField(_("kind"), max_length=20, primary_key=True)
    objects_stored = models.BigIntegerField(_("objects"), default=0)
    bytes_stored = models.BigIntegerField(_("bytes"), default=0)
    measured_at = models.DateTimeField(_("measured"), null=True, blank=True)

    class Meta:
        verbose_name = _("storage use")
        verbose_name_plural = _("storage use")

    @override
    def __str__(self) -> str:
        return self.kind


class DailyCount(models.Model):
    """The number of times that something happened on a day (UTC)."""

    day = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=40)
    number = models.PositiveBigIntegerField(_("number"), default=0)

    class Meta:
        verbose_name = _("daily count")
        verbose_name_plural = _("daily counts")
        constraints = [models.UniqueConstraint(fields=["name", "day"], name="daily_count_once")]

    @override
    def __str__(self) -> str:
        return f"{self.name} {self.day}"


class CleanupRun(models.Model):
    """One run of a cleanup task, and the lock that keeps a second run out.

    ``cursor`` is the place where a run ended early, and empty after a complete run. ``tally`` belongs to the
    task. ``freed_bytes`` counts the bytes deleted from storage.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.CharField(_("task"), max_length=40)
    started_at = models.DateTimeField(_("started"), default=clock.now)
    heartbeat_at = models.DateTimeField(_("last sign of life"), default=clock.now)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    cursor = models.CharField(max_length=100, blank=True)
    tally = models.JSONField(default=dict, blank=True)
    looked_at = models.PositiveBigIntegerField(_("looked at"), default=0)
    removed = models.PositiveBigIntegerField(_("removed"), default=0)
    freed_bytes = models.PositiveBigIntegerField(_("bytes freed"), default=0)
    problem = models.CharField(_("problem"), max_length=60, blank=True)
    notes = models.JSONField(_("notes"), default=list, blank=True)

    class Meta:
        verbose_name = _("cleanup")
        verbose_name_plural = _("cleanups")
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["task", "-started_at"], name="cleanup_latest")]
        constraints = [
            models.UniqueConstraint(
                fields=["task"], condition=Q(finished_at=None), name="cleanup_one_run_per_task"
            )
        ]

    @override
    def __str__(self) -> str:
        return f"{self.task} {self.started_at:%Y-%m-%d %H:%M}"


class DoctorReport(models.Model):
    """The findings of a worker that tried everything: one row, of the last time, for the admin."""

    THE_ONE: ClassVar[int] = 1

    number = models.PositiveSmallIntegerField(primary_key=True, default=THE_ONE, editable=False)
    at = models.DateTimeField()
    machine = models.CharField(max_length=255)
    findings = models.JSONField(default=list)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(number=1), name="doctor_report_one_row")]

    @override
    def __str__(self) -> str:
        return self.machine


class CleanupPreview(models.Model):
    """A dry run: the count of what a cleanup task would remove. Each task keeps its last one.

    A worker counts it in batches. ``cursor`` is where the next one begins, and ``ended_at`` empty until the
    last one has been counted.
    """

    task = models.CharField(_("task"), max_length=40, primary_key=True)
    asked_at = models.DateTimeField(_("asked"), default=clock.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    cursor = models.CharField(max_length=100, blank=True)
    tally = models.JSONField(default=dict, blank=True)
    looked_at = models.PositiveBigIntegerField(_("looked at"), default=0)
    removed = models.PositiveBigIntegerField(_("would be removed"), default=0)
    freed_bytes = models.PositiveBigIntegerField(_("bytes"), default=0)
    problem = models.CharField(_("problem"), max_length=60, blank=True)
    notes = models.JSONField(_("notes"), default=list, blank=True)

    class Meta:
        verbose_name = _("dry run")
        verbose_name_plural = _("dry runs")
        default_permissions = ()

    @override
    def __str__(self) -> str:
        return self.task
