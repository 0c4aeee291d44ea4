"""Printing: lines, styles, JSON, the progress of a long job; and what to do if a stream fails."""

import contextlib
import io
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TextIO, TypeVar

from .options import FAILED, INTERRUPTED, OK

T = TypeVar("T")


def open_streams() -> None:
    """Replace standard streams that were closed before Python started."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):  # file names need not be text
        sys.stdout.reconfigure(errors="backslashreplace")


def silence(stream: TextIO) -> None:
    """Drop the unwritten text of a failed stream. Python would try to write it again at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def to_stderr(text: str) -> None:
    """Write a remark or the progress to standard error, if that can be written."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        silence(sys.stderr)


def say(line: str) -> None:
    """Print a line on standard error, if that can be written."""
    to_stderr(f"{printable(line)}\n")


@contextlib.contextmanager
def about(name: str) -> Iterator[None]:
    """Put this file's name into an `OSError` that names none."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or name
        raise


class Progress(contextlib.AbstractContextManager["Progress"]):
    """A line on a terminal that says how far a job has come.

    It appears when the job has taken a second, and is removed at the end of the `with`. It is
    silent if `quiet`, or if standard error is no terminal.
    """

    def __init__(self, what: str, quiet: bool = False) -> None:
        self.what, self.quiet = what, quiet or not is_terminal(sys.stderr)
        self.due = time.monotonic() + 1  # when to show it next
        self.first: tuple[float, int] | None = None  # when, and how much was done by then
        self.width = 0

    def __exit__(self, *_: object) -> None:
        if self.width:
            self._write("")
            self._write("")

    def show(self, done: int, total: int | None) -> None:
        """Say how many are done, and of how many, where that is known."""
        now = time.monotonic()
        since, before = self.first = self.first or (now, done)
        if self.quiet or now < self.due:
            return
        self.due = now + 0.1
        text = f"{done:,} {self.what}" if total is None else f"{done:,} of {total:,} {self.what}"
        if done > before and now > since:
            pace = (done - before) / (now - since)
            text += f", {pace:,.0f} per second" if pace >= 100 else f", {pace:.3g} per second"
            text += "" if total is None else f", {(total - done) / pace:,.0f} s left"
        self._write(text[: shutil.get_terminal_size().columns - 1])

    def over(self, items: Iterable[T]) -> Iterator[T]:
        """Yield the items, and say how many there have been."""
        total = len(items) if isinstance(items, list) else None
        with self:
            for done, item in enumerate(items):
                self.show(done, total)
                yield item

    def _write(self, text: str) -> None:
        """Replace the line by this text."""
        to_stderr(f"\r{text:<{self.width}}")
        self.width = len(text)


def printable(text: str) -> str:
    """Return a text, such as a file's name, with control characters escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def is_terminal(stream: Any) -> bool:
    """Return whether the stream is a terminal on which a line can be written over."""
    return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"


def colourful() -> bool:
    """Return whether the output may have colours."""
    return is_terminal(sys.stdout) and not os.environ.get("NO_COLOR")


def styled(text: str, code: int = 1) -> str:
    """Return the text in bold, or in another ANSI style, where colours may be."""
    return f"\033[{code}m{text}\033[0m" if colourful() else text


def shown(
    found: Any, arguments: Any, show: Callable[[], object], fine: bool = True, **more: Any
) -> int:
    """Print what was found: as JSON, with more, as CSV, or by `show`. Return the exit status."""
    if arguments.json:  # which does not have NaN and the infinities: they are null
        record = json.dumps({**found.to_dict(), **more})
        print(json.dumps(json.loads(record, parse_constant=lambda name: None), allow_nan=False))
    elif getattr(arguments, "csv", False):
        found.to_csv(sys.stdout)
    else:
        show()
    if found.status == "interrupted":
        if path := getattr(arguments, "checkpoint", None):
            say(f"microtrain: the same command with --resume goes on from {path}")
        return INTERRUPTED
    return OK if fine else FAILED
