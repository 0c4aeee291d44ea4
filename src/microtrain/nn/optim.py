"""Plain gradient descent, and schedules for its learning rate.

A schedule is any callable from the step, counted from 0, to the learning rate of that step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from ..engine.graph import reset
from ..engine.number import positive
from ..engine.value import Value
from ..errors import any_int, as_list, expect, positive_int

Schedule = Callable[[int], float]


class SGD:
    """Gradient descent: each `step` moves every parameter by ``-lr * grad``.

    parameters: Values, as from ``model.parameters()``; lr: a number above 0, which may be changed
    between steps.

    >>> w = Value(1.0)
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.data
    0.8
    """

    def __init__(self, parameters: Iterable[Value], lr: float) -> None:
        listed = as_list("parameters", parameters)
        for p in listed:
            expect(isinstance(p, Value), "parameters", "Values", p)
        if not listed:
            raise ValueError("parameters expects at least one Value, got none")
        self.parameters: list[Value] = list(dict.fromkeys(listed))  # each once
        self.lr = positive("lr", lr)

    def step(self) -> None:
        """Move every parameter against its gradient."""
        update(self.parameters, self.lr)

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero."""
        reset(self.parameters)


def update(parameters: Iterable[Value], lr: float) -> None:
    """Move every parameter against its gradient, by `lr` times its size."""
    for p in parameters:
        p.data -= lr * p.grad


class _Schedule:
    """Base class of schedules, which can be pickled, and so sent to another process."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, vars(self).values()))})"


class constant(_Schedule):
    """The schedule that is `lr` > 0 at every step.

    >>> constant(0.1)(1000)
    0.1
    """

    def __init__(self, lr: float) -> None:
        self.lr = positive("lr", lr)

    def __call__(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        return self.lr


class warmup_cosine(_Schedule):
    """A schedule that rises in a line to `peak`, then falls along half a cosine to `final`.

    The rate is ``peak * (step + 1) / (warmup_steps + 1)`` up to its peak at step `warmup_steps`; it
    reaches `final` at step `steps` and stays there. peak > 0; 0 <= final <= peak; 0 <= warmup_steps
    < steps. The cosine is that of Loshchilov and Hutter, 2017 ("SGDR: Stochastic Gradient Descent
    with Warm Restarts"), without the restarts.

    >>> lr = warmup_cosine(0.1, steps=100, warmup_steps=9)
    >>> [round(lr(step), 4) for step in (0, 4, 9, 54, 99)]
    [0.01, 0.05, 0.1, 0.0509, 0.0]
    >>> lr
    warmup_cosine(0.1, 100, 9, 0.0)
    """

    def __init__(self, peak: float, steps: int, warmup_steps: int, final: float = 0.0) -> None:
        self.peak = positive("peak", peak)
        self.steps = positive_int("steps", steps)
        self.warmup_steps = any_int("warmup_steps", warmup_steps)
        if not 0 <= self.warmup_steps < self.steps:
            told = f"an int from 0 to {self.steps - 1}, got {self.warmup_steps}"
            raise ValueError(f"warmup_steps expects {told}")
        self.final = positive("final", final, zero=True)
        if self.final > self.peak:
            raise ValueError(
                f"final expects a number of at most peak, {self.peak}; got {self.final}"
            )

    def __call__(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        if step < self.warmup_steps:
            return self.peak * (step + 1) / (self.warmup_steps + 1)
        progress = min(1.0, (step - self.warmup_steps) / (self.steps - self.warmup_steps))
        share = (1 + math.cos(math.pi * progress)) / 2
        return share * self.peak + (1 - share) * self.final
