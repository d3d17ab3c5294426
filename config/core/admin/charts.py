"""Charts that the server draws: an SVG for the eye, and a table with the same numbers for all others.

Colours and sizes are classes of ``tryon/charts.css``. Values are numbers; ``write`` makes their text.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.safestring import SafeString

type Value = float | None
"""A value of a chart; None where there is none."""

type Write = Callable[[float], str]

WIDTH: Final = 640
HEIGHT: Final = 200
LEFT: Final = 56  # for the numbers of the axis
RIGHT: Final = 20  # for half of the last label
TOP: Final = 10
FLOOR: Final = 172  # below it stand the labels
SERIES: Final = 6  # colours in charts.css
MOST_LABELS: Final = 8
STEPS: Final = 4  # of the axis
BAR_HEIGHT: Final = 28


def in_figures(value: float) -> str:
    """Return a number as the request's language writes it, with at most one decimal."""
    places = 0 if float(value).is_integer() else 1
    return number_format(value, decimal_pos=places, use_l10n=True, force_grouping=True)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a whole: its name, its value, and an address of what is behind it."""

    name: Any
    value: float
    address: str = ""


def bar_chart(
    title: Any,
    labels: Sequence[Any],
    series: Mapping[Any, Sequence[Value]],
    *,
    description: Any = "",
    addresses: Sequence[str] = (),
    write: Write = in_figures,
) -> SafeString:
    """Return vertical bars, one for each label. The values of several series stand on each other.

    ``addresses`` lead from each label, in the table.
    """
    rows = [*zip(*series.values(), strict=True)]
    sums = [float(sum(value or 0 for value in row)) for row in rows]
    scale = Scale.upto(max(sums, default=0), whole=all(map(float.is_integer, sums)))
    step = (WIDTH - LEFT - RIGHT) / max(1, len(labels))
    width = max(1.0, min(48.0, step * 0.7))
    marks = []
    for place, row in enumerate(rows):
        bottoms = accumulate((value or 0 for value in row), initial=0.0)
        for number, (value, bottom) in enumerate(zip(row, bottoms, strict=False)):
            if value:
                top = scale.y(bottom + value)
                marks.append(
                    {
                        "colour": number % SERIES + 1,
                        "x": rounded(LEFT + step * place + (step - width) / 2),
                        "y": rounded(top),
                        "width": rounded(width),
                        "height": rounded(max(1.0, scale.y(bottom) - top)),
                    }
                )
    drawn = {"bars": marks, "axis": scale.axis(write), "labels": spread(labels, LEFT + step / 2, step)}
    return figure(title, description, labels, series, addresses, write, drawn)


def line_chart(
    title: Any,
    labels: Sequence[Any],
    series: Mapping[Any, Sequence[Value]],
    *,
    description: Any = "",
    addresses: Sequence[str] = (),
    write: Write = in_figures,
) -> SafeString:
    """Return a line for each series. It has a gap where a value is None."""
    scale = Scale.upto(max((value or 0 for values in series.values() for value in values), default=0))
    step = (WIDTH - LEFT - RIGHT) / max(1, len(labels) - 1)
    lines, dots = [], []
    for number, values in enumerate(series.values()):
        colour = number % SERIES + 1
        points = [
            None if value is None else (rounded(LEFT + step * place), rounded(scale.y(value)))
            for place, value in enumerate(values)
        ]
        lines += [
            {"colour": colour, "points": " ".join(f"{x},{y}" for x, y in piece)} for piece in pieces(points)
        ]
        dots += [{"colour": colour, "x": x, "y": y} for point in points if point for x, y in [point]]
    drawn = {"lines": lines, "dots": dots, "axis": scale.axis(write), "labels": spread(labels, LEFT, step)}
    return figure(title, description, labels, series, addresses, write, drawn)


def share_bar(
    title: Any, parts: Sequence[Part], *, description: Any = "", write: Write = in_figures
) -> SafeString:
    """Return one bar across, in which each part takes its share of the sum."""
    whole = sum(part.value for part in parts)
    marks, x = [], 0.0
    for number, part in enumerate(parts):
        width = WIDTH * part.value / whole if whole else 0.0
        if part.value:
            marks.append(
                {
                    "colour": number % SERIES + 1,
                    "x": rounded(x),
                    "y": 0,
                    "width": rounded(max(1.0, width)),
                    "height": BAR_HEIGHT,
                }
            )
        x += width
    context = {
        "title": title,
        "description": description,
        "width": WIDTH,
        "height": BAR_HEIGHT,
        "drawn": {"bars": marks},
        "legend": [
            {"name": part.name, "colour": number % SERIES + 1, "text": write(part.value)}
            for number, part in enumerate(parts)
        ],
        "heads": [],
        "rows": [
            {"label": part.name, "address": part.address, "values": [write(part.value)]} for part in parts
        ],
        "is_empty": not whole,
    }
    return SafeString(render_to_string("admin/chart.html", context))


@dataclass(frozen=True, slots=True)
class Scale:
    """The upright axis, from zero to a round number."""

    most: float

    @classmethod
    def upto(cls, highest: float, *, whole: bool = False) -> "Scale":
        """Return the scale whose steps are round numbers, also ``whole`` ones, and hold ``highest``."""
        if highest <= 0:
            return cls(float(STEPS))
        rough = highest / STEPS
        power = 10.0 ** math.floor(math.log10(rough))
        steps = (power * size for size in (1, 2, 2.5, 5, 10))
        step = next(step for step in steps if rough <= step * 1.000_001 and (step.is_integer() or not whole))
        return cls(step * STEPS)

    def y(self, value: float) -> float:
        """Return the place of a value, in units of the drawing."""
        return FLOOR - (FLOOR - TOP) * value / self.most

    def axis(self, write: Write) -> list[dict[str, Any]]:
        """Return the lines of the axis, with their numbers."""
        values = [self.most * step / STEPS for step in range(STEPS + 1)]
        return [{"y": rounded(self.y(value)), "text": write(value)} for value in values]


def figure(
    title: Any,
    description: Any,
    labels: Sequence[Any],
    series: Mapping[Any, Sequence[Value]],
    addresses: Sequence[str],
    write: Write,
    drawn: dict[str, Any],
) -> SafeString:
    """Return a drawing with its title, its legend and its table."""
    values = [*zip(*series.values(), strict=True)]
    context = {
        "title": title,
        "description": description,
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "drawn": drawn,
        "legend": [
            {"name": name, "colour": number % SERIES + 1, "text": ""} for number, name in enumerate(series)
        ]
        if len(series) > 1
        else [],
        "heads": list(series),
        "rows": [
            {
                "label": label,
                "address": addresses[place] if place < len(addresses) else "",
                "values": ["-" if value is None else write(value) for value in values[place]],
            }
            for place, label in enumerate(labels)
        ],
        "is_empty": not any(value is not None for row in values for value in row),
    }
    return SafeString(render_to_string("admin/chart.html", context))


def spread(labels: Sequence[Any], first: float, step: float) -> list[dict[str, Any]]:
    """Return at most eight of the labels with their places, the last one among them."""
    every = max(1, math.ceil(len(labels) / MOST_LABELS))
    chosen = [place for place in range(len(labels)) if (len(labels) - 1 - place) % every == 0]
    return [{"x": rounded(first + step * place), "text": labels[place]} for place in chosen]


def pieces(points: Sequence[tuple[str, str] | None]) -> list[list[tuple[str, str]]]:
    """Return the runs of points between the gaps."""
    found: list[list[tuple[str, str]]] = [[]]
    for point in points:
        if point is not None:
            found[-1].append(point)
        elif found[-1]:
            found.append([])
    return [piece for piece in found if piece]


def rounded(value: float) -> str:
    """Return a coordinate as an SVG takes it, whatever the language of the page."""
    return f"{value:.1f}"
