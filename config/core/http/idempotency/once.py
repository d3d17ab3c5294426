"""Let a request with a key act once.

A request costs one statement before it acts, and one after it. Each is a transaction of its own, so nothing
is locked while the request works. A lease says that it works: when its process dies, the lease ends, and a
later attempt takes over.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, cast

import structlog
from django.conf import settings
from django.db import Error, connection
from django.db.models import Field, QuerySet
from django.http import HttpRequest

from config.core import clock
from config.core.http.exceptions import status_of
from config.core.http.idempotency.answers import Outcome, read_again, written
from config.core.http.idempotency.errors import IdempotencyInProgress, IdempotencyKeyReused
from config.core.http.idempotency.models import IdempotencyKey

logger = structlog.stdlib.get_logger(__name__)

KEPT: Final = timedelta(hours=24)
# What a request may take beside the decoding of its picture: places, storage, and a database that is slow.
OTHER_SECONDS: Final = 120

# A new key, or one that has ended or that a cut-off attempt left: then this attempt takes it. Of many at once
# one does. The ORM has no condition for a conflict.
_CLAIM: Final = """
    INSERT INTO {table} (id, owner, route, "key", fingerprint, attempt, leased_until, kept_until, answer)
    VALUES (%s, %s, %s, %s, %s, 1, %s, %s, '')
    ON CONFLICT (owner, route, "key") DO UPDATE SET
        id = CASE WHEN {table}.kept_until <= %s THEN excluded.id ELSE {table}.id END,
        attempt = CASE WHEN {table}.kept_until <= %s THEN 1 ELSE {table}.attempt + 1 END,
        fingerprint = excluded.fingerprint,
        leased_until = excluded.leased_until,
        kept_until = excluded.kept_until,
        status = NULL,
        answer = ''
    WHERE {table}.kept_until <= %s
        OR ({table}.status IS NULL AND {table}.leased_until <= %s
            AND {table}.fingerprint = excluded.fingerprint)
    RETURNING id, attempt
"""


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A request with a key. ``route`` is its address as the URLconf writes it."""

    owner: str
    route: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a request. All attempts have the same id. Later ones come after one that was cut off."""

    id: uuid.UUID
    number: int

    @property
    def is_first(self) -> bool:
        return self.number == 1


def once(wanted: Repeatable, request: HttpRequest, act: Callable[[Attempt], Outcome]) -> Outcome:
    """Return what ``act`` answers, or what it answered to the same request before.

    Only an answer is kept. After an exception the key is free again: for any request after a refusal, and for
    the same one after an error of ours, which may have acted. Raise IdempotencyKeyReused,
    IdempotencyInProgress, and what ``act`` raises.
    """
    attempt = claim(wanted)
    if attempt is None:
        return kept_answer(wanted, request)
    try:
        outcome = act(attempt)
    except BaseException as error:
        may_have_acted = status_of(error) >= 500
        _tell(lambda: give_up(attempt, may_have_acted=may_have_acted))
        raise
    _tell(lambda: keep(attempt, outcome))
    return outcome


def claim(wanted: Repeatable) -> Attempt | None:
    """Take the key for an attempt, in one statement.

    Return None where it has an answer, another attempt's lease, or another request.
    """
    now = clock.now()
    row = {
        "id": uuid.uuid4(),
        "owner": wanted.owner,
        "route": wanted.route,
        "key": wanted.key,
        "fingerprint": wanted.fingerprint,
        "leased_until": now + lease(),
        "kept_until": now + KEPT,
    }
    values = [adapted(name, value) for name, value in row.items()]
    at = adapted("kept_until", now)
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM.format(table=IdempotencyKey._meta.db_table), [*values, at, at, at, at])
        rows = cursor.fetchall()
    return Attempt(uuid.UUID(str(rows[0][0])), rows[0][1]) if rows else None


def adapted(name: str, value: object) -> Any:
    """Return a column's value as the database takes it."""
    field = cast("Field[Any, Any]", IdempotencyKey._meta.get_field(name))
    return field.get_db_prep_save(value, connection)


def lease() -> timedelta:
    """Return the time after which an attempt is dead: longer than any request works.

    A picture may take twice IMAGE_SECONDS.
    """
    return timedelta(seconds=4 * settings.IMAGE_SECONDS + OTHER_SECONDS)


def kept_answer(wanted: Repeatable, request: HttpRequest) -> Outcome:
    """Return the answer to the request. Raise IdempotencyKeyReused, and IdempotencyInProgress without one."""
    row = IdempotencyKey.objects.filter(owner=wanted.owner, route=wanted.route, key=wanted.key).first()
    if row is not None and row.fingerprint != wanted.fingerprint:
        raise IdempotencyKeyReused
    if row is None or row.status is None:  # no row: the first request has just been refused
        raise IdempotencyInProgress
    return read_again(row.status, row.answer, request)


def keep(attempt: Attempt, outcome: Outcome) -> None:
    mine(attempt).update(status=outcome.status, answer=written(outcome))


def give_up(attempt: Attempt, *, may_have_acted: bool) -> None:
    """Let the key be used again. If an attempt may have acted, then by the same request only."""
    if may_have_acted or not attempt.is_first:
        mine(attempt).update(leased_until=clock.now())
    else:
        mine(attempt).delete()


def forget_request(row_id: uuid.UUID) -> None:
    """Remove the kept answer of the request that made a row. It shows what is erased with the row."""
    IdempotencyKey.objects.filter(pk=row_id).delete()


def forget_requests_of(caller: str) -> None:
    """Remove all kept answers of a caller, whichever key was used."""
    IdempotencyKey.objects.filter(owner__startswith=f"{caller} ").delete()


def mine(attempt: Attempt) -> QuerySet[IdempotencyKey]:
    """Return the attempt's row, or none after another attempt has taken over."""
    return IdempotencyKey.objects.filter(pk=attempt.id, attempt=attempt.number, status=None)


def _tell(change: Callable[[], object]) -> None:
    """Make a change, or log that it failed: the answer is more important, and the lease ends by itself."""
    try:
        change()
    except Error as error:
        logger.warning("idempotency_key_not_updated", error=type(error).__name__)
