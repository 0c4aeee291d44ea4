"""The gradient of `examples/gpt.py`, written out by hand: what a compiler has to beat.

In plain Python, with lists of floats, and in NumPy, with an array for all places at once. Both are
told the letters of a name as numbers, so they pick rows, and compute nothing where a name is
padded.
"""

from __future__ import annotations

from math import exp, log
from operator import mul
from typing import Any

import numpy as np

SMALL = 1e-5


def dot(a: Any, b: Any) -> float:
    return sum(map(mul, a, b))


def times(matrix: Any, x: Any) -> list[float]:
    return [sum(map(mul, row, x)) for row in matrix]


def normed(x: list[float]) -> tuple[list[float], float]:
    scale = (dot(x, x) / len(x) + SMALL) ** -0.5
    return [a * scale for a in x], scale


def normed_back(slopes: list[float], y: list[float], scale: float) -> list[float]:
    """Return the slopes by x, for those by y, which is x times the scale."""
    along = dot(slopes, y) / len(y)
    return [(d - along * a) * scale for d, a in zip(slopes, y)]


def softmax(xs: list[float]) -> list[float]:
    top = max(xs)
    powers = [exp(x - top) for x in xs]
    total = sum(powers)
    return [x / total for x in powers]


def add_outer(slopes: list[list[float]], d: list[float], x: list[float]) -> None:
    """Add the slopes by a matrix, for the slopes by its product with x."""
    for row, a in zip(slopes, d):
        if a:
            row[:] = [s + a * b for s, b in zip(row, x)]


def in_python(weights: dict[str, Any], text: list[int], heads: int) -> tuple[float, dict[str, Any]]:
    """Return the loss and its slopes, in lists."""
    w = weights
    width, n = len(w["query"]), len(text) - 1
    size = width // heads
    root = size**0.5
    parts = [slice(h, h + size) for h in range(0, width, size)]
    keys: list[list[float]] = []
    values: list[list[float]] = []
    kept: list[Any] = []
    total = 0.0
    for place in range(n):
        x, scale = normed([a + b for a, b in zip(w["letters"][text[place]], w["places"][place])])
        y, y_scale = normed(x)
        query = times(w["query"], y)
        keys.append(times(w["key"], y))
        values.append(times(w["value"], y))
        shares, seen = [], []
        for part in parts:
            q = query[part]
            share = softmax([dot(q, key[part]) / root for key in keys])
            shares.append(share)
            seen += [dot(share, column) for column in zip(*[v[part] for v in values])]
        middle = [a + b for a, b in zip(x, times(w["mixed"], seen))]
        z, z_scale = normed(middle)
        neurons = [a if a > 0.0 else 0.0 for a in times(w["up"], z)]
        last = [a + b for a, b in zip(middle, times(w["down"], neurons))]
        odds = softmax(times(w["out"], last))
        total -= log(odds[text[place + 1]])
        kept.append((x, scale, y, y_scale, query, shares, seen, z, z_scale, neurons, last, odds))
    slopes = {name: [[0.0] * len(row) for row in matrix] for name, matrix in w.items()}
    columns = {
        name: [*zip(*w[name])] for name in ("query", "key", "value", "mixed", "up", "down", "out")
    }
    by_keys = [[0.0] * width for _ in range(n)]
    by_values = [[0.0] * width for _ in range(n)]
    for place in range(n - 1, -1, -1):
        x, scale, y, y_scale, query, shares, seen, z, z_scale, neurons, last, odds = kept[place]
        d_out = [p / n for p in odds]
        d_out[text[place + 1]] -= 1.0 / n
        add_outer(slopes["out"], d_out, last)
        d_last = times(columns["out"], d_out)
        add_outer(slopes["down"], d_last, neurons)
        d_up = [d if a else 0.0 for d, a in zip(times(columns["down"], d_last), neurons)]
        add_outer(slopes["up"], d_up, z)
        d_middle = normed_back(times(columns["up"], d_up), z, z_scale)
        d_middle = [a + b for a, b in zip(d_middle, d_last)]
        add_outer(slopes["mixed"], d_middle, seen)
        d_seen = times(columns["mixed"], d_middle)
        d_query: list[float] = []
        for part, share in zip(parts, shares):
            d_head, q = d_seen[part], query[part]
            d_share = [dot(d_head, v[part]) for v in values[: place + 1]]
            mean = dot(share, d_share)
            d_fits = [s * (d - mean) / root for s, d in zip(share, d_share)]
            d_query += [dot(d_fits, c) for c in zip(*[k[part] for k in keys[: place + 1]])]
            for k, (s, d) in enumerate(zip(share, d_fits)):
                by_values[k][part] = [a + s * b for a, b in zip(by_values[k][part], d_head)]
                by_keys[k][part] = [a + d * b for a, b in zip(by_keys[k][part], q)]
        d_y = [0.0] * width
        for name, d in (("query", d_query), ("key", by_keys[place]), ("value", by_values[place])):
            add_outer(slopes[name], d, y)
            d_y = [a + b for a, b in zip(d_y, times(columns[name], d))]
        d_x = [a + b for a, b in zip(normed_back(d_y, y, y_scale), d_middle)]
        d_start = normed_back(d_x, x, scale)
        row = slopes["letters"][text[place]]
        row[:] = [a + b for a, b in zip(row, d_start)]
        slopes["places"][place] = d_start
    return total / n, slopes


def in_numpy(weights: dict[str, Any], text: Any, heads: int) -> tuple[float, dict[str, Any]]:
    """Return the loss and its slopes, in arrays."""
    w = weights
    n, width = len(text) - 1, w["query"].shape[0]
    root = (width // heads) ** 0.5

    def scaled(x: Any) -> tuple[Any, Any]:
        scale = ((x * x).mean(1, keepdims=True) + SMALL) ** -0.5
        return x * scale, scale

    def scaled_back(d: Any, y: Any, scale: Any) -> Any:
        return (d - (d * y).mean(1, keepdims=True) * y) * scale

    def apart(x: Any) -> Any:  # places x width to heads x places x size
        return x.reshape(n, heads, -1).transpose(1, 0, 2)

    def together(x: Any) -> Any:
        return x.transpose(1, 0, 2).reshape(n, width)

    def shares_of(x: Any) -> Any:
        powers = np.exp(x - x.max(-1, keepdims=True))
        return powers / powers.sum(-1, keepdims=True)

    x, scale = scaled(w["letters"][text[:-1]] + w["places"][:n])
    y, y_scale = scaled(x)
    query, key, value = (apart(y @ w[name].T) for name in ("query", "key", "value"))
    fits = query @ key.transpose(0, 2, 1) / root
    fits[:, np.triu(np.ones((n, n), bool), 1)] = -np.inf
    shares = shares_of(fits)
    seen = together(shares @ value)
    middle = x + seen @ w["mixed"].T
    z, z_scale = scaled(middle)
    neurons = np.maximum(z @ w["up"].T, 0.0)
    last = middle + neurons @ w["down"].T
    odds = shares_of(last @ w["out"].T)
    right = np.arange(n), text[1:]
    loss = -np.log(odds[right]).mean()

    slopes = {"places": np.zeros_like(w["places"]), "letters": np.zeros_like(w["letters"])}
    d_out = odds / n
    d_out[right] -= 1.0 / n
    slopes["out"] = d_out.T @ last
    d_last = d_out @ w["out"]
    slopes["down"] = d_last.T @ neurons
    d_up = d_last @ w["down"] * (neurons > 0.0)
    slopes["up"] = d_up.T @ z
    d_middle = d_last + scaled_back(d_up @ w["up"], z, z_scale)
    slopes["mixed"] = d_middle.T @ seen
    d_seen = apart(d_middle @ w["mixed"])
    d_shares = d_seen @ value.transpose(0, 2, 1)
    d_fits = shares * (d_shares - (shares * d_shares).sum(-1, keepdims=True)) / root
    d_y = np.zeros((n, width))
    for name, d in (
        ("query", d_fits @ key),
        ("key", d_fits.transpose(0, 2, 1) @ query),
        ("value", shares.transpose(0, 2, 1) @ d_seen),
    ):
        flat = together(d)
        slopes[name] = flat.T @ y
        d_y += flat @ w[name]
    d_start = scaled_back(d_middle + scaled_back(d_y, y, y_scale), x, scale)
    slopes["places"][:n] = d_start
    np.add.at(slopes["letters"], text[:-1], d_start)
    return float(loss), slopes
