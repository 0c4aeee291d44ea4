"""A plane of cells, each in the colour of what became of its runs: as text, or as a plot."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..errors import any_int, true_or_false
from .chart import default_width
from .plot import BESIDE, axes

Cell = tuple[str, float] | None  # a verdict, and of "converged" after how many steps


class Look(NamedTuple):
    """How something is shown: its sign in plain text, its colour in a plot and in a terminal."""

    sign: str
    colour: str
    ansi: int


# Colours of Okabe and Ito (2008, "Color Universal Design"), and greys where it goes slowly.
LOOKS = {
    "converged": Look("#", "#0072B2", 25),
    "descending": Look("-", "#B4B4B4", 248),
    "crawling": Look(".", "#E2E2E2", 254),
    "oscillating": Look("~", "#CC79A7", 175),
    "saturated": Look("=", "#E69F00", 214),
    "diverged": Look("X", "#A33A00", 130),
}
EMPTY, LINE = Look(" ", "#FFFFFF", 240), Look("|", "#000000", 16)
SHADES = ("#08254D", "#0072B2", "#A9DBF5")  # of "converged", from one step to the most
ANSI_SHADES = (17, 24, 31, 74, 117)
SIZE = 7.2, 4.6  # of a plot, in inches
LINE_NAME = "2 / sharpness of the start"


class Phases(NamedTuple):
    """What to show: a cell for each row (upward) and column, a line, and the most steps of a run.

    The axis of the columns is logarithmic, and so is that of the rows if `log`; else each row is
    as high as the others. `line` has, for each row, where it passes on the axis of the columns, or
    None.
    """

    columns: Sequence[float]
    rows: Sequence[float]
    y_label: str
    log: bool
    title: str
    cells: Sequence[Sequence[Cell]]
    line: Sequence[float | None]
    steps: int

    def slowness(self, cell: Cell) -> float:
        """Return where the steps of a cell lie between one and the most: from 0 to 1."""
        return math.log(max(1.0, cell[1] if cell else 0.0)) / math.log(max(2, self.steps))

    @property
    def verdicts(self) -> list[str]:
        """The verdicts that there are, as `LOOKS` has them."""
        found = {cell[0] for row in self.cells for cell in row if cell}
        return [name for name in LOOKS if name in found]

    @property
    def crossed(self) -> bool:
        """Whether the line passes through the plane anywhere."""
        low, *_, high = edges(self.columns)
        return any(low <= x < high for x in self.line if x)

    def plot(self, ax: Any = None) -> Any:
        """Draw the plane, and return matplotlib's axes. The legend stands beside it."""
        ax = axes(ax, *SIZE)
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import LinearSegmentedColormap, LogNorm, to_rgb
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        shades = LinearSegmentedColormap.from_list("steps", SHADES)

        def colour(cell: Cell) -> Any:
            if cell and cell[0] == "converged":
                return shades(self.slowness(cell))[:3]
            return to_rgb(LOOKS[cell[0]].colour if cell else EMPTY.colour)

        places = self.rows if self.log else range(len(self.rows))
        across, up = edges(self.columns), edges(places, self.log)
        ax.pcolormesh(across, up, [[*map(colour, row)] for row in self.cells], rasterized=True)
        ax.set(xscale="log", yscale="log" if self.log else "linear")
        ax.set(xlim=(across[0], across[-1]), ylim=(up[0], up[-1]))
        ax.set(xlabel="learning rate", ylabel=self.y_label)
        if not self.log:
            every = next(k for k in (1, 2, 5, 10, 20, 50, len(places)) if k * 10 >= len(places))
            labels = {k: f"{self.rows[k]:g}" for k in range(0, len(places), every)}
            ax.set_yticks([*labels], [*labels.values()])
        handles: list[Any] = [Patch(color=LOOKS[name].colour, label=name) for name in self.verdicts]
        if self.crossed:
            passes = [x or math.nan for x in self.line]
            for shade, width in ((EMPTY.colour, 3.2), (LINE.colour, 1.4)):
                if self.log:
                    ax.plot(passes, places, color=shade, linewidth=width)
                else:  # one row says nothing of what is between it and the next
                    ax.vlines(passes, up[:-1], up[1:], color=shade, linewidth=width)
            handles.append(Line2D([], [], color=LINE.colour, linewidth=1.4, label=LINE_NAME))
        ax.legend(handles=handles, title=self.title, frameon=False, alignment="left", **BESIDE)
        if "converged" in self.verdicts:
            scale = ScalarMappable(LogNorm(1, max(2, self.steps)), shades)
            ax.figure.colorbar(
                scale, cax=ax.inset_axes((1.04, 0.03, 0.035, 0.38)), label="steps to converge"
            )
        return ax

    def chart(self, width: int | None = None, height: int = 24, *, colour: bool = False) -> str:
        """Return the plane as text; in `colour`, two cells fit into a character, as two blocks."""
        width = default_width() if width is None else any_int("width", width)
        height = max(2, any_int("height", height))
        halves = 1 + true_or_false("colour", colour)  # of a character: it is twice as high as wide
        labels = [f"{x:.3g}" for x in self.rows]
        margin = max(map(len, labels))
        room, n, m = max(8, width - margin - 2), len(self.columns), len(self.rows)
        size = max(1, min(room // n, height * 2 // m, 6))
        columns = _picked(n, room, size)
        rows = _picked(m, height * halves, max(1, size * halves // 2))[::-1]
        lines = [self._looks(row, columns) for row in rows]
        told, before = [f"{self.y_label} over learning rate"], ""
        for k in range(0, len(rows), halves):
            label = labels[rows[k]]
            text = _text(lines[k], lines[min(k + halves, len(rows)) - 1], colour)
            told.append(f"{label if label != before else '':>{margin}} |{text}")
            before = label
        blank = " " * (margin + 2)
        ticks = _ticks([self.columns[k] for k in columns])
        return "\n".join([*told, blank + ticks, *self._legend(blank, colour)])

    def _looks(self, row: int, columns: Sequence[int]) -> list[Look]:
        """Return what stands in a row: how its cells look, and the line where it passes."""
        looks = []
        for cell in (self.cells[row][k] for k in columns):
            look = LOOKS[cell[0]] if cell else EMPTY
            if cell and cell[0] == "converged":
                look = look._replace(ansi=ANSI_SHADES[int(4.99 * self.slowness(cell))])
            looks.append(look)
        passes, borders = self.line[row] or 0.0, edges(self.columns)
        for k, (low, high) in enumerate(itertools.pairwise(borders)):
            if low <= passes < high and k in columns:
                part = math.log(passes / low) / math.log(high / low)
                looks[columns.index(k) + int(part * columns.count(k))] = LINE
        return looks

    def _legend(self, blank: str, colour: bool) -> list[str]:
        """Return lines that say what the signs, or the colours, stand for."""
        entries = []
        looks = {name: LOOKS[name] for name in self.verdicts}
        if self.crossed:
            looks[LINE_NAME] = LINE
        for name, look in looks.items():
            shades: tuple[int, ...] = (look.ansi,)
            if colour and name == "converged":
                name, shades = "converged, early to late", ANSI_SHADES
            blocks = "".join(f"\033[48;5;{shade}m  \033[0m" for shade in shades)
            entries.append(f"{blocks if colour else look.sign} {name}")
        return [blank + "   ".join(entries[i : i + 4]) for i in range(0, len(entries), 4)]


def edges(centres: Sequence[float], log: bool = True) -> list[float]:
    """Return the borders of cells with these centres, halfway between them.

    >>> edges([0.01, 1.0]), edges([0, 1, 2], log=False)
    ([0.001, 0.1, 10.0], [-0.5, 0.5, 1.5, 2.5])
    """
    places = [math.log10(x) if log else x for x in centres]
    inner = [(a + b) / 2 for a, b in itertools.pairwise(places)]
    first, last = (inner[0], inner[-1]) if inner else (places[0] + 0.5, places[0] - 0.5)
    found = [2 * places[0] - first, *inner, 2 * places[-1] - last]
    return [10**x if log else x for x in found]


def _picked(n: int, room: int, size: int) -> list[int]:
    """Return which of n cells to show in so much room, each as often as it is large."""
    shown = min(n, room)
    return [k * n // shown for k in range(shown) for _ in range(size)]


def _text(above: Sequence[Look], below: Sequence[Look], colour: bool) -> str:
    """Return a row of characters, each of a look above and one below."""
    if not colour:
        return "".join(look.sign for look in above).rstrip()
    pieces = []
    for (top, bottom), stretch in itertools.groupby(zip(above, below)):
        block = "▀" * len(list(stretch))
        pieces.append(f"\033[38;5;{top.ansi};48;5;{bottom.ansi}m{block}")
    return "".join(pieces) + "\033[0m"


def _ticks(columns: Sequence[float]) -> str:
    """Return the labels below the columns, at the powers of ten."""
    low, high = math.log10(columns[0]) - 1e-9, math.log10(columns[-1]) + 1e-9
    line = ""
    for power in range(math.ceil(low), math.floor(high) + 1):
        place = columns.index(min(columns, key=lambda x: abs(math.log10(x) - power)))
        if place >= len(line):
            line = f"{line:<{place}}{10.0**power:g} "
    return line.rstrip() or f"{columns[0]:.3g}"
