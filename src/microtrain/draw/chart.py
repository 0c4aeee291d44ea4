"""Curves, drawn with characters: eight dots to each in braille, or two in plain ASCII."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Mapping, Sequence

from ..errors import any_int, true_or_false

MOST = 5000  # characters in a row, and rows

# The bit of each dot of a character, by row from the top and by column.
BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
ASCII = ((1,), (2,))

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
    """Return a chart of ys over 0, 1, 2, …, as lines of text of at most `width` characters.

    Without a width it is as wide as the terminal, and 80 at most. (At least 8 characters and 2 rows
    are always left to the curve.) It is drawn in plain ASCII if `ascii`, or, where that is None, if
    the standard output can't encode anything better. Several curves, each by its
    name, share the axes; a letter on each leads to its name below, and so do ANSI colours if
    `colour`.

    Numbers that are not finite (or beyond 8e307) leave a gap. `log` puts the y axis on a
    logarithmic scale, on which numbers that are not positive leave a gap too; None decides by
    itself: it does so where all are positive and the largest is over 20 times the smallest.
    `height` counts the rows of the curve.

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
    if width is None:
        import shutil

        width = min(80, shutil.get_terminal_size().columns)
    width, height = (min(MOST, any_int(*side)) for side in (("width", width), ("height", height)))
    for name, flag in (("log", log), ("ascii", ascii), ("colour", colour)):
        if flag is not None:
            true_or_false(name, flag)
    if ascii is None:
        ascii = not _encodable("\u283f┤│└─")
    curves = {"": ys} if not isinstance(ys, Mapping) else ys
    finite = [y for ys in curves.values() for y in ys if math.isfinite(y)]
    if log is None:
        log = bool(finite) and min(finite) > 0 and max(finite) > 20 * min(finite)
    scaled = [[_scale(y, log) for y in ys] for ys in curves.values()]
    shown = [y for ys in scaled for y in ys if y is not None]
    if not shown:
        return f"{title}\n(no finite numbers to draw)".strip()
    low, high = min(shown), max(shown)
    if not high - low > 1e-300:
        pad = 0.25 if log else abs(low) / 2 if abs(low) > 1e-300 else 1.0
        low, high = low - pad, high + pad

    ticks = _log_ticks(low, high) if log else _ticks(low, high)
    dots = ASCII if ascii else BRAILLE
    height = max(2, height)
    rows_of_ticks = [_row(tick, low, high, height * len(dots)) // len(dots) for tick in ticks]
    labels = dict(zip(rows_of_ticks, _labels([10**tick if log else tick for tick in ticks])))
    margin = max(map(len, labels.values()), default=0)
    columns = max(8, width - margin - 2)
    longest = max(map(len, scaled))
    points = [_points(ys, low, high, longest, columns, height, dots) for ys in scaled]
    letters = LETTERS if isinstance(ys, Mapping) else ""
    rows = _rows(points, columns, height, dots, letters, colour)
    tick_mark, bar, corner, dash = ("|", "|", "+", "-") if ascii else ("┤", "│", "└", "─")

    lines = [title] if title else []
    for i, row in enumerate(rows):
        mark = tick_mark if i in labels else bar
        lines.append(f"{labels.get(i, ''):>{margin}} {mark}{row}".rstrip())
    lines.append(f"{'':>{margin}} {corner}{dash * columns}")
    last = str(longest - 1)
    middle = x_label.center(columns - 1 - len(last)) if longest > 1 else ""
    lines.append(f"{'':>{margin}}  0{middle}{last if longest > 1 else ''}".rstrip())
    if letters:
        lines += _legend(list(curves), " " * (margin + 2), columns, letters, colour)
    return "\n".join(lines)


def _encodable(text: str) -> bool:
    """Return whether the standard output can show a text."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _scale(y: float, log: bool) -> float | None:
    """Return where y lies on the axis, or None if it has no place there."""
    if not abs(y) < 8e307 or (log and y <= 0):  # above, the height of the axis would overflow
        return None
    return math.log10(y) if log else y


def _ticks(low: float, high: float) -> list[float]:
    """Return 3 to 7 round numbers from low to high."""
    unit = 10.0 ** math.floor(math.log10(high - low))
    choices = (
        [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
        for step in (2 * unit, unit, unit / 2, unit / 5)
    )
    return next((ticks for ticks in choices if len(ticks) >= 3), [])


def _log_ticks(low: float, high: float) -> list[float]:
    """Return the logarithms of 2 to 7 round numbers between those of which low and high are the
    logarithms: powers of ten, or 1, 2 and 5 times them."""
    decades = range(math.floor(low), math.ceil(high) + 1)
    for digits in ((1,), (1, 2, 5), range(1, 10)):
        ticks = [t for k in decades for d in digits if low <= (t := k + math.log10(d)) <= high]
        if len(ticks) >= 2:
            return ticks[:: math.ceil(len(ticks) / 7)]
    return [low, high]


def _labels(numbers: Sequence[float]) -> list[str]:
    """Return the numbers as text, short but different from each other."""
    for digits in (6, 9, 12):
        labels = [f"{x:.{digits}g}" for x in numbers]
        if len(set(labels)) == len(labels):
            return labels
    return [repr(x) for x in numbers]


def _row(y: float, low: float, high: float, height: int) -> int:
    """Return which of `height` rows, counted from the top, shows y."""
    return round((high - y) / (high - low) * (height - 1))


def _points(
    ys: Sequence[float | None],
    low: float,
    high: float,
    longest: int,
    columns: int,
    height: int,
    dots: Sequence[Sequence[int]],
) -> list[tuple[int, int]]:
    """Return the dots of a curve, (row, column) each, in their order along it."""
    wide = columns * len(dots[0])
    points: list[tuple[int, int]] = []
    before: tuple[int, int] | None = None
    for i, y in enumerate(ys):
        if y is None:
            before = None
            continue
        across = round(i / max(1, longest - 1) * (wide - 1))
        down = _row(y, low, high, height * len(dots))
        x0, y0 = before or (across, down)
        length = max(abs(across - x0), abs(down - y0), 1)
        for k in range(length + 1):
            x = x0 + round((across - x0) * k / length)
            points.append((y0 + round((down - y0) * k / length), x))
        before = across, down
    return points


def _rows(
    curves: Sequence[Sequence[tuple[int, int]]],
    columns: int,
    height: int,
    dots: Sequence[Sequence[int]],
    letters: str,
    colour: bool,
) -> list[str]:
    """Return the rows of text that show the dots of these curves, and each curve's letter."""
    down, across = len(dots), len(dots[0])
    cells: dict[tuple[int, int], int] = {}
    owners: dict[tuple[int, int], int] = {}
    marks: dict[tuple[int, int], str] = {}
    for i, points in enumerate(curves):
        for row, column in points:
            cell = row // down, column // across
            cells[cell] = cells.get(cell, 0) | dots[row % down][column % across]
            owners[cell] = i
    for i, points in enumerate(curves if letters else ()):
        way = list(dict.fromkeys((row // down, column // across) for row, column in points))
        middle = way[: len(way) * (i + 1) // (len(curves) + 1)]
        for stretch in (way, middle):  # at its end, and somewhere along it
            free = [cell for cell in stretch if cell not in marks]
            if free:
                marks[free[-1]] = letters[i % len(letters)]
                owners[free[-1]] = i

    def text(cell: tuple[int, int]) -> str:
        bits = cells.get(cell, 0)
        if cell in marks:
            return marks[cell]
        if len(dots) == len(ASCII):
            return " '.:"[bits]
        return chr(0x2800 + bits) if bits else " "

    rows = []
    for row in range(height):
        line = [(row, column) for column in range(columns)]
        pieces = [
            _coloured("".join(map(text, stretch)), i if colour else None)
            for i, stretch in itertools.groupby(line, owners.get)
        ]
        rows.append("".join(pieces))
    return rows


def _legend(
    names: Sequence[str], indent: str, columns: int, letters: str, colour: bool
) -> list[str]:
    """Return lines that say which letter stands for which curve."""
    lines, used = [indent], 0
    for i, name in enumerate(names):
        entry = f"{letters[i % len(letters)]} {name}"
        if used and used + len(entry) > columns:
            lines.append(indent)
            used = 0
        lines[-1] += ("   " if used else "") + _coloured(entry, i if colour else None)
        used += len(entry) + 3
    return lines


def _coloured(text: str, i: int | None) -> str:
    """Return text in the colour of curve `i`, for a terminal."""
    return text if i is None else f"\033[{COLOURS[i % len(COLOURS)]}m{text}\033[0m"
