"""The admin's front page, and the RQ dashboard inside it."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django_rq import get_queue
from pytest_django import Settings
from rq import Worker

from config.people.groups import groups_update
from config.people.models import AuditEntry
from tests.admin_pages import page, sign_in
from tests.factories import TryOnResultFactory

RQ = "/admin/django_rq/dashboard/"
NOBODY_LISTENS = "redis://127.0.0.1:9/0"  # the discard port

pytestmark = pytest.mark.django_db


def tasks(text: str) -> dict[str, str]:
    """The names of the tasks in the navigation, with their marks."""
    return links(text, "studio-tasks")


def links(text: str, kind: str) -> dict[str, str]:
    """The names of the links in a part of the navigation, with how they are marked."""
    part = text.split(f'class="{kind}"')[1].split("</ul>")[0] if f'class="{kind}"' in text else ""
    found = re.findall(r'<a href="[^"]+"(?: aria-current="(\w+)")?>([^<]+)<', part)
    return {name: mark for mark, name in found}


def test_each_page_leads_to_all_tasks_and_says_where_it_is(staff: Client) -> None:
    text = page(staff, "/admin/upkeep/cleanuprun/")

    assert ">Try-On Studio</a>" in text
    marks = tasks(text)
    assert [*marks][:3] == ["Home", "Library", "Products"]
    assert [*marks][-1] == "Operations"
    assert {name: mark for name, mark in marks.items() if mark} == {"Operations": "true"}
    places = links(text, "studio-places")
    assert {name: mark for name, mark in places.items() if mark} == {"Cleanup runs": "page"}
    assert {"State", "Doctor", "RQ dashboard", "Users", "Shops"} <= {*places}  # the rest is there by itself
    assert tasks(page(staff, "/admin/"))["Home"] == "page"


def test_a_page_below_a_list_belongs_to_it(staff: Client) -> None:
    text = page(staff, "/admin/models_library/modelimage/add/")
    assert tasks(text)["Library"] == "true"
    assert links(text, "studio-places")["Model photos"] == "true"


def test_the_demo_shop_is_linked_where_it_is_open(staff: Client, settings: Settings) -> None:
    assert 'href="/api/docs"' in page(staff, "/admin/")
    assert 'href="/demo/"' not in page(staff, "/admin/")
    settings.DEMO_SHOP = True

    assert 'href="/demo/"' in page(staff, "/admin/")


def test_the_navigation_leads_only_where_the_person_may_go(db: None) -> None:
    viewer = sign_in("results.view_tryonresult")

    assert [*tasks(page(viewer, "/admin/"))] == ["Home", "Board", "Results"]
    assert "studio-tasks" not in page(Client(), "/admin/login/")


def test_pages_allow_no_foreign_and_no_inline_script(staff: Client) -> None:
    response = staff.get("/admin/")

    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)", response.content.decode())


def test_rq_dashboard_shows_both_queues(staff: Client) -> None:
    text = page(staff, RQ)

    assert "maintenance" in text
    assert "tryon" in text
    assert "tryon/admin.css" in text


def test_rq_dashboard_explains_that_redis_is_away(staff: Client, settings: Settings) -> None:
    settings.RQ_QUEUES = {"tryon": {"URL": NOBODY_LISTENS}}

    response = staff.get(RQ)

    assert response.status_code == 503
    assert "No try-on is lost" in response.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/admin/r/1/1/",
        f"{RQ}schedulers/0/",
        f"{RQ}queues/99/",
        f"{RQ}queues/99999999999999999999/details/",
        f"{RQ}queues/0/none/",
        f"{RQ}queues/0/none/delete/",
        f"{RQ}queues/99/none/requeue/",
        f"{RQ}queues/0/%00/",
        f"{RQ}queues/0/a b/delete/",
        f"{RQ}workers/99/",
        f"{RQ}workers/0/none/",
        f"{RQ}workers/0/rq:worker:none/",
        f"{RQ}cron-schedulers/99/none/",
        f"{RQ}1/change/",
        f"{RQ}add/",
        "/admin/tryon/governor/1/change/",
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_not_there_is_404(staff: Client, path: str, method: str) -> None:
    staff.raise_request_exception = False

    assert getattr(staff, method)(path).status_code == 404


@pytest.mark.parametrize(("page", "field"), [("confirm-action", "_selected_action"), ("actions", "job_ids")])
def test_a_task_that_can_not_be_is_404_in_a_form_too(staff: Client, page: str, field: str) -> None:
    form = {"action": "delete", field: "a b"}
    assert staff.post(f"{RQ}queues/{page}/0/", form).status_code == 404


def test_what_a_person_does_to_a_queue_is_in_the_audit_log(staff: Client) -> None:
    queue = get_queue("maintenance")
    one, two = (queue.enqueue("tryon.tasks.sweep", job_id=f"sweep-{n}") for n in (1, 2))
    page(staff, f"{RQ}queues/0/")
    staff.post(f"{RQ}queues/confirm-action/0/", {"action": "delete", "_selected_action": one.id})
    assert not AuditEntry.objects.exists()

    staff.post(f"{RQ}queues/actions/0/", {"action": "delete", "job_ids": [one.id]})
    staff.post(f"{RQ}queues/0/{two.id}/delete/")
    staff.post(f"{RQ}queues/0/empty/")
    assert staff.post(f"{RQ}queues/0/{two.id}/requeue/").status_code == 404

    entries = AuditEntry.objects.order_by("pk")
    assert {(entry.decision, entry.object_repr, entry.actor.username) for entry in entries} == {
        ("queue", "maintenance", "staff")
    }
    assert [entry.additional_data for entry in entries] == [
        {"act": "delete", "tasks": [one.id], "number": 1},
        {"act": "delete", "tasks": [two.id], "number": 1},
        {"act": "clear"},
    ]
    for address in ("/admin/people/auditentry/", f"/admin/people/auditentry/{entries[0].pk}/change/"):
        text = page(staff, address)
        assert "Changed a queue" in text
        assert "act: delete" in text


@pytest.mark.parametrize("number", ["abc", "0", "-1", "9" * 30])
def test_a_page_number_of_the_rq_dashboard_may_be_anything(staff: Client, number: str) -> None:
    assert staff.get(f"{RQ}queues/0/", {"page": number}).status_code == 200


def test_a_worker_that_is_there_is_shown(staff: Client) -> None:
    worker = Worker(["tryon"], connection=get_queue("tryon").connection)
    worker.register_birth()  # type: ignore[no-untyped-call]
    address = f"{RQ}workers/0/{worker.key}/"

    assert worker.name in page(staff, address)
    worker.register_death()  # type: ignore[no-untyped-call]
    worker.connection.delete(worker.key)
    assert staff.get(address).status_code == 404


@pytest.mark.slow
@pytest.mark.parametrize("role", ["Merchandiser", "Reviewer", "Operator", "Viewer"])
def test_no_link_of_the_navigation_and_of_home_is_closed_to_who_sees_it(db: None, role: str) -> None:
    TryOnResultFactory.create()
    groups_update()  # tests that empty the database may have left none
    person = User.objects.create_user("person", is_staff=True)
    person.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(person)
    seen, waiting = set[str](), ["/admin/"]
    while waiting:
        address = waiting.pop()
        answer = client.get(address, follow=True)
        assert answer.status_code == 200, address
        seen.add(address)
        text = answer.content.decode()
        part = text.split('id="studio-tasks"')[1].split("</header>")[0]
        if address == "/admin/":
            part += text.split('id="home-now"')[1].split("</section>")[0]
        waiting += {unescape(link) for link in re.findall(r'<a href="([^"]+)"', part)} - seen - {*waiting}
    assert len(seen) > 5
