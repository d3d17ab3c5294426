"""People in plain clothes, drawn from the feet up."""

from collections.abc import Callable
from dataclasses import dataclass

from tryon.demo.drawing.canvas import Camera, Canvas
from tryon.demo.drawing.shapes import Outline, ellipse, flipped, limb, mirrored, trace

FULL, UPPER, LOWER = Camera(), Camera(top=6, height=102), Camera(top=54, height=96)


@dataclass(frozen=True)
class Look:
    """Colours of a person and their clothes, the backdrop's two colours, and how they stand."""

    skin: str
    hair: str
    style: str
    top: str
    bottom: str
    shoes: str
    light: str
    dark: str
    pose: str = "relaxed"
    skirt: bool = False


def draw_person(look: Look, camera: Camera) -> bytes:
    """The person as a JPEG picture of 900x1350 px, seen through ``camera``."""
    canvas = Canvas(look.light, look.dark, camera)
    canvas.shadow(ellipse((52, 143.5), 22, 2.6), strength=0.5, blur=1.6)
    HAIR_BEHIND.get(look.style, _nothing)(canvas, look)
    _legs(canvas, look)
    _arms(canvas, look)
    _torso(canvas, look)
    _head(canvas, look)
    HAIR_IN_FRONT[look.style](canvas, look)
    return canvas.jpeg()


def _nothing(canvas: Canvas, look: Look) -> None:
    """No hair falls behind the shoulders."""


def _legs(canvas: Canvas, look: Look) -> None:
    """Legs in trousers, or bare ones below a skirt, and shoes."""
    for side in (-1, 1):
        stride = 2.6 if look.pose == "walking" else 0.0
        foot = 50 + side * (6.9 + stride)
        if look.skirt:
            hip, knee = (50 + side * 5.2, 84), (50 + side * (5.9 + stride / 2), 108)
            canvas.fill(limb([hip, knee, (foot, 139)], [5.6, 3.9, 2.1]), look.skin, depth=0.24)
        canvas.fill(_sided(_shoe(6.9 + stride), side), look.shoes, depth=0.3)
        if not look.skirt:
            trouser = _sided(_half_trousers(stride), side)
            canvas.fill(trouser, look.bottom, depth=0.28)
            _trouser_folds(canvas, trouser, side, stride)


def _sided(right: Outline, side: int) -> Outline:
    return right if side > 0 else flipped(right)


def _shoe(foot: float) -> Outline:
    middle = 50 + foot
    return trace(
        (middle - 2.2, 137.5), (middle - 2.8, 141, middle - 2.0, 143.4), (middle + 3.4, 144.2,
        middle + 4.2, 143.2), (middle + 4.8, 141.2, middle + 2.2, 137.5),
    )  # fmt: skip


def _half_trousers(stride: float) -> Outline:
    """The right half; at the middle it reaches over a little, so that no gap shows between the halves."""
    return trace(
        (49.9, 64), (60.0, 64), (62.4, 70, 62.6, 79), (62.2 + stride / 2, 108, 60.9 + stride, 139.6),
        (57, 140.8, 52.4 + stride, 139.8), (51.4 + stride / 2, 110, 50.5, 84.5), (49.9, 83.5),
    )  # fmt: skip


def _trouser_folds(canvas: Canvas, trouser: Outline, side: int, stride: float) -> None:
    crease = trace(
        (56.2, 82), (57.6 + stride / 2, 108, 57.2 + stride, 139), (56.6 + stride, 139), (56.6, 108, 56.2, 82)
    )
    knee = trace((52.6, 109), (57, 112, 60.6, 107.5), (57, 110, 52.6, 109))
    hip = trace((51, 81), (55, 80.4, 58.5, 77), (55, 78.6, 51, 81))
    for fold in (crease, knee, hip):
        canvas.tint(_sided(fold, side), trouser, "#0c0c18", strength=0.32, blur=0.7)


def _arms(canvas: Canvas, look: Look) -> None:
    relaxed = [(64.6, 41.5), (67.8, 55), (68.9, 68.5), (68.9, 73.5), (67.7, 78.6)]
    on_hip = [(64.6, 41.5), (73.6, 54.5), (66.2, 64.5), (62.6, 67.2), (60.4, 70)]
    for side in (-1, 1):
        joints = on_hip if side > 0 and look.pose == "hand on hip" else relaxed
        placed = joints if side > 0 else flipped(joints)
        canvas.fill(limb(placed, [3.3, 2.9, 1.8, 2.3, 1.2]), look.skin, depth=0.2)
        thumb = limb(_sided([joints[3], (joints[3][0] - 1.9, joints[3][1] + 3.2)], side), [1.1, 0.7])
        canvas.fill(thumb, look.skin, depth=0.1)


def _torso(canvas: Canvas, look: Look) -> None:
    below = (
        mirrored(_half_skirt())
        if look.skirt
        else mirrored(trace((50, 64), (60, 64), (62, 70, 62.5, 77), (50, 80)))
    )
    if look.skirt:
        canvas.fill(below, look.bottom, depth=0.26)
        for x in (-7.5, -2.0, 4.0, 9.0):
            pleat = trace((50 + x * 0.7, 76), (50 + x, 96, 50 + x * 1.3, 126), (49 + x, 96, 50 + x * 0.7, 76))
            canvas.tint(pleat, below, "#0c0c18", strength=0.5, blur=0.6)
    hem = mirrored(trace((50, 73), (56, 73, 62, 71), (62.2, 74), (56, 77, 50, 77)))
    canvas.tint(hem, below, "#0c0c18", strength=0.6, blur=0.7)
    shirt = mirrored(_half_shirt())
    canvas.fill(shirt, look.top, depth=0.2)
    for fold in (
        trace((41.4, 50), (42.2, 60, 45, 70), (43.4, 60, 41.4, 50)),
        trace((58.4, 48), (58.2, 60, 55, 72), (59.8, 62, 58.4, 48)),
        trace((61.6, 43), (59.6, 46, 55.8, 47), (59, 47.6, 61.6, 43)),
        trace((38.4, 43), (40.4, 46, 44.2, 47), (41, 47.6, 38.4, 43)),
    ):
        canvas.tint(fold, shirt, "#201828", strength=0.4, blur=0.6)


def _half_skirt() -> Outline:
    return trace((50, 64), (60, 64), (62.8, 84, 66.0, 125), (58, 127.6, 50, 127.4))


def _half_shirt() -> Outline:
    return trace(
        (50, 35.6),
        (53.4, 35.2, 54.4, 32.2),
        (60.5, 33.6, 64.6, 35.6),
        (68.4, 37.4, 70.6, 48.5),
        (71.2, 51.2),
        (68, 52.8, 64.0, 52.4),
        (62.6, 46.5),
        (61.2, 52, 60.3, 57),
        (60.6, 64, 62.2, 72.4),
        (56, 75, 50, 75),
    )


def _head(canvas: Canvas, look: Look) -> None:
    neck = mirrored(trace((50, 24), (52.7, 24), (52.6, 30, 54.6, 31.8), (53.6, 36.0, 50, 36.2)))
    canvas.fill(neck, look.skin, depth=0.12)
    canvas.tint(ellipse((50.4, 27.4), 3.6, 2.2), neck, "#3a1a10", strength=0.4, blur=0.6)
    canvas.line(trace((45.3, 32.0), (46.4, 36.0, 50, 36.2), (53.6, 36.0, 54.7, 32.0)), _deeper(look.top), 0.5)
    for ear in (44.1, 55.9):
        canvas.fill(ellipse((ear, 20.6), 0.9, 1.7), look.skin, depth=0.2)
    face = mirrored(
        trace((50, 11.8), (56.0, 11.8, 56.2, 18.4), (56.2, 24, 53.2, 26.8), (51.6, 28.3, 50, 28.3))
    )
    canvas.fill(face, look.skin, depth=0.14)
    for cheek in (46.3, 53.7):
        canvas.tint(ellipse((cheek, 22.9), 1.4, 1.0), face, "#d0453a", strength=0.26, blur=0.7)
    for side in (-1, 1):
        eye = 50 + side * 2.6
        canvas.fill(ellipse((eye, 19.9), 0.95, 0.55), "#fbf6f0", depth=0)
        canvas.fill(ellipse((eye, 19.95), 0.52, 0.55), "#2b1c16", depth=0)
        lid = trace((eye - 1.15, 19.8), (eye, 18.9, eye + 1.15, 19.7))
        canvas.line(lid, "#2b1c16", 0.28)
        canvas.line(trace((eye - 1.4, 18.0), (eye, 17.2, eye + 1.4, 17.9)), look.hair, 0.42)
    canvas.line(trace((50.1, 20.6), (50.7, 22.2, 50.0, 22.7)), _deeper(look.skin), 0.28)
    lips = trace((48.4, 24.9), (49.4, 24.3, 50, 24.6), (50.6, 24.3, 51.6, 24.9), (50, 26.4, 48.4, 24.9))
    canvas.fill(lips, "#b4534f", depth=0.1)


def _deeper(colour: str) -> str:
    red, green, blue = (round(int(colour[place : place + 2], 16) * 0.72) for place in (1, 3, 5))
    return f"#{red:02x}{green:02x}{blue:02x}"


def _long_behind(canvas: Canvas, look: Look) -> None:
    back = mirrored(trace((50, 9.6), (58.6, 10, 58.2, 21), (58.2, 30, 60.2, 39), (55, 42.5, 50, 41)))
    canvas.fill(back, look.hair, depth=0.35)


def _bob_behind(canvas: Canvas, look: Look) -> None:
    back = mirrored(trace((50, 9.6), (58.8, 10, 58.4, 21), (59.6, 27, 57.8, 29.6), (53, 30.4, 50, 30)))
    canvas.fill(back, look.hair, depth=0.35)


def _afro_behind(canvas: Canvas, look: Look) -> None:
    canvas.fill(ellipse((50, 16.2), 10.6, 10.2), look.hair, depth=0.4)


def _bun_behind(canvas: Canvas, look: Look) -> None:
    canvas.fill(ellipse((50, 10.0), 3.4, 2.9), look.hair, depth=0.4)


def _parted_front(canvas: Canvas, look: Look) -> None:
    cap = trace(
        (48.6, 9.8), (43.0, 10.0, 42.6, 20.0), (43.8, 23.4), (44.0, 17.5, 48.4, 13.4),
        (52.8, 17.2, 56.2, 18.2), (56.2, 23.4), (57.6, 19, 57.2, 16), (56.4, 9.6, 48.6, 9.8),
    )  # fmt: skip
    canvas.fill(cap, look.hair, depth=0.3)


def _short_front(canvas: Canvas, look: Look) -> None:
    cap = trace(
        (50, 9.6), (43.4, 9.2, 43.2, 17.0), (43.4, 19.6), (44.2, 19.6), (44.6, 15.6, 46.4, 14.6),
        (51, 15.8, 54.4, 13.6), (55.6, 15.6, 55.8, 19.6), (56.6, 19.6), (57.4, 9.4, 50, 9.6),
    )  # fmt: skip
    canvas.fill(cap, look.hair, depth=0.3)


def _afro_front(canvas: Canvas, look: Look) -> None:
    cap = trace(
        (43.6, 18),
        (42.6, 9.4, 50, 9.0),
        (57.4, 9.4, 56.4, 18),
        (55.2, 13.6, 50, 13.8),
        (44.8, 13.6, 43.6, 18),
    )
    canvas.fill(cap, look.hair, depth=0.2)


def _bun_front(canvas: Canvas, look: Look) -> None:
    cap = trace(
        (43.6, 20), (42.6, 10.2, 50, 10.2), (57.4, 10.2, 56.4, 20), (56, 14.4, 50, 13.2), (44, 14.4, 43.6, 20)
    )
    canvas.fill(cap, look.hair, depth=0.25)


type Hair = Callable[[Canvas, Look], None]

HAIR_BEHIND: dict[str, Hair] = {
    "long": _long_behind, "bob": _bob_behind, "afro": _afro_behind, "bun": _bun_behind,
}  # fmt: skip
HAIR_IN_FRONT: dict[str, Hair] = {
    "long": _parted_front, "bob": _parted_front, "afro": _afro_front, "bun": _bun_front,
    "short": _short_front,
}  # fmt: skip
