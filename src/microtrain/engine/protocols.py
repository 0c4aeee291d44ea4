"""Types that only type checkers read. Nothing imports this module at run time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, Self, TypedDict, TypeVar, overload

from .number import Operand
from .primitive import Primitive, Text
from .value import Value

N = TypeVar("N", bound=Operand)


class Options(TypedDict, total=False):
    """What an entry may say beside its slopes."""

    takes: str
    exact: bool
    raises: bool
    python: Text
    c: Text
    javascript: Text


class Elementary(Protocol):
    """A function of one number: a float for a float, a Value for a Value."""

    entry: Primitive

    @overload
    def __call__(self, x: float, /) -> float: ...
    @overload
    def __call__(self, x: N, /) -> N: ...


class Stepwise(Protocol):
    """A function of one number that is constant between its jumps: always a plain number."""

    entry: Primitive

    def __call__(self, x: float | Value, /) -> float: ...


class Operation(Protocol):
    """A function of several operands."""

    entry: Primitive

    def __call__(self, *operands: Any) -> Any: ...


class Method(Protocol):
    """A method without arguments that returns a Value."""

    @overload
    def __get__(self, instance: None, owner: type) -> Callable[[Value], Value]: ...
    @overload
    def __get__(self, instance: Value, owner: type) -> Callable[[], Value]: ...


class Step(Protocol):
    """A method without arguments that returns a plain number, as its slope is 0."""

    @overload
    def __get__(self, instance: None, owner: type) -> Callable[[Value], float]: ...
    @overload
    def __get__(self, instance: Value, owner: type) -> Callable[[], float]: ...


class Node(Protocol):
    """What a walk over a graph needs of a value."""

    data: Any
    grad: Any

    @property
    def parents(self) -> tuple[Self, ...]: ...
    @property
    def partials(self) -> tuple[Any, ...]: ...
