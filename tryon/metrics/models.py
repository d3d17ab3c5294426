"""The rows behind the metrics: what has happened, added up, and signs of life."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar, Final, override

from django.db import models

ALL_TIME: Final = 0
SLICE: Final = 300
HOUR: Final = 3600
QUARTER: Final = 21_600  # of a day
SPANS: Final = (SLICE, HOUR, QUARTER)
# Where the rows of all time begin.
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Topic(StrEnum):
    """The things that are added up. Comments name the meaning of ``first``, ``second`` and ``third``.

    A stored value never changes its meaning: a counter of Prometheus is made of it.
    """

    ENDED = "ended"  # outcome, code of a failure
    SHOP = "shop"  # id of the shop, empty for people of the staff; outcome
    CALL = "call"  # outcome of the call to FASHN
    CREDITS = "credits"  # kind
    SHOP_CREDITS = "shop_credits"  # id of the shop; paid credits
    STAGE = "stage"  # stage, mode, bucket
    STAGE_TIME = "stage_time"  # stage, mode; in milliseconds
    WAIT = "wait"  # lane, bucket
    WAIT_TIME = "wait_time"  # lane; in milliseconds
    CACHE = "cache"  # the way in which a request was answered
    # How far the events are added up: seconds since 1970, in a row of all time.
    THROUGH = "through"


class Tally(models.Model):
    """The number of times that something happened in a span of time: one of ``SPANS``, or all time.

    ``at`` is the beginning of the span, ``span`` its length in seconds, 0 for all time. Rows of all time stay
    when jobs and events go.
    """

    span = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    topic = models.CharField(max_length=20)
    account = models.CharField(max_length=20, blank=True)
    first = models.CharField(max_length=60, blank=True)
    second = models.CharField(max_length=60, blank=True)
    third = models.CharField(max_length=20, blank=True)
    number = models.BigIntegerField(default=0)

    IDENTITY: ClassVar = ("span", "at", "topic", "account", "first", "second", "third")

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["span", "at", "topic", "account", "first", "second", "third"], name="tally_once"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.topic} {self.at}"


class Heartbeat(models.Model):
    """The last time that a regular task ran to its end."""

    process = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    @override
    def __str__(self) -> str:
        return f"{self.process} {self.at}"
