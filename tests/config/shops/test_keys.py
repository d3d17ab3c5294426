"""Keys: their texts, scopes, ends and last use."""

from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.core import clock
from config.shops.keys import key_check, key_issue
from config.shops.models import ApiKey, Shop
from config.shops.texts import is_mistyped
from tests import images
from tests.conftest import Api, data_of, error_of, requester
from tests.factories import ApiKeyFactory, TryOnJobFactory

pytestmark = pytest.mark.django_db


def make_key(*arguments: str) -> str:
    """Run the command, and return the key that it prints."""
    out = StringIO()
    call_command("make_key", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def test_a_mistyped_key_is_refused_without_a_query() -> None:
    _row, text = key_issue(name="Shop")
    assert key_check(text) is not None
    assert not is_mistyped("tos_" + "a" * 43)  # of version 0.1
    wrong = text[:-7] + ("a" if text[-7] != "a" else "b") + text[-6:]
    with CaptureQueriesContext(connection) as queries:
        assert Api(wrong).get("models").status_code == 401
    assert len(queries) == 0


@pytest.mark.parametrize(
    ("scope", "statuses"),
    [("tryon", [200, 201, 403, 403]), ("library", [403, 403, 201, 403]), ("operate", [403, 403, 403, 200])],
)
def test_each_scope_is_for_its_own(scope: str, statuses: list[int]) -> None:
    api = Api(key_issue(name="Shop", scopes=[scope])[1])
    job = TryOnJobFactory.create(requester=requester("Shop"))
    answers = [
        api.get(f"jobs/{job.pk}"),
        api.upload(images.garment_photo(images.SMALL_SQUARE)),
        api.add_model(images.model_photo(images.SMALL_PORTRAIT)),
        api.get("stats"),
    ]
    assert [answer.status_code for answer in answers] == statuses
    assert api.get("models").status_code == 200


def test_a_publishable_key_lists_the_models_and_nothing_else() -> None:
    api = Api(key_issue(name="Page", kind="publishable", is_manager=True)[1])
    assert api.get("models").status_code == 200
    assert {api.get(path).status_code for path in ("jobs", "results", "uploads", "stats")} == {403}
    assert error_of(api.post("generate", {}))["code"] == "permission_denied"


def test_a_key_ends_at_its_time_though_it_is_remembered() -> None:
    key, text = key_issue(name="Shop", expires_at=clock.now() + timedelta(seconds=30))
    assert key_check(text) is not None
    assert 0 < cache.ttl(f"key-of-shop:{key.digest}") <= 30  # type: ignore[attr-defined]
    ApiKey.objects.update(expires_at=clock.now())
    cache.clear()
    assert key_check(text) is None


def test_the_last_use_is_noted_once_an_hour() -> None:
    key, text = key_issue(name="Shop")

    def used(*, hours_ago: float) -> bool:
        """Return whether a use changes the time of the last one."""
        before = clock.now() - timedelta(hours=hours_ago)
        ApiKey.objects.update(last_used_at=before)
        cache.clear()
        key_check(text)
        key.refresh_from_db()
        return key.last_used_at != before

    key_check(text)
    assert ApiKey.objects.get().last_used_at is not None
    assert [used(hours_ago=0.9), used(hours_ago=1.1)] == [False, True]


def test_the_command_makes_a_key_of_a_shop() -> None:
    text = make_key("Server", "--shop", "Linden", "--test", "--scopes", "tryon", "library", "--days", "3")
    shop = Shop.objects.get(name="Linden")
    key = ApiKey.objects.get(name="Server")

    assert text.startswith("tos_sk_test_")
    assert (key.shop, key.scopes, key.is_test) == (shop, ["tryon", "library"], True)
    assert key.expires_at is not None
    assert key.expires_at > clock.now() + timedelta(days=2)
    for name in ("Linden", str(shop.pk)):
        page = make_key("Page", "--shop", name, "--kind", "publishable", "--credits", "5")
        assert page.startswith("tos_pk_live_")
    assert {key.daily_credits for key in ApiKey.objects.filter(name="Page", shop=shop)} == {5}
    assert data_of(Api(make_key("Boss", "--manager")).get("stats"))


def test_the_command_takes_no_shop_that_it_can_not_tell() -> None:
    ApiKeyFactory.create(shop__name="Twin")
    ApiKeyFactory.create(shop__name="Twin")
    for name in ("Twin", str(uuid4())):
        with pytest.raises(CommandError, match="Give the id of one"):
            make_key("Server", "--shop", name)
