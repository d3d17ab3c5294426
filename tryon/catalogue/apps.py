"""Products: their names, prices, collections and photos."""

from typing import override

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogueConfig(AppConfig):
    name = "tryon.catalogue"
    label = "catalogue"
    verbose_name = _("Catalogue")

    @override
    def ready(self) -> None:
        """Add the catalogue's cleanup tasks to those that cron and the command know."""
        from tryon.catalogue.upkeep import old_upload_attempts, photos_of_products
        from tryon.cleanup import TASKS, Task

        TASKS["photos_of_products"] = Task(
            photos_of_products, "catalogue photos of the release before; they get their products"
        )
        TASKS["old_upload_attempts"] = Task(
            old_upload_attempts, "what people sent to the library a week ago; the photos stay"
        )
