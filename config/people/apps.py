"""People: their preferences, their groups and the log of their changes."""

from typing import override

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "config.people"
    label = "people"
    verbose_name = _("People")

    @override
    def ready(self) -> None:
        from django.contrib.auth.models import Group, User

        from config.people import audit, groups
        from config.shops.models import ApiKey, Shop

        groups.begin()
        audit.begin()
        audit.follow(Shop)
        audit.follow(ApiKey)
        audit.follow(Group, many=["permissions"])
        audit.follow(
            User,
            hide=["password", "email", "first_name", "last_name"],
            without=["last_login", "date_joined"],
            many=["groups", "user_permissions"],
        )
