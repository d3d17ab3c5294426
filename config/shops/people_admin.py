"""People and groups in the admin: Django's own pages, with permissions in the language of the reader."""

from typing import Any, Final, override

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.lists import StrictLists
from config.core.admin.versions import VersionedAdmin

# Django stores the names of permissions in English.
ACTIONS: Final = {"add": _("Add"), "change": _("Change"), "delete": _("Delete"), "view": _("View")}


def permission_words(permission: Permission) -> str:
    """Return the app, the rows and the action: of Django's four by its codename, else by its name."""
    words = ACTIONS.get(permission.codename.partition("_")[0]) or gettext(permission.name)
    return f"{permission.content_type} | {words}"


def in_words(field: Any) -> Any:
    """Return the form field with ``permission_words`` as the labels of its choices."""
    field.label_from_instance = permission_words
    return field


admin.site.unregister([Group, User])


@admin.register(Group)
class StudioGroupAdmin(VersionedAdmin, StrictLists, GroupAdmin):
    """Groups and their permissions."""

    @override
    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        return in_words(super().formfield_for_manytomany(db_field, request, **kwargs))


@admin.register(User)
class StudioUserAdmin(VersionedAdmin, StrictLists, UserAdmin):  # type: ignore[type-arg]  # at run time it takes none
    """People, their groups and their permissions."""

    @override
    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        return in_words(field) if db_field.name == "user_permissions" else field
