"""The table of idempotency keys."""

import uuid
from typing import override

from django.db import models


class IdempotencyKey(models.Model):
    """A request that came with a key, and its answer once there is one.

    ``owner`` is the name of the caller. ``id`` may become the id of the row that the request makes: it stays
    when a later attempt takes over from one that was cut off. Until ``leased_until`` one attempt works.
    ``answer`` is JSON (see the module ``answers``), and ``status`` is null until it is there.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=150)
    route = models.CharField(max_length=150)
    key = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    attempt = models.PositiveIntegerField(default=1)
    leased_until = models.DateTimeField()
    kept_until = models.DateTimeField(db_index=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        verbose_name = "idempotency key"
        verbose_name_plural = "idempotency keys"
        default_permissions = ()  # nobody sees them in the admin
        constraints = [models.UniqueConstraint(fields=["owner", "route", "key"], name="idempotency_key_once")]

    @override
    def __str__(self) -> str:
        return self.key
