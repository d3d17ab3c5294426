"""Releases of model photos: outside of one a photo can't be used, and people are told before it ends."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core import mail
from django.test import Client
from pytest_django import Settings

from config.core import clock
from config.people.models import AuditEntry, Decision
from models_library.models import ModelImage
from models_library.releases import version_of
from results.models import Review, TryOnResult
from tests import images
from tests.admin_pages import is_stored, page, sign_in, upload
from tests.conftest import Api, data_of, error_of
from tests.factories import ModelImageFactory, ProductImageFactory, TryOnResultFactory
from tryon import tasks
from tryon.alerts.models import Message

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
LIST = "/admin/models_library/modelimage/"
TODAY = timedelta(0)
DAY = timedelta(days=1)


def photo_with(begins: timedelta | None = None, ends: timedelta | None = None, **more: Any) -> ModelImage:
    """Return a model photo whose release begins and ends so long from today."""
    days = {"release_from": begins, "release_until": ends}
    dates = {name: clock.today() + day for name, day in days.items() if day is not None}
    photo: ModelImage = ModelImageFactory.create(**dates, **more)
    return photo


def store(client: Client, photo: ModelImage, **fields: Any) -> str:
    """Send the form of a release; the text of the page it ends on."""
    data = {"seen": version_of(photo), "territory": "", "begins": "", "ends": "", **fields}
    response = client.post(f"{LIST}{photo.pk}/release/", data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(
    ("begins", "ends", "is_usable"),
    [(None, -DAY, False), (None, TODAY, True), (TODAY, None, True), (DAY, None, False), (None, None, True)],
)
def test_outside_of_its_release_a_photo_is_not_listed_and_can_not_be_used(
    owner: Api, manager: Api, begins: timedelta | None, ends: timedelta | None, is_usable: bool
) -> None:
    photo = photo_with(begins, ends)
    garment = ProductImageFactory.create()

    assert [row["id"] for row in data_of(owner.get("models"))] == [str(photo.pk)] * is_usable
    assert data_of(manager.get(f"models/{photo.pk}"))["isActive"] == is_usable
    assert owner.get(f"models/{photo.pk}").status_code == (200 if is_usable else 404)
    answer = owner.post("generate", {"productImageId": str(garment.pk), "modelImageId": str(photo.pk)})
    if is_usable:
        assert answer.status_code == 202
    else:
        error = error_of(answer)
        assert (answer.status_code, error["code"]) == (409, "model_image_unreleased")
        assert error["details"]["modelImageId"] == str(photo.pk)
        assert {"validFrom", "validUntil"} & error["details"].keys()


def test_a_kept_page_of_the_library_ends_with_the_last_day(
    owner: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo_with(ends=TODAY)
    evening = clock.next_midnight() - timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: evening)
    for _ in range(2):
        assert len(data_of(owner.get("models"))) == 1
    monkeypatch.setattr(clock, "now", lambda: evening + timedelta(seconds=1))
    assert data_of(owner.get("models")) == []


def test_where_releases_are_required_only_a_release_or_ai_will_do(owner: Api, settings: Settings) -> None:
    settings.RELEASES_REQUIRED = True
    ModelImageFactory.create()
    papers = ModelImageFactory.create(release_file="releases/00/0.pdf")
    nobody = ModelImageFactory.create(is_ai_made=True)

    listed = {row["id"] for row in data_of(owner.get("models"))}

    assert listed == {str(papers.pk), str(nobody.pk)}


@pytest.mark.parametrize(
    ("name", "content", "extension"), [("a.pdf", PDF, "pdf"), ("a.png", images.model_photo(), "jpg")]
)
def test_a_release_is_stored_and_sent_to_be_saved(name: str, content: bytes, extension: str) -> None:
    staff = sign_in("models_library.change_modelimage", "models_library.view_modelimage")
    photo = ModelImageFactory.create()

    text = store(
        staff, photo, file=upload(name, content), territory="KR, JP", begins="2026-01-01", ends="2099-12-31"
    )

    assert "The release is stored." in text
    photo.refresh_from_db()
    assert (photo.release_territory, photo.release_until) == ("KR, JP", date(2099, 12, 31))
    answer = staff.get(f"{LIST}{photo.pk}/release/file/")
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert answer["Content-Disposition"].endswith(f'.{extension}"')
    assert (answer.content == PDF) == (extension == "pdf")
    assert AuditEntry.objects.filter(object_pk=str(photo.pk), decision=Decision.EXPORT).count() == 1


def test_who_only_sees_the_library_does_not_get_a_release() -> None:
    photo = ModelImageFactory.create(release_file="releases/00/0.pdf")
    viewer = sign_in("models_library.view_modelimage")

    for address in ("release/", "release/file/"):
        assert viewer.get(f"{LIST}{photo.pk}/{address}").status_code == 403
    assert "release/file" not in page(viewer, f"{LIST}{photo.pk}/change/")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PK\x03\x04 a ZIP", "This is no PDF, and as a picture it can&#x27;t be used: This is not a photo"),
        (b"%PDF-1.7 a half", "This PDF is not whole."),
        (b"%PDF-1.7" + bytes(10_000_000), "The file is larger than 10 MB."),
    ],
)
def test_a_file_that_is_no_release_is_refused_by_its_content(content: bytes, told: str) -> None:
    photo = ModelImageFactory.create()

    assert told in store(sign_in(), photo, file=upload("release.pdf", content))
    photo.refresh_from_db()
    assert not photo.release_file


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"begins": "2026-02-02", "ends": "2026-02-01"}, "The last day is before the first one."),
        ({"begins": "0026-02-02"}, "This year can&#x27;t be right."),
        ({"seen": "another version"}, "Somebody else has changed this release"),
    ],
)
def test_a_form_that_can_not_be_stored_says_why(fields: dict[str, str], told: str) -> None:
    photo = ModelImageFactory.create()

    assert told in store(sign_in(), photo, **fields)
    photo.refresh_from_db()
    assert (photo.release_from, photo.release_until) == (None, None)


@pytest.mark.django_db(transaction=True)
def test_a_file_goes_with_the_next_one_and_with_the_photo(manager: Api) -> None:
    data_of(manager.add_model(images.model_photo(images.SMALL_PORTRAIT)))
    photo, staff = ModelImage.objects.get(), sign_in()
    store(staff, photo, file=upload("a.pdf", PDF))
    photo.refresh_from_db()
    first = photo.release_file
    assert is_stored(first)
    store(staff, photo, file=upload("b.pdf", PDF + b"\n"), territory="worldwide")
    photo.refresh_from_db()
    second = photo.release_file
    assert not is_stored(first)
    assert is_stored(second)
    staff.post(f"{LIST}{photo.pk}/erase/")
    assert not is_stored(second)


def test_the_list_filters_by_the_state_of_releases() -> None:
    staff = sign_in()
    states = {
        "ended": photo_with(ends=-DAY, name="Ada"),
        "soon": photo_with(ends=30 * DAY, name="Bea"),
        "valid": photo_with(ends=31 * DAY, name="Cleo"),
        "later": photo_with(begins=DAY, ends=2 * DAY, name="Dora"),
        "none": photo_with(name="Eve"),
    }
    for state, photo in states.items():
        assert photo.release_state == state
        text = page(staff, f"{LIST}?release={state}")
        assert [other.name for other in states.values() if f">{other.name}</a>" in text] == [photo.name]


@pytest.mark.django_db(transaction=True)
def test_people_are_told_once_before_a_release_ends_and_once_after(settings: Settings) -> None:
    person = User.objects.create_user("mina", "mina@shop.example", is_staff=True)
    person.groups.add(Group.objects.get_or_create(name="Merchandiser")[0])
    User.objects.create_user("rey", "rey@shop.example", is_staff=True)  # of no group
    photo = photo_with(ends=30 * DAY, name="Ada")
    photo_with(ends=31 * DAY)
    photo_with(ends=DAY, is_active=False)

    def sent() -> int:
        Message.objects.filter(sent_at=None).update(next_at=clock.now())
        tasks.alerts()
        return len(mail.outbox)

    settings.EMAIL_SERVER = ""  # it waits for somebody who can be told
    assert sent() == 0
    settings.EMAIL_SERVER, settings.LANGUAGE_CODE = "mail.shop.example", "ko"
    assert [sent(), sent()] == [1, 1]
    (message,) = mail.outbox
    assert message.to == ["mina@shop.example"]
    assert message.subject == "모델 사진 1장의 초상권 동의가 끝납니다"
    assert "Ada" in message.body
    assert "/admin/releases/" in message.body
    ModelImage.objects.filter(pk=photo.pk).update(release_until=clock.today() - DAY)
    assert [sent(), sent()] == [2, 2]


def result_on(photo: ModelImage, **more: Any) -> TryOnResult:
    result: TryOnResult = TryOnResultFactory.create(job__model_image=photo, **more)
    return result


def test_one_page_lists_the_live_results_that_have_to_come_down() -> None:
    ended = result_on(photo_with(ends=-DAY))
    soon = result_on(photo_with(ends=DAY))
    rejected = result_on(photo_with(ends=DAY), review=Review.REJECTED)
    other = result_on(photo_with(ends=31 * DAY))

    text = page(sign_in(), "/admin/releases/")

    listed = {result for result in (ended, soon, rejected, other) if f'value="{result.pk}"' in text}
    assert listed == {ended, soon}


def test_results_come_down_by_the_right_to_do_so() -> None:
    released = photo_with(ends=DAY)
    first, second, other = result_on(released), result_on(released), result_on(photo_with())
    reviewer = sign_in("models_library.view_modelimage", "results.change_tryonresult")

    def take_down(action: str, *results: TryOnResult) -> int:
        data = {"action": action, "result": [str(result.pk) for result in results]}
        return int(reviewer.post("/admin/releases/", data).status_code)

    assert take_down("delete", first) == 403
    assert take_down("reject", first, other) == 302
    reviews = dict(TryOnResult.objects.values_list("pk", "review"))
    assert reviews == {first.pk: "rejected", second.pk: "pending", other.pk: "pending"}


def test_deleting_on_the_page_removes_the_results() -> None:
    result = result_on(photo_with(ends=DAY))
    sign_in().post("/admin/releases/", {"action": "delete", "result": ["nonsense", str(result.pk)]})
    assert not TryOnResult.objects.exists()
