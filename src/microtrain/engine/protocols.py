"""Types for type checkers alone: no module imports this one at run time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, overload

from .number import Operand
from .primitive import Primitive, Slope
from .value import Value

N = TypeVar("N", bound=Operand)
Slopes_co = TypeVar("Slopes_co", covariant=True)


class Elementary(Protocol):
    """A function of one number: a float for a float, a Value for a Value; or a method."""

    entry: Primitive

    @overload
    def __call__(self, x: float, /) -> float: ...
    @overload
    def __call__(self, x: N, /) -> N: ...
    @overload
    def __get__(self, instance: None, owner: type) -> Callable[[Value], Value]: ...
    @overload
    def __get__(self, instance: Value, owner: type) -> Callable[[], Value]: ...


class Stepwise(Protocol):
    """A function of one number that has no slope, or a method: always a plain number."""

    entry: Primitive

    def __call__(self, x: float | Value, /) -> float: ...
    @overload
    def __get__(self, instance: None, owner: type) -> Callable[[Value], float]: ...
    @overload
    def __get__(self, instance: Value, owner: type) -> Callable[[], float]: ...


class Decorator(Protocol[Slopes_co]):
    """What makes an operation of a function of plain numbers."""

    @overload
    def __call__(self: Decorator[None], function: Callable[[float], float], /) -> Stepwise: ...
    @overload
    def __call__(self: Decorator[Slope], function: Callable[[float], float], /) -> Elementary: ...
    @overload
    def __call__(self, function: Callable[..., Any], /) -> Callable[..., Any]: ...
