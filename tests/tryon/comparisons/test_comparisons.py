"""Blind comparisons of two recipes: which pairs, whose votes, what they say, and when they end."""

import json
import re
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from config.shops.abilities import Ability
from models_library.models import Category
from results.models import Review, TryOnResult
from tests.admin_pages import page, run_action, sign_in
from tests.factories import (
    BatchItemFactory,
    ModelImageFactory,
    PredictionFactory,
    ProductFactory,
    ProductImageFactory,
    ShopperPhotoFactory,
    TryOnJobFactory,
    TryOnResultFactory,
)
from tryon.batches.models import Batch, BatchItem, NamedRecipe
from tryon.comparisons.models import Choice, Comparison, Vote
from tryon.comparisons.recipes import recipe_of
from tryon.comparisons.selectors import is_swapped, tally
from tryon.comparisons.statistics import Tally
from tryon.models import PredictionState, ProductImage

pytestmark = pytest.mark.django_db

VIEW, ADD = "comparisons.view_comparison", "comparisons.add_comparison"


@pytest.fixture
def recipes() -> list[NamedRecipe]:
    return [
        NamedRecipe.objects.create(name="Fast", options={"mode": "performance"}),
        NamedRecipe.objects.create(name="Good", options={"mode": "quality"}),
    ]


@pytest.fixture
def merchandiser() -> Client:
    return sign_in(VIEW, ADD, Ability.REVIEW_RESULTS)


def test_the_page_leads_to_a_new_recipe_while_there_are_fewer_than_two(merchandiser: Client) -> None:
    assert "Ask a merchandiser to add them." in page(merchandiser, "/admin/comparisons/")
    may_add = Permission.objects.get(codename="add_namedrecipe")
    User.objects.get(username="staff").user_permissions.add(may_add)
    hint = '/admin/batches/namedrecipe/add/?for=comparison">Add a recipe</a> first;'
    for name, is_said in [("Fast", True), ("Good", True), ("Best", False)]:
        assert (hint in page(merchandiser, "/admin/comparisons/")) is is_said
        NamedRecipe.objects.create(name=name, options={})


def compare(client: Client, recipes: list[NamedRecipe], **fields: Any) -> Comparison:
    """Add a comparison by the form."""
    body = {"recipe_a": recipes[0].pk, "recipe_b": recipes[1].pk, **fields}
    answer = client.post("/admin/comparisons/", body)
    assert answer.status_code == 302, answer.content.decode()
    return Comparison.objects.get()


def make_pictures(comparison: Comparison, sides: str = "ab") -> None:
    """Make the pictures of all pairs: those of A for one credit, those of B for three."""
    for pair in comparison.pairs.all():
        for side in sides:
            job = TryOnJobFactory.create(
                completed=True, product_image=pair.product_image, model_image=pair.model_image
            )
            TryOnResultFactory.create(
                job=job, cache_key=getattr(pair, f"key_{side}"), image=f"results/{side}{pair.position}.png"
            )


@pytest.fixture
def comparison(merchandiser: Client, recipes: list[NamedRecipe]) -> Comparison:
    """A comparison of 25 pairs, whose pictures are there."""
    for number in range(25):
        ProductImageFactory.create(product_id=f"S-{number}")
    numbers = " ".join(f"S-{number}" for number in range(25))
    made = compare(merchandiser, recipes, numbers=numbers, models=[ModelImageFactory.create().pk])
    make_pictures(made)
    return made


def judge(client: Client, comparison: Comparison, side: str, pair: int | str = "", **more: Any) -> Any:
    answer = client.post(f"/admin/comparisons/{comparison.pk}/votes/", {"side": side, "pair": pair, **more})
    assert answer.status_code == 200, answer.content
    return answer.json()


def next_pairs(client: Client, comparison: Comparison) -> list[dict[str, Any]]:
    html = page(client, f"/admin/comparisons/{comparison.pk}/")
    found = re.search(r'<script id="compare-pairs" type="application/json">(.*?)</script>', html)
    assert found is not None
    pairs: list[dict[str, Any]] = json.loads(found[1])
    return pairs


def winner(client: Client, pair: dict[str, Any], side: str) -> str:
    """Return the answer with which the picture of a recipe wins."""
    return "left" if f"results/{side}" in pair["left"] else "right"


def test_pairs_of_a_collection_of_numbers_or_of_a_batch(
    merchandiser: Client, recipes: list[NamedRecipe]
) -> None:
    photos = [ProductImageFactory.create(product_id=name) for name in ("S-1", "S-2", "S-3")]
    ProductImageFactory.create(product_id="S-1", requester="shop:1")  # not of the catalogue
    models = [ModelImageFactory.create().pk for _ in range(2)]
    compare(merchandiser, recipes, numbers="S-1, S-2", models=models)
    assert Comparison.objects.get().pairs.count() == 4
    Comparison.objects.all().delete()
    product = ProductFactory.create(collection="Autumn")
    ProductImage.objects.filter(pk=photos[1].pk).update(catalogue_product=product)
    [pair, _other] = compare(merchandiser, recipes, collection="Autumn", models=models).pairs.all()
    assert pair.product_image == photos[1]
    Comparison.objects.all().delete()
    batch = Batch.objects.create(name="Summer")
    for seed in (42, 43):
        BatchItem.objects.create(batch=batch, product_image=photos[2], model_image_id=models[0], seed=seed)
    [pair] = compare(merchandiser, recipes, batch=batch.pk).pairs.all()
    assert (pair.product_image, pair.model_image_id) == (photos[2], models[0])


def chosen_in(text: str) -> str:
    """Return the pairs that the form of a new comparison has."""
    found = re.search(r'name="chosen" value="([^"]*)"', text)
    assert found is not None
    return found[1]


def test_a_comparison_begins_with_the_results_that_are_chosen_in_their_list(
    db: None, recipes: list[NamedRecipe]
) -> None:
    staff = sign_in()
    results = TryOnResultFactory.create_batch(2)
    private = TryOnResultFactory.create(
        job__model_image=None, job__shopper_photo=ShopperPhotoFactory.create()
    )
    again = TryOnResultFactory.create(
        job__product_image=results[0].job.product_image, job__model_image=results[0].job.model_image
    )
    rows = [*results, again, private]

    text = run_action(staff, "/admin/results/tryonresult/", "compare", [row.pk for row in rows])

    assert "2 pairs are chosen." in text
    assert 'name="numbers"' not in text
    made = compare(staff, recipes, chosen=chosen_in(text))
    assert {(pair.product_image, pair.model_image) for pair in made.pairs.all()} == {
        (row.job.product_image, row.job.model_image) for row in results
    }
    looker = Client()
    looker.force_login(User.objects.create_user("bea", is_staff=True))
    looker_may = Permission.objects.get(codename="view_tryonresult")
    User.objects.get(username="bea").user_permissions.add(looker_may)
    assert "Compare two recipes" not in page(looker, "/admin/results/tryonresult/")


def test_a_comparison_begins_with_cells_of_the_board_or_with_a_batch(
    db: None, recipes: list[NamedRecipe]
) -> None:
    staff = sign_in()
    photo, model = ProductImageFactory.create(), ModelImageFactory.create()
    product, bare = ProductFactory.create(source_photo=photo), ProductFactory.create()
    cells = f"{product.pk}:{model.pk} {bare.pk}:{model.pk}"

    text = staff.post("/admin/board/", {"choice": "compare", "place": cells}).content.decode()

    assert "1 pair is chosen." in text
    assert chosen_in(text) == f"{photo.pk}:{model.pk}"
    batch = BatchItemFactory.create(batch__running=True).batch
    link = f"/admin/comparisons/?batch={batch.pk}"
    assert link in page(staff, f"/admin/batches/{batch.pk}/")
    assert f'<option value="{batch.pk}" selected>' in page(staff, link)
    broken = {"recipe_a": recipes[0].pk, "recipe_b": recipes[1].pk, "chosen": "a:b"}
    assert "This choice is damaged." in staff.post("/admin/comparisons/", broken).content.decode()


def test_a_form_that_makes_no_sense_says_so(merchandiser: Client, recipes: list[NamedRecipe]) -> None:
    same = NamedRecipe.objects.create(name="Fast too", options={"mode": "performance"})
    model = ModelImageFactory.create().pk
    ProductImageFactory.create(product_id="S-1")
    for fields, words in {
        (("recipe_b", recipes[0].pk),): "Choose two different recipes.",
        (
            ("recipe_b", same.pk),
            ("numbers", "S-1"),
            ("models", model),
        ): "Both recipes make the same pictures.",
        (("recipe_b", recipes[1].pk),): "Choose model photos, or a batch.",
        (
            ("recipe_b", recipes[1].pk),
            ("numbers", "S-2"),
            ("models", model),
        ): "Choose products and model photos",
    }.items():
        body = {"recipe_a": recipes[0].pk, **dict(fields)}
        assert words in merchandiser.post("/admin/comparisons/", body).content.decode()
    assert not Comparison.objects.exists()


def test_the_page_tells_nothing_of_the_recipes(merchandiser: Client, comparison: Comparison) -> None:
    html = page(merchandiser, f"/admin/comparisons/{comparison.pk}/")
    pairs = next_pairs(merchandiser, comparison)
    assert len(pairs) == 4
    Comparison.objects.update(name="Blind")
    shown = page(merchandiser, f"/admin/comparisons/{comparison.pk}/").partition('id="compare"')[2]
    assert not {word for word in ("Fast", "Good", "performance", "quality") if word in shown}
    assert "Fast" in html  # by the name that the person gave


def test_sides_are_shuffled_for_each_person_and_stay(merchandiser: Client, comparison: Comparison) -> None:
    people = [User.objects.create_user(f"p{number}") for number in range(2)]
    sides = [[is_swapped(pair.pk, person) for pair in comparison.pairs.all()] for person in people]
    assert sides == [[is_swapped(pair.pk, person) for pair in comparison.pairs.all()] for person in people]
    assert sides[0] != sides[1]
    assert {*sides[0]} == {True, False}
    assert next_pairs(merchandiser, comparison) == next_pairs(merchandiser, comparison)


def test_a_vote_is_for_the_recipe_of_the_picture(merchandiser: Client, comparison: Comparison) -> None:
    first, second, third, fourth = next_pairs(merchandiser, comparison)
    judge(merchandiser, comparison, winner(merchandiser, first, "a"), first["id"])
    judge(merchandiser, comparison, winner(merchandiser, second, "b"), second["id"])
    judge(merchandiser, comparison, "equal", third["id"])
    told = judge(merchandiser, comparison, "skip", fourth["id"], have=[0, "x", "9" * 19, "9" * 5000])
    assert tally(comparison) == Tally(a=1, b=1, equal=1, skipped=1)
    assert told["progress"] == "21 pairs are left for you."
    vote = Vote.objects.get(pair=first["id"])
    assert vote.is_swapped == (winner(merchandiser, first, "a") == "right")
    again = judge(merchandiser, comparison, "undo")["pairs"]
    assert again[0] == fourth
    assert len({pair["id"] for pair in again}) == len(again)
    judge(merchandiser, comparison, winner(merchandiser, first, "b"), first["id"])
    assert tally(comparison) == Tally(a=0, b=2, equal=1)


def test_two_people_judge_the_same_pair_each_once(merchandiser: Client, comparison: Comparison) -> None:
    pair = next_pairs(merchandiser, comparison)[0]
    judge(merchandiser, comparison, winner(merchandiser, pair, "a"), pair["id"])
    User.objects.filter(username="staff").update(username="first")
    other = sign_in(Ability.REVIEW_RESULTS)
    side = "left" if is_swapped(pair["id"], User.objects.get(username="staff")) else "right"
    judge(other, comparison, side, pair["id"])
    assert tally(comparison) == Tally(a=1, b=1)
    assert other.get(f"/admin/comparisons/{comparison.pk}/outcome/").status_code == 403


def test_nobody_is_asked_once_it_is_decided(merchandiser: Client, comparison: Comparison) -> None:
    person = User.objects.create_user("p")
    pairs = list(comparison.pairs.all())
    Vote.objects.bulk_create(
        Vote(pair=pair, person=person, choice=Choice.B, is_swapped=False) for pair in pairs[:19]
    )
    assert next_pairs(merchandiser, comparison)
    pair = next_pairs(merchandiser, comparison)[0]
    told = judge(merchandiser, comparison, winner(merchandiser, pair, "b"), pair["id"])
    assert (told["pairs"], told["isOver"]) == ([], True)
    assert told["progress"].startswith("Decided")
    assert next_pairs(merchandiser, comparison) == []
    html = page(merchandiser, f"/admin/comparisons/{comparison.pk}/outcome/")
    assert "Decided: Good is better." in html
    assert "0 %" in html
    assert "95 % interval: 0 to 16 %" in html


@pytest.mark.parametrize(
    ("votes", "is_decided"),
    [
        (Tally(), False),
        (Tally(a=19), False),
        (Tally(a=20), True),
        (Tally(a=16, b=4), False),
        (Tally(a=70, b=30), True),
        (Tally(a=60, b=40, equal=100), False),
    ],
)
def test_the_rule_that_ends_it(votes: Tally, is_decided: bool) -> None:
    assert votes.is_decided == is_decided


def test_an_outcome_that_is_open_names_no_winner(merchandiser: Client, comparison: Comparison) -> None:
    html = page(merchandiser, f"/admin/comparisons/{comparison.pk}/outcome/")
    assert "Not decided." in html
    assert "Win rate of Fast" in html
    assert "wins" not in html


def test_who_lacks_recipes_is_led_to_their_form_and_back(db: None) -> None:
    staff = sign_in()
    [form] = re.findall(r'href="([^"]+)">Add a recipe</a>', page(staff, "/admin/comparisons/"))
    fields = {"name": "Fast", "mode": "performance", "is_active": "on", "_save": "Save"}
    assert staff.post(form, fields)["Location"] == "/admin/comparisons/"
    plain = form.partition("?")[0]
    assert staff.post(plain, {**fields, "name": "Good"})["Location"].endswith("/namedrecipe/")


def test_the_outcome_has_price_and_time_and_what_is_missing(
    merchandiser: Client, comparison: Comparison
) -> None:
    TryOnResult.objects.filter(image="results/b0.png").delete()
    [job] = TryOnResult.objects.filter(image="results/a1.png").values_list("job", flat=True)
    call = PredictionFactory.create(job_id=job, state=PredictionState.SUCCEEDED, credits_used=2)
    type(call).objects.update(submitted_at="2026-01-01T00:00:00Z", finished_at="2026-01-01T00:00:09Z")
    html = page(merchandiser, f"/admin/comparisons/{comparison.pk}/outcome/")
    rows = [
        re.findall(r"<t[hd][^>]*>\s*([^<\n]*)", row)
        for row in re.findall(r"<tr>(.*?)</tr>", html.partition("<tbody>")[2], re.DOTALL)
    ]
    assert rows == [["Fast", "25", "2", "9.0", "0"], ["Good", "24", "-", "-", "1"]]
    assert "24 / 25" in html


def test_missing_pictures_are_planned_at_their_price(recipes: list[NamedRecipe]) -> None:
    merchandiser = sign_in(VIEW, ADD, Ability.START_TRYONS, "batches.view_batch")
    upper = ModelImageFactory.create(category=Category.UPPER_BODY)
    ProductImageFactory.create(product_id="S-1")
    ProductImageFactory.create(product_id="S-2")
    comparison = compare(merchandiser, recipes, numbers="S-1 S-2", models=[upper.pk])
    make_pictures(comparison, "a")
    outcome = f"/admin/comparisons/{comparison.pk}/outcome/"
    assert "Plan those of Good" in page(merchandiser, outcome)
    answer = merchandiser.post(outcome, {"side": "b"})
    batch = Batch.objects.get()
    assert answer["Location"] == f"/admin/batches/{batch.pk}/"
    assert (batch.recipe, batch.price, batch.state) == (recipes[1], 2, "ready")
    # The pictures that the batch makes are those that the comparison waits for.
    assert {*batch.items.values_list("cache_key", flat=True)} == {
        *comparison.pairs.values_list("key_b", flat=True)
    }
    refused = merchandiser.post(outcome, {"side": "a"}, follow=True).content.decode()
    assert "Choose at least one product photo" in refused
    assert Batch.objects.count() == 1


def test_a_rejected_picture_still_tells_recipes_apart_and_a_shoppers_never_shows(
    merchandiser: Client, comparison: Comparison
) -> None:
    TryOnResult.objects.update(review=Review.REJECTED)
    assert len(next_pairs(merchandiser, comparison)) == 4
    ProductImage.objects.update(requester="shop:1")
    assert compare_refused(merchandiser, comparison)


def compare_refused(client: Client, comparison: Comparison) -> bool:
    """Return whether a shop's own photos are refused."""
    body = {"recipe_a": comparison.recipe_a_id, "recipe_b": comparison.recipe_b_id, "numbers": "S-1"}
    model = comparison.pairs.get(position=0).model_image_id
    answer = client.post("/admin/comparisons/", {**body, "models": model})
    return "Choose products and model photos" in answer.content.decode()


def test_what_is_not_there_and_who_may_not(merchandiser: Client, comparison: Comparison) -> None:
    votes = f"/admin/comparisons/{comparison.pk}/votes/"
    assert merchandiser.post(votes, {"side": "left", "pair": "0"}).status_code == 404
    assert merchandiser.post(votes, {"side": "top"}).status_code == 400
    assert merchandiser.get(votes).status_code == 405
    assert merchandiser.get(f"/admin/comparisons/{UUID(int=0)}/").status_code == 404
    User.objects.filter(username="staff").update(username="first")
    viewer = sign_in(VIEW)
    assert "Add a comparison" not in page(viewer, "/admin/comparisons/")
    assert viewer.post("/admin/comparisons/", {}).status_code == 403
    assert viewer.get(f"/admin/comparisons/{comparison.pk}/").status_code == 403


def test_a_job_knows_its_recipe(recipes: list[NamedRecipe]) -> None:
    upper = ModelImageFactory.create(category=Category.UPPER_BODY)
    jobs = [
        TryOnJobFactory.create(options={"mode": "quality"}),
        TryOnJobFactory.create(options={"mode": "quality", "category": "tops"}, model_image=upper),
        TryOnJobFactory.create(options={"mode": "quality", "category": "tops"}),
        TryOnJobFactory.create(options={"seed": 7}),
    ]
    assert [recipe_of(job) for job in jobs] == [recipes[1], recipes[1], None, None]
