"""Functions as generated Python: `compile`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from ..engine.number import as_number
from ..engine.value import Value
from ..errors import CompileError, describe
from .python import Python, assemble, function, indented
from .record import Record
from .transforms import Shape, flat, numbers_in, packed, shape_of, trace
from .writer import Part, Scope, write

# Names that the generated function uses itself.
RESERVED = ("otherwise", "type", "map", "float", "ArithmeticError", "ValueError")


class Compiled:
    """A function that runs as generated Python; made by `compile`.

    Called with floats, and flat lists of floats, it returns a float; with Values among them, a
    Value.
    """

    def __init__(self, f: Callable[..., float | Value]) -> None:
        functools.update_wrapper(self, f)
        self._made: dict[tuple[Shape, bool], tuple[Callable[..., Any], str]] = {}
        self._traces: dict[Shape, tuple[Record, int, list[int]]] = {}
        self._names = _parameters(f)
        if self._names is not None:
            try:
                self._traced((None,) * len(self._names))
            except CompileError:
                raise
            except Exception:
                pass  # it takes lists, whose lengths are known when it is called

    def __call__(self, *args: Any) -> float:
        """Return the value at these arguments."""
        return self._value(*args)

    def _value(self, *args: Any) -> float:
        # The next call goes directly to the generated function, which looks at its arguments.
        self._value = function = self._generated(shape_of(args), False)[0]  # type: ignore[method-assign]
        return function(*args)  # type: ignore[no-any-return]

    def value_and_grad(self, *args: Any) -> tuple[float, Any]:
        """Return the value and the gradient at these arguments.

        The gradient is the derivative by the argument, or a tuple of those by each of several.
        """
        self.value_and_grad = function = self._generated(shape_of(args), True)[0]  # type: ignore[method-assign]
        return function(*args)  # type: ignore[no-any-return]

    @property
    def source(self) -> str:
        """The generated Python. Raises `ValueError` for a function of lists not yet called."""
        if not self._traces:
            raise ValueError("a function of lists is compiled when it is called: call it first")
        kinds = [(shape, slopes) for shape in self._traces for slopes in (False, True)]
        return "\n\n\n".join([self._generated(*kind)[1] for kind in kinds])

    def _traced(self, shape: Shape) -> tuple[Record, int, list[int]]:
        """Return the record for arguments of this shape, and where value and slopes are in it."""
        if shape not in self._traces:
            self._traces[shape] = trace(self.__wrapped__, shape)  # type: ignore[attr-defined]
        return self._traces[shape]

    def _generated(self, shape: Shape, slopes: bool) -> tuple[Callable[..., Any], str]:
        """Return the function for arguments of this shape, and its source."""
        if (shape, slopes) not in self._made:
            self._made[shape, slopes] = _generate(self, shape, slopes)
        return self._made[shape, slopes]


def compile(f: Callable[..., float | Value]) -> Compiled:
    """Return `f` as generated Python that computes the same bits without the bookkeeping.

    A function of numbers is compiled at once, one of lists when it is first called with lists of
    these lengths. `f` runs once, over symbols, so it has to be the same computation for all
    numbers. A branch on a number, or one turned into a bool, float, int or text, raises
    `CompileError`, which names the line. Random numbers that `f` draws, and all else that it takes
    from its surroundings, stay as they were at that moment.

    Errors are the same, with the same messages, as without compiling. A computation of more than a
    million operations raises `CompileError`.

    >>> c = compile(lambda a, b: (a * b).tanh())
    >>> c(0.5, 0.0), c.value_and_grad(0.5, 0.0)
    (0.0, (0.0, (0.0, 0.5)))
    >>> print(c.source.partition("\\n\\n\\n")[2])
    def f_value_and_grad(a, b):
        if not (type(a) is type(b) is float):
            return otherwise(a, b)
        try:
            # forward pass
            v1 = tanh(a * b)
            # backward pass
            d1 = 1.0 - v1 * v1
            return v1, (0.0 + b * d1, 0.0 + a * d1)
        except (ArithmeticError, ValueError):  # repeat it for the message
            return otherwise(a, b)
    """
    if not callable(f):
        raise TypeError(f"compile expects a function, got {describe(f)}")
    return Compiled(f)


def _generate(compiled: Compiled, shape: Shape, slopes: bool) -> tuple[Callable[..., Any], str]:
    """Return a generated function for the value, or the value and the slopes, and its source.

    Called with anything but floats, or where an operation raises, it replays the record.
    """
    record, value, gradient = compiled._traced(shape)
    outputs = [value, *gradient] if slopes else [value]

    def pack(results: Sequence[Any]) -> Any:
        parts = packed(results[1:], shape) if slopes else ()
        return (results[0], parts[0] if len(parts) == 1 else tuple(parts)) if slopes else results[0]

    def otherwise(*args: Any) -> Any:
        if shape_of(args) != shape:
            return compiled._generated(shape_of(args), slopes)[0](*args)
        numbers = [x if isinstance(x, Value) else float(as_number(x)) for x in numbers_in(args)]
        return pack(record.replay(numbers, outputs))

    scope = Scope(Python, [record], RESERVED)
    known = [*(compiled._names or ()), *(f"x{i}" for i in range(len(shape)))][: len(shape)]
    arguments = scope.named(known)
    names = [
        [x] if n is None else scope.named(f"{x}_{i}" for i in range(n))
        for x, n in zip(arguments, shape)
    ]
    parts = [Part("forward pass", "v", [value]), Part("backward pass", "d", gradient)]
    write(record, dict(zip(record.inputs, flat(names))), scope, *parts[: 1 + slopes])
    results = str(pack([*parts[0].expressions, *parts[1].expressions])).replace("'", "")
    lists = [k for k, n in enumerate(shape) if n is not None]
    name = getattr(compiled, "__name__", "f").replace("<lambda>", "f")
    (name,) = scope.named([name + "_value_and_grad" * slopes])
    call = f"return otherwise({', '.join(arguments)})"
    body = [
        *[f"if not ({_floats(arguments, shape)}):", f"    {call}"] * bool(arguments),
        "try:",
        *indented(f"[{', '.join(names[k])}] = {arguments[k]}" for k in lists),
        *indented([*parts[0].lines, *parts[1].lines]),
        f"    return {results[1:-1] if slopes else results}",
        "except (ArithmeticError, ValueError):  # repeat it for the message",
        f"    {call}",
    ]
    source = function(name, arguments, body)
    return assemble(source, name, scope.namespace | {"otherwise": otherwise}), source


def _floats(arguments: Sequence[str], shape: Shape) -> str:
    """Return the Python of whether all arguments are floats, or lists of floats."""
    if all(n is None for n in shape):
        return " is ".join([*(f"type({x})" for x in arguments), "float"])
    kinds = [f"type({x})" if n is None else f"*map(type, {x})" for x, n in zip(arguments, shape)]
    return f"{{{', '.join(kinds)}}} == {{float}}"


def _parameters(f: Callable[..., Any]) -> list[str] | None:
    """Return the names of the arguments that `f` needs, or None if that can't be told."""
    import inspect

    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    positional = [p for p in parameters if p.kind < p.VAR_POSITIONAL]
    return [p.name for p in positional if p.default is p.empty]
