"""Garments laid flat on a light ground, as a shop photographs them."""

from tryon.demo.drawing.canvas import Canvas
from tryon.demo.drawing.shapes import Outline, ellipse, flipped, limb, mirrored, trace

GROUND = ("#fbfaf8", "#eceae6")
FOLD = "#141018"


def draw_tee(colour: str, accent: str) -> bytes:
    """A T-shirt with a round print, as a JPEG picture of 900x1350 px. So are all the others."""
    canvas = Canvas(*GROUND)
    body = mirrored(
        trace(
            (50, 43), (57, 42.4, 59.4, 36.6), (70, 39, 77, 43), (84, 48, 91, 62), (80.5, 69),
            (77, 63, 74.5, 59.6), (74, 84, 75.4, 113), (62, 115.4, 50, 115.4),
        )
    )  # fmt: skip
    back = mirrored(trace((50, 35.6), (56, 35.6, 59.4, 36.6), (57, 43, 50, 43.6)))
    _lay(canvas, body)
    canvas.fill(back, _mix(colour, "#000000", 0.35), depth=0.1)
    canvas.fill(body, colour, depth=0.14)
    _both(canvas, trace((74.5, 59.6), (75.4, 53, 71.6, 46), (73.6, 53, 74.5, 59.6)), body, 0.45)
    _both(canvas, trace((73, 62), (68, 76, 70, 96), (66.6, 76, 73, 62)), body, 0.3)
    canvas.tint(trace((42, 74), (50, 84, 48, 108), (47, 84, 42, 74)), body, FOLD, strength=0.25, blur=1.0)
    canvas.fill(ellipse((50, 64), 9, 9), accent, depth=0.05)
    canvas.fill(
        mirrored(trace((50, 60), (55, 66, 58.2, 67.6), (57, 72.8, 50, 73))),
        _mix(accent, colour, 0.7),
        depth=0,
    )
    _ribs(canvas, [(59.4, 36.6), (57, 42.4, 50, 43)], colour, 1.7)
    canvas.line(trace((25.6, 111.4), (50, 114.2, 74.4, 111.4)), _mix(colour, "#000000", 0.2), 0.3)
    return canvas.jpeg()


def draw_stripes(colour: str, accent: str) -> bytes:
    """A long-sleeved top with stripes."""
    canvas = Canvas(*GROUND)
    body = mirrored(_half_long_sleeved())
    _lay(canvas, body)
    canvas.fill(
        mirrored(trace((50, 35.6), (56, 35.6, 59.4, 36.6), (57, 43, 50, 43.6))), _mix(colour, "#000000", 0.3)
    )
    canvas.fill(body, colour, depth=0.14)
    for y in range(52, 110, 7):
        stripe = trace((20, y), (50, y + 1.6, 80, y), (80, y + 3), (50, y + 4.6, 20, y + 3))
        canvas.tint(stripe, mirrored(_half_trunk()), accent, strength=0.95, blur=0.05)
    _sleeve_seams(canvas, body)
    _ribs(canvas, [(59.4, 36.6), (57, 42.4, 50, 43)], colour, 1.7)
    return canvas.jpeg()


def draw_hoodie(colour: str, accent: str) -> bytes:
    """A hooded sweatshirt with a pouch pocket and cords."""
    canvas = Canvas(*GROUND)
    body = mirrored(_half_long_sleeved())
    hood = mirrored(trace((50, 22), (61, 22, 63.6, 34), (63, 41, 58, 46), (54, 49, 50, 49.6)))
    _lay(canvas, body)
    _lay(canvas, hood)
    canvas.fill(body, colour, depth=0.16)
    _sleeve_seams(canvas, body)
    canvas.tint(hood, body, FOLD, strength=0.5, blur=1.0)
    canvas.fill(hood, colour, depth=0.14)
    opening = mirrored(trace((50, 27), (57.4, 27, 58.4, 36), (56, 43, 50, 46.6)))
    canvas.fill(opening, _mix(colour, "#000000", 0.42), depth=0.2)
    pocket = mirrored(trace((50, 84), (60, 84), (66.5, 100), (66.5, 106), (50, 106)))
    canvas.tint(pocket, body, FOLD, strength=0.3, blur=0.8)
    canvas.fill(pocket, colour, depth=0.1)
    canvas.line(trace((60, 84), (66.5, 100)), _mix(colour, "#000000", 0.25), 0.4)
    canvas.line(trace((40, 84), (33.5, 100)), _mix(colour, "#000000", 0.25), 0.4)
    for side in (-1, 1):
        cord = trace((50 + side * 3.2, 45.4), (50 + side * 4.6, 54, 50 + side * 3.6, 63))
        canvas.line(cord, accent, 0.8)
    hem = mirrored(trace((50, 109.6), (62, 109.6, 75, 107.8), (75.2, 113), (62, 115.4, 50, 115.4)))
    canvas.tint(hem, body, FOLD, strength=0.26, blur=0.2)
    return canvas.jpeg()


def draw_jacket(colour: str, accent: str) -> bytes:
    """A jacket with a zip, lapels and pockets over a light lining."""
    canvas = Canvas(*GROUND)
    body = mirrored(_half_long_sleeved())
    _lay(canvas, body)
    canvas.fill(
        mirrored(trace((50, 34.6), (57, 34.6, 60, 37), (57, 46, 50, 50))),
        _mix(colour, "#000000", 0.5),
        depth=0.1,
    )
    canvas.fill(body, colour, depth=0.18)
    _sleeve_seams(canvas, body)
    shirt = mirrored(trace((50, 40), (55.6, 38, 58.4, 35.8), (54, 52, 50.4, 68), (50, 69)))
    canvas.fill(shirt, _mix(colour, "#000000", 0.55), depth=0.1)
    lapel = trace((58.8, 34.6), (63.8, 40.8), (62.6, 51.4), (58.6, 52.4), (50.2, 72), (52, 56, 58.8, 34.6))
    for placed in (lapel, flipped(lapel)):
        canvas.tint(placed, body, FOLD, strength=0.45, blur=0.8)
        canvas.fill(placed, _mix(colour, "#ffffff", 0.08), depth=0.16)
    canvas.line(trace((50, 70), (50.2, 115)), accent, 0.9)
    for side in (-1, 1):
        canvas.line(trace((50 + side * 9.6, 93), (50 + side * 17.6, 89)), accent, 0.6)
    hem = mirrored(trace((50, 109.6), (62, 109.6, 75, 107.8), (75.2, 113), (62, 115.4, 50, 115.4)))
    canvas.tint(hem, body, FOLD, strength=0.3, blur=0.2)
    return canvas.jpeg()


def draw_dress(colour: str, accent: str) -> bytes:
    """A dress with short sleeves, a waistband and a flared skirt."""
    canvas = Canvas(*GROUND)
    skirt = mirrored(trace((50, 66), (61, 66), (68, 88, 78, 120), (64, 124.6, 50, 124.6)))
    bodice = mirrored(
        trace(
            (50, 27), (54, 24, 57, 18.6), (64, 20, 67.4, 22.6), (73, 28, 76, 38.6), (68, 42.4),
            (66, 38, 64.6, 36.4), (64, 52, 61.4, 68), (50, 69.4),
        )
    )  # fmt: skip
    back = mirrored(trace((50, 18.2), (57, 18.6), (54, 24, 50, 27.4)))
    _lay(canvas, skirt)
    _lay(canvas, bodice)
    canvas.fill(back, _mix(colour, "#000000", 0.35), depth=0.1)
    canvas.fill(skirt, colour, depth=0.16)
    for place in (2.6, 8.0, 13.4):
        fold = trace(
            (50 + place * 0.62, 70),
            (50 + place, 96, 50 + place * 1.6, 122),
            (49 + place, 99, 50 + place * 0.62, 70),
        )
        _both(canvas, fold, skirt, 0.4)
    canvas.fill(bodice, colour, depth=0.12)
    _both(canvas, trace((63.6, 38), (62, 34, 61.4, 28), (61, 34, 63.6, 38)), bodice, 0.4)
    _both(canvas, trace((56, 64), (57.4, 54, 61.4, 48), (58.4, 56, 56, 64)), bodice, 0.35)
    band = mirrored(trace((50, 65), (61.8, 64), (61.2, 68.4), (56, 69.6, 50, 69.6)))
    canvas.fill(band, accent, depth=0.2)
    return canvas.jpeg()


def draw_jeans(colour: str, accent: str) -> bytes:
    """Jeans with stitched seams."""
    canvas = Canvas(*GROUND)
    legs = mirrored(
        trace(
            (50, 18),
            (64.6, 17.4),
            (67.6, 30, 67.8, 44),
            (69.6, 90, 68.2, 134),
            (62, 135.4, 55.4, 134.4),
            (54, 90, 50, 55),
        )
    )
    _lay(canvas, legs)
    canvas.fill(legs, colour, depth=0.2)
    for worn in (ellipse((60.8, 62), 3.4, 17), ellipse((61.6, 104), 2.6, 16)):
        _both(canvas, worn, legs, 0.26, tone="#ffffff", blur=2.6)
    for fold in (
        trace((52, 52), (57, 50, 61, 45), (57, 48, 52, 52)),
        trace((52.6, 60), (58, 58, 62, 53), (58, 56, 52.6, 60)),
        trace((55, 90), (60, 93, 66, 89), (60, 91, 55, 90)),
    ):
        _both(canvas, fold, legs, 0.45)
    stitch = _mix(accent, colour, 0.25)
    canvas.line(trace((35.2, 22.6), (50, 23.4, 64.8, 22.6)), stitch, 0.3)
    canvas.line(trace((50, 23), (50, 50)), stitch, 0.3)
    canvas.line(trace((53.6, 23.2), (54, 40, 50.2, 44)), stitch, 0.3)
    for side in (-1, 1):
        pocket = [(50 + side * x, y) for x, y in trace((7, 23), (8.4, 31, 16.8, 31.6))]
        canvas.line(pocket, stitch, 0.3)
        hem = [(50 + side * x, y) for x, y in trace((5.5, 131.6), (12, 132.8, 18.2, 131.4))]
        canvas.line(hem, stitch, 0.3)
    canvas.fill(ellipse((50, 20.4), 1.2, 1.2), accent, depth=0.4)
    return canvas.jpeg()


def draw_skirt(colour: str, accent: str) -> bytes:
    """A pleated skirt with a waistband."""
    canvas = Canvas(*GROUND)
    skirt = mirrored(trace((50, 42), (67, 41), (74, 70, 82.6, 107), (66, 112.4, 50, 112.4)))
    _lay(canvas, skirt)
    canvas.fill(skirt, colour, depth=0.18)
    for place in range(1, 6):
        top, bottom = 50 + place * 3.2, 50 + place * 6.0
        _both(
            canvas, trace((top, 46), (bottom, 111.6), (bottom - 2.2, 111.6), (top, 46)), skirt, 0.5, blur=0.4
        )
    band = mirrored(trace((50, 39), (66.6, 38), (67.4, 45), (58, 46.6, 50, 46.6)))
    canvas.tint(
        mirrored(trace((50, 46), (67, 45), (67.6, 47.6), (58, 49, 50, 49))),
        skirt,
        FOLD,
        strength=0.5,
        blur=0.6,
    )
    canvas.fill(band, accent, depth=0.2)
    return canvas.jpeg()


def draw_shirt(colour: str, accent: str) -> bytes:
    """A buttoned shirt with a collar and a chest pocket."""
    canvas = Canvas(*GROUND)
    body = mirrored(_half_long_sleeved())
    _lay(canvas, body)
    canvas.fill(
        mirrored(trace((50, 34.6), (56, 34.6, 59, 36.4), (56, 42, 50, 44))),
        _mix(colour, "#000000", 0.35),
        depth=0.1,
    )
    canvas.fill(body, colour, depth=0.14)
    _sleeve_seams(canvas, body)
    placket = trace((48.2, 43), (52, 43), (52, 115.2), (48.2, 115.2))
    canvas.tint(placket, body, FOLD, strength=0.3, blur=0.4)
    canvas.fill(trace((48.2, 43), (51.6, 43), (51.6, 115), (48.2, 115)), colour, depth=0.05)
    for y in range(50, 112, 10):
        canvas.fill(ellipse((49.9, y), 0.8, 0.8), accent, depth=0.3)
    collar = trace((59, 35), (61.4, 38.6, 60.4, 47.4), (55, 47, 50.4, 42.6), (56, 40, 59, 35))
    for placed in (collar, flipped(collar)):
        canvas.tint(placed, body, FOLD, strength=0.4, blur=0.7)
        canvas.fill(placed, _mix(colour, "#ffffff", 0.12), depth=0.14)
    pocket = trace((57.6, 60), (67.4, 60), (67.4, 69), (62.5, 72), (57.6, 69))
    canvas.tint(pocket, body, FOLD, strength=0.22, blur=0.5)
    canvas.line([*pocket, pocket[0]], _mix(colour, "#000000", 0.22), 0.3)
    return canvas.jpeg()


def _half_long_sleeved() -> Outline:
    return trace(
        (50, 43), (57, 42.4, 59.4, 36.6), (68, 38.6, 74, 42), (80, 47, 84, 66), (88, 88, 90.6, 106.6),
        (84.6, 108.4, 81.8, 108.2), (78, 86, 74.6, 66), (74.4, 88, 75.2, 113), (62, 115.4, 50, 115.4),
    )  # fmt: skip


def _half_trunk() -> Outline:
    return trace(
        (50, 43),
        (57, 42.4, 59.4, 36.6),
        (66, 38, 71.4, 40.6),
        (74.4, 52, 74.6, 66),
        (74.4, 88, 75.2, 113),
        (62, 115.4, 50, 115.4),
    )


def _sleeve_seams(canvas: Canvas, body: Outline) -> None:
    _both(canvas, trace((74.6, 66), (76, 54, 71.6, 42.6), (74, 54, 74.6, 66)), body, 0.5)
    _both(canvas, trace((74, 70), (69, 82, 70.4, 100), (67.6, 82, 74, 70)), body, 0.3)
    _both(canvas, trace((77.4, 76), (81, 74, 84.6, 75), (81, 76, 77.4, 76)), body, 0.45)
    _both(
        canvas, trace((80.6, 102.6), (84, 103.6, 90, 101), (90, 101.8), (84, 104.4, 80.6, 103.4)), body, 0.4
    )


def _both(
    canvas: Canvas, fold: Outline, inside: Outline, strength: float, *, tone: str = FOLD, blur: float = 0.7
) -> None:
    """A fold on the right and its mirror image on the left."""
    for placed in (fold, flipped(fold)):
        canvas.tint(placed, inside, tone, strength=strength, blur=blur)


def _lay(canvas: Canvas, outline: Outline) -> None:
    canvas.shadow(outline, strength=0.26, blur=1.4, shift=(0.7, 1.0))


def _ribs(canvas: Canvas, half: list[tuple[float, ...]], colour: str, width: float) -> None:
    """A collar's band along the right half of a neckline, and its mirror image."""
    right = trace((half[0][0], half[0][1]), *half[1:])
    band = limb(right, [width / 2] * len(right))
    for placed in (band, flipped(band)):
        canvas.fill(placed, _mix(colour, "#000000", 0.1), depth=0.08)


def _mix(colour: str, other: str, part: float) -> str:
    """``part`` (0 to 1) of the other colour in the first."""
    pairs = [(int(colour[place : place + 2], 16), int(other[place : place + 2], 16)) for place in (1, 3, 5)]
    red, green, blue = (round(one + (two - one) * part) for one, two in pairs)
    return f"#{red:02x}{green:02x}{blue:02x}"
