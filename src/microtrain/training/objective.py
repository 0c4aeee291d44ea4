"""What training minimizes: the loss of a model on samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..engine.value import Value
from ..nn.module import Module
from .samples import Pair, checked, fitted


class Objective:
    """The loss of a model on samples, as a function of the model's parameters.

    Attributes: `model`; `parameters`, its own, each once; `samples`, pairs of a sample and its
    target; `loss`, of one sample; `loss_of`, the same with a check of what it returns; `reduction`.

    Raises `ValueError` or `TypeError` where these do not fit together.
    """

    def __init__(
        self,
        model: Module,
        pairs: Sequence[Pair],
        loss: Callable[[Any, Any], Value],
        reduction: str,
    ) -> None:
        self.model: Any = model
        self.parameters, self.samples = fitted(model, pairs, loss)
        self.loss = loss
        self.loss_of = checked(loss)
        self.reduction = reduction
