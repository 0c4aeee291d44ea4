"""Python: how it writes records, and the frame around what was written: a function, a loop."""

from __future__ import annotations

import keyword
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .writer import Language


class Python(Language):
    """Python, which calls the functions of `math`: they are faster than those of microtrain.

    They raise where those do. Whoever runs the code then replays the record, whose operations raise
    with a message.
    """

    column = "python"
    statement = "{} = {}"
    comment = "# {}"
    functions = vars(math)
    keywords = keyword.kwlist
    calls = True


def listed(names: Iterable[str]) -> str:
    """Return the Python of a tuple of names."""
    return f"({', '.join(names)},)"


def indented(lines: Iterable[str]) -> list[str]:
    """Return the lines as those of a block."""
    return [f"    {line}" for line in lines]


def loop(names: Sequence[str], items: str, lines: Iterable[str]) -> list[str]:
    """Return a loop over the tuples in `items`, whose parts get these names."""
    target = ", ".join(names) + "," * (len(names) == 1)
    return [f"for {target} in {items}:", *indented(lines)]


def function(name: str, parameters: Sequence[str], lines: Iterable[str]) -> str:
    """Return the definition of a function."""
    return "\n".join([f"def {name}({', '.join(parameters)}):", *indented(lines)])


def assemble(source: str, name: str, namespace: Mapping[str, Any]) -> Any:
    """Return the function of this name that the source defines."""
    scope = {"inf": math.inf, "nan": math.nan, **namespace}
    exec(compile(source, f"<microtrain: {name}>", "exec"), scope)
    return scope.pop(name)  # which leaves no circle of references
