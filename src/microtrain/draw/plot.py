"""Plots with matplotlib, which is imported when the first one is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import describe
from .grid import boundary_level, shade
from .html import preformatted

# Colours that people with any kind of colour vision can tell apart (Okabe and Ito, 2008, "Color
# Universal Design").
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000")
STYLES = ("-", "--", ":", "-.")  # for one curve of a colour after the other
# Where a legend stands that is to cover nothing: beside the axes.
BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
LARGEST = 1e100  # larger losses would leave no room on the axis for the others
LOW, HIGH = "#E69F00", "#0072B2"  # the two sides of a decision boundary


def new_axes(width: float = 6.4, height: float = 4.0) -> Any:
    """Return axes on a new figure of this size in inches.

    In a notebook, and where pyplot is in use, the figure is one of pyplot's, so that it is shown.
    Raises `ImportError` if matplotlib is missing, and says what to install.
    """
    import sys

    options: dict[str, Any] = {"figsize": (width, height), "layout": "constrained"}
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if "matplotlib.pyplot" in sys.modules or hasattr(shell, "kernel"):
        _figure()  # raises the error that says what to install
        import matplotlib.pyplot as plt

        return plt.subplots(**options)[1]
    return _figure(**options).add_subplot()


def _figure(**options: Any) -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "plots need matplotlib: pip install matplotlib (chart() draws without it)"
        ) from error
    return Figure(**options)


def given(ax: Any) -> Any:
    """Return `ax`. Raises `TypeError` unless it is None or matplotlib's axes."""
    if ax is not None and not hasattr(ax, "contourf"):
        raise TypeError(f"ax expects matplotlib's axes, got {describe(ax)}")
    return ax


def descent(
    curves: Mapping[str, Sequence[float]],
    ax: Any = None,
    *,
    title: str = "",
    bands: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None,
    target: float | None = None,
) -> Any:
    """Draw losses by step, each curve by its name, and return the axes.

    `bands` gives, for some curves, what to shade from and to; `target`, a loss to mark. The scale
    is logarithmic where all losses are positive.
    """

    def bounded(ys: Sequence[float]) -> list[float]:
        return [y if abs(y) < LARGEST else math.nan for y in ys]

    ax = given(ax) or new_axes()
    for i, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[i % len(COLOURS)]
        steps = range(len(curve))
        style = STYLES[i // len(COLOURS) % len(STYLES)]
        ax.plot(steps, bounded(curve), style, color=colour, label=name, linewidth=1.8)
        if bands and name in bands:
            low, high = map(bounded, bands[name])
            ax.fill_between(steps, low, high, color=colour, alpha=0.15, linewidth=0)
        drawn = [k for k in steps if abs(curve[k]) < LARGEST]
        ax.plot(drawn[-1:], [curve[k] for k in drawn[-1:]], "o", color=colour, markersize=4)
    losses = [y for curve in curves.values() for y in curve if abs(y) < LARGEST]
    if losses and min(losses) > 0:
        ax.set_yscale("log")
    if target is not None:
        ax.axhline(target, color="0.6", linewidth=1, linestyle="--", zorder=0)
        ax.annotate(
            f"target {target:g}",
            (1, target),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            xytext=(-3, 3),
            ha="right",
            color="0.4",
            fontsize="small",
        )
    cut = any(LARGEST <= abs(y) < math.inf for curve in curves.values() for y in curve)
    note = f" (what is beyond {LARGEST:g} is not drawn)" if cut else ""
    ax.set(xlabel="step", ylabel=f"loss{note}", title=title)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.grid(True, color="0.9", linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    if len(curves) > 1:
        ax.legend(title="learning rate", frameon=False, **BESIDE)
    return ax


def boundary(
    xs: Sequence[Sequence[float]],
    ys: Sequence[float],
    grid: tuple[Sequence[float], Sequence[float], Sequence[Sequence[float]]],
    ax: Any = None,
    *,
    title: str = "",
) -> Any:
    """Draw points over a model's predictions in the plane, and return the axes.

    xs: n points; ys: their targets; grid: the coordinates of the columns and of the rows, and the
    prediction in each row and column. The line is where the predictions pass from one class to the
    other, or pass 0.
    """
    known = boundary_level(ys)
    level = known or 0.0
    ax = given(ax) or new_axes(5.2, 4.4)
    across, up, field = grid
    bounded = [[shade(value, level) for value in row] for row in field]
    levels = [-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0]
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("sides", [LOW, "#FFFFFF", HIGH])
    ax.contourf(across, up, bounded, levels=levels, cmap=colours, alpha=0.45, extend="both")
    flat = [value for row in field for value in row]
    if min(flat) < level < max(flat):
        ax.contour(across, up, field, levels=[level], colors="0.15", linewidths=1.5)
    names = ("target below 0", "target above 0")
    if known is not None:
        names = ("target 0", "target 1") if level else ("target -1", "target +1")
    for upper, colour, marker in ((False, LOW, "o"), (True, HIGH, "s")):
        points = [x for x, y in zip(xs, ys) if (y > level) == upper]
        ax.plot(
            [x[0] for x in points],
            [x[1] for x in points],
            marker,
            color=colour,
            markeredgecolor="white",
            markersize=6,
            linestyle="none",
            label=names[upper],
        )
    ax.set(xlabel="$x_0$", ylabel="$x_1$", title=title)
    ax.set_aspect("equal", adjustable="box")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=True, framealpha=0.85, edgecolor="none", loc="best")
    return ax


def inline(plot: Callable[[Any], Any], chart: Callable[[], str]) -> str:
    """Return a plot as a piece of HTML; where matplotlib can't draw it, the chart instead."""
    import io

    try:
        file = io.StringIO()
        figure = _figure(figsize=(6.4, 4.0), layout="constrained")
        plot(figure.add_subplot())
        figure.savefig(file, format="svg", metadata={"Date": None})
        text = file.getvalue()
        return text[text.index("<svg") :]
    except Exception:  # whatever matplotlib lacks, a notebook has to show something
        return preformatted(chart())
