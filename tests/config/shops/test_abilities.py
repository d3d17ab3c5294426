"""The table of abilities, and the groups that are made from it."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader
from django.test import Client

from config.people.groups import groups_update
from config.shops.abilities import Ability
from config.shops.roles import ROLES
from tests.admin_pages import page
from tests.factories import TryOnJobFactory, TryOnResultFactory

pytestmark = pytest.mark.django_db


def signed_in(*, group: str = "") -> Client:
    user = User.objects.create_user(f"one of {group or 'nobody'}", is_staff=True)
    if group:
        user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


# Only the owner has these, and whom the owner gives them.
OWNERS_ALONE = frozenset({Ability.FETCH_PHOTOS})


def names(permissions: "list[Permission]") -> set[str]:
    return {f"{one.content_type.app_label}.{one.codename}" for one in permissions}


def test_every_ability_has_its_permission() -> None:
    assert set(Ability) <= names(list(Permission.objects.select_related("content_type")))


def test_every_ability_is_in_a_role_or_the_owners_alone() -> None:
    of_roles = frozenset[str]().union(*ROLES.values())
    assert of_roles >= {*Ability} - OWNERS_ALONE
    assert not of_roles & OWNERS_ALONE


def test_each_group_finds_its_places() -> None:
    groups_update()
    shown = {name: page(signed_in(group=name), "/admin/") for name in ROLES}

    assert "Library" in shown["Merchandiser"]
    assert "Money" in shown["Merchandiser"]
    assert "Operations" not in shown["Merchandiser"]
    assert "Review" in shown["Reviewer"]
    assert "Money" not in shown["Reviewer"]
    assert "Operations" in shown["Operator"]


def test_staff_without_permissions_keep_what_is_their_own() -> None:
    client = signed_in()
    own = f"user:{User.objects.get().pk}"
    mine, other = TryOnResultFactory.create(job__requester=own), TryOnResultFactory.create()
    failed = TryOnJobFactory.create(failed=True, requester=own)

    shown = client.get("/api/tryon/results").json()["data"]
    assert [row["id"] for row in shown] == [str(mine.pk)]
    assert (
        client.post(f"/api/tryon/jobs/{failed.pk}/retry", content_type="application/json").status_code == 403
    )
    assert client.delete(f"/api/tryon/results/{mine.pk}").status_code == 204
    assert client.delete(f"/api/tryon/results/{other.pk}").status_code == 404


def name_before(ending: str) -> str:
    """Return the name of the migration before the one whose name ends so."""
    migrations = MigrationLoader(None).disk_migrations
    found = next(one for (app, name), one in migrations.items() if app == "tryon" and name.endswith(ending))
    return next(name for app, name in found.dependencies if app == "tryon")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_who_could_pause_before_can_pause_after_the_upgrade() -> None:
    call_command("migrate", "tryon", name_before("_operations"), verbosity=0)
    try:
        user = User.objects.create_user("operator", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="change_governor"))
    finally:
        call_command("migrate", verbosity=0)
    assert User.objects.get(username="operator").has_perm(Ability.PAUSE)
    assert not Permission.objects.filter(codename="change_governor").exists()
