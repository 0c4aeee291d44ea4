"""The drawing of one neuron as SVG, its numbers left open: the page fills in the texts.

It has three parts: the inputs with their weights and the running sum; the activation; the users of
the output. They stand side by side, or, on a phone, one below the other. Each part has its `svg`,
which ends at y = 0 and reaches up to its `height`, and its `head`, the headings above it.
"""

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..draw.svg import curve, element, path, rect, text
from ..engine.value import Value
from ..nn.mlp import ACTIVATIONS

HEADINGS = 28  # the height of their line
MANY_INPUTS = 16  # the most that have a row each
WIDE, TALL = 770, 342  # the widths
REACH = 4  # the largest input of an activation that its curve shows

Part = dict[str, Any]


class Cell(NamedTuple):
    """Where a number stands in a row, and its gradient: "below" it, "beside" it, or not there."""

    left: float
    right: float
    gradient: str = ""

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


class Form(NamedTuple):
    """How the rows of up to so many inputs look, in pixels."""

    most: int
    pitch: float
    high: float  # of a cell
    boxed: bool  # each cell has a box and its name above; else all are a line of text
    cells: dict[str, Cell]  # x: input, w: weight, p: product, g: the weight's gradient
    total: Cell  # the running sum
    foot: float  # from the last row down to the foot of the running sum


ROOMY = {"x": Cell(1, 71, "below"), "w": Cell(83, 173, "below"), "p": Cell(187, 277, "below")}
CLOSE = {"x": Cell(1, 62), "w": Cell(74, 212, "beside"), "p": Cell(223, 280)}
LINES = {"w": Cell(32, 84), "x": Cell(100, 150), "p": Cell(162, 214), "g": Cell(216, 288)}
PHONE = {"w": Cell(46, 118, "below"), "x": Cell(134, 184), "p": Cell(200, 252)}
PHONE_LINES = {"w": Cell(36, 88), "x": Cell(98, 150), "g": Cell(162, 248)}
TOTAL, PHONE_TOTAL = Cell(290, 384), Cell(258, 341)
FORMS = [
    Form(3, 66, 36, True, ROOMY, TOTAL, 51),
    Form(4, 52, 36, True, ROOMY, TOTAL, 51),
    Form(8, 40, 23, True, CLOSE, TOTAL, 51),
    Form(MANY_INPUTS, 22, 18, False, LINES, Cell(297, 384), 51),
]
PHONE_FORMS = [
    Form(8, 36, 30, False, PHONE, PHONE_TOTAL, 22),
    Form(MANY_INPUTS, 22, 20, False, PHONE_LINES, PHONE_TOTAL, 18),
]
COLUMNS = {"w": "weight", "x": "input", "p": "product", "g": "gradient"}


def drawings(inputs: Sequence[int], users: Sequence[int]) -> dict[str, Any]:
    """Return the parts of neurons with so many inputs, with each activation, and so many users.

    They are there twice: "wide", to stand side by side, and "tall", one below the other.

    >>> parts = drawings([3], [1, 4])["wide"]["inputs"]
    >>> parts[3]["svg"].count("data-slot"), parts[3]["height"]
    (35, 289.0)
    """
    looks = {
        "wide": (WIDE, FORMS, _activation_beside, _users_beside),
        "tall": (TALL, PHONE_FORMS, _activation_below, _users_below),
    }
    return {
        look: {
            "width": width,
            "inputs": {n: _inputs(next(f for f in forms if n <= f.most), n) for n in inputs},
            "activations": {name: activation(name) for name in ACTIVATIONS},
            "users": {m: used(m) for m in users},
        }
        for look, (width, forms, activation, used) in looks.items()
    }


def _inputs(form: Form, n: int) -> Part:
    """Return the bias, the inputs with their weights and products, and the running sum."""
    pitch, total = form.pitch, form.total
    height = form.foot + pitch * n + form.high / 2 + 6
    box = [rect(total.left, -height, total.right - total.left, height)]
    if total is not PHONE_TOTAL:
        box.append(text("its gradient", total.middle, -28, class_="name"))
        box.append(_slot("s.grad", total.middle, -11, "grad"))
    heads = [_heading(COLUMNS[column], cell.middle) for column, cell in form.cells.items()]
    rows = [_row(form, i) for i in (None, *range(n))]
    placed = [_lowered(pitch * (k - n) - form.foot, row) for k, row in enumerate(rows)]
    return {
        "svg": "".join([_box("s", *box), *placed]),
        "height": height + (16 if form.boxed else 0),
        "head": "".join([*heads, _heading("running sum", total.middle)]),
    }


def _row(form: Form, i: int | None) -> str:
    """Return what stands in the row of input i, or of the bias, around y = 0."""
    nodes = {"w": "b"} if i is None else {column: f"{column}{i}" for column in "wxp"}
    weight, added = nodes["w"], nodes.get("p", "b")
    cells = [(nodes[column], cell) for column, cell in form.cells.items() if column in nodes]
    end = max(cell.right for column, cell in form.cells.items() if column in nodes or column == "g")
    x = form.total.middle
    svg = [_edge(added, end + 2, 0, form.total.left, 0), _slot(f"{added}.sum", x, 4, "value")]
    if form.pitch > 30 and i is not None:
        svg.append(_edge(f"s{i}", x, 9 - form.pitch, x, -11, "total edge"))
    if not form.boxed:
        svg.append(_slot(f"{weight}.name", 2, 4, "name start"))
    if "g" in form.cells:
        svg.append(_slot(f"{weight}.grad", form.cells["g"].right, 4, "grad end"))
    svg.extend(_cell(form, node, cell) for node, cell in cells)
    for k, ((_, a), (_, b)) in enumerate(itertools.pairwise(cells)):
        between = (a.right + b.left) / 2
        if k == 0:
            svg.append(_slot(f"x{i}.times", between, 4, "sign"))
        elif form.boxed:
            svg.append(_edge(f"xw{i}", a.right, 0, b.left, 0))
        else:
            svg.append(text("=", between, 4))
    return "".join(svg)


def _cell(form: Form, node: str, cell: Cell) -> str:
    """Return a number's place: its box, its name if that stands above, its gradient if it shows."""
    top = -form.high / 2
    content = [rect(cell.left, top, cell.right - cell.left, form.high)]
    if form.boxed and node[0] == "x":  # of any length
        content.append(_slot(f"{node}.name", cell.left, top - 4, "name start"))
    elif form.boxed and node[0] != "p":
        content.append(_slot(f"{node}.name", cell.middle, top - 4, "name"))
    if cell.gradient == "beside":
        content.append(_slot(f"{node}.value", cell.left + 60, 4, "value end"))
        content.append(_slot(f"{node}.grad", cell.right - 4, 4, "grad end"))
    else:
        content.append(_slot(f"{node}.value", cell.middle, -2 if cell.gradient else 4, "value"))
    if cell.gradient == "below":
        content.append(_slot(f"{node}.grad", cell.middle, 12, "grad"))
    return _box(node, *content, bare=not form.boxed)


def _activation_beside(name: str) -> Part:
    """Return the activation with its curve, and above it the place for the arithmetic at hand."""
    svg = [
        _edge("s", 384, -51, 406, -51),
        element("path", d="M396-136V-51", class_="lead"),
        _box(
            "a",
            rect(406, -112, 98, 112),
            _plot(name, 412, -106, 86, 62),
            _slot("a.value", 455, -26, "value"),
            _slot("a.grad", 455, -9, "grad"),
        ),
        _arithmetic(386, -208, 136, 72),
    ]
    return {"svg": "".join(svg), "height": 208, "head": _heading(name, 455, "activation head")}


def _activation_below(name: str) -> Part:
    """Return the activation on a phone, with the place for the arithmetic beside its curve."""
    svg = [
        _edge("s", PHONE_TOTAL.middle, -128, PHONE_TOTAL.middle, -104),
        _slot("s.grad", PHONE_TOTAL.middle - 12, -111, "grad end"),
        _box(
            "a",
            rect(0.5, -104, TALL - 1, 84),
            _plot(name, 8, -99, 92, 44),
            text(name, 54, -43, class_="activation name"),
            _slot("a.value", 54, -27, "value"),
        ),
        _edge("u", 171, -20, 171, 0),
        _slot("a.grad", 159, -5, "grad end"),
        _arithmetic(110, -97, 224, 70),
    ]
    return {"svg": "".join(svg), "height": 128, "head": ""}


def _arithmetic(x: float, y: float, width: float, height: float) -> str:
    lines = ("title", 19, "name"), ("first", 39, "sum"), ("second", 60, "sum")
    texts = [_slot(f"now.{what}", x + width / 2, y + down, kind) for what, down, kind in lines]
    return element("g", rect(x, y, width, height), *texts, class_="now-box")


def _plot(name: str, x: float, y: float, width: float, height: float) -> str:
    """Return an activation's curve, with the places of a point on it and of its tangent."""
    inputs = [REACH * k / 20 for k in range(-20, 21)]
    values = [ACTIVATIONS[name](Value(z)).data for z in inputs]
    margin = (max(values) - min(values)) / 12
    low, high = min(values) - margin, max(values) + margin
    down = [y + height * (high - value) / (high - low) for value in (0.0, *values)]
    across = [x + width * (z + REACH) / (2 * REACH) for z in inputs]
    points = itertools.chain(*zip(across, down[1:]))
    return element(
        "g",
        element("path", d=path("M", x, down[0], "H", x + width), class_="axis"),
        element("path", d=path("M", *points), class_="curve"),
        element("path", class_="tangent"),
        element("circle", class_="point", r=3.5),
        class_="plot",
        data_box=f"{x} {y} {width} {height}",
        data_of=f"{REACH} {low} {high}",
    )


def _users_beside(m: int) -> Part:
    """Return the users of the output, with what each passes back, and the total."""
    left, right, middle = 541, 769, 655
    boxed = m <= 4
    pitch, high = (56, 32) if boxed else (22, 18)
    foot = 51 if m == 1 else 60
    svg = [
        _slot("added.name", left, -14, "name start"),
        _slot("added.grad", right - 4, -14, "sum end"),
    ]
    for u in range(m):
        y = -foot - pitch * (m - 1 - u)
        spans = " ".join(element("tspan", data_slot=f"u{u}.{what}") for what in ("product", "grad"))
        if boxed:
            name = _slot(f"u{u}.name", middle, -high / 2 - 4, "name")
            passed = element("text", spans, x=middle, y=4, class_="sum")
        else:
            name = _slot(f"u{u}.name", left + 3, 4, "name start")
            passed = element("text", spans, x=right - 4, y=4, class_="sum end")
        box = rect(left, -high / 2, right - left, high)
        svg.append(_edge(f"u{u}", 504, -51, left, y))
        svg.append(_lowered(y, _box(f"u{u}", box, passed, name, bare=not boxed)))
    height = foot + pitch * (m - 1) + high / 2 + 16
    return {"svg": "".join(svg), "height": height, "head": _slot("u.head", middle, 16, "head")}


def _users_below(m: int) -> Part:
    """Return the users on a phone, each in a line of text, and the total."""
    pitch, foot = 18, 26
    svg = [
        element("path", d="M236-20H340", class_="rule"),
        _slot("added.name", 70, -5, "name start"),
        _slot("added.grad", 338, -5, "sum end"),
        _lowered(-foot - pitch * m, _slot("u.head", 2, -2, "head start")),
    ]
    for u in range(m):
        row = [
            rect(0.5, -13, TALL - 1, 18),
            _slot(f"u{u}.name", 2, 0, "name start"),
            _slot(f"u{u}.product", 70, 0, "sum start"),
            _slot(f"u{u}.grad", 338, 0, "sum end"),
        ]
        svg.append(_lowered(-foot - pitch * (m - 1 - u), _box(f"u{u}", *row, bare=True)))
    return {"svg": "".join(svg), "height": foot + pitch * (m + 1), "head": ""}


def _slot(name: str, x: float, y: float, kind: str) -> str:
    """Return a text for the page to fill."""
    return text("", x, y, class_=kind, data_slot=name)


def _heading(words: str, x: float, kind: str = "head") -> str:
    return text(words, x, HEADINGS - 12, class_=kind)


def _lowered(y: float, svg: str) -> str:
    return element("g", svg, transform=f"translate(0 {y:g})")


def _box(node: str, *content: str, bare: bool = False) -> str:
    return element("g", *content, class_="box bare" if bare else "box", data_node=node)


def _edge(name: str, x: float, y: float, to_x: float, to_y: float, kind: str = "edge") -> str:
    """Return a line to the right, or straight down."""
    return element("path", d=curve(x, y, to_x, to_y), class_=kind, data_edge=name)
