"""Small data to learn from. Each function returns ``(xs, ys)``: a list of samples, each a list of
floats, and a list with a float, the target, for each."""

from __future__ import annotations

import math
import os
import random

from .errors import any_int, describe, file_path, positive_int
from .number import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

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
    """Read a table: the column named `target` becomes ys, the others xs, in their order.

    The file is UTF-8 text with a line of column names first. A target of texts, none of which is a
    number, becomes class indices: 0.0, 1.0, … in the order of the sorted texts. Raises
    `ValueError`, which names the line and the column, where a cell is missing or is not a finite
    number.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "flowers.csv"
    >>> _ = path.write_text("length,width,kind\\n5.1,3.5,iris\\n1.4,0.2,aster\\n")
    >>> read_csv(path, "kind")
    ([[5.1, 3.5], [1.4, 0.2]], [1.0, 0.0])
    """
    if not isinstance(target, str):
        raise TypeError(f"target expects the name of a column, got {describe(target)}")
    names, rows = read_table(path)
    k = place_of(target, names, path)
    xs: list[list[float]] = []
    ys: list[tuple[str, str]] = []
    for where, row in rows:
        ys.append((where, row.pop(k)))
        others = names[:k] + names[k + 1 :]
        xs.append([number_in(text, name, where) for text, name in zip(row, others)])
    if not xs:
        raise ValueError(f"{os.fsdecode(path)} has column names but no rows")
    if is_text(text for _, text in ys):
        index = {text: float(i) for i, text in enumerate(sorted({text for _, text in ys}))}
        return xs, [index[text] for _, text in ys]
    return xs, [number_in(text, target, where) for where, text in ys]


def read_table(path: Any) -> tuple[list[str], Iterator[tuple[str, list[str]]]]:
    """Return the column names of a CSV file, and an iterator over where a row is, and its cells.

    Raises `ValueError` where it is no such table.
    """
    rows = _read(file_path("path", path))
    _, names = next(rows)
    return names, rows


def _read(path: str) -> Iterator[tuple[str, list[str]]]:
    import csv

    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        try:
            names = next(filter(None, reader), [])  # the first line that is not blank
            if len(set(names)) < len(names):
                raise ValueError(f"{path} has two columns of the same name")
            yield path, names
            for row in filter(None, reader):
                where = f"{path}, line {reader.line_num}"
                if len(row) != len(names):
                    raise ValueError(f"{where}: expected {len(names)} cells, got {len(row)}")
                yield where, row
        except csv.Error as error:
            raise ValueError(f"{path}, line {reader.line_num}: {error}") from None
        except UnicodeDecodeError:
            raise ValueError(f"{path} is not UTF-8 text") from None


def place_of(target: str, names: Sequence[str], path: Any) -> int:
    """Return which column is the target. Raises `ValueError` if none is, or no other is there."""
    if target not in names:
        columns = ", ".join(map(repr, names)) or "none: it is empty"
        other = next((c for c in ";\t|" if len(names) == 1 and c in names[0]), "")
        hint = f" (is it separated by {other!r}? only commas are read)" if other else ""
        raise ValueError(
            f"target expects a column of {os.fsdecode(path)}, got {target!r}; "
            f"its columns are {columns}{hint}"
        )
    if len(names) == 1:
        raise ValueError(f"{os.fsdecode(path)} has no column but the target")
    return names.index(target)


def is_text(cells: Iterable[str]) -> bool:
    """Return whether a column holds texts: no cell is a number, and none is blank."""
    return all(text.strip() and math.isnan(_number(text)) for text in cells)


def number_in(text: str, column: str, where: str) -> float:
    """Return the number in a cell. Raises `ValueError` if there is none."""
    x = _number(text)
    if not math.isfinite(x):
        raise ValueError(f"{where}: column {column!r} expects a number, got {text!r}")
    return x


def _number(text: str) -> float:
    """Return the number that a text is; infinite for a NaN, and NaN for what is no number."""
    try:
        x = float(text if "_" not in text else "")  # to Python, 1_000 is a number
    except ValueError:
        return math.nan
    return math.inf if math.isnan(x) else x
