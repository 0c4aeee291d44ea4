"""`train`: the four steps, repeated; checked before, watched during, recorded after."""

from __future__ import annotations

import math
import random
import time

from .. import datasets
from ..errors import any_int, describe, one_of, positive_int
from ..functions import as_number
from ..losses import REDUCTIONS, TARGETS, squared_error
from ..nn import MLP
from ..optim import constant, learning_rate
from ..value import Value
from . import eager
from .history import History

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from ..nn import Module
    from ..optim import Schedule

ENGINES = ("auto", "eager")


def train(
    model: Module | None = None,
    xs: Any = None,
    ys: Any = None,
    *,
    steps: int = 20,
    lr: float | Schedule = 0.05,
    loss: Callable[[Any, Any], Value] = squared_error,
    reduction: str = "sum",
    batch_size: int | None = None,
    accumulate: int = 1,
    zero_grad: bool = True,
    target_loss: float | None = None,
    seed: int = 0,
    engine: str = "auto",
    on_step: Callable[[History], object] | None = None,
) -> History:
    """Train `model` on `xs` and `ys` by gradient descent, and return the `History` of it.

    Without arguments it trains ``MLP(3, [4, 4, 1])`` on the four samples of `datasets.toy`.

    Args:
        model: what to train, in place; called on one sample, it returns a Value or a list of them.
            By default ``MLP(n, [4, 4, 1], seed=seed)`` for samples of n numbers.
        xs: n samples, each a list of n_in floats (or, for a model of your own, a float).
        ys: their n targets, in the form that `loss` takes.
        steps: how many updates to make.
        lr: the learning rate, a number above 0, or a schedule: a callable from the step, counted
            from 0, to a rate of at least 0.
        loss: of one sample, from its prediction and target: `squared_error`, `hinge`,
            `cross_entropy`, or a function of yours that returns a Value.
        reduction: the loss of a batch is the "sum" or the "mean" of its samples' losses.
        batch_size: how many samples go into a mini-batch; None takes all, in the order given. Mini-
            batches are drawn by shuffling all the samples anew each time they have been used up;
            the last may be smaller. Where a step always sees every sample, nothing is shuffled.
        accumulate: how many mini-batches' gradients (and losses) are added up for one update. With
            "mean", k means are added.
        zero_grad: False leaves each step's gradients in place for the next one to add to, which is
            the most common bug in training loops: to be watched here.
        target_loss: stop as soon as the loss is below this.
        seed: decides the shuffling, and the initial parameters of the default model.
        engine: "eager" performs one operation at a time; "auto" decides by itself.
        on_step: called with the history after each step.

    Raises `ValueError` or `TypeError` for arguments that do not fit, before anything is trained. If
    an error comes up later, or Ctrl-C, the model is left as it was after the last whole step.

    >>> history = train(steps=200, target_loss=0.01)
    >>> history.status, history.final_loss < 0.01
    ('converged', True)
    """
    steps = positive_int("steps", steps)
    schedule = lr if callable(lr) else constant(lr)
    one_of("reduction", reduction, REDUCTIONS)
    one_of("engine", engine, ENGINES)
    if target_loss is not None:
        target_loss = _number("target_loss", target_loss)
    if not callable(loss):
        raise TypeError(f"loss expects a function, got {describe(loss)}")
    if on_step is not None and not callable(on_step):
        raise TypeError(f"on_step expects a function, got {describe(on_step)}")
    model, samples = _prepare(model, xs, ys, loss, any_int("seed", seed))
    parameters = _parameters(model)
    batches = _batches(samples, batch_size, positive_int("accumulate", accumulate), seed)
    loss_of = loss if loss in TARGETS else _checked(loss)

    history = History(model, "eager")
    started = time.perf_counter()
    data, grads = _snapshot(parameters)
    # After every step: how many there were, the parameters and gradients they led to, and the
    # parameters before the last of them, which are known to give a finite loss. One assignment, so
    # that Ctrl-C falls before or after it.
    whole = 0, data, grads, data
    try:
        for k in range(steps):
            rate = learning_rate(f"the schedule's rate at step {k}", schedule(k), zero=True)
            try:
                value = eager.step(
                    model, parameters, next(batches), rate, loss_of, reduction, zero_grad
                )
                norm = eager.gradient_norm(parameters)
            except ArithmeticError:
                value = norm = math.nan
            history.losses.append(value)
            history.lrs.append(rate)
            history.grad_norms.append(norm)
            _, data, grads, good = whole
            if not math.isfinite(value):
                _restore(parameters, good, grads)
                history.status, history.steps = "diverged", max(0, k - 1)
                break
            if target_loss is not None and value < target_loss:
                _restore(parameters, data, _snapshot(parameters)[1])
                history.status = "converged"
                break
            whole = (k + 1, *_snapshot(parameters), data)
            history.steps = k + 1
            if on_step is not None:
                history.seconds = time.perf_counter() - started
                on_step(history)
        else:
            history.status = "finished"
    except BaseException as error:
        n, data, grads, _ = whole
        _restore(parameters, data, grads)
        if not isinstance(error, KeyboardInterrupt):
            raise
        history.status, history.steps = "interrupted", n
        for record in (history.losses, history.lrs, history.grad_norms):
            del record[n:]
    history.seconds = time.perf_counter() - started
    return history


def _prepare(
    model: Module | None, xs: Any, ys: Any, loss: Callable[[Any, Any], Value], seed: int
) -> tuple[Module, list[tuple[Any, Any]]]:
    """Return the model and the (sample, target) pairs, with what is missing filled in."""
    if (xs is None) != (ys is None):
        raise ValueError("xs and ys go together: expected both or neither")
    if xs is None:
        xs, ys = datasets.toy()
    samples, targets = _list("xs", xs), _list("ys", ys)
    if len(samples) != len(targets):
        raise ValueError(
            f"expected a target for each sample, got {len(samples)} xs, {len(targets)} ys"
        )
    if not samples:
        raise ValueError("xs expects at least one sample, got none")
    samples = [_sample(f"xs[{i}]", x) for i, x in enumerate(samples)]
    if model is None:
        n_in = len(samples[0]) if isinstance(samples[0], list) else 1
        model = MLP(n_in, [4, 4, 1], seed=seed)
    if not callable(model) or not hasattr(model, "parameters"):
        raise TypeError(f"model expects a Module, got {describe(model)}")
    if isinstance(model, MLP):
        for i, x in enumerate(samples):
            if not isinstance(x, list) or len(x) != model.n_in:
                got = len(x) if isinstance(x, list) else "a lone number"
                raise ValueError(f"xs[{i}]: MLP expects {model.n_in} inputs, got {got}")
        as_target = TARGETS.get(loss)
        if as_target is not None:
            for i, y in enumerate(targets):
                try:
                    targets[i] = as_target(y, model.sizes[-1])
                except (TypeError, ValueError) as error:
                    raise type(error)(f"ys[{i}]: {error}") from None
    return model, list(zip(samples, targets))


def _list(name: str, values: Any) -> list[Any]:
    """Return samples or targets as a new list."""
    if not isinstance(values, str | bytes | dict | set):
        try:
            return list(values)
        except TypeError:
            pass
    raise TypeError(f"{name} expects a list, got {describe(values)}")


def _sample(name: str, x: Any) -> Any:
    """Return a sample as a list of floats (or as one float, if it is a lone number)."""
    number = as_number(x)
    if number is not NotImplemented:
        return float(number)
    return [_number(f"{name}[{i}]", part) for i, part in enumerate(_list(name, x))]


def _number(name: str, x: Any) -> float:
    number = as_number(x)
    if number is NotImplemented:
        raise TypeError(f"{name} expects a number, got {describe(x)}")
    return float(number)


def _parameters(model: Module) -> list[Value]:
    """Return the model's parameters, each once."""
    parameters = list(dict.fromkeys(model.parameters()))
    if not parameters:
        raise ValueError("model has no parameters to train")
    for p in parameters:
        if not isinstance(p, Value) or p.parents:
            raise TypeError(f"model's parameters expect Values not computed from others, got {p!r}")
    return parameters


def _batches(
    samples: list[tuple[Any, Any]], batch_size: int | None, accumulate: int, seed: int
) -> Iterator[list[list[tuple[Any, Any]]]]:
    """Return an endless iterator over the mini-batches of each step."""
    size = len(samples) if batch_size is None else positive_int("batch_size", batch_size)
    if size > len(samples):
        raise ValueError(
            f"batch_size expects at most {len(samples)}, the number of samples; got {size}"
        )
    return _drawn(samples, range(0, len(samples), size), size, accumulate, random.Random(seed))


def _drawn(
    samples: list[Any], starts: range, size: int, accumulate: int, rng: random.Random
) -> Iterator[list[list[Any]]]:
    step: list[list[Any]] = []
    while True:
        if accumulate % len(starts):  # else every step sees every sample, in whatever order
            samples = samples.copy()
            rng.shuffle(samples)
        for start in starts:
            step.append(samples[start : start + size])
            if len(step) == accumulate:
                yield step
                step = []


def _checked(loss: Callable[[Any, Any], Value]) -> Callable[[Any, Any], Value]:
    """Return a user's own loss with a check of what it returns."""

    def loss_of(prediction: Any, target: Any) -> Value:
        value: object = loss(prediction, target)
        if not isinstance(value, Value):
            raise TypeError(f"loss is expected to return a Value, got {describe(value)}")
        return value

    return loss_of


def _snapshot(parameters: Sequence[Value]) -> tuple[list[float], list[float]]:
    return [p.data for p in parameters], [p.grad for p in parameters]


def _restore(parameters: Sequence[Value], data: list[float], grads: list[float]) -> None:
    for p, x, g in zip(parameters, data, grads):
        p.data, p.grad = x, g
