"""Python: how it writes records, and the frame around what was written: a function, a loop."""

from __future__ import annotations

import keyword
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .writer import Language

# Generated code calls the functions of `math`, which are faster than those of microtrain and raise
# where they do. Whoever runs the code then replays the record, which says what happened.
PYTHON = Language(
    "python",
    statement="{} = {}",
    comment="# {}",
    conditional=" if ",
    functions=vars(math),
    keywords=keyword.kwlist,
)


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
