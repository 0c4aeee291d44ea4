"""Python: how it writes records, and the frame around what was written: a loop, a function."""

from __future__ import annotations

import functools
import itertools
import keyword
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..engine.tree import REALS, ArrayAsList, Derivative, Shape, numel, unflatten
from ..engine.value import Value
from .transforms import bound, expect_gradient, taken_apart
from .writer import Part, Writer

if TYPE_CHECKING:
    from .c import Source
    from .compiled import Compiled

FEW = 10  # numbers in a list whose types are compared one by one

# Names that the generated function uses itself.
RESERVED = (
    *("otherwise", "reals", "kinds", "items", "points", "results", "arguments", "named", "type"),
    *("map", "float", "list", "tuple", "dict", "len", "Exception", "TypeError", "Derivative"),
)


class Python(Writer):
    """Python with the functions of `math`, faster than microtrain's; they raise where those do.

    Whoever runs the code then replays the record, whose operations raise with a message.
    """

    column = "python"
    statement = "{} = {}"
    comment = "# {}"
    functions = vars(math)
    keywords = frozenset(keyword.kwlist)
    calls = True


def listed(names: Iterable[str]) -> str:
    """Return the Python of a tuple of names."""
    return f"({', '.join(names)},)"


def indented(lines: Iterable[str]) -> list[str]:
    """Return the lines as those of a block."""
    return [f"    {line}" for line in lines]


def loop(names: Sequence[str], items: str, lines: Iterable[str]) -> list[str]:
    """Return a loop over the tuples in `items`, whose parts get these names."""
    target = ", ".join(names) + "," * (len(names) == 1)
    return [f"for {target} in {items}:", *indented(lines)]


def function(name: str, parameters: Sequence[str], lines: Iterable[str]) -> str:
    return "\n".join([f"def {name}({', '.join(parameters)}):", *indented(lines)])


def assemble(source: str, name: str, namespace: Mapping[str, Any]) -> Any:
    """Return the function of this name that the source defines."""
    scope = {"inf": math.inf, "nan": math.nan, "Derivative": Derivative, **namespace}
    exec(compile(source, f"<microtrain: {name}>", "exec"), scope)
    return scope.pop(name)  # which leaves no circle of references


class Code:
    """The record of a function for arguments of one shape, and the Python that is written of it."""

    def __init__(self, compiled: Compiled, shape: Shape) -> None:
        self._compiled, self.shape, what = compiled, shape, compiled.what
        self._record, self._places, self.result = compiled.traced(shape)
        if what == "compile":  # the value alone; the gradient was recorded with it
            self.result = self.result[2][0]
            self._places = self._places[: numel(self.result)]
        elif what == "value_and_grad":
            expect_gradient(self.result[2])
        title = getattr(compiled, "__name__", "f").replace("<lambda>", "f")
        self.name = title + (what != "compile") * f"_{what}"
        self._write()

    def _write(self) -> None:
        self._writer = Python(self._record, RESERVED)
        self._head: list[str] = []
        signature = self._write_head(self._compiled.parameters)
        (self.name,) = self._writer.named([self.name])
        parts = self._parts()
        self._writer.write(self._inputs, *parts)
        self._lines = [line for part in parts for line in part.lines]
        texts = itertools.chain.from_iterable(part.expressions for part in parts)
        self._text = self._written(self.result, texts)
        self.source = function(self.name, signature, self._guarded("return {}", signature))
        self._namespace = self._writer.namespace | {"otherwise": self._otherwise, "reals": REALS}
        del self._writer  # which is large
        self.function = assemble(self.source, self.name, self._namespace)

    def _write_head(self, parameters: Sequence[str]) -> list[str]:
        """Write how the arguments are taken apart, and return the signature."""
        _, names, shapes = self.shape
        count, named = len(shapes) - len(names), self._writer.named
        signature = named(parameters)
        if len(signature) == len(shapes) and signature == [*parameters[:count], *names]:
            self.roots = signature
        else:
            signature = ["*arguments", "**named"]
            self.roots = named(f"x{i}" for i in range(len(shapes)))
            self._head += [f"[{', '.join(self.roots[:count])}] = arguments"]
            self._head += [f"{x} = named[{name!r}]" for x, name in zip(self.roots[count:], names)]
            self._refuse(f"len(named) != {len(names)}")
        unchecked: list[str] = []
        parts = [self._unpack(x, shape, unchecked) for x, shape in zip(self.roots, shapes)]
        self._inputs = dict(zip(self._record.inputs, itertools.chain(*parts)))
        if unchecked:
            are_floats = " is ".join([*(f"type({x})" for x in unchecked), "float"])
            self._head.append(f"if not ({are_floats}):")
            self._head += [f"    {x} = reals[type({x})]({x})" for x in unchecked]
        return signature

    def _refuse(self, condition: str) -> None:
        """Write that arguments for which this holds are left to `otherwise`."""
        self._head += [f"if {condition}:", "    raise TypeError"]

    def _unpack(self, name: str, shape: Shape, unchecked: list[str]) -> list[str]:
        """Write how a nesting is taken apart, and return the names of the numbers in it.

        Those that may be no floats are added to `unchecked`.
        """
        if shape is None:
            unchecked.append(name)
            return [name]
        kind, keys, shapes = shape
        names = self._writer.named(f"{name}_{key}" for key in keys or range(len(shapes)))
        parts = f"{name}.values()" if kind is dict else name
        if kind is ArrayAsList:  # such code takes plain lists, too
            self._head.append(f"items = {name} if type({name}) is list else {name}.tolist()")
            parts = "items"
        else:
            self._refuse(f"type({name}) is not {self._literal(kind)}")
        if kind is dict:  # whose order counts, too: the function may go by it
            self._refuse(f"[*{name}] != [{', '.join(map(self._literal, keys))}]")
        elif len(shapes) > FEW and not any(shapes):  # many numbers, which become floats at once
            self._head.append(f"kinds = {{*map(type, {parts})}}")
            self._refuse("not kinds <= reals.keys()")
            parts = f"{parts} if kinds == {{float}} else map(float, {parts})"
            unchecked = []
        target = ", ".join(names) if len(names) > 1 else f"[{''.join(names)}]"
        self._head.append(f"{target} = {parts}")
        if not any(shapes):
            unchecked += names
            return names
        numbers = (self._unpack(x, part, unchecked) for x, part in zip(names, shapes))
        return [*itertools.chain(*numbers)]

    def _literal(self, x: Any) -> str:
        """Return how the code writes the kind of a nesting, or a key of a dict."""
        if x in (list, tuple, dict, Derivative):
            return x.__name__  # type: ignore[no-any-return]
        if type(x) in (str, int):
            return repr(x)
        (name,) = self._writer.named([getattr(x, "__name__", "key")])
        self._writer.namespace[name] = x
        return name

    def _parts(self) -> list[Part]:
        if self._compiled.what != "value_and_grad":
            return [Part("", "v", self._places)]
        first, *rest = self._places
        return [Part("forward pass", "v", [first]), Part("backward pass", "d", rest)]

    def _written(self, shape: Shape, texts: Iterator[str]) -> str:
        """Return the Python of a nesting of these expressions."""
        if shape is None:
            return next(texts)
        kind, keys, shapes = shape
        if kind is Derivative:
            return f"Derivative({self._written((list, keys, shapes), texts)})"
        if any(shapes):
            parts = [self._written(part, texts) for part in shapes]
        else:
            parts = [*itertools.islice(texts, len(shapes))]
        if kind is list and any(shapes):  # not repeated: each of its parts is a new one
            return f"[{', '.join(parts)}]"
        if kind is list:
            runs = [(text, len([*same])) for text, same in itertools.groupby(parts)]
            many = [f"*({x},) * {n}" if n > FEW else ", ".join([x] * n) for x, n in runs]
            return f"[{', '.join(many)}]"
        if kind is tuple:
            return f"({', '.join(parts)}{',' * (len(parts) == 1)})"
        if kind is dict:
            return f"{{{', '.join(f'{self._literal(key)}: {x}' for key, x in zip(keys, parts))}}}"
        return f"{self._literal(kind)}({', '.join(parts)})"  # a named tuple

    def _guarded(self, result: str, arguments: Sequence[str]) -> list[str]:
        """Return statements that take arguments apart, compute, and hand on the result.

        Where they fail, or refuse the arguments, `otherwise` does it.
        """
        call = f"otherwise({', '.join(arguments)})"
        return [
            "try:",
            *indented([*self._head, *self._lines, result.format(self._text)]),
            "except Exception:  # repeat it for the message",
            f"    {result.format(call)}",
        ]

    def c(self) -> Source:
        from .c import Source

        return Source(self._record, self._parts(), self.name)

    @functools.cached_property
    def loop(self) -> Callable[[list[Any]], list[Any]]:
        """The function of a list of points."""
        (point,) = self.roots
        body = self._guarded("results.append({})", self.roots)
        lines = ["results = []", f"for {point} in points:", *indented(body), "return results"]
        source = function("map_points", ["points"], lines)
        return assemble(source, "map_points", self._namespace)  # type: ignore[no-any-return]

    def _otherwise(self, *args: Any, **kwargs: Any) -> Any:
        """Return the result for Values; or where the code failed, unless the right error is raised.

        That is found by replaying the record. Arguments of other types or shapes are dispatched.
        """
        given, named = bound(self._compiled, args, kwargs)
        if (len(given), [*named]) != (len(args), [*kwargs]):
            return self.function(*given, **named)
        leaves, shape = taken_apart(self._compiled, args, kwargs)
        if shape == self.shape and all(type(x) is float or isinstance(x, Value) for x in leaves):
            return unflatten(self.result, iter(self._record.replay(leaves, self._places)))
        return self._compiled.dispatch(*args, **kwargs)
