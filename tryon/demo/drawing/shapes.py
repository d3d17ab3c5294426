"""Outlines as lists of points, in the drawing's own units: 100 wide, 150 high, y downwards."""

import math
from collections.abc import Sequence
from itertools import pairwise

type Point = tuple[float, float]
type Outline = list[Point]

STEPS = 14


def trace(start: Point, *pieces: Sequence[float]) -> Outline:
    """Walk from ``start``: two numbers are a straight line, four a curve by one control point, six by two."""
    points = [start]
    for piece in pieces:
        corners = [points[-1], *zip(piece[::2], piece[1::2], strict=True)]
        steps = 1 if len(corners) == 2 else STEPS
        points += [_on_curve(corners, step / steps) for step in range(1, steps + 1)]
    return points


def mirrored(half: Outline, axis: float = 50.0) -> Outline:
    """The closed outline whose right half is given from top to bottom."""
    return [*half, *flipped(half, axis)[::-1]]


def flipped(points: Outline, axis: float = 50.0) -> Outline:
    """The same points on the other side of an upright axis."""
    return [(2 * axis - x, y) for x, y in points]


def ellipse(centre: Point, width: float, height: float) -> Outline:
    """An ellipse by its half width and half height."""
    turns = [math.tau * step / 48 for step in range(48)]
    return [(centre[0] + width * math.cos(turn), centre[1] + height * math.sin(turn)) for turn in turns]


def limb(joints: Sequence[Point], widths: Sequence[float]) -> Outline:
    """A rounded limb along its joints; ``widths`` are half widths, one at each joint."""
    spine = _smooth(joints)
    swell = [value for value, _ in _smooth([(width, 0.0) for width in widths])]
    sides: tuple[Outline, Outline] = ([], [])
    for index, (x, y) in enumerate(spine):
        before, after = spine[max(0, index - 1)], spine[min(len(spine) - 1, index + 1)]
        turn = math.atan2(after[1] - before[1], after[0] - before[0])
        across = (-math.sin(turn) * swell[index], math.cos(turn) * swell[index])
        sides[0].append((x + across[0], y + across[1]))
        sides[1].append((x - across[0], y - across[1]))
    return [
        *sides[0],
        *_cap(spine[-2], spine[-1], swell[-1]),
        *sides[1][::-1],
        *_cap(spine[1], spine[0], swell[0]),
    ]


def _cap(before: Point, end: Point, radius: float) -> Outline:
    turn = math.atan2(end[1] - before[1], end[0] - before[0])
    turns = [turn + math.pi / 2 - math.pi * step / 10 for step in range(1, 10)]
    return [(end[0] + radius * math.cos(angle), end[1] + radius * math.sin(angle)) for angle in turns]


def _smooth(points: Sequence[Point]) -> Outline:
    """A Catmull-Rom curve through all points."""
    padded = [points[0], *points, points[-1]]
    curve = [points[0]]
    for before, start, end, after in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        first = (start[0] + (end[0] - before[0]) / 6, start[1] + (end[1] - before[1]) / 6)
        second = (end[0] - (after[0] - start[0]) / 6, end[1] - (after[1] - start[1]) / 6)
        curve += [_on_curve([start, first, second, end], step / STEPS) for step in range(1, STEPS + 1)]
    return curve


def _on_curve(corners: Sequence[Point], part: float) -> Point:
    """The point of a Bézier curve at ``part`` (0 to 1), by de Casteljau."""
    while len(corners) > 1:
        corners = [
            (x + (to_x - x) * part, y + (to_y - y) * part) for (x, y), (to_x, to_y) in pairwise(corners)
        ]
    return corners[0]
