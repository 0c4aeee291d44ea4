"""What an operation is: its value, its slopes, what it takes, and how each language writes it.

`primitive` makes such an entry of a function of plain numbers, and returns the function of any
operands that the entry stands for. One rule decides who acts: if an operand is a `Value`, a Value
is made; else if one is a symbol, the operation is recorded; else it is computed.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Unpack, overload

from ..errors import DomainError, counted, describe
from .number import Operand, as_condition, as_number, number, of_one_kind, operand

if TYPE_CHECKING:
    from .protocols import Elementary, Operation, Options, Stepwise

Slope = Callable[..., Any]
Text = str | Callable[..., str]


class Primitive:
    """An operation, as the record and the writers of code know it.

    Attributes: `name`; `function`, of plain numbers; `of_floats`, the same or, where `python` names
    one, the function of `math`, which is faster; `call`, of any operands; `slopes`, one for each
    operand (none where `call` is an operator, which Values take by methods of their own);
    `specialised`, how types of operands perform it themselves; the rest as for `primitive`.
    """

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        slopes: tuple[Slope | None, ...] = (),
        *,
        call: Callable[..., Any] | None = None,
        takes: str = "",
        exact: bool = False,
        raises: bool = True,
        python: Text = "",
        c: Text = "",
        javascript: Text = "",
    ) -> None:
        self.name, self.function, self.slopes = name, function, slopes
        self.call = function if call is None else call
        self.takes, self.exact, self.raises = takes, exact, raises
        self.python, self.c, self.javascript = python, c, javascript
        self.of_floats = getattr(math, python, function) if isinstance(python, str) else function
        self.specialised: dict[type, Callable[..., Any]] = {}

    def perform(self, operands: Sequence[Any]) -> Any:
        """Return the result for any operands: the one of the highest rank acts."""
        actor: Any = None
        for x in operands:
            if isinstance(x, Operand) and (actor is None or x.rank > actor.rank):
                actor = x
        if actor is None:
            return self.compute(operands)
        kind = type(actor)
        if kind not in self.specialised and (own := kind.specialised(self)) is not None:
            self.specialised[kind] = own
        return actor.perform(self, operands)

    def compute(self, operands: Sequence[Any]) -> Any:
        """Return the result for plain numbers, or raise what says what is wrong with them."""
        numbers = [self._number(k, x) for k, x in enumerate(operands)]
        if self.exact:
            numbers = of_one_kind(self.name, numbers)
        else:
            numbers = [x if type(x) is bool else number(self.name, x) for x in numbers]
        try:
            y = self.function(*numbers)
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
        return self._result("returns", y, numbers)

    def partials(self, y: Any, operands: Sequence[Any], varying: Sequence[int]) -> list[Any]:
        """Return the slopes by the operands in these places, where the result is `y`."""
        found = []
        for k in varying:
            slope = self.slopes[k]
            try:
                partial = slope(y, *operands)  # type: ignore[misc]
            except Exception as error:
                error.add_note(f"in slope {k} of {self.name}")
                raise
            found.append(self._result(f"has a slope {k} that returns", partial, operands))
        return found

    def takes_condition(self, k: int) -> bool:
        """Return whether operand k may be a condition: one of several that has no slope."""
        return len(self.slopes) > 1 and self.slopes[k] is None

    def _number(self, k: int, x: Any) -> Any:
        if self.takes_condition(k) and type(condition := as_condition(x)) is bool:
            return condition
        if len(self.slopes) > 1:
            return operand(self.name, x)
        found = as_number(x)
        if found is NotImplemented:
            raise TypeError(f"{self.name} expects a number or a Value, got {describe(x)}")
        return found

    def _result(self, verb: str, y: Any, operands: Sequence[Any]) -> Any:
        """Return a result; one that is a NumPy scalar, or an int of floats, as a float."""
        found = as_number(y)
        if found is NotImplemented:
            raise TypeError(f"{self.name} {verb} {describe(y)}, which is no real number")
        if type(found) is int and any(type(x) is float for x in operands):
            return number(self.name, found)
        return found

    def _shown(self, numbers: Sequence[Any]) -> str:
        return f"{self.name}({', '.join(map(repr, numbers))})"

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


if TYPE_CHECKING:

    @overload
    def primitive(
        *, slopes: None, **options: Unpack[Options]
    ) -> Callable[[Callable[[float], float]], Stepwise]: ...
    @overload
    def primitive(
        *, slopes: Sequence[Slope | None], **options: Unpack[Options]
    ) -> Callable[[Callable[..., Any]], Operation]: ...
    @overload
    def primitive(
        *, slopes: Slope, **options: Unpack[Options]
    ) -> Callable[[Callable[[float], float]], Elementary]: ...


def primitive(*, slopes: Any, **options: Any) -> Any:
    """Make an operation of a function of plain numbers; a decorator.

    It is then differentiated to any order, recorded, compiled, and checked like those of the
    library. Making one of a name that is there already replaces nothing: what uses the old one
    goes on using it.

    Args:
        slopes: the partial derivatives: for each operand a function of the result and of all
            operands, or None where the result does not vary with that operand. For one operand the
            function (or None) alone. They are written with operators and with functions of
            microtrain, and must not raise where the function itself does not: `ratio` and
            `ieee_power` give infinity instead.
        takes: what the operands may be, in words, for the `DomainError` that a ValueError or a
            ZeroDivisionError of the function becomes.
        exact: True for a function of rationals whose result is rational. Other functions get
            floats only.
        raises: False if it never raises, so that it may be left out where nobody uses its result.
        python, c, javascript: how the language writes it: an operator, the name of a function of
            the language's own, a template with the operands as {0} and {1}, or a function from the
            texts of the operands to one of these. Without it, Python calls your function; code
            that uses it cannot be written in the other languages.

    Raises `TypeError` for a function with anything but plain positional parameters, and
    `ValueError` for another number of slopes than of parameters.

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
    if not (slopes is None or callable(slopes) or isinstance(slopes, tuple | list)):
        raise TypeError(
            f"slopes expects a function or None for each operand, got {describe(slopes)}"
        )
    listed = tuple(slopes) if isinstance(slopes, tuple | list) else (slopes,)

    def decorate(function: Callable[..., Any]) -> Any:
        if not callable(function):
            raise TypeError(f"primitive expects a function, got {describe(function)}")
        name = getattr(function, "__name__", type(function).__name__)
        expected = _operands(name, function)
        if expected != len(listed):
            raise ValueError(
                f"{name} has {counted(expected, 'operand')} but {counted(len(listed), 'slope')}: "
                "slopes expects one for each operand, or None"
            )
        if odd := [slope for slope in listed if slope is not None and not callable(slope)]:
            raise TypeError(f"slopes of {name} expects functions or None, got {describe(odd[0])}")
        for language in ("python", "c", "javascript"):
            _check_text(f"{language} of {name}", options.get(language, ""))
        entry = Primitive(name, function, listed, **options)
        dispatcher = {1: _dispatch_one, 2: _dispatch_two}.get(expected, _dispatch_several)
        call: Any = functools.wraps(function)(dispatcher(entry))
        entry.call = call
        call.entry = entry
        return call

    return decorate


def _operands(name: str, function: Any) -> int:
    """Return how many operands a function takes."""
    code = getattr(function, "__code__", None)
    if code is None:  # a function of C, or an object that can be called
        import inspect

        try:
            kinds = [p.kind for p in inspect.signature(function).parameters.values()]
        except ValueError:
            raise TypeError(f"{name} does not tell its operands: call it in a def") from None
        plain = all(kind in (kind.POSITIONAL_ONLY, kind.POSITIONAL_OR_KEYWORD) for kind in kinds)
        count = len(kinds)
    else:
        plain = not (code.co_flags & 0x0C or code.co_kwonlyargcount or function.__defaults__)
        count = code.co_argcount
    if not plain or not count:
        raise TypeError(
            f"{name}: a primitive takes each operand as a positional parameter without a default, "
            "and at least one"
        )
    return count


OPERATORS = ("+", "-", "*", "/", "**", "<", "<=", ">", ">=", "&", "|")


def _check_text(name: str, text: Any) -> None:
    """Raise `ValueError` for what is no way to write an operation."""
    known = text in ("", *OPERATORS) or callable(text)
    if not known and not (isinstance(text, str) and (text.isidentifier() or "{" in text)):
        raise ValueError(
            f"{name} expects one of {' '.join(OPERATORS)}, the name of a function, a template with "
            f"{{0}} in it, or a function that returns one of these; got {describe(text)}"
        )


# The function of any operands. Floats are computed at once; whatever goes wrong with that,
# `Primitive.compute` says.


def _dispatch_one(entry: Primitive) -> Callable[..., Any]:
    function, specialised = entry.of_floats, entry.specialised

    def call(x: Any) -> Any:
        kind = type(x)
        if kind is float:
            try:
                y = function(x)
                if type(y) is float:
                    return y
            except Exception:
                pass
        elif kind in specialised:
            return specialised[kind](x)
        return entry.perform((x,))

    return call


def _dispatch_two(entry: Primitive) -> Callable[..., Any]:
    function, specialised = entry.of_floats, entry.specialised

    def call(a: Any, b: Any) -> Any:
        kind, other = type(a), type(b)
        if kind is float and other is float:
            try:
                y = function(a, b)
                if type(y) is float:
                    return y
            except Exception:
                pass
        elif kind in specialised:
            return specialised[kind](a, b)
        elif other in specialised:
            return specialised[other](a, b)
        return entry.perform((a, b))

    return call


def _dispatch_several(entry: Primitive) -> Callable[..., Any]:
    n = len(entry.slopes)

    def call(*operands: Any) -> Any:
        if len(operands) != n:
            raise TypeError(f"{entry.name} expects {n} operands, got {len(operands)}")
        return entry.perform(operands)

    return call
