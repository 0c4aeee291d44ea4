"""What the commands that read a table have in common: the table, and how good predictions are."""

from __future__ import annotations

import argparse
import collections
import io
import math
import sys
from collections.abc import Callable, Iterable
from typing import Any, TextIO

from ..errors import file_path
from ..tables.fit import SHARE, Task, read_task
from ..tables.predictor import MANY
from .options import Unset
from .terminal import Progress, about, printable, styled

SHOWN = 12  # classes in a table of those mixed up; more make it too large

# The options of those that learn from one.
OPTIONS: dict[str, Any] = {
    "target": Unset(),
    "drop": [],
    "texts": [],
    **dict.fromkeys(("classes", "numbers", "skip-empty"), False),
    "max-classes": MANY,
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
    options: dict[str, Any] = {"test_share": 0.0, "kind": kind, "seed": seed}
    options |= {name: x for name, x in vars(arguments).items() if name in names}
    name, file = source(path)
    return read_task(name, arguments.target, file=file, watch=watch(arguments), **options)


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


def score(pairs: list[tuple[Any, Any]], classes: list[str]) -> str:
    """Return how good predictions are, and how good a guess without the inputs would be."""
    n = len(pairs)
    truths = [truth for truth, _ in pairs]
    if classes:
        right = sum(truth == prediction for truth, prediction in pairs)
        common, most = collections.Counter(truths).most_common(1)[0]
        return (
            f"{right:,} of {n:,} right, {right / n:.1%} "
            f"(always saying {common!r} would get {most / n:.1%})"
        )
    mean = sum(truths) / n
    error = math.dist(truths, [p for _, p in pairs]) / n**0.5
    spread = math.dist(truths, [mean] * n) / n**0.5
    return f"root mean square error {error:.4g} (always saying their mean: {spread:.4g})"


def confusion(pairs: list[tuple[Any, Any]], classes: list[str]) -> str:
    """Return a table of how often each class was taken for each, or, for many classes, a list."""
    counts = collections.Counter(pairs)
    if len(classes) > SHOWN:
        mixed = [(n, truth, guess) for (truth, guess), n in counts.items() if truth != guess]
        mixed.sort(key=lambda found: -found[0])
        lines = [f"{truth!r} was taken for {guess!r}: {n:,}" for n, truth, guess in mixed]
        more = [f"... and {len(lines) - SHOWN:,} more"] if len(lines) > SHOWN else []
        return "\n".join([*lines[:SHOWN], *more])
    names = [printable(name) for name in classes]
    width = min(12, max(map(len, names)))
    short = [name if len(name) <= width else name[: width - 1] + "…" for name in names]
    if len(set(short)) < len(names):  # cut, they can't be told apart
        short, width = names, max(map(len, names))
    cell = max(5, width)
    lines = [
        styled(f"{'':{width}} " + "".join(f" {name:>{cell}}" for name in short) + "  predicted")
    ]
    for name, truth in zip(short, classes):
        row = "".join(f" {counts[truth, guess] or '·':>{cell}}" for guess in classes)
        lines.append(f"{name:{width}} {row}")
    return "\n".join(lines)
