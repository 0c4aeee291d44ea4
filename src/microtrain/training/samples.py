"""What a model is trained on: samples and targets, checked, and their mini-batches."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

from ..engine.number import as_number, number
from ..errors import as_list
from ..nn import datasets

Pair = tuple[Any, Any]


def pairs_of(xs: Any, ys: Any) -> list[Pair]:
    """Return (sample, target) pairs, each sample a list of floats, or a float if it is a number.

    Without any they are those of `datasets.toy`.
    """
    if (xs is None) != (ys is None):
        raise ValueError("xs and ys go together: expected both or neither")
    if xs is None:
        xs, ys = datasets.toy()
    samples, targets = as_list("xs", xs), as_list("ys", ys)
    if len(samples) != len(targets):
        raise ValueError(
            f"expected a target for each sample, got {len(samples)} xs, {len(targets)} ys"
        )
    if not samples:
        raise ValueError("xs expects at least one sample, got none")
    pairs = []
    for i, (x, y) in enumerate(zip(samples, targets)):
        _check_finite(f"ys[{i}]", y)
        pairs.append((_sample(f"xs[{i}]", x), y))
    return pairs


def batches_of(
    samples: Sequence[Any], size: int, accumulate: int, seed: int
) -> Iterator[Sequence[Sequence[Any]]]:
    """Return an endless iterator over the mini-batches of each step."""
    starts = range(0, len(samples), size)
    if accumulate % len(starts):
        return _shuffled(list(samples), size, accumulate, seed)
    # Every step sees every sample, so there is no point in changing their order.
    once = [samples[start : start + size] for start in starts]
    return itertools.repeat(once * (accumulate // len(starts)))


def _shuffled(
    samples: list[Any], size: int, accumulate: int, seed: int
) -> Iterator[Sequence[Sequence[Any]]]:
    import random  # slow to import

    rng = random.Random(seed)
    step: list[Sequence[Any]] = []
    while True:
        rng.shuffle(samples)
        for start in range(0, len(samples), size):
            step.append(samples[start : start + size])
            if len(step) == accumulate:
                yield step
                step = []


def _sample(name: str, x: Any) -> Any:
    """Return a sample as a list of floats (or as one float, if it is a lone number)."""
    if as_number(x) is NotImplemented:
        x = [number(f"{name}[{i}]", part) for i, part in enumerate(as_list(name, x))]
    else:
        x = number(name, x)
    _check_finite(name, x)
    return x


def _check_finite(name: str, x: Any) -> None:
    """Raise `ValueError` for a float, or one in a list, that is infinite or NaN."""
    if isinstance(x, list | tuple):
        for i, part in enumerate(x):
            _check_finite(f"{name}[{i}]", part)
    elif isinstance(x, float) and not math.isfinite(x):
        raise ValueError(f"{name} expects a finite number, got {x}")
