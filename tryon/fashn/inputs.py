"""The inputs, price and typical time of a try-on at FASHN."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from tryon.fashn.options import ACCESSORIES, DEFAULT_MODE, DEFAULT_SEED, MOST_GARMENTS, TryOnOptions

type Inputs = dict[str, str | int]

# Lossless: we cut out, scale and encode the paid result, and a second lossy step would show, most of all
# along the edge of the cut-out. The larger file travels only between two servers. Shoppers get our encoding.
OUTPUT_FORMAT: Final = "png"


class Figures(NamedTuple):
    """A price in credits and a typical time in seconds."""

    credits: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ProviderModel:
    """One of FASHN's models.

    ``garment_field`` is the input for the garment picture, or for the only one. ``figures`` are per picture,
    by resolution and mode, from FASHN's model pages (2026). For tryon-max the pages name a bound or a single
    resolution. The times between are our estimates, and affect only the progress bar and the first check.
    """

    name: str
    garment_field: str
    figures: Mapping[tuple[str | None, str], Figures]

    def credits(self, options: TryOnOptions) -> int:
        """Return the credits for one picture, which FASHN charges only on success."""
        return self._figures_for(options).credits

    def typical_seconds(self, options: TryOnOptions) -> float:
        """Return the seconds from submission to the finished picture when FASHN is not busy."""
        return self._figures_for(options).seconds

    def _figures_for(self, options: TryOnOptions) -> Figures:
        return self.figures[options.resolution, options.mode or DEFAULT_MODE]


TRYON_V16: Final = ProviderModel(
    name="tryon-v1.6",
    garment_field="garment_image",
    figures={
        (None, "performance"): Figures(1, 5.0),
        (None, "balanced"): Figures(1, 8.0),
        (None, "quality"): Figures(1, 15.0),
    },
)

TRYON_MAX: Final = ProviderModel(
    name="tryon-max",
    garment_field="product_image",
    figures={
        ("1k", "fast"): Figures(1, 12.0),
        ("2k", "fast"): Figures(2, 18.0),
        ("4k", "fast"): Figures(3, 30.0),
        ("1k", "balanced"): Figures(2, 25.0),
        ("2k", "balanced"): Figures(3, 40.0),
        ("4k", "balanced"): Figures(4, 60.0),
        ("1k", "quality"): Figures(3, 50.0),
        ("2k", "quality"): Figures(4, 80.0),
        ("4k", "quality"): Figures(5, 120.0),
    },
)

BACKGROUND_REMOVE: Final = ProviderModel(
    name="background-remove",
    garment_field="image",
    figures=dict.fromkeys([*TRYON_V16.figures, *TRYON_MAX.figures], Figures(1, 2.0)),
)

MODELS: Final[Mapping[str, ProviderModel]] = {
    model.name: model for model in (TRYON_V16, TRYON_MAX, BACKGROUND_REMOVE)
}


# Each garment is one step, and so is the background.
MOST_STEPS: Final = MOST_GARMENTS + 1


class Step(NamedTuple):
    """One paid call of a try-on: FASHN's model, and the options as they hold for this call.

    ``garment`` is the place of the garment that it puts on, from 0. None: it puts nothing on.
    """

    model: ProviderModel
    options: TryOnOptions
    garment: int | None

    @property
    def credits(self) -> int:
        """Return the price."""
        return self.model.credits(self.options)

    @property
    def typical_seconds(self) -> float:
        """Return FASHN's documented figure."""
        return self.model.typical_seconds(self.options)


def steps(options: TryOnOptions) -> tuple[Step, ...]:
    """Return the paid steps of one try-on, in order: each works on the picture of the step before.

    A background colour needs the person cut out first.
    """
    whole = replace(options, garments=())
    if options.garments:
        chosen = [_garment_step(whole, place, category) for place, category in enumerate(options.garments)]
    else:
        chosen = [Step(_tryon_model(whole), whole, 0)]
    if options.background is not None:
        chosen.append(Step(BACKGROUND_REMOVE, whole, None))
    return tuple(chosen)


def total_credits(options: TryOnOptions, *, first_step: int = 0) -> int:
    """Return the credits for all steps of the try-on from ``first_step`` on."""
    return sum(step.credits for step in steps(options)[first_step:])


def total_seconds(options: TryOnOptions) -> float:
    """Return the typical seconds for all steps of the try-on, without the wait for a slot."""
    return sum(step.typical_seconds for step in steps(options))


def _garment_step(options: TryOnOptions, place: int, category: str) -> Step:
    if category in ACCESSORIES:
        options = options.for_tryon_max()
    elif options.resolution is None:  # tryon-max takes no category
        options = replace(options, category=category)
    return Step(_tryon_model(options), options, place)


def _tryon_model(options: TryOnOptions) -> ProviderModel:
    return TRYON_V16 if options.resolution is None else TRYON_MAX


def tryon_inputs(model_image: str, garment_image: str, options: TryOnOptions) -> Inputs:
    """Return the inputs of the ``tryon`` step for the model that ``options`` selects.

    Pictures are http(s) URLs or data URIs.
    """
    build = tryon_v16_inputs if options.resolution is None else tryon_max_inputs
    return build(model_image, garment_image, options)


def tryon_v16_inputs(model_image: str, garment_image: str, options: TryOnOptions) -> Inputs:
    """Return the inputs of tryon-v1.6.

    It sends even FASHN's defaults if the cache key relies on them.
    """
    return {
        "model_image": model_image,
        TRYON_V16.garment_field: garment_image,
        "category": options.category or "auto",
        "garment_photo_type": options.garment_photo_type or "auto",
        **_common("mode", options),
    }


def tryon_max_inputs(model_image: str, garment_image: str, options: TryOnOptions) -> Inputs:
    """Return the inputs of tryon-max. Without a mode, FASHN would choose one but bill balanced."""
    if options.resolution is None:
        raise ValueError("tryon-max needs a resolution.")
    return {
        "model_image": model_image,
        TRYON_MAX.garment_field: garment_image,
        "resolution": options.resolution,
        **_common("generation_mode", options),
    }


def background_remove_inputs(image: str) -> Inputs:
    """Return the inputs of background-remove, whose result is always a transparent PNG."""
    return {BACKGROUND_REMOVE.garment_field: image}


def _common(mode_field: str, options: TryOnOptions) -> Inputs:
    return {
        mode_field: options.mode or DEFAULT_MODE,
        "seed": DEFAULT_SEED if options.seed is None else options.seed,
        "output_format": OUTPUT_FORMAT,
    }
