"""From a table to a task (what to predict, from what, by which rows), and on to a trained model."""

import collections
import functools
import math
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..engine.number import number
from ..errors import positive_int
from ..files.csv import Table
from ..files.records import CheckpointError
from ..nn.losses import BY_NAME, TAKES, Loss
from ..nn.mlp import MLP
from ..nn.optim import warmup_cosine
from ..training.history import History
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
    loss: Loss  # of a row
    xs: list[list[float]]  # of the rows to train on
    ys: list[Any]
    held: Table  # the rows held out
    guess: Any  # without the inputs: the commonest class or the mean of the rows to train on
    skipped: int  # rows with an empty cell

    @property
    def data(self) -> dict[str, Any]:
        """What to minimize, as arguments of `train`."""
        return {"xs": self.xs, "ys": self.ys, "loss": self.loss, "reduction": "mean"}

    @property
    def lr(self) -> float:
        """The learning rate that suits its target."""
        return RATES["classes" if self.target.texts else "numbers"]

    @property
    def n_out(self) -> int:
        """How many outputs its network has."""
        return len(self.target.texts) if TAKES[self.loss] == "class" else 1

    def usual(self, batch_size: int | None = None) -> dict[str, Any]:
        """Return what `fit` takes where nothing is said but, perhaps, the batch size.

        That is `BATCH`, or all the rows if they are fewer; steps are as many as make `PASSES` over
        the rows.
        """
        n = len(self.xs)
        size = min(BATCH, n) if batch_size is None else positive_int("batch_size", batch_size)
        return {"batch_size": size, "steps": PASSES * math.ceil(n / size), "lr": self.lr}

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
            table.cells(name, f"{what} names")
    others = [name for name in table.columns if name not in (target, *drop)]
    if target in drop or not others:
        raise ValueError(f"drop expects to leave {target!r}, and a column to learn it from")
    found = len(table.lines)
    if skip_empty:
        table = table.complete([target, *others])
    n = len(table.lines)
    if (left := n - round(share * n)) < 2:
        why = f"as test_share holds out {n - left}, and {found - n} have an empty cell"
        raise ValueError(f"{table.path} has too few rows to learn from: {left} of {found}, {why}")
    goal, row_loss = _target(table, target, target in texts, loss, kind, max_classes)
    columns = [Column.of(table, name, "texts" if name in texts else None) for name in others]
    held, trained = _split(goal.values(table) if goal.texts else None, n, share, seed)
    seen = table.of(trained)
    goal, *columns = [column.scaled(seen) for column in (goal, *columns)]
    truths = goal.values(seen)
    ys: list[Any] = [*map(goal.inputs, truths)]
    if TAKES[row_loss] == "sign":
        ys = [2.0 * second - 1.0 for _, second in ys]
    guess = collections.Counter(truths).most_common(1)[0][0] if goal.texts else goal.mean
    xs = inputs_of(columns, seen)
    return Task(columns, goal, row_loss, xs, ys, table.of(held), guess, found - n)


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
) -> tuple[Column, Loss]:
    """Return the column to predict, and the loss for it; `declared` says that it is of texts."""
    if loss is not None:
        implied = "numbers" if TAKES[BY_NAME[loss]] == "numbers" else "classes"
        if kind not in (None, implied):
            raise ValueError(f"loss expects one for {kind}, got {loss}, which is for {implied}")
        kind = implied
    most = positive_int("max_classes", max_classes)
    column = Column.of(table, name, "texts" if declared else kind, most)
    if column.texts and kind == "numbers":
        raise ValueError(f"column {name!r} has texts, which are classes, not numbers")
    found: Any = column.texts or sorted({*column.values(table)})
    n = len(found)
    may_be_classes = 2 <= n <= FEW and not column.texts and all(map(float.is_integer, found))
    if may_be_classes and kind is None:
        raise ValueError(
            f"column {name!r} has {n} different whole numbers, such as {found[-1]:.15g}: say by "
            "--classes or --numbers what they are"
        )
    what, usual = ("classes", "cross_entropy") if column.texts else ("numbers", "squared_error")
    row_loss = BY_NAME[loss or usual]
    of_two = TAKES[row_loss] == "sign"
    if n < 2 or (of_two and n != 2):
        wanted = f"two {what}" if of_two else f"at least two {what}"
        raise ValueError(f"{loss or usual} expects {wanted} in {name!r}, got {n}")
    return column, row_loss


class Fit(NamedTuple):
    """What came of a task."""

    task: Task
    predictor: Predictor
    history: History
    held_out: list[tuple[Any, Any]]  # the truth and the prediction for each row held out


def fit(task: Task, model: MLP, *, steps: int, lr: float, **options: Any) -> Fit:
    """Train a model on a task.

    Args:
        model: a new one, such as `Task.model` gives: its output is linear.
        lr: the learning rate after a warmup, and before half a cosine takes it down to 0.
        options: as for `train`.
    """
    schedule = warmup_cosine(lr, steps, steps // 20)
    try:
        history = train(model, **task.data, steps=steps, lr=schedule, **options)
    except CheckpointError as error:
        if "other lr" in str(error):
            raise CheckpointError(f"{error}; the schedule is made for --steps, too") from None
        raise
    predictor = Predictor(model, task.columns, task.target, task.loss.__name__)
    predictions = map(predictor.predict, inputs_of(task.columns, task.held))
    return Fit(task, predictor, history, [*zip(task.target.values(task.held), predictions)])
