"""The page of the audit log."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from config.people.models import AuditEntry
from tests.admin_pages import count_queries, page, sign_in
from tests.factories import AuditEntryFactory, ShopFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/people/auditentry/"
UPDATE = AuditEntry.Action.UPDATE


def test_the_page_tells_who_changed_what() -> None:
    client, ada = sign_in(), User.objects.create_user("ada", is_staff=True)
    shop, group = ShopFactory.create(name="Linden"), Group.objects.create(name="Night")
    changes = {"is_active": [True, False], "daily_credits": [None, 40], "languages": [[], ["en", "ko"]]}
    entry = AuditEntryFactory.create(row=shop, actor=ada, decision="", changes=changes)
    members = {"permissions": {"type": "m2m", "operation": "delete", "objects": ["Can pause"]}}
    AuditEntryFactory.create(row=group, actor=None, decision="", changes=members)
    AuditEntryFactory.create(row=shop, actor=ada, additional_data={"credits": 3})

    text = page(client, LIST)
    assert "credits a day: - → 40; active: Yes → No; languages: - → en, ko" in text
    assert "permissions − Can pause" in text  # noqa: RUF001  (the minus sign is meant)
    assert "A person who is gone" in text
    assert "credits: 3" in text
    detail = page(client, f"{LIST}{entry.pk}/change/")
    assert f'<a href="/admin/api/shop/{shop.pk}/change/">Linden</a>' in detail
    shop.delete()
    assert "/admin/api/shop/" + str(shop.pk) not in page(client, f"{LIST}{entry.pk}/change/")


def test_the_page_is_in_korean_too() -> None:
    client = sign_in()
    entry = AuditEntryFactory.create(decision="pause", object_repr="FASHN")
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "ko"
    text = page(client, LIST)
    assert "일시 중지" in text
    assert "감사 기록" in text
    assert "<h2>일시 중지됨: FASHN</h2>" in page(client, f"{LIST}{entry.pk}/change/")


@pytest.mark.parametrize(
    ("about", "heading"),
    [
        ({"decision": "export", "object_repr": "product.csv"}, "Exported: product.csv"),
        ({"decision": "", "action": UPDATE, "object_repr": "Linden"}, "Changed: Linden"),
        ({"decision": "erase", "object_repr": ""}, "Erased for good"),
    ],
)
def test_the_heading_of_an_entry_says_what_was_done(about: dict[str, Any], heading: str) -> None:
    entry = AuditEntryFactory.create(**about)
    assert f"<h2>{heading}</h2>" in page(sign_in(), f"{LIST}{entry.pk}/change/")


def test_a_list_counts_its_entries() -> None:
    AuditEntryFactory.create_batch(2)
    assert "2 entries of the audit log" in page(sign_in(), LIST)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("actor={ada}", {"Of Ada"}),
        ("kind={kind}", {"Of Ada", "Paused"}),
        ("done=pause", {"Paused"}),
        ("done=1", {"Of Ada"}),
        ("done=2", {"Gone"}),
        ("q=Of+Ada", {"Of Ada"}),
        ("actor=x", set()),
    ],
)
def test_filters_find_entries(query: str, shown: set[str]) -> None:
    client, ada = sign_in(), User.objects.create_user("ada", is_staff=True)
    entry = AuditEntryFactory.create(actor=ada, decision="", object_repr="Of Ada")
    AuditEntryFactory.create(decision="pause", object_repr="Paused")
    AuditEntryFactory.create(actor=None, row=User(pk=1), decision="delete", object_repr="Gone")
    found = client.get(f"{LIST}?{query.format(ada=ada.pk, kind=entry.content_type_id)}")
    rows = found.context["cl"].result_list if found.status_code == 200 else []
    assert {row.object_repr for row in rows} == shown


def test_a_longer_list_takes_no_more_queries() -> None:
    client = sign_in()
    AuditEntryFactory.create()
    few = count_queries(client, LIST)
    AuditEntryFactory.create_batch(5)
    assert count_queries(client, LIST) == few
