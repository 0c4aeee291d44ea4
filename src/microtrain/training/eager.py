"""The training step, as every neural network does it: forward pass, loss, backward pass, update."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

from ..engine.graph import reset
from ..engine.primitives import sqrt
from ..engine.value import Value
from ..nn.optim import update
from .plan import Objective

State = tuple[tuple[float, ...], tuple[float, ...]]  # data and gradients of all parameters
Batches = Sequence[Sequence[int]]  # of a step: the numbers of the samples
Drawn = Iterator[Batches]  # of one step after the other
# The loss before each step, the gradient's lengths, the state after the last, and that before it.
Stepped = tuple[Sequence[float], Sequence[float], State, State]
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
    chunk = 0  # how many steps to make at a time, if it can make many

    def __init__(self, objective: Objective, zero_grad: bool) -> None:
        self.objective, self.zero_grad = objective, zero_grad

    def steps(self, state: State, batches: Drawn, rates: Sequence[float], least: float) -> Stepped:
        """Make steps from this state, which the model is in, and return what came of them.

        There is a rate for each, and mini-batches, which are drawn from `Plan.batches`. At least
        one is made; of more, those before a loss below `least`.
        """
        loss = step(self.objective, next(batches), rates[0], self.zero_grad)
        after, squares = state_of(self.objective.parameters), 0.0
        for g in after[1]:
            squares = squares + g * g
        return (loss,), (sqrt(squares),), after, state

    def agrees(self, most: int) -> bool:
        """Return whether a step on the first samples, at most `most`, is that of eager code."""
        state = state_of(self.objective.parameters)
        batch = range(len(self.objective.samples))[: max(1, most)]

        def outcome(kind: type[EagerEngine]) -> str:
            try:
                made = kind.steps(self, state, itertools.repeat([batch]), [0.1], -math.inf)
                return repr([*map(list, made)])
            except ArithmeticError as error:
                return repr(error)
            finally:
                set_state(self.objective.parameters, state)

        return outcome(type(self)) == outcome(EagerEngine)


def state_of(parameters: Sequence[Value]) -> State:
    """Return all data and all gradients."""
    return tuple([p.data for p in parameters]), tuple([p.grad for p in parameters])


def set_state(parameters: Sequence[Value], state: State) -> None:
    """Set all data and all gradients."""
    for p, x, g in zip(parameters, *state):
        p.data, p.grad = x, g
