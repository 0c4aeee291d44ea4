"""A plane of cells, each in the colour of what became of its runs: as text, or as a plot."""

from __future__ import annotations

import bisect
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


# After Okabe and Ito (2008, "Color Universal Design"), with greys where it goes slowly. All differ
# also for those who see no red, no green or no blue.
LOOKS = {
    "converged": Look("#", "#0072B2", 25),
    "descending": Look("-", "#B8B8B8", 249),
    "crawling": Look(".", "#EBEBEB", 255),
    "oscillating": Look("~", "#C06A9C", 132),
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
        from matplotlib.colors import LinearSegmentedColormap, ListedColormap, LogNorm
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch
        from matplotlib.patheffects import withStroke

        across = edges(self.columns)
        up = edges(self.rows if self.log else range(len(self.rows)), self.log)
        kinds = ListedColormap([look.colour for look in LOOKS.values()])
        shades = LinearSegmentedColormap.from_list("steps", SHADES)
        names, steps = [*LOOKS], LogNorm(1, max(2, self.steps))
        places = [
            [names.index(cell[0]) if cell else math.nan for cell in row] for row in self.cells
        ]
        slow = [[_steps(cell) or math.nan for cell in row] for row in self.cells]
        ax.pcolormesh(across, up, places, cmap=kinds, vmin=0, vmax=len(names) - 1, rasterized=True)
        mesh = ax.pcolormesh(across, up, slow, cmap=shades, norm=steps, rasterized=True)
        ax.set(xscale="log", yscale="log" if self.log else "linear")
        ax.set(xlabel="learning rate", ylabel=self.y_label, xlim=(across[0], across[-1]))
        if not self.log:
            ax.yaxis.get_major_locator().set_params(integer=True)
            ax.yaxis.set_major_formatter(lambda k, _: f"{dict(enumerate(self.rows)).get(k, '')}")
        handles: list[Any] = [Patch(color=LOOKS[name].colour, label=name) for name in self.verdicts]
        if self.crossed:
            style: dict[str, Any] = {"color": LINE.colour, "linewidth": 1.4}
            halo = [withStroke(linewidth=3.2, foreground=EMPTY.colour)]
            passes = [x or math.nan for x in self.line]
            ax.stairs(
                passes, up, orientation="horizontal", baseline=None, path_effects=halo, **style
            )
            handles.append(Line2D([], [], label=LINE_NAME, **style))
        ax.set(ylim=(up[0], up[-1]))
        ax.legend(handles=handles, title=self.title, frameon=False, alignment="left", **BESIDE)
        if "converged" in self.verdicts:
            scale = ax.inset_axes((1.04, 0.03, 0.035, 0.38))
            ax.figure.colorbar(mesh, cax=scale, label="steps to converge")
        return ax

    def chart(self, width: int | None = None, height: int = 24, *, colour: bool = False) -> str:
        """Return the plane as text: signs or, in `colour`, blocks of ANSI colours."""
        width = default_width() if width is None else any_int("width", width)
        height = max(2, any_int("height", height))
        true_or_false("colour", colour)
        labels = [f"{x:.3g}" for x in self.rows]
        margin = max(map(len, labels))
        room, n, m = max(8, width - margin - 2), len(self.columns), len(self.rows)
        size = max(1, min(room // n, height * 2 // m, 6))
        columns = _picked(n, room, size)
        borders = edges([self.columns[k] for k in columns[::size]])

        def place(x: float) -> int | None:
            """Return which character of a row stands for this rate, if one does."""
            k = bisect.bisect(borders, x)
            if not 0 < k < len(borders):
                return None
            low, at, high = map(math.log, (borders[k - 1], x, borders[k]))
            return int((k - 1 + (at - low) / (high - low)) * size)

        told, before = [f"{self.y_label} over learning rate"], ""
        for row in reversed(_picked(m, height, max(1, size // 2))):
            looks = [self._look(self.cells[row][k]) for k in columns]
            if (passes := place(self.line[row] or 0.0)) is not None:
                looks[passes] = LINE
            label = labels[row] if labels[row] != before else ""
            told.append(f"{label:>{margin}} |{_text(looks, colour)}")
            before = labels[row]
        ticks = ""
        for power in (10.0**k for k in range(-307, 308)):
            if (tick := place(power)) is not None and tick >= len(ticks):
                ticks = f"{ticks:<{tick}}{power:g} "
        blank = " " * (margin + 2)
        axis = blank + (ticks.rstrip() or f"{self.columns[0]:.3g}")
        return "\n".join([*told, axis, *self._legend(blank, colour)])

    def _look(self, cell: Cell) -> Look:
        """Return how a cell looks in a terminal."""
        look = LOOKS[cell[0]] if cell else EMPTY
        if steps := _steps(cell):
            part = math.log(steps) / math.log(max(2, self.steps))
            return look._replace(ansi=ANSI_SHADES[int(part * (len(ANSI_SHADES) - 0.01))])
        return look

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
            blocks = _text([look._replace(ansi=shade) for shade in shades for _ in "  "], colour)
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
    return [10.0 ** min(max(-307, x), 308) if log else x for x in found]


def _steps(cell: Cell) -> float | None:
    """Return after how many steps a cell converged, at least 1, if it did."""
    return max(1.0, cell[1]) if cell and cell[0] == "converged" else None


def _picked(n: int, room: int, size: int) -> list[int]:
    """Return which of n cells to show in so much room, each as often as it is large."""
    shown = min(n, room)
    return [k * n // shown for k in range(shown) for _ in range(size)]


def _text(looks: Sequence[Look], colour: bool) -> str:
    """Return a row of characters: signs, or blanks on the colours of a terminal."""
    if not colour:
        return "".join(look.sign for look in looks).rstrip()
    stretches = itertools.groupby(look.ansi for look in looks)
    return "".join(f"\033[48;5;{ansi}m{' ' * len([*same])}" for ansi, same in stretches) + "\033[0m"
