"""Schemas: what a record may hold, declared as data.

A schema is a dict (an object with these keys and no others), ``[part]`` (a list of any length),
``[part, n]`` (a list of n), an `optional` schema, or a `Kind` of texts or numbers. n is a number,
or the key of an entry beside the list: the number there, or the length of the list there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from ..errors import describe


class Kind:
    """Texts or numbers: their name in errors, what is accepted, and what is made of it."""

    def __init__(
        self, words: str, accepts: Callable[[Any], bool], made: Callable[[Any], Any] = lambda x: x
    ) -> None:
        self.words, self.accepts, self.made = words, accepts, made


def _is_number(x: Any) -> bool:
    return type(x) in (int, float) and abs(x) <= sys.float_info.max


OBJECT = Kind("an object", lambda x: isinstance(x, dict))
TEXT = Kind("a text", lambda x: isinstance(x, str))
COUNT = Kind("an int of at least 0", lambda x: type(x) is int and x >= 0)
SIZE = Kind("an int of at least 1", lambda x: type(x) is int and x >= 1)
NUMBER = Kind("a number that fits a float", _is_number, float)
POSITIVE = Kind("a number above 0", lambda x: _is_number(x) and x > 0, float)
FLOAT = Kind("a float", lambda x: _is_number(x) or x in ("inf", "-inf", "nan"), float)


def one_of(*choices: str) -> Kind:
    """Return the kind of these texts."""
    return Kind(f"one of {', '.join(choices)}", lambda x: isinstance(x, str) and x in choices)


def optional(schema: Any) -> Any:
    """Return the schema of what may also be null."""
    return (schema,)


def checked(schema: Any, x: Any, place: str = "", beside: Any = None) -> Any:
    """Return part of a record, as its schema makes it.

    Raises `ValueError`, with the place, if it does not fit. beside: the object that holds it.
    """
    if isinstance(schema, Kind):
        if not schema.accepts(x):
            raise ValueError(f"{place} expects {schema.words}, got {describe(x)}")
        return schema.made(x)
    if isinstance(schema, tuple):
        return None if x is None else checked(schema[0], x, place)
    if isinstance(schema, dict):
        checked(OBJECT, x, place)
        if odd := sorted(map(describe, set(x) ^ set(schema))):
            raise ValueError(f"{place or 'it'} has missing or unknown keys: {', '.join(odd)}")
        inside = f"{place}." if place else ""
        return {key: checked(part, x[key], inside + key, x) for key, part in schema.items()}
    part, n = (*schema, None)[:2]
    n = beside[n] if isinstance(n, str) else n
    n = len(n) if isinstance(n, list) else n
    if not isinstance(x, list) or n not in (None, len(x)):
        words = "a list" if n is None else f"a list of {n}"
        raise ValueError(f"{place} expects {words}, got {describe(x)}")
    return [checked(part, entry, f"{place}[{i}]") for i, entry in enumerate(x)]
