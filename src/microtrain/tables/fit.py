"""From a table to a trained model that predicts one of its columns from the others."""

from __future__ import annotations

import math
import random
import shlex
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TextIO

from ..engine.number import number
from ..errors import one_of, positive_int
from ..files.csv import (
    Cell,
    Row,
    complete,
    holds_texts,
    number_in_cell,
    place_of,
    read_table,
)
from ..files.records import CheckpointError
from ..nn import losses
from ..nn.mlp import MLP
from ..nn.optim import warmup_cosine
from ..training.history import History
from ..training.train import train
from .predictor import LOSSES, Column, Predictor, class_of, classes_of

SHARE, HIDDEN, RATE, PASSES, BATCH = 0.2, (8,), 0.1, 100, 32
MANY = 20  # different texts that a column may have, the target only by default
FEW = 10  # different whole numbers in the target may be classes
KINDS = ("classes", "numbers")


class Fit:
    """What came of a table: the predictor, the history of its training, and how it does.

    `held_out` has (truth, prediction) for each row that it was not trained on; `trained_on` counts
    those that it was, and `skipped` those that were left out for an empty cell.
    """

    def __init__(
        self, predictor: Predictor, history: History, trained_on: int, skipped: int
    ) -> None:
        self.predictor, self.history = predictor, history
        self.trained_on, self.skipped = trained_on, skipped
        self.held_out: list[tuple[Any, Any]] = []


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
        file: what to read instead of the path, open for text.
        sep: the character between two cells, or "tab"; by default a comma.
        skip_empty: leave out the rows with an empty cell in a column that is used.
        drop: columns to leave out.
        texts: columns of texts, even if some or all of them look like numbers.
        kind: what the numbers of the target are, "classes" or "numbers". If they are 2 to `FEW`
            different whole numbers, either this or the loss has to say it.
        max_classes: how many classes the target may have. Columns of texts have at most `MANY`.
        test_share: the share of the rows, drawn by the seed, to hold out; at least 0, below 1.
        hidden, activation: of the network's hidden layers. The last one is linear. The weights
            start within 1 / sqrt(n) of 0, n being the inputs of their neuron.
        loss: "cross_entropy", by default, for classes; "hinge" for two; "squared_error", by
            default, for numbers.
        steps: by default as many as make `PASSES` over the rows.
        lr: the learning rate after a warmup, and before half a cosine takes it down to 0.
        batch_size: by default `BATCH`, or all the rows if they are fewer.
        seed: of the rows to hold out, of the parameters, and of the mini-batches.
        on_step: called after each step with the history, and the number of steps planned.
        watch: called with what is being done, in words, and what it is done to; returns the latter.
        options: as for `train`.

    Raises `ValueError`, which says where, for a table that can't be learned from.
    """
    share = number("test_share", test_share)
    if not 0 <= share < 1:
        raise ValueError(f"test_share expects a number from 0 to 1, and below, got {test_share}")
    names, rows = read_table(path, file, sep)
    target, drop, texts = target.strip(), [*map(str.strip, drop)], [*map(str.strip, texts)]
    k = place_of(target, names, path)
    for name in (*drop, *texts):
        if name not in names:
            raise ValueError(f"{path} has no column {name!r}")
    if target in drop:
        raise ValueError(f"drop expects columns other than the target, got {target!r}")
    used = [i for i, name in enumerate(names) if name not in drop]
    every = list(watch("rows read", rows))
    in_order = list(complete(every, used)) if skip_empty else every
    shuffled = list(in_order)
    random.Random(seed).shuffle(shuffled)
    held = round(share * len(shuffled))
    if len(shuffled) - held < 2:
        left = len(shuffled) - held
        raise ValueError(f"{path} has too few rows to learn from: {left} of {len(every)}")

    def cells(place: int, of: Sequence[Row]) -> list[Cell]:
        return [(where, row[place]) for where, row in of]

    def column(i: int) -> Column:
        name, found = names[i], cells(i, in_order)
        drop_it = f"--drop {shlex.quote(name)} leaves the column out"
        if not holds_texts(name, found, name in texts, f"; {_as_texts(name)}, {drop_it}"):
            return Column.of_numbers(name, cells(i, shuffled[held:]))
        return Column(name, 0.0, 1.0, classes_of(name, found, MANY, drop_it))

    answers = cells(k, shuffled)
    predicted, loss = _target(
        target, cells(k, in_order), answers[held:], loss, kind, target in texts, max_classes
    )
    columns = [column(i) for i in used if i != k]
    if not columns:
        raise ValueError("no column is left to learn from")
    model = _network(columns, predicted, loss, hidden, activation, seed)
    predictor = Predictor(model, columns, predicted, loss)
    xs = predictor.inputs(names, shuffled, path)
    ys = [_encoded(predicted, loss, where, text) for where, text in answers]
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
    result = Fit(predictor, history, len(xs) - held, len(every) - len(in_order))
    truths = map(predicted.truth, answers[:held])
    predictions = map(predictor.predict, watch("rows predicted", xs[:held]))
    result.held_out = list(zip(truths, predictions))
    return result


def _as_texts(name: str) -> str:
    return f"--texts {shlex.quote(name)} reads it as texts"


def _network(
    columns: Sequence[Column],
    target: Column,
    loss: str,
    hidden: Sequence[int],
    activation: str,
    seed: int,
) -> MLP:
    """Return a new network from the columns to the target."""
    n_in = sum(len(column.texts) or 1 for column in columns)
    n_out = len(target.texts) if loss == "cross_entropy" else 1
    model = MLP(n_in, [*hidden, n_out], activation, "linear", seed)
    for layer in model.layers:
        for neuron in layer.neurons:
            for weight in neuron.weights:
                weight.data /= math.sqrt(len(neuron.weights))
    return model


def _target(
    name: str,
    cells: Sequence[Cell],
    trained: Sequence[Cell],
    loss: str | None,
    kind: str | None,
    declared: bool,
    max_classes: int,
) -> tuple[Column, str]:
    """Return the column to predict, and the loss for it; `declared` says that it is of texts."""
    if loss is not None:
        implied = "numbers" if one_of("loss", loss, LOSSES) == "squared_error" else "classes"
        if kind is not None and one_of("kind", kind, KINDS) != implied:
            raise ValueError(f"loss expects one for {kind}, got {loss}, which is for {implied}")
        kind = implied
    elif kind is not None:
        one_of("kind", kind, KINDS)
    most = positive_int("max_classes", max_classes)
    text = holds_texts(name, cells, declared, f"; {_as_texts(name)}")
    if text and kind == "numbers":
        raise ValueError(f"column {name!r} has texts, which are classes, not numbers")
    if not text and kind is None:
        different = sorted({number_in_cell(text, name, where) for where, text in cells})
        if 2 <= len(different) <= FEW and all(map(float.is_integer, different)):
            listed = ", ".join(f"{x:.15g}" for x in different)
            raise ValueError(
                f"column {name!r} has {len(different)} different whole numbers ({listed}): "
                "say by --classes or --numbers what they are"
            )
    if not text and kind != "classes":
        return Column.of_numbers(name, trained), "squared_error"
    classes = classes_of(name, cells, most, "--max-classes allows more")
    if not declared and not text:
        classes.sort(key=float)
    loss = loss or "cross_entropy"
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
