"""How good predictions are: in a sentence, and as a table of the classes mixed up."""

from __future__ import annotations

import collections
import math
from typing import Any

from .terminal import bold, printable

MANY = 12  # more classes make too large a table


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
    if len(classes) > MANY:
        mixed = [(n, truth, guess) for (truth, guess), n in counts.items() if truth != guess]
        mixed.sort(key=lambda found: -found[0])
        lines = [f"{truth!r} was taken for {guess!r}: {n:,}" for n, truth, guess in mixed]
        more = [f"... and {len(lines) - MANY:,} more"] if len(lines) > MANY else []
        return "\n".join([*lines[:MANY], *more])
    names = [printable(name) for name in classes]
    width = min(12, max(map(len, names)))
    short = [name if len(name) <= width else name[: width - 1] + "…" for name in names]
    if len(set(short)) < len(names):  # cut, they can't be told apart
        short, width = names, max(map(len, names))
    cell = max(5, width)
    lines = [bold(f"{'':{width}} " + "".join(f" {name:>{cell}}" for name in short) + "  predicted")]
    for name, truth in zip(short, classes):
        row = "".join(f" {counts[truth, guess] or '·':>{cell}}" for guess in classes)
        lines.append(f"{name:{width}} {row}")
    return "\n".join(lines)
