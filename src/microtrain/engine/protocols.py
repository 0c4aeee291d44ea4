"""Types for type checkers alone: no module imports this one at run time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, overload

from .number import Operand
from .primitive import Slope
from .value import Value

N = TypeVar("N", bound=Operand)
Slopes_co = TypeVar("Slopes_co", covariant=True)


class Elementary(Protocol):
    """A function of one number: a float for a float, a Value for a Value; or a method."""

    @overload
    def __call__(self, x: float, /) -> float: ...
    @overload
    def __call__(self, x: N, /) -> N: ...
    @overload
    def __get__(self, instance: None, owner: type) -> Callable[[Value], Value]: ...
    @overload
    def __get__(self, instance: Value, owner: type) -> Callable[[], Value]: ...


# A function of one number that has no slope: of a Value, too, it returns a plain number.
Stepwise = Callable[[float | Value], float]


class Decorator(Protocol[Slopes_co]):
    """What makes an operation of a function of plain numbers."""

    @overload
    def __call__(self: Decorator[None], function: Callable[[float], float], /) -> Stepwise: ...
    @overload
    def __call__(self: Decorator[Slope], function: Callable[[float], float], /) -> Elementary: ...
    @overload
    def __call__(self, function: Callable[..., Any], /) -> Callable[..., Any]: ...
