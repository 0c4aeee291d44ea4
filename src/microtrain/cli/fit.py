"""`microtrain fit`: learn to predict a column of a table."""

from __future__ import annotations

import argparse
import os

from ..errors import counted
from ..files.records import CheckpointError, target
from ..tables.fit import BATCH, PASSES, RATES, Fit, fit
from ..tables.predictor import Predictor
from . import tables
from .options import Command, Unset, filled, usual
from .terminal import Progress, about, printable, shown
from .train import SHARED, ended, options_of

SHOWN = 12  # classes in a table of those mixed up; more make it too large


def run(arguments: argparse.Namespace) -> int:
    options = options_of(arguments)
    if arguments.save is not None:
        _check_save(arguments)
    task = tables.task_of(arguments, arguments.file, arguments.test_share, arguments.seed)
    options |= {"hidden": arguments.hidden, "activation": arguments.activation}
    with Progress("steps", arguments.quiet) as progress:
        found = fit(task, **options, on_step=lambda h, planned: progress.show(h.steps, planned))
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


def _check_save(arguments: argparse.Namespace) -> None:
    """Refuse, before anything is learned, to write the model where it can't or must not go."""
    path = target(arguments.save)
    if arguments.checkpoint and os.path.realpath(arguments.checkpoint) == path:
        raise ValueError(f"--save expects another file than --checkpoint, got {path}")
    if os.path.exists(path):
        try:
            Predictor.load(path)
        except CheckpointError as error:
            raise ValueError(f"--save replaces models only; {error}") from None


def _print(found: Fit, arguments: argparse.Namespace, fine: bool) -> None:
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
    if names := found.task.constant:
        few = f"{len(names)} of {counted(len(found.task.columns), 'column')}, such as {names[0]!r}"
        print(filled(f"{few}, teach nothing: the same in all rows trained on."))
    print(filled(ended(history)))
    if not held:
        print("No rows were held out, so nothing says how good it is on others.")
    elif fine:
        print(f"Of the rows held out: {tables.score(held, found.task.guess)}")
        if 0 < len(predictor.target.texts) <= SHOWN:
            print(f"\n{tables.confusion(held, predictor.target.texts)}")
        known = {truth for truth, _ in held}
        if names := [text for text in predictor.target.texts if text not in known]:
            few = f"{len(names)} of {len(predictor.target.texts)} classes, such as {names[0]!r}"
            print("\n" + filled(f"{few}, had no row held out to judge by."))
    if arguments.save and fine:
        name = printable(arguments.save)
        print(f"\nKept in {name}: microtrain predict {name} FILE")


COMMAND = Command(
    name="fit",
    run=run,
    purpose="learn to predict a column of a table",
    description="Learn to predict one column of a table from the others, and say how well that "
    "goes on rows that were held out. The rate warms up in the first twentieth of the steps, then "
    "goes down half a cosine to 0.",
    examples=("microtrain fit flowers.csv --target species --save model.json",),
    ok="the training did not diverge",
    files={"FILE": "the table: CSV, column names first; - for standard input"},
    options={
        **tables.OPTIONS,
        **SHARED,
        **usual("test-share hidden save"),
        "lr": Unset(", ".join(f"{rate} for {kind}" for kind, rate in RATES.items())),
        "steps": Unset(f"as many as make {PASSES} passes over the rows"),
        "target-loss": 0,
        "batch-size": Unset(BATCH),
    },
)
