"""One description of a model, a loss or a schedule: all that decides what it computes.

`description` writes it as a text. Objects with equal texts compute the same, once their parameters
hold the same numbers. Saving a model, reusing a trace, noticing a change and resuming a run all
compare these texts.
"""

from __future__ import annotations

import copyreg
import functools
import importlib
import os
import random
import sys
import types
from collections.abc import Iterator, Sequence
from typing import Any

from ..engine.primitive import Primitive
from ..engine.value import Value
from .mlp import ACTIVATIONS, Neuron
from .module import Module

PLAIN = {float, int, str, bool, bytes, complex, type(None), type(...)}
CODE = (
    *("argcount", "posonlyargcount", "kwonlyargcount", "flags"),
    *("code", "exceptiontable", "names", "freevars", "consts"),
)
OTHER = {"__init__", "__new__", "_abc_impl"}  # attributes of a class that decide nothing
SLOTS = (types.MemberDescriptorType, types.GetSetDescriptorType)


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
        kind = type(item)
        if kind in PLAIN:
            self.words.append(hex(item) if kind is int else repr(item))
        elif word := self.known.get(id(item)):
            self.words.append(word)
        elif kind is tuple:
            self._all("tuple", item)
        elif kind is frozenset:  # like a tuple: whether equal ones are one object says nothing
            self._all("set", sorted(item, key=description))
        else:
            self.known[id(item)] = f"object {len(self.held)}"
            self.held.append(item)
            self._inside(item, kind)

    def _inside(self, item: Any, kind: type) -> None:
        if kind is list:
            self._all("list", item)
        elif isinstance(item, Module):
            self.write(kind)
            self.write(object.__getstate__(item))  # all of it, whatever pickle is to keep
            if isinstance(item, Neuron):
                self.write(ACTIVATIONS.get(item.activation))
        elif kind is dict:
            self._named("dict", item)
        elif kind is set:
            self._all("set", sorted(item, key=description))
        elif kind is types.FunctionType:
            self._function(item)
        elif kind is types.CodeType:
            self._all("code", [getattr(item, f"co_{part}") for part in CODE])
        elif kind is types.MethodType:
            self._all("method", [item.__func__, item.__self__])
        elif kind is types.ModuleType:
            if item is random:
                raise TypeError("the state of Python's random numbers is not kept")
            self.words.append(f"module {item.__name__}")
        elif kind in (staticmethod, classmethod):
            self._all(kind.__name__, [item.__func__])
        elif kind is property:
            self._all("property", [item.fget, item.fset, item.fdel])
        elif kind is functools.cached_property:  # which holds a lock, up to Python 3.11
            self._all("property", [item.func])
        elif kind is Primitive:
            self._all("primitive", [item.function, item.slopes])
        elif isinstance(item, type):
            self._class(item)
        elif isinstance(item, Value):
            self._all(
                "Value", [kind, getattr(item, "__dict__", 0), item.data, item.op, item.parents]
            )
        else:
            self._object(item)

    def _all(self, name: str, items: Sequence[Any]) -> None:
        self.words.append(f"{name} of {len(items)}")
        for item in items:
            if word := self.known.get(id(item)):  # a parameter, most often: no call is needed
                self.words.append(word)
            else:
                self.write(item)

    def _named(self, name: str, items: dict[Any, Any]) -> None:
        self.words.append(f"{name} of {len(items)}")
        for key, item in items.items():
            self.write(key)
            try:
                self.write(item)
            except Exception:
                self.path.insert(0, str(key))
                raise

    def _function(self, f: types.FunctionType) -> None:
        cells = map(_content, f.__closure__ or ())
        self._named("closure", dict(zip(f.__code__.co_freevars, cells)))
        if _is_installed(str(f.__globals__.get("__name__"))):
            self.words.append(f"{f.__module__}.{f.__qualname__}")
        else:
            self.write(f.__code__)
            self._all("defaults", [f.__defaults__, f.__kwdefaults__, vars(f)])
            reads, imports, names = _reads(f.__code__)
            self._named("globals", _used(f.__globals__, reads, names))
            self._named("imports", _used({x: _imported(x) for x in imports}, imports, names))

    def _class(self, cls: type) -> None:
        for base in cls.__mro__:
            own = vars(base)
            if _is_installed(base.__module__):
                self.words.append(f"{base.__module__}.{base.__qualname__}")
                self.write(own.get("__call__"))  # which may have been replaced
            else:
                self._named("class", {name: x for name, x in own.items() if _decides(name, x)})

    def _object(self, item: Any) -> None:
        if isinstance(item, random.Random):
            raise TypeError("the state of a random.Random is not kept")
        known = copyreg.dispatch_table.get(type(item))
        state = known(item) if known else item.__reduce_ex__(4)
        if isinstance(state, str):
            self._all("name", [type(item), state, getattr(item, "__wrapped__", None)])
        else:
            self._all("object", [list(x) if isinstance(x, Iterator) else x for x in state])


def _used(found: dict[str, Any], reads: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    """Return the globals that are read; of a module of one's own, its attributes so named."""
    used = {}
    for name in reads:
        if name in found:  # else it is a builtin
            item = found[name]
            if type(item) is types.ModuleType and not _is_installed(item.__name__):
                others = [x for x in names if x != name]
                item = _used(vars(item), others, others)
            used[name] = item
    return used


def _content(cell: types.CellType) -> Any:
    """Return what a closure refers to; of a variable that is not set yet, an empty tuple."""
    try:
        return cell.cell_contents
    except ValueError:
        return ()


def _decides(name: str, item: Any) -> bool:
    """Return whether an attribute of a class may decide what its objects compute."""
    special = name.startswith("__") and not callable(item)
    return not (special or name in OTHER or isinstance(item, SLOTS))


@functools.lru_cache(256)
def _reads(code: types.CodeType) -> tuple[list[str], list[str], list[str]]:
    """Return which globals some code reads, which modules it imports, and all names in it."""
    import dis

    steps = list(dis.get_instructions(code))
    reads = [step.argval for step in steps if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")]
    imports = [step.argval for step in steps if step.opname == "IMPORT_NAME"]
    found = reads, imports, list(code.co_names)
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            for names, more in zip(found, _reads(inner)):
                names += more
    return found


def _imported(name: str) -> Any:
    """Return the module that a function will import, or None where there is none."""
    try:
        return importlib.import_module(name)
    except (ImportError, ValueError):
        return None


@functools.lru_cache(256)
def _is_installed(module: str) -> bool:
    """Return whether a module is this package's, Python's own, or of an installed package."""
    if module.partition(".")[0] == __name__.partition(".")[0]:
        return True
    path = getattr(sys.modules.get(module), "__file__", None)
    if module == "__main__":  # which may be run by an installed command
        return False
    if path is None:
        return module in sys.stdlib_module_names
    return path.startswith(os.path.dirname(os.__file__)) or "-packages" in path
