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
        """Log changes of products, register pages, and add the catalogue's cleanup tasks to cron's."""
        import tryon.catalogue.exchange.pages  # noqa: F401  (it registers its pages)
        from config.people.audit import follow
        from tryon.catalogue.exchange.actions import offer_exports
        from tryon.catalogue.exchange.fetches import old_imports, photo_fetches
        from tryon.catalogue.models import Product
        from tryon.catalogue.staleness import offer_staleness
        from tryon.catalogue.upkeep import old_upload_attempts, photos_of_products
        from tryon.catalogue.worn import offer_worn_filter
        from tryon.cleanup import TASKS, Task

        follow(Product)
        TASKS["photos_of_products"] = Task(
            photos_of_products, _("catalogue photos of the release before; they get their products")
        )
        TASKS["old_upload_attempts"] = Task(
            old_upload_attempts, _("what people sent to the library a week ago; the photos stay")
        )
        TASKS["photo_fetches"] = Task(
            photo_fetches, _("photos that imports of products name; they are fetched")
        )
        TASKS["old_imports"] = Task(old_imports, _("imports of products from a week ago; the products stay"))
        offer_exports()
        offer_staleness()
        offer_worn_filter()
