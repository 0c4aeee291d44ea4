"""Whether a model or a loss of one's own can be compiled without being asked for.

Compiled code is recorded in one run, over symbols. It computes what the code computes at every step
if the code changes nothing, reads nothing that changes, and does not ask what kind of number it
has. Whether that holds is read from the code: all that is not on the short lists below is refused.
"""

from __future__ import annotations

import builtins
import functools
import itertools
import math
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..engine import operators, primitives
from ..engine.value import Value
from ..errors import CompileError
from ..nn.description import PARTS, PLAIN, closure, is_own, members, reads
from ..nn.module import Module
from .plan import Objective
from .tracing import Traced, parts_of

BUILTINS = {
    *("abs", "all", "any", "dict", "enumerate", "filter", "float", "int", "len", "list", "map"),
    *("max", "min", "pow", "range", "reversed", "round", "sorted", "sum", "super", "tuple", "zip"),
    *(x for x, item in vars(builtins).items() if BaseException in getattr(item, "__mro__", ())),
}
MODULES = (math, functools, itertools)  # of which everything may be used, as of these of our own:
OWN = {f"microtrain.engine.{name}" for name in ("operators", "piecewise", "primitives")}
OWN |= {f"microtrain.nn.{name}" for name in ("losses", "micrograd", "mlp", "module")}
POWERS = (operators.POWER, operators.PLAIN_POWER)
ATAN2 = vars(primitives.atan2)["entry"]  # tells 0.0 from -0.0
EXACT = 2**52  # whole numbers up to this, and somewhat beyond, are exact in floats, too
# Attributes that read or change what training itself does, and hooks that replace an object.
BARRED = {
    *("backward", "format", "format_map", "grad", "load_state_dict", "op", "parents", "partials"),
    *("predict", "step", "sumprod", "zero_grad"),
    *("__class__", "__dict__", "__deepcopy__", "__copy__", "__reduce__", "__reduce_ex__"),
    *("__getstate__", "__setstate__", "__setattr__", "__getattribute__", "__globals__"),
}
INSTRUCTIONS = {  # what they do, where it isn't allowed
    **dict.fromkeys(("STORE_ATTR", "DELETE_ATTR"), "it sets an attribute"),
    **dict.fromkeys(("STORE_GLOBAL", "DELETE_GLOBAL"), "it sets a global variable"),
    **dict.fromkeys(("FORMAT_VALUE", "FORMAT_SIMPLE", "FORMAT_WITH_SPEC"), "it writes a text"),
    "PUSH_EXC_INFO": "it handles exceptions",
    "IMPORT_NAME": "it imports a module",
    "IS_OP": "it asks what object a number is",
    "LOAD_BUILD_CLASS": "it makes a class",
}
MUTABLE = {list, dict, set}
# Objects of which only the parts count.
WRAPS: set[type] = {*MUTABLE, tuple, frozenset, functools.partial, types.MethodType}
WRAPS |= {staticmethod, classmethod, property}


def inspect(objective: Objective) -> Callable[[Traced], None]:
    """Return a check of the record. Raises `CompileError` if the code may not stay the same."""
    for p in objective.parameters:
        if type(p) is not Value or type(p.data) is not float or type(p.grad) is not float:
            raise CompileError("its parameters are not plain Values of floats")
    items = [(objective.model, False), (objective.loss, True)]  # what is recorded is a copy of it
    uses_sum = _look_through(items, objective.parameters)
    if objective.described() is None:
        raise CompileError("it holds something that can't be compared later")
    return functools.partial(_check_numbers, objective, uses_sum)


def may_look(lr: Any, tracked: Any) -> str:
    """Return why a schedule or a container of steps may look at the run, or change it; else ""."""
    items = [(tracked, False)]
    if not is_own(type(lr).__module__):
        items.append((lr, True))
    try:
        _look_through(items)
    except CompileError as error:
        return str(error)
    return ""


def _check_numbers(objective: Objective, uses_sum: bool, traced: Traced) -> None:
    """Raise `CompileError` where numbers of the data may give other bits than their symbols do.

    Python's own `sum` rounds sums of floats less. Whole numbers, such as targets, have exact powers
    and large results where floats have rounded ones, and no -0.
    """
    record = traced.record
    of_parameters = {*traced.data}  # the places of what is computed from them
    ys = [y for _, target in objective.samples for y in parts_of(target)]
    kinds = {*map(type, ys)}
    no_floats = CompileError("it computes with targets that are no floats")
    if not kinds <= {float, int}:
        raise no_floats
    # The largest size of what is computed from targets and constants alone, maybe whole numbers.
    bounds: dict[int, float] = dict.fromkeys(traced.ys, max(map(abs, ys), default=0.0))
    for place, (primitive, *operands) in enumerate(record.operations):
        if not of_parameters.isdisjoint([place, *operands]):
            of_parameters.add(place)
        elif primitive is operators.ADD and uses_sum:
            raise CompileError(
                "it may use Python's sum of plain floats, which rounds in its own way"
            )
        if primitive in POWERS and operands[1] >= 0 and operands[1] not in of_parameters:
            raise CompileError("it takes a power with an exponent from the data")
        if operands and all(x < 0 or x in bounds for x in operands):
            sizes = [bounds[x] if x >= 0 else abs(record.constants[-1 - x]) for x in operands]
            bounds[place] = math.inf if primitive in POWERS else max(sum(sizes), math.prod(sizes))
    tells_zeros = any(operation[0] is ATAN2 for operation in record.operations)
    if int in kinds and (tells_zeros or any(bound > EXACT for bound in bounds.values())):
        raise no_floats


def _look_through(items: list[tuple[Any, bool]], parameters: Sequence[Value] = ()) -> bool:
    """Look through objects, and the code that they run, for what is on no list.

    With each goes whether it is shared with other code: then it must be of a kind that can't
    change. Return whether Python's own `sum` is used. Raises `CompileError` if an object, or what
    it refers to, may not stay the same.
    """
    seen = {(id(p), False) for p in parameters}
    for item, shared in items:  # which grows, and keeps all of them, so that no id is used again
        kind, key = type(item), (id(item), shared)
        if kind in PLAIN or kind is range or key in seen or _is_trusted(item):
            continue
        seen.add(key)
        if kind in WRAPS:
            if shared and kind in MUTABLE:
                raise CompileError(f"it uses a {kind.__name__} that may change")
            parts = PARTS[kind](item)
            parts = parts.values() if isinstance(parts, dict) else parts
            items += [(part, shared) for part in parts]
        elif kind is types.FunctionType:
            items += [(used, True) for used in _used(item)]
        elif isinstance(item, type | Value | types.ModuleType) or not hasattr(item, "__dict__"):
            raise CompileError(f"it uses a {kind.__name__} from outside")
        else:
            items += [(method, True) for method in _methods(kind)]
            items += [(part, shared) for part in vars(item).values()]
    return any(item is sum for item, _ in items)


def _methods(cls: type) -> Iterator[Any]:
    """Yield the methods of a class that are not known to compute, and no more."""
    if type(cls) is not type:
        raise CompileError(f"its class {cls.__name__} has a metaclass")
    for base in cls.__mro__[:-1]:  # the last is `object`
        if not is_own(base.__module__):
            if barred := BARRED.intersection(members(base)):
                raise CompileError(f"its class defines {min(barred)}")
            yield from members(base).values()
        elif issubclass(base, Module):
            yield vars(base).get("__call__")  # which may have been replaced
        else:
            raise CompileError(f"it uses a {base.__name__}")


def _used(f: types.FunctionType) -> Iterator[Any]:
    """Yield what a function refers to. Raises `CompileError` for what it does itself."""
    if hasattr(f, "entry"):
        raise CompileError(f"it uses the primitive {f.__name__}")
    around = closure(f)
    if "__class__" in around:  # of super()
        yield from _methods(around.pop("__class__"))
    yield from (*around.values(), f.__defaults__, *(f.__kwdefaults__ or {}).values())
    steps, names, attributes = reads(f.__code__)
    if barred := BARRED.intersection(attributes):
        raise CompileError(f"it uses {min(barred)}")
    for name in names:
        item = f.__globals__.get(name)
        if name not in f.__globals__:
            if name not in BUILTINS:
                raise CompileError(f"it uses {name}")
            if name == "sum":
                yield sum
        elif not isinstance(item, types.ModuleType):
            yield item
        elif is_own(item.__name__):
            for x in attributes:
                if x != name and hasattr(item, x) and not _is_trusted(getattr(item, x)):
                    raise CompileError(f"it uses {name}.{x}")
        elif item not in MODULES:
            raise CompileError(f"it uses the module {item.__name__}")
    for step in steps:
        name = step.opname
        if name in INSTRUCTIONS:
            raise CompileError(INSTRUCTIONS[name])
        if name in ("STORE_DEREF", "DELETE_DEREF") and step.argval in f.__code__.co_freevars:
            raise CompileError("it sets a variable of a function around it")
        if name.startswith("MATCH_") or (name == "BINARY_OP" and "%" in step.argrepr):
            raise CompileError("it asks what kind of number it has, or for a remainder")


def _is_trusted(item: Any) -> bool:
    """Return whether this is `sum`, or a function of `math` or this package that only computes."""
    if isinstance(item, types.BuiltinFunctionType):
        return item is sum or (item.__module__ == "math" and item.__name__ not in BARRED)
    if isinstance(item, types.FunctionType) and item.__module__ in OWN:
        return is_own(str(item.__globals__.get("__name__")))  # no wrapper that looks like one
    return item is Value
