"""A model with all that is needed to apply it to the rows of a table.

A column of numbers is standardized: its mean is subtracted, and the rest divided by its standard
deviation, so that no column counts for more because of its unit. A column of texts becomes one 0 or
1 for each text. Mean, deviation and texts are kept with the model, for the rows to predict.
"""

from __future__ import annotations

import collections
import itertools
import math
import shlex
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..engine.primitives import softmax
from ..files.csv import Table, class_of, number_of
from ..files.records import NUMBER, OBJECT, POSITIVE, TEXT, Format, choice
from ..nn import checkpoint
from ..nn.datasets import standardize
from ..nn.losses import BY_NAME, TAKES
from ..nn.mlp import MLP

LARGEST = 1e300  # so that sums of some million numbers, and of differences, stay finite
MANY = 20  # different texts that a column may have, the target unless more are asked for
LOSSES = tuple(sorted(BY_NAME))
COLUMN = {"name": TEXT, "mean": NUMBER, "scale": POSITIVE, "texts": [TEXT]}
FORMAT = Format(
    "microtrain predictor",
    {
        "architecture": checkpoint.ARCHITECTURE,
        "parameters": OBJECT,
        "columns": [COLUMN],
        "target": COLUMN,
        "loss": choice(*LOSSES),
    },
)


class Column(NamedTuple):
    """How the cells of a column become inputs: standardized, or one 0 or 1 for each text."""

    name: str
    mean: float
    scale: float
    texts: Sequence[str]

    @classmethod
    def of(cls, table: Table, name: str, kind: str | None, max_classes: int = 0) -> Column:
        """Return a column of a table; its numbers are not yet `scaled`.

        It is of texts if it has no numbers, or if the kind says that these are "texts", or
        "classes", which are in the order of the numbers. Raises `ValueError` for more texts than
        `max_classes` (of a target) or `MANY`.
        """
        most, cells = max_classes or MANY, table.cells(name)
        drop = "" if max_classes else f"; --drop {shlex.quote(name)} leaves the column out"
        few = len({*cells}) <= min(most, len(cells) / 2)
        as_texts = f"; --texts {shlex.quote(name)} reads it as texts" * few
        values = table.values(name, kind == "texts" or None, as_texts, drop)
        of_numbers = isinstance(values[0], float)
        if of_numbers and kind != "classes":
            line, cell, x = max(zip(table.lines, cells, values), key=lambda row: abs(row[2]))
            if abs(x) > LARGEST:
                told = f"has a number too large to standardize, {cell.strip()}{drop}"
                raise ValueError(f"{table.path}, line {line}: column {name!r} {told}")
            return cls(name, 0.0, 1.0, [])
        texts = sorted({*table.values(name, True)})
        remedy = drop or "; --max-classes allows more"
        if of_numbers:
            texts.sort(key=float)  # texts of one float stay in their order
            remedy += "; without --classes and --loss they are learned as numbers"
        if len(texts) > most:
            raise ValueError(
                f"column {name!r} has {len(texts)} different values, such as {texts[0]!r}, "
                f"of which at most {most} can be learned{remedy}"
            )
        return cls(name, 0.0, 1.0, texts)

    def scaled(self, table: Table) -> Column:
        """Return the column with the mean and scale of its numbers in this table."""
        if self.texts:
            return self
        scaler = standardize(self.values(table))
        return self._replace(mean=scaler.means[0], scale=scaler.scales[0])

    @property
    def names(self) -> list[str]:
        """What its inputs are called."""
        return [f"{self.name} = {text}" for text in self.texts] or [self.name]

    def values(self, table: Table) -> list[Any]:
        """Return what stands in this column of a table: numbers, or texts."""
        return table.values(self.name, bool(self.texts))

    def inputs(self, value: Any) -> list[float]:
        """Return the inputs that a value becomes; a text not seen before is none of the known."""
        if self.texts:
            return [float(value == known) for known in self.texts]
        return [(value - self.mean) / self.scale]

    def unseen(self, table: Table) -> dict[str, int]:
        """Return how often each text is in this column of a table that training did not have."""
        if not self.texts:
            return {}
        counts = collections.Counter(self.values(table))
        return {text: n for text, n in counts.items() if text not in self.texts}


def inputs_of(columns: list[Column], table: Table) -> list[list[float]]:
    """Return the inputs that the rows of a table become; it may have the columns in any order."""
    cells = [map(column.inputs, column.values(table)) for column in columns]
    return [[*itertools.chain(*row)] for row in zip(*cells)]


class Predictor:
    """A model with the columns of its inputs, its target and the name of its loss.

    A target of texts is a class; one of numbers is standardized, as the model returns it.
    """

    def __init__(self, model: MLP, columns: list[Column], target: Column, loss: str) -> None:
        self.model, self.columns, self.target, self.loss = model, columns, target, loss
        self.takes = TAKES[BY_NAME[loss]]

    def truths(self, table: Table) -> list[Any]:
        """Return the target of each row of a table; None where there is none, or no number."""
        read = class_of if self.target.texts else number_of
        return [read(cell) if cell.strip() else None for cell in table.cells(self.target.name)]

    def predict(self, x: Sequence[float]) -> Any:
        """Return the prediction for the inputs of a row: a class's text, or a number."""
        outputs, texts = self._outputs(x), self.target.texts
        if not texts:
            return outputs[0]
        if self.takes == "sign":
            return texts[outputs[0] > 0]
        return texts[outputs.index(max(outputs))]

    def probabilities(self, x: Sequence[float]) -> list[float]:
        """Return the probability of each class. Raises `ValueError` if the model gives none."""
        if self.takes != "class":
            raise ValueError(f"probabilities expects a model of cross_entropy, not {self.loss}")
        return softmax(self._outputs(x))

    def _outputs(self, x: Sequence[float]) -> list[float]:
        """Return the outputs for a row; of a target of numbers, in its units."""
        (output,) = self.model.predict([x])
        outputs = output if isinstance(output, list) else [output]
        if not self.target.texts:
            outputs = [outputs[0] * self.target.scale + self.target.mean]
        if not all(map(math.isfinite, outputs)):
            raise ValueError("the prediction is not finite: the numbers of this row are too large")
        return outputs

    def save(self, path: str) -> None:
        """Write it to a JSON file, as `microtrain.save` writes a model."""
        FORMAT.write(
            path,
            architecture=checkpoint.architecture_of(self.model),
            parameters=self.model.state_dict(),
            columns=[column._asdict() for column in self.columns],
            target=self.target._asdict(),
            loss=self.loss,
        )

    @classmethod
    def load(cls, path: str) -> Predictor:
        """Return what `save` wrote. Raises `CheckpointError` for a file that is none."""
        return FORMAT.read(path, cls._of)

    @classmethod
    def _of(
        cls, architecture: Any, parameters: Any, columns: list[Any], target: Any, loss: str
    ) -> Predictor:
        """Return the predictor that a file holds. Raises `ValueError` where its parts don't fit."""
        inputs, output = [Column(**column) for column in columns], Column(**target)
        classes = len(set(output.texts))
        takes = TAKES[BY_NAME[loss]]
        fits = {"class": classes >= 2, "sign": classes == 2, "numbers": not classes}
        if not fits[takes] or classes != len(output.texts):
            raise ValueError(f"loss is {loss}, which does not fit a target of {classes} classes")
        model = checkpoint.restored(architecture, parameters)
        n_in = sum(len(column.names) for column in inputs)
        n_out = classes if takes == "class" else 1
        if model.n_in != n_in or model.sizes[-1] != n_out:
            raise ValueError("architecture does not fit the columns and the target")
        return cls(model, inputs, output, loss)
