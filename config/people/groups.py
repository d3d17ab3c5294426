"""The ready-made groups of people, kept up to date by each ``manage.py migrate``."""

from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models.signals import post_migrate

from config.people.models import Role
from config.shops.roles import ROLES, permissions_named


@transaction.atomic
def groups_update() -> None:
    """Make the missing groups, and give those of the product the permissions of this release.

    A group stays as the owner has it: changed, deleted, or there before the product knew of it.
    """
    there = {name_of(permission) for permission in Permission.objects.select_related("content_type")}
    groups = {group.name: group for group in Group.objects.filter(name__in=ROLES)}
    roles = {role.name: role for role in Role.objects.all()}
    for name, permissions in ROLES.items():
        group, role, wanted = groups.get(name), roles.get(name), permissions & there
        if is_owners(group, role, there) or (role and wanted == {*role.given}):
            continue
        group = group or Group.objects.create(name=name)
        group.permissions.set(permissions_named(wanted))
        Role.objects.update_or_create(name=name, defaults={"given": sorted(wanted)})


def is_owners(group: Group | None, role: Role | None, there: set[str]) -> bool:
    """Return whether a group is no longer, or never was, as the product has made it."""
    if group is None:
        return role is not None
    if role is None:
        return True
    has = {name_of(permission) for permission in group.permissions.select_related("content_type")}
    return has != {*role.given} & there  # a release may take a permission away


def name_of(permission: Permission) -> str:
    """Return the name by which a role has the permission."""
    return f"{permission.content_type.app_label}.{permission.codename}"


def update_after_migrate(apps: Any, **more: Any) -> None:
    """Update the groups, unless a migration backwards has left no table for them."""
    try:
        apps.get_model("people", "Role")
    except LookupError:
        return
    groups_update()


def begin() -> None:
    """Update the groups each time that all apps are migrated: the last app's permissions are there then."""
    last = [config for config in apps.get_app_configs() if config.models_module][-1]
    post_migrate.connect(update_after_migrate, sender=last)
