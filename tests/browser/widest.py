"""Rows with the longest texts that a shop has: lists must show them too."""

from config.shops.models import Shop
from models_library.models import ModelImage
from tests.factories import TryOnJobFactory
from tryon.models import ProductImage, TryOnJob


def widest_rows() -> None:
    """Give the rows of lists the longest texts that a shop has."""
    ProductImage.objects.update(product_id="COAT-WINTER-2026-LONG-NAVY-XXL-0001")
    ModelImage.objects.update(name="Amina, standing, hands on hips, full figure from the left")
    Shop.objects.update(name="Linden and daughters, outfitters since 1901")
    job = TryOnJob.objects.get()
    TryOnJobFactory.create(
        product_image=job.product_image,
        model_image=job.model_image,
        requester=job.requester,
        failed=True,
        error_code="daily_limit_too_low_for_one_try_on",
    )
