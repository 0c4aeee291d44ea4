"""Graphs of boxes and arrows, as SVG and in Graphviz's DOT language.

In a picture every edge points to the right. Boxes stand in columns, each as far to the right as its
users let it. Where an edge passes columns, it takes a place in each of them, which all edges from
the same box share. Each column is ordered so that few edges cross (by the means of the neighbours'
positions: Sugiyama, Tagawa and Toda, 1981, "Methods for visual understanding of hierarchical system
structures").
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ..errors import counted
from .svg import element, escaped, path

GREY = "#777777"  # which can be read on white and on black
LINE, LETTER = 14, 6.5  # the height of a line, and the width that most characters have room in
LONGEST = 32  # characters of a line that are shown
ROUNDS = 8
GAP = 10.0  # between what stands in one column, one above the other


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
        _curve(right[source], y[source], left[item], y[item], right[item])
        for item, (source, *_) in enumerate(layers.before[len(boxes) :], len(boxes))
    ]
    labels, heads, arrived = [], [], Counter[int]()
    for source, (_, head, label) in sorted(zip(layers.last, arrows), key=lambda pair: y[pair[0]]):
        arrived[head] += 1  # from the top down
        port = y[head] + sizes[head][1] * ((arrived[head] - 0.5) / len(arriving[head]) - 0.5)
        start = left[head] - _width(label) - 12
        lines.append(_curve(right[source], y[source], start, port, left[head] - 6))
        heads.append(element("path", d=path("M", left[head], port) + "l-8-3.5v7z"))
        labels.append(_text(label, left[head] - 10, port - 3))
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
    rect = element("rect", x=x, y=y, width=wide, height=high, rx=4)
    frame = element("g", rect, fill=colour, stroke=GREY, stroke_width=border)
    words = (_text(line, x + wide / 2, first + LINE * k) for k, line in enumerate(box.lines))
    return element("g", element("title", escaped(box.tooltip)), frame, *words, class_="node")


def _curve(x: float, y: float, to_x: float, to_y: float, end: float) -> str:
    """Return the `d` of a line to the right, level at its ends, that then goes straight on."""
    half = (x + to_x) / 2
    return path("M", x, y, "C", half, y, half, to_y, to_x, to_y, "H", end)


def _text(line: str, x: float, y: float) -> str:
    return element("text", *filter(None, [escaped(_short(line))]), x=x, y=y)


def _short(line: str) -> str:
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _width(line: str) -> float:
    """Return the width that a line needs, at most."""
    return LETTER * sum(1 if ord(c) < 0x1100 else 2 for c in _short(line))


class Layers:
    """The layout of boxes, each given by its width and height, and the room that it needs before.

    edges: the number of the box that each leaves, and of a later one that it leads to. An item is a
    box or, numbered after the boxes, a place where edges pass a column.

    left, right, y: of each item, its sides and its middle. before: for each item, those in the
    column before it that lead to it. last: for each edge, the last item before its head.

    >>> layers = Layers([(30, 20), (30, 20), (30, 20)], [0, 9, 9], [(0, 1), (1, 2), (0, 2)])
    >>> layers.left[:3], layers.right[:3], layers.last
    ([0.0, 39.0, 78.0], [30.0, 69.0, 108.0], [0, 1, 3])
    """

    def __init__(
        self,
        sizes: Sequence[tuple[float, float]],
        rooms: Sequence[float],
        edges: Sequence[tuple[int, int]],
    ) -> None:
        self.before: list[list[int]] = [[] for _ in sizes]
        self.last: list[int] = []
        self.columns = self._columns(edges)
        self.after: list[list[int]] = [[] for _ in self.before]
        for item, sources in enumerate(self.before):
            for source in sources:
                self.after[source].append(item)
        self._order()
        places = len(self.before) - len(sizes)
        self.heights = [height for _, height in sizes] + [0.0] * places
        self.y = self._heights()
        self.left, self.right = [0.0] * len(self.before), [0.0] * len(self.before)
        x = 0.0
        for column in self.columns:
            boxes = [item for item in column if item < len(sizes)]
            x += max(rooms[box] for box in boxes)
            width = max(sizes[box][0] for box in boxes)
            for item in column:
                free = width - sizes[item][0] if item < len(sizes) else 0.0
                self.left[item], self.right[item] = x + free / 2, x + width - free / 2
            x += width

    def _columns(self, edges: Sequence[tuple[int, int]]) -> list[list[int]]:
        """Return the items by column, and find out which lead to which."""
        ranks = [0] * len(self.before)  # columns, counted from the last
        for tail, head in sorted(edges, key=lambda edge: -edge[1]):
            ranks[tail] = max(ranks[tail], ranks[head] + 1)
        columns: list[list[int]] = [[] for _ in range(max(ranks) + 1)]
        for box, rank in enumerate(ranks):
            columns[-1 - rank].append(box)
        places: dict[tuple[int, int], int] = {}  # by the box that an edge leaves and the rank
        for tail, head in edges:
            item = tail
            for rank in range(ranks[tail] - 1, ranks[head], -1):
                source, item = item, places.setdefault((tail, rank), len(self.before))
                if item == len(self.before):
                    self.before.append([source])
                    columns[-1 - rank].append(item)
            self.last.append(item)
            self.before[head].append(item)
        return columns

    def _order(self) -> None:
        """Order the columns so that few edges cross."""
        places: dict[int, float] = {}
        for turn in range(ROUNDS):
            beside = self.after if turn % 2 else self.before
            for column in self.columns[:: -1 if turn % 2 else 1]:
                means = [_mean([places[i] for i in beside[x]], k) for k, x in enumerate(column)]
                places.update(zip(column, means))
                column.sort(key=places.__getitem__)
                places.update(zip(column, itertools.count()))

    def _heights(self) -> list[float]:
        """Return the y of each item: near those of its neighbours."""
        ys = dict.fromkeys(range(len(self.before)), 0.0)
        for k in range(2 * ROUNDS):
            for column in self.columns[:: -1 if k % 2 else 1]:
                near = [[ys[i] for i in (*self.before[item], *self.after[item])] for item in column]
                wanted = [_mean(others, ys[item]) for others, item in zip(near, column)]
                ys.update(zip(column, self._spread(column, wanted)))
        top = min(ys[item] - height / 2 for item, height in enumerate(self.heights))
        return [y - top for y in ys.values()]

    def _spread(self, column: Sequence[int], wanted: Sequence[float]) -> list[float]:
        """Return the ys nearest to the wanted ones, by least squares, at which nothing overlaps.

        Items that would overlap become a block, which stands at the mean of what they want.
        """
        heights = [self.heights[item] for item in column]
        apart = ((above + below) / 2 + GAP for above, below in itertools.pairwise(heights))
        offsets = [*itertools.accumulate(apart, initial=0.0)]  # in a column without free room
        blocks: list[tuple[float, int]] = []  # what its items want, added up; their number
        for y, offset in zip(wanted, offsets):
            total, n = y - offset, 1
            while blocks and blocks[-1][0] / blocks[-1][1] > total / n:
                more, others = blocks.pop()
                total, n = total + more, n + others
            blocks.append((total, n))
        starts = [total / n for total, n in blocks for _ in range(n)]
        return [start + offset for start, offset in zip(starts, offsets)]


def _mean(numbers: Sequence[float], default: float) -> float:
    return sum(numbers) / len(numbers) if numbers else default


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
        quoted = shown.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        quoted = quoted.replace("&", "&amp;")  # else it begins the name of a character
        if words:
            pairs.append(f'{name}="{quoted}"')
    return f"[{', '.join(pairs)}]"
