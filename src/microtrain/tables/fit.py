"""From a table to a trained model that predicts one of its columns from the others."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TextIO

from ..engine.number import number
from ..errors import one_of, positive_int
from ..files.csv import Table, read_table
from ..files.records import CheckpointError
from ..nn import losses
from ..nn.mlp import MLP
from ..nn.optim import warmup_cosine
from ..training.chunks import Watcher
from ..training.history import History
from ..training.train import train
from .predictor import LOSSES, MANY, Column, Predictor

SHARE, HIDDEN, RATE, PASSES, BATCH = 0.2, (8,), 0.1, 100, 32
FEW = 10  # different whole numbers in the target may be classes


class Fit(NamedTuple):
    """What came of a table."""

    predictor: Predictor
    history: History
    trained_on: int  # rows
    skipped: int  # rows with an empty cell
    held_out: list[tuple[Any, Any]]  # the truth and the prediction for each other row


def fit(
    path: str,
    target: str,
    *,
    file: TextIO | None = None,
    sep: str | None = None,
    skip_empty: bool = False,
    drop: Sequence[str] = (),
    texts: Sequence[str] = (),
    kind: str | None = None,
    max_classes: int = MANY,
    test_share: float = SHARE,
    hidden: Sequence[int] = HIDDEN,
    activation: str = "tanh",
    loss: str | None = None,
    steps: int | None = None,
    lr: float = RATE,
    batch_size: int | None = None,
    seed: int = 0,
    on_step: Callable[[History, int], object] | None = None,
    watch: Callable[[str, Iterable[Any]], Iterable[Any]] = lambda what, items: items,
    **options: Any,
) -> Fit:
    """Train an MLP to predict one column of a table from the others.

    Args:
        path, target: a CSV file, and the column to predict: texts, or numbers.
        file, sep: as for `read_table`.
        skip_empty: leave out the rows with an empty cell in a column that is used.
        drop: columns to leave out.
        texts: columns of texts, even if some or all of them look like numbers.
        kind: whether numbers in the target are "classes" or "numbers". If they are 2 to `FEW`
            different whole numbers, this or the loss has to say it.
        max_classes: how many classes the target may have; other columns have at most `MANY` texts.
        test_share: the share of the rows, drawn by the seed, to hold out; at least 0, below 1.
        hidden, activation: of the network's hidden layers. The last one is linear. The weights
            start within 1 / sqrt(n) of 0, n being the inputs of their neuron.
        loss: "cross_entropy" (the default) or "hinge" for classes, "squared_error" for numbers.
        steps: by default as many as make `PASSES` over the rows.
        lr: the learning rate after a warmup, and before half a cosine takes it down to 0.
        batch_size: by default `BATCH`, or all the rows if they are fewer.
        seed: of the rows to hold out, of the parameters, and of the mini-batches.
        on_step: called after each step with the history, and the number of steps planned.
        watch: called with what is done, in words, and the items it is done to; it hands them on.
        options: as for `train`.

    Raises `ValueError`, which says where, for a table that can't be learned from.
    """
    share = number("test_share", test_share)
    if not 0 <= share < 1:
        raise ValueError(f"test_share expects a number from 0 to 1, and below, got {test_share}")
    target, drop, texts = target.strip(), [*map(str.strip, drop)], [*map(str.strip, texts)]
    table = read_table(path, file, sep, lambda rows: watch("rows read", rows))
    for what, names in (("target", [target]), ("drop", drop), ("texts", texts)):
        for name in names:
            table.place(name, what)
    others = [name for name in table.names if name not in (target, *drop)]
    if target in drop or not others:
        raise ValueError(f"drop expects to leave {target!r}, and a column to learn it from")
    found = len(table.rows)
    if skip_empty:
        table = table.complete([target, *others])
    order = list(range(len(table.rows)))
    random.Random(seed).shuffle(order)
    held = round(share * len(order))
    if len(order) - held < 2:
        raise ValueError(f"{path} has too few rows to learn from: {len(order) - held} of {found}")
    predicted, loss = _target(table, target, order[held:], target in texts, loss, kind, max_classes)
    columns = [Column.of(table, name, order[held:], name in texts) for name in others]
    n_in = sum(len(column.texts) or 1 for column in columns)
    n_out = len(predicted.texts) if loss == "cross_entropy" else 1
    model = MLP(n_in, [*hidden, n_out], activation, "linear", seed)
    for layer in model.layers:
        for neuron in layer.neurons:
            for weight in neuron.weights:
                weight.data /= math.sqrt(len(neuron.weights))
    predictor = Predictor(model, columns, predicted, loss)
    inputs, values = predictor.inputs(table), predicted.values(table)
    xs, truths = [inputs[i] for i in order], [values[i] for i in order]
    ys: list[Any] = [predicted.inputs(truth) for truth in truths]
    if loss == "hinge":
        ys = [2.0 * second - 1.0 for _, second in ys]
    n = len(xs) - held
    size = min(BATCH, n) if batch_size is None else positive_int("batch_size", batch_size)
    if steps is None:
        steps = PASSES * math.ceil(n / size)
    try:
        history = train(
            model,
            xs[held:],
            ys[held:],
            steps=steps,
            lr=warmup_cosine(lr, steps, steps // 20),
            loss=getattr(losses, loss),
            reduction="mean",
            batch_size=size,
            seed=seed,
            on_step=_told(on_step, steps),
            **options,
        )
    except CheckpointError as error:
        if "other lr" in str(error):
            raise CheckpointError(f"{error}; the schedule is made for --steps, too") from None
        raise
    predictions = map(predictor.predict, watch("rows predicted", xs[:held]))
    return Fit(predictor, history, n, found - len(xs), list(zip(truths, predictions)))


def _told(on_step: Callable[[History, int], object] | None, steps: int) -> Any:
    """Return what `train` calls after a step."""
    if on_step is None:
        return None

    def told(history: History) -> None:
        on_step(history, steps)

    return Watcher(told) if isinstance(on_step, Watcher) else told


def _target(
    table: Table,
    name: str,
    trained: Sequence[int],
    declared: bool,
    loss: str | None,
    kind: str | None,
    max_classes: int,
) -> tuple[Column, str]:
    """Return the column to predict, and the loss for it; `declared` says that it is of texts."""
    if kind is not None:
        one_of("kind", kind, ("classes", "numbers"))
    if loss is not None:
        implied = "numbers" if one_of("loss", loss, LOSSES) == "squared_error" else "classes"
        if kind not in (None, implied):
            raise ValueError(f"loss expects one for {kind}, got {loss}, which is for {implied}")
        kind = implied
    most = positive_int("max_classes", max_classes)
    column = Column.of(table, name, trained, declared, most, kind == "classes")
    if column.texts and kind == "numbers":
        raise ValueError(f"column {name!r} has texts, which are classes, not numbers")
    if not column.texts and kind is None:
        found = sorted(set(table.values(name)))
        if 2 <= len(found) <= FEW and all(map(float.is_integer, found)):
            raise ValueError(
                f"column {name!r} has {len(found)} different whole numbers, such as "
                f"{found[-1]:.15g}: say by --classes or --numbers what they are"
            )
    if not column.texts:
        return column, "squared_error"
    loss, n = loss or "cross_entropy", len(column.texts)
    if n < 2 or (loss == "hinge" and n != 2):
        wanted = "two classes" if loss == "hinge" else "at least two classes"
        raise ValueError(f"{loss} expects {wanted} in {name!r}, got {n}")
    return column, loss
