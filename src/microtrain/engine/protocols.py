"""Types for type checkers alone: no module imports this one at run time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypedDict, TypeVar, overload

from .number import Operand
from .primitive import Primitive, Text
from .value import Value

N = TypeVar("N", bound=Operand)


class Options(TypedDict, total=False):
    """The options of `primitive`, beside its slopes."""

    takes: str
    exact: bool
    raises: bool
    python: Text
    c: Text
    javascript: Text


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


class Operation(Protocol):
    """A function of several operands."""

    entry: Primitive

    def __call__(self, *operands: Any) -> Any: ...
