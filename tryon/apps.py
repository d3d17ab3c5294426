"""Product photos and try-on jobs."""

from typing import override

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TryonConfig(AppConfig):
    name = "tryon"
    verbose_name = _("Try-on")

    @override
    def ready(self) -> None:
        from config.people.audit import follow
        from tryon import checks  # noqa: F401  (registers the checks)
        from tryon.batches.models import NamedRecipe
        from tryon.catalogue.models import Product
        from tryon.comparisons.models import Comparison
        from tryon.models import ProductImage
        from tryon.services import doctor, live, rejections  # noqa: F401  (two of them connect receivers)

        doctor.register_examinations()
        follow(ProductImage, hide=["metadata"])
        for model in (Product, NamedRecipe, Comparison):
            follow(model)
