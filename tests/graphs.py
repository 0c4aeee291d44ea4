"""Random expression graphs, and an independent way to differentiate them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

import microtrain as mt
from microtrain.engine import operators, piecewise, primitives
from microtrain.engine.primitive import Primitive


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


# Operations on one, two or three operands: their number, and a function of them. Those in RATIONAL
# map rationals to rationals.

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

# All others draw from the table of operations by themselves.

ENTRIES: dict[str, Primitive] = {
    entry.name: entry
    for module in (piecewise, operators, primitives)
    for found in vars(module).values()
    if isinstance(entry := getattr(found, "entry", found), Primitive)
}
FUNCTIONS = {name: entry.call for name, entry in ENTRIES.items() if 1 <= len(entry.slopes) <= 2}


def arity(name: str) -> int:
    return len(ENTRIES[name].slopes)


def is_step(name: str) -> bool:
    return all(slope is None for slope in ENTRIES[name].slopes)


def squash(a: Any) -> Any:
    return mt.tanh(a)


def positive(a: Any) -> Any:
    return a * a + 0.5


# How operands are kept where an operation is smooth, and finite differences are accurate. An
# operation that is not here takes any operands.
INSIDE: dict[str, Callable[..., tuple[Any, ...]]] = {
    **dict.fromkeys(("exp", "expm1", "sinh", "cosh", "tan"), lambda a: (squash(a),)),
    **dict.fromkeys(("log", "log1p", "log2", "log10", "_ieee_log"), lambda a: (positive(a),)),
    **dict.fromkeys(("sqrt", "relu"), lambda a: (positive(a),)),
    **dict.fromkeys(("asin", "acos", "atanh"), lambda a: (squash(a) * 0.9,)),
    "acosh": lambda a: (a * a + 1.5,),
    "log_base": lambda a, b: (positive(a), b),
    **dict.fromkeys(("atan2", "ratio"), lambda a, b: (a, positive(b))),
    "ieee_power": lambda a, b: (positive(a), squash(b)),
    **dict.fromkeys(("maximum", "minimum"), lambda a, b: (b, a * a + b + 0.1)),
}


# What has a domain, and no line above: a test says so.
OUTSIDE = {
    name: FUNCTIONS[name].entry.takes
    for name in FUNCTIONS
    if getattr(FUNCTIONS[name], "entry", None) is not None
    and FUNCTIONS[name].entry.takes not in ("", "a finite number")
    and name not in INSIDE
}


def smooth(name: str) -> tuple[int, Callable[..., Any]]:
    """Return a primitive with its operands kept inside."""
    function, inside = FUNCTIONS[name], INSIDE.get(name, lambda *operands: operands)
    return arity(name), lambda *operands: function(*inside(*operands))


# Operations that have a derivative everywhere, and keep numbers in a range where differences are
# accurate.
SMOOTH = {
    **{name: smooth(name) for name in FUNCTIONS if not is_step(name) and name not in OUTSIDE},
    "add": (2, lambda a, b: a + b),
    "subtract": (2, lambda a, b: a - b),
    "multiply": (2, lambda a, b: a * b),
    "divide": (2, lambda a, b: a / (b * b + 1.0)),
    "divide a number": (1, lambda a: 2.0 / positive(a)),
    "divide by a number": (1, lambda a: a / -1.5),
    "plus": (1, lambda a: 0.7 + a),
    "minus": (1, lambda a: 0.7 - a),
    "times": (1, lambda a: 1.3 * a),
    "neg": (1, lambda a: -a),
    "square": (1, lambda a: a**2 / 2),
    "cube": (1, lambda a: (a / 2) ** 3),
    "to the 1.7": (1, lambda a: positive(a) ** 1.7 / 4),
    "to the -1": (1, lambda a: (a * a + 1.0) ** -1),
    "to the 0": (1, lambda a: a**0),
    "number to a power": (1, lambda a: 1.5 ** squash(a)),
    "power": (2, lambda a, b: positive(a) ** squash(b)),
    "abs away from 0": (1, lambda a: abs(-1 * (a * a) - 0.1)),
    "maximum of a number, away from a tie": (1, lambda a: mt.maximum(a - 1.0, a)),
    "where, of what meets": (2, lambda a, b: mt.where(a > 0.5, (a - 0.5) ** 3 + b, b)),
    "clip, away from its bounds": (1, lambda a: mt.clip(squash(a), -1.5, 1.5) * 2),
    "softmax": (3, lambda a, b, c: mt.softmax([a, b, c])[1]),
    "dot": (3, lambda a, b, c: squash(mt.dot([a, 0.5, b], [b, c, c], a))),
    "cross-entropy": (3, lambda a, b, c: mt.cross_entropy([a, b, c], 1)),
    "hinge away from its corner": (1, lambda a: mt.hinge(squash(a) / 2, -1)),
    "squared error": (2, lambda a, b: mt.squared_error([a, b], [0.5, -0.5]) / 4),
}


def stepped(name: str) -> tuple[int, Callable[..., Any]]:
    """Return a step times its operand, as of a Value it is a plain number."""
    return 1, lambda a: FUNCTIONS[name](a) * a


# Operations with jumps and kinks: for what compares one way to compute with another.
STEPS = {
    **{name: stepped(name) for name in FUNCTIONS if is_step(name)},
    "plain power": (1, lambda a: mt.floor(a) ** 3 + a),
    "relu at 0": (1, lambda a: mt.relu(a)),
    "maximum of both": (2, lambda a, b: mt.maximum(a, b) + mt.minimum(a, b) * a),
    "where": (2, lambda a, b: mt.where((a > 0) & (b <= 1), a * b, a + b)),
    "where, else": (2, lambda a, b: mt.where((a >= b) | (b < -1), b, -a)),
    "clip": (2, lambda a, b: mt.clip(a, -1, b)),
}


def lifted(x: Any) -> Any:
    return x if isinstance(x, mt.Value) else mt.Value(x)


# Everything as it is, at any numbers: it may overflow, or be undefined. Steps of Values are plain
# numbers there. What Python itself does with those, it does in words of its own, so that at least
# one side of a quotient or a power is a Value, and the exponent of an `ieee_power`.
RAW = {
    **{name: (arity(name), FUNCTIONS[name]) for name in FUNCTIONS},
    "ieee_power": (2, lambda a, b: mt.ieee_power(a, lifted(b))),
    "add": (2, lambda a, b: a + b),
    "subtract": (2, lambda a, b: a - b),
    "multiply": (2, lambda a, b: a * b),
    "divide": (2, lambda a, b: lifted(a) / b),
    "divide, right": (2, lambda a, b: a / lifted(b)),
    "neg": (1, lambda a: -a),
    "abs": (1, abs),
    "one minus": (1, lambda a: 1 - a),
    "twice": (1, lambda a: 2 * a),
    "half": (1, lambda a: a / 2),
    "inverse": (1, lambda a: 1 / lifted(a)),
    "power": (2, lambda a, b: lifted(a) ** b),
    "power, right": (2, lambda a, b: a ** lifted(b)),
    **{f"to the {n}": (1, lambda a, n=n: lifted(a) ** n) for n in (0, 1, 2, 3, -1, -2, 0.5, -1.5)},
    **{f"{c} to the": (1, lambda a, c=c: c ** lifted(a)) for c in (2, 0.5)},
    "where": (3, lambda a, b, c: mt.where(a > 0, b, c)),
    "where, both": (3, lambda a, b, c: mt.where((a < b) & (b <= c), a, c)),
    "where, either": (3, lambda a, b, c: mt.where((a >= b) | (b > c), b, 1)),
    "clip": (1, lambda a: mt.clip(a, -1, 1)),
    "clip to operands": (3, mt.clip),
    "softmax": (3, lambda a, b, c: mt.softmax([a, b, c])[1]),
    "dot": (3, lambda a, b, c: mt.dot([a, 0.5, b], [b, c, c], a)),
    "cross-entropy": (2, lambda a, b: mt.cross_entropy([lifted(a), b], 1)),
    "hinge": (1, lambda a: mt.hinge(lifted(a), -1)),
}

TABLES = {"rational": RATIONAL, "smooth": SMOOTH, "all": SMOOTH | STEPS, "raw": RAW}


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
            function = TABLES[self.table][name][1]
            nodes.append(function(*(nodes[i % len(nodes)] for i in operands)))
        return nodes[-1]


@st.composite
def graphs(draw: st.DrawFn, table: str = "smooth", most: int = 12, leaves: int = 4) -> Graph:
    arity = {name: n for name, (n, _) in sorted(TABLES[table].items())}
    operations = draw(
        st.lists(
            st.sampled_from([*arity]).flatmap(
                lambda name: st.tuples(
                    st.just(name), st.tuples(*[st.integers(0, 30)] * arity[name])
                )
            ),
            min_size=1,
            max_size=most,
        )
    )
    return Graph(draw(st.integers(1, leaves)), tuple(operations), table)


# Floats of all kinds.
INF, NAN = math.inf, math.nan
EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -1.5, 5e-324, 1e-310, 1e-160, 709.0, 710.0]
EDGES += [1e308, -1e308, INF, -INF, NAN]
ANY = st.sampled_from(EDGES) | st.floats()


def floats(size: float = 2.0) -> st.SearchStrategy[float]:
    return st.floats(-size, size, allow_subnormal=False)


# For each loss: of how many outputs it is, at least and at most, and the targets for so many.
LOSSES: dict[Callable[..., Any], tuple[int, int, Callable[[int], st.SearchStrategy[Any]]]] = {
    mt.squared_error: (1, 3, lambda n: st.lists(floats(), min_size=n, max_size=n)),
    mt.hinge: (1, 1, lambda n: st.sampled_from([-1, 1.0])),
    mt.cross_entropy: (2, 3, lambda n: st.integers(0, n - 1)),
}


@st.composite
def plans(draw: st.DrawFn, n: int) -> dict[str, Any]:
    """Draw options of `train` for n samples: all but the loss, the rate and the steps."""
    return {
        "reduction": draw(st.sampled_from(["sum", "mean"])),
        "batch_size": draw(st.none() | st.integers(1, n)),
        "accumulate": draw(st.integers(1, 3)),
        "zero_grad": draw(st.booleans()),
        "target_loss": draw(st.none() | st.sampled_from([0.1, 1.0])),
        "seed": draw(st.integers(0, 9)),
    }


@st.composite
def losses(draw: st.DrawFn) -> tuple[Callable[..., Any], int, st.SearchStrategy[Any]]:
    """Draw a loss and a number of outputs; return them with a strategy for targets."""
    loss = draw(st.sampled_from([*LOSSES]))
    least, most, targets = LOSSES[loss]
    n_out = draw(st.integers(least, most))
    return loss, n_out, targets(n_out)


def points(n: int, size: float = 2.0) -> st.SearchStrategy[list[float]]:
    return st.lists(floats(size), min_size=n, max_size=n)


def rationals(n: int) -> st.SearchStrategy[list[Fraction]]:
    one = st.builds(Fraction, st.integers(-4, 4), st.integers(1, 4))
    return st.lists(one, min_size=n, max_size=n)


# Ways to compute, and what comes of them.


def bits(x: Any) -> Any:
    """Return floats, in whatever nesting, as text that tells every bit (but a NaN's own)."""
    if isinstance(x, list | tuple):
        return [bits(part) for part in x]
    return x.hex() if type(x) is float else f"{type(x).__name__} {x!r}"


def outcome(function: Callable[..., Any], *args: Any) -> Any:
    """Return the bits of what a function returns, or its error."""
    try:
        return bits(function(*args))
    except (ArithmeticError, ValueError, TypeError) as error:
        return type(error), str(error)


def named(graph: Graph) -> Callable[..., Any]:
    """Return the graph as a function with a fixed number of arguments."""
    names = ", ".join(f"x{i}" for i in range(graph.n_leaves))
    return eval(f"lambda {names}: graph({names})", {"graph": graph})  # type: ignore[no-any-return]


def eagerly(f: Callable[..., Any], *args: float) -> tuple[Any, Any]:
    """Return the value and the gradient that the engine gives, as `value_and_grad` does."""
    leaves = [mt.Value(x) for x in args]
    result = lifted(f(*leaves))
    result.backward()
    grads = tuple(leaf.grad for leaf in leaves)
    return result.data, grads[0] if len(grads) == 1 else grads


def forward(f: Callable[..., Any], *args: float) -> Any:
    """Return the value that the engine gives."""
    return lifted(f(*map(mt.Value, args))).data
