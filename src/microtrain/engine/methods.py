"""What a Value has beside arithmetic: operations of the table as methods, comparisons, copies.

Where a gradient would be lost in silence, it refuses to be a number, and says what to write.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import describe
from . import piecewise, primitives
from .graph import topological_sort, variables
from .number import Number, Operand, as_number

if TYPE_CHECKING:
    from .value import Value

SHARED = ("data", "grad", "label", "op", "partials")  # by a copy and its original
LARGE = 50  # nodes; pickling as many by recursion comes near Python's limit


class Methods(Operand):
    """Base class of `Value`: ``v.tanh()`` is ``microtrain.tanh(v)``."""

    __slots__ = ()

    exp = primitives.exp
    expm1 = primitives.expm1
    log = primitives.log
    log1p = primitives.log1p
    log2 = primitives.log2
    log10 = primitives.log10
    sqrt = primitives.sqrt
    sin = primitives.sin
    cos = primitives.cos
    tan = primitives.tan
    asin = primitives.asin
    acos = primitives.acos
    atan = primitives.atan
    sinh = primitives.sinh
    cosh = primitives.cosh
    tanh = primitives.tanh
    asinh = primitives.asinh
    acosh = primitives.acosh
    atanh = primitives.atanh
    erf = primitives.erf
    erfc = primitives.erfc
    sigmoid = primitives.sigmoid
    softplus = primitives.softplus
    relu = piecewise.relu
    sign: ClassVar[Callable[[Any], float]] = piecewise.sign
    floor: ClassVar[Callable[[Any], float]] = piecewise.floor
    ceil: ClassVar[Callable[[Any], float]] = piecewise.ceil
    maximum: ClassVar[Callable[[Any, float | Value], Value]] = piecewise.maximum
    minimum: ClassVar[Callable[[Any, float | Value], Value]] = piecewise.minimum

    data: float

    def __bool__(self) -> bool:
        return bool(self.data)

    def __lt__(self, other: float | Value) -> bool:
        return self.data < number_in("<", other)

    def __le__(self, other: float | Value) -> bool:
        return self.data <= number_in("<=", other)

    def __gt__(self, other: float | Value) -> bool:
        return self.data > number_in(">", other)

    def __ge__(self, other: float | Value) -> bool:
        return self.data >= number_in(">=", other)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, bool) or as_number(other) is not NotImplemented:
            raise TypeError(
                f"a Value equals only itself: to compare its number, write v.data == {other!r}, "
                f"or, to compile it, mt.where((v <= {other!r}) & (v >= {other!r}), a, b)"
            )
        if self is not other and isinstance(other, Methods) and isinstance(self.data, Number):
            return bool(self.data == other.data)  # of symbols it is not known
        return self is other

    __hash__ = object.__hash__

    def __float__(self) -> float:
        raise TypeError(
            "a Value does not turn into a float by itself, as its gradient would be lost: "
            "use mt.exp(v) and the like instead of math.exp(v), dtype=object for an array of "
            "Values, or .data for the number alone"
        )

    def __index__(self) -> int:
        raise TypeError(
            "a Value is no index, count or int: bind what is no variable first, with "
            "functools.partial(f, n=3), or take int(v.data) of a Value of your own"
        )

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    def __copy__(self) -> Any:
        """Return a copy with the same parents, or a variable itself, as `__deepcopy__` does."""
        state: Any = object.__getstate__(self)
        attributes, slots = state
        kept = (*slots["parents"], *slots.values(), *(attributes or {}).values())
        return self.__deepcopy__({id(x): x for x in kept})

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """Return a copy of this and its graph, parents first.

        All copies go into the memo, so that others copied in the same call share them. A variable
        that a function is being differentiated by is not copied: its gradient would be lost.
        """
        from copy import deepcopy  # slow to import

        memo |= {id(variable): variable for variable in variables.get()}
        waiting: list[Any] = [self]
        while waiting:
            value = waiting.pop()
            if missing := [parent for parent in value.parents if id(parent) not in memo]:
                waiting += (value, *missing)
            elif id(value) not in memo:
                twin = memo[id(value)] = object.__new__(type(value))
                state: Any = object.__getstate__(value)
                attributes, slots = state  # the first are those of a subclass
                for name, x in ((attributes or {}) | slots).items():
                    setattr(twin, name, x if name in SHARED else deepcopy(x, memo))
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Return what pickle keeps: of a large graph a row for each operation, parents first."""
        root: Any = self
        order, leaves = topological_sort(root)
        if len(order) + len(leaves) < LARGE:
            return object.__reduce_ex__(self, protocol)
        places = {value: place for place, value in enumerate((*leaves, *order))}
        state = attrgetter(*SHARED)
        rows = [(type(v), state(v), [places[parent] for parent in v.parents]) for v in order]
        return _rebuilt, (leaves, rows)


def _rebuilt(leaves: list[Any], rows: Sequence[Any]) -> Any:
    """Return the value that `__reduce_ex__` took apart, with its graph."""
    values = list(leaves)
    for kind, state, places in rows:
        value = object.__new__(kind)
        for name, x in zip(SHARED, state):
            setattr(value, name, x)
        value.parents = tuple([values[place] for place in places])
        values.append(value)
    return values[-1]


def number_in(name: str, x: object) -> float:
    """Return the number in a Value, or any other number. Raises `TypeError` if it is neither."""
    found: float = x.data if isinstance(x, Methods) else as_number(x)
    if found is NotImplemented:
        raise TypeError(f"{name} expects a number or a Value, got {describe(x)}")
    return found
