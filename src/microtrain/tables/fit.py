"""From a table to a task (what to predict, from what, by which rows), and on to a trained model."""

from __future__ import annotations

import collections
import functools
import itertools
import math
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..engine.number import number
from ..engine.value import Value
from ..errors import positive_int
from ..files.csv import Table
from ..files.records import CheckpointError
from ..nn.losses import BY_NAME
from ..nn.mlp import MLP
from ..nn.optim import warmup_cosine
from ..training.history import History
from ..training.plan import Watcher
from ..training.train import train
from .predictor import MANY, Column, Predictor, inputs_of

SHARE, HIDDEN = 0.2, (8,)
RATES = {"classes": 0.3, "numbers": 0.1}  # the squared error of outliers is steep
PASSES, BATCH = 100, 32
FEW = 10  # different whole numbers in the target may be classes


class Task(NamedTuple):
    """What to learn from a table."""

    columns: list[Column]
    target: Column
    loss_name: str
    xs: list[list[float]]  # of the rows to train on
    ys: list[Any]
    held_xs: list[list[float]]  # of the rows held out
    truths: list[Any]  # texts or numbers
    guess: Any  # without the inputs: the commonest class or the mean of the rows to train on
    skipped: int  # rows with an empty cell

    @property
    def kind(self) -> str:
        """What the target consists of: "classes" or "numbers"."""
        return "classes" if self.target.texts else "numbers"

    @property
    def constant(self) -> list[str]:
        """The columns that say nothing: they are the same in all rows to train on."""
        places = itertools.accumulate((len(c.texts) or 1 for c in self.columns), initial=0)
        single = [(c.name, k) for c, k in zip(self.columns, places) if len(c.texts) < 2]
        return [name for name, k in single if len({x[k] for x in self.xs}) == 1]

    @property
    def loss(self) -> Callable[[Any, Any], Value]:
        """The loss of a row."""
        return BY_NAME[self.loss_name].loss

    @property
    def n_out(self) -> int:
        """How many outputs its network has."""
        return len(self.target.texts) if BY_NAME[self.loss_name].takes == "class" else 1

    def model(self, hidden: Sequence[int], activation: str) -> Callable[[int], MLP]:
        """Return a function from a seed to a new network of the form that the task takes."""
        return functools.partial(network, len(self.xs[0]), [*hidden, self.n_out], activation)


def network(n_in: int, sizes: Sequence[int], activation: str, seed: int) -> MLP:
    """Return an MLP with a linear output, whose weights start within 1 / sqrt(inputs) of 0."""
    model = MLP(n_in, sizes, activation, "linear", seed)
    for layer in model.layers:
        for neuron in layer.neurons:
            for weight in neuron.weights:
                weight.data /= math.sqrt(len(neuron.weights))
    return model


def read_task(
    table: Table,
    target: str,
    *,
    skip_empty: bool = False,
    drop: Sequence[str] = (),
    texts: Sequence[str] = (),
    kind: str | None = None,
    max_classes: int = MANY,
    loss: str | None = None,
    test_share: float = SHARE,
    seed: int = 0,
) -> Task:
    """Return the task of predicting one column of a table from the others.

    Args:
        target: the column to predict: texts, or numbers.
        skip_empty: leave out the rows with an empty cell in a column that is used.
        drop: columns to leave out.
        texts: columns of texts, even if some or all of them look like numbers.
        kind: whether numbers in the target are "classes" or "numbers". If they are 2 to `FEW`
            different whole numbers, this or the loss has to say it.
        max_classes: how many classes the target may have; other columns have at most `MANY` texts.
        loss: "cross_entropy" (the default) or "hinge" for classes, "squared_error" for numbers.
        test_share: the share of the rows to hold out, at least 0, below 1. They are drawn by the
            seed; of classes, each gives its share, but for its first row.

    Raises `ValueError`, which says where, for a table that can't be learned from.
    """
    share = number("test_share", test_share)
    if not 0 <= share < 1:
        raise ValueError(f"test_share expects a number of at least 0, below 1, got {test_share}")
    target, drop, texts = target.strip(), [*map(str.strip, drop)], [*map(str.strip, texts)]
    for what, names in (("target", [target]), ("drop", drop), ("texts", texts)):
        for name in names:
            table.place(name, f"{what} names")
    others = [name for name in table.names if name not in (target, *drop)]
    if target in drop or not others:
        raise ValueError(f"drop expects to leave {target!r}, and a column to learn it from")
    found = len(table.rows)
    if skip_empty:
        table = table.complete([target, *others])
    n = len(table.rows)
    if (left := n - round(share * n)) < 2:
        why = f"as test_share holds out {n - left}, and {found - n} have an empty cell"
        raise ValueError(f"{table.path} has too few rows to learn from: {left} of {found}, {why}")
    goal, loss = _target(table, target, target in texts, loss, kind, max_classes)
    values = goal.values(table)
    held, trained = _split(values if goal.texts else None, n, share, seed)
    if not goal.texts:
        goal = Column.of(table, target, trained, declared=False)
    columns = [Column.of(table, name, trained, name in texts) for name in others]
    inputs = inputs_of(columns, table)
    ys: list[Any] = [goal.inputs(values[i]) for i in trained]
    if BY_NAME[loss].takes == "sign":
        ys = [2.0 * second - 1.0 for _, second in ys]
    xs, held_xs = ([inputs[i] for i in places] for places in (trained, held))
    truths, known = ([values[i] for i in places] for places in (held, trained))
    guess = collections.Counter(known).most_common(1)[0][0] if goal.texts else goal.mean
    return Task(columns, goal, loss, xs, ys, held_xs, truths, guess, found - n)


def _split(
    classes: Sequence[str] | None, n: int, share: float, seed: int
) -> tuple[list[int], list[int]]:
    """Return which of n rows are held out, and which are trained on, both in random order."""
    order = list(range(n))
    random.Random(seed).shuffle(order)
    count = round(share * n)
    if classes is None:
        return order[:count], order[count:]
    ranked = sorted(order, key=classes.__getitem__)
    spare = [i for before, i in zip(ranked, ranked[1:]) if classes[before] == classes[i]]
    count = min(count, len(spare))
    chosen = {spare[(2 * k + 1) * len(spare) // (2 * count)] for k in range(count)}
    return [i for i in order if i in chosen], [i for i in order if i not in chosen]


def _target(
    table: Table, name: str, declared: bool, loss: str | None, kind: str | None, max_classes: int
) -> tuple[Column, str]:
    """Return the column to predict, and the loss for it; `declared` says that it is of texts."""
    if loss is not None:
        takes = BY_NAME[loss].takes
        implied = "numbers" if takes == "numbers" else "classes"
        if kind not in (None, implied):
            raise ValueError(f"loss expects one for {kind}, got {loss}, which is for {implied}")
        kind = implied
    most = positive_int("max_classes", max_classes)
    rows = range(len(table.rows))
    column = Column.of(table, name, rows, declared, most, kind == "classes")
    if column.texts and kind == "numbers":
        raise ValueError(f"column {name!r} has texts, which are classes, not numbers")
    if not column.texts and kind is None:
        found = sorted(set(table.values(name)))
        if 2 <= len(found) <= FEW and all(map(float.is_integer, found)):
            raise ValueError(
                f"column {name!r} has {len(found)} different whole numbers, such as "
                f"{found[-1]:.15g}: say by --classes or --numbers what they are"
            )
    what, usual = ("classes", "cross_entropy") if column.texts else ("numbers", "squared_error")
    loss, n = loss or usual, len(column.texts or set(table.values(name)))
    of_two = BY_NAME[loss].takes == "sign"
    if n < 2 or (of_two and n != 2):
        wanted = f"two {what}" if of_two else f"at least two {what}"
        raise ValueError(f"{loss} expects {wanted} in {name!r}, got {n}")
    return column, loss


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
        options: as for `train`.
    """
    model, n = task.model(hidden, activation)(seed), len(task.xs)
    size = min(BATCH, n) if batch_size is None else positive_int("batch_size", batch_size)
    steps = PASSES * math.ceil(n / size) if steps is None else steps
    lr = RATES[task.kind] if lr is None else lr
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
    predictor = Predictor(model, task.columns, task.target, task.loss_name)
    predictions = map(predictor.predict, task.held_xs)
    return Fit(task, predictor, history, list(zip(task.truths, predictions)))
