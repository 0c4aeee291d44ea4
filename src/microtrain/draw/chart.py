"""A curve, drawn with characters: eight dots to each in braille, or two in plain ASCII."""

from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# The bit of each dot of a character, by row from the top and by column.
BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
ASCII = ((1,), (2,))


def line_chart(
    ys: Sequence[float],
    *,
    title: str = "",
    x_label: str = "",
    width: int = 72,
    height: int = 12,
    log: bool | None = None,
    ascii: bool = False,
) -> str:
    """Return a chart of ys over 0, 1, 2, …, as lines of text of at most `width` characters.

    (At least 8 characters and 2 rows are always left to the curve.)

    Numbers that are not finite (or beyond 8e307) leave a gap. `log` puts the y axis on a
    logarithmic scale, on which numbers that are not positive leave a gap too; None decides by
    itself: it does so where all are positive and the largest is over 20 times the smallest.
    `height` counts the rows of the curve.

    >>> print(line_chart([4.0, 2.0, 1.0, 0.5, 0.0], width=30, height=5, ascii=True))
    4 |'..
      |   '..
    2 |      ''..
      |          ''.....
    0 |                 '''''''...
      +---------------------------
       0                         4
    """
    finite = [y for y in ys if math.isfinite(y)]
    if log is None:
        log = bool(finite) and min(finite) > 0 and max(finite) > 20 * min(finite)
    scaled = [_scale(y, log) for y in ys]
    shown = [y for y in scaled if y is not None]
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
    rows = _curve(scaled, low, high, columns, height, dots)
    tick_mark, bar, corner, dash = ("|", "|", "+", "-") if ascii else ("┤", "│", "└", "─")

    lines = [title] if title else []
    for i, row in enumerate(rows):
        mark = tick_mark if i in labels else bar
        lines.append(f"{labels.get(i, ''):>{margin}} {mark}{_text(row, ascii)}".rstrip())
    lines.append(f"{'':>{margin}} {corner}{dash * columns}")
    last = str(len(ys) - 1)
    middle = x_label.center(columns - 1 - len(last)) if len(ys) > 1 else ""
    lines.append(f"{'':>{margin}}  0{middle}{last if len(ys) > 1 else ''}".rstrip())
    return "\n".join(lines)


def _scale(y: float, log: bool) -> float | None:
    """Return where y lies on the axis, or None if it has no place there."""
    if not abs(y) < 8e307 or (log and y <= 0):  # above, the height of the axis would overflow
        return None
    return math.log10(y) if log else y


def _ticks(low: float, high: float) -> list[float]:
    """Return 3 to 6 round numbers from low to high."""
    unit = 10.0 ** math.floor(math.log10(high - low))
    choices = (
        [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
        for step in (5 * unit, 2 * unit, unit, unit / 2, unit / 5)
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


def _curve(
    ys: Sequence[float | None],
    low: float,
    high: float,
    columns: int,
    height: int,
    dots: Sequence[Sequence[int]],
) -> list[list[int]]:
    """Return rows of characters as sets of bits, with the dots of the curve set."""
    per_row, per_column = len(dots), len(dots[0])
    cells = [[0] * columns for _ in range(height)]
    wide = columns * per_column
    before: tuple[int, int] | None = None
    for i, y in enumerate(ys):
        if y is None:
            before = None
            continue
        across = round(i / max(1, len(ys) - 1) * (wide - 1))
        down = _row(y, low, high, height * per_row)
        x0, y0 = before or (across, down)
        length = max(abs(across - x0), abs(down - y0), 1)
        for k in range(length + 1):
            x = x0 + round((across - x0) * k / length)
            z = y0 + round((down - y0) * k / length)
            cells[z // per_row][x // per_column] |= dots[z % per_row][x % per_column]
        before = across, down
    return cells


def _text(cells: Sequence[int], ascii: bool) -> str:
    if ascii:
        return "".join(" '.:"[bits] for bits in cells)
    return "".join(chr(0x2800 + bits) if bits else " " for bits in cells)
