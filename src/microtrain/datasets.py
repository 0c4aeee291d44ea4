"""Small data to learn from. Each function returns ``(xs, ys)``: a list of samples, each a list of
floats, and a list with a float, the target, for each."""

from __future__ import annotations

import math
import random

from .errors import any_int, describe, file_path, positive_int
from .functions import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os

    Data = tuple[list[list[float]], list[float]]


def toy() -> Data:
    """Return the classic four samples of three numbers, with targets of 1 and -1.

    They are those of Andrej Karpathy's lecture "The spelled-out intro to neural networks and
    backpropagation: building micrograd" (2022).

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


def read_csv(path: str | os.PathLike[str], target: str) -> Data:
    """Read a table of numbers: the column named `target` becomes ys, the others xs, in their order.

    The file is UTF-8 text with a line of column names first. Raises `ValueError`, which names the
    line and the column, where a cell is missing or not a finite number.
    """
    import csv

    path = file_path("path", path)
    if not isinstance(target, str):
        raise TypeError(f"target expects the name of a column, got {describe(target)}")
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        try:
            header = next(filter(None, reader), [])  # the first line that is not blank
            if len(set(header)) < len(header):
                raise ValueError(f"{path} has two columns of the same name")
            if target not in header:
                columns = ", ".join(map(repr, header)) or "none: it is empty"
                raise ValueError(
                    f"target expects a column of {path}, got {target!r}; its columns are {columns}"
                )
            if len(header) == 1:
                raise ValueError(f"{path} has no column but the target")
            k = header.index(target)
            xs: list[list[float]] = []
            ys: list[float] = []
            for row in reader:
                if not row:
                    continue
                where = f"{path}, line {reader.line_num}"
                if len(row) != len(header):
                    raise ValueError(f"{where}: expected {len(header)} cells, got {len(row)}")
                numbers = [_cell(text, name, where) for text, name in zip(row, header)]
                ys.append(numbers.pop(k))
                xs.append(numbers)
        except csv.Error as error:
            raise ValueError(f"{path}, line {reader.line_num}: {error}") from None
        except UnicodeDecodeError:
            raise ValueError(f"{path} is not UTF-8 text") from None
    if not xs:
        raise ValueError(f"{path} has column names but no rows")
    return xs, ys


def _cell(text: str, column: str, where: str) -> float:
    """Return the number in a cell."""
    try:
        x = math.nan if "_" in text else float(text)  # to Python, 1_000 is a number
    except ValueError:
        x = math.nan
    if not math.isfinite(x):
        raise ValueError(f"{where}: column {column!r} expects a number, got {text!r}")
    return x
