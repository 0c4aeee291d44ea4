"""What a model is trained on and with: its samples and targets, checked, and their mini-batches."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..engine.number import as_number, number
from ..engine.value import Value
from ..errors import as_list, counted, describe
from ..nn import datasets
from ..nn.losses import encode_target
from ..nn.mlp import MLP
from ..nn.module import Module

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


def fitted(
    model: Module, pairs: Sequence[Pair], loss: Callable[[Any, Any], Value]
) -> tuple[list[Value], list[Pair]]:
    """Return the model's parameters, each once, and the pairs in the form that loss takes.

    Raises `ValueError` or `TypeError` where they don't fit, as far as that can be told without
    running the model.
    """
    if isinstance(model, type) or not callable(model) or not hasattr(model, "parameters"):
        raise TypeError(f"model expects a Module, got {describe(model)}")
    if not callable(loss):
        raise TypeError(f"loss expects a function, got {describe(loss)}")
    parameters = list(dict.fromkeys(model.parameters()))
    if not parameters:
        raise ValueError("model has no parameters to train")
    for p in parameters:
        if not isinstance(p, Value) or p.parents:
            raise TypeError(f"model's parameters expect Values not computed from others, got {p!r}")
    if type(model) is not MLP:
        return parameters, [(x, list(y) if type(y) is list else y) for x, y in pairs]
    fitting = []
    for i, (x, y) in enumerate(pairs):
        if not isinstance(x, list) or len(x) != model.n_in:
            got = len(x) if isinstance(x, list) else "a lone number"
            expected = counted(model.n_in, "input")
            raise ValueError(f"xs[{i}]: MLP expects {expected}, got {got}")
        try:
            fitting.append((x, encode_target(loss, y, model.sizes[-1])))
        except (TypeError, ValueError) as error:
            raise type(error)(f"ys[{i}]: {error}") from None
    return parameters, fitting


def checked(loss: Callable[[Any, Any], Value]) -> Callable[[Any, Any], Value]:
    """Return the loss with a check of what it returns."""

    def loss_of(prediction: Any, target: Any) -> Value:
        value: object = loss(prediction, target)
        if not isinstance(value, Value):
            raise TypeError(
                f"loss is expected to return a Value, got {describe(value)} "
                f"for the prediction {describe(prediction)}"
            )
        return value

    return loss_of


def batches_of(
    samples: Sequence[Any], size: int, accumulate: int, rng: random.Random
) -> Iterator[Sequence[Sequence[Any]]]:
    """Return an endless iterator over the mini-batches of each step."""
    starts = range(0, len(samples), size)
    if accumulate % len(starts):
        return _shuffled(list(samples), size, accumulate, rng)
    # Every step sees every sample, so there is no point in changing their order.
    once = [samples[start : start + size] for start in starts]
    return itertools.repeat(once * (accumulate // len(starts)))


def _shuffled(
    samples: list[Any], size: int, accumulate: int, rng: random.Random
) -> Iterator[Sequence[Sequence[Any]]]:
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
