"""Options and what they turn into: inputs for FASHN, steps, price, time and the part of the cache key."""

from typing import Any

import pytest

from tryon.fashn.inputs import (
    BACKGROUND_REMOVE,
    MODELS,
    TRYON_MAX,
    TRYON_V16,
    background_remove_inputs,
    steps,
    total_credits,
    total_seconds,
    tryon_inputs,
    tryon_max_inputs,
    tryon_v16_inputs,
)
from tryon.fashn.options import MAX_MODES, RESOLUTIONS, V16_MODES, OptionError, TryOnOptions

MODEL = "https://shop.test/model.jpg"
GARMENT = "https://shop.test/garment.jpg"


def options(**chosen: object) -> TryOnOptions:
    return TryOnOptions.from_mapping(chosen)


def test_defaults_select_the_classic_model() -> None:
    assert steps(options())[0].model is TRYON_V16
    assert tryon_inputs(MODEL, GARMENT, options()) == {
        "model_image": MODEL,
        "garment_image": GARMENT,
        "category": "auto",
        "garment_photo_type": "auto",
        "mode": "balanced",
        "seed": 42,
        "output_format": "png",
    }


def test_choices_reach_the_classic_model() -> None:
    chosen = options(mode="performance", category="tops", garmentPhotoType="flat-lay", seed=0)

    inputs = tryon_v16_inputs(MODEL, GARMENT, chosen)

    assert (inputs["mode"], inputs["category"], inputs["garment_photo_type"], inputs["seed"]) == (
        "performance",
        "tops",
        "flat-lay",
        0,
    )


def test_resolution_selects_tryon_max_with_its_own_field_names() -> None:
    chosen = options(resolution="2k", mode="fast", seed=7)

    assert steps(chosen)[0].model is TRYON_MAX
    assert tryon_inputs(MODEL, GARMENT, chosen) == {
        "model_image": MODEL,
        "product_image": GARMENT,
        "resolution": "2k",
        "generation_mode": "fast",
        "seed": 7,
        "output_format": "png",
    }


def test_tryon_max_without_a_resolution_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="resolution"):
        tryon_max_inputs(MODEL, GARMENT, options())


def test_background_takes_a_second_paid_step() -> None:
    assert [step.model for step in steps(options())] == [TRYON_V16]
    assert [step.model for step in steps(options(background="white"))] == [TRYON_V16, BACKGROUND_REMOVE]
    assert background_remove_inputs(MODEL) == {"image": MODEL}


def test_each_garment_of_an_outfit_is_a_step_of_the_model_that_can_put_it_on() -> None:
    outfit = options(garments=["bottoms", "tops", "shoes"], mode="performance", background="#ffffff")
    assert [(step.model, step.garment, step.options.category) for step in steps(outfit)] == [
        (TRYON_V16, 0, "bottoms"),
        (TRYON_V16, 1, "tops"),
        (TRYON_MAX, 2, None),
        (BACKGROUND_REMOVE, None, None),
    ]
    assert tryon_inputs(MODEL, GARMENT, steps(outfit)[2].options) == {
        "model_image": MODEL,
        "product_image": GARMENT,
        "resolution": "1k",
        "generation_mode": "fast",
        "seed": 42,
        "output_format": "png",
    }
    assert (total_credits(outfit), total_credits(outfit, first_step=2)) == (4, 2)
    assert options(**outfit.normalised()) == outfit


def test_with_a_resolution_the_whole_outfit_is_for_tryon_max() -> None:
    outfit = options(garments=["bottoms", "bags"], resolution="2k")
    assert [(step.model, step.options) for step in steps(outfit)] == [
        (TRYON_MAX, options(resolution="2k"))
    ] * 2


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({"garments": ["tops"]}, "garments"),
        ({"garments": ["tops", "hats"]}, "garments"),
        ({"garments": ["bottoms", "tops", "shoes", "bags"]}, "garments"),
        ({"garments": ["bottoms", "tops"], "category": "tops"}, "category"),
    ],
)
def test_an_outfit_that_no_release_makes_is_refused(chosen: dict[str, Any], field: str) -> None:
    with pytest.raises(OptionError) as refused:
        options(**chosen)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("chosen", "credits", "seconds"),
    [
        ({}, 1, 8.0),
        ({"mode": "quality"}, 1, 15.0),
        ({"background": "white"}, 2, 10.0),
        ({"resolution": "1k"}, 2, 25.0),
        ({"resolution": "1k", "mode": "fast"}, 1, 12.0),
        ({"resolution": "4k", "mode": "quality", "background": "#fff"}, 6, 122.0),
    ],
)
def test_price_and_time_of_all_steps(chosen: dict[str, Any], credits: int, seconds: float) -> None:
    assert total_credits(options(**chosen)) == credits
    assert total_seconds(options(**chosen)) == seconds


def test_every_allowed_choice_has_a_price_that_grows_with_quality() -> None:
    for resolution in RESOLUTIONS:
        prices = [total_credits(options(resolution=resolution, mode=mode)) for mode in MAX_MODES]
        assert prices == sorted(set(prices))
    assert {total_credits(options(mode=mode)) for mode in V16_MODES} == {1}
    assert sorted(MODELS) == ["background-remove", "tryon-max", "tryon-v1.6"]


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({"mode": "fast"}, "mode"),
        ({"mode": "performance", "resolution": "1k"}, "mode"),
        ({"mode": "best"}, "mode"),
        ({"mode": ["fast"]}, "mode"),
        ({"resolution": "8k"}, "resolution"),
        ({"resolution": 1}, "resolution"),
        ({"category": "shoes"}, "category"),
        ({"category": "tops", "resolution": "1k"}, "category"),
        ({"garmentPhotoType": "ghost"}, "garmentPhotoType"),
        ({"garmentPhotoType": "model", "resolution": "1k"}, "garmentPhotoType"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32}, "seed"),
        ({"seed": True}, "seed"),
        ({"seed": "42"}, "seed"),
        ({"seed": 4.2}, "seed"),
        ({"background": "transparent"}, "background"),
        ({"background": "#12"}, "background"),
        ({"background": "#12345678"}, "background"),
        ({"background": "rgb(0,0,0)"}, "background"),
        ({"background": 0}, "background"),
        ({"garment_photo_type": "model"}, "garment_photo_type"),
        ({"numSamples": 4}, "numSamples"),
    ],
)
def test_option_that_cannot_be_used_is_named(chosen: dict[str, object], field: str) -> None:
    with pytest.raises(OptionError) as caught:
        options(**chosen)

    assert caught.value.field == field
    assert caught.value.message
    assert str(caught.value).startswith(f"{field}: ")


def test_defaults_and_nulls_are_left_out_of_the_normal_form() -> None:
    spelled_out = options(
        mode="balanced", category="auto", garmentPhotoType="auto", seed=42, resolution=None, background=None
    )

    assert spelled_out.normalised() == options().normalised() == {}


def test_normal_form_is_sorted_and_reads_back() -> None:
    chosen = options(seed=0, mode="quality", garmentPhotoType="model", category="tops", background=" White ")

    normal = chosen.normalised()

    assert list(normal.items()) == [
        ("background", "#ffffff"),
        ("category", "tops"),
        ("garmentPhotoType", "model"),
        ("mode", "quality"),
        ("seed", 0),
    ]
    assert options(**normal).normalised() == normal


@pytest.mark.parametrize(
    ("colour", "normal"),
    [
        ("#abc", "#aabbcc"),
        ("#F5f5F5", "#f5f5f5"),
        ("white", "#ffffff"),
        ("RebeccaPurple", "#663399"),
    ],
)
def test_one_colour_has_one_spelling(colour: str, normal: str) -> None:
    assert options(background=colour).normalised() == {"background": normal}


def test_automatic_category_goes_with_a_resolution() -> None:
    assert options(resolution="1k", category="auto").normalised() == {"resolution": "1k"}
