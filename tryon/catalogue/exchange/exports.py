"""The sheets that people export, one for each kind of rows."""

import json
from typing import Any, Final

from django.db.models import Model, QuerySet
from import_export.fields import Field

from config.shops.shoppers import SHOPPER
from models_library.models import ModelImage
from results.labels import ai_label
from results.models import TryOnResult
from tryon.catalogue.exchange.columns import Sheet, TagsWidget, text_of
from tryon.catalogue.exchange.products import ProductSheet
from tryon.catalogue.models import Product
from tryon.models import TryOnJob


class ModelImageSheet(Sheet):
    """Model photos, with the terms of their releases."""

    tags = Field(column_name="tags", attribute="tags", widget=TagsWidget())
    release = text_of("release", "release_state")

    class Meta:
        model = ModelImage
        fields = [
            "id",
            "name",
            "category",
            "tags",
            "is_active",
            "release",
            "release_territory",
            "release_from",
            "release_until",
            "is_ai_made",
            "width",
            "height",
            "created_at",
        ]


class ResultSheet(Sheet):
    """Results on model photos: ids, product, model, recipe, review, credits and the notice of AI."""

    product = text_of("product", "job__product_image__product_id")
    product_image = text_of("product_image", "job__product_image_id")
    model = text_of("model", "job__model_image__name")
    model_image = text_of("model_image", "job__model_image_id")
    recipe = Field(column_name="recipe")
    ai_label = Field(column_name="ai_label")

    class Meta:
        model = TryOnResult
        fields = [
            "id",
            "job",
            "product",
            "product_image",
            "model",
            "model_image",
            "recipe",
            "review",
            "credits_used",
            "ai_label",
            "width",
            "height",
            "created_at",
            "expires_at",
        ]

    def dehydrate_recipe(self, result: TryOnResult) -> str:
        return json.dumps(result.job.options, sort_keys=True, ensure_ascii=False)

    def dehydrate_ai_label(self, result: TryOnResult) -> str:
        return ai_label()["text"]


class JobSheet(Sheet):
    """Jobs. Of those on a shopper's photo the columns about the model are empty. No shopper is named."""

    product = text_of("product", "product_image__product_id")
    model = text_of("model", "model_image__name")
    recipe = Field(column_name="recipe")

    class Meta:
        model = TryOnJob
        fields = [
            "id",
            "status",
            "product",
            "product_image",
            "model",
            "model_image",
            "recipe",
            "lane",
            "requester",
            "error_code",
            "retry_count",
            "is_test",
            "created_at",
            "started_at",
            "completed_at",
        ]

    def dehydrate_recipe(self, job: TryOnJob) -> str:
        return json.dumps(job.options, sort_keys=True, ensure_ascii=False)

    def dehydrate_requester(self, job: TryOnJob) -> str:
        # A file outlives the erasure of a shopper.
        return SHOPPER.rstrip(":") if job.requester.startswith(SHOPPER) else job.requester


SHEETS: Final[dict[type[Model], type[Sheet]]] = {
    Product: ProductSheet,
    ModelImage: ModelImageSheet,
    TryOnResult: ResultSheet,
    TryOnJob: JobSheet,
}


def sheet_rows(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Return the rows with what their sheet reads of other rows."""
    related = {
        TryOnResult: ("job__product_image", "job__model_image"),
        TryOnJob: ("product_image", "model_image"),
    }.get(queryset.model, ())
    return queryset.select_related(*related) if related else queryset
