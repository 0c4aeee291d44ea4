"""A text for a model, a loss or a schedule: all that decides what it computes.

Objects with equal texts compute the same, once their parameters hold the same numbers. Saving a
model, reusing a trace, noticing a change and resuming a run all compare these texts.
"""

from __future__ import annotations

import contextlib
import copyreg
import functools
import os
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter, is_
from typing import TYPE_CHECKING, Any

from ..engine.primitive import Primitive
from ..engine.value import Value
from .module import Module

if TYPE_CHECKING:
    import dis

PLAIN = {float, int, str, bool, bytes, complex, type(None), type(...)}
# Whether two parts are one of these or two equal ones decides nothing: none of them can change.
IMMUTABLE = {tuple, frozenset, types.CodeType, types.BuiltinFunctionType}
CODE = (
    *("co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_flags", "co_code"),
    *("co_exceptiontable", "co_names", "co_freevars", "co_consts"),
)
# Members of a class that decide nothing of what it computes.
IRRELEVANT = {"__init__", "__new__", "__post_init__", "__repr__", "_abc_impl"}

MOST = 1_000_000  # parts of an object; one that makes new ones whenever it is looked at has no end
RANDOM = "the state of random numbers is not kept"


class Description:
    """A `text` of all that decides what an object computes, but for the numbers of `parameters`.

    It is None where something can't be compared: a generator, an open file, random numbers. Then
    `refusal` says so.

    Of a function: its code, defaults, attributes, the values of its closure, and the globals that
    it reads. Of an object: its class, with all methods but the constructor, and what pickle would
    keep. What is installed (Python's own modules, packages, this one) is known by its name.
    """

    def __init__(self, item: Any, parameters: Sequence[Value] = ()) -> None:
        self.text: str | None = None
        self.refusal = ""
        # Each object that was written, what reads its parts, their names, and the parts themselves.
        self._seen: list[tuple[Any, Callable[[Any], Any], list[str], Sequence[Any]]] = []
        # By its id, the word that stands for an object. What waits is kept, so no id is used again.
        known = {id(p): f"parameter {i}" for i, p in enumerate(parameters)}
        # What is to be written, with the names on the way to it: at first a list of the item alone.
        waiting: list[tuple[list[str], Any]] = [([], [item])]
        words = []
        for way, item in waiting:  # which grows
            try:
                if len(waiting) > MOST:
                    raise TypeError(f"it has more than {MOST:,} parts")
                read = PARTS.get(type(item)) or next(PARTS[x] for x in BASES if isinstance(item, x))
                found = read(item)
            except Exception as error:  # of any kind: an object may have its own idea of its state
                self.refusal = f"{'.'.join(way) or 'it'} can't be compared: {error}"
                return
            names, parts = ([*found], [*found.values()]) if isinstance(found, dict) else ([], found)
            if type(item) not in IMMUTABLE:
                self._seen.append((item, read, names, parts))
            words.append(f"{type(item).__name__} of {names or len(parts)}")
            for i, part in enumerate(parts):
                word = known.get(id(part))
                if word is None and type(part) in PLAIN:
                    word = hex(part) if type(part) is int else repr(part)
                elif word is None:
                    word = f"object {len(waiting)}"
                    if type(part) not in IMMUTABLE:
                        known[id(part)] = word
                    waiting.append((way + names[i : i + 1], part))
                words.append(word)
        self.text = "\n".join(words)

    def holds(self) -> bool:
        """Return whether every part is still the same object; then the text is the same, too.

        It takes a fraction of the time. It may be False where the text is the same.
        """
        with contextlib.suppress(Exception):  # of objects with an idea of their state
            for item, read, names, before in self._seen:
                parts = read(item)
                if names:
                    if [*parts] != names:
                        return False
                    parts = parts.values()
                if len(parts) != len(before) or not all(map(is_, parts, before)):
                    return False
            return True
        return False


def members(cls: type) -> dict[str, Any]:
    """Return what a class itself defines, but for what makes or shows an object."""
    own = vars(cls)
    return {x: own[x] for x in own if x not in IRRELEVANT and (callable(own[x]) or x[:2] != "__")}


def _class(cls: type) -> dict[str, Any]:
    found = {}
    for base in cls.__mro__:
        name = f"{base.__module__}.{base.__qualname__}"
        if _is_installed(base.__module__):
            found[name] = vars(base).get("__call__")  # which may have been replaced
        else:
            found |= {f"{name}.{x}": member for x, member in members(base).items()}
    return found


def _model(model: Module) -> dict[str, Any]:
    """All that it holds, whatever pickle is to keep."""
    state: Any = object.__getstate__(model)
    return {"its class": type(model)} | (state if type(state) is dict else {"its slots": state})


def closure(f: types.FunctionType) -> dict[str, Any]:
    """Return what a function reads of the functions around it, as far as it is set yet."""
    cells = zip(f.__code__.co_freevars, f.__closure__ or ())
    return {name: cell.cell_contents for name, cell in cells if cell != types.CellType()}


def _function(f: types.FunctionType) -> dict[str, Any]:
    read = {f"variable {x}": item for x, item in closure(f).items()}
    if _is_installed(str(f.__globals__.get("__name__"))):
        return read | {f"{f.__module__}.{f.__qualname__}": None}
    steps, names, attributes = reads(f.__code__)
    for level, step in zip(steps, steps[2:]):
        if step.opname == "IMPORT_NAME":
            x = "." * level.argval + step.argval
            if x == "random":
                raise TypeError(RANDOM)
            if not _is_installed(x):
                raise TypeError(f"it imports {x} when it is called; import that at the top")
    read |= {x: f.__globals__[x] for x in names if x in f.__globals__}  # else it is a builtin
    parts = {"its code": f.__code__, "its attributes": vars(f)}
    parts |= {"its defaults": f.__defaults__, "its keywords": f.__kwdefaults__}
    for name, item in read.items():
        parts |= _used(name, item, attributes)
    return parts


def _partial(f: functools.partial[Any]) -> dict[str, Any]:
    attributes = {f"attribute {name}": part for name, part in vars(f).items()}
    return {"its function": f.func, "its args": f.args, **attributes, **f.keywords}


def _object(item: Any) -> Any:
    import random  # slow to import

    if item is random or isinstance(item, random.Random):
        raise TypeError(RANDOM)
    if isinstance(item, types.ModuleType):
        return {item.__name__: None}
    known = copyreg.dispatch_table.get(type(item))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of copies, by itertools
        state = known(item) if known else item.__reduce_ex__(4)
    if isinstance(state, str):
        return [type(item), state, getattr(item, "__wrapped__", None)]
    return [list(x) if isinstance(x, Iterator) else x for x in state]


# For each kind of object, a function that returns its parts: a new dict, if they have names.
PARTS: dict[type, Callable[[Any], Any]] = {
    list: list,
    tuple: list,
    set: lambda items: sorted(items, key=lambda x: str(Description(x).text)),
    frozenset: lambda items: sorted(items, key=lambda x: str(Description(x).text)),
    dict: lambda x: {**x} if {str}.issuperset(map(type, x)) else [*x, *x.values()],
    types.CodeType: attrgetter(*CODE),
    types.FunctionType: _function,
    types.MethodType: attrgetter("__func__", "__self__"),
    types.BuiltinFunctionType: attrgetter("__module__", "__qualname__", "__self__"),
    functools.partial: _partial,
    staticmethod: lambda method: [method.__func__],
    classmethod: lambda method: [method.__func__],
    property: attrgetter("fget", "fset", "fdel"),
    functools.cached_property: attrgetter("func", "attrname"),  # its lock decides nothing
    types.MemberDescriptorType: lambda slot: [],
    Primitive: attrgetter("impl", "slopes"),
    Module: _model,
    Value: lambda v: [type(v), getattr(v, "__dict__", None), v.data, v.op, v.parents],
    type: _class,
    object: _object,
}
BASES = (Module, Value, type, object)  # which others are of


def _used(name: str, item: Any, attributes: Sequence[str]) -> dict[str, Any]:
    """Return an object by its name; of a module of one's own, its attributes that are used."""
    if type(item) is not types.ModuleType or _is_installed(item.__name__):
        return {name: item}
    found: dict[str, Any] = {}
    for x in attributes:
        if x in vars(item):
            found |= _used(f"{name}.{x}", vars(item)[x], [y for y in attributes if y != x])
    return found


@functools.lru_cache
def reads(code: types.CodeType) -> tuple[list[dis.Instruction], list[str], list[str]]:
    """Return all instructions of some code, the globals that it reads, and all names in it.

    The functions inside it are part of it.
    """
    import dis  # slow to import

    codes = [code]
    for outer in codes:  # which grows
        codes += [inner for inner in outer.co_consts if isinstance(inner, types.CodeType)]
    steps = [step for each in codes for step in dis.get_instructions(each)]
    steps = [step for step in steps if step.opname != "EXTENDED_ARG"]
    names = [step.argval for step in steps if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")]
    return steps, names, [name for each in codes for name in each.co_names]


def is_own(module: str) -> bool:
    """Return whether a module is one of this package."""
    return module.partition(".")[0] == __name__.partition(".")[0]


@functools.lru_cache
def _is_installed(module: str) -> bool:
    """Return whether a module is this package's, Python's own, or of an installed package."""
    if is_own(module) or module == "__main__":  # which may be run by an installed command
        return is_own(module)
    import importlib.util  # slow to import

    with contextlib.suppress(ValueError):  # it has no name, or its package has no spec
        if spec := importlib.util.find_spec(module.partition(".")[0]):
            path = next(iter(spec.submodule_search_locations or [str(spec.origin)]))
            own = os.path.dirname(os.__file__)
            return path in ("built-in", "frozen") or path.startswith(own) or "-packages" in path
    return False
