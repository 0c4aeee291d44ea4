"""What the commands that read a table have in common."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Iterable
from typing import Any, TextIO

from ..errors import file_path
from ..tables.predictor import MANY
from ..tables.task import SHARE, Task, read_task
from .options import Unset
from .terminal import Progress, about

# The options of those that learn from one.
OPTIONS: dict[str, Any] = {
    "target": Unset(),
    "drop": [],
    "texts": [],
    "classes": False,
    "numbers": False,
    "max-classes": MANY,
    "skip-empty": False,
    "sep": Unset("a comma"),
    "test-share": SHARE,
    "loss": Unset("cross_entropy for classes, squared_error for numbers"),
}


def task_of(arguments: argparse.Namespace, path: str, seed: int = 0) -> Task:
    """Return the task that the arguments name. Raises `ValueError` if they do not fit.

    A command without a share of rows to hold out holds out none.
    """
    if arguments.target is None:
        raise ValueError("--target COLUMN is missing: the column to predict")
    if arguments.classes and arguments.numbers:
        raise ValueError("--classes and --numbers can't both be true of the target")
    kind = "classes" if arguments.classes else "numbers" if arguments.numbers else None
    names = ("sep", "skip_empty", "drop", "texts", "max_classes", "loss", "test_share")
    given = {"test_share": 0.0, **vars(arguments)}
    name, file = source(path)
    return read_task(
        name,
        arguments.target,
        file=file,
        kind=kind,
        seed=seed,
        watch=watch(arguments),
        **{name: given[name] for name in names if name in given},
    )


def watch(arguments: argparse.Namespace) -> Callable[[str, Iterable[Any]], Iterable[Any]]:
    """Return what says how far something has come, unless it is to be quiet."""
    return lambda what, items: Progress(what, quiet=arguments.quiet).over(items)


def source(path: str) -> tuple[str, TextIO]:
    """Return what a table is called, and its text. For - it is that of standard input."""
    name = "standard input" if path == "-" else file_path("FILE", path)
    with about(name):
        if path == "-":
            content = sys.stdin.buffer.read()
        else:
            with open(path, "rb") as file:
                content = file.read()
    return name, io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
