"""Functions as generated Python: `compile`."""

from __future__ import annotations

import functools

from .compiler.python import assemble, function, identifiers, write
from .errors import CompileError, describe
from .functional import BACKWARD, FORWARD, numbers_in, packed, shape_of, trace
from .number import as_number
from .value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .compiler.program import Operand
    from .functional import Shape


class Compiled:
    """A function that runs as generated Python; made by `compile`.

    Called with floats, and flat lists of floats, it returns a float; with Values among them, a
    Value.
    """

    def __init__(self, f: Callable[..., float | Value]) -> None:
        functools.update_wrapper(self, f)
        self._made: dict[Shape, tuple[Callable[..., Any], Callable[..., Any], str]] = {}
        names = _parameters(f)
        if names is not None:
            try:
                # Whoever calls value_and_grad calls the generated function itself.
                self._value, self.value_and_grad, _ = self._for([0.0] * len(names))  # type: ignore[method-assign]
            except CompileError:
                raise
            except Exception:
                pass  # it takes lists, it seems; how long they are is known when it is called

    def __call__(self, *args: Any) -> float:
        """Return the value at these arguments."""
        return self._value(*args)

    def _value(self, *args: Any) -> float:
        value: float = self._for(args)[0](*args)
        return value

    def value_and_grad(self, *args: Any) -> tuple[float, Any]:
        """Return the value and the gradient at these arguments.

        The gradient is the derivative by the argument, or a tuple of those by each of several.
        """
        both: tuple[float, Any] = self._for(args)[1](*args)
        return both

    @property
    def source(self) -> str:
        """The generated Python. Raises `ValueError` for a function of lists not yet called."""
        if not self._made:
            raise ValueError("a function of lists is compiled when it is called: call it first")
        return "\n\n\n".join(source for _, _, source in self._made.values())

    def _for(self, args: Sequence[Any]) -> tuple[Callable[..., Any], Callable[..., Any], str]:
        shape = shape_of(args)
        if shape not in self._made:
            self._made[shape] = _generate(self.__wrapped__, shape, self._for)  # type: ignore[attr-defined]
        return self._made[shape]


def compile(f: Callable[..., float | Value]) -> Compiled:
    """Return `f` as generated Python that computes the same bits without the bookkeeping.

    A function of numbers is compiled here and now, one of lists when it is first called with lists
    of these lengths. `f` runs once, over symbols: it has to be the same computation whatever the
    numbers are. Where it branches on one, or turns one into a bool, float, int or text, that is a
    `CompileError`, which names the line. What can't be noticed: random numbers that `f` draws, and
    whatever else it takes from its surroundings, stay as they were at that moment.

    Errors are the same, with the same messages, as without compiling. A computation of more than a
    million operations, forward and backward, is a `CompileError`: that would take half a minute.

    >>> c = compile(lambda a, b: (a * b).tanh())
    >>> c(0.5, 0.0), c.value_and_grad(0.5, 0.0)
    (0.0, (0.0, (0.0, 0.5)))
    >>> print(c.source.partition("\\n\\n\\n")[2])
    def f_value_and_grad(a, b):
        if not (type(a) is type(b) is float):
            return value_and_slopes(a, b)
        try:
            # forward pass
            v1 = tanh(a * b)
            # backward pass
            d1 = 1.0 - v1 * v1
            return v1, (0.0 + b * d1, 0.0 + a * d1)
        except (ArithmeticError, ValueError):  # to say which, and of what
            return value_and_slopes(a, b)
    """
    if not callable(f):
        raise TypeError(f"compile expects a function, got {describe(f)}")
    return Compiled(f)


def _generate(
    f: Callable[..., float | Value], shape: Shape, others: Callable[[Sequence[Any]], Any]
) -> tuple[Callable[..., float], Callable[..., tuple[float, Any]], str]:
    """Return the value, and the value and gradient, as generated functions, and their source.

    `others` gives the same for arguments of another shape.
    """
    program, value, slopes = trace(f, shape)
    names = [*(_parameters(f) or ()), *(f"x{i}" for i in range(len(shape)))][: len(shape)]
    reserved = ("value_alone", "value_and_slopes", "type", "map", "float")
    names = identifiers(names, reserved)
    arguments = {
        name: None if n is None else [f"{name}_{i}" for i in range(n)]
        for name, n in zip(names, shape)
    }
    inputs = [x for name, items in arguments.items() for x in ([name] if items is None else items)]

    def body(outputs: Sequence[Operand], pack: Callable[[list[str]], str]) -> list[str]:
        statements, expressions = write(
            program,
            outputs,
            dict(zip(program.inputs, inputs)),
            {FORWARD: "v", BACKWARD: "d"},
            arguments,
        )
        return [*statements, f"return {pack(expressions)}"]

    def pack(expressions: list[str]) -> str:
        parts = [
            f"[{', '.join(x)}]" if isinstance(x, list) else x
            for x in packed(expressions[1:], shape)
        ]
        return f"{expressions[0]}, {parts[0] if len(parts) == 1 else '(' + ', '.join(parts) + ')'}"

    def value_alone(*args: Any) -> Any:
        if shape_of(args) != shape:
            return others(args)[0](*args)
        return program.replay(_inputs(args), [value])[0]

    def value_and_slopes(*args: Any) -> Any:
        if shape_of(args) != shape:
            return others(args)[1](*args)
        y, *flat = program.replay(_inputs(args), [value, *slopes])
        gradient = packed(flat, shape)
        return y, gradient[0] if len(gradient) == 1 else tuple(gradient)

    def _inputs(args: Sequence[Any]) -> list[Any]:
        return [x if isinstance(x, Value) else float(as_number(x)) for x in numbers_in(args)]

    (name,) = identifiers([getattr(f, "__name__", "f").replace("<lambda>", "f")], reserved)
    sources = (
        function(name, arguments, body([value], lambda e: e[0]), "value_alone"),
        function(
            f"{name}_value_and_grad", arguments, body([value, *slopes], pack), "value_and_slopes"
        ),
    )
    return (
        assemble(sources[0], name, value_alone=value_alone),
        assemble(sources[1], f"{name}_value_and_grad", value_and_slopes=value_and_slopes),
        "\n\n\n".join(sources),
    )


def _parameters(f: Callable[..., Any]) -> list[str] | None:
    """Return the names of the arguments that `f` needs, or None if that can't be told."""
    import inspect

    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return None
    names = []
    for p in parameters:
        if p.kind is p.VAR_POSITIONAL:
            return None
        if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
            names.append(p.name)
    return names
