"""The training step, as every neural network does it: forward pass, loss, backward pass, update."""

from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..value import Value


def step(
    model: Callable[[Any], Any],
    parameters: Sequence[Value],
    batches: Sequence[Sequence[tuple[Any, Any]]],
    lr: float,
    loss_of: Callable[[Any, Any], Value],
    reduction: str,
    zero_grad: bool,
) -> float:
    """Update the parameters once, and return the loss that they had before.

    batches: one or more mini-batches of (sample, target); the gradients of all of them add up.
    """
    total = 0.0
    for turn, batch in enumerate(batches):
        # 1. Forward pass: a prediction for each sample.
        predictions = [model(x) for x, _ in batch]

        # 2. Loss: one number that says how wrong the predictions are.
        loss: Any = sum(loss_of(prediction, y) for prediction, (_, y) in zip(predictions, batch))
        if reduction == "mean":
            loss = loss / len(batch)

        # 3. Backward pass: the derivative of the loss by each parameter, added to its gradient.
        if zero_grad and turn == 0:
            for p in parameters:
                p.grad = 0.0
        loss.backward()
        total += loss.data

    # 4. Update: every parameter a small step downhill.
    for p in parameters:
        p.data -= lr * p.grad
    return total


def gradient_norm(parameters: Sequence[Value]) -> float:
    """Return the length of the gradient, the vector of all the parameters' derivatives."""
    squares = 0.0
    for p in parameters:
        squares += p.grad * p.grad
    return math.sqrt(squares)
