"""What is printed: characters, colours, JSON, and how far a long job has come."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, TextIO, TypeVar

T = TypeVar("T")


class Progress:
    """One line on a terminal, written over and over, that says how far a job has come.

    It appears once the job has taken a second; where no terminal is, or if `quiet`, it is silent.
    """

    def __init__(self, what: str, stream: TextIO | None = None, quiet: bool = False) -> None:
        self.what = what
        self.stream = sys.stderr if stream is None else stream
        self.quiet = quiet or not is_terminal(self.stream)
        self.start = self.shown = time.monotonic()
        self.first: tuple[float, int] | None = None  # when, and how much was done by then
        self.width = 0

    def show(self, done: int, total: int | None) -> None:
        """Say that so many are done, of that many where it is known."""
        now = time.monotonic()
        since, before = self.first = self.first or (now, done)
        if now - self.start < 1 or now - self.shown < 0.1 or self.quiet:
            return
        self.shown = now
        text = f"{done:,} {self.what}" if total is None else f"{done:,} of {total:,} {self.what}"
        if done > before and now > since:
            pace = (done - before) / (now - since)
            text += f", {_rounded(pace)} per second"
            text += "" if total is None else f", {(total - done) / pace:,.0f} s left"
        self._write(text)

    def clear(self) -> None:
        """Remove the line."""
        if self.width:
            self._write("")
            self.stream.write("\r")
            self.stream.flush()
            self.width = 0

    def over(self, items: Iterable[T]) -> Iterator[T]:
        """Yield the items, and say how many there have been."""
        total = len(items) if isinstance(items, list) else None
        self.start = time.monotonic()
        try:
            for done, item in enumerate(items):
                self.show(done, total)
                yield item
        finally:
            self.clear()

    def _write(self, text: str) -> None:
        text = text[: columns() - 1]
        self.stream.write(f"\r{text:<{self.width}}")
        self.stream.flush()
        self.width = len(text)


def _rounded(pace: float) -> str:
    """Return a number with three digits, or all of them before its point."""
    return f"{pace:,.0f}" if pace >= 100 else f"{pace:.3g}"


def printable(text: str) -> str:
    """Return a text, such as a file's name, without what would steer the terminal."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def is_terminal(stream: Any) -> bool:
    """Return whether somebody is looking, at something that can write over a line."""
    return bool(stream and stream.isatty()) and os.environ.get("TERM") != "dumb"


def columns() -> int:
    """Return the width of the terminal, or 80 where there is none."""
    return shutil.get_terminal_size().columns


def colourful() -> bool:
    """Return whether the output may have colours."""
    return is_terminal(sys.stdout) and not os.environ.get("NO_COLOR")


def bold(text: str) -> str:
    return styled(text, 1)


def styled(text: str, code: int) -> str:
    """Return the text with an ANSI style, if a terminal is there to show it and may."""
    return f"\033[{code}m{text}\033[0m" if colourful() else text


def print_json(record: Any) -> None:
    """Print a record as JSON, with null for what that has no number for: NaN and infinities."""
    print(json.dumps(_finite(record), allow_nan=False))


def _finite(record: Any) -> Any:
    if isinstance(record, dict):
        return {key: _finite(part) for key, part in record.items()}
    if isinstance(record, list):
        return [_finite(part) for part in record]
    return None if isinstance(record, float) and not math.isfinite(record) else record
