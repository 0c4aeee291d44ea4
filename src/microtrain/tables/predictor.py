"""A model with all that is needed to apply it to the rows of a table.

Columns of numbers are standardized: their mean is taken off, and the rest divided by their standard
deviation, so that no column counts for more because of its unit. A column of texts becomes one 0 or
1 for each text. What was done is kept with the model, and done again to the rows to predict.
"""

from __future__ import annotations

import collections
import itertools
import math
from collections.abc import Sequence
from typing import Any

from ..errors import describe
from ..files import records
from ..files.csv import Cell, Row, number_in_cell, number_of, refuse_empty
from ..files.records import CheckpointError
from ..nn import checkpoint
from ..nn.mlp import MLP

FORMAT, VERSION = "microtrain predictor", 1
LOSSES = ("cross_entropy", "hinge", "squared_error")


def class_of(text: str) -> str:
    """Return the text by which a class is known: without blanks around it; 1 for 1.0 and 1e0.

    Numbers of more digits than a float keeps are known by their text.
    """
    text = text.strip()
    x = number_of(text)
    short = text if x is None else f"{x + 0.0:.15g}"  # adding 0.0 makes 0 of -0
    return short if x == number_of(short) else text


def classes_of(name: str, cells: Sequence[Cell], most: int, remedy: str) -> list[str]:
    """Return the different texts of a column, sorted. Raises `ValueError` for more than `most`."""
    texts = sorted({class_of(text) for _, text in cells})
    if len(texts) > most:
        raise ValueError(
            f"column {name!r} has {len(texts)} different texts, such as {texts[0]!r}, "
            f"but at most {most} can be learned: {remedy}"
        )
    return texts


class Column:
    """How the cells of a column become inputs: standardized, or one 0 or 1 for each text."""

    def __init__(self, name: str, mean: float, scale: float, texts: Sequence[str] = ()) -> None:
        self.name, self.mean, self.scale, self.texts = name, mean, scale, list(texts)

    @classmethod
    def of_numbers(cls, name: str, cells: Sequence[Cell]) -> Column:
        """Return the column that standardizes these numbers."""
        numbers = [number_in_cell(text, name, where) for where, text in cells]
        try:
            mean = math.fsum(numbers) / len(numbers)
            deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in numbers) / len(numbers))
        except OverflowError:
            raise ValueError(f"column {name!r} has numbers too large to standardize") from None
        return cls(name, mean, deviation if deviation > 0 else 1.0)

    def inputs(self, where: str, text: str) -> list[float]:
        """Return the inputs that a cell becomes; a text not seen before is none of the known."""
        if self.texts:
            return [float(class_of(text) == known) for known in self.texts]
        return [(number_in_cell(text, self.name, where) - self.mean) / self.scale]

    def truth(self, cell: Cell) -> Any:
        """Return what stands in a cell: a text, or a number."""
        where, text = cell
        return class_of(text) if self.texts else number_in_cell(text, self.name, where)


class Predictor:
    """A model with all that is needed to apply it to the rows of a table.

    columns: the inputs, in their order; target: the column to predict, of texts for classes, else
    of numbers, which the model gives standardized; loss: the name of that it was trained with.
    """

    def __init__(self, model: MLP, columns: list[Column], target: Column, loss: str) -> None:
        self.model, self.columns, self.target, self.loss = model, columns, target, loss

    def places(self, names: Sequence[str], path: str) -> list[int]:
        """Return where the columns are among these names, which may be in any order."""
        if missing := [repr(c.name) for c in self.columns if c.name not in names]:
            plural = "" if len(missing) == 1 else "s"
            raise ValueError(f"{path} lacks the column{plural} {', '.join(missing)}")
        return [names.index(column.name) for column in self.columns]

    def inputs(self, names: Sequence[str], rows: Sequence[Row], path: str) -> list[list[float]]:
        """Return the inputs of rows in which the columns have these names, in any order."""
        placed = list(zip(self.columns, self.places(names, path)))
        for column, k in placed:
            refuse_empty(column.name, [(where, row[k]) for where, row in rows])
        return [
            list(itertools.chain(*[column.inputs(where, row[k]) for column, k in placed]))
            for where, row in rows
        ]

    def unseen(self, names: Sequence[str], rows: Sequence[Row]) -> list[tuple[str, str, int]]:
        """Return the texts in the rows that were not trained on: column, text, how many rows."""
        found = collections.Counter(
            (column.name, text)
            for column in self.columns
            if column.texts
            for _, row in rows
            if (text := class_of(row[names.index(column.name)])) not in column.texts
        )
        return [(name, text, n) for (name, text), n in found.items()]

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
