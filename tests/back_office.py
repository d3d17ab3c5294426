"""The pages where people of the back office work, to measure their queries and their time."""

from collections.abc import Iterator
from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse

from models_library.models import ModelImage
from results.models import Review, TryOnResult
from tryon.batches.models import Batch
from tryon.catalogue.models import Product
from tryon.models import ProductImage, Status, TryOnJob

REVIEW_NEXT: Final = "review: the next result"
NEXT_ADDRESS: Final = "/admin/review/next/"
NEXT_BODY: Final = {"filter": "", "want": 1, "have": []}


def pages() -> Iterator[tuple[str, str]]:
    """Yield the name of each page and its address, with rows of the installation at hand."""
    yield "home", _at("index")
    yield "search", _at("search", q="SCALE-0000")
    yield "products", _at("catalogue_product_changelist")
    yield "products, a collection", _at("catalogue_product_changelist", collection="Spring")
    yield "product", _of(Product.objects.order_by("pk"))
    yield "product photos", _at("tryon_productimage_changelist")
    yield "product photos, searched", _at("tryon_productimage_changelist", q="SCALE-0000")
    yield "product photo", _of(ProductImage.objects.exclude(jobs=None).order_by("pk"))
    yield "model photos", _at("models_library_modelimage_changelist")
    yield "model photo", _of(ModelImage.objects.order_by("pk"))
    yield "releases that end", _at("releases")
    yield "plan", _at("plan")
    yield "batches", _at("batches_batch_changelist")
    yield "batch", reverse("admin:batch", args=[Batch.objects.order_by("pk")[0].pk])
    yield "recipes", _at("batches_namedrecipe_changelist")
    yield "board", _at("board")
    yield "board, the last rows", _at("board", **{"from": max(0, Product.objects.count() - 20)})
    yield "board, searched", _at("board", q="1")
    yield "review", _at("review")
    yield "contact sheet", _at("review_sheet")
    yield "results", _at("results_tryonresult_changelist")
    yield "results to review", _at("results_tryonresult_changelist", review__exact=Review.PENDING)
    yield "results, searched", _at("results_tryonresult_changelist", q="SCALE-0000")
    yield "results of none", _at("results_tryonresult_changelist", q="nothing")
    yield "stale results", _at("results_tryonresult_changelist", stale="yes")
    yield "result", _of(TryOnResult.objects.order_by("pk"))
    yield "comparisons", _at("comparisons")
    yield "jobs", _at("tryon_tryonjob_changelist")
    yield "failed jobs", _at("tryon_tryonjob_changelist", status__exact=Status.FAILED)
    yield "jobs of some products", _at("tryon_tryonjob_changelist", q="SCALE-0000")
    yield "jobs of all products", _at("tryon_tryonjob_changelist", q="SCALE")
    yield "jobs of none", _at("tryon_tryonjob_changelist", q="nothing")
    yield "job", _of(TryOnJob.objects.filter(status=Status.COMPLETED).order_by("pk"))
    yield "money", _at("money")
    yield "money of a year", _at("money", days=365)
    yield "paid calls", _at("money_calls")
    yield "operations", _at("tryon_governor_changelist")
    yield "first run", _at("first_run")
    yield "audit log", _at("people_auditentry_changelist")
    yield "people", _at("auth_user_changelist")


def _at(name: str, **query: Any) -> str:
    return reverse(f"admin:{name}", query=query or None)


def _of(rows: QuerySet[Any]) -> str:
    """Return the page of the first of these rows."""
    row = rows[0]
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
