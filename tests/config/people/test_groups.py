"""The groups that each migration makes, and what the owner does to them."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from config.people.groups import groups_update, name_of
from config.people.models import Role
from config.shops.roles import ROLES, permissions_named

pytestmark = pytest.mark.django_db


def permissions_of(name: str) -> set[str]:
    group = Group.objects.get(name=name)
    return {name_of(permission) for permission in group.permissions.select_related("content_type")}


def nothing_made() -> None:
    Group.objects.all().delete()
    Role.objects.all().delete()


def test_a_migration_makes_the_groups_with_their_permissions() -> None:
    nothing_made()
    call_command("migrate", verbosity=0)
    assert {name: permissions_of(name) for name in ROLES} == ROLES


@pytest.fixture
def an_earlier_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """The groups of a release that had fewer permissions, and one that is gone."""
    nothing_made()
    with monkeypatch.context() as earlier:
        for name in ROLES:
            earlier.setitem(ROLES, name, frozenset({"tryon.view_tryonjob", "auth.view_user"}))
        groups_update()
    Permission.objects.get(codename="view_user").delete()


@pytest.mark.usefixtures("an_earlier_release")
def test_a_group_that_follows_the_product_gets_the_permissions_of_the_release() -> None:
    groups_update()
    assert {name: permissions_of(name) for name in ROLES} == ROLES


@pytest.mark.usefixtures("an_earlier_release")
def test_a_group_that_the_owner_has_changed_or_deleted_stays_as_it_is() -> None:
    Group.objects.get(name="Reviewer").permissions.clear()
    Group.objects.get(name="Operator").delete()

    groups_update()
    assert permissions_of("Reviewer") == set()
    assert not Group.objects.filter(name="Operator").exists()


def test_a_group_that_the_owner_has_made_stays_as_it_is() -> None:
    nothing_made()
    Group.objects.create(name="Merchandiser")
    groups_update()
    assert permissions_of("Merchandiser") == set()


def test_a_permission_of_another_app_is_not_taken_for_one_of_the_same_name() -> None:
    assert permissions_named(frozenset({"catalogue.view_product"}))
    with pytest.raises(LookupError):
        permissions_named(frozenset({"results.view_product"}))
