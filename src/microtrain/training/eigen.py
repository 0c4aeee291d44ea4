"""The largest eigenvalue of a symmetric matrix, given as rows or as a product with vectors.

Both ways first bring the matrix to tridiagonal form: `largest_eigenvalue` by Householder's
reflections, exactly, `lanczos` step by step until it no longer matters. The largest eigenvalue of
that form is then found by bisection. (Golub and Van Loan, "Matrix Computations", 4th edition, 8.3,
8.4 and 10.1.) "Largest" is meant algebraically: -1 is larger than -2.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

Vector = list[float]

# `lanczos` stops after PATIENCE steps in a row that change the eigenvalue by less than TOLERANCE of
# it. That does not bound the error, but on spectra without a gap the error was below 1e-8.
TOLERANCE, PATIENCE = 1e-11, 4


def largest_eigenvalue(matrix: Sequence[Sequence[float]]) -> float:
    """Return the largest eigenvalue of a symmetric matrix; NaN if a number in it is not finite.

    >>> largest_eigenvalue([[2.0, 1.0], [1.0, 2.0]])
    3.0
    """
    rest = [list(row) for row in matrix]
    if not all(math.isfinite(x) for row in rest for x in row):
        return math.nan
    diagonal: Vector = []
    beside: Vector = []
    while rest:
        # Reflect the first column onto its first axis, and the rest of the matrix with it.
        column = rest[0][1:]
        diagonal.append(rest[0][0])
        rest = [row[1:] for row in rest[1:]]
        length = math.hypot(*column)
        beside.append(length)
        if length == 0.0:
            continue
        v = column
        v[0] += math.copysign(length, v[0])
        size = math.hypot(*v)
        v = [x / size for x in v]
        p = [_dot(row, v) for row in rest]
        half = _dot(p, v)
        q = [2.0 * (y - half * x) for x, y in zip(v, p)]
        rest = [
            [a - x * qj - y * vj for a, vj, qj in zip(row, v, q)] for row, x, y in zip(rest, v, q)
        ]
    return _top(diagonal, beside)


def lanczos(product: Callable[[Vector], Vector], n: int) -> float:
    """Return the largest eigenvalue of a symmetric matrix of n rows, given by its products.

    product: returns the matrix times a list of n floats. After n products the result is exact, up
    to rounding; as a rule far fewer are enough.
    """
    rng = random.Random(0)
    vectors: list[Vector] = []
    diagonal: Vector = []
    beside: Vector = []
    top, still = math.nan, 0
    v = _new_direction(rng, vectors, n)
    while len(vectors) < n:
        vectors.append(v)
        w = product(v)
        diagonal.append(_dot(v, w))
        if not math.isfinite(diagonal[-1]):
            return math.nan
        before, top = top, _top(diagonal, beside)
        still = still + 1 if abs(top - before) <= TOLERANCE * abs(top) else 0
        if still == PATIENCE:
            break
        w = _orthogonal(_orthogonal(w, vectors), vectors)
        length = math.hypot(*w)
        if length > 1e-13 * max(map(abs, diagonal)):
            v = [x / length for x in w]
        else:  # the matrix maps the space of these vectors onto itself: go on outside of it
            v, length = _new_direction(rng, vectors, n), 0.0
        beside.append(length)
    return top


def _new_direction(rng: random.Random, vectors: Sequence[Vector], n: int) -> Vector:
    """Return a random vector of length 1 that is orthogonal to these."""
    v = [rng.gauss(0.0, 1.0) for _ in range(n)]
    v = _orthogonal(_orthogonal(v, vectors), vectors)
    length = math.hypot(*v)
    return [x / length for x in v] if length else v


def _orthogonal(w: Vector, vectors: Sequence[Vector]) -> Vector:
    """Return the part of a vector that is orthogonal to these vectors of length 1."""
    for v in vectors:
        share = _dot(v, w)
        w = [x - share * y for x, y in zip(w, v)]
    return w


def _top(diagonal: Sequence[float], beside: Sequence[float]) -> float:
    """Return the largest eigenvalue of a tridiagonal matrix, from its diagonal and the one beside.

    A number x is above it where the matrix minus x is negative definite: where elimination meets
    only negative pivots.
    """
    scale = max(map(abs, (*diagonal, *beside)))  # the squares below are not to over- or underflow
    if scale == 0.0:
        return 0.0
    diagonal, beside = ([x / scale for x in row] for row in (diagonal, beside))
    rows = [*zip(diagonal, (0.0, *(b * b for b in beside)))]
    neighbours = [*beside, 0.0]
    reach = [abs(b) + abs(c) for b, c in zip((0.0, *neighbours), neighbours)]
    low = max(diagonal)
    high = max(a + r for a, r in zip(diagonal, reach))  # by Gershgorin's circles
    least = 1e-16 * max(abs(low), abs(high))
    while high - low > least and low < (middle := (low + high) / 2) < high:
        pivot = 1.0
        for a, square in rows:
            pivot = a - middle - square / pivot
            if pivot >= 0.0:
                low = middle
                break
        else:
            high = middle
    return high * scale


def _dot(v: Sequence[float], w: Sequence[float]) -> float:
    total = 0.0
    for x, y in zip(v, w):
        total += x * y
    return total
