"""Functions of functions: `compile`, `grad`, `value_and_grad`, `hessian`.

Each takes a function `f` of Values, or of flat lists of them, that returns a Value. Its parameters
that have a default are left alone. Values that `f` takes from its surroundings are constants.
"""

from __future__ import annotations

import functools
import threading

from .compiler.program import Program
from .compiler.python import assemble, function, identifiers, write
from .compiler.symbol import Symbol, as_operand
from .errors import CompileError, any_int, describe
from .functions import as_number
from .graph import gradients, topological_sort
from .value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from .compiler.program import Operand

    # For each argument, None for a number or the length of a list.
    Shape = tuple[int | None, ...]

FORWARD, BACKWARD = "forward pass", "backward pass"


def grad(f: Callable[..., Value], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """Return the derivative of `f`: a function of the same arguments.

    argnums: which argument to differentiate by, counted from 0, or a tuple of them. By a number the
    derivative is a float, by a list a list of floats, by several arguments a tuple. Called with
    Values it returns Values, so derivatives of derivatives are possible, to any order.

    Raises `CompileError` where an inner function uses a variable that an outer one is being
    differentiated by: pass it in as an argument. For second and higher derivatives, `f` has to be
    the same computation for all numbers, as for `compile`.

    >>> import microtrain as mt
    >>> mt.grad(lambda x: x**3)(2.0)
    12.0
    >>> mt.grad(mt.grad(lambda x: x**3))(2.0)
    12.0
    >>> mt.grad(lambda x, ws: x * ws[0] + ws[1], argnums=1)(2.0, [3.0, 4.0])
    [2.0, 1.0]
    """
    both = value_and_grad(f, argnums)

    @functools.wraps(f)
    def derivative(*args: Any) -> Any:
        return both(*args)[1]

    return derivative


def value_and_grad(
    f: Callable[..., Value], argnums: int | tuple[int, ...] = 0
) -> Callable[..., tuple[Any, Any]]:
    """Return a function that gives the value of `f` and its derivative, as `grad` does.

    >>> import microtrain as mt
    >>> mt.value_and_grad(lambda x: x**3)(2.0)
    (8.0, 12.0)
    """
    chosen = argnums if isinstance(argnums, tuple) else (argnums,)
    chosen = tuple(any_int("argnums", n) for n in chosen)

    @functools.wraps(f)
    def both(*args: Any) -> tuple[Any, Any]:
        _check(chosen, args)
        inputs = _numbers(args)
        if any(isinstance(x, Value) for x in inputs):
            program, y, ys = _trace(f, _shape(args), _leaves(inputs))
            value, *slopes = program.replay(inputs, [y, *ys])
        else:
            value, slopes = _eagerly(f, args)
        gradient = _pack(slopes, _shape(args))
        parts = tuple(gradient[n] for n in chosen)
        return value, parts if isinstance(argnums, tuple) else parts[0]

    return both


def hessian(f: Callable[..., Value], argnums: int = 0) -> Callable[..., Any]:
    """Return the second derivatives of `f` by one argument: for a list of n, n lists of n.

    They are exact, not differences. `f` has to be the same computation for all numbers.

    >>> import microtrain as mt
    >>> mt.hessian(lambda v: v[0] ** 2 * v[1])([3.0, 5.0])
    [[10.0, 6.0], [6.0, 0.0]]
    """
    slope = grad(f, argnums)

    @functools.wraps(f)
    def second(*args: Any) -> Any:
        _check((argnums,), args)
        if not isinstance(args[argnums], list | tuple):
            return grad(slope, argnums)(*args)
        if any(isinstance(x, Value) for x in _numbers(args)):
            rows = range(len(args[argnums]))
            return [grad(lambda *v, i=i: slope(*v)[i], argnums)(*args) for i in rows]
        values = [_values(x) for x in args]
        return [
            gradients(row, values[argnums])
            if isinstance(row, Value)
            else [0.0] * len(args[argnums])
            for row in slope(*values)
        ]

    return second


class Compiled:
    """A function that runs as generated Python; made by `compile`.

    Called with floats, and flat lists of floats, it returns a float. ``value_and_grad(...)``
    returns the value and the gradient: the derivative by the argument, or a tuple of the
    derivatives by each of several arguments. `source` is the generated Python.
    """

    def __init__(self, f: Callable[..., Value]) -> None:
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
        return self._value(*args)

    def _value(self, *args: Any) -> float:
        value: float = self._for(args)[0](*args)
        return value

    def value_and_grad(self, *args: Any) -> tuple[float, Any]:
        """Return the value and the gradient at these arguments."""
        both: tuple[float, Any] = self._for(args)[1](*args)
        return both

    @property
    def source(self) -> str:
        """The generated Python. Raises `ValueError` for a function of lists not yet called."""
        if not self._made:
            raise ValueError("a function of lists is compiled when it is called: call it first")
        return "\n\n\n".join(source for _, _, source in self._made.values())

    def _for(self, args: Sequence[Any]) -> tuple[Callable[..., Any], Callable[..., Any], str]:
        shape = _shape(args)
        if shape not in self._made:
            self._made[shape] = _generate(self.__wrapped__, shape, self._for)  # type: ignore[attr-defined]
        return self._made[shape]


def compile(f: Callable[..., Value]) -> Compiled:
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
    f: Callable[..., Value], shape: Shape, others: Callable[[Sequence[Any]], Any]
) -> tuple[Callable[..., float], Callable[..., tuple[float, Any]], str]:
    """Return the value, and the value and gradient, as generated functions, and their source.

    `others` gives the same for arguments of another shape.
    """
    program, value, slopes = _trace(f, shape)
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
            f"[{', '.join(x)}]" if isinstance(x, list) else x for x in _pack(expressions[1:], shape)
        ]
        return f"{expressions[0]}, {parts[0] if len(parts) == 1 else '(' + ', '.join(parts) + ')'}"

    def value_alone(*args: Any) -> Any:
        if _shape(args) != shape:
            return others(args)[0](*args)
        return program.replay(_inputs(args), [value])[0]

    def value_and_slopes(*args: Any) -> Any:
        if _shape(args) != shape:
            return others(args)[1](*args)
        y, *flat = program.replay(_inputs(args), [value, *slopes])
        gradient = _pack(flat, shape)
        return y, gradient[0] if len(gradient) == 1 else tuple(gradient)

    def _inputs(args: Sequence[Any]) -> list[Any]:
        return [x if isinstance(x, Value) else float(as_number(x)) for x in _numbers(args)]

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


# How a function is run over Values, and its arguments turned into them.

_active = threading.local()  # .inputs: what the functions now running are being differentiated by


def _trace(
    f: Callable[..., Value], shape: Shape, sources: Sequence[Value] = ()
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
    inputs = list(_flat(arguments))
    result = _run(f, arguments, inputs, sources)
    if isinstance(result.data, Symbol) and result.data.program is not program:
        raise CompileError("an inner function returns a variable of the one around it")
    program.section = BACKWARD
    slopes = gradients(result, inputs)
    program.sort_out(as_operand(result.data), BACKWARD)
    return program, as_operand(result.data), [as_operand(slope) for slope in slopes]


def _eagerly(f: Callable[..., Value], args: Sequence[Any]) -> tuple[float, list[float]]:
    """Run `f` over floats, forward and backward."""
    arguments = [_values(x) for x in args]
    inputs = list(_flat(arguments))
    result = _run(f, arguments, inputs)
    return result.data, gradients(result, inputs)


def _run(
    f: Callable[..., Value],
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
    if not {*enclosing, *sources}.isdisjoint(_leaves([result])):
        raise CompileError(
            "a function that is differentiated uses a variable from outside that is being "
            "differentiated by, too; pass it to the function as an argument"
        )
    return result


def _check(argnums: Sequence[int], args: Sequence[Any]) -> None:
    for n in argnums:
        if not -len(args) <= n < len(args):
            raise ValueError(f"argnums expects numbers of arguments, got {n} for {len(args)}")


def _leaves(values: Sequence[Any]) -> list[Value]:
    """Return what the Values among these were computed from."""
    found = [topological_sort(value)[1] for value in values if isinstance(value, Value)]
    return [leaf for leaves in found for leaf in leaves]


def _numbers(args: Sequence[Any]) -> list[Any]:
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


def _values(x: Any) -> Any:
    if isinstance(x, list | tuple):
        return [_values(part) for part in x]
    return Value(x.data if isinstance(x, Value) else x)


def _flat(arguments: Sequence[Any]) -> Iterator[Any]:
    for x in arguments:
        if isinstance(x, list):
            yield from x
        else:
            yield x


def _shape(args: Sequence[Any]) -> Shape:
    return tuple(len(x) if isinstance(x, list | tuple) else None for x in args)


def _pack(flat: Sequence[Any], shape: Shape) -> list[Any]:
    """Return numbers, one for each input, in the shape of the arguments."""
    numbers = iter(flat)
    return [next(numbers) if n is None else [next(numbers) for _ in range(n)] for n in shape]


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
