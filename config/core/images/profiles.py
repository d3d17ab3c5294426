"""ICC profiles for pictures that state their colours by numbers: nclx in HEIC and AVIF, chunks in PNG.

A profile is three primaries and a curve for each, and Little CMS does the rest. The curves of HDR include
the tone mapping: 203 cd/m² are the white of an SDR picture (ITU-R BT.2408), what is brighter is brought below
it (BT.2390, section 5.4).
"""

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

type Point = tuple[float, float]
type Primaries = tuple[Point, Point, Point, Point]  # red, green, blue, white
type Curve = Callable[[float], float]
type Rows = Sequence[Sequence[float]]

D65: Final = (0.3127, 0.3290)
SRGB: Final[Primaries] = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), D65)
# By the codes of ITU-T H.273. The television's (5, 6, 7) are near to sRGB's and are often stated wrongly.
PRIMARIES: Final[dict[int, Primaries]] = {
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65),  # BT.2020
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),  # DCI-P3
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65),  # Display P3
}
PQ, HLG = 16, 18

D50_XYZ: Final = (0.9642, 1.0, 0.8249)
BRADFORD: Final = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
CURVE_STEPS: Final = 1024

# cd/m²: the brightest that PQ can state, a display for HDR, and white.
PQ_PEAK, PEAK, WHITE = 10_000.0, 1000.0, 203.0
# The constants of SMPTE ST 2084 and of BT.2100's HLG, by their names there.
PQ_M1, PQ_M2, PQ_C1, PQ_C2, PQ_C3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
HLG_A, HLG_B, HLG_C = 0.17883277, 0.28466892, 0.55991073


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of a picture: an ICC profile, or None for sRGB. ``is_hdr``: the profile maps its tones."""

    profile: bytes | None = None
    is_hdr: bool = False


@cache
def colours_of_codes(primaries: int, transfer: int) -> Colours:
    """Return the colours for two codes of ITU-T H.273. What is unknown counts as sRGB."""
    if primaries not in PRIMARIES and transfer not in CURVES:
        return Colours()
    ours = profile(PRIMARIES.get(primaries, SRGB), CURVES.get(transfer, _srgb_curve))
    return Colours(ours, is_hdr=transfer in {PQ, HLG})


def profile(primaries: Primaries, curve: Curve) -> bytes:
    """Return an ICC profile. ``curve`` gives the light (0 to 1) for a stored value (0 to 1)."""
    samples = [round(65_535 * curve(step / (CURVE_STEPS - 1))) for step in range(CURVE_STEPS)]
    table = b"curv" + struct.pack(f">4xI{CURVE_STEPS}H", CURVE_STEPS, *samples)
    red, green, blue = zip(*_to_d50(primaries), strict=True)
    tags = {
        b"desc": b"desc" + struct.pack(">4xI", 7) + b"stated\0" + bytes(78),
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": _xyz(D50_XYZ),
        b"rXYZ": _xyz(red),
        b"gXYZ": _xyz(green),
        b"bXYZ": _xyz(blue),
    }
    return _file(tags, table)


def gamma_curve(gamma: float) -> Curve:
    """Return the curve of a power."""
    return lambda value: math.pow(value, gamma)


def _srgb_curve(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else math.pow((value + 0.055) / 1.055, 2.4)


def _pq_light(value: float) -> float:
    """Return the cd/m² of a PQ value (SMPTE ST 2084)."""
    power = math.pow(value, 1 / PQ_M2)
    return PQ_PEAK * math.pow(
        max(0.0, power - 0.8359375) / (18.8515625 - 18.6875 * power), 1 / 0.1593017578125
    )


def _pq_value(light: float) -> float:
    power = math.pow(light / PQ_PEAK, PQ_M1)
    return math.pow((PQ_C1 + PQ_C2 * power) / (1 + PQ_C3 * power), PQ_M2)


def _hlg_light(value: float) -> float:
    """Return the cd/m² of an HLG value on a display for HDR (BT.2100)."""
    scene = (
        value * value / 3 if value <= 0.5 else (math.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12
    )
    return PEAK * math.pow(scene, 1.2)


def _toned(light: float) -> float:
    """Return the share of white that shows this light, as BT.2390's curve has it."""
    whole = _pq_value(PEAK)
    value, white = min(1.0, _pq_value(light) / whole), _pq_value(WHITE) / whole
    knee = 1.5 * white - 0.5
    if value > knee:
        t = (value - knee) / (1 - knee)
        value = (
            (2 * t**3 - 3 * t**2 + 1) * knee
            + (t**3 - 2 * t**2 + t) * (1 - knee)
            + (-2 * t**3 + 3 * t**2) * white
        )
    return min(1.0, _pq_light(value * whole) / WHITE)


CURVES: Final[dict[int, Curve]] = {
    4: gamma_curve(2.2),
    5: gamma_curve(2.8),
    8: lambda value: value,
    PQ: lambda value: _toned(_pq_light(value)),
    HLG: lambda value: _toned(_hlg_light(value)),
}


def _to_d50(primaries: Primaries) -> Rows:
    """Return the matrix from linear RGB to XYZ under D50, adapted by Bradford's method."""
    *colours, white = [(x / y, 1.0, (1 - x - y) / y) for x, y in primaries]
    columns = list(zip(*colours, strict=True))
    scales = _times(_inverse(columns), [[value] for value in white])
    scaled = [[value * scale[0] for value, scale in zip(row, scales, strict=True)] for row in columns]
    source, target = (_times(BRADFORD, [[value] for value in point]) for point in (white, D50_XYZ))
    gains = [
        [target[row][0] / source[row][0] if row == column else 0.0 for column in range(3)] for row in range(3)
    ]
    return _times(_times(_inverse(BRADFORD), _times(gains, BRADFORD)), scaled)


def _times(left: Rows, right: Rows) -> Rows:
    return [[math.sumprod(row, column) for column in zip(*right, strict=True)] for row in left]


def _inverse(rows: Rows) -> Rows:
    (a, b, c), (d, e, f), (g, h, i) = rows
    cofactors = [
        [e * i - f * h, c * h - b * i, b * f - c * e],
        [f * g - d * i, a * i - c * g, c * d - a * f],
        [d * h - e * g, b * g - a * h, a * e - b * d],
    ]
    determinant = a * cofactors[0][0] + b * cofactors[1][0] + c * cofactors[2][0]
    return [[value / determinant for value in row] for row in cofactors]


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ " + struct.pack(">4x3i", *(round(value * 65_536) for value in values))


def _file(tags: dict[bytes, bytes], curve: bytes) -> bytes:
    """Lay out a display profile of version 2.4. The three curves are one."""
    count = len(tags) + 3
    start = 128 + 4 + 12 * count
    table, data = struct.pack(">I", count), b""
    for name, body in tags.items():
        table += name + struct.pack(">II", start + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    for name in (b"rTRC", b"gTRC", b"bTRC"):
        table += name + struct.pack(">II", start + len(data), len(curve))
    size = start + len(data) + len(curve)
    head = struct.pack(">I4xI4s4s4s12x4s28x", size, 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    head += struct.pack(">3i", *(round(value * 65_536) for value in D50_XYZ))
    return head + bytes(128 - len(head)) + table + data + curve
