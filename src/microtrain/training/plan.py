"""What `train` was asked to do, checked before anything is trained."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Container, Iterator, Sequence
from typing import Any

from ..engine.number import number
from ..errors import any_int, expect, file_path, one_of, positive_int, true_or_false
from ..nn.mlp import MLP
from ..nn.optim import Schedule, learning_rate
from .objective import Objective, pairs_of

ENGINES = ("auto", "eager", "compiled", "native")
MOST_SAMPLES = 10**7  # in one step, which holds its mini-batches in a list


class Watcher(functools.partial[object]):
    """An `on_step` that looks at the history only, so that once a chunk is enough."""


class Plan:
    """The arguments of `train`, by their names, after the checks that its docstring speaks of.

    Attributes beside the arguments: `objective`, the loss to minimize; `rate`, the learning rate of
    a step; `least`, the loss to get below; `tracked`, the steps at which to take the sharpness;
    `per_pass`, how many steps a pass over the samples takes, 1 only if each step sees all of them
    equally often.
    """

    def __init__(self, **given: Any) -> None:
        self.steps = positive_int("steps", given["steps"])
        self.lr: float | Schedule = given["lr"]
        if not callable(self.lr):
            self.lr = learning_rate("lr", self.lr)
        self.engine = one_of("engine", given["engine"], ENGINES)
        least = given["target_loss"]
        self.target_loss = None if least is None else number("target_loss", least)
        self.least = -math.inf if self.target_loss is None else self.target_loss
        if math.isnan(self.least):
            raise ValueError("target_loss expects a number to be below, got nan")
        self.zero_grad = true_or_false("zero_grad", given["zero_grad"])
        self.record = true_or_false("record", given["record"])
        path = given["checkpoint"]
        self.checkpoint = None if path is None else file_path("checkpoint", path)
        self.on_step = given["on_step"]
        fits = self.on_step is None or callable(self.on_step)
        expect(fits, "on_step", "a function", self.on_step)
        tracked = given["track_sharpness"]
        self.tracks = tracked is not None
        self.tracked: Container[int] = tracked if self.tracks else ()
        if not isinstance(self.tracked, Container) or isinstance(tracked, str):
            self.tracked = range(0, self.steps, positive_int("track_sharpness", tracked))
        every = given["checkpoint_every"]
        self.every = None if every is None else positive_int("checkpoint_every", every)
        if self.checkpoint is not None and self.record:
            raise ValueError(
                "record expects False where there is a checkpoint, which can't hold it"
            )
        self.seed = any_int("seed", given["seed"])
        model, pairs = given["model"], pairs_of(given["xs"], given["ys"])
        if model is None:
            n_in = len(pairs[0][0]) if isinstance(pairs[0][0], list) else 1
            model = MLP(n_in, [4, 4, 1], seed=self.seed)
        self.objective = Objective(model, pairs, given["loss"], given["reduction"])
        n, size = len(self.objective.samples), given["batch_size"]
        self.batch_size = n if size is None else positive_int("batch_size", size)
        if self.batch_size > n:
            raise ValueError(
                f"batch_size expects at most {n}, the number of samples; got {self.batch_size}"
            )
        self.accumulate = positive_int("accumulate", given["accumulate"])
        most = max(1, MOST_SAMPLES // self.batch_size)
        if self.accumulate > most:
            raise ValueError(
                f"accumulate expects at most {most:,} mini-batches of {self.batch_size:,}, "
                f"so that one step can hold them; got {self.accumulate}"
            )
        batches, each = math.ceil(n / self.batch_size), self.accumulate
        self.per_pass = max(2, math.ceil(batches / each)) if each % batches else 1

    def rate(self, step: int) -> float:
        """Return the learning rate of a step. Raises `ValueError` if a schedule gives none."""
        if callable(self.lr):
            return learning_rate(f"lr at step {step}", self.lr(step), zero=True)
        return self.lr

    @property
    def work(self) -> int:
        """How many samples all steps together go through."""
        return self.steps * self.accumulate * self.batch_size

    def batches(self) -> Iterator[Sequence[Sequence[int]]]:
        """Return an endless iterator over the mini-batches of each step: the numbers of samples."""
        count, size = len(self.objective.samples), self.batch_size

        def cut(items: Sequence[int]) -> list[Sequence[int]]:
            return [items[start : start + size] for start in range(0, count, size)]

        def shuffled() -> Iterator[Sequence[int]]:
            import random  # slow to import

            rng, items = random.Random(self.seed), [*range(count)]
            while True:
                rng.shuffle(items)
                yield from cut(items)

        batches, drawn = cut(range(count)), shuffled()
        if self.accumulate % len(batches) == 0:  # every step sees every sample: order may stay
            return itertools.repeat(batches * (self.accumulate // len(batches)))
        return iter(lambda: [*itertools.islice(drawn, self.accumulate)], [])
