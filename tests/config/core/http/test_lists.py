"""All lists of the API go on behind a row, and refuse filters that do not exist."""

from datetime import timedelta

import pytest

from config.core import clock
from models_library.models import ModelImage
from results.models import TryOnResult
from tests.conftest import Api, data_of, error_of, requester
from tests.factories import ModelImageFactory, ProductImageFactory, TryOnResultFactory
from tryon.models import ProductImage, TryOnJob

pytestmark = pytest.mark.django_db

LISTS = {"jobs": TryOnJob, "results": TryOnResult, "uploads": ProductImage, "models": ModelImage}


@pytest.fixture
def rows(owner: Api) -> None:
    """Five rows in each list of the owner, two of them of the same time."""
    photos = ProductImageFactory.create_batch(5, requester=requester("Owner"))
    for photo, model in zip(photos, ModelImageFactory.create_batch(5), strict=True):
        job = {"product_image": photo, "model_image": model, "requester": requester("Owner")}
        TryOnResultFactory.create(**{f"job__{name}": value for name, value in job.items()})
    for kind in LISTS.values():
        for age, row in enumerate(kind._default_manager.all()):
            at = clock.now() - timedelta(hours=age // 2)
            kind._default_manager.filter(pk=row.pk).update(created_at=at.replace(minute=0, second=0))


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("path", LISTS)
def test_every_list_goes_on_behind_a_row_and_refuses_what_it_does_not_know(owner: Api, path: str) -> None:
    numbered = [row["id"] for page in (1, 2, 3) for row in data_of(owner.get(path, page=page, pageSize=2))]
    answer = owner.get(path, pageSize=2)
    behind = [row["id"] for row in data_of(answer)]
    while after := answer.json()["meta"].get("next"):
        answer = owner.get(path, pageSize=2, after=after)
        behind += [row["id"] for row in data_of(answer)]
    assert behind == numbered
    assert len({*behind}) == 5
    for name in ("colour", "product_id", "limit"):
        refused = owner.get(path, **{name: "1"})
        assert (refused.status_code, [*error_of(refused)["details"]["fields"]]) == (400, [name])
