"""Line charts of characters: braille with eight dots each, or plain ASCII with two."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..errors import any_int, true_or_false

MOST = 5000  # characters in a row, and rows

# The bit of each dot of a character, by row from the top and by column.
Dots = tuple[tuple[int, ...], ...]
BRAILLE: Dots = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
ASCII: Dots = ((1,), (2,))

Cell = tuple[int, int]  # its row, counted from the top, and its column

LETTERS = "abcdefghijklmnopqrstuvwxyz"
COLOURS = (36, 33, 35, 32, 34, 31)  # of ANSI terminals: cyan, yellow, magenta, green, blue, red


def line_chart(
    ys: Sequence[float] | Mapping[str, Sequence[float]],
    *,
    title: str = "",
    x_label: str = "",
    width: int | None = None,
    height: int = 12,
    log: bool | None = None,
    ascii: bool | None = None,
    colour: bool = False,
) -> str:
    """Return a chart of ys over 0, 1, 2, …, as text.

    ys: one curve, or several by their names. They share the axes; letters on the curves, and ANSI
    colours if `colour`, lead to the names below. Numbers that are not finite, or beyond 8e307,
    leave a gap.

    width: of the lines, in characters; by default that of the terminal, 80 at most. height: the
    rows of the curve. At least 8 characters and 2 rows are left to the curve. log: whether the y
    axis is logarithmic, so that only positive numbers are shown; by default it is if all are
    positive and the largest is over 20 times the smallest. ascii: whether to use plain ASCII; by
    default only if the standard output can't encode braille.

    >>> print(line_chart([4.0, 2.0, 1.0, 0.5, 0.0], width=30, height=5, ascii=True))
    4 |'..
      |   '..
    2 |      ''..
      |          ''.....
    0 |                 '...
      +---------------------------
       0                         4
    >>> print(line_chart({"up": [0, 1, 2], "down": [2, 1]}, width=18, height=5, ascii=True))
    2 |'..         ..a
      |   'b.. ..''
    1 |     ..b
      |   .a
    0 |.''
      +---------------
       0             2
       a up   b down
    """
    width = default_width() if width is None else min(MOST, any_int("width", width))
    height = max(2, min(MOST, any_int("height", height)))
    for name, flag in (("log", log), ("ascii", ascii), ("colour", colour)):
        if flag is not None:
            true_or_false(name, flag)
    if ascii is None:
        signs, encoding = "\u283f┤│└─", getattr(sys.stdout, "encoding", None) or "utf-8"
        ascii = signs.encode(encoding, "ignore").decode(encoding) != signs
    curves = ys if isinstance(ys, Mapping) else {"": ys}
    finite = [y for curve in curves.values() for y in curve if math.isfinite(y)]
    if log is None:
        log = bool(finite) and min(finite) > 0 and max(finite) > 20 * min(finite)

    def scale(y: float) -> float | None:
        if not abs(y) < 8e307 or (log and y <= 0):  # the height of the axis would overflow
            return None
        return math.log10(y) if log else y

    scaled = [[*map(scale, curve)] for curve in curves.values()]
    shown = [y for curve in scaled for y in curve if y is not None]
    if not shown:
        return f"{title}\n(no finite numbers to draw)".strip()

    low, high = min(shown), max(shown)
    if not high - low > 1e-300:
        pad = 0.25 if log else abs(low) / 2 if abs(low) > 1e-300 else 1.0
        low, high = low - pad, high + pad
    dots = ASCII if ascii else BRAILLE

    def row(y: float) -> int:
        return round((high - y) / (high - low) * (height * len(dots) - 1))

    ticks = _log_ticks(low, high) if log else _ticks(low, high)
    numbers = _labels([10**tick if log else tick for tick in ticks])
    labels = dict(zip((row(tick) // len(dots) for tick in ticks), numbers))
    margin = max(map(len, labels.values()), default=0)
    columns = max(8, width - margin - 2)
    longest = max(map(len, scaled))
    steps, wide = max(1, longest - 1), columns * len(dots[0]) - 1

    def dot(i: int, y: float | None) -> Cell | None:
        return None if y is None else (row(y), round(i / steps * wide))

    drawn = [[*_line(map(dot, itertools.count(), curve))] for curve in scaled]
    rows = _rows(drawn, columns, height, dots, isinstance(ys, Mapping), colour)
    tick_mark, bar, corner, dash = "||+-" if ascii else "┤│└─"

    lines = [title] if title else []
    for i, cells in enumerate(rows):
        mark = tick_mark if i in labels else bar
        lines.append(f"{labels.get(i, ''):>{margin}} {mark}{cells}".rstrip())
    lines.append(f"{'':>{margin}} {corner}{dash * columns}")
    last = str(longest - 1) if longest > 1 else ""
    middle = x_label.center(columns - 1 - len(last)) if last else ""
    lines.append(f"{'':>{margin}}  0{middle}{last}".rstrip())
    if isinstance(ys, Mapping):
        lines += _legend(list(curves), " " * (margin + 2), columns, colour)
    return "\n".join(lines)


def default_width() -> int:
    """Return the width of the terminal, in characters, but at most 80."""
    import shutil

    return min(80, shutil.get_terminal_size().columns)


def _ticks(low: float, high: float) -> list[float]:
    """Return 3 to 7 round numbers from low to high."""
    unit = 10.0 ** math.floor(math.log10(high - low))
    choices = (
        [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
        for step in (2 * unit, unit, unit / 2, unit / 5)
    )
    return next((ticks for ticks in choices if len(ticks) >= 3), [])


def _log_ticks(low: float, high: float) -> list[float]:
    """Return the logarithms of 2 to 7 round numbers; low and high are logarithms, too."""
    decades = range(math.floor(low), math.ceil(high) + 1)
    for digits in ((1,), (1, 2, 5), range(1, 10)):
        ticks = [t for k in decades for d in digits if low <= (t := k + math.log10(d)) <= high]
        if len(ticks) >= 2:
            return ticks[:: math.ceil(len(ticks) / 7)]
    return [low, high]


def _labels(numbers: Sequence[float]) -> list[str]:
    """Return the numbers as text, short but different from each other."""
    choices = ([f"{x:.{digits}g}" for x in numbers] for digits in (6, 9, 12))
    return next((texts for texts in choices if len({*texts}) == len(texts)), [*map(repr, numbers)])


def _line(points: Iterable[Cell | None]) -> Iterator[Cell]:
    """Yield all dots of the line through these dots, in order; None is a gap in it."""
    for before, point in itertools.pairwise([None, *points]):
        if point is not None:
            (y0, x0), (y, x) = before or point, point
            length = max(abs(x - x0), abs(y - y0), 1)
            for k in range(length + 1):
                yield y0 + round((y - y0) * k / length), x0 + round((x - x0) * k / length)


def _rows(
    curves: list[list[Cell]], columns: int, height: int, dots: Dots, named: bool, colour: bool
) -> Iterator[str]:
    """Yield the rows of text that show the dots of these curves, and each curve's letter."""
    down, across = len(dots), len(dots[0])
    bits: dict[Cell, int] = {}
    owners: dict[Cell, int] = {}
    for i, curve in enumerate(curves):
        for row, column in curve:
            cell = row // down, column // across
            bits[cell] = bits.get(cell, 0) | dots[row % down][column % across]
            owners[cell] = i
    letters: dict[Cell, str] = {}
    for i, curve in enumerate(curves if named else ()):
        way = list(dict.fromkeys((row // down, column // across) for row, column in curve))
        middle = way[: len(way) * (i + 1) // (len(curves) + 1)]
        for stretch in (way, middle):  # at its end, and somewhere along it
            for cell in [cell for cell in stretch if cell not in letters][-1:]:
                letters[cell], owners[cell] = LETTERS[i % len(LETTERS)], i
    signs = {cell: " '.:"[n] if dots is ASCII else chr(0x2800 + n) for cell, n in bits.items()}
    signs |= letters
    for row in range(height):
        line = [(row, column) for column in range(columns)]
        pieces = (
            _coloured("".join(signs.get(cell, " ") for cell in cells), owner, colour)
            for owner, cells in itertools.groupby(line, owners.get)
        )
        yield "".join(pieces)


def _legend(names: Sequence[str], indent: str, columns: int, colour: bool) -> list[str]:
    """Return lines that say which letter stands for which curve."""
    lines, used = [indent], 0
    for i, name in enumerate(names):
        entry = f"{LETTERS[i % len(LETTERS)]} {name}"
        if used and used + len(entry) > columns:
            lines.append(indent)
            used = 0
        lines[-1] += ("   " if used else "") + _coloured(entry, i, colour)
        used += len(entry) + 3
    return lines


def _coloured(text: str, i: int | None, colour: bool) -> str:
    return f"\033[{COLOURS[i % len(COLOURS)]}m{text}\033[0m" if colour and i is not None else text
