"""Queries that are built once: they find what the queryset finds, for every kind of caller."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from config.core import clock
from config.core.prepared import Parameter, Prepared, Server
from config.shops.abilities import Ability
from config.shops.callers import Caller
from tests.factories import TryOnJobFactory, TryOnResultFactory
from tests.threads import at_once
from tryon.access.jobs import job_to_show, jobs_to_show
from tryon.models import Account, JobViewer, TryOnJob

pytestmark = pytest.mark.django_db

CALLERS = (
    Caller("shop:one", shop="shop:one", key_id=uuid4()),
    Caller("shop:one/ada", shop="shop:one", key_id=uuid4()),
    Caller("shop:two", shop="shop:two", is_test=True),
    Caller("shop:two", shop="shop:two", is_manager=True, is_test=True),
    Caller("user:1", is_manager=True),
    Caller("user:2", abilities=frozenset({Ability.SEE_ALL_JOBS})),
    Caller("user:3"),
)


def fields(job: Any) -> dict[str, Any]:
    """All that an instance has from its row, and its result's."""
    found = {name: value for name, value in vars(job).items() if name != "_state"}
    result = getattr(job, "result", None)
    return found | ({} if result is None else {"result": fields(result)})


def test_every_caller_finds_the_job_that_the_queryset_finds(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    jobs = [
        TryOnJobFactory.create(requester="shop:one", options={"seed": 7}),
        TryOnResultFactory.create(job__requester="shop:one/ada").job,
        TryOnJobFactory.create(requester="shop:two", account=Account.TEST, is_test=True),
    ]
    JobViewer.objects.create(job=jobs[1], requester="shop:one", left_at=clock.now() + timedelta(days=1))
    JobViewer.objects.create(job=jobs[0], requester="user:3", left_at=clock.now() - timedelta(days=1))
    seen = set()
    for caller in CALLERS:
        for job in jobs:
            expected = jobs_to_show(caller).filter(pk=job.pk).first()
            with django_assert_num_queries(1):
                found = job_to_show(caller, job.pk)
                assert (found and fields(found)) == (expected and fields(expected))
            seen.add((caller.requester, job.pk, found is not None and found.shown_status))
    assert {status for _requester, _job, status in seen} == {False, "queued", "completed", "canceled"}
    assert job_to_show(CALLERS[0], uuid4()) is None


@pytest.mark.django_db(transaction=True)
def test_threads_ask_at_once_with_values_of_their_own() -> None:
    jobs = [TryOnJobFactory.create() for _ in range(8)]
    prepared = Prepared(TryOnJob.objects.filter(pk=Parameter("job", TryOnJob._meta.pk)))
    left = iter(jobs)

    def ask() -> bool:
        job = next(left)
        return prepared.ask(job=job.pk) == [job]

    assert all(at_once(len(jobs), ask))


# Run by make test-postgres, and so by .ci/run.
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server that plans")
@pytest.mark.django_db(transaction=True)
def test_postgresql_plans_once_unless_a_pooler_changes_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Server, "plans", True)
    job = TryOnJobFactory.create(requester="shop:one")

    def statements() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements")
            (number,) = cursor.fetchone()
        return int(number)

    connection.close()
    for caller in CALLERS[:2] * 2:
        assert job_to_show(caller, job.pk) == (job if caller == CALLERS[0] else None)
    assert (statements(), connection.connection.prepare_threshold) == (2, None)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")  # as on another connection
    for _ in range(2):
        assert job_to_show(CALLERS[0], job.pk) == job
    assert (statements(), Server.plans) == (0, False)
    monkeypatch.setattr(Server, "plans", True)
    with transaction.atomic():  # a refusal would end the transaction
        assert job_to_show(CALLERS[0], job.pk) == job
    assert statements() == 0
    with pytest.raises(DatabaseError):
        Prepared(TryOnJob.objects.extra(where=["nothing = 1"])).ask()
    assert Server.plans
