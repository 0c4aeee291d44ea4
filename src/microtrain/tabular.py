"""From a table to a trained model, and from new rows to predictions.

Columns of numbers are standardized: their mean is taken off, and the rest divided by their standard
deviation, so that no column counts for more because of its unit. A column of texts becomes one 0 or
1 for each text. What was done is kept with the model, and done again to the rows to predict.
"""

from __future__ import annotations

import collections
import itertools
import math
import random

from . import checkpoint, losses
from .checkpoint import CheckpointError
from .datasets import is_text, number_in, place_of, read_table
from .errors import describe, one_of, positive_int
from .functions import number
from .nn import MLP
from .optim import warmup_cosine
from .training.train import train

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from .training.history import History

    Cell = tuple[str, str]  # where it is, and its text
    Row = tuple[str, list[str]]  # where it is, and its cells

FORMAT, VERSION = "microtrain predictor", 1
MANY = 20  # different texts in a column are too many to be told apart
PASSES, BATCH = 100, 32
LOSSES = ("cross_entropy", "hinge", "squared_error")


def holds_texts(name: str, cells: Sequence[Cell]) -> bool:
    """Return whether a column is of texts, else of numbers; one that is mixed is a `ValueError`."""
    for where, text in cells:
        if not text.strip():
            raise ValueError(f"{where}: column {name!r} is empty")
    texts = [cell for cell in cells if is_text([cell[1]])]
    if len(texts) in (0, len(cells)):
        return bool(texts)
    if 2 * len(texts) <= len(cells):
        number_in(texts[0][1], name, texts[0][0])  # which complains
    where, text = next(cell for cell in cells if cell not in texts)
    raise ValueError(f"{where}: column {name!r} expects a text, as elsewhere, got {text!r}")


def _class(text: str) -> str:
    """Return the text by which a class is known: without blanks around it; 1 for 1.0."""
    text = text.strip()
    return text if is_text([text]) or not text else f"{float(text):.15g}"


class Column:
    """How the cells of a column become inputs: standardized, or one 0 or 1 for each text."""

    def __init__(self, name: str, mean: float, scale: float, texts: Sequence[str] = ()) -> None:
        self.name, self.mean, self.scale, self.texts = name, mean, scale, list(texts)

    @classmethod
    def of(cls, name: str, cells: Sequence[Cell], trained: Sequence[Cell]) -> Column:
        """Return the column that these cells make, with the scale of those to train on."""
        if holds_texts(name, cells):
            texts = sorted({_class(text) for _, text in cells})
            if len(texts) > MANY:
                raise ValueError(
                    f"column {name!r} has {len(texts)} different texts, such as {texts[0]!r}, too "
                    f"many to learn from (at most {MANY}): leave it out, by --drop"
                )
            return cls(name, 0.0, 1.0, texts)
        numbers = [number_in(text, name, where) for where, text in trained]
        try:
            mean = math.fsum(numbers) / len(numbers)
            deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in numbers) / len(numbers))
        except OverflowError:
            raise ValueError(f"column {name!r} has numbers too large to standardize") from None
        return cls(name, mean, deviation if deviation > 0 else 1.0)

    def inputs(self, where: str, text: str) -> list[float]:
        """Return the inputs that a cell becomes; a text not seen before is none of the known."""
        if self.texts:
            return [float(_class(text) == known) for known in self.texts]
        return [(number_in(text, self.name, where) - self.mean) / self.scale]

    def truth(self, cell: Cell) -> Any:
        """Return what stands in a cell: a text, or a number."""
        where, text = cell
        return _class(text) if self.texts else number_in(text, self.name, where)


class Predictor:
    """A model with all that is needed to apply it to the rows of a table.

    columns: the inputs, in their order; target: the column to predict, of texts for classes, else
    of numbers, which the model gives standardized; loss: the name of that it was trained with.
    """

    def __init__(self, model: MLP, columns: list[Column], target: Column, loss: str) -> None:
        self.model, self.columns, self.target, self.loss = model, columns, target, loss

    def inputs(self, names: Sequence[str], rows: Iterable[Row], path: str) -> list[list[float]]:
        """Return the inputs of rows in which the columns have these names, in any order."""
        names = [name.strip() for name in names]
        if missing := [repr(c.name) for c in self.columns if c.name not in names]:
            plural = "" if len(missing) == 1 else "s"
            raise ValueError(f"{path} lacks the column{plural} {', '.join(missing)}")
        places = [(column, names.index(column.name)) for column in self.columns]
        return [
            list(itertools.chain(*[column.inputs(where, row[k]) for column, k in places]))
            for where, row in rows
        ]

    def unseen(self, names: Sequence[str], rows: Sequence[Row]) -> list[tuple[str, str, int]]:
        """Return the texts in the rows that were not trained on: column, text, how many rows."""
        names = [name.strip() for name in names]
        found = collections.Counter(
            (column.name, text)
            for column in self.columns
            if column.texts
            for _, row in rows
            if (text := _class(row[names.index(column.name)])) not in column.texts
        )
        return [(name, text, n) for (name, text), n in found.items()]

    def predict(self, xs: Sequence[Sequence[float]]) -> list[Any]:
        """Return the predictions: a class's text, or a number, for each."""
        outputs = self.model.predict(xs)
        classes = self.target.texts
        if not classes:
            return [y * self.target.scale + self.target.mean for y in outputs]
        if self.loss == "hinge":
            return [classes[y > 0] for y in outputs]
        return [classes[max(range(len(zs)), key=zs.__getitem__)] for zs in outputs]

    def save(self, path: str) -> None:
        """Write it to a JSON file, as `microtrain.save` writes a model."""
        checkpoint.write(
            path,
            {
                "format": FORMAT,
                "version": VERSION,
                "architecture": checkpoint.architecture_of(self.model),
                "parameters": self.model.state_dict(),
                "columns": [vars(column) for column in self.columns],
                "target": vars(self.target),
                "loss": self.loss,
            },
        )

    @classmethod
    def load(cls, path: str) -> Predictor:
        """Return what `save` wrote. Raises `CheckpointError` for a file that is none."""
        keys = ("architecture", "parameters", "columns", "target", "loss")
        record = checkpoint.read(path, FORMAT, VERSION, keys)
        try:
            columns = [_column(entry) for entry in record["columns"]]
            target, loss = _column(record["target"]), record["loss"]
            if loss not in LOSSES or (loss == "squared_error") != (not target.texts):
                raise ValueError(f"loss expects what fits the target, got {describe(loss)}")
            model = checkpoint.restored(record["architecture"], record["parameters"])
            n_in = sum(len(column.texts) or 1 for column in columns)
            n_out = len(target.texts) if loss == "cross_entropy" else 1
            if model.n_in != n_in or model.sizes[-1] != n_out:
                raise ValueError("architecture does not fit the columns and the target")
        except (TypeError, ValueError) as error:
            raise CheckpointError(f"{path}: {error}") from None
        return cls(model, columns, target, loss)


def _column(entry: Any) -> Column:
    """Return a column from its record."""
    if not isinstance(entry, dict) or set(entry) != {"name", "mean", "scale", "texts"}:
        raise ValueError(f"a column expects name, mean, scale and texts, got {describe(entry)}")
    column = Column(**entry)
    numbers = all(type(x) is float or type(x) is int for x in (column.mean, column.scale))
    if not (numbers and column.scale > 0 and all(isinstance(text, str) for text in column.texts)):
        raise ValueError(f"a column expects numbers and texts, got {describe(entry)}")
    if not isinstance(column.name, str):
        raise ValueError(f"a column expects a name, got {describe(column.name)}")
    return column


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
    drop: Sequence[str] = (),
    test_share: float = 0.2,
    hidden: Sequence[int] = (8,),
    activation: str = "tanh",
    loss: str | None = None,
    steps: int | None = None,
    lr: float = 0.1,
    batch_size: int | None = None,
    seed: int = 0,
    on_step: Callable[[History, int], object] | None = None,
    **options: Any,
) -> Fit:
    """Train an MLP to predict one column of a table from the others.

    Args:
        path, target: a CSV file, and the column to predict: texts, or numbers.
        drop: columns to leave out.
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
        options: as for `train`.

    Raises `ValueError`, which says where, for a table that can't be learned from.
    """
    share = number("test_share", test_share)
    if not 0 <= share < 1:
        raise ValueError(f"test_share expects a number from 0 to 1, and below, got {test_share}")
    names, rows = read_table(path)
    names, target = [name.strip() for name in names], target.strip()
    k = place_of(target, names, path)
    for name in drop:
        if name == target or name not in names:
            raise ValueError(f"drop expects columns other than the target, got {name!r}")
    in_order = list(rows)
    shuffled = list(in_order)
    random.Random(seed).shuffle(shuffled)
    held = round(share * len(shuffled))
    if len(shuffled) - held < 2:
        raise ValueError(f"{path} has too few rows to learn from: {len(shuffled)}")

    def cells(place: int, of: Sequence[Row]) -> list[Cell]:
        return [(where, row[place]) for where, row in of]

    answers = cells(k, shuffled)
    column, loss = _target(target, cells(k, in_order), answers[held:], loss)
    columns = [
        Column.of(name, cells(i, in_order), cells(i, shuffled[held:]))
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
    result = Fit(predictor, history, len(xs) - held)
    result.held_out = list(zip(map(column.truth, answers[:held]), predictor.predict(xs[:held])))
    return result


def _target(
    name: str, cells: Sequence[Cell], trained: Sequence[Cell], loss: str | None
) -> tuple[Column, str]:
    """Return the column to predict, and the loss for it."""
    text = holds_texts(name, cells)
    if loss is None:
        loss = "cross_entropy" if text else "squared_error"
    one_of("loss", loss, LOSSES)
    if loss == "squared_error":
        if text:
            raise ValueError(f"loss expects cross_entropy or hinge for the texts of {name!r}")
        return Column.of(name, cells, trained), loss
    if not text:
        for where, cell in cells:
            number_in(cell, name, where)
    classes = sorted({_class(cell) for _, cell in cells}, key=(str if text else float))
    if len(classes) < 2 or (loss == "hinge" and len(classes) != 2):
        wanted = "two classes" if loss == "hinge" else "at least two classes"
        raise ValueError(f"{loss} expects {wanted} in {name!r}, got {len(classes)}")
    return Column(name, 0.0, 1.0, classes), loss


def _encoded(column: Column, loss: str, where: str, text: str) -> float:
    """Return a target as the loss takes it."""
    if loss == "squared_error":
        return column.inputs(where, text)[0]
    index = column.texts.index(_class(text))
    return index if loss == "cross_entropy" else 2.0 * index - 1.0
