"""The picture of a phase diagram: each cell in the colour of what became of its runs."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..draw.chart import default_width
from ..draw.plot import BESIDE, axes
from ..errors import any_int, true_or_false

if TYPE_CHECKING:
    from .phase import PhaseDiagram
    from .runs import Rate


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
LABELS = {"scale": "scale of the initial parameters", "seed": "seed"}
LINE_NAME = "2 / sharpness of the start"


def plot(found: PhaseDiagram, ax: Any = None) -> Any:
    """Draw it, and return matplotlib's axes. The legend stands beside them."""
    ax = axes(ax, *SIZE)
    from matplotlib.colors import LinearSegmentedColormap, ListedColormap, LogNorm
    from matplotlib.patches import Patch
    from matplotlib.patheffects import withStroke

    names, scaled, seeds = [*LOOKS], found.by == "scale", len({seed for _, seed in found.plan})
    places = found.rows if scaled else range(len(found.rows))
    across, up = edges(found.lrs), edges(places, scaled)
    verdicts = ListedColormap([look.colour for look in LOOKS.values()])
    kinds = [
        [names.index(cell.verdict) if cell else math.nan for cell in row] for row in found.cells
    ]
    ax.pcolormesh(across, up, kinds, cmap=verdicts, vmin=0, vmax=len(names) - 1, rasterized=True)
    slow = [[_steps(cell) or math.nan for cell in row] for row in found.cells]
    shades, steps = LinearSegmentedColormap.from_list("", SHADES), LogNorm(1, max(2, found.steps))
    mesh = ax.pcolormesh(across, up, slow, cmap=shades, norm=steps, rasterized=True)
    if not scaled:
        ax.yaxis.get_major_locator().set_params(integer=True)
        ax.yaxis.set_major_formatter(lambda k, _: f"{dict(enumerate(found.rows)).get(k, '')}")
    parts = _parts(found)
    handles: list[Any] = [Patch(color=parts[name].colour, label=name) for name in parts]
    if LINE_NAME in parts:
        style: dict[str, Any] = {"orientation": "horizontal", "baseline": None, "linewidth": 1.4}
        style["path_effects"] = [withStroke(linewidth=3.2, foreground=EMPTY.colour)]
        passes = [x or math.nan for x in found.stable_lrs]
        handles[-1] = ax.stairs(passes, up, color=LINE.colour, label=LINE_NAME, **style)
    ax.set(xlabel="learning rate", xscale="log", xlim=(across[0], across[-1]))
    ax.set(ylabel=LABELS[found.by], yscale="log" if scaled else "linear", ylim=(up[0], up[-1]))
    title = f"most frequent of {seeds} seeds" if scaled and seeds > 1 else ""
    ax.legend(handles=handles, title=title, frameon=False, alignment="left", **BESIDE)
    if "converged" in parts:
        scale = ax.inset_axes((1.04, 0.03, 0.035, 0.38))
        ax.figure.colorbar(mesh, cax=scale, label="steps to converge")
    return ax


def chart(found: PhaseDiagram, width: int | None, height: int, colour: bool) -> str:
    """Return it as text: signs or, in `colour`, blocks of ANSI colours."""
    width = default_width() if width is None else any_int("width", width)
    height = max(2, any_int("height", height))
    true_or_false("colour", colour)
    labels = [f"{x:.3g}" for x in found.rows]
    margin = max(map(len, labels))
    room, n, m = max(8, width - margin - 2), len(found.lrs), len(labels)
    size = max(1, min(room // n, height * 2 // m, 6))
    columns = _picked(n, room, size)
    borders = edges([found.lrs[k] for k in columns[::size]])

    def place(x: float) -> int | None:
        """Return which character of a row stands for this rate, if one does."""
        k = bisect.bisect(borders, x)
        if not 0 < k < len(borders):
            return None
        low, at, high = map(math.log, (borders[k - 1], x, borders[k]))
        return int((k - 1 + (at - low) / (high - low)) * size)

    def look(cell: Rate | None) -> Look:
        look = LOOKS[cell.verdict] if cell else EMPTY
        if steps := _steps(cell):
            part = math.log(steps) / math.log(max(2, found.steps))
            return look._replace(ansi=ANSI_SHADES[int(part * (len(ANSI_SHADES) - 0.01))])
        return look

    told, before = [f"{LABELS[found.by]} over learning rate"], ""
    cells, line = found.cells, found.stable_lrs
    for row in reversed(_picked(m, height, max(1, size // 2))):
        looks = [look(cells[row][k]) for k in columns]
        if (passes := place(line[row] or 0.0)) is not None:
            looks[passes] = LINE
        label = labels[row] if labels[row] != before else ""
        told.append(f"{label:>{margin}} |{_text(looks, colour)}")
        before = labels[row]
    ticks = ""
    for power in (10.0**k for k in range(-307, 308)):
        if (tick := place(power)) is not None and tick >= len(ticks):
            ticks = f"{ticks:<{tick}}{power:g} "
    entries = []
    for name, shown in _parts(found).items():
        shades: tuple[int, ...] = (shown.ansi,)
        if colour and name == "converged":
            name, shades = "converged, early to late", ANSI_SHADES
        blocks = _text([shown._replace(ansi=shade) for shade in shades for _ in "  "], colour)
        entries.append(f"{blocks if colour else shown.sign} {name}")
    below = [ticks.rstrip() or f"{found.lrs[0]:.3g}"]
    below += ["   ".join(entries[i : i + 4]) for i in range(0, len(entries), 4)]
    return "\n".join([*told, *(" " * (margin + 2) + text for text in below)])


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


def _parts(found: PhaseDiagram) -> dict[str, Look]:
    """Return what there is to see, by name: verdicts, and the line where it passes through."""
    verdicts = {cell.verdict for row in found.cells for cell in row if cell}
    parts = {name: look for name, look in LOOKS.items() if name in verdicts}
    low, *_, high = edges(found.lrs)
    crossed = any(low <= x < high for x in found.stable_lrs if x)
    return {**parts, LINE_NAME: LINE} if crossed else parts


def _steps(cell: Rate | None) -> float | None:
    """Return after how many steps a cell converged, at least 1, if it did."""
    return max(1.0, cell.steps[1]) if cell and cell.steps and cell.verdict == "converged" else None


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
