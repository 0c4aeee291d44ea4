"""What an operation is: its value, its slopes, what it takes, and how each language writes it.

One rule decides what it does: if an operand is a `Value`, it makes a Value; else if one is a
symbol, it records the operation; else it computes the result.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import DomainError, counted, describe, expect, true_or_false
from .number import Number, Operand, as_condition, as_number, number, operand

if TYPE_CHECKING:
    from .protocols import Decorator

Slope = Callable[..., Any]
Slopes = TypeVar("Slopes", bound=Slope | Sequence[Slope | None] | None)
Text = str | Callable[..., str]


class Primitive:
    """An entry of the table of operations.

    Attributes: `name`; `impl`, the function of plain numbers; `call`, that of any; `slopes`,
    one for each operand, or none for an operator, for which Values have a method; `specialised`, a
    faster function for each type of operand that has one; the rest are options, as for `primitive`.
    """

    takes = ""
    exact = False
    raises = True
    python: Text = ""
    c: Text = ""
    javascript: Text = ""

    def __init__(self, name: str, impl: Any, slopes: Any = (), **options: Any) -> None:
        self.name, self.impl, self.slopes, self.call = name, impl, slopes, impl
        for option, given in options.items():  # by vars(self), all would be slower to read
            setattr(self, option, given)
        self.specialised: dict[type, Callable[..., Any] | None] = {}

    def perform(self, operands: Sequence[Any]) -> Any:
        """Return the result for any operands: the operand of the highest rank makes it."""
        actor: Any = None
        for x in operands:
            if isinstance(x, Operand) and (actor is None or x.rank > actor.rank):
                actor = x
        if actor is None:
            return self.compute(operands)
        kind = type(actor)
        if kind not in self.specialised:
            self.specialised[kind] = kind.specialised(self)
        return actor.perform(self, operands)

    def compute(self, operands: Sequence[Any]) -> Any:
        """Return the result for plain numbers. Errors name the operation and its operands."""
        numbers = self._of_one_kind([self.operand(k, x) for k, x in enumerate(operands)])
        try:
            y = self.impl(*numbers)
        except DomainError:
            raise
        except (ValueError, ZeroDivisionError):
            takes = f": {self.name} takes {self.takes}" if self.takes else ""
            raise DomainError(f"{self._shown(numbers)} is undefined{takes}") from None
        except OverflowError:
            raise OverflowError(f"{self._shown(numbers)} is too large for a float") from None
        except Exception as error:
            error.add_note(f"in {self._shown(numbers)}")
            raise
        return self._as_number(y, numbers)

    def partial(self, k: int, y: Any, operands: Sequence[Any]) -> Any:
        """Return the slope by operand k, where the result is `y`."""
        slope = self.slopes[k]
        try:
            found = y.slope(slope, y, *operands) if isinstance(y, Number) else slope(y, *operands)
        except Exception as error:
            error.add_note(f"in slope {k} of {self.name}")
            raise
        return self._as_number(found, operands, f"has a slope {k} that returns")

    def operand(self, k: int, x: Any) -> Any:
        """Return operand k: a number, a symbol, or a bool. Raises `TypeError` if it is neither."""
        if self.takes_condition(k) and type(condition := as_condition(x)) is bool:
            return condition
        return operand(self.name, x)

    def takes_condition(self, k: int) -> bool:
        """Return whether operand k may be a condition: there are several, and it has no slope."""
        return len(self.slopes) > 1 and self.slopes[k] is None

    def _of_one_kind(self, operands: Sequence[Any]) -> Sequence[Any]:
        """Return numbers as floats, or, for an exact operation, as rationals if none is a float.

        Bools are conditions, and stay.
        """
        if not self.exact or float in map(type, operands):
            return [x if type(x) is bool else number(self.name, x) for x in operands]
        if len({*map(type, operands)} - {bool}) < 2:
            return operands
        from fractions import Fraction  # slow to import

        return [x if type(x) is bool else Fraction(x) for x in operands]

    def _as_number(self, y: Any, operands: Sequence[Any], what: str = "returns") -> Any:
        """Return a result or a slope: NumPy scalars, and ints made of floats, as floats."""
        found = as_number(y)
        if found is NotImplemented:
            raise TypeError(f"{self.name} {what} {describe(y)}, which is no real number")
        if type(found) is int and float in map(type, operands):
            return number(self.name, found)
        return found

    def _shown(self, numbers: Sequence[Any]) -> str:
        return f"{self.name}({', '.join(map(repr, numbers))})"

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


def primitive(
    *,
    slopes: Slopes,
    takes: str = "",
    exact: bool = False,
    raises: bool = True,
    python: Text = "",
    c: Text = "",
    javascript: Text = "",
) -> Decorator[Slopes]:
    """Make an operation of a function of plain numbers; a decorator.

    It can be differentiated to any order, recorded and compiled, like those of the library. A
    second one of the same name does not replace the first where that is in use.

    Args:
        slopes: the partial derivatives: for each operand a function of the result and of all
            operands, or None where the result does not vary with that operand. For one operand the
            function (or None) alone. Write them with operators and functions of microtrain. They
            must not raise where the function does not: `ratio` and `ieee_power` return infinity.
        takes: what the operands may be, in words: a ValueError or ZeroDivisionError of the
            function becomes a `DomainError` that says so.
        exact: True if it maps rationals to rationals. Other functions get floats only.
        raises: False if it never raises: then it is left out where its result is unused.
        python, c, javascript: how the language writes it: an operator, the name of one of the
            language's functions, a template with the operands as {0} and {1}, or a function from
            the operands' texts to one of these. Without it, Python calls your function, and the
            other languages can't write code that uses it. It has to give the bits of the function:
            that is compared for C only.

    Raises `TypeError` for a `def` with anything but plain positional parameters, and `ValueError`
    for a function that does not take as many operands as there are slopes. Some functions written
    in C do not tell how many they take: then there are as many as slopes.

    >>> import math
    >>> import microtrain as mt
    >>> @mt.primitive(slopes=lambda y, x: mt.ratio(1, 3 * y * y))
    ... def cbrt(x):
    ...     return math.copysign(abs(x) ** (1 / 3), x)
    >>> x = mt.Value(8.0)
    >>> cbrt(x).backward()
    >>> cbrt(8.0), round(x.grad, 12), round(mt.grad(mt.grad(cbrt))(8.0), 12)
    (2.0, 0.083333333333, -0.006944444444)
    """
    listed: Any = tuple(slopes) if isinstance(slopes, tuple | list) else (slopes,)
    expect(isinstance(takes, str), "takes", "a text", takes)
    texts: Any = {"python": python, "c": c, "javascript": javascript}
    rest: Any = {"exact": true_or_false("exact", exact), "raises": true_or_false("raises", raises)}
    for slope in listed:
        fits = slope is None or callable(slope)
        expect(fits, "slopes", "a function or None for each operand", slope)

    def decorate(function: Any) -> Any:
        expect(callable(function), "primitive", "a function", function)
        name = getattr(function, "__name__", type(function).__name__)
        _expect_operands(len(listed), name, function)
        for language, text in texts.items():
            check_text(f"{language} of {name}", text)
        return dispatcher(Primitive(name, function, listed, takes=takes, **rest, **texts), function)

    return decorate


def _expect_operands(n: int, name: str, function: Any) -> None:
    """Raise an error unless a function takes n operands, or does not tell."""
    if not isinstance(function, types.FunctionType):
        import inspect  # slow to import

        try:
            inspect.signature(function).bind(*range(n))
        except TypeError as error:
            told = f"{error}; slopes expects one for each operand, or None"
            raise ValueError(f"{name} has {counted(n, 'slope')}: {told}") from None
        except ValueError:  # functions written in C need not tell
            pass
        return
    code = function.__code__
    count, variadic = code.co_argcount, code.co_flags & 0x0C
    if not count or variadic or code.co_kwonlyargcount or function.__defaults__:
        told = "takes each operand as a positional parameter without a default, and at least one"
        raise TypeError(f"{name}: a primitive {told}")
    if count != n:
        raise ValueError(
            f"{name} has {counted(count, 'operand')} but {counted(n, 'slope')}: "
            "slopes expects one for each operand, or None"
        )


OPERATORS = ("+", "-", "*", "/", "**", "<", "<=", ">", ">=", "&", "|")


def check_text(name: str, text: Any) -> Any:
    """Return a way to write an operation. Raises `ValueError` if it is none."""
    fits = isinstance(text, str) and (
        text in ("", *OPERATORS) or "{" in text or text.removeprefix("Math.").isidentifier()
    )
    if not fits and not callable(text):
        raise ValueError(
            f"{name} expects one of {' '.join(OPERATORS)}, the name of a function, a template with "
            f"{{0}} in it, or a function that returns one of these; got {describe(text)}"
        )
    return text


def dispatcher(entry: Primitive, like: Callable[..., Any]) -> Any:
    """Return the function of any operands, with the name and the docstring of `like`.

    Floats are computed at once. If that fails, `perform` does it again, and raises in words.
    """
    function, specialised, n = entry.impl, entry.specialised, len(entry.slopes)

    def one(x: Any) -> Any:
        kind = type(x)
        if kind is float:
            try:
                y = function(x)
                if type(y) is float:
                    return y
            except Exception:
                pass
        elif faster := specialised.get(kind):
            return faster(x)
        return entry.perform((x,))

    def two(a: Any, b: Any) -> Any:
        if type(a) is float and type(b) is float:
            try:
                y = function(a, b)
                if type(y) is float:
                    return y
            except Exception:
                pass
        elif faster := specialised.get(type(a)) or specialised.get(type(b)):
            return faster(a, b)
        return entry.perform((a, b))

    def several(*operands: Any) -> Any:
        if len(operands) != n:
            raise TypeError(f"{entry.name} expects {n} operands, got {len(operands)}")
        return entry.perform(operands)

    call: Any = one if n == 1 else two if n == 2 else several
    call.entry, entry.call = entry, call
    return functools.update_wrapper(call, like)
