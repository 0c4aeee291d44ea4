"""Where the boxes of a directed graph without cycles go, so that every edge points to the right.

Boxes stand in columns, each as far to the right as its users let it. Where an edge passes columns,
it takes a place in each of them, which all edges from the same box share. Each column is ordered so
that few edges cross (by the means of the neighbours' positions: Sugiyama, Tagawa and Toda, 1981,
"Methods for visual understanding of hierarchical system structures").
"""

from __future__ import annotations

from bisect import bisect, insort
from collections.abc import Sequence

ROUNDS = 8
GAP = 10.0  # between what stands in one column, one above the other


class Layers:
    """The layout of boxes, each given by its width and height.

    edges: the number of the box that each leaves, that of a later box that it leads to, and the
    room that it needs before that one. An item is a box or, numbered after the boxes, a place where
    edges pass a column.

    left, right, y: of each item, its sides and its middle. before: for each item, those in the
    column before it that lead to it. last: for each edge, the last item before its head.

    >>> layers = Layers([(30, 20), (30, 20), (30, 20)], [(0, 1, 9), (1, 2, 9), (0, 2, 9)])
    >>> layers.left[:3], layers.right[:3], layers.last
    ([0.0, 39.0, 78.0], [30.0, 69.0, 108.0], [0, 1, 3])
    """

    def __init__(
        self, sizes: Sequence[tuple[float, float]], edges: Sequence[tuple[int, int, float]]
    ) -> None:
        self.heights = [height for _, height in sizes]
        self.before: list[list[int]] = [[] for _ in sizes]
        self.last: list[int] = []
        self.columns = self._columns(edges)
        self.after: list[list[int]] = [[] for _ in self.before]
        for item, sources in enumerate(self.before):
            for source in sources:
                self.after[source].append(item)
        self._order()
        self.y = self._heights()
        self.left, self.right = self._widths(sizes, edges)

    def _columns(self, edges: Sequence[tuple[int, int, float]]) -> list[list[int]]:
        """Return the items by column, and find out which lead to which."""
        ranks = [0] * len(self.before)  # columns, counted from the last
        for tail, head, _ in sorted(edges, key=lambda edge: -edge[1]):
            ranks[tail] = max(ranks[tail], ranks[head] + 1)
        columns: list[list[int]] = [[] for _ in range(max(ranks) + 1)]
        for box, rank in enumerate(ranks):
            columns[-1 - rank].append(box)
        places: dict[tuple[int, int], int] = {}  # by the box that an edge leaves and the rank
        for tail, head, _ in edges:
            item = tail
            for rank in range(ranks[tail] - 1, ranks[head], -1):
                source, item = item, places.setdefault((tail, rank), len(self.before))
                if item == len(self.before):
                    self.before.append([source])
                    self.heights.append(0.0)
                    columns[-1 - rank].append(item)
            self.last.append(item)
            self.before[head].append(item)
        return columns

    def _order(self) -> None:
        """Order the columns so that few edges cross."""
        best, fewest = self.columns, self._crossings()
        for k in range(ROUNDS):
            columns, neighbours = self.columns, self.before
            if k % 2:
                columns, neighbours = columns[::-1], self.after
            places = [0.0] * len(self.before)
            for column in columns:
                for place, item in enumerate(column):
                    places[item] = _mean([places[i] for i in neighbours[item]], place)
                column.sort(key=places.__getitem__)
                for place, item in enumerate(column):
                    places[item] = place
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(column) for column in self.columns], crossings
        self.columns = best

    def _crossings(self) -> int:
        """Return how many pairs of edges cross."""
        crossings = 0
        for before, column in zip(self.columns, self.columns[1:]):
            places = {item: place for place, item in enumerate(before)}
            seen: list[int] = []  # in order
            for item in column:
                ends = [places[source] for source in self.before[item]]
                crossings += sum(len(seen) - bisect(seen, end) for end in ends)
                for end in ends:
                    insort(seen, end)
        return crossings

    def _heights(self) -> list[float]:
        """Return the y of each item: near those of its neighbours."""
        ys = [0.0] * len(self.before)
        for k in range(2 * ROUNDS):
            for column in self.columns[:: -1 if k % 2 else 1]:
                near = [[ys[i] for i in (*self.before[item], *self.after[item])] for item in column]
                wanted = [_mean(others, ys[item]) for others, item in zip(near, column)]
                for item, y in zip(column, self._spread(column, wanted)):
                    ys[item] = y
        top = min(y - height / 2 for y, height in zip(ys, self.heights))
        return [y - top for y in ys]

    def _spread(self, column: Sequence[int], wanted: Sequence[float]) -> list[float]:
        """Return the ys nearest to the wanted ones, by least squares, at which nothing overlaps.

        Items that would overlap become a block, which stands at the mean of what they want.
        """
        offsets = [0.0]  # of each item in a column without free room
        for above, below in zip(column, column[1:]):
            half = (self.heights[above] + self.heights[below]) / 2
            offsets.append(offsets[-1] + half + GAP)
        blocks: list[tuple[float, int]] = []  # what its items want, added up; their number
        for y, offset in zip(wanted, offsets):
            total, n = y - offset, 1
            while blocks and blocks[-1][0] / blocks[-1][1] > total / n:
                more, others = blocks.pop()
                total, n = total + more, n + others
            blocks.append((total, n))
        starts = [total / n for total, n in blocks for _ in range(n)]
        return [start + offset for start, offset in zip(starts, offsets)]

    def _widths(
        self, sizes: Sequence[tuple[float, float]], edges: Sequence[tuple[int, int, float]]
    ) -> tuple[list[float], list[float]]:
        """Return the left and the right side of each item."""
        rooms = [0.0] * len(sizes)  # before each box
        for _, head, room in edges:
            rooms[head] = max(rooms[head], room)
        lefts, rights = [0.0] * len(self.before), [0.0] * len(self.before)
        x = 0.0
        for column in self.columns:
            boxes = [item for item in column if item < len(sizes)]
            x += max(rooms[box] for box in boxes)
            width = max(sizes[box][0] for box in boxes)
            for item in column:
                own = sizes[item][0] if item < len(sizes) else width
                lefts[item], rights[item] = x + (width - own) / 2, x + (width + own) / 2
            x += width
        return lefts, rights


def _mean(numbers: Sequence[float], default: float) -> float:
    return sum(numbers) / len(numbers) if numbers else default
