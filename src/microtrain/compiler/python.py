"""Python: how it writes records, and the frame around what was written: a loop, a function."""

from __future__ import annotations

import contextlib
import itertools
import keyword
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any

from ..engine.number import number
from ..engine.tree import REALS, ArrayAsList, Derivative, Shape, as_lists, numel, unflatten
from ..engine.value import Value
from .transforms import called, expect_gradient, taken_apart
from .writer import Part, Writer

if TYPE_CHECKING:
    from .c import Source
    from .compiled import Compiled

FEW = 10  # numbers in a list whose types are compared one by one
# What generated code may call; without the names of the module, which the code is not of.
FUNCTIONS = {name: item for name, item in vars(math).items() if not name.startswith("_")}

# Names that the generated function uses itself.
RESERVED = """otherwise reals kinds items arguments named type map float list tuple dict len
Exception TypeError Derivative"""


class Python(Writer):
    """Python with the functions of `math`, faster than microtrain's; they raise where those do.

    Whoever runs the code then replays the record, whose operations raise with a message.
    """

    column = "python"
    statement = "{} = {}"
    comment = "# {}"
    taken = keyword.kwlist
    can_call = True

    def nesting(self, shape: Shape, texts: Iterator[str]) -> str:
        """Return a nesting of these expressions."""
        if shape is None:
            return next(texts)
        kind, keys, shapes = shape
        if kind is Derivative:
            return f"Derivative({self.nesting((list, keys, shapes), texts)})"
        parts = [next(texts) if part is None else self.nesting(part, texts) for part in shapes]
        if kind is list:  # of nestings, each is a new one
            return f"[{', '.join(parts)}]" if any(shapes) else self.list_of(parts)
        if kind is tuple:
            return f"({', '.join(parts)}{',' * (len(parts) == 1)})"
        if kind is dict:
            return f"{{{', '.join(f'{self.literal(key)}: {x}' for key, x in zip(keys, parts))}}}"
        return f"{self.literal(kind)}({', '.join(parts)})"  # a named tuple

    def list_of(self, texts: Iterable[str]) -> str:
        """Return a list of numbers: those that are repeated at once."""
        items: list[str] = []
        for text, same in itertools.groupby(texts):
            run = [*same]
            items += run if len(run) <= FEW else [f"*({text},) * {len(run)}"]
        return f"[{', '.join(items)}]"

    def literal(self, x: Any) -> str:
        """Return how the code writes the kind of a nesting, or a key of a dict."""
        if x in (list, tuple, dict, Derivative):
            return x.__name__  # type: ignore[no-any-return]
        if type(x) in (str, int):
            return repr(x)
        name = self.name(getattr(x, "__name__", "key"))
        self.namespace[name] = x
        return name


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
    """Return the function of this name that the source defines; it may call those of `math`."""
    scope = {**FUNCTIONS, "Derivative": Derivative, **namespace}
    exec(compile(source, f"<microtrain: {name}>", "exec"), scope)
    return scope.pop(name)  # which leaves no circle of references


def refusing(condition: str) -> list[str]:
    """Return statements that raise where this holds."""
    return [f"if {condition}:", "    raise TypeError"]


def unpacked(
    writer: Python, names: Sequence[str], shapes: Sequence[Shape]
) -> tuple[list[str], list[str]]:
    """Return statements that take nestings of these names apart, and the names of the numbers.

    They raise an error for a nesting of another shape.
    """
    lines: list[str] = []
    numbers: list[str] = []
    unchecked: list[str] = []  # numbers that may be no floats
    waiting = [*zip(names, shapes)][::-1]
    while waiting:
        name, shape = waiting.pop()
        if shape is None:
            numbers.append(name)
            unchecked.append(name)
            continue
        kind, keys, parts = shape
        inside = [writer.name(f"{name}_{key}") for key in keys or range(len(parts))]
        items = f"{name}.values()" if kind is dict else name
        if kind is ArrayAsList:
            lines.append(f"items = {name}.tolist()")
            items, parts = "items", as_lists(shape)[2]
        else:
            lines += refusing(f"type({name}) is not {writer.literal(kind)}")
        if kind is dict:  # whose order counts, too: the function may go by it
            lines += refusing(f"[*{name}] != [{', '.join(map(writer.literal, keys))}]")
        if len(parts) > FEW and not keys and not any(parts):  # numbers, made floats at once
            numbers += inside
            lines += [f"kinds = {{*map(type, {items})}}", *refusing("not kinds <= reals.keys()")]
            items = f"{items} if kinds == {{float}} else map(float, {items})"
        else:
            waiting += [*zip(inside, parts)][::-1]
        target = ", ".join(inside) if len(inside) > 1 else f"[{''.join(inside)}]"
        lines.append(f"{target} = {items}")
    if unchecked:
        are_floats = " is ".join([*(f"type({x})" for x in unchecked), "float"])
        lines.append(f"if not ({are_floats}):")
        lines += [f"    {x} = reals[type({x})]({x})" for x in unchecked]
    return lines, numbers


class Code:
    """The function of arguments of one shape, as generated code.

    Attributes: `source`, the code that computes; `function`, that does what the compiled function
    does; `result`, the shape of the result.
    """

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
        self.source, namespace = self._generated()
        self.function = assemble(self.source, self.name, namespace)
        again = self.function.__globals__ | {"otherwise": None}  # it raises where that is called
        self._again = FunctionType(self.function.__code__, again)

    def _generated(self) -> tuple[str, dict[str, Any]]:
        """Return the Python of the function, and what that calls."""
        writer = self._writer()
        _, names, shapes = self.shape
        count = len(shapes) - len(names)
        binding: list[str] = []
        arguments = signature = [*map(writer.name, self._compiled.parameters)]
        if len(signature) != len(shapes) or signature != self._compiled.parameters:
            arguments = [writer.name(f"x{i}") for i in range(len(shapes))]
            signature = ["*arguments", "**named"]
            binding = [f"[{', '.join(arguments[:count])}] = arguments"]
            binding += [f"{x} = named[{name!r}]" for x, name in zip(arguments[count:], names)]
            binding += refusing(f"len(named) != {len(names)}")
        self.name = writer.name(self.name)
        lines, texts = self._computed(writer, arguments)
        body = [
            "try:",
            *indented([*binding, *lines, f"return {writer.nesting(self.result, texts)}"]),
            "except Exception:  # repeat it for the message",
            f"    return otherwise({', '.join(signature)})",
        ]
        namespace = writer.namespace | {"otherwise": self._otherwise, "reals": REALS}
        return function(self.name, signature, body), namespace

    def _writer(self) -> Python:
        return Python(self._record, RESERVED.split())

    def _computed(self, writer: Python, arguments: list[str]) -> tuple[list[str], Iterator[str]]:
        """Return statements that compute, and the expressions of the numbers in the result."""
        lines, numbers = unpacked(writer, arguments, self.shape[2])
        parts = self._parts()
        writer.write(dict(zip(self._record.inputs, numbers)), *parts)
        lines += [line for part in parts for line in part.lines]
        return lines, itertools.chain.from_iterable(part.expressions for part in parts)

    def _parts(self) -> list[Part]:
        if self._compiled.what != "value_and_grad":
            return [Part("", "v", self._places)]
        first, *rest = self._places
        return [Part("forward pass", "v", [first]), Part("backward pass", "d", rest)]

    def results(self, points: list[Any]) -> list[Any]:
        """Return the results for points. Errors do not name the point."""
        return [*map(self.function, points)]

    def c(self) -> Source:
        from .c import Source

        return Source(self._record, self._parts(), self.name)

    def _otherwise(self, *args: Any, **kwargs: Any) -> Any:
        """Return the result for arguments that the code failed with, or raise the right error.

        Those of another shape are dispatched. Those by keyword without need, and what only stands
        for numbers and lists, such as a subclass, are taken apart. Else the record is replayed.
        """
        leaves, shape = taken_apart(self._compiled, args, kwargs)
        if shape != self.shape:
            return self._compiled.run(leaves, shape)
        with contextlib.suppress(Exception):
            return called(self._again, shape, leaves)
        plain = [x if isinstance(x, Value) else number("an argument", x) for x in leaves]
        return unflatten(self.result, iter(self._record.replay(plain, self._places)))
