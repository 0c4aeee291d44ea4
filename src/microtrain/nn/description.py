"""A text for a model, a loss or a schedule: all that decides what it computes.

Objects with equal texts compute the same, once their parameters hold the same numbers. Saving a
model, reusing a trace, noticing a change and resuming a run all compare these texts.
"""

from __future__ import annotations

import copyreg
import functools
import os
import sys
import types
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from operator import attrgetter
from typing import Any

from ..engine.primitive import Primitive
from ..engine.value import Value
from .mlp import ACTIVATIONS, Neuron
from .module import Module

PLAIN = {float, int, str, bool, bytes, complex, type(None), type(...)}
CODE = (
    *("co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_flags", "co_code"),
    *("co_exceptiontable", "co_names", "co_freevars", "co_consts"),
)
PARTS: dict[type, Callable[[Any], Sequence[Any]]] = {
    list: list,
    tuple: list,
    set: lambda items: sorted(items, key=description),
    frozenset: lambda items: sorted(items, key=description),
    types.CodeType: attrgetter(*CODE),
    types.MethodType: attrgetter("__func__", "__self__"),
    types.BuiltinFunctionType: attrgetter("__module__", "__qualname__", "__self__"),
    staticmethod: lambda method: [method.__func__],
    classmethod: lambda method: [method.__func__],
    property: attrgetter("fget", "fset", "fdel"),
    functools.cached_property: attrgetter("func", "attrname"),  # its lock decides nothing
    types.MemberDescriptorType: lambda slot: [],
    types.CellType: lambda cell: [] if cell == types.CellType() else [cell.cell_contents],
    Primitive: attrgetter("function", "slopes"),
}
OTHER = {"__init__", "__new__", "_abc_impl"}  # attributes of a class that decide nothing


def description(item: Any, parameters: Sequence[Value] = ()) -> str:
    """Return all that decides what an object computes, but for the numbers of `parameters`.

    Of a function: its code, defaults, attributes, the values of its closure, and the globals that
    it reads. Of an object: its class, with all methods but the constructor, and what pickle would
    keep. What is installed (Python's own modules, packages, this one) is known by its name. Raises
    `TypeError` where something can't be compared: a generator, an open file, random numbers.
    """
    writer = _Writer(parameters)
    try:
        writer.write(item)
    except Exception as error:  # of any kind: an object may have its own idea of its state
        reason = "nested too deeply" if isinstance(error, RecursionError) else error
        raise TypeError(f"{'.'.join(writer.path) or 'it'} can't be compared: {reason}") from None
    return "\n".join(writer.words)


def described(item: Any, parameters: Sequence[Value] = ()) -> str | None:
    """Return the `description`, or None where something can't be compared."""
    try:
        return description(item, parameters)
    except TypeError:
        return None


class _Writer:
    """Writes descriptions as `words`; `path` leads to what is being written."""

    def __init__(self, parameters: Sequence[Value]) -> None:
        self.words: list[str] = []
        self.path: list[str] = []
        self.known = {id(p): f"parameter {i}" for i, p in enumerate(parameters)}
        self.held: list[Any] = []  # what was written, so that no id in `known` is used again

    def write(self, item: Any) -> None:
        """Write any object; of one that was written before, only which it is."""
        if word := self.known.get(id(item)):
            self.words.append(word)
            return
        kind = type(item)
        if kind in PLAIN:
            self.words.append(hex(item) if kind is int else repr(item))
            return
        if kind not in (tuple, frozenset):  # whether equal ones are one object decides nothing
            self.known[id(item)] = f"object {len(self.held)}"
            self.held.append(item)
        if kind in PARTS:
            self._all(kind.__name__, PARTS[kind](item))
        elif kind is dict:
            if {str}.issuperset(map(type, item)):
                self._named("dict", item)
            else:
                self._all("dict", [*item, *item.values()])
        elif isinstance(item, Module):  # all of it, whatever pickle is to keep
            activation = ACTIVATIONS.get(item.activation) if isinstance(item, Neuron) else None
            self._all("Module", [kind, activation])
            state: Any = object.__getstate__(item)
            self._named("its", state if type(state) is dict else {"slots": state})
        elif kind is types.FunctionType:
            self._function(item)
        elif _is_random(item):
            raise TypeError("the state of random numbers is not kept")
        elif kind is types.ModuleType:
            self.words.append(f"module {item.__name__}")
        elif isinstance(item, type):
            self._class(item)
        elif isinstance(item, Value):
            attributes = getattr(item, "__dict__", None)
            self._all("Value", [kind, attributes, item.data, item.op, item.parents])
        else:
            self._object(item)

    def _all(self, name: str, items: Collection[Any]) -> None:
        self.words.append(f"{name} of {len(items)}")
        for item in items:
            if word := self.known.get(id(item)):  # at once, as most are parameters
                self.words.append(word)
            else:
                self.write(item)

    def _named(self, name: str, items: dict[str, Any]) -> None:
        self.words.append(f"{name} of {[*items]}")
        for key, item in items.items():
            try:
                self.write(item)
            except Exception:
                self.path.insert(0, key)
                raise

    def _function(self, f: types.FunctionType) -> None:
        self._named("closure", dict(zip(f.__code__.co_freevars, f.__closure__ or ())))
        if _is_installed(str(f.__globals__.get("__name__"))):
            self.words.append(f"{f.__module__}.{f.__qualname__}")
        else:
            self._all("function", [f.__code__, f.__defaults__, f.__kwdefaults__, vars(f)])
            reads, imports, names = _reads(f.__code__)
            used = {x: f.__globals__[x] for x in reads if x in f.__globals__}  # else a builtin
            used |= {f"import {x}": _imported(x) for x in imports}
            self._named("globals", {key: _in_modules(x, names) for key, x in used.items()})

    def _class(self, cls: type) -> None:
        for base in cls.__mro__:
            own = vars(base)
            if _is_installed(base.__module__):
                self.words.append(f"{base.__module__}.{base.__qualname__}")
                self.write(own.get("__call__"))  # which may have been replaced
            else:
                members = {x: own[x] for x in own if callable(own[x]) or not x.startswith("__")}
                self._named("class", {x: members[x] for x in members if x not in OTHER})

    def _object(self, item: Any) -> None:
        known = copyreg.dispatch_table.get(type(item))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of copies, by itertools
            state = known(item) if known else item.__reduce_ex__(4)
        if isinstance(state, str):
            self._all("name", [type(item), state, getattr(item, "__wrapped__", None)])
        else:
            self._all("object", [list(x) if isinstance(x, Iterator) else x for x in state])


def _is_random(item: Any) -> bool:
    import random  # slow to import

    return item is random or isinstance(item, random.Random)


def _in_modules(item: Any, names: Sequence[str]) -> Any:
    """Return an item; of a module of one's own, the attributes with these names."""
    if type(item) is not types.ModuleType or _is_installed(item.__name__):
        return item
    found = {name: vars(item)[name] for name in names if name in vars(item)}
    return {
        key: _in_modules(x, [name for name in names if name != key]) for key, x in found.items()
    }


@functools.lru_cache
def _reads(code: types.CodeType) -> tuple[list[str], list[str], list[str]]:
    """Return which globals some code reads, which modules it imports, and all names in it."""
    import dis  # slow to import

    codes = [code]
    for outer in codes:  # which grows by the functions inside
        codes += [inner for inner in outer.co_consts if isinstance(inner, types.CodeType)]
    steps = [step for each in codes for step in dis.get_instructions(each)]
    reads = [step.argval for step in steps if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")]
    imports = [step.argval for step in steps if step.opname == "IMPORT_NAME"]
    return reads, imports, [name for each in codes for name in each.co_names]


def _imported(name: str) -> Any:
    """Return the module that a function will import, or None where there is none."""
    import importlib

    try:
        return importlib.import_module(name)
    except (ImportError, ValueError):
        return None


def is_own(module: str) -> bool:
    """Return whether a module is one of this package."""
    return module.partition(".")[0] == __name__.partition(".")[0]


@functools.lru_cache
def _is_installed(module: str) -> bool:
    """Return whether a module is this package's, Python's own, or of an installed package."""
    if is_own(module) or module == "__main__":  # which may be run by an installed command
        return is_own(module)
    path = getattr(sys.modules.get(module), "__file__", None)
    if path is None:
        return module in sys.stdlib_module_names
    return path.startswith(os.path.dirname(os.__file__)) or "-packages" in path
