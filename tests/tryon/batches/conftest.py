"""People who plan, photos to plan with, and batches that run to their end."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from config.core import clock
from models_library.models import ModelImage
from tests.factories import ProductImageFactory
from tryon import tasks
from tryon.batches.models import Batch, BatchState
from tryon.batches.orders import batch_start
from tryon.batches.plans import plan_make
from tryon.fashn.options import TryOnOptions
from tryon.models import ProductImage, TryOnJob
from tryon.sandbox import Sandbox

type Plan = Callable[..., Batch]
type Run = Callable[[Batch], Batch]


@pytest.fixture
def ada(db: None) -> User:
    """A person who may do everything."""
    return User.objects.create_superuser("ada", "ada@shop.example")


@pytest.fixture
def garments(product_id: str) -> Callable[[int], list[ProductImage]]:
    """Photos of the catalogue with files, which look alike but are told apart."""
    photo = ProductImage.objects.get(pk=product_id)
    files = {"original": photo.original, "processed": photo.processed, "thumbnail": photo.thumbnail}
    return lambda number: ProductImageFactory.create_batch(number, **files)


@pytest.fixture
def plan(ada: User, garments: Callable[[int], list[ProductImage]], model_id: str) -> Plan:
    """A plan of some garments on the model photo."""

    def make(number: int, *, person: User = ada, **options: Any) -> Batch:
        chosen = [photo.pk for photo in garments(number)]
        model = ModelImage.objects.get(pk=model_id)
        limits = {"max_credits": options.pop("max_credits", None)}
        return plan_make(
            person,
            options=TryOnOptions(**options),
            product_image_ids=chosen,
            model_image_ids=[model.pk],
            **limits,
        )

    return make


@pytest.fixture
def started(plan: Plan, ada: User) -> Plan:
    """As ``plan``, confirmed and started."""

    def start(number: int, **options: Any) -> Batch:
        batch = plan(number, **options)
        batch_start(batch, ada, confirmed=batch.price)
        return batch

    return start


@pytest.fixture
def run(work: Callable[[], None], sandbox: Sandbox) -> Run:
    """Let the feeder, workers and timers work until a batch has nothing more to do by itself."""

    def is_still(batch: Batch) -> bool:
        is_paused = batch.state == BatchState.PAUSED and not batch.items.filter(state="queued").exists()
        return batch.finished_at is not None or is_paused

    def go_on(batch: Batch) -> Batch:
        for _ in range(60):
            tasks.batches()
            work()
            batch.refresh_from_db()
            if is_still(batch):
                return batch
            past = clock.now() - timedelta(minutes=1)
            TryOnJob.objects.filter(next_check_at__isnull=False).update(next_check_at=past)
            TryOnJob.objects.filter(not_before__isnull=False).update(not_before=past)
            tasks.sweep()
            batch.refresh_from_db()
            if is_still(batch):
                return batch
        raise AssertionError(f"{batch.counts} {list(batch.items.values_list('state', 'error_code'))}")

    return go_on
