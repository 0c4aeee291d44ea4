"""A model with all that is needed to apply it to the rows of a table.

Columns of numbers are standardized: their mean is taken off, and the rest divided by their standard
deviation, so that no column counts for more because of its unit. A column of texts becomes one 0 or
1 for each text. What was done is kept with the model, and done again to the rows to predict.
"""

from __future__ import annotations

import collections
import itertools
import math
import shlex
from collections.abc import Sequence
from typing import Any

from ..errors import describe
from ..files import records
from ..files.csv import Table, class_of, number_of
from ..files.records import CheckpointError
from ..nn import checkpoint
from ..nn.mlp import MLP

FORMAT, VERSION = "microtrain predictor", 1
MANY = 20  # different texts that a column may have, the target unless more are asked for
LOSSES = ("cross_entropy", "hinge", "squared_error")


class Column:
    """How the cells of a column become inputs: standardized, or one 0 or 1 for each text."""

    def __init__(self, name: str, mean: float, scale: float, texts: Sequence[str] = ()) -> None:
        self.name, self.mean, self.scale, self.texts = name, mean, scale, list(texts)

    @classmethod
    def of(
        cls,
        table: Table,
        name: str,
        trained: Sequence[int],
        declared: bool,
        max_classes: int | None = None,
    ) -> Column:
        """Return a column of a table, with the scale of the rows to train on.

        It is of texts if it is `declared` to be, or has no numbers. `max_classes` is for the
        target. Raises `ValueError` for more different texts, or for more than `MANY`.
        """
        column = shlex.quote(name)
        as_texts, drop = f"--texts {column} reads it as texts", f"--drop {column} leaves it out"
        most, remedy = max_classes or MANY, "--max-classes allows more"
        if max_classes is None:
            as_texts, remedy = f"{as_texts}, {drop}", drop
        values = table.values(name, declared or None, f"; {as_texts}")
        if isinstance(values[0], str):
            texts = sorted(set(values))
            if len(texts) > most:
                raise ValueError(
                    f"column {name!r} has {len(texts)} different texts, such as {texts[0]!r}, "
                    f"of which at most {most} can be learned: {remedy}"
                )
            return cls(name, 0.0, 1.0, texts)
        numbers = [values[i] for i in trained]
        try:
            mean = math.fsum(numbers) / len(numbers)
            deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in numbers) / len(numbers))
        except OverflowError:
            raise ValueError(f"column {name!r} has numbers too large to standardize") from None
        return cls(name, mean, deviation if deviation > 0 else 1.0)

    def values(self, table: Table) -> list[Any]:
        """Return what stands in this column of a table: numbers, or texts."""
        return table.values(self.name, bool(self.texts))

    def inputs(self, value: Any) -> list[float]:
        """Return the inputs that a value becomes; a text not seen before is none of the known."""
        if self.texts:
            return [float(value == known) for known in self.texts]
        return [(value - self.mean) / self.scale]


class Predictor:
    """A model with all that is needed to apply it to the rows of a table.

    columns: the inputs, in their order; target: the column to predict, of texts for classes, else
    of numbers, which the model gives standardized; loss: the name of that it was trained with.
    """

    def __init__(self, model: MLP, columns: list[Column], target: Column, loss: str) -> None:
        self.model, self.columns, self.target, self.loss = model, columns, target, loss

    def inputs(self, table: Table) -> list[list[float]]:
        """Return the inputs of each row of a table, which has the columns in any order."""
        columns = [map(column.inputs, column.values(table)) for column in self.columns]
        return [[*itertools.chain(*row)] for row in zip(*columns)]

    def unseen(self, table: Table) -> list[tuple[str, str, int]]:
        """Return the texts in a table that were not trained on: column, text, how many rows."""
        found = collections.Counter(
            (column.name, text)
            for column in self.columns
            if column.texts
            for text in column.values(table)
            if text not in column.texts
        )
        return [(name, text, n) for (name, text), n in found.items()]

    def truths(self, table: Table) -> list[Any]:
        """Return the target of each row of a table; None where there is none, or no number."""
        k = table.place(self.target.name)
        read = class_of if self.target.texts else number_of
        return [read(row[k]) if row[k].strip() else None for _, row in table.rows]

    def predict(self, x: Sequence[float]) -> Any:
        """Return the prediction for the inputs of a row: a class's text, or a number."""
        (output,) = self.model.predict([x])
        classes = self.target.texts
        if not classes:
            return output * self.target.scale + self.target.mean
        if self.loss == "hinge":
            return classes[output > 0]
        return classes[max(range(len(output)), key=output.__getitem__)]

    def save(self, path: str) -> None:
        """Write it to a JSON file, as `microtrain.save` writes a model."""
        records.write(
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
        record = records.read(path, FORMAT, VERSION, keys)
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
