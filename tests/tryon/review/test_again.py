"""Another picture in place of a result: at the price that the person has seen, and once."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from config.people.models import AuditEntry
from results.models import Review, ReviewDecision, TryOnResult
from tests.factories import TryOnResultFactory
from tests.threads import at_once
from tests.tryon.review.test_review import call, reviewer
from tryon.models import Lane, ProductImage, TryOnJob

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db: None) -> Client:
    return reviewer()


@pytest.fixture
def result(db: None) -> TryOnResult:
    result: TryOnResult = TryOnResultFactory.create(job__options={"mode": "balanced"})
    return result


def again(client: Client, result: TryOnResult, status: int = 200, **more: Any) -> Any:
    body = {"id": str(uuid4()), "result": str(result.pk), "seen": "pending", "way": "seed", "credits": 1}
    return call(client, "again", status, **{**body, **more})


def prices(client: Client) -> Any:
    [item] = call(client, "next", filter="", have=[], want=1)["items"]
    return item["prices"]


def test_another_seed_or_the_best_mode_at_the_price_shown(ada: Client, result: TryOnResult) -> None:
    assert prices(ada) == {"seed": 1, "quality": 1}
    once = str(uuid4())
    for _ in range(2):
        again(ada, result, id=once)
    job = TryOnJob.objects.exclude(pk=result.job_id).get()
    assert (job.lane, job.requester, job.price) == (Lane.BULK, f"user:{User.objects.get().pk}", 1)
    assert job.options["seed"] != 42
    assert (job.product_image_id, job.model_image_id) == (
        result.job.product_image_id,
        result.job.model_image_id,
    )
    result.refresh_from_db()
    assert result.review == Review.ALMOST
    [entry] = AuditEntry.objects.filter(decision="regenerate")
    assert entry.additional_data == {"way": "seed", "credits": 1, "instead_of": str(result.pk)}

    call(ada, "undo", id=once)
    again(ada, result, way="quality")
    assert TryOnJob.objects.filter(options__mode="quality").count() == 1


def test_nothing_is_paid_that_the_person_has_not_seen(ada: Client, result: TryOnResult) -> None:
    error = again(ada, result, 409, credits=2)
    assert (error["code"], error["details"]) == ("price_changed", {"credits": 1})
    assert again(ada, result, 409, seen="approved")["code"] == "decided_meanwhile"
    call(bea := reviewer("bea"), "hold", results=[str(result.pk)])
    assert again(ada, result, 409)["code"] == "in_hand"
    call(bea, "leave", results=[str(result.pk)])
    TryOnJob.objects.update(options={"mode": "quality"})
    assert prices(ada).keys() == {"seed"}
    assert again(ada, result, 409, way="quality")["code"] == "not_to_be_made_again"
    assert TryOnJob.objects.count() == 1
    assert not ReviewDecision.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_people_who_press_at_once_pay_once(ada: Client, result: TryOnResult) -> None:
    people = [ada, reviewer("bea")]
    body = {"result": str(result.pk), "seen": "pending", "way": "seed", "credits": 1}

    def press() -> int:
        more = {**body, "id": str(uuid4())}
        answer = people.pop().post("/admin/review/again/", more, content_type="application/json")
        return answer.status_code

    assert sorted(at_once(2, press)) == [200, 409]
    assert TryOnJob.objects.exclude(pk=result.job_id).count() == 1


def test_what_can_not_be_made_is_told_and_stays_to_be_judged(ada: Client, result: TryOnResult) -> None:
    ProductImage.objects.update(processed="", thumbnail="", original="")
    assert again(ada, result, 404)["code"] == "product_image_not_found"
    result.refresh_from_db()
    assert result.review == Review.PENDING


def test_who_may_not_start_tryons_is_shown_no_price_and_is_refused(result: TryOnResult) -> None:
    client = reviewer("bea")
    User.objects.update(is_superuser=False, is_staff=True)
    User.objects.get().user_permissions.set(
        Permission.objects.filter(codename__in=["change_tryonresult", "view_tryonresult"])
    )
    assert prices(client) == {}
    assert again(client, result, 403)["code"] == "permission_denied"
