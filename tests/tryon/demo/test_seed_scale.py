"""``seed_scale``: the rows of a large shop."""

import pytest
from django.core.management import CommandError, call_command

from results.models import TryOnResult
from tests.factories import TryOnJobFactory
from tryon.batches.models import BatchItem
from tryon.catalogue.models import Product
from tryon.models import ACTIVE, Prediction, TryOnJob

pytestmark = pytest.mark.django_db


@pytest.mark.slow  # it draws and stores the demo's sixteen pictures
def test_the_rows_of_a_large_shop_fit_together() -> None:
    call_command("seed_scale", photos=80, results=1000, verbosity=0)
    assert TryOnResult.objects.count() == 1000
    assert TryOnJob.objects.filter(result=None, status__in=ACTIVE).count() == 100
    assert Prediction.objects.filter(credits_used=1).count() == 1000
    product = Product.objects.get(product_id="SCALE-00000")
    assert product.source_photo in product.photos.all()
    assert BatchItem.objects.exclude(job=None).count() == 1000
    picture = TryOnResult.objects.earliest("created_at").image
    assert picture.storage.exists(str(picture.name))


def test_an_installation_with_try_ons_is_left_alone() -> None:
    TryOnJobFactory.create()
    with pytest.raises(CommandError, match="has try-ons"):
        call_command("seed_scale", photos=4, results=10)
    assert TryOnJob.objects.count() == 1
