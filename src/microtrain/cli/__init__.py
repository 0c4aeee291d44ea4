"""The `microtrain` command: train a network, predict, explore learning rates, write the page."""

import contextlib
import sys
import warnings
from collections.abc import Sequence

from .. import __version__
from ..errors import CompileError
from ..lab.executors import SweepError
from . import fit, report, sweep, train
from .options import FAILED, INTERRUPTED, OK, STYLE, UNREAD, USAGE, Command, Parser, filled, hint
from .terminal import open_streams, say, silence

LISTED = train.COMMAND, fit.FIT, fit.PREDICT, sweep.SWEEP, sweep.MAP, report.COMMAND
COMMANDS = {command.name: command for command in LISTED}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, by default those of the process; return the status."""
    open_streams()
    words = list(sys.argv[1:] if argv is None else argv)
    command, status = None, OK
    try:
        with warnings.catch_warnings(), contextlib.suppress(SystemExit):  # --help exits
            command, words = _chosen(words)
            named = command.named
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = lambda told, *_, **__: say(f"microtrain: {named(str(told))}")
            status = command.run(command.parse(words))
        sys.stdout.flush()
        return status
    except (Exception, KeyboardInterrupt) as error:
        status, line = _explained(error)
        if line:
            say(f"{command.prog}: {command.named(line)}" if command else f"microtrain: {line}")
        return status


def _chosen(words: list[str]) -> tuple[Command, list[str]]:
    """Return the command that the first word names (by default train), and the other words."""
    purposes = (f"  {name:9} {command.purpose}" for name, command in COMMANDS.items())
    told = (
        "Train a small neural network and watch the four steps at work: forward pass, loss, "
        "backward pass, update. Without a command: microtrain train."
    )
    listed = "\n".join(["commands (microtrain COMMAND --help says more):", *purposes])
    usage = "microtrain COMMAND [OPTION ...]"
    parser = Parser("microtrain", usage, filled(told), listed, **STYLE)
    parser.add_argument("--version", action="version", version=f"microtrain {__version__}")
    if words[:1] in (["-h"], ["--help"], ["--version"]):
        parser.parse_args(words[:1])
    if not words or not words[0] or words[0].startswith("-"):
        words = ["train", *words]
    name, *words = words
    if name not in COMMANDS:
        parser.error(f"there is no command {name}{hint(name, COMMANDS)}")
    if name == "train":  # --csv is kept for one more version
        old = Parser(add_help=False, allow_abbrev=False)
        old.add_argument("--csv", nargs="*")
        found, others = old.parse_known_args(words)
        if found.csv is not None:
            now = "microtrain fit FILE --target COLUMN; it will be gone in the next version"
            say(f"microtrain: train --csv is now: {now}")
            name, words = "fit", [*found.csv, *others]
    return COMMANDS[name], words


def _explained(error: BaseException) -> tuple[int, str]:
    """Return the exit status for what ended a command, and the line to print."""
    match error:
        case KeyboardInterrupt():
            return INTERRUPTED, "interrupted"
        case OSError(filename=None):  # files are named by `about`
            silence(sys.stdout)
            unread = isinstance(error, BrokenPipeError)
            return (UNREAD, "") if unread else (FAILED, f"can't write the output: {error.strerror}")
        case OSError():
            return FAILED, f"{error.filename}: {error.strerror}"
        case SweepError() | CompileError():  # there is no C compiler, or it fails
            return FAILED, str(error)
        case ValueError() | ImportError():  # matplotlib is missing
            return USAGE, str(error)
        case MemoryError() | RecursionError():
            return FAILED, "there is not enough memory for that"
        case _:
            return FAILED, f"a defect of microtrain, please report it: {error!r}"
