"""What training minimizes: the loss of a model on samples."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from ..engine.number import as_number, number
from ..engine.value import Value
from ..errors import as_list, counted, describe, expect, one_of
from ..nn import datasets
from ..nn.description import Description
from ..nn.losses import REDUCTIONS, Loss, encode_target, squared_error
from ..nn.mlp import MLP
from ..nn.module import Module

Pair = tuple[Any, Any]

REACH = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "relu": (0.0, math.inf)}
FAR = 100  # times as large: inputs that differ by that differ by orders of magnitude


class Objective:
    """The loss of a model on samples, as a function of the model's parameters.

    Attributes: `model`; `parameters`, its own, each once; `samples`, pairs of a sample and its
    target, in the form that the loss takes; `loss`, of one sample; `reduction`, "sum" or "mean".

    Raises `ValueError` or `TypeError` where these do not fit together, as far as that can be told
    without running the model.
    """

    def __init__(self, model: Module, pairs: Sequence[Pair], loss: Loss, reduction: str) -> None:
        fits = callable(model) and hasattr(model, "parameters") and not isinstance(model, type)
        expect(fits, "model", "a Module", model)
        expect(callable(loss), "loss", "a function", loss)
        self.model: Any = model
        self.parameters = list(dict.fromkeys(model.parameters()))
        if not self.parameters:
            raise ValueError("model has no parameters to train")
        for p in self.parameters:
            if not isinstance(p, Value) or p.parents:
                told = f"expect Values not computed from others, got {p!r}"
                raise TypeError(f"model's parameters {told}")
        self.loss, self.reduction = loss, one_of("reduction", reduction, REDUCTIONS)
        self._description: Description | None = None
        if type(model) is MLP:
            self.samples = [self._fitted(i, *pair) for i, pair in enumerate(pairs)]
        else:
            self.samples = [(x, list(y) if type(y) is list else y) for x, y in pairs]

    def _fitted(self, i: int, x: Any, y: Any) -> Pair:
        """Return sample number `i` and its target in the form that an MLP and the loss take."""
        if not isinstance(x, list) or len(x) != self.model.n_in:
            got = len(x) if isinstance(x, list) else "a lone number"
            expected = counted(self.model.n_in, "input")
            raise ValueError(f"xs[{i}]: MLP expects {expected}, got {got}")
        try:
            return x, encode_target(self.loss, y, self.model.sizes[-1])
        except (TypeError, ValueError) as error:
            raise type(error)(f"ys[{i}]: {error}") from None

    def loss_of(self, prediction: Any, target: Any) -> Value:
        """Return the loss of one sample. Raises `TypeError` if it is no Value."""
        value: object = self.loss(prediction, target)
        if not isinstance(value, Value):
            raise TypeError(
                f"loss is expected to return a Value, got {describe(value)} "
                f"for the prediction {describe(prediction)}"
            )
        return value

    def described(self) -> str | None:
        """Return all that decides what model and loss compute, or None if that can't be told."""
        if self._description is None or not self._description.holds():
            self._description = Description((self.model, self.loss), self.parameters)
        return self._description.text

    def remarks(self) -> Iterator[str]:
        """Yield what is likely to go wrong: where the samples don't suit an MLP."""
        model, loss = self.model, self.loss
        if type(model) is not MLP:
            return
        name = model.layers[-1].neurons[0].activation
        if name in REACH and loss is squared_error:
            low, high = REACH[name]
            targets = [y for _, ys in self.samples for y in (ys if isinstance(ys, list) else [ys])]
            if odd := [y for y in targets if not low <= y <= high]:
                yield (
                    f"a target of {max(odd, key=abs):g} is out of reach of a {name} output, which "
                    f'is from {low:g} to {high:g}: take output_activation="linear", or '
                    "datasets.standardize the targets"
                )
        columns = enumerate(zip(*(x for x, _ in self.samples)))
        if sizes := {k: size for k, column in columns if (size := _size(column))}:
            least, most = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
            if sizes[most] >= FAR * sizes[least]:
                yield (
                    f"inputs differ by orders of magnitude, from {sizes[least]:.2g} in column "
                    f"{least} to {sizes[most]:.2g} in column {most}: datasets.standardize them"
                )


def _size(column: tuple[float, ...]) -> float:
    """Return how large the numbers are that are not 0: the root of their mean square, or 0.0."""
    found = [abs(x) for x in column if x]
    most = max(found, default=0.0)
    return most and most * math.sqrt(math.fsum((x / most) ** 2 for x in found) / len(found))


def pairs_of(xs: Any, ys: Any) -> list[Pair]:
    """Return pairs of a sample, as a float or a list of floats, and its target.

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
        name = f"xs[{i}]"
        if as_number(x) is NotImplemented:
            x = [number(f"{name}[{k}]", part) for k, part in enumerate(as_list(name, x))]
        else:
            x = number(name, x)
        _check_finite(name, x)
        pairs.append((x, y))
    return pairs


def _check_finite(name: str, x: Any) -> None:
    """Raise `ValueError` for a float, or one in a list, that is infinite or NaN."""
    if isinstance(x, list | tuple):
        for i, part in enumerate(x):
            _check_finite(f"{name}[{i}]", part)
    elif isinstance(x, float) and not math.isfinite(x):
        raise ValueError(f"{name} expects a finite number, got {x}")
