"""From a table to a trained model that predicts one of its columns from the others."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TextIO

from ..engine.number import number
from ..errors import one_of, positive_int
from ..files.csv import Row, number_in_cell, place_of, read_table
from ..files.records import CheckpointError
from ..nn import losses
from ..nn.mlp import MLP
from ..nn.optim import warmup_cosine
from ..training.history import History
from ..training.train import train
from .predictor import LOSSES, Cell, Column, Predictor, class_of, holds_texts

SHARE, HIDDEN, RATE, PASSES, BATCH = 0.2, (8,), 0.1, 100, 32


class Fit:
    """What came of a table: the predictor, the history of its training, and how it does.

    `held_out` has (truth, prediction) for each row that it was not trained on; `trained_on` counts
    those that it was.
    """

    def __init__(self, predictor: Predictor, history: History, trained_on: int) -> None:
        self.predictor, self.history, self.trained_on = predictor, history, trained_on
        self.held_out: list[tuple[Any, Any]] = []


def fit(
    path: str,
    target: str,
    *,
    file: TextIO | None = None,
    drop: Sequence[str] = (),
    texts: Sequence[str] = (),
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
        file: what to read instead of the path, open for text.
        drop: columns to leave out.
        texts: columns of texts, even if some or all of them look like numbers.
        test_share: the share of the rows, drawn by the seed, to hold out; at least 0, below 1.
        hidden, activation: of the network's hidden layers. The last one is linear. The weights
            start within 1 / sqrt(n) of 0, n being the inputs of their neuron.
        loss: "cross_entropy", by default, for classes, which may be given by numbers; "hinge" for
            two; "squared_error", by default, for numbers.
        steps: by default as many as make `PASSES` over the rows.
        lr: the learning rate after a warmup, and before half a cosine takes it down to 0.
        batch_size: by default `BATCH`, or all the rows if they are fewer.
        seed: of the rows to hold out, of the parameters, and of the mini-batches.
        on_step: called after each step with the history, and the number of steps planned.
        watch: given in words what is being done, and to what, it hands on the latter, one by one.
        options: as for `train`.

    Raises `ValueError`, which says where, for a table that can't be learned from.
    """
    share = number("test_share", test_share)
    if not 0 <= share < 1:
        raise ValueError(f"test_share expects a number from 0 to 1, and below, got {test_share}")
    names, rows = read_table(path, file)
    target, drop, texts = target.strip(), [*map(str.strip, drop)], [*map(str.strip, texts)]
    k = place_of(target, names, path)
    for name in (*drop, *texts):
        if name not in names:
            raise ValueError(f"{path} has no column {name!r}")
    if target in drop:
        raise ValueError(f"drop expects columns other than the target, got {target!r}")
    in_order = list(watch("rows read", rows))
    shuffled = list(in_order)
    random.Random(seed).shuffle(shuffled)
    held = round(share * len(shuffled))
    if len(shuffled) - held < 2:
        left = len(shuffled) - held
        raise ValueError(f"{path} has too few rows to learn from: {left} of {len(shuffled)}")

    def cells(place: int, of: Sequence[Row]) -> list[Cell]:
        return [(where, row[place]) for where, row in of]

    answers = cells(k, shuffled)
    column, loss = _target(target, cells(k, in_order), answers[held:], loss, target in texts)
    columns = [
        Column.of(name, cells(i, in_order), cells(i, shuffled[held:]), name in texts)
        for i, name in enumerate(names)
        if name != target and name not in drop
    ]
    if not columns:
        raise ValueError("no column is left to learn from")
    n_in = sum(len(c.texts) or 1 for c in columns)
    n_out = len(column.texts) if loss == "cross_entropy" else 1
    model = MLP(n_in, [*hidden, n_out], activation, "linear", seed)
    for layer in model.layers:
        for neuron in layer.neurons:
            for weight in neuron.weights:
                weight.data /= math.sqrt(len(neuron.weights))
    predictor = Predictor(model, columns, column, loss)
    xs = predictor.inputs(names, shuffled, path)
    ys = [_encoded(column, loss, where, text) for where, text in answers]
    size = min(BATCH, len(xs) - held)
    if batch_size is not None:
        size = positive_int("batch_size", batch_size)
    if steps is None:
        steps = PASSES * math.ceil((len(xs) - held) / size)
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
            on_step=None if on_step is None else lambda history: on_step(history, steps),
            **options,
        )
    except CheckpointError as error:
        if "other lr" in str(error):
            raise CheckpointError(f"{error}; the schedule is made for --steps, too") from None
        raise
    result = Fit(predictor, history, len(xs) - held)
    truths = map(column.truth, answers[:held])
    predictions = map(predictor.predict, watch("rows predicted", xs[:held]))
    result.held_out = list(zip(truths, predictions))
    return result


def _target(
    name: str, cells: Sequence[Cell], trained: Sequence[Cell], loss: str | None, text: bool
) -> tuple[Column, str]:
    """Return the column to predict, and the loss for it; `text` says that it is one of texts."""
    text = holds_texts(name, cells, text)
    if loss is None:
        loss = "cross_entropy" if text else "squared_error"
    one_of("loss", loss, LOSSES)
    if loss == "squared_error":
        if text:
            raise ValueError(f"loss expects cross_entropy or hinge for the texts of {name!r}")
        return Column.of(name, cells, trained), loss
    if not text:
        for where, cell in cells:
            number_in_cell(cell, name, where)
    classes = sorted({class_of(cell) for _, cell in cells}, key=(str if text else float))
    if len(classes) < 2 or (loss == "hinge" and len(classes) != 2):
        wanted = "two classes" if loss == "hinge" else "at least two classes"
        raise ValueError(f"{loss} expects {wanted} in {name!r}, got {len(classes)}")
    return Column(name, 0.0, 1.0, classes), loss


def _encoded(column: Column, loss: str, where: str, text: str) -> float:
    """Return a target as the loss takes it."""
    if loss == "squared_error":
        return column.inputs(where, text)[0]
    index = column.texts.index(class_of(text))
    return index if loss == "cross_entropy" else 2.0 * index - 1.0
