"""Small data to learn from: functions that return ``(xs, ys)``.

xs is a list of samples, each a list of floats; ys has one float for each, its target.
"""

from __future__ import annotations

import math
import os

from ..engine.number import number
from ..errors import any_int, describe, positive_int, true_or_false
from ..files.csv import read_table

Data = tuple[list[list[float]], list[float]]


def toy() -> Data:
    """Return the four samples of Andrej Karpathy's micrograd lecture (2022); targets are 1 and -1.

    >>> xs, ys = toy()
    >>> xs
    [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    >>> ys
    [1.0, -1.0, -1.0, 1.0]
    """
    xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    return xs, [1.0, -1.0, -1.0, 1.0]


def xor() -> Data:
    """Return "exactly one of two", which no single neuron can learn; targets are 1 and -1.

    >>> xor()
    ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [-1.0, 1.0, 1.0, -1.0])
    """
    return [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [-1.0, 1.0, 1.0, -1.0]


def moons(n: int = 100, noise: float = 0.1, seed: int = 0) -> Data:
    """Return n >= 2 points in the plane on two interleaving half circles, in random order.

    The targets are -1 on the upper arc, whose radius is 1, and 1 on the lower; `noise` >= 0 is the
    standard deviation of what is added to each coordinate. After `make_moons` of scikit-learn.

    >>> xs, ys = moons(100)
    >>> len(xs), len(xs[0]), sum(ys)
    (100, 2, 0.0)
    """
    import random  # slow to import

    if positive_int("n", n) < 2:
        raise ValueError("n expects an int of at least 2, got 1")
    spread = number("noise", noise)
    if not 0 <= spread < math.inf:
        raise ValueError(f"noise expects a finite number of at least 0, got {noise}")
    rng = random.Random(any_int("seed", seed))
    upper = n // 2
    points = []
    for i in range(n):
        count, k, target = (upper, i, -1.0) if i < upper else (n - upper, i - upper, 1.0)
        angle = math.pi * k / max(1, count - 1)
        x, y = math.cos(angle), math.sin(angle)
        if target > 0:
            x, y = 1.0 - x, 0.5 - y
        points.append(([x + rng.gauss(0.0, spread), y + rng.gauss(0.0, spread)], target))
    rng.shuffle(points)
    return [x for x, _ in points], [y for _, y in points]


def read_csv(
    path: str | os.PathLike[str], target: str, *, sep: str | None = None, skip_empty: bool = False
) -> Data:
    """Read a table: the column named `target` becomes ys, the others xs, in their order.

    The file is UTF-8 text with a line of column names first. `sep` is the character between two
    cells, or "tab"; by default a comma. `skip_empty` leaves out rows with an empty cell. A target
    of texts becomes class indices: 0.0, 1.0, ... in the order of the sorted texts. Raises
    `ValueError`, which names the line and the column, for a cell that is missing or no finite
    number, and for a text in the target that looks like a number ("1,5", "10%", "2024-01-31").

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "flowers.csv"
    >>> _ = path.write_text("length,width,kind\\n5.1,3.5,iris\\n1.4,0.2,aster\\n")
    >>> read_csv(path, "kind")
    ([[5.1, 3.5], [1.4, 0.2]], [1.0, 0.0])
    """
    if not isinstance(target, str):
        raise TypeError(f"target expects the name of a column, got {describe(target)}")
    true_or_false("skip_empty", skip_empty)
    table = read_table(path, sep=sep)
    k = table.place(target.strip(), "target")
    others = table.names[:k] + table.names[k + 1 :]
    if skip_empty:
        table = table.complete(table.names)
    if not others or not table.rows:
        raise ValueError(f"{table.path} has no {'rows' if others else 'column but the target'}")
    xs = [[*row] for row in zip(*(table.values(name, texts=False) for name in others))]
    ys = table.values(table.names[k])
    known = sorted({y for y in ys if isinstance(y, str)})
    return xs, [float(known.index(y)) if isinstance(y, str) else y for y in ys]
