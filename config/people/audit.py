"""The log of what people change and decide.

django-auditlog compares the fields of followed models each time one is saved, and this module says by whom.
What nobody at a browser did is not logged: the work of the engine, of cleanups and of shops' servers stays
out, and costs no query. A bulk ``update()`` saves no row: its service calls ``note``.
"""

from collections.abc import Callable, Collection, Iterable
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import urlsplit

from auditlog.receivers import make_log_m2m_changes
from auditlog.registry import auditlog
from auditlog.signals import pre_log
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.signals import m2m_changed, pre_save
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config.core.middleware import current_request_id
from config.core.upkeep.installation import installation
from config.people.models import AuditEntry, Decision
from config.shops.callers import Caller

type Fact = str | int | float | bool | list[str] | list[int] | None

_PERSON: Final = "user:"
_request: ContextVar[HttpRequest | None] = ContextVar("audited_request", default=None)


class AuditMiddleware:
    """Remember whose request it is, for the time of the request.

    The library's middleware connects a signal for each request, under a lock, and reads the person of each
    session. This one does neither: most requests change nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = _request.set(request)
        try:
            return self.get_response(request)
        finally:
            _request.reset(token)


def person_at_work() -> int | None:
    """Return the id of the person whose request this is. None outside of one, and for keys and visitors."""
    return _person_id(getattr(_request.get(), "user", None))


def follow(
    model: type[models.Model],
    *,
    hide: Collection[str] = (),
    without: Collection[str] = (),
    many: Collection[str] = (),
    mask: Callable[[str], str] | None = None,
) -> None:
    """Log each change of a model's rows by a person. Call it when the apps are ready.

    Fields that people can't edit and those in ``without`` stay out. Of those in ``hide`` the log says that
    they changed, with what ``mask`` leaves of the value, by default nothing. ``many`` are relations to many
    rows that are logged too.
    """
    fields = [field.name for field in model._meta.fields if field.editable and not field.primary_key]
    auditlog.register(
        model,
        include_fields=[name for name in fields if name not in without],
        mask_fields=[*hide],
        mask_callable=f"{__name__}.{(mask or hidden).__name__}",
    )
    for name in many:
        through = getattr(model, name).through
        m2m_changed.connect(_by_a_person(make_log_m2m_changes(name)), sender=through, weak=False)


def _by_a_person(receiver: Callable[..., None]) -> Callable[..., None]:
    """Return a receiver that is called for changes by people only: the library asks nobody here."""

    def receive(*args: Any, **kwargs: Any) -> None:
        if person_at_work() is not None:
            receiver(*args, **kwargs)

    return receive


def hidden(value: str) -> str:
    """Return what the log has in place of a value that it must not keep."""
    return "…"


def host_alone(value: str) -> str:
    """Return the host and port of an address. Its path and query may have a token."""
    return f"{urlsplit(value).netloc}/…"


def note(
    actor: User | AnonymousUser | Caller | None,
    obj: models.Model,
    action: Decision,
    *,
    called: str = "",
    **facts: Fact,
) -> None:
    """Log what a person decided about a row, in the caller's transaction.

    Without an actor it is the person whose request this is. ``facts`` are small and can stay for years:
    counts, credits, ids; no names, no shoppers. ``called`` is the row's name, by default its text. Nothing
    is written where nobody is at work, or the actor is a key or a visitor: jobs have events of their own.
    """
    note_all(actor, [obj], action, called=called, **facts)


def note_all(
    actor: User | AnonymousUser | Caller | None,
    rows: Iterable[models.Model],
    action: Decision,
    *,
    called: str = "",
    **facts: Fact,
) -> None:
    """Log one decision about many rows, as ``note`` does, by one statement."""
    person = person_at_work() if actor is None else _person_id(actor)
    if person is None:
        return
    AuditEntry.objects.bulk_create(
        AuditEntry(
            actor_id=person,
            content_type=ContentType.objects.get_for_model(row),
            object_pk=str(row.pk),
            object_repr=called or str(row),
            action=AuditEntry.Action.UPDATE,
            decision=action,
            additional_data=facts or None,
            cid=current_request_id() or None,
        )
        for row in rows
    )


def note_export(file_name: str, **facts: Fact) -> None:
    """Log that the person at work downloads a file of many rows."""
    note(None, installation(), Decision.EXPORT, called=file_name, **facts)


def _person_id(actor: User | AnonymousUser | Caller | None) -> int | None:
    if not isinstance(actor, Caller):
        return actor.pk if actor is not None else None
    return int(actor.requester.removeprefix(_PERSON)) if actor.requester.startswith(_PERSON) else None


def forget(model: type[models.Model], keys: Iterable[Any]) -> None:
    """Take the names and values of erased rows out of the log. Who did what, and when, stays."""
    entries = AuditEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(model), object_pk__in=[str(key) for key in keys]
    )
    entries.update(object_repr="", changes=None)


def is_by_a_person(sender: Any, **more: Any) -> bool:
    """Return whether a change is logged (a receiver of ``pre_log``)."""
    return person_at_work() is not None


def sign(sender: Any, instance: AuditEntry, **more: Any) -> None:
    """Write the person into a new entry (a receiver of ``pre_save``)."""
    if instance._state.adding and instance.actor_id is None and (person := person_at_work()):
        instance.actor_id = person


def begin() -> None:
    """Connect the log, once in a process."""
    pre_log.connect(is_by_a_person)
    pre_save.connect(sign, sender=AuditEntry)
