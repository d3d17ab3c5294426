"""Rows of version 0.1, written during the deploy: the key's shop gets them."""

import pytest

from config.shops.keys import key_check
from config.shops.models import ApiKey, Shop
from results.models import ResultFeedback
from tests.conftest import Api, data_of, requester
from tests.factories import ApiKeyFactory, ProductImageFactory, ResultFeedbackFactory, TryOnJobFactory
from tests.tryon.cleanup.world import clean
from tryon.models import JobViewer

pytestmark = pytest.mark.django_db


def test_the_shop_of_a_key_gets_what_an_old_process_wrote(owner: Api, stranger: Api) -> None:
    old, mine = f"key:{ApiKey.objects.get(name='Owner').pk}", requester("Owner")
    photo = ProductImageFactory.create(requester=old)
    job = TryOnJobFactory.create(completed=True, requester=old, product_image=photo)
    ResultFeedbackFactory.create(job=job, requester=old)
    assert owner.get(f"jobs/{job.pk}").status_code == 404

    clean("old_requesters")

    assert data_of(owner.get(f"jobs/{job.pk}"))["id"] == str(job.pk)
    assert data_of(owner.get(f"uploads/{photo.pk}"))["id"] == str(photo.pk)
    assert ResultFeedback.objects.get().requester == mine
    assert stranger.get(f"jobs/{job.pk}").status_code == 404


def test_who_asked_old_and_new_processes_sees_the_job_once(owner: Api) -> None:
    old = f"key:{ApiKey.objects.get(name='Owner').pk}"
    job = TryOnJobFactory.create(viewers=[requester("Owner"), old])

    clean("old_requesters")

    assert JobViewer.objects.get().requester == requester("Owner")
    assert [one["id"] for one in data_of(owner.get("jobs"))] == [str(job.pk)]


def test_a_key_that_an_old_process_made_gets_a_shop_of_its_own() -> None:
    key = ApiKeyFactory.create(text="tos_old", name="Late", shop=None)
    before = key_check("tos_old")

    clean("old_requesters")

    assert Shop.objects.get(pk=key.pk).name == "Late"
    assert before == key_check("tos_old")
    assert before is not None
    assert before.shop == f"shop:{key.pk}"
