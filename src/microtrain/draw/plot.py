"""Plots with matplotlib, imported when the first one is drawn; and what notebooks show as HTML."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..errors import expect

# Colours that people with any kind of colour vision can tell apart (Okabe and Ito, 2008, "Color
# Universal Design").
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000")
STYLES = ("-", "--", ":", "-.")  # for one curve of a colour after the other
MARKERS = "osD^vPX"  # for the points of one class after the other
# Where a legend stands that is to cover nothing: beside the axes.
BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
LARGEST = 1e100  # larger losses would leave no room on the axis for the others
MARGIN, FINE = 0.15, 60  # of a boundary: around the points, of their extent; columns and rows
# The targets of two classes, the prediction that separates them, and how they are called.
TWO_CLASSES = (({-1, 1}, 0.0, ("-1", "+1")), ({0, 1}, 0.5, ("0", "1")))


def axes(ax: Any = None, width: float = 6.4, height: float = 4.0) -> Any:
    """Return the axes given, or some on a new figure of this size in inches.

    In a notebook, and where pyplot is in use, the figure is one of pyplot's, so that it is shown.
    Raises `TypeError` for other things than axes, and `ImportError` if matplotlib is missing.
    """
    import sys

    expect(ax is None or hasattr(ax, "contourf"), "ax", "matplotlib's axes", ax)
    if ax is not None:
        return ax
    options: dict[str, Any] = {"figsize": (width, height), "layout": "constrained"}
    figure = _figure(**options)
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if "matplotlib.pyplot" in sys.modules or hasattr(shell, "kernel"):
        import matplotlib.pyplot as plt

        figure = plt.figure(**options)
    return figure.add_subplot()


def _figure(**options: Any) -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "plots need matplotlib: pip install matplotlib (charts, as text, need nothing)"
        ) from error
    return Figure(**options)


def descent(
    curves: Mapping[str, Sequence[Sequence[float]]],
    ax: Any = None,
    *,
    title: str = "",
    target: float | None = None,
) -> Any:
    """Draw losses by step, each curve by its name, and return the axes.

    A curve stands alone, or in the middle of two between which to shade. `target` is a loss to
    mark. The scale is logarithmic where all losses are positive.
    """
    ax = axes(ax)
    for i, (name, lines) in enumerate(curves.items()):
        colour, style = COLOURS[i % len(COLOURS)], STYLES[i // len(COLOURS) % len(STYLES)]
        bounded = [[y if abs(y) < LARGEST else math.nan for y in line] for line in lines]
        curve = bounded[len(lines) // 2]
        last = [k for k, y in enumerate(curve) if y == y][-1:]
        end: dict[str, Any] = {"marker": "o", "markersize": 4, "markevery": last}
        ax.plot(curve, style, color=colour, label=name, linewidth=1.8, **end)
        if len(lines) > 1:
            band = bounded[0], bounded[-1]
            ax.fill_between(range(len(curve)), *band, color=colour, alpha=0.15, linewidth=0)
    losses = [y for lines in curves.values() for y in lines[len(lines) // 2]]
    drawn = [y for y in losses if abs(y) < LARGEST]
    if drawn and min(drawn) > 0:
        ax.set_yscale("log")
    if target is not None:
        ax.axhline(target, color="0.6", linewidth=1, linestyle="--", zorder=0)
        place: dict[str, Any] = {"transform": ax.get_yaxis_transform(), "ha": "right"}
        ax.text(1, target, f"target {target:g}", va="bottom", color="0.4", size="small", **place)
    cut = any(LARGEST <= abs(y) < math.inf for y in losses)
    note = f" (what is beyond {LARGEST:g} is not drawn)" if cut else ""
    ax.set(xlabel="step", ylabel=f"loss{note}", title=title)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.grid(True, color="0.9", linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    if len(curves) > 1:
        ax.legend(title="learning rate", frameon=False, **BESIDE)
    return ax


def boundary(
    predict: Callable[[list[list[float]]], list[Any]],
    xs: Sequence[Sequence[float]],
    ys: Sequence[float],
    ax: Any = None,
) -> Any:
    """Draw points over the classes that a model predicts in the plane, and return the axes.

    xs: n points; ys: their targets. A prediction is a number, whose classes part at a level, or a
    list of one number for each class, of which the largest wins; then a target is a place in it.
    """
    ax = axes(ax, 5.2, 4.4)
    from matplotlib.colors import LinearSegmentedColormap

    sides = [_ends([x[k] for x in xs]) for k in range(2)]
    across, up = ([a + (b - a) * i / (FINE - 1) for i in range(FINE)] for a, b in sides)
    found = predict([[x, y] for y in up for x in across])
    colours: Sequence[str] = COLOURS
    if isinstance(found[0], list):
        names = [f"class {k}" for k in range(len(found[0]))]
        classes = ys
    else:
        known = ((level, ends) for targets, level, ends in TWO_CLASSES if {*ys} <= targets)
        level, ends = next(known, (0.0, ("below 0", "above 0")))
        names = [f"target {end}" for end in ends]
        colours, classes = (COLOURS[1], COLOURS[0]), [int(y > level) for y in ys]
        steep = 4.0 if level else 1.0  # predictions from 0 to 1 differ less than those from -1
        found = [[0.0, steep * (y - level)] for y in found]
    for k, name in enumerate(names):
        lead = [row[k] - max(row[:k] + row[k + 1 :]) for row in found]
        colour, rows = colours[k % len(colours)], range(0, len(lead), FINE)
        shades = LinearSegmentedColormap.from_list(name, ["white", colour])
        field = [[*map(math.tanh, lead[i : i + FINE])] for i in rows]
        look: dict[str, Any] = {"cmap": shades, "vmin": 0, "vmax": 1, "alpha": 0.45}
        ax.contourf(across, up, field, levels=[0, 0.25, 0.5, 0.75, 1], **look)
        if k and min(lead) < 0 < max(lead):
            ax.contour(across, up, field, levels=[0], colors="0.15", linewidths=1.5)
        points = [x for x, own in zip(xs, classes) if own == k]
        places = [x[0] for x in points], [x[1] for x in points]
        style = {"color": colour, "markeredgecolor": "white", "label": name}
        ax.plot(*places, MARKERS[k % len(MARKERS)], **style)
    ax.set(xlabel="$x_0$", ylabel="$x_1$")
    ax.set_aspect("equal", adjustable="box")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=True, framealpha=0.85, edgecolor="none", loc="best")
    return ax


def _ends(numbers: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis that shows these numbers, with a margin."""
    margin = MARGIN * (max(numbers) - min(numbers) or 1.0)
    return min(numbers) - margin, max(numbers) + margin


def inline(plot: Callable[[Any], Any], chart: Callable[[], str]) -> str:
    """Return a plot as a piece of HTML; where matplotlib can't draw it, the chart instead."""
    import html
    import io

    try:
        file = io.StringIO()
        figure = _figure(figsize=(6.4, 4.0), layout="constrained")
        plot(figure.add_subplot())
        figure.savefig(file, format="svg", metadata={"Date": None})
        text = file.getvalue()
        return text[text.index("<svg") :]
    except Exception:  # whatever matplotlib lacks, a notebook has to show something
        return f'<pre style="line-height: 1.15">{html.escape(chart())}</pre>'


def html_table(
    title: str, rows: Iterable[Sequence[str]], header: Sequence[str] = (), below: str = ""
) -> str:
    """Return a table of texts, with a title above it and a piece of HTML below.

    Without a header the first cell of each row is its title.
    """
    from html import escape

    lines = [f"<p><strong>{escape(title)}</strong></p>", "<table>"]
    if header:
        cells = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
        lines.append(f"<thead><tr>{cells}</tr></thead>")
    lines.append("<tbody>")
    for first, *others in rows:
        head = f"<td>{escape(first)}</td>" if header else f'<th scope="row">{escape(first)}</th>'
        lines.append(f"<tr>{head}{''.join(f'<td>{escape(cell)}</td>' for cell in others)}</tr>")
    return "\n".join([*lines, "</tbody></table>", below]).rstrip()
