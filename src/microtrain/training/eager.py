"""The training step, as every neural network does it: forward pass, loss, backward pass, update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engine.graph import reset
from ..engine.primitives import sqrt
from ..engine.value import Value
from ..nn.optim import update
from .plan import Objective

State = tuple[tuple[float, ...], tuple[float, ...]]  # data and gradients of all parameters
Batches = Sequence[Sequence[int]]  # of a step: the numbers of the samples
Stepped = tuple[float, float, State]  # the loss before a step, the gradient's length, what is after
Whole = tuple[int, State, State]  # how many steps were made, the state then, that before the last


def step(objective: Objective, batches: Batches, lr: float, zero_grad: bool) -> float:
    """Update the parameters once, and return the loss that they had before.

    batches: one or more mini-batches; the gradients of all of them add up.
    """
    total = 0.0
    for turn, batch in enumerate(batches):
        samples = [objective.samples[i] for i in batch]

        # 1. Forward pass: a prediction for each sample.
        predictions = [objective.model(x) for x, _ in samples]

        # 2. Loss: one number that says how wrong the predictions are.
        loss: Any = sum(objective.loss_of(p, y) for p, (_, y) in zip(predictions, samples))
        if objective.reduction == "mean":
            loss = loss / len(samples)

        # 3. Backward pass: the derivative of the loss by each parameter, added to its gradient.
        if zero_grad and turn == 0:
            reset(objective.parameters)
        loss.backward()
        total += loss.data

    # 4. Update: every parameter a small step downhill.
    update(objective.parameters, lr)
    return total


class EagerEngine:
    """The engine that performs each operation of `step` when it comes, on the model itself."""

    name = "eager"
    source = ""
    chunk: Any = None  # a method that makes many steps of a run at a time, if there is one

    def __init__(self, objective: Objective, zero_grad: bool) -> None:
        self.objective, self.zero_grad = objective, zero_grad

    def step(self, state: State, batches: Batches, lr: float) -> Stepped:
        """Make a step from this state, which the model is in, and return what came of it."""
        loss = step(self.objective, batches, lr, self.zero_grad)
        after, squares = state_of(self.objective.parameters), 0.0
        for g in after[1]:
            squares = squares + g * g
        return loss, sqrt(squares), after

    def refresh(self) -> None:
        """Take note of what `on_step` may have changed: nothing to do, as nothing was recorded."""


def state_of(parameters: Sequence[Value]) -> State:
    """Return all data and all gradients."""
    return tuple([p.data for p in parameters]), tuple([p.grad for p in parameters])


def set_state(parameters: Sequence[Value], state: State) -> None:
    """Set all data and all gradients."""
    for p, x, g in zip(parameters, *state):
        p.data, p.grad = x, g
