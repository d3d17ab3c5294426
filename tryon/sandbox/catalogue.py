"""The models of the run endpoint that the product calls: their inputs, prices and typical times.

Fields, enums and defaults follow FASHN's documentation and the types of its Python SDK 0.9.0; prices and
times follow the pages of the three models.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

MAX_SEED = 2**32 - 1

Kind = Literal["image", "text", "choice", "integer", "flag"]
Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """One input: ``choices`` for a choice, ``low`` and ``high`` (both allowed) for an integer."""

    kind: Kind
    required: bool = False
    default: Any = None
    choices: tuple[Any, ...] = ()
    low: int = 0
    high: int = 0


@dataclass(frozen=True)
class Model:
    """``price``: credits per image. ``seconds``: sandbox seconds for one image, drawn with the given dice."""

    name: str
    fields: Mapping[str, Field]
    price: Callable[[Inputs], int]
    seconds: Callable[[Inputs, Random], float]

    @property
    def images(self) -> list[str]:
        """Return the names of the fields that hold a picture."""
        return [name for name, field in self.fields.items() if field.kind == "image"]


def image_count(inputs: Inputs) -> int:
    """Return how many pictures were asked for; the two try-on models name the field differently."""
    count: int = inputs.get("num_samples") or inputs.get("num_images") or 1
    return count


def cost(model: Model, inputs: Inputs) -> int:
    """Return the credits that the finished prediction takes."""
    return model.price(inputs) * image_count(inputs)


def duration(model: Model, inputs: Inputs, dice: Random) -> float:
    """Return sandbox seconds from run to the end. More images take (n + 2) / 3 as long as one."""
    return model.seconds(inputs, dice) * (image_count(inputs) + 2) / 3


_IMAGE = Field("image", required=True)
_SEED = Field("integer", default=42, high=MAX_SEED)
_COUNT = Field("integer", default=1, low=1, high=4)
_FORMAT = Field("choice", default="png", choices=("png", "jpeg"))
_BASE64 = Field("flag", default=False)
_RATIOS = ("21:9", "1:1", "4:3", "3:2", "2:3", "5:4", "4:5", "3:4", "16:9", "9:16")

_V16_FIELDS = {
    "model_image": _IMAGE,
    "garment_image": _IMAGE,
    "category": Field("choice", default="auto", choices=("auto", "tops", "bottoms", "one-pieces")),
    "segmentation_free": Field("flag", default=True),
    "moderation_level": Field("choice", default="permissive", choices=("conservative", "permissive", "none")),
    "garment_photo_type": Field("choice", default="auto", choices=("auto", "flat-lay", "model")),
    "mode": Field("choice", default="balanced", choices=("performance", "balanced", "quality")),
    "seed": _SEED,
    "num_samples": _COUNT,
    "output_format": _FORMAT,
    "return_base64": _BASE64,
}
_MAX_FIELDS = {
    "model_image": _IMAGE,
    "product_image": _IMAGE,
    "prompt": Field("text", default=""),
    "aspect_ratio": Field("choice", choices=_RATIOS),
    "num_images": _COUNT,
    "seed": _SEED,
    "output_format": _FORMAT,
    "return_base64": _BASE64,
    "resolution": Field("choice", default="1k", choices=("1k", "2k", "4k")),
    "generation_mode": Field("choice", choices=("fast", "balanced", "quality")),
}

# Mode to the ends of the range in which one image takes, in seconds.
_V16_SECONDS = {"performance": (4.5, 5.5), "balanced": (7.5, 8.5), "quality": (12.0, 17.0)}
_MAX_SECONDS = {
    ("fast", "1k"): (10, 15), ("fast", "2k"): (15, 20), ("fast", "4k"): (20, 30),
    ("balanced", "1k"): (20, 30), ("balanced", "2k"): (30, 45), ("balanced", "4k"): (45, 60),
    ("quality", "1k"): (40, 60), ("quality", "2k"): (60, 90), ("quality", "4k"): (90, 120),
}  # fmt: skip
_TIER = {"1k": 0, "2k": 1, "4k": 2}
_MAX_BASE_PRICE = {"fast": 1, "balanced": 2, "quality": 3}


def _max_mode(inputs: Inputs) -> str:
    # Left out, the mode is automatic and billed as balanced.
    return inputs.get("generation_mode") or "balanced"


def _max_price(inputs: Inputs) -> int:
    return _MAX_BASE_PRICE[_max_mode(inputs)] + _TIER[inputs["resolution"]]


def _max_seconds(inputs: Inputs, dice: Random) -> float:
    return dice.uniform(*_MAX_SECONDS[_max_mode(inputs), inputs["resolution"]])


_ALL = [
    Model("tryon-v1.6", _V16_FIELDS, lambda _: 1, lambda i, dice: dice.uniform(*_V16_SECONDS[i["mode"]])),
    Model("tryon-max", _MAX_FIELDS, _max_price, _max_seconds),
    Model(
        "background-remove",
        {"image": _IMAGE, "return_base64": _BASE64},
        lambda _: 1,
        lambda _, dice: dice.uniform(1, 3),
    ),
]
MODELS = {model.name: model for model in _ALL}
