"""What training minimizes: the loss of a model on samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..engine.value import Value
from ..errors import counted, describe
from ..nn.description import described
from ..nn.losses import encode_target
from ..nn.mlp import MLP
from ..nn.module import Module
from .samples import Pair


class Objective:
    """The loss of a model on samples, as a function of the model's parameters.

    Attributes: `model`; `parameters`, its own, each once; `samples`, pairs of a sample and its
    target, in the form that the loss takes; `loss`, of one sample; `reduction`, "sum" or "mean".

    Raises `ValueError` or `TypeError` where these do not fit together, as far as that can be told
    without running the model.
    """

    def __init__(
        self,
        model: Module,
        pairs: Sequence[Pair],
        loss: Callable[[Any, Any], Value],
        reduction: str,
    ) -> None:
        if isinstance(model, type) or not callable(model) or not hasattr(model, "parameters"):
            raise TypeError(f"model expects a Module, got {describe(model)}")
        if not callable(loss):
            raise TypeError(f"loss expects a function, got {describe(loss)}")
        self.model: Any = model
        self.parameters = list(dict.fromkeys(model.parameters()))
        if not self.parameters:
            raise ValueError("model has no parameters to train")
        for p in self.parameters:
            if not isinstance(p, Value) or p.parents:
                told = f"expect Values not computed from others, got {p!r}"
                raise TypeError(f"model's parameters {told}")
        self.loss, self.reduction = loss, reduction
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
        return described((self.model, self.loss), self.parameters)
