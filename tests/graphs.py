"""Random expression graphs, and an independent way to differentiate them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

import microtrain as mt


@dataclass(frozen=True)
class Dual:
    """A rational number with its derivatives by every leaf: forward mode, as an oracle."""

    value: Fraction
    slopes: tuple[Fraction, ...]

    @staticmethod
    def leaves(values: list[Fraction]) -> list[Dual]:
        n = len(values)
        return [
            Dual(v, tuple(Fraction(int(i == j)) for j in range(n))) for i, v in enumerate(values)
        ]

    def _lift(self, other: Any) -> Dual:
        return other if isinstance(other, Dual) else Dual(Fraction(other), (Fraction(0),) * self.n)

    @property
    def n(self) -> int:
        return len(self.slopes)

    def _chain(self, value: Fraction, *pairs: tuple[Any, Dual]) -> Dual:
        slopes = tuple(sum(k * d.slopes[i] for k, d in pairs) for i in range(self.n))
        return Dual(value, slopes)

    def __add__(self, other: Any) -> Dual:
        o = self._lift(other)
        return self._chain(self.value + o.value, (1, self), (1, o))

    __radd__ = __add__

    def __mul__(self, other: Any) -> Dual:
        o = self._lift(other)
        return self._chain(self.value * o.value, (o.value, self), (self.value, o))

    __rmul__ = __mul__

    def __neg__(self) -> Dual:
        return self * -1

    def __sub__(self, other: Any) -> Dual:
        return self + -self._lift(other)

    def __rsub__(self, other: Any) -> Dual:
        return self._lift(other) - self

    def __truediv__(self, other: Any) -> Dual:
        o = self._lift(other)
        return self * o._chain(1 / o.value, (-1 / (o.value * o.value), o))

    def __rtruediv__(self, other: Any) -> Dual:
        return self._lift(other) / self

    def __pow__(self, n: int) -> Dual:
        slope = n * self.value ** (n - 1) if n else 0
        return self._chain(self.value**n, (slope, self))

    def relu(self) -> Dual:
        return self * int(self.value > 0)

    def __abs__(self) -> Dual:
        return self * ((self.value > 0) - (self.value < 0))

    def maximum(self, other: Any) -> Dual:
        o = self._lift(other)
        if self.value == o.value:
            return (self + o) / 2
        return self if self.value > o.value else o

    def minimum(self, other: Any) -> Dual:
        o = self._lift(other)
        return -(-self).maximum(-o)

    def dot3(self, b: Dual, c: Dual) -> Dual:
        return 2 + self * b + b * c + c * Fraction(1, 2)


# Operations on one, two or three operands. Those in RATIONAL map rationals to rationals; those in
# SMOOTH have a derivative everywhere, and keep numbers in a range where differences are accurate.

RATIONAL = {
    "neg": (1, lambda a: -a),
    "pos": (1, lambda a: +a if isinstance(a, mt.Value) else a),
    "abs": (1, abs),
    "square": (1, lambda a: a**2),
    "cube": (1, lambda a: a**3),
    "to the 0": (1, lambda a: a**0),
    "inverse square": (1, lambda a: (a * a + 1) ** -2),
    "plus": (1, lambda a: a + 2),
    "plus, left": (1, lambda a: Fraction(1, 3) + a),
    "minus": (1, lambda a: a - 1),
    "minus, left": (1, lambda a: 3 - a),
    "times": (1, lambda a: a * 3),
    "times, left": (1, lambda a: Fraction(-1, 2) * a),
    "over": (1, lambda a: a / 3),
    "over, left": (1, lambda a: 2 / (a * a + 1)),
    "relu": (1, lambda a: a.relu()),
    "add": (2, lambda a, b: a + b),
    "subtract": (2, lambda a, b: a - b),
    "multiply": (2, lambda a, b: a * b),
    "divide": (2, lambda a, b: a / (b * b + 1)),
    "maximum": (2, lambda a, b: a.maximum(b)),
    "minimum": (2, lambda a, b: a.minimum(b)),
    "maximum of a number": (1, lambda a: a.maximum(1)),
    "dot": (
        3,
        lambda a, b, c: (
            mt.dot([a, b, c], [b, c, Fraction(1, 2)], 2)
            if isinstance(a, mt.Value)
            else a.dot3(b, c)
        ),
    ),
}

SMOOTH = {
    "add": (2, lambda a, b: a + b),
    "subtract": (2, lambda a, b: a - b),
    "multiply": (2, lambda a, b: a * b),
    "divide": (2, lambda a, b: a / (b * b + 1.0)),
    "divide a number": (1, lambda a: 2.0 / (a * a + 0.5)),
    "divide by a number": (1, lambda a: a / -1.5),
    "plus": (1, lambda a: 0.7 + a),
    "minus": (1, lambda a: 0.7 - a),
    "times": (1, lambda a: 1.3 * a),
    "neg": (1, lambda a: -a),
    "square": (1, lambda a: a**2 / 2),
    "cube": (1, lambda a: (a / 2) ** 3),
    "to the 1.7": (1, lambda a: (a * a + 0.5) ** 1.7 / 4),
    "to the -1": (1, lambda a: (a * a + 1.0) ** -1),
    "to the 0": (1, lambda a: a**0),
    "number to a power": (1, lambda a: 1.5 ** a.tanh()),
    "power": (2, lambda a, b: (a * a + 0.5) ** b.tanh()),
    "exp": (1, lambda a: a.tanh().exp()),
    "log": (1, lambda a: (a * a + 0.5).log()),
    "sqrt": (1, lambda a: (a * a + 0.5).sqrt()),
    "sin": (1, lambda a: a.sin()),
    "cos": (1, lambda a: a.cos()),
    "tanh": (1, lambda a: a.tanh()),
    "sigmoid": (1, lambda a: a.sigmoid()),
    "softplus": (1, lambda a: a.softplus()),
    "dot": (3, lambda a, b, c: mt.dot([a, 0.5, b], [b, c, c], a).tanh()),
    "relu away from 0": (1, lambda a: (a * a + 0.1).relu()),
    "abs away from 0": (1, lambda a: abs(-1 * (a * a) - 0.1)),
    "maximum away from a tie": (1, lambda a: a.maximum(a - 1.0)),
    "minimum away from a tie": (2, lambda a, b: b.minimum(a * a + b + 0.1)),
    "cross-entropy": (3, lambda a, b, c: mt.cross_entropy([a, b, c], 1)),
    "hinge away from its corner": (1, lambda a: mt.hinge(a.tanh() / 2, -1)),
    "squared error": (2, lambda a, b: mt.squared_error([a, b], [0.5, -0.5]) / 4),
}


@dataclass(frozen=True)
class Graph:
    """Leaves, and operations on any of what is there so far; the last one is the result.

    Operands are picked anywhere, so nodes are shared, and some lead nowhere.
    """

    n_leaves: int
    operations: tuple[tuple[str, tuple[int, ...]], ...]
    table: str

    def __call__(self, *leaves: Any) -> Any:
        nodes = list(leaves)
        for name, operands in self.operations:
            function = (RATIONAL if self.table == "rational" else SMOOTH)[name][1]
            nodes.append(function(*(nodes[i % len(nodes)] for i in operands)))
        return nodes[-1]


@st.composite
def graphs(draw: st.DrawFn, table: str = "smooth", most: int = 12) -> Graph:
    names = sorted(RATIONAL if table == "rational" else SMOOTH)
    arity = {name: (RATIONAL if table == "rational" else SMOOTH)[name][0] for name in names}
    operations = draw(
        st.lists(
            st.sampled_from(names).flatmap(
                lambda name: st.tuples(
                    st.just(name), st.tuples(*[st.integers(0, 30)] * arity[name])
                )
            ),
            min_size=1,
            max_size=most,
        )
    )
    return Graph(draw(st.integers(1, 4)), tuple(operations), table)


def floats(size: float = 2.0) -> st.SearchStrategy[float]:
    return st.floats(-size, size, allow_subnormal=False)


def points(n: int, size: float = 2.0) -> st.SearchStrategy[list[float]]:
    return st.lists(floats(size), min_size=n, max_size=n)


def rationals(n: int) -> st.SearchStrategy[list[Fraction]]:
    one = st.builds(Fraction, st.integers(-4, 4), st.integers(1, 4))
    return st.lists(one, min_size=n, max_size=n)
