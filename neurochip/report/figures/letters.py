"""Letters as strokes on a grid of 5 × 10, so that a PNG can carry words without a font file.

A glyph is a list of strokes parted by spaces; a stroke is a list of points, two digits each: x from 0 to 4, y from
0 (below the line) over 2 (the line) and 7 (a small letter) to 9 (a capital). A stroke of two equal points is a dot.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["ADVANCE", "CAPITAL", "known", "strokes_of", "width_of"]

ADVANCE = 6.2  # grid units from letter to letter
CAPITAL = 7.0  # grid units that a capital is high
LINE = 2  # y of the line that letters stand on

GLYPHS = {
    "A": "022942 1535", "B": "02093948473606 3645433202", "C": "4839190803123243", "D": "02092947442202",
    "E": "49090242 0636", "F": "490902 0636", "G": "48391908031232434525", "H": "0209 4249 0646",
    "I": "1232 2229 1939", "J": "3933221203", "K": "0209 4905 1642", "L": "090242", "M": "0209254942",
    "N": "02094249", "O": "123243483919080312", "P": "02093948463505", "Q": "123243483919080312 2442",
    "R": "02093948463505 2542", "S": "483919080716364543321203", "T": "0949 2922", "U": "090312324349",
    "V": "092249", "W": "0912263249", "X": "0249 0942", "Y": "092549 2522", "Z": "09490242",
    "a": "0617374642 45150403123243", "b": "0902 0617374643321203", "c": "4637170603123243",
    "d": "4942 4637170603123243", "e": "05454637170603123243", "f": "49392822 0737",
    "g": "4741301001 4637170603123243", "h": "0902 0617374642", "i": "2722 2929", "j": "27211000 2929",
    "k": "0902 0447 1542", "l": "19292332", "m": "0702 06172622 26374642", "n": "0702 0617374642",
    "o": "123243463717060312", "p": "0700 0617374643321203", "q": "4740 4637170603123243",
    "r": "0702 05273746", "s": "46371706153443321203", "t": "1913223243 0737", "u": "0703123243 4742",
    "v": "072247", "w": "0712253247", "x": "0247 0742", "y": "0722 47221000", "z": "07470242",
    "0": "123243483919080312", "1": "182922 1232", "2": "08193948460242",
    "3": "08193948473616 364543321203", "4": "32390444", "5": "490906364543321203",
    "6": "4839190803123243453605", "7": "094912", "8": "163645433212030516 1607081939484736",
    "9": "031232434839190806153546",
    " ": "", ".": "2222", ",": "2211", ":": "2222 2626", ";": "2211 2626", "-": "1535", "–": "0545",
    "—": "0545", "−": "0545", "+": "0545 2337", "=": "0444 0646", "/": "0149", "%": "0249 0919180809 4333324243",
    "(": "39272331", ")": "19272311", "[": "39292131", "]": "19292111", "|": "2129", "‖": "1119 3139",
    "'": "2927", "’": "2927", '"': "1917 3937", "<": "480542", ">": "084502", "≤": "490645 0343",
    "≥": "094605 0343", "~": "05163546", "≈": "06173647 04153445", "*": "0545 1337 1733", "!": "2924 2222",
    "?": "08193948472524 2222", "_": "0141", "^": "172937", "°": "1939371719", "·": "2525", "×": "1337 1733",
    "±": "0646 2448 0242", "→": "0545 374533", "∝": "47251405162543", "√": "05122949", "∞": "0514261504 2637463544",
    "α": "47332212030617273642", "β": "00081939483616 364543321203", "γ": "072247 2220",
    "δ": "391908 08374643321203051636", "ε": "463717061525 150403123243", "ζ": "394917040332",
    "η": "0702 0617374640", "θ": "123243483919080312 0545", "λ": "1942 0226", "μ": "0700 0703123243 4742",
    "µ": "0700 0703123243 4742", "ν": "072247", "ξ": "4919081737 17051434 14033221", "π": "0747 1712 3732",
    "ρ": "000617374643321203", "σ": "47170603123243463717", "τ": "0747 27233242", "φ": "123243463717060312 2920",
    "ϕ": "123243463717060312 2920", "χ": "0740 4700", "ψ": "070413334447 2920", "ω": "1706031223 2232434637 2225",
    "Δ": "02294202", "∇": "09492209", "Σ": "4909250242", "Ω": "02122306081939484643323242",
    "∂": "081939474332120305163646", "†": "2902 0747",
}  # fmt: skip
# Marks above or below the letter before them.
MARKS = {"\u0307": "2929", "\u0304": "1939", "\u0302": "182938", "\u0301": "2839", "\u0300": "2819",
         "\u0308": "1919 3939", "\u0303": "18293839"}  # fmt: skip
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ′ᵀ", "0123456789+−n'T", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉ᵢⱼ₊₋", "0123456789ij+−", strict=True))

Points = NDArray[np.float64]


def known(text: str) -> bool:
    """Whether there is a glyph for each letter of a text."""
    return all(c in GLYPHS or c in MARKS for c in _plain(text))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFD", "".join(_RAISED.get(c, _LOWERED.get(c, c)) for c in text))


@cache
def _glyph(letter: str) -> tuple[Points, ...]:
    # A letter without a glyph is an empty box, as in print.
    written = GLYPHS.get(letter, MARKS.get(letter, "0242490902"))
    return tuple(
        np.array([[int(s[i]), int(s[i + 1]) - LINE] for i in range(0, len(s) - 1, 2)], dtype=np.float64)
        for s in written.split()
        if len(s) > 1
    )


def _placed(text: str) -> tuple[list[tuple[str, float, float, float]], float]:
    """Return (letter, x, y, scale) of each letter, and how far the text reaches."""
    places: list[tuple[str, float, float, float]] = []
    at = 0.0
    for given in text:
        scale, lift, letter = 1.0, 0.0, given
        if given in _RAISED:
            scale, lift, letter = 0.62, 3.6, _RAISED[given]
        elif given in _LOWERED:
            scale, lift, letter = 0.62, -1.6, _LOWERED[given]
        for part in unicodedata.normalize("NFD", letter):
            if part in MARKS:
                if places:
                    places.append((part, *places[-1][1:]))
                continue
            places.append((part, at, lift, scale))
            at += scale * (ADVANCE if part not in "il.,:;'|" else ADVANCE - 1.4)
    return places, at


def width_of(text: str, size: float) -> float:
    """Return the width of a text whose capitals are 0.7 ``size`` high."""
    return _placed(text)[1] * 0.7 * size / CAPITAL


def strokes_of(text: str, size: float) -> list[Points]:
    """Return the strokes of a text from (0, 0) on its line, x to the right and y upwards."""
    unit = 0.7 * size / CAPITAL
    found = []
    for letter, x, y, scale in _placed(text)[0]:
        shift = -0.7 if letter in "il.,:;'|" else 0.0
        for points in _glyph(letter):
            found.append((points * scale + (x + shift * scale, y)) * unit)
    return found
