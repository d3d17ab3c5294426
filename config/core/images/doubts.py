"""Doubts about a result, measured on the small copies of a result, its model photo and its garment photo.

They are cheap and know nothing of people and clothes: a doubt sorts a result for a person, and never decides.
How the limits were found stands in docs/back-office.md.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

type Pixels = NDArray[np.float32]
type Mask = NDArray[np.bool_]

HEIGHT: Final = 144
# Another shape is another crop: nothing lies where it lay.
MOST_STRETCHED: Final = 0.05

# Steps of 255, as the mean of red, green and blue.
CHANGED: Final = 14.0
MUCH_CHANGED: Final = 40.0

# Shares of the picture.
LEAST_CHANGED: Final = 0.01
DARK: Final = 18.0
LEAST_SPREAD: Final = 7.0
MOST_OUTSIDE: Final = 0.3
LEAST_SKIN: Final = 0.002
FACE_CHANGED: Final = 30.0
LEAST_LIKE_GARMENT: Final = 0.12
NEAR_COLOUR: Final = 60.0
LEAST_TO_COMPARE: Final = 0.02
# Of a garment's photo, this share is of colours worth comparing.
COLOUR_SHARE: Final = 0.04


def doubts(
    result: Image.Image, model: Image.Image, garment: Image.Image | None, *, other_background: bool
) -> list[dict[str, Any]]:
    """Return the doubts about a result as ``{name, score}``, a score of 1 or more being a doubt."""
    shown = _pixels(result, _width(result))
    measures = {"blank": _blankness(shown)}
    if measures["blank"] < 1 and _is_same_shape(result, model):
        before = _pixels(model, shown.shape[1])
        change: Pixels = np.abs(shown - before).mean(axis=2, dtype=np.float32)
        measures |= _measures(shown, before, change, other_background=other_background)
        if garment is not None and "unchanged" not in _found(measures):
            colours = _colours(_pixels(garment, _width(garment)))
            measures["colour_off"] = _colour_distance(shown[change > CHANGED], colours, change.size)
    return [{"name": name, "score": round(float(measures[name]), 2)} for name in _found(measures)]


def _found(measures: dict[str, float]) -> list[str]:
    return [name for name, score in measures.items() if score >= 1]


def _measures(shown: Pixels, before: Pixels, change: Pixels, *, other_background: bool) -> dict[str, float]:
    share = float((change > CHANGED).mean())
    measures = {"unchanged": LEAST_CHANGED / max(share, 1e-4)}
    if not other_background:
        measures["outside_changed"] = float((_rim(change) > MUCH_CHANGED).mean()) / MOST_OUTSIDE
    face = _face(before)
    if face.any():
        # Lighter or darker as a whole is no other face.
        shift = np.median(shown[face] - before[face], axis=0)
        measures["face_changed"] = float(np.abs(shown[face] - before[face] - shift).mean()) / FACE_CHANGED
    return measures


def _blankness(shown: Pixels) -> float:
    """Return how dark or how even a picture is."""
    grey = shown.mean(axis=2)
    return max(DARK / max(float(np.percentile(grey, 95)), 1.0), LEAST_SPREAD / max(float(grey.std()), 0.1))


def _rim(change: Pixels) -> Pixels:
    """Return the outermost tenth at both sides and above: far from a body in the middle."""
    rows, columns = change.shape
    wide, high = max(1, columns // 10), max(1, rows // 12)
    return np.concatenate([change[:, :wide].ravel(), change[:, -wide:].ravel(), change[:high].ravel()])


def _face(before: Pixels) -> Mask:
    """Return the uppermost skin near the middle. Nothing where there is too little."""
    rows, columns = before.shape[:2]
    red, green, blue = before[..., 0], before[..., 1], before[..., 2]
    blueness = 128 - 0.169 * red - 0.331 * green + 0.5 * blue
    redness = 128 + 0.5 * red - 0.419 * green - 0.081 * blue
    skin = (blueness > 77) & (blueness < 127) & (redness > 135) & (redness < 175)
    skin[: rows // 50] = False
    skin[rows // 2 :] = False
    skin[:, : columns // 4] = skin[:, -columns // 4 :] = False
    found = np.flatnonzero(skin.sum(axis=1) >= 3)
    if found.size:
        skin[found[0] + rows // 10 :] = False
    return skin if skin.mean() >= LEAST_SKIN else np.zeros_like(skin)


def _colours(garment: Pixels) -> Pixels:
    """Return the frequent colours of what stands out from a photo's ground."""
    rim = np.concatenate([garment[0], garment[-1], garment[:, 0], garment[:, -1]])
    distance = np.abs(garment - np.median(rim, axis=0)).mean(axis=2)
    cloth = garment[distance > CHANGED]
    if len(cloth) < LEAST_TO_COMPARE * distance.size:
        cloth = garment.reshape(-1, 3)  # a white garment on white
    steps = (cloth // 32).astype(np.int32)
    _codes, places, counts = np.unique(
        steps @ np.array([64, 8, 1], dtype=np.int32), return_inverse=True, return_counts=True
    )
    frequent = np.flatnonzero(counts >= COLOUR_SHARE * len(cloth))
    kept = frequent if frequent.size else np.array([int(counts.argmax())])
    return np.stack([cloth[places == place].mean(axis=0) for place in kept])


def _colour_distance(changed: Pixels, colours: Pixels, pixels: int) -> float:
    """Return the score of a garment of which little is found among the changed pixels."""
    if len(changed) < LEAST_TO_COMPARE * pixels:
        return 0.0
    # Light and shadow change a colour's strength more than its kind.
    differences = changed[:, None, :] - colours[None, :, :]
    lightness = differences.mean(axis=2, keepdims=True)
    distance = np.abs(differences - lightness).sum(axis=2) + np.abs(lightness[..., 0]) * 0.5
    share = float((distance.min(axis=1) < NEAR_COLOUR).mean())
    return LEAST_LIKE_GARMENT / max(share, 1e-3)


def _pixels(image: Image.Image, width: int) -> Pixels:
    small = image.convert("RGB").resize((width, HEIGHT), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32)


def _width(image: Image.Image) -> int:
    return max(8, round(HEIGHT * image.width / image.height))


def _is_same_shape(one: Image.Image, other: Image.Image) -> bool:
    return abs(one.width * other.height / (one.height * other.width) - 1) <= MOST_STRETCHED
