"""A model's predictions on a grid in the plane, and the level that separates two classes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

Grid = tuple[list[float], list[float], list[list[float]]]

MARGIN = 0.15  # of the points' extent, on every side


def boundary_level(targets: Sequence[Any]) -> float | None:
    """Return the prediction that separates two classes with the targets -1 and 1, or 0 and 1.

    For other targets there is no such level, and it is None.

    >>> boundary_level([1, -1]), boundary_level([1.0, 0.0]), boundary_level([0.3, 1.0])
    (0.0, 0.5, None)
    """
    if not all(isinstance(y, int | float) for y in targets):
        return None
    found = set(targets)
    return 0.0 if found <= {-1, 1} else 0.5 if found <= {0, 1} else None


def shade(prediction: float, level: float) -> float:
    """Return a shade from -1, for a prediction far below the level, to 1, for one far above."""
    # Predictions from 0 to 1 differ less than those from -1 to 1.
    return math.tanh((4.0 if level else 1.0) * (prediction - level))


def field(
    predict: Callable[[list[list[float]]], list[float]],
    points: Sequence[Sequence[float]],
    columns: int = 60,
    rows: int = 60,
) -> Grid:
    """Return a grid's coordinates across and up, and the prediction in each row and column.

    The grid covers the points and a margin around them.

    >>> field(lambda xs: [x + y for x, y in xs], [[0.0, 0.0], [10.0, 20.0]], 3, 2)
    ([-1.5, 5.0, 11.5], [-3.0, 23.0], [[-4.5, 2.0, 8.5], [21.5, 28.0, 34.5]])
    """
    across = _between([x for x, _ in points], columns)
    up = _between([y for _, y in points], rows)
    values = predict([[x, y] for y in up for x in across])
    return across, up, [values[i : i + columns] for i in range(0, rows * columns, columns)]


def _between(numbers: Sequence[float], n: int) -> list[float]:
    """Return `n` numbers, evenly spaced, from a margin below to a margin above these."""
    extent = max(numbers) - min(numbers) or 1.0
    low, high = min(numbers) - MARGIN * extent, max(numbers) + MARGIN * extent
    return [low + (high - low) * i / (n - 1) for i in range(n)]
