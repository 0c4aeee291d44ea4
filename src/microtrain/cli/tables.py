"""What the commands that read a table have in common: the table, and what to learn from it."""

from __future__ import annotations

import io
import sys
from typing import Any

from ..files.csv import Table, read_table
from ..tables.fit import Task, read_task
from .options import Arguments, refuse, usual
from .terminal import Progress, about

# The options of those that learn from one.
OPTIONS = usual("target drop texts classes numbers skip-empty max-classes sep loss")


def task_of(arguments: Arguments, path: str, test_share: float = 0.0, seed: int = 0) -> Task:
    """Return the task that the arguments name. Raises `ValueError` if they do not fit."""
    if arguments.target is None:
        raise ValueError("--target COLUMN is missing: the column to predict")
    if arguments.numbers:
        both = "and --numbers can't both be true of the target"
        refuse(arguments, ("classes", "max-classes"), both)
    kind = "classes" if arguments.classes else "numbers" if arguments.numbers else None
    names = ("target", "skip_empty", "drop", "texts", "max_classes", "loss")
    options: dict[str, Any] = {name: getattr(arguments, name) for name in names}
    more: Any = {"kind": kind, "test_share": test_share, "seed": seed}
    return read_task(table_of(arguments, path), **options, **more)


def table_of(arguments: Arguments, path: str) -> Table:
    """Return the table in a file, or, for -, in standard input."""
    file = None
    if path == "-":
        path = "standard input"
        file = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", newline="")
    progress = Progress("rows read", arguments.quiet)
    with about(path):
        return read_table(path, file, arguments.sep, progress.over)
