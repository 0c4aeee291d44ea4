"""From a task to a trained model, and what it makes of the rows that were held out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from ..errors import positive_int
from ..files.records import CheckpointError
from ..nn.optim import warmup_cosine
from ..training.chunks import Watcher
from ..training.history import History
from ..training.train import train
from .predictor import Predictor
from .task import HIDDEN, Task

RATES = {"classes": 0.3, "numbers": 0.1}  # the squared error of outliers is steep
PASSES, BATCH = 100, 32


class Fit(NamedTuple):
    """What came of a task."""

    task: Task
    predictor: Predictor
    history: History
    held_out: list[tuple[Any, Any]]  # the truth and the prediction for each row held out


def fit(
    task: Task,
    *,
    hidden: Sequence[int] = HIDDEN,
    activation: str = "tanh",
    steps: int | None = None,
    lr: float | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    on_step: Callable[[History, int], object] | None = None,
    watch: Callable[[str, Iterable[Any]], Iterable[Any]] = lambda what, items: items,
    **options: Any,
) -> Fit:
    """Train an MLP on a task.

    Args:
        hidden, activation: of the network's hidden layers. The last one is linear.
        steps: by default as many as make `PASSES` over the rows.
        lr: the learning rate after a warmup, and before half a cosine takes it down to 0; by
            default that of `RATES`.
        batch_size: by default `BATCH`, or all the rows if they are fewer.
        seed: of the parameters, and of the mini-batches.
        on_step: called as a `Watcher`, with the history and the number of steps planned.
        watch: as for `read_task`.
        options: as for `train`.
    """
    model, n = task.model(hidden, activation)(seed), len(task.xs)
    size = min(BATCH, n) if batch_size is None else positive_int("batch_size", batch_size)
    if steps is None:
        steps = PASSES * math.ceil(n / size)
    if lr is None:
        lr = RATES[task.kind]
    try:
        history = train(
            model,
            task.xs,
            task.ys,
            steps=steps,
            lr=warmup_cosine(lr, steps, steps // 20),
            loss=task.loss,
            reduction="mean",
            batch_size=size,
            seed=seed,
            on_step=None if on_step is None else Watcher(lambda history: on_step(history, steps)),
            **options,
        )
    except CheckpointError as error:
        if "other lr" in str(error):
            raise CheckpointError(f"{error}; the schedule is made for --steps, too") from None
        raise
    predictor = task.predictor(model)
    predictions = map(predictor.predict, watch("rows predicted", task.held_xs))
    return Fit(task, predictor, history, list(zip(task.truths, predictions)))
