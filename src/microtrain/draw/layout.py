"""A layout of boxes in columns, in which every edge points to the right.

Each box stands as far to the right as its users let it. Where an edge passes columns, it takes a
place in each of them, which all edges from the same box share. Each column is ordered so that few
edges cross (by the means of the neighbours' positions: Sugiyama, Tagawa and Toda, 1981, "Methods
for visual understanding of hierarchical system structures").
"""

import itertools
from collections.abc import Sequence

ROUNDS = 8
GAP = 10.0  # between what stands in one column, one above the other


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
                means = {x: _mean([places[i] for i in beside[x]], k) for k, x in enumerate(column)}
                column.sort(key=means.__getitem__)
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
