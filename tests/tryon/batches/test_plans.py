"""Plans: what they say before a credit is spent."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.core import clock
from tests.factories import (
    BatchFactory,
    ModelImageFactory,
    ProductImageFactory,
    TryOnJobFactory,
    TryOnResultFactory,
)
from tryon import tasks
from tryon.batches import plans
from tryon.batches.errors import NothingChosen, TooManyPairs
from tryon.batches.models import Batch, BatchState
from tryon.batches.plans import plan_make, plan_recount
from tryon.fashn.options import TryOnOptions
from tryon.models import Status
from tryon.services.pairs import Pair, pair_key

pytestmark = pytest.mark.django_db(transaction=True)

OPTIONS = TryOnOptions(background="white")


def outcomes(batch: Batch) -> list[tuple[str, str, int]]:
    """The state, the reason and the price of each pair, in the order of the plan."""
    return list(batch.items.values_list("state", "error_code", "credits"))


def test_a_plan_tells_what_is_there_under_way_blocked_and_new(ada: User) -> None:
    new, made, active = ProductImageFactory.create_batch(3)
    gone = ProductImageFactory.create(processed="")
    trousers = ProductImageFactory.create(category="bottoms")
    resting = ProductImageFactory.create(is_active=False)
    model, retired = ModelImageFactory.create(), ModelImageFactory.create(is_active=False)
    past = ModelImageFactory.create(release_until=date(2020, 1, 1))
    half = ModelImageFactory.create(category="upper_body")
    TryOnResultFactory.create(cache_key=pair_key(Pair(made, model), OPTIONS))
    TryOnJobFactory.create(cache_key=pair_key(Pair(active, model), OPTIONS), status=Status.PROCESSING)
    pairs = [
        *((photo.pk, model.pk) for photo in (new, made, active, gone, resting, trousers)),
        (trousers.pk, half.pk),
        (new.pk, retired.pk),
        (new.pk, past.pk),
        (new.pk, uuid4()),
        (new.pk, model.pk),  # a second time: it counts once
    ]

    batch = plan_make(ada, options=OPTIONS, pairs=pairs)

    assert outcomes(batch) == [
        ("waiting", "", 2),
        ("reused", "", 0),
        ("waiting", "", 0),
        ("blocked", "product_photo_gone", 0),
        ("blocked", "product_photo_retired", 0),
        ("waiting", "", 2),
        ("blocked", "no_fit", 0),
        ("blocked", "model_photo_retired", 0),
        ("blocked", "model_photo_unreleased", 0),
        ("blocked", "model_photo_gone", 0),
    ]
    assert (batch.state, batch.pairs, batch.price) == (BatchState.READY, 10, 4)
    assert batch.counts == {"waiting": 3, "reused": 1, "blocked": 6}


def test_a_plan_stays_below_the_limit_that_a_person_sets(ada: User) -> None:
    garments, model = ProductImageFactory.create_batch(3), ModelImageFactory.create()
    ids = [photo.pk for photo in garments]
    batch = plan_make(ada, options=OPTIONS, product_image_ids=ids, model_image_ids=[model.pk], max_credits=5)
    assert [code for _state, code, _credits in outcomes(batch)] == ["", "", "over_the_limit"]
    assert batch.price == 4


def test_a_plan_needs_photos_and_has_an_end(ada: User) -> None:
    with pytest.raises(NothingChosen):
        plan_make(ada, options=OPTIONS, product_image_ids=[uuid4()])
    many = [uuid4() for _ in range(101)]
    with pytest.raises(TooManyPairs):
        plan_make(ada, options=OPTIONS, product_image_ids=many, model_image_ids=many)


def test_a_large_plan_is_counted_by_the_worker_and_goes_on_where_it_was_killed(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plans, "AT_ONCE", 3)
    monkeypatch.setattr(plans, "CHUNK", 2)
    garments, models = ProductImageFactory.create_batch(3), ModelImageFactory.create_batch(2)
    products, persons = [one.pk for one in garments], [one.pk for one in models]
    batch = plan_make(ada, options=OPTIONS, product_image_ids=products, model_image_ids=persons)
    assert (batch.state, batch.items.count()) == (BatchState.CREATING, 0)

    killed_after_a_chunk(batch, monkeypatch)
    assert (batch.state, batch.items.count(), batch.price) == (BatchState.CREATING, 2, 4)
    garments[2].delete()
    tasks.sweep()

    batch.refresh_from_db()
    assert (batch.state, batch.planned, batch.price) == (BatchState.READY, 6, 8)
    assert outcomes(batch)[-2:] == [("blocked", "product_photo_gone", 0)] * 2


def killed_after_a_chunk(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Count one chunk, twice: by two workers that have read the same row."""
    stale = Batch.objects.get(pk=batch.pk)
    plans._count_chunk(batch)
    plans._count_chunk(stale)
    batch.refresh_from_db()


def test_a_count_needs_no_more_queries_for_more_pairs(ada: User) -> None:
    def queries(number: int) -> int:
        garments, model = ProductImageFactory.create_batch(number), ModelImageFactory.create()
        ids = [photo.pk for photo in garments]
        with CaptureQueriesContext(connection) as made:
            plan_make(ada, options=OPTIONS, product_image_ids=ids, model_image_ids=[model.pk])
        return len(made)

    queries(2)
    assert queries(3) == queries(30)


def test_a_plan_that_nobody_starts_is_forgotten_after_a_week(ada: User) -> None:
    long_ago = clock.now() - timedelta(days=8)
    BatchFactory.create(created_at=long_ago)
    kept = [BatchFactory.create(), BatchFactory.create(created_at=long_ago, running=True)]
    tasks.batches()
    assert set(Batch.objects.values_list("pk", flat=True)) == {batch.pk for batch in kept}


def test_a_recount_finds_what_has_changed(ada: User) -> None:
    garment, model = ProductImageFactory.create(), ModelImageFactory.create()
    batch = plan_make(ada, options=OPTIONS, pairs=[(garment.pk, model.pk)])
    TryOnResultFactory.create(cache_key=pair_key(Pair(garment, model), OPTIONS))
    plan_recount(batch)
    assert (outcomes(batch), batch.price) == ([("reused", "", 0)], 0)
