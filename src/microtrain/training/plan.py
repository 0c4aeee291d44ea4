"""What `train` was asked to do, and to minimize, checked before anything is trained."""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
import warnings
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any

from ..engine.number import number, positive
from ..engine.value import Value
from ..errors import any_int, describe, expect, file_path, one_of, positive_int, true_or_false
from ..nn.datasets import Pair, pairs_of
from ..nn.description import Description
from ..nn.losses import REDUCTIONS, Loss, encode_target, squared_error
from ..nn.mlp import MLP, inputs_of
from ..nn.module import Module
from ..nn.optim import Schedule

ENGINES = ("auto", "eager", "compiled", "native")
MOST_SAMPLES = 10**7  # in one step, which holds its mini-batches in a list
REACH = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "relu": (0.0, math.inf)}
FAR = 100  # times as large: inputs that differ by that differ by orders of magnitude


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
            self.lr = positive("lr", self.lr)
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
        self.on_step = on_step = given["on_step"]
        expect(on_step is None or callable(on_step), "on_step", "a function", on_step)
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
            return positive(f"lr at step {step}", self.lr(step), zero=True)
        return self.lr

    def rates(self, k: int, most: int) -> list[float]:
        """Return the learning rates of the steps from step k on that can be made together.

        Raises `ValueError` if a schedule gives none for the first.
        """
        every = self.every or self.steps
        end = min(self.steps, k + most, k + every - k % every)
        if self.tracks:
            end = next((step for step in range(k + 1, end) if step in self.tracked), end)
        if not callable(self.lr):
            return [self.lr] * (end - k)
        rates = [self.rate(k)]
        with contextlib.suppress(Exception):  # it is raised when it is that step's turn
            for step in range(k + 1, end):
                rates.append(self.rate(step))
        return rates

    def batches(self, k: int) -> Iterator[Sequence[Sequence[int]]]:
        """Return an endless iterator over the mini-batches of each step: the numbers of samples.

        It begins with step k. It is an `itertools.repeat` where all steps have the same, else it
        can be copied.
        """
        count, size = len(self.objective.samples), self.batch_size

        def cut(items: Sequence[int]) -> list[Sequence[int]]:
            return [items[start : start + size] for start in range(0, count, size)]

        def shuffled() -> Iterator[Sequence[int]]:
            import random  # slow to import

            rng, items = random.Random(self.seed), [*range(count)]
            while True:
                rng.shuffle(items)
                yield from cut(items)

        if self.per_pass == 1:  # every step sees every sample: order may stay
            batches = cut(range(count))
            return itertools.repeat(batches * (self.accumulate // len(batches)))
        drawn = shuffled()
        each = iter(lambda: [*itertools.islice(drawn, self.accumulate)], [])
        return itertools.tee(itertools.islice(each, k, None), 1)[0]


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
        expect(callable(loss), "loss", "a function, such as mt.hinge", loss)
        self.model: Any = model
        found = model.parameters()
        expect(isinstance(found, Iterable), "model.parameters()", "a list", found)
        listed = [*found]
        for p in listed:
            if not isinstance(p, Value) or p.parents:
                told = f"expect Values not computed from others, got {p!r}"
                raise TypeError(f"model's parameters {told}")
        self.parameters: list[Value] = [*dict.fromkeys(listed)]
        if not self.parameters:
            raise ValueError("model has no parameters to train")
        self.loss, self.reduction = loss, one_of("reduction", reduction, REDUCTIONS)
        self._description: Description | None = None
        self.made: dict[Any, Any] = {}  # by `tracing.cached`, if others can't be compared with it
        if type(model) is MLP:
            self.samples = [self._fitted(i, *pair) for i, pair in enumerate(pairs)]
        else:
            self.samples = [(x, list(y) if type(y) is list else y) for x, y in pairs]

    def _fitted(self, i: int, x: Any, y: Any) -> Pair:
        """Return sample number `i` and its target in the form that an MLP and the loss take."""
        name = "xs"
        try:
            x = inputs_of(self.model, x, self.model.n_in)
            name = "ys"
            return x, encode_target(self.loss, y, self.model.sizes[-1])
        except (TypeError, ValueError) as error:
            raise type(error)(f"{name}[{i}]: {error}") from None

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

    def warn(self, stacklevel: int = 3) -> None:
        """Warn of what is likely to go wrong: where the samples don't suit an MLP."""
        model, loss = self.model, self.loss
        if type(model) is not MLP:
            return
        name = model.layers[-1].neurons[0].activation
        if name in REACH and loss is squared_error:
            low, high = REACH[name]
            targets = [y for _, ys in self.samples for y in (ys if isinstance(ys, list) else [ys])]
            if odd := [y for y in targets if not low <= y <= high]:
                warnings.warn(
                    f"a target of {max(odd, key=abs):g} is out of reach of a {name} output, which "
                    f'is from {low:g} to {high:g}: take output_activation="linear", or '
                    "datasets.standardize the targets",
                    stacklevel=stacklevel,
                )
        sizes: dict[float, int] = {}  # the root of the mean square of what is not 0, and its column
        for k, column in enumerate(zip(*(x for x, _ in self.samples))):
            if found := [x for x in column if x]:
                sizes.setdefault(math.hypot(*(x / math.sqrt(len(found)) for x in found)), k)
        if sizes and (most := max(sizes)) >= FAR * (least := min(sizes)):
            warnings.warn(
                f"inputs differ by orders of magnitude, from {least:.2g} in column {sizes[least]} "
                f"to {most:.2g} in column {sizes[most]}: datasets.standardize them",
                stacklevel=stacklevel,
            )
