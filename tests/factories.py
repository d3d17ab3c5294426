"""Rows for tests that look at rows. Tests that look at pictures make them through the API instead."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import factory
from django.contrib.contenttypes.models import ContentType

from config.core import clock
from config.people.models import AuditEntry
from config.shops.keys import digest_of
from config.shops.models import ApiKey, Shop
from models_library.models import Category, ModelImage
from results.models import ResultFeedback, TryOnResult, Verdict
from tryon.archive.models import ArchivedJob
from tryon.batches.models import Batch, BatchItem, BatchState, NamedRecipe
from tryon.catalogue.models import Product
from tryon.comparisons.models import Comparison
from tryon.fashn.inputs import total_credits
from tryon.fashn.options import OptionError, TryOnOptions
from tryon.models import ACTIVE, JobViewer, Prediction, ProductImage, ShopperPhoto, Status, TryOnJob
from tryon.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookEvent

OWNER = "shop:owner"


class ShopFactory(factory.django.DjangoModelFactory[Shop]):
    class Meta:
        model = Shop

    name = factory.Sequence(lambda n: f"Shop {n}")


class ApiKeyFactory(factory.django.DjangoModelFactory[ApiKey]):
    class Meta:
        model = ApiKey
        exclude = ["text"]

    text = factory.Sequence(lambda n: f"tos_test-key-{n}")
    shop = factory.SubFactory(ShopFactory)
    scopes = ("tryon",)
    name = factory.Sequence(lambda n: f"Key {n}")
    prefix = factory.LazyAttribute(lambda key: key.text[:8])
    digest = factory.LazyAttribute(lambda key: digest_of(key.text))


class AuditEntryFactory(factory.django.DjangoModelFactory[AuditEntry]):
    class Meta:
        model = AuditEntry

    content_type = factory.LazyAttribute(lambda entry: ContentType.objects.get_for_model(entry.row))
    object_pk = factory.LazyAttribute(lambda entry: str(entry.row.pk))
    object_repr = factory.LazyAttribute(lambda entry: str(entry.row))
    action = AuditEntry.Action.UPDATE
    decision = "retry"

    class Params:
        row = factory.SubFactory(ShopFactory)


class ModelImageFactory(factory.django.DjangoModelFactory[ModelImage]):
    class Meta:
        model = ModelImage

    name = factory.Sequence(lambda n: f"Model {n}")
    image = factory.Sequence(lambda n: f"models/00/{n}.jpg")
    thumbnail = factory.Sequence(lambda n: f"models/00/{n}.webp")
    category = Category.FULL_BODY
    width = 900
    height = 1350
    checksum = factory.Sequence(lambda n: f"{n:064x}")


class ProductImageFactory(factory.django.DjangoModelFactory[ProductImage]):
    class Meta:
        model = ProductImage

    product_id = factory.Sequence(lambda n: f"SKU-{n}")
    original = factory.Sequence(lambda n: f"originals/00/{n}.jpg")
    processed = factory.Sequence(lambda n: f"products/00/{n}.jpg")
    thumbnail = factory.Sequence(lambda n: f"products/00/{n}.webp")
    width = 800
    height = 1000
    checksum = factory.Sequence(lambda n: f"{n:064x}")
    requester = ""
    shop = factory.LazyAttribute(lambda photo: photo.requester if photo.requester.startswith("shop:") else "")


class ProductFactory(factory.django.DjangoModelFactory[Product]):
    class Meta:
        model = Product

    product_id = factory.Sequence(lambda n: f"SKU-{n}")


class ShopperPhotoFactory(factory.django.DjangoModelFactory[ShopperPhoto]):
    class Meta:
        model = ShopperPhoto

    original = factory.Sequence(lambda n: f"shoppers/00/{n}.jpg")
    processed = factory.Sequence(lambda n: f"shoppers/01/{n}.jpg")
    width = 900
    height = 1350
    requester = "shopper:ada"
    shop = OWNER
    consent_version = "2026-12"
    expires_at = factory.LazyFunction(lambda: clock.now() + timedelta(hours=24))


def price_of(job: Any) -> int:
    """Return what a new job with these options costs; 0 for one that has ended or can't be read."""
    if job.status not in ACTIVE:
        return 0
    try:
        return total_credits(TryOnOptions.from_mapping(job.options))
    except OptionError:
        return 0


class ArchivedJobFactory(factory.django.DjangoModelFactory[ArchivedJob]):
    class Meta:
        model = ArchivedJob

    id = factory.LazyFunction(uuid4)
    status = Status.CANCELED
    progress = 0
    product_image_id = factory.LazyFunction(uuid4)
    product_id = factory.Sequence(lambda n: f"SKU-{n}")
    model_image_id = factory.LazyFunction(uuid4)
    requester = OWNER
    created_at = factory.LazyFunction(clock.now)
    ended_at = factory.LazyFunction(clock.now)


class TryOnJobFactory(factory.django.DjangoModelFactory[TryOnJob]):
    class Meta:
        model = TryOnJob
        skip_postgeneration_save = True

    product_image = factory.SubFactory(ProductImageFactory)
    model_image = factory.SubFactory(ModelImageFactory)
    cache_key = factory.Sequence(lambda n: f"{n:064x}")
    requester = OWNER
    status = Status.QUEUED
    options = factory.LazyFunction(dict)
    price = factory.LazyAttribute(lambda job: price_of(job))

    class Params:
        completed = factory.Trait(
            status=Status.COMPLETED, progress=100, completed_at=factory.LazyFunction(clock.now)
        )
        failed = factory.Trait(status=Status.FAILED, error_code="pose_not_found")

    @factory.post_generation
    def viewers(self: TryOnJob, create: bool, extracted: Any, **kwargs: Any) -> None:
        for requester in extracted or [self.requester]:
            JobViewer.objects.create(job=self, requester=requester, product_image=self.product_image)


def model_of(job: TryOnJob) -> ModelImage:
    """Return the model photo of a job that has one."""
    assert job.model_image is not None
    return job.model_image


class PredictionFactory(factory.django.DjangoModelFactory[Prediction]):
    class Meta:
        model = Prediction

    job = factory.SubFactory(TryOnJobFactory)
    model_name = "tryon-v1.6"
    speed = "balanced"


class TryOnResultFactory(factory.django.DjangoModelFactory[TryOnResult]):
    class Meta:
        model = TryOnResult

    job = factory.SubFactory(TryOnJobFactory, completed=True)
    image = factory.Sequence(lambda n: f"results/00/{n}.png")
    thumbnail = factory.Sequence(lambda n: f"results/00/{n}.webp")
    width = 864
    height = 1296
    cache_key = factory.LazyAttribute(lambda result: result.job.cache_key)
    expires_at = factory.LazyFunction(lambda: clock.now() + timedelta(days=30))
    credits_used = 1


class ResultFeedbackFactory(factory.django.DjangoModelFactory[ResultFeedback]):
    class Meta:
        model = ResultFeedback

    job = factory.SubFactory(TryOnJobFactory, completed=True)
    requester = OWNER
    verdict = Verdict.YES


class NamedRecipeFactory(factory.django.DjangoModelFactory[NamedRecipe]):
    class Meta:
        model = NamedRecipe

    name = factory.Sequence(lambda n: f"Recipe {n}")
    options = factory.LazyFunction(lambda: {"mode": "quality"})


class BatchFactory(factory.django.DjangoModelFactory[Batch]):
    class Meta:
        model = Batch

    name = factory.Sequence(lambda n: f"Batch {n}")
    state = BatchState.READY

    class Params:
        running = factory.Trait(
            state=BatchState.RUNNING, max_credits=100, started_at=factory.LazyFunction(clock.now)
        )


class BatchItemFactory(factory.django.DjangoModelFactory[BatchItem]):
    class Meta:
        model = BatchItem

    batch = factory.SubFactory(BatchFactory)
    product_image = factory.SubFactory(ProductImageFactory)
    model_image = factory.SubFactory(ModelImageFactory)
    credits = 1


class ComparisonFactory(factory.django.DjangoModelFactory[Comparison]):
    class Meta:
        model = Comparison

    name = "Modes"
    recipe_a = factory.SubFactory(NamedRecipeFactory)
    recipe_b = factory.SubFactory(NamedRecipeFactory)


class WebhookEndpointFactory(factory.django.DjangoModelFactory[WebhookEndpoint]):
    class Meta:
        model = WebhookEndpoint

    shop = factory.SubFactory(ShopFactory)
    owner = factory.LazyAttribute(lambda endpoint: f"shop:{endpoint.shop.pk}")
    url = "https://shop.example/tryon"
    secret = "whsec_c2VjcmV0"


class WebhookEventFactory(factory.django.DjangoModelFactory[WebhookEvent]):
    class Meta:
        model = WebhookEvent

    kind = "ping"
    owner = OWNER


class WebhookDeliveryFactory(factory.django.DjangoModelFactory[WebhookDelivery]):
    class Meta:
        model = WebhookDelivery

    event = factory.SubFactory(WebhookEventFactory)
    endpoint = factory.SubFactory(WebhookEndpointFactory)
