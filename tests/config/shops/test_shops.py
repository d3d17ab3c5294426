"""Shops: the owners of what their keys make."""

import pytest

from config.shops.keys import key_issue, shop_forget
from config.shops.models import Shop
from tests import images
from tests.conftest import Api, Generate, data_of, requester
from tests.factories import TryOnResultFactory
from tryon.models import TryOnJob

pytestmark = pytest.mark.django_db


def test_a_second_key_of_a_shop_sees_all_that_the_first_made(owner: Api, stranger: Api) -> None:
    second = Api(key_issue(name="Second", shop=Shop.objects.get(name="Owner"))[1])
    photo = data_of(owner.upload(images.garment_photo(images.SMALL_SQUARE)))["id"]
    result = TryOnResultFactory.create(job__requester=requester("Owner"))
    paths = f"uploads/{photo}", f"jobs/{result.job.pk}", f"results/{result.pk}"

    assert owner.post(f"results/{result.pk}/feedback", {"verdict": "yes"}).status_code == 201
    assert [second.get(path).status_code for path in paths] == [200, 200, 200]
    assert data_of(second.get(f"results/{result.pk}"))["feedback"]["verdict"] == "yes"
    assert second.post(f"results/{result.pk}/feedback", {"verdict": "no"}).status_code == 409
    assert [stranger.get(path).status_code for path in paths] == [404, 404, 404]
    assert second.delete(f"uploads/{photo}").status_code == 204


def test_a_job_belongs_to_the_shop_and_names_its_key(generate: Generate) -> None:
    generate()

    job, shop = TryOnJob.objects.get(), Shop.objects.get(name="Owner")
    assert job.requester == f"shop:{shop.pk}"
    assert job.api_key == shop.keys.get().pk


def test_the_keys_of_an_inactive_shop_do_not_work(owner: Api) -> None:
    assert owner.get("jobs").status_code == 200
    shop = Shop.objects.get(name="Owner")
    Shop.objects.update(is_active=False)
    shop_forget(shop)
    assert owner.get("jobs").status_code == 401
