"""The `microtrain` command: train a network, predict, explore learning rates, write the page."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from .. import __version__
from . import report, sweep, table, train
from .arguments import FAILED, INTERRUPTED, UNREAD, Parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (by default, those of the process).

    Returns the exit status: 0 if all is well, 1 if not (see the help of each command), 2 for bad
    arguments, 130 after Ctrl-C, 141 if nobody reads the output to its end.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    if sys.stdout is None:  # it was closed before this began
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):  # a file's name may be no text
        sys.stdout.reconfigure(errors="backslashreplace")
    parser = _parser()
    top_level = ("-h", "--help", "--version")
    if not argv or (argv[0].startswith("-") and argv[0] not in top_level):
        argv = ["train", *argv]
    arguments = parser.parse_args(argv)
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:  # before there was anything to show, or after it was shown
        print("microtrain: interrupted", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        # Whoever read the output has read enough, or it can't be written. Python would try again,
        # and complain, at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return UNREAD
        print(f"microtrain: can't write the output: {error}", file=sys.stderr)
        return FAILED


def _parser() -> Parser:
    parser = Parser(
        prog="microtrain",
        description="Train a small neural network and watch the four steps at work: "
        "forward pass, loss, backward pass, update. Without a command: microtrain train.",
    )
    parser.add_argument("--version", action="version", version=f"microtrain {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    train.add_to(commands)
    table.add_predict_to(commands)
    sweep.add_to(commands)
    report.add_to(commands)
    return parser
