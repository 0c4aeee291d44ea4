"""One neuron as SVG, its numbers left open: a page fills in the texts and sets the classes.

Inputs and weights with the running sum, the activation, and the users of its output stand side by
side, or, on a phone, one below the other. Each of these parts ends at y = 0 and reaches up; its
headings, `head`, are for the top of the drawing.

A page repeats the rows of inputs and of users: so it can draw a neuron of any network. `row` is
drawn around y = 0. The last one is moved up by `foot`, each other by `pitch` more, and so is
`first`, above all. `links`, from the last row up, stay where they are. `#` stands for a row's
number, and in `svg`, which is drawn once, for the height up to `reach` above the middle of `first`.
The part has `room` above that.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

from .svg import edge, element, path, rect, text

PHONE_WIDTH = 342
HEAD = 28  # the height of the line of headings
MANY_INPUTS = 16  # the most that have a row each

Part = dict[str, Any]


class Cell(NamedTuple):
    """Where a number stands in a row, and its gradient: "below" it, "beside" it, or not at all."""

    left: float
    right: float
    gradient: str = ""

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


class Layout(NamedTuple):
    """How the inputs' rows look, in pixels."""

    most: int  # inputs
    pitch: float
    high: float  # of a cell
    cells: dict[str, Cell]  # x: input, w: weight, p: product, g: the weight's gradient
    boxed: bool  # with a box around each cell and its name above, or a line of text
    total: Cell  # the running sum
    foot: float  # from the middle of the last row down to the bottom of the sum


BESIDE, BESIDE_LINES, AT_RIGHT = Cell(290, 384), Cell(297, 384), Cell(258, 341)
ROOMY = {"x": Cell(1, 71, "below"), "w": Cell(83, 173, "below"), "p": Cell(187, 277, "below")}
CLOSE = {"x": Cell(1, 62), "w": Cell(74, 212, "beside"), "p": Cell(223, 280)}
LINES = {"w": Cell(32, 84), "x": Cell(100, 150), "p": Cell(162, 214), "g": Cell(216, 288)}
PHONE = {"w": Cell(52, 126, "below"), "x": Cell(139, 183), "p": Cell(195, 247)}
PHONE_LINES = {"w": Cell(36, 88), "x": Cell(98, 150), "g": Cell(162, 248)}
LAYOUTS = [
    Layout(3, 66, 36, ROOMY, True, BESIDE, 51),
    Layout(4, 52, 36, ROOMY, True, BESIDE, 51),
    Layout(8, 40, 23, CLOSE, True, BESIDE, 51),
    Layout(MANY_INPUTS, 22, 18, LINES, False, BESIDE_LINES, 51),
]
PHONE_LAYOUTS = [
    Layout(8, 36, 30, PHONE, False, AT_RIGHT, 22),
    Layout(MANY_INPUTS, 22, 20, PHONE_LINES, False, AT_RIGHT, 18),
]
COLUMNS = {"w": "weight", "x": "input", "p": "product", "g": "gradient"}


def drawings(users: int) -> dict[str, Any]:
    """Return the parts of neurons with up to so many users of the output.

    >>> parts = drawings(8)["wide"]["inputs"]
    >>> [(part["most"], part["row"].count("data-slot")) for part in parts]
    [(3, 10), (4, 10), (8, 8), (16, 7)]
    """
    return {
        "wide": {
            "width": 770,
            "inputs": [_inputs(form) for form in LAYOUTS],
            "activated": _beside(),
            "users": [_users_beside(n) for n in (1, 4, users)],
        },
        "tall": {
            "width": PHONE_WIDTH,
            "inputs": [_inputs(form) for form in PHONE_LAYOUTS],
            "activated": _below(),
            "users": [_users_below(users)],
        },
    }


def _inputs(form: Layout) -> Part:
    """Return the bias, the inputs with their weights and products, and the running sum."""
    total = form.total
    box = [element("rect", x=total.left, y="-#", width=total.right - total.left, height="#", rx=4)]
    if total is not AT_RIGHT:
        box.append(text("its gradient", total.middle, -28, class_="name"))
        box.append(_slot("s.grad", total.middle, -11, "grad"))
    heads = [(COLUMNS[name], cell.middle) for name, cell in form.cells.items()]
    heads.append(("running sum", total.middle))
    return {
        "most": form.most,
        "pitch": form.pitch,
        "foot": form.foot,
        "reach": form.high / 2 + 6,
        "room": 16 if form.boxed else 0,
        "first": _row(form, "b"),
        "row": _row(form, "w#"),
        "svg": _box("s", *box),
        "head": "".join(text(title, x, HEAD - 12, class_="head") for title, x in heads),
    }


def _row(form: Layout, weight: str) -> str:
    """Return what stands in the row of an input, or, if its weight is "b", in that of the bias."""
    bias, total = weight == "b", form.total
    product = "b" if bias else "p#"
    cells = {name: cell for name, cell in form.cells.items() if name in "wg" or not bias}
    end = max(cell.right for cell in cells.values()) + 2
    svg = [edge(product, end, 0, total.left, 0), _slot(f"{product}.sum", total.middle, 4, "value")]
    if form.pitch > 30 and not bias:
        down = edge("s#", total.middle, 9 - form.pitch, total.middle, -11)
        svg.append(element("g", down, class_="total"))
    if not form.boxed:
        svg.append(_slot(f"{weight}.name", 2, 4, "name start"))
    if "g" in cells:
        svg.append(_slot(f"{weight}.grad", cells.pop("g").right, 4, "grad end"))
    for name, cell in cells.items():
        svg.append(_cell(form, weight if name == "w" else f"{name}#", cell))
    for k, (a, b) in enumerate(itertools.pairwise(cells.values())):
        if k == 0:
            svg.append(_slot("x#.times", (a.right + b.left) / 2, 4, "sign"))
        elif form.boxed:
            svg.append(edge("xw#", a.right, 0, b.left, 0))
        else:
            svg.append(text("=", (a.right + b.left) / 2, 4))
    return "".join(svg)


def _cell(form: Layout, node: str, cell: Cell) -> str:
    """Return a number's place: its box, its name if that stands above, its gradient if it shows."""
    top = -form.high / 2
    content = [rect(cell.left, top, cell.right - cell.left, form.high)]
    if form.boxed and node == "x#":  # of any length
        content.append(_slot(f"{node}.name", cell.left, top - 4, "name start"))
    elif form.boxed and node != "p#":
        content.append(_slot(f"{node}.name", cell.middle, top - 4, "name"))
    if cell.gradient == "beside":
        content.append(_slot(f"{node}.value", cell.left + 60, 4, "value end"))
        content.append(_slot(f"{node}.grad", cell.right - 4, 4, "grad end"))
    else:
        content.append(_slot(f"{node}.value", cell.middle, -2 if cell.gradient else 4, "value"))
    if cell.gradient == "below":
        content.append(_slot(f"{node}.grad", cell.middle, 12, "grad"))
    return _box(node, *content, bare=not form.boxed)


def _beside() -> Part:
    """Return the activation with its curve, and above it the place for the arithmetic at hand."""
    svg = [
        edge("s", 384, -51, 406, -51),
        element("path", d=path("M", 396, -136, "V", -51), class_="lead"),
        _box(
            "a",
            rect(406, -112, 98, 112),
            _plot(412, -106, 86, 62),
            _slot("a.value", 455, -26, "value"),
            _slot("a.grad", 455, -9, "grad"),
        ),
        _now(386, -208, 136, 72),
    ]
    head = _slot("a.name", 455, HEAD - 12, "head")
    return {"svg": "".join(svg), "foot": 208, "head": head}


def _below() -> Part:
    """Return the activation on a phone, with the place for the arithmetic beside its curve."""
    svg = [
        edge("s", AT_RIGHT.middle, -128, AT_RIGHT.middle, -104),
        _slot("s.grad", AT_RIGHT.middle - 12, -111, "grad end"),
        _box(
            "a",
            rect(0.5, -104, PHONE_WIDTH - 1, 84),
            _plot(8, -99, 92, 44),
            _slot("a.name", 54, -43, "name"),
            _slot("a.value", 54, -27, "value"),
        ),
        edge("u", 171, -20, 171, 0),
        _slot("a.grad", 159, -5, "grad end"),
        _now(110, -97, 224, 70),
    ]
    return {"svg": "".join(svg), "foot": 128}


def _now(x: float, y: float, wide: float, high: float) -> str:
    lines = ("title", 19, "name"), ("first", 39, "sum"), ("second", 60, "sum")
    texts = [_slot(f"now.{what}", x + wide / 2, y + down, kind) for what, down, kind in lines]
    return element("g", rect(x, y, wide, high), *texts, class_="now-box")


def _plot(x: float, y: float, wide: float, high: float) -> str:
    """Return the places of an activation's curve, of a point on it and its tangent."""
    return element(
        "g",
        *(element("path", class_=what) for what in ("axis", "curve", "tangent")),
        element("circle", class_="point", r=3.5),
        class_="plot",
        data_box=f"{x:g} {y:g} {wide:g} {high:g}",
    )


def _users_beside(most: int) -> Part:
    """Return the users of the output, with what each passes back, and the total."""
    left, right, middle, boxed = 541, 769, 655, most <= 4
    pitch, high = (56, 32) if boxed else (22, 18)
    foot = 51 if most == 1 else 60
    spans = [element("tspan", data_slot=f"u#.{what}") for what in ("product", "grad")]
    if boxed:
        name, x, kind = _slot("u#.name", middle, -high / 2 - 4, "name"), middle, "sum"
    else:
        name, x, kind = _slot("u#.name", left + 3, 4, "name start"), right - 4, "sum end"
    product = element("text", " ".join(spans), x=x, y=4, class_=kind)
    box = rect(left, -high / 2, right - left, high)
    total = _slot("added.grad", right - 4, -14, "sum end")
    return {
        "most": most,
        "pitch": pitch,
        "foot": foot,
        "reach": high / 2 + 16 - pitch,
        "row": _box("u#", box, product, name, bare=not boxed),
        "links": [edge("u#", 504, -51, left, -foot - pitch * k) for k in range(most)],
        "svg": _slot("added.name", left, -14, "name start") + total,
        "head": _slot("u.head", middle, HEAD - 12, "head"),
    }


def _users_below(most: int) -> Part:
    """Return the users on a phone, each in a line of text, and the total."""
    total = [
        element("path", d=path("M", 236, -20, "H", 340), class_="rule"),
        _slot("added.name", 70, -5, "name start"),
        _slot("added.grad", 338, -5, "sum end"),
    ]
    row = [
        rect(0.5, -13, PHONE_WIDTH - 1, 18),
        _slot("u#.name", 2, 0, "name start"),
        _slot("u#.product", 70, 0, "sum start"),
        _slot("u#.grad", 338, 0, "sum end"),
    ]
    first, drawn = _slot("u.head", 2, -2, "head start"), _box("u#", *row, bare=True)
    rows = {"most": most, "pitch": 18, "foot": 26, "reach": 18, "first": first, "row": drawn}
    return {**rows, "svg": "".join(total)}


def _box(node: str, *content: str, bare: bool = False) -> str:
    return element("g", *content, class_="box bare" if bare else "box", data_node=node)


def _slot(name: str, x: float, y: float, kind: str) -> str:
    """Return a text for the page to fill."""
    return text("", x, y, class_=kind, data_slot=name)
