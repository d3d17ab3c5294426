"""The library of model photos."""

from typing import override

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ModelsLibraryConfig(AppConfig):
    name = "models_library"
    verbose_name = _("Model library")

    @override
    def ready(self) -> None:
        from config.people.audit import follow
        from models_library.models import ModelImage

        follow(ModelImage)
