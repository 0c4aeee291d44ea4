"""`microtrain fit` and `microtrain predict`; and what each command that reads a table needs."""

import collections
import io
import math
import os
import sys
from collections.abc import Sequence
from typing import Any

from ..errors import counted
from ..files.csv import Table, read_table, write_csv
from ..files.records import CheckpointError, writable
from ..tables.fit import BATCH, PASSES, RATES, Fit, Task, fit, read_task
from ..tables.predictor import Predictor, inputs_of
from .options import OK, Arguments, Command, Unset, fill, filled, refuse, usual
from .terminal import Progress, about, printable, say, shown, styled
from .train import SHARED, check_checkpoint, ended, watched

# The options of the commands that learn from a table.
OF_TABLE = usual("target drop texts classes numbers skip-empty max-classes sep loss")

CLASSES = 12  # in a table of those mixed up; more make it too large


def task_of(arguments: Arguments, path: str, test_share: float = 0.0, seed: int = 0) -> Task:
    """Return the task that the arguments name. Raises `ValueError` if they do not fit."""
    if arguments.target is None:
        raise ValueError("--target COLUMN is missing: the column to predict")
    if arguments.numbers:
        told = "and --numbers can't both be true of the target"
        refuse(arguments, ("classes", "max-classes"), told)
    kind = "classes" if arguments.classes else "numbers" if arguments.numbers else None
    names = ("target", "skip_empty", "drop", "texts", "max_classes", "loss")
    options: dict[str, Any] = {name: getattr(arguments, name) for name in names}
    options |= {"kind": kind, "test_share": test_share, "seed": seed}
    return read_task(table_of(arguments, path), **options)


def table_of(arguments: Arguments, path: str) -> Table:
    """Return the table in a file, or, for -, in standard input."""
    file = None
    if path == "-":
        path = "standard input"
        file = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", newline="")
    progress = Progress("rows read", arguments.quiet)
    with about(path):
        return read_table(path, file, arguments.sep, progress.over)


def run_fit(arguments: Arguments) -> int:
    check_checkpoint(arguments)
    if arguments.save is not None:
        _check_save(arguments)
    task = task_of(arguments, arguments.file, arguments.test_share, arguments.seed)
    fill(arguments, **task.usual(arguments.batch_size))
    model = task.model(arguments.hidden, arguments.activation)(arguments.seed)
    found = watched(arguments, fit, task, model, zero_grad=not arguments.no_zero_grad)
    fine = found.history.verdict != "diverged"
    if arguments.save and fine:
        with about(arguments.save):
            found.predictor.save(arguments.save)
    more = {
        "parameters": found.predictor.model.state_dict(),
        "trained_on": len(task.xs),
        "skipped": task.skipped,
        "held_out": [{"truth": y, "prediction": p} for y, p in found.held_out],
    }
    return shown(found.history, arguments, lambda: _print(found, arguments, fine), fine, **more)


def _check_save(arguments: Arguments) -> None:
    """Refuse, before anything is learned, to write the model where it can't or must not go."""
    path = writable(arguments.save)
    if arguments.checkpoint and os.path.realpath(arguments.checkpoint) == path:
        raise ValueError(f"--save expects another file than --checkpoint, got {path}")
    if os.path.exists(path):
        try:
            Predictor.load(path)
        except CheckpointError as error:
            raise ValueError(f"--save replaces models only; {error}") from None


def _print(found: Fit, arguments: Arguments, fine: bool) -> None:
    """Print the curve, how the run ended, how good the predictor is, and what it mixes up."""
    history, predictor, held = found.history, found.predictor, found.held_out
    if len(history.losses) > 1 and not arguments.quiet:
        print(f"{history.chart()}\n")
    seconds = f"{history.seconds:.1f} s"
    print(f"{predictor.model}, trained on {len(found.task.xs):,} rows in {seconds}.")
    if skipped := found.task.skipped:
        is_most = skipped > len(found.task.xs) + len(held)
        more = " That is most: --drop leaves out a column instead." * is_most
        print(f"{counted(skipped, 'row')} with an empty cell left out.{more}")
    print(filled(ended(history)))
    if not held:
        print("No rows were held out, so nothing says how good it is on others.")
    elif fine:
        print(f"Of the rows held out: {score(held, found.task.guess)}")
        if 0 < len(predictor.target.texts) <= CLASSES:
            print(f"\n{confusion(held, predictor.target.texts)}")
        known = {truth for truth, _ in held}
        if names := [text for text in predictor.target.texts if text not in known]:
            few = f"{len(names)} of {len(predictor.target.texts)} classes, such as {names[0]!r}"
            print("\n" + filled(f"{few}, had no row held out to judge by."))
    if arguments.save and fine:
        name = printable(arguments.save)
        print(f"\nKept in {name}: microtrain predict {name} FILE")


FIT = Command(
    name="fit",
    run=run_fit,
    purpose="learn to predict a column of a table",
    description="Learn to predict one column of a table from the others, and say how well that "
    "goes on rows that were held out. The rate warms up in the first twentieth of the steps, then "
    "goes down half a cosine to 0.",
    examples=("microtrain fit flowers.csv --target species --save model.json",),
    ok="the training did not diverge",
    files={"FILE": "the table: CSV, column names first; - for standard input"},
    options={
        **OF_TABLE,
        **SHARED,
        **usual("test-share hidden save"),
        "lr": Unset(", ".join(f"{rate} for {kind}" for kind, rate in RATES.items())),
        "steps": Unset(f"as many as make {PASSES} passes over the rows"),
        "target-loss": 0,
        "batch-size": Unset(BATCH),
    },
)


def run_predict(arguments: Arguments) -> int:
    predictor, table = Predictor.load(arguments.model), table_of(arguments, arguments.file)
    found = len(table.lines)
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
    old = {name: cells for name, cells in table.columns.items() if name not in new}
    write_csv(sys.stdout, [[*old, *new], *zip(*old.values(), *new.values())])
    if found > len(xs):
        say(f"{PREDICT.prog}: {counted(found - len(xs), 'row')} with an empty cell left out")
    for column in predictor.columns:
        for text, n in column.unseen(table).items():
            told = f"{column.name!r} is {text!r}, which was not there in training"
            say(f"{PREDICT.prog}: {counted(n, 'row')}: {told}")
    if predictor.target.name in table.columns and not arguments.quiet:
        texts, truths = predictor.target.texts, predictor.truths(table)
        if pairs := [(y, p) for y, p in zip(truths, predictions) if y is not None]:
            common = collections.Counter(y for y, _ in pairs).most_common(1)[0][0]
            say(score(pairs, common if texts else predictor.target.mean))
        if unknown := sum(y not in texts for y, _ in pairs) if texts else 0:
            told = f"{predictor.target.name!r} is none of {', '.join(map(repr, texts))}"
            say(f"{PREDICT.prog}: {counted(unknown, 'row')}: {told}")
    return OK


PREDICT = Command(
    name="predict",
    run=run_predict,
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


def score(pairs: list[tuple[Any, Any]], guess: Any) -> str:
    """Say how good predictions are, and how good it is to guess this class, or mean, each time."""
    n, truths = len(pairs), [truth for truth, _ in pairs]
    if isinstance(guess, str):
        right, by_guess = sum(truth == y for truth, y in pairs), truths.count(guess)
        worse = right < by_guess
        told = f"{right:,} of {n:,} right, {right / n:.1%} "
        told += f"(always saying {guess!r} would get {by_guess / n:.1%})"
    else:
        error = math.dist(truths, [p for _, p in pairs]) / n**0.5
        spread = math.dist(truths, [guess] * n) / n**0.5
        worse = error > spread
        told = f"root mean square error {error:.4g} "
        told += f"(always saying {guess:.4g}, the mean in training, would get {spread:.4g})"
    return told + (": worse than that" if worse else "")


def confusion(pairs: list[tuple[Any, Any]], classes: Sequence[str]) -> str:
    """Return a table of how often each class, by row, was taken for each, in the same order."""
    counts = collections.Counter(pairs)
    names = [printable(name) for name in classes]
    width = max(map(len, names))
    cell = min(12, max(5, width))  # longer names are cut in the header
    header = "".join(f" {name[:cell]:>{cell}}" for name in names)
    lines = [styled(f"{'':{width}} {header}  predicted")]
    for name, truth in zip(names, classes):
        row = "".join(f" {counts[truth, guess] or '·':>{cell}}" for guess in classes)
        lines.append(f"{name:{width}} {row}")
    return "\n".join(lines)
