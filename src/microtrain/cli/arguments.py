"""Arguments of the command, what is wrong with them, and what the process ends with."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

from .terminal import printable

# Exit statuses.
OK, FAILED, USAGE, INTERRUPTED, UNREAD = 0, 1, 2, 130, 141


def exit_statuses(well: str, failed: str, bad: str = "bad arguments") -> str:
    """Return what the help of a command says of them."""
    return (
        f"Exit status: {OK} if {well}, {FAILED} if {failed}, {USAGE} for {bad}, {INTERRUPTED} "
        f"after Ctrl-C, {UNREAD} if the output is not read to its end."
    )


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line long."""

    def error(self, message: str) -> NoReturn:
        self.refuse(f"{message} (see {self.prog} --help)")

    def refuse(self, message: str) -> NoReturn:
        """Say in one line that a file does not fit, and stop."""
        self.exit(USAGE, f"{self.prog}: {printable(message)}\n")

    def complain(self, message: str) -> None:
        """Say in one line what went wrong."""
        print(f"{self.prog}: {printable(message)}", file=sys.stderr)


def neurons(text: str) -> int:
    """Return the number of neurons in a layer."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expects numbers of at least 1, got {text!r}")
    return int(text)
