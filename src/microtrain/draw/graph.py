"""Graphs of boxes and arrows, as SVG and in Graphviz's DOT language."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ..errors import counted
from .layout import Layers
from .svg import curve, element, escaped, path, rect, text

GREY = "#777777"  # which can be read on white and on black
LINE, LETTER = 14, 6.5  # the height of a line, and the width that most characters have room in
LONGEST = 32  # characters of a line that are shown
# In a text of DOT, in which "&" begins the name of a character.
QUOTED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "&": "&amp;"})

Arrow = tuple[int, int, str]  # from one box to a later one, each by its number; and its label


class Box(NamedTuple):
    """A box: its lines of text, its colour, what it is, and whether its border is thick."""

    lines: tuple[str, ...]
    colour: str = ""
    tooltip: str = ""
    thick: bool = False


def svg(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> str:
    """Return a graph as an SVG element.

    >>> drawing = svg([Box(("x",)), Box(("y",))], [(0, 1, "2")])
    >>> drawing.count("<rect"), drawing.count(">2</text>")
    (2, 1)
    """
    arriving: list[list[str]] = [[] for _ in boxes]
    for _, head, label in arrows:
        arriving[head].append(label)
    sizes = [
        (max(map(_width, box.lines)) + 14, max(LINE * len(box.lines) + 8.0, 13.0 * len(labels) + 4))
        for box, labels in zip(boxes, arriving)
    ]
    rooms = [max([_width(label) + 50 for label in labels], default=0.0) for labels in arriving]
    layers = Layers(sizes, rooms, [arrow[:2] for arrow in arrows])
    left, right, y = layers.left, layers.right, layers.y
    lines = [
        curve(right[source], y[source], left[item], y[item], "H", right[item])
        for item, (source, *_) in enumerate(layers.before[len(boxes) :], len(boxes))
    ]
    labels, heads, arrived = [], [], Counter[int]()
    for source, (_, head, label) in sorted(zip(layers.last, arrows), key=lambda pair: y[pair[0]]):
        arrived[head] += 1  # from the top down
        port = y[head] + sizes[head][1] * ((arrived[head] - 0.5) / len(arriving[head]) - 0.5)
        start = left[head] - _width(label) - 12
        lines.append(curve(right[source], y[source], start, port, "H", left[head] - 6))
        heads.append(element("path", d=path("M", left[head], port) + "l-8-3.5v7z"))
        labels.append(text(_short(label), left[head] - 10, port - 3))
    shapes = [_box(box, left[i], y[i] - sizes[i][1] / 2, *sizes[i]) for i, box in enumerate(boxes)]
    width, height = max(right), max(map(float.__add__, y, [h / 2 for h in layers.heights]))
    return element(
        "svg",
        element("g", *(element("path", d=line) for line in lines), fill="none", stroke=GREY),
        element("g", *heads, *labels, fill=GREY, font_size=10, text_anchor="end"),
        element("g", *shapes, text_anchor="middle"),
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        aria_label=f"a graph of {counted(len(boxes), 'node')} and {counted(len(arrows), 'edge')}",
        viewBox=f"-2 -2 {width + 4:g} {height + 4:g}",
        width=width + 4,
        height=height + 4,
        font_family="Helvetica, Arial, sans-serif",
        font_size=11,
    )


def _box(box: Box, x: float, y: float, wide: float, high: float) -> str:
    first = y + high / 2 - LINE * (len(box.lines) / 2 - 0.75)
    colour, border = box.colour or "#FFFFFF", 2 if box.thick else 1
    frame = element("g", rect(x, y, wide, high), fill=colour, stroke=GREY, stroke_width=border)
    words = (text(_short(s), x + wide / 2, first + LINE * k) for k, s in enumerate(box.lines))
    return element("g", element("title", escaped(box.tooltip)), frame, *words, class_="node")


def _short(line: str) -> str:
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _width(line: str) -> float:
    """Return the width that a line needs, at most."""
    return LETTER * sum(1 if ord(c) < 0x1100 else 2 for c in _short(line))


def dot(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> str:
    """Return a graph in the DOT language."""
    lines = [
        "digraph {",
        '    graph [rankdir=LR, bgcolor="transparent", ranksep=0.35, nodesep=0.15]',
        '    node [shape=box, style="rounded,filled", fillcolor="#FFFFFF", color="#888888",',
        '          fontname="Helvetica", fontsize=11, margin="0.08,0.04"]',
        '    edge [color="#888888", fontname="Helvetica", fontsize=9, fontcolor="#555555",',
        "          arrowsize=0.6]",
    ]
    for i, box in enumerate(boxes):
        label, width = "\n".join(box.lines), "2" if box.thick else ""
        looks = _looks(label=label, fillcolor=box.colour, tooltip=box.tooltip, penwidth=width)
        lines.append(f"    n{i} {looks}")
    for tail, head, label in arrows:
        lines.append(f"    n{tail} -> n{head} {_looks(label=label)}")
    return "\n".join([*lines, "}\n"])


def _looks(**attributes: str) -> str:
    """Return the attributes that are set as DOT: as quoted texts, in which newlines break lines."""
    pairs = []
    for name, words in attributes.items():
        shown = "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in words)
        if words:
            pairs.append(f'{name}="{shown.translate(QUOTED)}"')
    return f"[{', '.join(pairs)}]"
