"""`microtrain train --csv` and `microtrain predict`: a table of one's own."""

from __future__ import annotations

import argparse
import io
import os
import sys
from typing import Any, TextIO

from ..errors import counted, file_path
from ..files.csv import read_table, write_csv
from ..files.records import CheckpointError
from ..tables.fit import SHARE, Fit, fit
from ..tables.predictor import LOSSES, Predictor
from ..training.history import History
from .arguments import FAILED, INTERRUPTED, OK, Parser, exit_statuses
from .scores import confusion, score
from .terminal import Progress, bold, print_json, printable

LINES = 20  # of losses, about
FEW = 6  # different numbers look like classes


def add_to_train(command: Any) -> None:
    """Add to the train command what it needs for a table."""
    add = command.add_argument_group("a table of your own").add_argument
    add(
        "--csv",
        metavar="FILE",
        help="learn from this table instead: CSV, column names first; - for standard input",
    )
    add("--target", metavar="COLUMN", help="what to predict: texts (classes) or numbers")
    add("--drop", metavar="COLUMN", nargs="+", help="columns to leave out")
    add(
        "--texts",
        metavar="COLUMN",
        nargs="+",
        help="columns of texts, even if some or all of them look like numbers",
    )
    add(
        "--test-share",
        type=float,
        metavar="SHARE",
        help=f"of the rows, drawn by the seed, to hold out and judge by ({SHARE})",
    )
    add(
        "--loss",
        choices=LOSSES,
        metavar="NAME",
        help="cross_entropy (for texts, or classes given by numbers), hinge (for two classes) or "
        "squared_error (for numbers)",
    )
    add("--save", metavar="FILE", help="write what microtrain predict needs to this file")


def add_predict_to(commands: Any) -> None:
    """Add the predict command to the parser's."""
    command = commands.add_parser(
        "predict",
        help="predict the rows of a table, by what train --csv has learned",
        description="Apply what microtrain train --csv ... --save MODEL has learned to the rows of "
        "a table, and print them as CSV with one more column. If the target is a column of the "
        "table, too, standard error says how many are right.",
        epilog="Example: microtrain train --csv flowers.csv --target species --save model.json; "
        "microtrain predict model.json new.csv > predicted.csv. "
        + exit_statuses(
            "the rows were predicted",
            "a file can't be read",
            "bad arguments and for files that don't fit",
        ),
    )
    command.set_defaults(parser=command, run=predict)
    command.add_argument("model", metavar="MODEL", help="a file from microtrain train --save")
    command.add_argument(
        "csv",
        metavar="FILE",
        help="a table with the columns it was trained on; - for standard input",
    )
    command.add_argument("--quiet", action="store_true", help="print the table alone")


def train(arguments: argparse.Namespace) -> int:
    """Learn from a table, and say how well."""
    command: Parser = arguments.parser
    if arguments.target is None:
        command.error("argument --target: expects the column to predict, with --csv")
    _check_files(arguments)
    progress = Progress("steps", quiet=arguments.quiet)
    losses: list[float] = []
    aloud = not (arguments.json or arguments.quiet)

    def show(history: History, planned: int) -> None:
        """Print the mean loss of the steps since the last line, every so many of them."""
        made = history.steps
        if made == 1 and aloud:
            print(bold(f"{'step':>8}   loss (mean of the steps since the last line)"))
        every = max(1, planned // LINES)
        losses.append(history.losses[-1])
        if made % every == 0:
            progress.clear()
            if aloud:
                print(f"{made:>8}   {sum(losses) / len(losses):.4g}", flush=True)
            losses.clear()
        progress.show(made, planned)

    names = ("drop", "texts", "test_share", "hidden", "loss", "steps", "lr", "batch_size")
    given = {name: x for name in names if (x := getattr(arguments, name)) is not None}
    try:
        path, file = _source(arguments)
        found = fit(
            path,
            arguments.target,
            file=file,
            **given,
            activation=arguments.activation,
            seed=arguments.seed,
            target_loss=arguments.target_loss,
            accumulate=arguments.accumulate,
            zero_grad=not arguments.no_zero_grad,
            checkpoint=arguments.checkpoint,
            checkpoint_every=arguments.checkpoint_every,
            on_step=show,
            watch=lambda what, items: Progress(what, quiet=arguments.quiet).over(items),
        )
        progress.clear()
        if arguments.save and found.history.status != "diverged":
            found.predictor.save(arguments.save)
    except ValueError as error:
        progress.clear()
        command.refuse(str(error))
    except OSError as error:
        progress.clear()
        if error.filename is None:
            raise  # it is about the output
        command.complain(str(error))
        return FAILED
    if arguments.json:
        print_json(_record(found))
    else:
        _print(found, arguments)
    if found.history.status == "interrupted":
        return INTERRUPTED
    return FAILED if found.history.status == "diverged" else OK


def predict(arguments: argparse.Namespace) -> int:
    """Print a table with its predictions."""
    command: Parser = arguments.parser
    reading, predicting = (
        Progress(f"rows {done}", quiet=arguments.quiet) for done in ("read", "predicted")
    )
    path, file = _source(arguments)
    try:
        predictor = Predictor.load(arguments.model)
        read = read_table(path, file, watch=reading.over)
        xs = predictor.inputs(read)
        predictions = list(map(predictor.predict, predicting.over(xs)))
    except ValueError as error:
        command.refuse(str(error))
    except OSError as error:
        command.complain(str(error))
        return FAILED
    names, rows = read.names, read.rows
    for name, text, n in predictor.unseen(read):
        rows_of_it = counted(n, "row")
        command.complain(f"{rows_of_it}: {name!r} is {text!r}, which was not there in training")
    target = predictor.target
    new = f"predicted {target.name}"
    others = [i for i, name in enumerate(names) if name != new]  # it may be there from before
    table = zip([names, *(row for _, row in rows)], [new, *predictions])
    write_csv(sys.stdout, ([*(row[i] for i in others), last] for row, last in table))
    if target.name in names and not arguments.quiet:
        truths = predictor.truths(read)
        pairs = [(y, p) for y, p in zip(truths, predictions) if y is not None]
        if pairs:
            print(score(pairs, target.texts), file=sys.stderr)
        unknown = sum(truth not in target.texts for truth, _ in pairs) if target.texts else 0
        if unknown:
            known = ", ".join(map(repr, target.texts))
            command.complain(f"{counted(unknown, 'row')}: {target.name!r} is none of {known}")
    return OK


def _source(arguments: argparse.Namespace) -> tuple[str, TextIO | None]:
    """Return what the table is called and, for -, the standard input to read it from."""
    if arguments.csv != "-":
        return arguments.csv, None
    return "standard input", io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", newline="")


def _check_files(arguments: argparse.Namespace) -> None:
    """Refuse to lose a file, or the outcome of a long run, to --save."""
    command: Parser = arguments.parser
    if arguments.save is None:
        return
    path = file_path("save", arguments.save)
    for name in ("csv", "checkpoint"):
        other = getattr(arguments, name)
        if other and os.path.realpath(other) == os.path.realpath(path):
            command.error(f"argument --save: expects another file than --{name}, got {path}")
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path) or not os.path.isdir(folder):
        command.error(f"argument --save: expects a file in a folder that is there, got {path}")
    if os.path.exists(path) and not os.path.isfile(path):
        command.error(f"argument --save: expects a file, got {path}, which is something else")
    if os.path.exists(path):
        try:
            Predictor.load(path)
        except CheckpointError:
            command.error(f"argument --save: {path} exists, and is no model; remove it first")


def _print(found: Fit, arguments: argparse.Namespace) -> None:
    """Print how the run ended, how good the predictor is, and what it mixes up."""
    history, predictor, held = found.history, found.predictor, found.held_out
    ended = {
        "finished": "Finished",
        "converged": f"The loss of a mini-batch is below {arguments.target_loss}",
        "interrupted": "Interrupted",
        "diverged": "Diverged (try a smaller --lr)",
    }[history.status]
    last = history.losses[-max(1, len(history.losses) // LINES) :]
    if history.status == "finished" and sum(last) / len(last) > history.losses[0]:
        ended = "Finished, with a higher loss than at first (try a smaller --lr)"
    if not arguments.quiet:
        print()
    print(f"{predictor.model}, trained on {found.trained_on:,} rows.")
    print(f"{ended} after {counted(history.steps, 'step')} in {history.seconds:.1f} s.")
    if not held:
        print("No rows were held out, so nothing says how good it is on others.")
    elif history.status != "diverged":
        print(f"Of the rows held out: {score(held, predictor.target.texts)}")
        if predictor.target.texts:
            print(f"\n{confusion(held, predictor.target.texts)}")
        elif len({truth for truth, _ in held}) <= FEW:
            print("(If these numbers stand for classes: --loss cross_entropy)")
    if arguments.save and history.status != "diverged":
        name = printable(arguments.save)
        print(f"\nKept in {name}: microtrain predict {name} FILE")


def _record(found: Fit) -> dict[str, Any]:
    return {
        **found.history.to_dict(),
        "parameters": found.predictor.model.state_dict(),
        "trained_on": found.trained_on,
        "held_out": [{"truth": y, "prediction": p} for y, p in found.held_out],
    }
