"""The pages of plans, batches and recipes, as a person uses them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from config.core import clock
from config.people.models import AuditEntry
from models_library.models import ModelImage
from tests.admin_pages import count_queries, page, sign_in
from tests.factories import (
    BatchFactory,
    BatchItemFactory,
    ModelImageFactory,
    NamedRecipeFactory,
    ProductFactory,
    ProductImageFactory,
    ShopperPhotoFactory,
    TryOnJobFactory,
    TryOnResultFactory,
)
from tryon.batches.models import Batch, BatchState, NamedRecipe
from tryon.models import ProductImage, TryOnJob

PLAN = "/admin/plan/"
LIST = "/admin/batches/batch/"

pytestmark = pytest.mark.django_db


def send(client: Client, models: list[ModelImage], **fields: Any) -> str:
    """Send the plan's form; the text of the page it ends on."""
    data = {"source": "all", "mode": "balanced", "models": [str(model.pk) for model in models], **fields}
    response = client.post(PLAN, data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def order(client: Client, batch: Batch, name: str, **fields: Any) -> str:
    """Give an order on the batch's page; the text of the page it ends on."""
    response = client.post(f"/admin/batches/{batch.pk}/", {"order": name, **fields}, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def chosen(batch: Batch) -> set[str]:
    """The products of a plan."""
    return set(batch.items.values_list("product_image__product_id", flat=True))


def test_a_plan_by_collection_says_which_products_have_no_usable_photo(staff: Client) -> None:
    autumn = {"collection": "Autumn"}
    for number, is_active in (("COAT", True), ("SCARF", False)):
        photo = ProductImageFactory.create(product_id=number, is_active=is_active)
        product = ProductFactory.create(product_id=number, source_photo=photo, **autumn)
        ProductImage.objects.filter(pk=photo.pk).update(catalogue_product=product)
    ProductFactory.create(product_id="HAT", **autumn)
    ProductFactory.create(product_id="SOCKS", collection="Winter")

    text = send(staff, [ModelImageFactory.create()], source="filter", collection="Autumn", name="Autumn")

    assert chosen(Batch.objects.get(name="Autumn")) == {"COAT"}
    assert "2 chosen products have no photo to make try-ons of" in text
    assert "HAT, SCARF" in text
    [address] = re.findall(r'href="(/admin/catalogue/product/[^"]+)"', text)
    listed = page(staff, address.replace("&amp;", "&"))
    assert all(name in listed for name in ("HAT", "SCARF"))
    assert not any(f">{name}<" in listed for name in ("COAT", "SOCKS"))

    nothing = send(staff, [ModelImageFactory.create()], source="filter", collection="Winter")
    assert "1 chosen product has no photo" in nothing
    assert "SOCKS" in nothing


def test_a_plan_says_its_price_and_starts_for_it(staff: Client) -> None:
    ProductImageFactory.create_batch(2)
    models = ModelImageFactory.create_batch(3)

    text = send(staff, models, background="white", name="Autumn")

    assert "Start 6 try-ons for 12 credits" in text
    assert "<dd>All products</dd>" in text
    assert "not known yet" in text  # the balance
    batch = Batch.objects.get(name="Autumn")
    assert (batch.state, batch.price, batch.options) == (BatchState.READY, 12, {"background": "#ffffff"})

    for wrong in ("11", "9" * 5000):
        assert "The price has changed" in order(staff, batch, "start", confirmed=wrong)
    assert "The batch has started." in order(staff, batch, "start", confirmed="12")
    assert "Nothing was started or paid a second time" in order(staff, batch, "start", confirmed="12")
    batch.refresh_from_db()
    assert (batch.state, batch.max_credits) == (BatchState.RUNNING, 12)
    assert not TryOnJob.objects.exists()
    entry = AuditEntry.objects.get(decision="start")
    assert (entry.object_pk, entry.additional_data) == (str(batch.pk), {"credits": 12, "pairs": 6})


def test_a_plan_whose_photo_vanished_says_so_and_starts_only_at_the_new_price(staff: Client) -> None:
    gone, _stays = ProductImageFactory.create_batch(2)
    send(staff, [ModelImageFactory.create()], name="Autumn")
    batch = Batch.objects.get()
    gone.delete()

    text = order(staff, batch, "start", confirmed="2")

    assert "The price has changed" in text
    assert "The product photo is gone. Upload it again." in text
    assert "Start 1 try-on for 1 credit" in text
    assert not TryOnJob.objects.exists()
    assert "The batch has started." in order(staff, batch, "start", confirmed="1")


def test_a_plan_warns_of_garments_whose_category_only_the_model_photo_tells(staff: Client) -> None:
    legs, whole = ModelImageFactory.create(category="lower_body"), ModelImageFactory.create()
    ProductImageFactory.create(category="")
    ProductImageFactory.create(category="bottoms")
    warning = "1 new try-on shows a garment without a category on half a body"
    assert warning in send(staff, [legs, whole])
    assert warning not in send(staff, [whole])
    assert warning not in send(staff, [legs], garment="bottoms")


def test_a_plan_of_several_pictures_of_each_pair_has_a_seed_for_each(staff: Client) -> None:
    ProductImageFactory.create_batch(2)
    models = ModelImageFactory.create_batch(2)

    text = send(staff, models, name="Autumn", tries="3")

    assert "Start 12 try-ons for 12 credits" in text
    assert "3 of each pair" in text
    batch = Batch.objects.get()
    items = [*batch.items.order_by("pk").values_list("product_image", "model_image", "seed")]
    assert [seed for _product, _model, seed in items[:3]] == [42, 43, 44]
    assert len({*items}) == len({*batch.items.values_list("cache_key", flat=True)}) == 12
    assert "greater than or equal to 1" in send(staff, models, tries="0")


def test_products_are_chosen_by_list_number_collection_tag_and_category(staff: Client) -> None:
    model = ModelImageFactory.create()
    front, back = ProductImageFactory.create_batch(2, product_id="A", category="tops")
    product = ProductFactory.create(product_id="A", collection="Autumn", tags=["warm"], source_photo=front)
    ProductImage.objects.filter(product_id="A").update(catalogue_product=product)
    ProductImageFactory.create(product_id="B", tags=["warm", "wool"])
    ProductImageFactory.create(product_id="SHOP", requester="shop:x")

    def plan(said: str, **fields: Any) -> set[str]:
        assert f"<dd>{said}</dd>" in send(staff, [model], **fields)
        newest = Batch.objects.order_by("-created_at").first()
        assert newest is not None
        assert newest.pairs == len(chosen(newest))  # of a product, its source photo alone
        return chosen(newest)

    words = "A collection, a tag or a category"
    assert plan("All products", source="all") == {"A", "B"}
    assert plan("The photos chosen in the list", source="chosen", products=f"{back.pk}") == {"A"}
    assert plan("These products: B, A", source="numbers", numbers="B\nA, B") == {"A", "B"}
    assert plan(f"{words}: Autumn", source="filter", collection="Autumn") == {"A"}
    assert plan(f"{words}: Warm", source="filter", tag="Warm") == {"A", "B"}
    assert plan(f"{words}: wool", source="filter", tag="wool") == {"B"}
    assert plan(f"{words}: Top", source="filter", category="tops") == {"A"}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"background": "nice"}, "Use a colour such as #f5f5f5 or white."),
        ({"mode": "wild"}, "Select a valid choice."),
        ({"resolution": "2k", "garment": "tops"}, "they do not work together"),
        ({"source": "numbers", "numbers": "SKU-1 X Y"}, "no photo in the catalogue: X, Y."),
        (
            {"source": "all", "numbers": "SKU-1, nope"},
            "Choose “These products” above to use this, or empty it.",
        ),
        (
            {"source": "numbers", "numbers": "SKU-1", "tag": "warm"},
            "Choose “A collection, a tag or a category”",
        ),
        ({"source": "all", "category": "tops"}, "Choose “A collection, a tag or a category”"),
        ({"source": "filter"}, "Choose a collection, a tag or a category below it"),
        ({"source": "chosen"}, "Choose at least one product photo and one model photo."),
        ({"max_credits": "0"}, "Ensure this value is greater than or equal to 1."),
        ({"recipe_name": "Web"}, "There is a recipe with this name."),
    ],
)
def test_a_choice_that_cannot_be_used_is_explained(
    staff: Client, fields: dict[str, Any], problem: str
) -> None:
    ProductImageFactory.create(product_id="SKU-1")
    NamedRecipeFactory.create(name="Web")

    assert problem in send(staff, [ModelImageFactory.create()], **fields)
    assert not Batch.objects.exists()


def test_model_photos_are_looked_for_and_the_chosen_stay(staff: Client) -> None:
    ProductImageFactory.create()
    ada, *_others = ModelImageFactory.create_batch(30)
    freya = ModelImageFactory.create(name="Freya", category="lower_body", tags=["beach"])
    ModelImageFactory.create(name="Freya retired", is_active=False)

    first = page(staff, reverse("admin:plan", query={"model": [ada.pk]}))
    assert first.count('name="models"') == 25
    assert "There are more." in first

    found = send(staff, [ada], search="1", q="beach", model_category="lower_body")

    boxes = re.findall(r'name="models" value="([^"]+)"( checked)?', found)
    assert boxes == [(str(ada.pk), " checked"), (str(freya.pk), "")]
    assert not Batch.objects.exists()


def test_options_are_kept_as_a_recipe_and_chosen_again(staff: Client) -> None:
    ProductImageFactory.create()
    model = ModelImageFactory.create()
    send(staff, [model], mode="performance", resolution="2k", recipe_name="Web")
    recipe = NamedRecipe.objects.get(name="Web")
    assert recipe.options == {"mode": "fast", "resolution": "2k"}

    beside = {"mode": "quality", "background": "white", "recipe_name": "Web in white"}
    refused = send(staff, [model], recipe=str(recipe.pk), **beside)
    assert "Choose no recipe, or take back: Mode, Background, Save as a recipe." in refused

    text = send(staff, [model], recipe=str(recipe.pk), mode="balanced")

    assert "2k · fast" in text
    assert set(Batch.objects.values_list("recipe", flat=True)) == {recipe.pk}
    change = f"/admin/batches/namedrecipe/{recipe.pk}/change/"
    assert '<option value="performance" selected>' in page(staff, change)
    staff.post(change, {"name": "Web", "mode": "quality", "resolution": "2k", "is_active": "on"})
    recipe.refresh_from_db()
    assert recipe.options == {"mode": "quality", "resolution": "2k"}


def test_a_plan_is_counted_again_and_discarded(staff: Client) -> None:
    ProductImageFactory.create()
    send(staff, [ModelImageFactory.create()])
    batch = Batch.objects.get()
    assert "The plan was counted again." in order(staff, batch, "recount")
    assert "It has cost nothing." in order(staff, batch, "discard")
    assert not Batch.objects.exists()


def test_a_batch_shows_what_comes_and_what_does_not(staff: Client) -> None:
    batch = BatchFactory.create(running=True, pairs=3, not_before=clock.now() + timedelta(hours=8))
    job = TryOnJobFactory.create(completed=True)
    result = TryOnResultFactory.create(job=job)
    BatchItemFactory.create(batch=batch, job=job, state="done")
    words = "The product photo is gone. Upload it again."
    BatchItemFactory.create(batch=batch, state="blocked", error_message=words)
    BatchItemFactory.create(batch=batch, state="failed", error_code="odd")

    text = page(staff, f"/admin/batches/{batch.pk}/")

    assert f"/admin/results/tryonresult/{result.pk}/change/" in text
    assert 'data-live="3"' in text
    assert "It waits for its hour." in text
    assert words in text
    assert "Retry 1 failed try-on for at most 1 credits" in text


def test_a_shoppers_picture_is_on_no_page(staff: Client) -> None:
    batch = BatchFactory.create(running=True)
    private = TryOnJobFactory.create(
        completed=True, model_image=None, shopper_photo=ShopperPhotoFactory.create()
    )
    result = TryOnResultFactory.create(job=private)
    BatchItemFactory.create(batch=batch, job=private, state="done")
    assert str(result.pk) not in page(staff, f"/admin/batches/{batch.pk}/")


def test_a_persons_turn_is_saved_or_explained(staff: Client) -> None:
    batch = BatchFactory.create(running=True)
    turn = {"priority": "5", "not_before": "2030-01-02T03:04", "credit_floor": "100"}
    assert "The batch was changed." in order(staff, batch, "change", **turn)
    batch.refresh_from_db()
    assert (batch.priority, batch.credit_floor, batch.not_before is not None) == (5, 100, True)
    assert "Enter a whole number." in order(staff, batch, "change", **{**turn, "priority": "high"})
    assert "paused" in order(staff, batch, "pause")
    assert "goes on" in order(staff, batch, "resume")
    assert "canceled" in order(staff, batch, "cancel")
    assert "has changed. Look at it again." in order(staff, batch, "pause")


def test_who_may_only_look_gives_no_order(db: None) -> None:
    viewer = sign_in("batches.view_batch")
    batch = BatchFactory.create(pairs=1)
    BatchItemFactory.create(batch=batch)
    assert 'name="order"' not in page(viewer, f"/admin/batches/{batch.pk}/")
    assert viewer.post(f"/admin/batches/{batch.pk}/", {"order": "start"}).status_code == 403
    assert viewer.get(PLAN).status_code == 403


def test_the_list_shows_progress_with_no_query_for_each(staff: Client) -> None:
    counts = {"done": 3, "waiting": 1}
    BatchFactory.create_batch(2, running=True, pairs=4, counts=counts)
    before = count_queries(staff, LIST)
    BatchFactory.create_batch(3, running=True, pairs=4, counts=counts)
    assert count_queries(staff, LIST) == before
    assert "75 %" in page(staff, LIST)
