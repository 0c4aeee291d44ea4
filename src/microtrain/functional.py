"""Functions of Values, or of flat lists of them: run forward and backward, over floats or symbols.

Their parameters that have a default are left alone. Values that they take from their surroundings
are constants.
"""

from __future__ import annotations

import threading

from .compiler.program import Program
from .compiler.symbol import Symbol, as_operand
from .errors import CompileError, describe
from .graph import gradients, topological_sort
from .number import as_number
from .value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .compiler.program import Operand

    # For each argument, None for a number or the length of a list.
    Shape = tuple[int | None, ...]

FORWARD, BACKWARD = "forward pass", "backward pass"

_active = threading.local()  # .inputs: what the functions now running are being differentiated by


def trace(
    f: Callable[..., float | Value], shape: Shape, sources: Sequence[Value] = ()
) -> tuple[Program, Operand, list[Operand]]:
    """Run `f` over symbols, forward and backward: return the program, the value, its slopes.

    `sources` are what the arguments that the program is for were computed from.
    """
    program = Program()
    program.section = FORWARD
    arguments = [
        Value(Symbol(program, program.input("")))
        if n is None
        else [Value(Symbol(program, program.input(""))) for _ in range(n)]
        for n in shape
    ]
    inputs = _flat(arguments)
    result = _run(f, arguments, inputs, sources)
    if isinstance(result.data, Symbol) and result.data.program is not program:
        raise CompileError("an inner function returns a variable of the one around it")
    program.section = BACKWARD
    slopes = gradients(result, inputs)
    program.set_apart(as_operand(result.data), BACKWARD)
    return program, as_operand(result.data), [as_operand(slope) for slope in slopes]


def evaluate(f: Callable[..., float | Value], args: Sequence[Any]) -> tuple[float, list[float]]:
    """Run `f` over floats, forward and backward."""
    arguments = [as_values(x) for x in args]
    inputs = _flat(arguments)
    result = _run(f, arguments, inputs)
    return result.data, gradients(result, inputs)


def _run(
    f: Callable[..., float | Value],
    arguments: Sequence[Any],
    inputs: Sequence[Value],
    sources: Sequence[Value] = (),
) -> Value:
    """Return the Value that `f` returns.

    Raises `CompileError` if `f` takes from its surroundings what somebody else differentiates by:
    it would be a constant to `f`, and the derivative of the whole would be wrong.
    """
    enclosing = getattr(_active, "inputs", ())
    _active.inputs = (*enclosing, *inputs)
    try:
        result: object = f(*arguments)
    finally:
        _active.inputs = enclosing
    if not isinstance(result, Value):
        number = as_number(result)
        if number is NotImplemented:
            raise TypeError(f"f is expected to return a Value, got {describe(result)}")
        return Value(number)
    if not {*enclosing, *sources}.isdisjoint(leaves_of([result])):
        raise CompileError(
            "a function that is differentiated uses a variable from outside that is being "
            "differentiated by, too; pass it to the function as an argument"
        )
    return result


def leaves_of(values: Sequence[Any]) -> list[Value]:
    """Return what the Values among these were computed from."""
    found = [topological_sort(value)[1] for value in values if isinstance(value, Value)]
    return [leaf for leaves in found for leaf in leaves]


def numbers_in(args: Sequence[Any]) -> list[Any]:
    """Return the arguments as one list of numbers and Values."""
    flat = []
    for i, x in enumerate(args):
        for part in x if isinstance(x, list | tuple) else [x]:
            if not isinstance(part, Value) and as_number(part) is NotImplemented:
                raise TypeError(
                    f"argument {i} expects a number or a list of them, got {describe(x)}"
                )
            flat.append(part)
    return flat


def as_values(x: Any) -> Any:
    """Return an argument as a new leaf, or a list of them."""
    if isinstance(x, list | tuple):
        return [as_values(part) for part in x]
    return Value(x.data if isinstance(x, Value) else x)


def _flat(arguments: Sequence[Any]) -> list[Value]:
    return [value for x in arguments for value in (x if isinstance(x, list) else [x])]


def shape_of(args: Sequence[Any]) -> Shape:
    """Return the shape of the arguments."""
    return tuple(len(x) if isinstance(x, list | tuple) else None for x in args)


def packed(flat: Sequence[Any], shape: Shape) -> list[Any]:
    """Return a flat list again in the shape of the arguments."""
    numbers = iter(flat)
    return [next(numbers) if n is None else [next(numbers) for _ in range(n)] for n in shape]
