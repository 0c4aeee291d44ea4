"""Loops in place of statements that repeat themselves, but for the indices of arrays.

The order of the statements, and so every bit of their results, stays as it was.
"""

import re
import sys
from collections.abc import Iterable, Sequence

INDEX = re.compile(r"\[(\d+)\]")
LEAST = 3  # repetitions that are worth a loop
LONGEST = 24  # statements in the body of a loop, each of which may be a loop

# Statements that may be a loop: the text, with [#] for each index, and the indices.
Item = tuple[str, tuple[int, ...]]


def rolled(lines: Sequence[str]) -> list[str]:
    """Return the statements with loops in place of repetitions."""
    texts = (sys.intern(INDEX.sub("[#]", line)) for line in lines)  # quick to compare
    items = [(x, tuple(map(int, INDEX.findall(line)))) for x, line in zip(texts, lines)]
    before, variables = len(items) + 1, iter("ijklmnopqrstuvwxyz")  # each level has a third at most
    while len(items) < before:
        before = len(items)
        items = _pass(items, next(variables))
    return [line for text, indices in items for line in _filled(text, indices).split("\n")]


def _pass(items: list[Item], variable: str) -> list[Item]:
    """Put loops over this variable in place of what is repeated at least `LEAST` times."""
    found: list[Item] = []
    k = 0
    while k < len(items):
        period, times = _repetition(items, k)
        body = items[k : k + period]
        if times > 1:
            lines = [f"for (int {variable} = 0; {variable} < {times}; ++{variable}) {{"]
            for (text, indices), (_, later) in zip(body, items[k + period : k + 2 * period]):
                strides = [b - a for a, b in zip(indices, later)]
                moved = _filled(text, [f"# + {n} * {variable}" if n else "#" for n in strides])
                lines += [f"    {line}" for line in moved.split("\n")]
            bases = tuple([x for _, indices in body for x in indices])
            body = [(sys.intern("\n".join([*lines, "}"])), bases)]
        found += body
        k += period * times
    return found


def _repetition(items: list[Item], start: int) -> tuple[int, int]:
    """Return how many items are repeated from here on, and how often: the shortest that are."""
    for period in range(1, min(LONGEST, (len(items) - start) // LEAST) + 1):
        k = start
        while k + 2 * period < len(items) and _goes_on(*items[k : k + 2 * period + 1 : period]):
            k += 1
        times = (k - start) // period + 2
        if times >= LEAST:
            return period, times
    return 1, 1


def _goes_on(a: Item, b: Item, c: Item) -> bool:
    """Return whether three items differ by their indices alone, and by the same strides."""
    return a[0] is b[0] is c[0] and all(z - y == y - x for x, y, z in zip(a[1], b[1], c[1]))


def _filled(text: str, indices: Iterable[object]) -> str:
    """Return a text with its indices."""
    first, *rest = text.split("#")
    return first + "".join([f"{index}{part}" for index, part in zip(indices, rest)])
