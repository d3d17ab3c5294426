"""The board: what each product has on each model photo, and a plan of what is missing."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from models_library.models import ModelImage
from results.models import Review
from tests.factories import (
    ModelImageFactory,
    ProductFactory,
    ProductImageFactory,
    TryOnJobFactory,
    TryOnResultFactory,
)
from tryon.batches.models import Batch, NamedRecipe
from tryon.board import pages
from tryon.catalogue.models import Product
from tryon.models import Account, ProductImage, Status

pytestmark = pytest.mark.django_db

BOARD = "/admin/board/"


def product(number: int = 1, **fields: Any) -> Product:
    """A product of the catalogue with a photo."""
    product = ProductFactory.create(product_id=f"SKU-{number}", **fields)
    photo = ProductImageFactory.create(product_id=product.product_id, catalogue_product=product)
    Product.objects.filter(pk=product.pk).update(source_photo=photo)
    product.refresh_from_db()
    return product


def source(product: Product) -> ProductImage:
    assert product.source_photo is not None
    return product.source_photo


def cells(client: Client, **query: Any) -> dict[str, list[str]]:
    """The words of the cells of each product."""
    page = BeautifulSoup(client.get(BOARD, query).content, "html.parser")
    return {
        str(row.select("th a")[0].string): [str(cell.get_text(strip=True)) for cell in row.select("td")]
        for row in page.select(".board-grid tbody tr")
    }


def result(product: Product, model: ModelImage, review: Review = Review.PENDING, **job: Any) -> None:
    made = TryOnJobFactory.create(completed=True, product_image=source(product), model_image=model, **job)
    TryOnResultFactory.create(job=made, review=review)


def test_a_cell_has_the_word_of_the_attempt_that_counts_most(admin_client: Client) -> None:
    garment = product()
    words = {
        "Ada": "Missing",
        "Bea": "Under way",
        "Cleo": "Failed",
        "Dora": "To review",
        "Eve": "Approved",
        "Fay": "Rejected",
        "Gina": "Almost",
        "Hana": "Missing",
    }
    models = {name: ModelImageFactory.create(name=name) for name in words}
    photo = source(garment)
    result(garment, models["Bea"], Review.APPROVED)
    TryOnJobFactory.create(product_image=photo, model_image=models["Bea"], status=Status.PROCESSING)
    TryOnJobFactory.create(product_image=photo, model_image=models["Cleo"], failed=True)
    result(garment, models["Dora"])
    TryOnJobFactory.create(product_image=photo, model_image=models["Dora"], failed=True)
    result(garment, models["Eve"], Review.REJECTED)
    result(garment, models["Eve"], Review.APPROVED)
    result(garment, models["Eve"], Review.REJECTED)  # another seed of the pair
    result(garment, models["Fay"], Review.REJECTED)
    result(garment, models["Gina"], Review.ALMOST)
    TryOnJobFactory.create(product_image=photo, model_image=models["Hana"], status=Status.CANCELED)
    TryOnJobFactory.create(product_image=photo, model_image=models["Hana"], completed=True)  # expired
    result(garment, models["Hana"], Review.APPROVED, account=Account.TEST)
    assert cells(admin_client) == {"SKU-1": [*words.values()]}


def test_the_picture_of_a_retired_photo_is_stale(admin_client: Client) -> None:
    garment, model = product(), ModelImageFactory.create()
    result(garment, model, Review.APPROVED)
    ProductImage.objects.update(is_active=False)
    assert cells(admin_client) == {"SKU-1": ["Stale"]}
    again = ProductImageFactory.create(product_id=garment.product_id, catalogue_product=garment)
    TryOnResultFactory.create(job__completed=True, job__product_image=again, job__model_image=model)
    assert cells(admin_client) == {"SKU-1": ["To review"]}  # nothing that is retired wins


def test_a_product_without_a_photo_says_so_and_takes_no_choice(admin_client: Client) -> None:
    ProductFactory.create(product_id="SKU-1")
    ModelImageFactory.create()
    assert cells(admin_client) == {"SKU-1": ["No photo"]}
    assert 'name="place"' not in admin_client.get(BOARD).content.decode()


def test_filters_choose_rows_and_columns(admin_client: Client) -> None:
    product(1, collection="Summer", tags=["new"])
    product(2, name="Linen shirt")
    ModelImageFactory.create(name="Whole", tags=["studio"])
    ModelImageFactory.create(name="Half", category="upper_body")
    ModelImageFactory.create(name="Retired", is_active=False)
    assert {name: len(row) for name, row in cells(admin_client).items()} == {"SKU-1": 2, "SKU-2": 2}
    assert list(cells(admin_client, collection="Summer")) == ["SKU-1"]
    assert list(cells(admin_client, tag="new")) == ["SKU-1"]
    assert list(cells(admin_client, q="linen")) == ["SKU-2"]
    assert [len(row) for row in cells(admin_client, models="upper_body").values()] == [1, 1]
    assert [len(row) for row in cells(admin_client, model_tag="studio").values()] == [1, 1]
    assert cells(admin_client, collection="No such") == {}
    assert cells(admin_client, q="a " * 11) == {}


def test_further_rows_come_alone_and_take_as_many_queries(admin_client: Client) -> None:
    model = ModelImageFactory.create()
    for number in range(pages.WINDOW + 1):
        result(product(100 + number), model)

    def queries(start: int) -> tuple[int, str]:
        with CaptureQueriesContext(connection) as seen:
            answer = admin_client.get(BOARD, {"rows": 1, "from": start})
        return len(seen), answer.content.decode()

    queries(0)  # the first one asks for what a process remembers
    few, text = queries(pages.WINDOW)
    many, page = queries(0)
    assert (text.count("<tr>"), page.count("<tr>")) == (1, pages.WINDOW)
    assert few == many
    assert "<html" not in text


def plan_of(client: Client, **fields: Any) -> list[tuple[str, str]]:
    """Send the form, and return the pairs of the plan: product and model photo."""
    answer = client.post(BOARD, fields)
    batch = Batch.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, reverse("admin:batch", args=[batch.pk]))
    items = batch.items.order_by("pk").select_related("product_image", "model_image")
    return [(str(item.product_image), str(item.model_image)) for item in items]


def test_the_chosen_cells_make_a_plan_with_the_recipe(admin_client: Client, admin_user: User) -> None:
    first, second = product(1), product(2)
    ada, bea = ModelImageFactory.create(name="Ada"), ModelImageFactory.create(name="Bea")
    recipe = NamedRecipe.objects.create(name="Best", options={"mode": "quality"})
    chosen = [f"{first.pk}:{bea.pk} {second.pk}:{ada.pk}"]
    assert plan_of(admin_client, choice="cells", place=chosen, recipe=recipe.pk) == [
        ("SKU-1", "Bea"),
        ("SKU-2", "Ada"),
    ]
    batch = Batch.objects.get()
    assert (batch.created_by, batch.recipe, batch.options["mode"]) == (admin_user, recipe, "quality")


def test_what_is_missing_is_filled_for_a_number_of_credits(admin_client: Client) -> None:
    garments = [product(number) for number in (1, 2, 3)]
    ada, _bea = ModelImageFactory.create(name="Ada"), ModelImageFactory.create(name="Bea")
    result(garments[0], ada, Review.REJECTED)  # a person has decided: it is not missing
    assert plan_of(admin_client, choice="missing", credits=3) == [
        ("SKU-1", "Bea"),
        ("SKU-2", "Ada"),
        ("SKU-2", "Bea"),
    ]
    assert Batch.objects.get().max_credits == 3


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"choice": "cells"}, "Choose at least one cell."),
        ({"choice": "cells", "place": "broken"}, "This choice is damaged."),
        ({"choice": "missing"}, "Say how many credits the plan may cost."),
    ],
)
def test_a_form_without_a_choice_says_what_to_do(
    admin_client: Client, fields: dict[str, str], words: str
) -> None:
    product()
    ModelImageFactory.create()
    answer = admin_client.post(BOARD, fields)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Batch.objects.exists()


def test_a_full_board_has_nothing_to_plan(admin_client: Client) -> None:
    result(product(), ModelImageFactory.create())
    answer = admin_client.post(BOARD, {"choice": "missing", "credits": 5}, follow=True)
    assert "Nothing is missing here" in answer.content.decode()
    assert not Batch.objects.exists()
