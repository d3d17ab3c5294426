"""A shopper's choices for one try-on, checked before they cost anything."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

from PIL import ImageColor

DEFAULT_MODE: Final = "balanced"
DEFAULT_SEED: Final = 42  # FASHN's own: the same seed and pictures give the same result
MAX_SEED: Final = 2**32 - 1

RESOLUTIONS: Final = ("1k", "2k", "4k")
V16_MODES: Final = ("performance", "balanced", "quality")
MAX_MODES: Final = ("fast", "balanced", "quality")
CATEGORIES: Final = ("auto", "tops", "bottoms", "one-pieces")
GARMENT_PHOTO_TYPES: Final = ("auto", "flat-lay", "model")
# Only tryon-max puts these on.
ACCESSORIES: Final = ("shoes", "bags")
GARMENT_CATEGORIES: Final = (*CATEGORIES, *ACCESSORIES)
MOST_GARMENTS: Final = 3

# The JSON form of options, as a job's row has it.
type Recipe = dict[str, str | int | list[str]]

_DEFAULTS: Final[Mapping[str, object]] = {
    "garments": (),
    "mode": DEFAULT_MODE,
    "category": "auto",
    "garmentPhotoType": "auto",
    "seed": DEFAULT_SEED,
}

_HEX_COLOUR: Final = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})")


def _(message: str) -> str:
    """Mark a message for translation and return it unchanged. The door that shows it translates it."""
    return message


class OptionError(ValueError):
    """An unusable option. ``field`` is its JSON name.

    ``message`` says what to send instead, and ``words`` has what the message's places stand for.
    """

    def __init__(self, field: str, message: str, **words: str | int) -> None:
        self.field = field
        self.message = message
        self.words = words
        super().__init__(f"{field}: {message % words}")


@dataclass(frozen=True, slots=True)
class TryOnOptions:
    """The options of one try-on. None means "not chosen". An unusable value raises OptionError.

    ``resolution`` ("1k", "2k", "4k": about 1, 4, 16 megapixels) selects FASHN's tryon-max. Without it the job
    runs on tryon-v1.6. ``category`` and ``garment_photo_type`` exist on tryon-v1.6 only. ``background``
    is a CSS hex or named colour. ``garments`` has the categories of an outfit of two or three garments, in
    the order in which they are put on, and is empty for one garment.
    """

    mode: str | None = None
    category: str | None = None
    garment_photo_type: str | None = None
    seed: int | None = None
    resolution: str | None = None
    background: str | None = None
    garments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_choice("resolution", self.resolution, RESOLUTIONS)
        _check_mode(self.mode, self.resolution)
        _check_choice("category", self.category, CATEGORIES)
        _check_choice("garmentPhotoType", self.garment_photo_type, GARMENT_PHOTO_TYPES)
        if self.resolution is not None:
            _check_left_out("category", self.category)
            _check_left_out("garmentPhotoType", self.garment_photo_type)
        _check_seed(self.seed)
        if self.background is not None:
            css_colour(self.background)
        if self.garments:
            _check_garments(self.garments, self.category)

    @classmethod
    def from_mapping(cls, options: Mapping[str, object]) -> "TryOnOptions":
        """Read the JSON form (camel case) of a job's row."""
        chosen = {name: value for name, value in options.items() if name != "garments"}
        garments = options.get("garments", ())
        return cls.asked(chosen, tuple(garments) if isinstance(garments, list) else ())

    @classmethod
    def asked(cls, options: Mapping[str, object], garments: tuple[str, ...] = ()) -> "TryOnOptions":
        """Read the JSON form (camel case) of a request, which names the garments beside it.

        A null counts as left out. An unknown field is refused by name.
        """
        names = {_camel(field.name): field.name for field in fields(cls) if field.name != "garments"}
        for field in options:
            if field not in names:
                raise OptionError(
                    field, _("Unknown. The names are %(names)s."), names=", ".join(sorted(names))
                )
        chosen = {names[field]: value for field, value in options.items()}
        # The values' types are checked where their meaning is, in __post_init__.
        return cls(**chosen, garments=garments)  # type: ignore[arg-type]

    @property
    def speed(self) -> str:
        """Return the options that decide a prediction's duration, such as ``balanced`` or ``2k quality``."""
        return " ".join(filter(None, [self.resolution, self.mode or DEFAULT_MODE]))

    def for_tryon_max(self) -> "TryOnOptions":
        """Return the options with which tryon-max makes what they ask tryon-v1.6 for."""
        return replace(
            self,
            resolution=self.resolution or RESOLUTIONS[0],
            mode="fast" if self.mode == "performance" else self.mode,
            category=None,
            garment_photo_type=None,
        )

    def normalised(self) -> Recipe:
        """Return the JSON form with defaults left out, keys sorted and the colour as #rrggbb.

        Two requests for the same picture give the same mapping, and ``from_mapping`` reads it back.
        """
        chosen = {_camel(field.name): getattr(self, field.name) for field in fields(self)}
        if self.background is not None:
            chosen["background"] = css_colour(self.background)
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in sorted(chosen.items())
            if value is not None and value != _DEFAULTS.get(name)
        }


def css_colour(text: object) -> str:
    """Return a CSS colour (#rgb, #rrggbb or one of the 148 names) as #rrggbb.

    Raise OptionError for ``background``.
    """
    colour = text.strip().lower() if isinstance(text, str) else ""
    if _HEX_COLOUR.fullmatch(colour):
        return colour if len(colour) == 7 else "#" + "".join(digit * 2 for digit in colour[1:])
    if colour in ImageColor.colormap:
        red, green, blue = ImageColor.getrgb(colour)[:3]
        return f"#{red:02x}{green:02x}{blue:02x}"
    raise OptionError("background", _("Use a colour such as #f5f5f5 or white."))


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def _check_choice(field: str, value: object, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        raise OptionError(field, _("Use one of %(allowed)s."), allowed=", ".join(choices))


def _check_mode(mode: object, resolution: str | None) -> None:
    if mode == "performance" and resolution is not None:
        raise OptionError("mode", _('With a resolution, use "fast" instead of "performance".'))
    if mode == "fast" and resolution is None:
        raise OptionError("mode", _('Without a resolution, use "performance" instead of "fast".'))
    _check_choice("mode", mode, V16_MODES if resolution is None else MAX_MODES)


def _check_left_out(field: str, value: str | None) -> None:
    if value not in (None, "auto"):
        raise OptionError(
            field, _("Leave out %(option)s or resolution: they do not work together."), option=field
        )


def _check_garments(garments: tuple[str, ...], category: str | None) -> None:
    if not 2 <= len(garments) <= MOST_GARMENTS or not set(garments) <= set(GARMENT_CATEGORIES):
        raise OptionError("garments", _("Use one of %(allowed)s."), allowed=", ".join(GARMENT_CATEGORIES))
    if category not in (None, "auto"):
        raise OptionError("category", _("Leave it out, and give each garment its category."))


def _check_seed(seed: object) -> None:
    if seed is None:
        return
    # JSON's true is an int to Python.
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= MAX_SEED:
        raise OptionError("seed", _("Use a whole number from 0 to %(most)d."), most=MAX_SEED)
