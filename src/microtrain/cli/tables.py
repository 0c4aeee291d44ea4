"""What the commands that read a table have in common: the table, and how good predictions are."""

from __future__ import annotations

import argparse
import collections
import io
import math
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from ..files.csv import Table, read_table
from ..tables.fit import Task, read_task
from .options import refuse, usual
from .terminal import Progress, about, printable, styled

# The options of those that learn from one.
OPTIONS = usual("target drop texts classes numbers skip-empty max-classes sep loss")


def task_or_none(
    arguments: argparse.Namespace, path: str | None, how: str, options: Iterable[str] = OPTIONS
) -> Task | None:
    """Return the task in a table, or None if there is no table.

    Raises `ValueError` for options that fit none; `how` says how to name one.
    """
    if path is not None:
        return task_of(arguments, path)
    refuse(arguments, options, f"expects a table: {how}")
    return None


def task_of(
    arguments: argparse.Namespace, path: str, test_share: float = 0.0, seed: int = 0
) -> Task:
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


def table_of(arguments: argparse.Namespace, path: str) -> Table:
    """Return the table in a file, or, for -, in standard input."""
    file = None
    if path == "-":
        path = "standard input"
        file = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", newline="")
    progress = Progress("rows read", arguments.quiet)
    with about(path):
        return read_table(path, file, arguments.sep, progress.over)


def score(pairs: list[tuple[Any, Any]], guess: Any) -> str:
    """Return how good predictions are, and how good it is to guess this class, or mean, always."""
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
        told += f"(always saying {guess:.4g}, the mean in training: {spread:.4g})"
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
