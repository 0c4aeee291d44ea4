"""`microtrain predict`: apply what `microtrain fit` has learned to the rows of a table."""

from __future__ import annotations

import argparse
import collections
import sys
from typing import Any

from ..errors import counted
from ..files.csv import write_csv
from ..tables.predictor import Predictor, inputs_of
from .options import OK, Command, usual
from .tables import score, table_of
from .terminal import Progress, say


def run(arguments: argparse.Namespace) -> int:
    predictor, table = Predictor.load(arguments.model), table_of(arguments, arguments.file)
    found = len(table.rows)
    if arguments.skip_empty:
        table = table.complete(column.name for column in predictor.columns)
    xs = inputs_of(predictor.columns, table)
    progress = Progress("rows predicted", arguments.quiet)
    predictions = [*map(predictor.predict, progress.over(xs))]
    new: dict[str, list[Any]] = {f"predicted {predictor.target.name}": predictions}
    if arguments.probabilities:
        shares = [*map(predictor.probabilities, xs)]
        for k, text in enumerate(predictor.target.texts):
            new[f"probability {text}"] = [share[k] for share in shares]
    cells = [row for _, row in table.rows]
    old = {name: [row[i] for row in cells] for i, name in enumerate(table.names) if name not in new}
    write_csv(sys.stdout, [[*old, *new], *zip(*old.values(), *new.values())])
    if found > len(xs):
        say(f"{COMMAND.prog}: {counted(found - len(xs), 'row')} with an empty cell left out")
    for column, cell, n in predictor.unseen(table):
        told = f"{column!r} is {cell!r}, which was not there in training"
        say(f"{COMMAND.prog}: {counted(n, 'row')}: {told}")
    if predictor.target.name in table.names and not arguments.quiet:
        texts, truths = predictor.target.texts, predictor.truths(table)
        if pairs := [(y, p) for y, p in zip(truths, predictions) if y is not None]:
            common = collections.Counter(y for y, _ in pairs).most_common(1)[0][0]
            say(score(pairs, common if texts else predictor.target.mean))
        if unknown := sum(y not in texts for y, _ in pairs) if texts else 0:
            told = f"{predictor.target.name!r} is none of {', '.join(map(repr, texts))}"
            say(f"{COMMAND.prog}: {counted(unknown, 'row')}: {told}")
    return OK


COMMAND = Command(
    name="predict",
    run=run,
    purpose="predict the rows of a table with what fit has learned",
    description="Apply what microtrain fit ... --save MODEL has learned to the rows of a table, "
    "and print them as CSV with one more column. If the target is a column of the table, too, "
    "standard error says how many are right.",
    examples=(
        "microtrain fit flowers.csv --target species --save model.json",
        "microtrain predict model.json new.csv > predicted.csv",
    ),
    ok="the rows were predicted",
    files={
        "MODEL": "a file from microtrain fit --save",
        "FILE": "a table with the columns it was trained on; - for standard input",
    },
    options=usual("sep probabilities skip-empty quiet"),
)
