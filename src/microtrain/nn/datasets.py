"""Small data to learn from: functions that return ``(xs, ys)``; and how to bring it to one scale.

xs is a list of samples, each a list of floats; ys has one float for each, its target.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..engine.number import as_number, number, positive
from ..errors import any_int, as_list, counted, expect, positive_int, true_or_false
from ..files.csv import read_table

Data = tuple[list[list[float]], list[float]]
Pair = tuple[Any, Any]  # a sample and its target


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
    spread = positive("noise", noise, zero=True)
    rng = random.Random(any_int("seed", seed))
    points = []
    for target, count in (-1.0, n // 2), (1.0, n - n // 2):
        for k in range(count):
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
    expect(isinstance(target, str), "target", "the name of a column", target)
    true_or_false("skip_empty", skip_empty)
    table = read_table(path, sep=sep)
    target = target.strip()
    table.cells(target, "target names")
    others = [name for name in table.columns if name != target]
    if skip_empty:
        table = table.complete(table.columns)
    if not others or not table.lines:
        raise ValueError(f"{table.path} has no {'rows' if others else 'column but the target'}")
    of_texts = "; drop a column of texts from the file, or turn it into numbers"
    xs = [[*row] for row in zip(*(table.values(name, False, of_texts) for name in others))]
    ys = table.values(target)
    known = sorted({y for y in ys if isinstance(y, str)})
    return xs, [float(known.index(y)) if isinstance(y, str) else y for y in ys]


class Standardizer:
    """Brings numbers to mean 0 and standard deviation 1, by the means and scales of others.

    Made by `standardize`. To keep it, keep its two lists, ``vars(scaler)``, and make it again of
    these: ``Standardizer(means, scales)``.

    Attributes:
        means: of each column.
        scales: the standard deviation of each column, or 1 where all its numbers are the same.
    """

    def __init__(self, means: Sequence[float], scales: Sequence[float]) -> None:
        self.means, self.scales = list(means), list(scales)

    def __call__(self, rows: Any) -> list[Any]:
        """Return rows of numbers (or, for one column, lone numbers) as they are to be learned."""
        return [*self._each(rows, lambda x, mean, scale: (x - mean) / scale)]

    def inverse(self, rows: Any) -> list[Any]:
        """Return what rows were before, such as predictions of a standardized target."""
        return [*self._each(rows, lambda x, mean, scale: x * scale + mean)]

    def __repr__(self) -> str:
        return f"Standardizer({self.means}, {self.scales})"

    def _each(self, rows: Any, change: Callable[[float, float, float], float]) -> Iterator[Any]:
        for cells, alone in _cells(rows, len(self.means)):
            new = [*map(change, cells, self.means, self.scales)]
            yield new[0] if alone else new


def standardize(rows: Any) -> Standardizer:
    """Return what brings each column of these rows to mean 0 and standard deviation 1.

    rows: samples, each a list of as many numbers, or targets, each a lone number. Give it those to
    train on, and apply it to these and to all others. Raises `ValueError` for rows that differ in
    length, for no rows, and for numbers that are too large, or not finite.

    >>> scaler = standardize([[1.0, 100.0], [3.0, 300.0]])
    >>> scaler([[1.0, 100.0], [2.0, 400.0]])
    [[-1.0, -1.0], [0.0, 2.0]]
    >>> scaler.inverse([[0.0, 2.0]])
    [[2.0, 400.0]]
    """
    table = [cells for cells, _ in _cells(rows)]
    if not table:
        raise ValueError("rows expects at least one row, got none")
    means, scales = [], []
    for k, column in enumerate(zip(*table)):
        n, is_constant = len(column), min(column) == max(column)  # then the mean must not round
        try:
            mean = column[0] if is_constant else math.fsum(column) / n
        except OverflowError:
            mean = math.inf
        deviation = math.hypot(*[x - mean for x in column]) / math.sqrt(n)
        if not math.isfinite(deviation):
            raise ValueError(f"column {k} has numbers too large to standardize, or not finite")
        means.append(mean)
        scales.append(deviation if deviation > 0 else 1.0)
    return Standardizer(means, scales)


def _cells(rows: Any, n: int | None = None) -> Iterator[tuple[list[float], bool]]:
    """Yield each row's numbers, n or as many as the first has, and whether it is a lone number."""
    for i, row in enumerate(as_list("rows", rows)):
        sample = _sample(f"rows[{i}]", row)
        cells = sample if isinstance(sample, list) else [sample]
        n = len(cells) if n is None else n
        if len(cells) != n:
            raise ValueError(f"rows[{i}] expects {counted(n, 'number')}, got {len(cells)}")
        yield cells, cells is not sample


def pairs_of(xs: Any, ys: Any) -> list[Pair]:
    """Return pairs of a sample, as a float or a list of floats, and its target.

    Without any they are those of `toy`.
    """
    if (xs is None) != (ys is None):
        raise ValueError("xs and ys go together: give both or neither; the order is model, xs, ys")
    if xs is None:
        xs, ys = toy()
    samples, targets = as_list("xs", xs), as_list("ys", ys)
    if len(samples) != len(targets):
        raise ValueError(
            f"expected a target for each sample, got {len(samples)} xs, {len(targets)} ys"
        )
    if not samples:
        raise ValueError("xs expects at least one sample, got none")
    samples = [_sample(f"xs[{i}]", x) for i, x in enumerate(samples)]
    _check_finite("xs", samples)
    _check_finite("ys", targets)
    return [*zip(samples, targets)]


def _sample(name: str, x: Any) -> Any:
    """Return a lone number as a float, or several as a list of floats."""
    if as_number(x) is not NotImplemented:
        return number(name, x)
    listed = as_list(name, x, "a number, or a list of numbers")
    return [number(f"{name}[{k}]", part) for k, part in enumerate(listed)]


def _check_finite(name: str, x: Any) -> None:
    """Raise `ValueError` for a float, or one in a list or an array, that is infinite or NaN."""
    x = x.tolist() if hasattr(x, "tolist") else x  # of NumPy's scalars, too
    if isinstance(x, list | tuple):
        for i, part in enumerate(x):
            _check_finite(f"{name}[{i}]", part)
    elif isinstance(x, float) and not math.isfinite(x):
        raise ValueError(f"{name} expects a finite number, got {x}")
