"""What a phase diagram leaves behind: the runs in its cells, and their picture."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ..draw import plot
from ..draw.chart import default_width
from ..errors import any_int, counted, true_or_false
from .runs import Job, Rate, Run

LABELS = {"scale": "scale of the initial parameters", "seed": "seed"}
LINE = "2 / sharpness of the start"
Look = tuple[str, str, tuple[int, ...]]
# Signs in plain text, colours of a plot, and those of a terminal (of "converged", from one step to
# the most). The colours are after Okabe and Ito (2008, "Color Universal Design"), with greys where
# it goes slowly. All differ also for those who see no red, no green or no blue.
LOOKS: dict[str, Look] = {
    "converged": ("#", "#0072B2", (17, 24, 31, 74, 117)),
    "descending": ("-", "#B8B8B8", (249,)),
    "crawling": (".", "#EBEBEB", (255,)),
    "oscillating": ("~", "#C06A9C", (132,)),
    "saturated": ("=", "#E69F00", (214,)),
    "diverged": ("X", "#A33A00", (130,)),
    LINE: ("|", "#000000", (16,)),
}
EMPTY: Look = " ", "none", (240,)
SHADES = "#08254D", "#0072B2", "#A9DBF5"  # of "converged" in a plot, likewise


class PhaseDiagram(Job):
    """What became of every learning rate from every start, made by `phase_diagram`.

    Beside what a `Job` has, whose plan is the scale and the seed of each start:

    Attributes:
        lrs: the learning rates, ascending.
        rows: the scales, ascending, or the seeds.
        by: what the rows are: "scale" or "seed".

    >>> import microtrain as mt
    >>> found = mt.phase_diagram([0.1, 1.0], [1.0], seeds=range(5))
    >>> found.cells
    [[Rate(0.1: 5 converged), Rate(1: 5 saturated)]]
    >>> [round(lr, 2) for lr in found.stable_lrs]
    [0.2]
    """

    what, one = "starts", "the start of scale {:g} with seed {}"

    def __init__(
        self, lrs: list[float], scales: list[float] | None, seeds: Any, steps: int, target_loss: Any
    ) -> None:
        # Seed by seed, so that what is there after Ctrl-C is the whole plane with fewer seeds.
        plan = [(scale, seed) for seed in seeds for scale in scales or (1.0,)]
        super().__init__(plan, steps, target_loss)
        self.lrs, self.by = list(lrs), "seed" if scales is None else "scale"
        self.rows: list[float] = list(seeds if scales is None else scales)

    @property
    def cells(self) -> list[list[Rate | None]]:
        """A `Rate` for each row and learning rate; None where no run has been made."""
        rows: dict[float, list[Run]] = {row: [] for row in self.rows}
        for run in self.runs:
            rows[getattr(run, self.by)].append(run)
        n = len(self.lrs)  # a row has the runs of its starts one after the other
        return [[Rate(runs[k::n]) if runs else None for k in range(n)] for runs in rows.values()]

    @property
    def stable_lrs(self) -> list[float | None]:
        """For each row the rate below which gradient descent would be stable on a quadratic.

        It is 2 / sharpness, with the median of the sharpness of the starts; None where that is not
        above 0, or unknown.
        """
        found = [first.sharpness if first else None for first, *_ in self.cells]
        return [2 / sharpness if sharpness and sharpness > 0 else None for sharpness in found]

    def chart(self, width: int | None = None, height: int = 24, *, colour: bool = False) -> str:
        """Return the diagram as text: a sign for each cell or, with `colour`, an ANSI colour.

        A cell shows its most frequent verdict. At most `width` characters wide (None: as the
        terminal, and 80 at most), with at most `height` lines for the cells. Where there are more
        rows or columns than that, some are left out, and the last line says how many are shown.
        """
        width = default_width() if width is None else any_int("width", width)
        height = max(2, any_int("height", height))
        true_or_false("colour", colour)
        labels = [f"{x:.3g}" for x in self.rows]
        margin = max(map(len, labels))
        room, n, m = max(8, width - margin - 2), len(self.lrs), len(labels)
        across, up = min(n, room), min(m, height)  # how many are shown
        size = max(1, min(room // n, height * 2 // m, 6))  # characters that a cell is wide
        columns = [k * n // across for k in range(across)]
        borders = [*map(math.log10, edges([self.lrs[k] for k in columns]))]
        # Where each character of a row begins; a little before, or rounding decides.
        places = [a + (b - a) * i / size - 1e-9 for a, b in pairwise(borders) for i in range(size)]

        def look(cell: Rate | None) -> tuple[str, int]:
            """Return the sign of a cell, and its colour."""
            sign, _, shades = LOOKS[cell.verdict] if cell else EMPTY
            steps = cell.steps[1] if cell and cell.steps else 0
            part = math.log(max(1, steps)) / math.log(max(2, self.steps))
            return sign, shades[int(part * (len(shades) - 0.01))]

        def text(looks: Sequence[tuple[str, int]]) -> str:
            if colour:
                return "".join(f"\033[48;5;{ansi}m " for _, ansi in looks) + "\033[0m"
            return "".join(sign for sign, _ in looks).rstrip()

        told, signs = [f"{LABELS[self.by]} over learning rate"], set()
        cells, line = self.cells, self.stable_lrs
        for row in (k * m // up for k in reversed(range(up))):
            looks = [look(cells[row][k]) for k in columns for _ in range(size)]
            if (lr := line[row]) and borders[0] <= math.log10(lr) < borders[-1]:
                looks[bisect.bisect(places, math.log10(lr)) - 1] = LOOKS[LINE][0], LOOKS[LINE][2][0]
            signs |= {sign for sign, _ in looks}
            titles = [labels[row], *[""] * (size // 2 - 1)]
            told += [f"{title:>{margin}} |{text(looks)}" for title in titles]
        ticks = ""
        lowest, highest = math.log10(self.lrs[0]) - 1e-9, math.log10(self.lrs[-1]) + 1e-9
        for k in range(math.ceil(lowest), math.floor(highest) + 1):
            if (tick := bisect.bisect(places, k) - 1) >= len(ticks):
                ticks = f"{ticks:<{tick}}{10.0**k:g} "
        entries = []
        for name, (sign, _, shades) in LOOKS.items():
            block = [(sign, shade) for shade in shades for _ in "  "] if colour else [(sign, 0)]
            order = ", early to late" if colour and len(shades) > 1 else ""
            entries += [f"{text(block)} {name}{order}"] if sign in signs else []
        below = [ticks.rstrip() or f"{self.lrs[0]:.3g}"]
        below += ["   ".join(entries[i : i + 4]) for i in range(0, len(entries), 4)]
        if across < n or up < m:
            below.append(f"{across} of {n} rates and {up} of {m} {self.by}s are shown")
        return "\n".join([*told, *(" " * (margin + 2) + text for text in below)])

    def plot(self, ax: Any = None) -> Any:
        """Draw the diagram on the axes given or on new ones, and return matplotlib's axes.

        A cell has the colour of its most frequent verdict; of runs that converged, the darker, the
        fewer steps they took (the median). The line is `stable_lrs`. The legend stands beside the
        axes. Needs matplotlib (`pip install matplotlib`), else `ImportError`.
        """
        ax = plot.axes(ax, 7.2, 4.6)
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import LinearSegmentedColormap, LogNorm, to_rgba
        from matplotlib.patches import Patch
        from matplotlib.patheffects import withStroke

        shades = LinearSegmentedColormap.from_list("", SHADES)
        steps: Any = ScalarMappable(LogNorm(1, max(2, self.steps)), shades)

        def colour(cell: Rate | None) -> Any:
            if cell and cell.verdict == "converged" and cell.steps:
                return steps.to_rgba(max(1.0, cell.steps[1]))
            return to_rgba(LOOKS[cell.verdict][1] if cell else EMPTY[1])

        cells, scaled, across = self.cells, self.by == "scale", edges(self.lrs)
        up = edges(self.rows) if scaled else [k - 0.5 for k in range(len(cells) + 1)]
        ax.pcolormesh(across, up, [[*map(colour, row)] for row in cells], rasterized=True)
        seen = {cell.verdict for row in cells for cell in row if cell}
        handles: list[Any] = [Patch(color=LOOKS[x][1], label=x) for x in LOOKS if x in seen]
        passes = [lr or math.nan for lr in self.stable_lrs]
        if any(across[0] <= lr < across[-1] for lr in passes):
            look: dict[str, Any] = {"orientation": "horizontal", "baseline": None, "color": "black"}
            look["path_effects"] = [withStroke(linewidth=3.2, foreground="white")]
            handles.append(ax.stairs(passes, up, label=LINE, linewidth=1.4, **look))
        ax.set(xlabel="learning rate", xscale="log", xlim=(across[0], across[-1]))
        ax.set(ylabel=LABELS[self.by], yscale="log" if scaled else "linear", ylim=(up[0], up[-1]))
        if not scaled:
            some = slice(0, None, math.ceil(len(cells) / 10))
            ax.set_yticks(range(len(cells))[some], self.rows[some])
        seeds = len({seed for _, seed in self.plan})
        title = f"most frequent of {seeds} seeds" if scaled and seeds > 1 else ""
        ax.legend(handles=handles, title=title, frameon=False, alignment="left", **plot.BESIDE)
        if "converged" in seen:
            scale = ax.inset_axes((1.04, 0.03, 0.035, 0.38))
            ax.figure.colorbar(steps, cax=scale, label="steps to converge")
        return ax

    def records(self) -> list[dict[str, Any]]:
        """Return a dict for each run: lr, scale, seed, verdict, steps, loss and first sharpness."""
        names = "lr", "scale", "seed", "verdict", "steps", "loss", "sharpness"
        return [{name: getattr(run, name) for name in names} for run in self.runs]

    def to_dict(self) -> dict[str, Any]:
        """Return what was found as plain numbers, texts, lists and dicts.

        A run is in `runs` as in `records`; `verdicts` holds for each row and learning rate how many
        runs there are of each.
        """
        names = "status", "lrs", "by", "rows", "steps", "target_loss", "stable_lrs"
        return {
            **{name: getattr(self, name) for name in names},
            "verdicts": [[cell and cell.verdicts for cell in row] for row in self.cells],
            "runs": self.records(),
        }

    def _repr_html_(self) -> str:
        return plot.html_table(repr(self), [], (), plot.inline(self.plot, self.chart))

    def __repr__(self) -> str:
        done = "" if self.status == "finished" else f", {self.status}"
        rates, rows = counted(len(self.lrs), "rate"), counted(len(self.rows), self.by)
        return f"PhaseDiagram({counted(len(self.runs), 'run')} of {rates} and {rows}{done})"


def edges(centres: Sequence[float]) -> list[float]:
    """Return the borders of cells with these centres, halfway between them on a logarithmic scale.

    >>> edges([0.01, 1.0])
    [0.001, 0.1, 10.0]
    """
    places = [*map(math.log10, centres)]
    first, last = (places[1] - places[0], places[-1] - places[-2]) if places[1:] else (1.0, 1.0)
    padded = [places[0] - first, *places, places[-1] + last]
    return [10.0 ** min(max(-307, (a + b) / 2), 308) for a, b in pairwise(padded)]
