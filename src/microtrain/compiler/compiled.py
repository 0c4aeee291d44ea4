"""Functions as generated Python: `compile`."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ..engine.number import number
from ..engine.value import Value
from ..errors import CompileError
from .python import Python, assemble, function, indented
from .record import without_collection
from .transforms import (
    Names,
    Transform,
    bound,
    check_is_number,
    taken_apart,
    trace,
    value,
    value_and_grad,
)
from .tree import Shape, floats, size, unflatten
from .writer import Part, Scope, write

SHAPES = 32  # of arguments, whose code is kept
FEW = 10  # numbers whose types are compared one by one

INSTEAD = ", or do without mt.compile"

absent: Any = object()  # stands for an argument that was not given

# Names that the generated function uses itself.
RESERVED = (
    *("otherwise", "absent", "floats", "points", "results", "arguments", "named"),
    *("type", "map", "float", "list", "tuple", "dict", "len", "Exception", "TypeError"),
)


class Compiled:
    """A function that runs as generated Python; made by `compile`.

    It takes what the function takes, numbers in any nesting of lists, tuples and dicts, and arrays,
    and returns what the function returns, with floats for numbers. With Values among the arguments
    it returns Values.
    """

    __slots__ = ("__call__", "__dict__", "__weakref__")

    __call__: Callable[..., Any]  # the code for the shape that the arguments had last

    def __init__(self, f: Callable[..., Any], traced: Any = None) -> None:
        functools.update_wrapper(self, f)
        self.of, self.parameters = f, _parameters(f)
        transform = f if isinstance(f, Transform) else value(f)
        cached = functools.lru_cache(SHAPES)
        self.traced = traced or cached(functools.partial(trace, transform, INSTEAD))
        self._code = cached(without_collection()(functools.partial(Code, self, transform.what)))
        self._last: Code | None = None
        self.__call__ = functools.partial(_dispatch, self)
        if self.parameters is not None:
            needed = [p for p in self.parameters if p.default is p.empty]
            names = tuple([p.name for p in needed if p.kind is p.KEYWORD_ONLY])
            try:
                self._use((tuple, (), (None,) * len(needed)), names)
            except CompileError:
                raise
            except Exception:
                pass  # it takes nestings, whose shapes are known when it is called

    @functools.cached_property
    def value_and_grad(self) -> Compiled:
        """The value and the gradient, as a compiled function of the same arguments.

        The gradient is the derivative by the argument, or a tuple of those by each of several.
        """
        both: Any = value_and_grad(self.of, None)  # type: ignore[arg-type]
        return Compiled(both, None if isinstance(self.of, Transform) else self.traced)

    def map(self, points: Iterable[Any]) -> list[Any]:
        """Return the list of what this returns for each point: a point is the one argument.

        >>> import microtrain as mt
        >>> mt.compile(lambda v: v[0] * v[1]).map([[1.0, 2.0], [3.0, 4.0]])
        [2.0, 12.0]
        """
        listed = points.tolist() if hasattr(points, "tolist") else [*points]
        if not listed:
            return []
        return self._use(taken_apart(listed[:1])[1], ()).loop(listed)

    def map_value_and_grad(self, points: Iterable[Any]) -> list[tuple[Any, Any]]:
        """Return the list of the values and gradients at the points.

        >>> import microtrain as mt
        >>> mt.compile(lambda x: x * x).map_value_and_grad([1.0, 3.0])
        [(1.0, 2.0), (9.0, 6.0)]
        """
        return self.value_and_grad.map(points)

    @property
    def source(self) -> str:
        """The Python for the last arguments: the function's, and that of value and gradient.

        Raises `ValueError` for a function of nestings that was not called yet.
        """
        used = [x._last for x in (self, self.value_and_grad) if x._last]
        if not used:
            raise ValueError("a function of lists is compiled when it is called: call it first")
        if not isinstance(self.of, Transform):
            used = [self._code(*used[-1].key)]
            if used[0].result is None:
                used.append(self.value_and_grad._code(*used[0].key))
        return "\n\n\n".join([code.source for code in used])

    def _use(self, shape: Shape, names: Names) -> Code:
        """Return the code for arguments of this shape; the next call tries it first."""
        self._last = code = self._code(shape, names)
        self.__call__ = code.function
        return code


def _dispatch(compiled: Compiled, *args: Any, **kwargs: Any) -> Any:
    """Return the result for arguments of any shape."""
    args, names = bound(compiled.of, args, kwargs)
    leaves, shape = taken_apart(args)
    code = compiled._use(shape, names)
    if any(isinstance(x, Value) for x in leaves):
        return code.replayed(leaves)
    plain = unflatten(shape, (number(f"argument of {code.name}", x) for x in leaves))
    count = len(args) - len(names)
    return code.function(*plain[:count], **dict(zip(names, plain[count:])))


class Code:
    """The record of a function for arguments of one shape, and the Python that is written of it."""

    def __init__(self, compiled: Compiled, what: str, shape: Shape, names: Names) -> None:
        self._compiled, self.key = compiled, (shape, names)
        self._record, self._places, self.result = compiled.traced(shape, names)
        if what == "compile":  # the value alone
            self.result = self.result[2][0]
            self._places = self._places[: size(self.result)]
        elif what == "value_and_grad":
            check_is_number(self.result[2][0])
        self._scope = Scope(Python, [self._record], RESERVED)
        self._head: list[str] = []
        signature, call = self._write_head(compiled.parameters, shape[2], names)
        title = getattr(compiled, "__name__", "f").replace("<lambda>", "f")
        (self.name,) = self._scope.named([title + (what != "compile") * f"_{what}"])
        self._write_body(split=what == "value_and_grad")
        self.source = function(self.name, signature, self._guarded("return {}", call))
        self.function = self._assembled(self.source, self.name)

    def _write_head(
        self, parameters: list[Any] | None, shapes: Sequence[Shape], names: Names
    ) -> tuple[list[str], str]:
        """Write how the arguments are taken apart. Return signature and fallback."""
        count, head = len(shapes) - len(names), self._head
        known = [p.name for p in parameters or ()]
        own = self._scope.named(known)
        if parameters is None or own != known:
            own = self._scope.named(f"x{i}" for i in range(len(shapes)))
            head += [f"[{', '.join(own[:count])}] = arguments"]
            head += [f"{x} = named[{name!r}]" for x, name in zip(own[count:], names)]
            head += [f"if len(named) != {len(names)}:", "    raise TypeError"]
            signature, passed = ["*arguments", "**named"], ["*arguments", "**named"]
        else:
            positional = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]
            own = [*positional[:count], *names]
            for p in parameters:
                if p.name not in own:
                    head += [f"if {p.name} is not absent:", "    raise TypeError"]
            optional = {p.name for p in parameters if p.default is not p.empty}
            signature = [f"{x}=absent" if x in optional else x for x in known]
            if len(known) > len(positional):
                signature.insert(len(positional), "*")
            passed = [f"{x}={x}" if x in optional or x not in positional else x for x in known]
        self.roots = own
        scalars: list[str] = []
        leaves = [x for root, shape in zip(own, shapes) for x in self._unpack(root, shape, scalars)]
        self._inputs = dict(zip(self._record.inputs, leaves))
        if scalars:
            head += _checked(scalars)
        return signature, f"otherwise({', '.join(passed)})"

    def _unpack(self, name: str, shape: Shape, scalars: list[str]) -> list[str]:
        """Write how a nesting is taken apart, and return the names of the numbers in it.

        The types of these are checked here, or left to the caller, in `scalars`.
        """
        if shape is None:
            scalars.append(name)
            return [name]
        kind, keys, shapes = shape
        names = self._scope.named(f"{name}_{key}" for key in keys or range(len(shapes)))
        head = self._head
        head.append(f"if type({name}) is not {self._named(kind)}:")
        head.append(f"    {name} = {name}.tolist()" if kind is list else "    raise TypeError")
        values = name
        if kind is dict:
            head += [f"if len({name}) != {len(keys)}:", "    raise TypeError"]
            values = ", ".join([f"{name}[{self._named(key)}]" for key in keys])
        elif len(shapes) > FEW and not any(shapes):
            head += [f"if {{*map(type, {name})}} != {{float}}:", f"    {name} = floats({name})"]
            scalars = []
        head.append(f"[{', '.join(names)}] = {values or '()'}")
        return [x for part, child in zip(names, shapes) for x in self._unpack(part, child, scalars)]

    def _named(self, x: Any) -> str:
        """Return how the code writes the kind of a nesting, or a key: by name, or as it is."""
        if x in (list, tuple, dict):
            return x.__name__  # type: ignore[no-any-return]
        if type(x) in (str, int):
            return repr(x)
        (name,) = self._scope.named([getattr(x, "__name__", "key")])
        self._scope.namespace[name] = x
        return name

    def _write_body(self, split: bool) -> None:
        """Write the operations, those forward and backward as two parts if they are to be split."""
        if split:
            first, *rest = self._places
            parts = [Part("forward pass", "v", [first]), Part("backward pass", "d", rest)]
        else:
            parts = [Part("", "v", self._places)]
        write(self._record, self._inputs, self._scope, *parts)
        self._lines = [line for part in parts for line in part.lines]
        self._text = self._written(self.result, (x for part in parts for x in part.expressions))

    def _written(self, shape: Shape, texts: Iterator[str]) -> str:
        """Return the Python of a nesting of these expressions."""
        if shape is None:
            return next(texts)
        kind, keys, shapes = shape
        parts = [self._written(part, texts) for part in shapes]
        if kind is list:
            runs = [(text, len([*same])) for text, same in itertools.groupby(parts)]
            many = [f"*({x},) * {n}" if n > FEW else ", ".join([x] * n) for x, n in runs]
            return f"[{', '.join(many)}]"
        if kind is tuple:
            return f"({', '.join(parts)}{',' * (len(parts) == 1)})"
        if kind is dict:
            return f"{{{', '.join(f'{self._named(key)}: {x}' for key, x in zip(keys, parts))}}}"
        return f"{self._named(kind)}({', '.join(parts)})"

    def _guarded(self, result: str, call: str) -> list[str]:
        """Return the statements that take arguments apart, compute, and hand on the result."""
        return [
            "try:",
            *indented([*self._head, *self._lines, result.format(self._text)]),
            "except Exception:  # repeat it for the message",
            f"    {result.format(call)}",
        ]

    def _assembled(self, source: str, name: str) -> Callable[..., Any]:
        own = {"otherwise": self._otherwise, "absent": absent, "floats": floats}
        return assemble(source, name, self._scope.namespace | own)  # type: ignore[no-any-return]

    @functools.cached_property
    def loop(self) -> Callable[[list[Any]], list[Any]]:
        """The function of a list of points."""
        (point,) = self.roots
        body = self._guarded("results.append({})", f"otherwise({point})")
        lines = ["results = []", f"for {point} in points:", *indented(body), "return results"]
        return self._assembled(function("map_points", ["points"], lines), "map_points")

    def replayed(self, leaves: list[Any]) -> Any:
        """Return the result for these numbers and Values, computed operation by operation."""
        return unflatten(self.result, iter(self._record.replay(leaves, self._places)))

    def _otherwise(self, *args: Any, **kwargs: Any) -> Any:
        """Return the result where the generated code failed, or raise with the right message."""
        kwargs = {name: x for name, x in kwargs.items() if x is not absent}
        everything, names = bound(self._compiled.of, args, kwargs)
        leaves, shape = taken_apart(everything)
        if (shape, names) == self.key and all(type(x) is float for x in leaves):
            return self.replayed(leaves)
        return _dispatch(self._compiled, *args, **kwargs)


def _checked(names: Sequence[str]) -> list[str]:
    """Return the Python that makes floats of variables that are none."""
    listed = ", ".join(names)
    if len(names) <= FEW:
        check = f"not ({' is '.join([*(f'type({x})' for x in names), 'float'])})"
    else:
        check = f"{{*map(type, [{listed}])}} != {{float}}"
    return [f"if {check}:", f"    [{listed}] = floats([{listed}])"]


def _parameters(f: Callable[..., Any]) -> list[Any] | None:
    """Return the parameters of `f`, or None where generated code can't have the same."""
    import inspect

    try:
        parameters = [*inspect.signature(f).parameters.values()]
    except (TypeError, ValueError):
        return None
    odd = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return None if any(p.kind in odd for p in parameters) else parameters


def compile(f: Callable[..., Any]) -> Compiled:
    """Return `f` as generated Python that computes the same bits without the bookkeeping.

    Arguments and results are numbers in any nesting of lists, tuples and dicts; arrays come in as
    nested lists. A function of numbers is compiled at once, one of nestings when it is first called
    with arguments of their shape. `f` runs once, over symbols, so it has to be the same computation
    for all numbers. A branch on a number, or one turned into a bool, float, int or text, raises
    `CompileError`, which names the line. Random numbers that `f` draws, and all else that it takes
    from its surroundings, stay as they were at that moment; so do defaults that are not given.

    Errors are the same, with the same messages, as without compiling. A computation of more than a
    million operations raises `CompileError`.

    >>> c = compile(lambda a, b: (a * b).tanh())
    >>> c(0.5, 0.0), c.value_and_grad(0.5, 0.0)
    (0.0, (0.0, (0.0, 0.5)))
    >>> print(c.source.partition("\\n\\n\\n")[2])
    def f_value_and_grad(a, b):
        try:
            if not (type(a) is type(b) is float):
                [a, b] = floats([a, b])
            # forward pass
            v1 = tanh(a * b)
            # backward pass
            d1 = 1.0 - v1 * v1
            return (v1, (0.0 + b * d1, 0.0 + a * d1))
        except Exception:  # repeat it for the message
            return otherwise(a, b)

    The derivatives of `grad`, `value_and_grad`, `jacobian` and `hessian` can be compiled, too:

    >>> import microtrain as mt
    >>> compile(mt.grad(lambda p: p["a"] * p["b"][0]))({"a": 2.0, "b": [3.0, 4.0]})
    {'a': 3.0, 'b': [2.0, 0.0]}
    """
    return f if isinstance(f, Compiled) else Compiled(f)
