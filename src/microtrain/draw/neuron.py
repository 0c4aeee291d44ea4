"""One neuron as SVG, its numbers left open: a page fills in the texts and sets the classes.

Inputs and weights, the running sum, the activation and the users of its output stand side by side,
or, for a phone, one below the other. These parts fit each other for any number of inputs and of
users, so that a page can put together the neurons of a network that was edited.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import NamedTuple

from .svg import edge, element, path, rect, text

WIDTH, PHONE_WIDTH = 770, 342
HEAD = 28  # the height of the line of headings
TIMES = "\N{MULTIPLICATION SIGN}"


class Part(NamedTuple):
    """A part of the drawing: it ends at y = 0 and reaches up to -height. `head` is its headings,
    for the top of the drawing."""

    svg: str
    height: float
    head: str = ""


class Cell(NamedTuple):
    """Where a number stands in a row, and its gradient: "below" it, "beside" it, or not at all."""

    left: float
    width: float
    gradient: str = ""


class Layout(NamedTuple):
    """How the inputs' rows look, in pixels."""

    pitch: float
    high: float  # of a cell
    cells: dict[str, Cell]  # x: input, w: weight, p: product, g: the weight's gradient
    boxed: bool  # with a box around each cell and its name above, or a line of text
    sum: tuple[float, float]  # the left and right side of the running sum
    below: float  # from the middle of the last row down to the bottom of the sum


BESIDE, BESIDE_LINES, AT_RIGHT = (290.0, 384.0), (297.0, 384.0), (258.0, 341.0)
ROOMY = {"x": Cell(1, 70, "below"), "w": Cell(83, 90, "below"), "p": Cell(187, 90, "below")}
CLOSE = {"x": Cell(1, 61), "w": Cell(74, 138, "beside"), "p": Cell(223, 57)}
LINES = {"w": Cell(32, 52), "x": Cell(100, 50), "p": Cell(162, 52), "g": Cell(216, 72)}
PHONE = {"w": Cell(54, 74, "below"), "x": Cell(136, 50), "p": Cell(194, 52)}
PHONE_LINES = {"w": Cell(36, 52), "x": Cell(98, 52), "g": Cell(162, 86)}
COLUMNS = {"w": "weight", "x": "input", "p": "product", "g": "gradient", "s": "running sum"}


def layout(n: int, portrait: bool) -> Layout:
    """Return the layout for n inputs."""
    if portrait and n <= 8:
        return Layout(36, 30, PHONE, False, AT_RIGHT, 22)
    if portrait:
        return Layout(22, 20, PHONE_LINES, False, AT_RIGHT, 18)
    if n <= 4:
        return Layout(66 if n < 4 else 54, 36, ROOMY, True, BESIDE, 51)
    if n <= 8:
        return Layout(40, 23, CLOSE, True, BESIDE, 51)
    return Layout(22, 18, LINES, False, BESIDE_LINES, 51)


def rows(n: int, portrait: bool) -> Part:
    """Return the bias, the n inputs with their weights and products, and the running sum.

    >>> rows(3, portrait=False).svg.count("data-slot")
    32
    """
    form = layout(n, portrait)
    left, right = form.sum
    middle = (left + right) / 2
    ys = [-form.below - form.pitch * (n - i) for i in range(n + 1)]
    top = ys[0] - form.high / 2 - 6
    sums = [_slot(f"s{i}.value", middle, y + 4, "value") for i, y in enumerate(ys)]
    if form.pitch > 30:
        for i, (y, below) in enumerate(itertools.pairwise(ys)):
            sums.append(edge(f"s{i}", middle, y + 9, middle, below - 11))
    if not portrait:
        sums.append(text("its gradient", middle, -28, class_="name"))
        sums.append(_slot("s.grad", middle, -11, "grad"))
    svg = [_box("s", rect(left, top, right - left, -top), *sums)]
    for name, y in zip(["", *map(str, range(n))], ys):
        svg += _row(form, name, y)
    heads = [(COLUMNS[name], cell.left + cell.width / 2) for name, cell in form.cells.items()]
    head = [
        text(title, x, HEAD - 12, class_="head") for title, x in [*heads, (COLUMNS["s"], middle)]
    ]
    return Part("".join(svg), -top + (16 if form.boxed else 0), "".join(head))


def _row(form: Layout, i: str, y: float) -> Iterable[str]:
    """Return what stands in the row of input i, or in that of the bias if i is empty."""
    weight = f"w{i}" if i else "b"
    ends: list[float] = []  # where each number of the row ends
    for name, cell in form.cells.items():
        if name == "g":
            yield _slot(f"{weight}.grad", cell.left + cell.width, y + 4, "grad end")
        elif name == "w" or i:
            yield _cell(weight if name == "w" else name + i, cell, y, form)
        else:
            continue
        if len(ends) == 1 and name != "g":
            yield text(TIMES, (ends[0] + cell.left) / 2, y + 4)
        elif name == "p" and form.boxed:
            yield edge(f"xw{i}", ends[1], y, cell.left, y)
        elif name == "p":
            yield text("=", (ends[1] + cell.left) / 2, y + 4)
        ends.append(cell.left + cell.width)
    if not form.boxed:
        yield _slot(f"{weight}.name", 2, y + 4, "name start")
    yield edge(f"p{i}" if i else "b", ends[-1] + 2, y, form.sum[0], y)


def _cell(node: str, cell: Cell, y: float, form: Layout) -> str:
    """Return a number's place: its box, its name if that stands above, its gradient if it shows."""
    middle, right = cell.left + cell.width / 2, cell.left + cell.width
    content = [rect(cell.left, y - form.high / 2, cell.width, form.high)]
    if form.boxed and not node.startswith("p"):
        content.append(_slot(f"{node}.name", middle, y - form.high / 2 - 4, "name"))
    if cell.gradient == "beside":
        content.append(_slot(f"{node}.value", cell.left + 60, y + 4, "value end"))
        content.append(_slot(f"{node}.grad", right - 4, y + 4, "grad end"))
    else:
        content.append(_slot(f"{node}.value", middle, y - 2 if cell.gradient else y + 4, "value"))
    if cell.gradient == "below":
        content.append(_slot(f"{node}.grad", middle, y + 12, "grad"))
    return _box(node, *content, bare=not form.boxed)


def _box(node: str, *content: str, bare: bool = False) -> str:
    return element("g", *content, class_="box bare" if bare else "box", data_node=node)


def activated(name: str, function: Callable[[float], float], portrait: bool) -> Part:
    """Return the activation with its curve, and the place for the arithmetic of the moment."""
    if portrait:
        middle = sum(AT_RIGHT) / 2
        box = [
            rect(0.5, -104, PHONE_WIDTH - 1, 84),
            _plot(function, 8, -99, 92, 44),
            _slot("a.name", 54, -43, "name", name),
            _slot("a.value", 54, -27, "value"),
        ]
        svg = [
            edge("s", middle, -128, middle, -104),
            _slot("s.grad", middle - 12, -111, "grad end"),
            _box("a", *box),
            edge("u", 171, -20, 171, 0),
            _slot("a.grad", 159, -5, "grad end"),
        ]
        height, head, (x, y, wide, high) = 128, "", (110, -97, 224, 70)
    else:
        box = [
            rect(406, -112, 98, 112),
            _plot(function, 412, -106, 86, 62),
            _slot("a.value", 455, -26, "value"),
            _slot("a.grad", 455, -9, "grad"),
        ]
        svg = [
            edge("s", 384, -51, 406, -51),
            element("path", d=path("M", 396, -136, "V", -51), class_="lead"),
            _box("a", *box),
        ]
        height, head = 208, _slot("a.name", 455, HEAD - 12, "head", name)
        x, y, wide, high = 386, -208, 136, 72
    lines = ("title", 19, "name"), ("first", 39, "sum"), ("second", 60, "sum")
    now = [_slot(f"now.{what}", x + wide / 2, y + down, kind) for what, down, kind in lines]
    svg.append(element("g", rect(x, y, wide, high), *now, class_="now-box"))
    return Part("".join(svg), height, head)


def _plot(function: Callable[[float], float], x: float, y: float, wide: float, high: float) -> str:
    """Return the curve of an activation, and the places of a point on it and its tangent."""
    far = 4.0
    inputs = [far * (k - 20) / 20 for k in range(41)]
    values = [function(z) for z in inputs]
    low, up = min(values), max(values)
    low, up = low - (up - low) / 12, up + (up - low) / 12
    points: list[str | float] = []
    for z, v in zip(inputs, values):
        points += ["L" if points else "M", x + wide * (z + far) / (2 * far)]
        points.append(y + high * (up - v) / (up - low))
    zero = y + high * up / (up - low)
    return element(
        "g",
        element("path", d=path("M", x, zero, "H", x + wide), class_="axis"),
        element("path", d=path(*points), class_="curve"),
        element("path", class_="tangent"),
        element("circle", class_="point", r=3.5),
        class_="plot",
        data_x=f"{-far:g} {far:g}",
        data_y=f"{low:.4g} {up:.4g}",
        data_box=f"{x:g} {y:g} {wide:g} {high:g}",
    )


def users(n: int, portrait: bool) -> Part:
    """Return the n users of the neuron's output, with what each passes back, and the total."""
    names, svg = [f"u{k}" for k in range(n)], []
    if portrait:
        ys = [-26 - 18 * (n - 1 - k) for k in range(n)]
        svg.append(_slot("u.head", 2, ys[0] - 20, "head start"))
        for name, y in zip(names, ys):
            row = [
                rect(0.5, y - 13, PHONE_WIDTH - 1, 18),
                _slot(f"{name}.name", 2, y, "name start"),
                _slot(f"{name}.product", 70, y, "sum start"),
                _slot(f"{name}.grad", 338, y, "sum end"),
            ]
            svg.append(_box(name, *row, bare=True))
        svg.append(element("path", d=path("M", 236, -20, "H", 340), class_="rule"))
        svg.append(_slot("added.name", 70, -5, "name start"))
        svg.append(_slot("added.grad", 338, -5, "sum end"))
        return Part("".join(svg), 36 - ys[0])
    left, right, middle, roomy = 541, 769, 655, n <= 4
    pitch, high = (56, 32) if roomy else (22, 18)
    for k, name in enumerate(names):
        y = -51 - pitch * (n - 1 - k) - (0 if n == 1 else 9)
        spans = [element("tspan", data_slot=f"{name}.{what}") for what in ("product", "grad")]
        x, kind = (middle, "sum") if roomy else (right - 4, "sum end")
        row = [
            rect(left, y - high / 2, right - left, high),
            element("text", " ".join(spans), x=x, y=y + 4, class_=kind),
            _slot(f"{name}.name", middle, y - high / 2 - 4, "name")
            if roomy
            else _slot(f"{name}.name", left + 3, y + 4, "name start"),
        ]
        svg.append(edge(name, 504, -51, left, y))
        svg.append(_box(name, *row, bare=not roomy))
    svg.append(_slot("added.name", left, -14, "name start"))
    svg.append(_slot("added.grad", right - 4, -14, "sum end"))
    height = 60 + pitch * (n - 1) + high / 2 + 16
    return Part("".join(svg), height, _slot("u.head", middle, HEAD - 12, "head"))


def _slot(name: str, x: float, y: float, kind: str, words: str = "") -> str:
    """Return a text for the page to fill."""
    return text(words, x, y, class_=kind, data_slot=name)
