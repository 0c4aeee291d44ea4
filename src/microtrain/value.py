"""The scalar autograd engine: a number that remembers how it was computed.

Each operation on a `Value` makes a new one and stores, there and then, its parents and its local
partial derivatives: what the result changes by, per unit of each parent. The derivative stands
beside the operation. `backward()` then needs no calculus: it walks the graph from the result to the
leaves and adds ``partial * grad`` to each parent.

To add an operation, compute its value and its partials with arithmetic and the functions of
`microtrain.functions`, and hand them to `node`; nothing else in the project has to know. (Where a
function is missing there, CONTRIBUTING.md says how to add one.)

The engine does not care what a number is: `data` may be a float, an exact `fractions.Fraction` or
any `microtrain.number.Number`. So partials that are constants are written as ints, which leave
all of them as they are, and what is no operator comes from `microtrain.functions` and
`microtrain.arithmetic`.
"""

from __future__ import annotations

import copy

from . import functions
from .arithmetic import (
    choose,
    compare,
    divide,
    exponential,
    power,
    power_slope,
    quiet_power,
    ratio,
)
from .draw import dot
from .draw.tables import html_table
from .errors import describe
from .graph import propagate, size, to_dot, topological_sort, zero_and_seed
from .number import Number, as_number, number, of_kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction
    from typing import Any, Self

_new: Any = object.__new__

LARGE = 50  # nodes; pickling as many, one within the other, comes near the recursion limit
DRAWN = 300  # a graph of more nodes than this is no longer a picture


class Value:
    """A scalar that records the operations applied to it, to compute gradients.

    `data` is a float, int or NumPy scalar (kept as a float), a `fractions.Fraction` (kept exact) or
    a `microtrain.number.Number`; anything else is a `TypeError`.

    Attributes:
        data: the number.
        grad: the derivative of what `backward` was called on by this value.
        label: a name to show in drawings.
        op: the operation that made it ("" for a leaf).
        parents: the Values it was computed from.
        partials: its derivative by each of them.

    Operators take numbers and Values on either side; a number makes no node. What is no real
    number, or none that fits a float, raises (`DomainError`, `ZeroDivisionError`, `OverflowError`),
    where PyTorch goes on with NaN and infinities; sums and products may become infinite. ``<``,
    ``<=``, ``>``, ``>=`` and ``bool`` go by `data`. Two Values are ``==`` only if they are the same
    object.

    `copy.deepcopy` keeps what values share, among all that is copied in one call: a list of values,
    say, or a model and its loss. `pickle` does so within the graph of one value only: two values of
    one large graph come back with nothing but their leaves in common.

    >>> a, b = Value(2.0), Value(-3.0)
    >>> c = a * b + a**2
    >>> c.backward()
    >>> c.data, a.grad, b.grad
    (-2.0, 1.0, 2.0)
    """

    __slots__ = ("data", "grad", "label", "op", "parents", "partials")

    data: float
    grad: float
    label: str
    op: str
    parents: tuple[Value, ...]
    partials: tuple[float, ...]

    def __init__(
        self,
        data: float | Fraction | Number,
        label: str = "",
        _op: str = "",
        *,
        _children: Sequence[Value] = (),
    ) -> None:
        found = as_number(data)
        if found is NotImplemented:
            hint = "; use it as it is, or its .data" if isinstance(data, Value) else ""
            raise TypeError(f"Value expects a number, got {describe(data)}{hint}")
        if type(found) is int:
            found = number("Value", found)
        if _children or isinstance(label, tuple | set):  # as in micrograd
            raise ValueError(
                "Value can't be given parents by hand, as it would have no derivatives: "
                "microtrain.value.node(data, op, parents, partials) makes one that has"
            )
        if not isinstance(label, str):
            raise TypeError(f"label expects a str, got {describe(label)}")
        self.data = found
        self.grad = 0.0 if type(found) is float else 0
        self.label = label
        self.op = _op
        self.parents = ()
        self.partials = ()

    # Arithmetic: each operation with its partial derivatives.

    def __add__(self, other: float | Value) -> Value:
        if isinstance(other, Value):
            return node(self.data + other.data, "+", (self, other), (1, 1))
        if (c := as_number(other)) is NotImplemented:
            return NotImplemented
        return node(self.data + c, "+", (self,), (1,))

    __radd__ = __add__

    def __sub__(self, other: float | Value) -> Value:
        if isinstance(other, Value):
            return node(self.data - other.data, "-", (self, other), (1, -1))
        if (c := as_number(other)) is NotImplemented:
            return NotImplemented
        return node(self.data - c, "-", (self,), (1,))

    def __rsub__(self, other: float) -> Value:
        if (c := as_number(other)) is NotImplemented:
            return NotImplemented
        return node(c - self.data, "-", (self,), (-1,))

    def __mul__(self, other: float | Value) -> Value:
        if isinstance(other, Value):
            return node(self.data * other.data, "*", (self, other), (other.data, self.data))
        if (c := as_number(other)) is NotImplemented:
            return NotImplemented
        return node(self.data * c, "*", (self,), (c,))

    __rmul__ = __mul__

    def __truediv__(self, other: float | Value) -> Value:
        if isinstance(other, Value):
            quotient = divide(self.data, other.data)  # b * b may underflow, so b divides it twice
            partials = (ratio(1, other.data), ratio(-quotient, other.data))
            return node(quotient, "/", (self, other), partials)
        if (c := as_number(other)) is NotImplemented:
            return NotImplemented
        c = of_kind(self.data, c)  # 1/3 is to be exact beside a Fraction
        return node(divide(self.data, c), "/", (self,), (ratio(1, c),))

    def __rtruediv__(self, other: float) -> Value:
        if (c := as_number(other)) is NotImplemented:
            return NotImplemented
        quotient = divide(c, self.data)
        return node(quotient, "/", (self,), (ratio(-quotient, self.data),))

    def __pow__(self, other: float | Value) -> Value:
        """Return self ** other; the base must be above 0 if the exponent is a Value.

        The slope at 0 may be infinite (``x ** 0.5``); that of ``x ** 0`` is 0 everywhere. At -0.0
        and -inf, ``x ** 0.5`` is 0.0 and inf, as in C; PyTorch takes a square root.
        """
        x = self.data
        if isinstance(other, Value):
            n = other.data
            y, by_exponent = exponential(x, n)
            return node(y, "**", (self, other), (n * quiet_power(x, n - 1), by_exponent))
        if (n := as_number(other)) is NotImplemented:
            return NotImplemented
        y = power(x, n)
        return node(y, "**" if isinstance(n, Number) else f"**{n}", (self,), (power_slope(x, n),))

    def __rpow__(self, other: float) -> Value:
        if (c := as_number(other)) is NotImplemented:
            return NotImplemented
        y, by_exponent = exponential(of_kind(self.data, c), self.data)
        return node(y, "**", (self,), (by_exponent,))

    def __neg__(self) -> Value:
        return node(-self.data, "neg", (self,), (-1,))

    def __pos__(self) -> Value:
        return self

    def __abs__(self) -> Value:
        """Return the absolute value; its slope at 0 is taken as 0."""
        return node(abs(self.data), "abs", (self,), (compare(self.data, 0),))

    # Elementary functions.

    def exp(self) -> Value:
        """Return e to this power. Raises `OverflowError` above about 709.78."""
        y = functions.exp(self.data)
        return node(y, "exp", (self,), (y,))

    def log(self) -> Value:
        """Return the natural logarithm. Raises `DomainError` unless data > 0."""
        return node(functions.log(self.data), "log", (self,), (ratio(1, self.data),))

    def sqrt(self) -> Value:
        """Return the square root; its slope at 0 is inf. Raises `DomainError` unless data >= 0."""
        y = functions.sqrt(self.data)
        return node(y, "sqrt", (self,), (0.5 * quiet_power(y, -1),))

    def sin(self) -> Value:
        """Return the sine, of radians."""
        return node(functions.sin(self.data), "sin", (self,), (functions.cos(self.data),))

    def cos(self) -> Value:
        """Return the cosine, of radians."""
        return node(functions.cos(self.data), "cos", (self,), (-functions.sin(self.data),))

    def tanh(self) -> Value:
        """Return the hyperbolic tangent."""
        t = functions.tanh(self.data)
        return node(t, "tanh", (self,), (1 - t * t,))

    def sigmoid(self) -> Value:
        """Return 1 / (1 + exp(-self))."""
        s = functions.sigmoid(self.data)
        # s * (1 - s), without the cancellation where s is close to 1
        return node(s, "sigmoid", (self,), (s * functions.sigmoid(-self.data),))

    def relu(self) -> Value:
        """Return self where data is positive, else 0; the slope at 0 is taken as 0."""
        return node(functions.relu(self.data), "relu", (self,), (functions.step(self.data),))

    def softplus(self) -> Value:
        """Return log(1 + exp(self))."""
        slope = functions.sigmoid(self.data)
        return node(functions.softplus(self.data), "softplus", (self,), (slope,))

    def log1p(self) -> Value:
        """Return log(1 + self), accurate for small data. Raises `DomainError` unless data > -1."""
        return node(functions.log1p(self.data), "log1p", (self,), (ratio(1, 1 + self.data),))

    def maximum(self, other: float | Value) -> Value:
        """Return the larger of the two; where they are equal each gets half of the gradient."""
        return self._extreme(functions.maximum, other, 1)

    def minimum(self, other: float | Value) -> Value:
        """Return the smaller of the two; where they are equal each gets half of the gradient."""
        return self._extreme(functions.minimum, other, -1)

    def _extreme(self, function: Callable[..., Any], other: float | Value, sign: int) -> Value:
        y = of_kind(self.data, number_in(other, function.__name__))
        x = self.data  # of the same kind, whichever is the larger
        extreme, order = function(x, y), sign * compare(x, y)
        parents = (self, other) if isinstance(other, Value) else (self,)
        return node(extreme, function.__name__, parents, ((1 + order) / 2, (1 - order) / 2))

    # What slopes are made of, so that slopes have slopes too.

    def step(self) -> float:
        """Return the slope of `relu`, which is constant on either side of 0."""
        return functions.step(self.data)

    def compare(self, other: float | Value) -> float:
        """Return the slope of ``abs(self - other)``, which is constant on either side of 0."""
        slope: float = compare(self.data, number_in(other, "compare"))
        return slope

    def choose(self, a: float | Value, b: float | Value) -> Value:
        """Return `a` where this is above 0, else `b`."""
        x, y = number_in(a, "choose"), number_in(b, "choose")
        slopes = [(a, choose(self.data, 1, 0)), (b, choose(self.data, 0, 1))]
        recorded = [(z, slope) for z, slope in slopes if isinstance(z, Value)]
        parents, partials = zip(*recorded) if recorded else ((), ())
        return node(choose(self.data, x, y), "choose", parents, partials)

    def quiet_power(self, n: float | Value) -> Value:
        """Return self ** n, infinite (for an n that is a number) where that would raise."""
        if isinstance(n, Value):
            return self**n
        slope = n * quiet_power(self.data, n - 1)
        return node(quiet_power(self.data, n), f"**{n}", (self,), (slope,))

    def quiet_power_of(self, base: float) -> Value:
        """Return base ** self."""
        return base**self

    # The chain rule.

    def backward(self, grad: float = 1.0) -> None:
        """Add the derivative of ``grad * self`` by each leaf to that leaf's `.grad`.

        Gradients of leaves accumulate from call to call until they are reset, as in PyTorch: a
        second pass leaves exactly twice the gradient. The values in between are scratch paper:
        their `.grad` holds the derivative from the last pass alone.

        A leaf's `data` that was assigned by hand is looked at here: an int or a NumPy scalar
        becomes a float, and what is no number is a `TypeError`.

        >>> x = Value(3.0)
        >>> y = x * x
        >>> y.backward(); y.backward()
        >>> x.grad, y.grad
        (12.0, 1.0)
        """
        seed = as_number(grad)
        if seed is NotImplemented:
            raise TypeError(f"backward expects grad to be a number, got {describe(grad)}")
        order, leaves = topological_sort(self)
        odd = [leaf for leaf in leaves if type(leaf.data) is not float]
        for leaf in odd:
            leaf.data = _checked(leaf.data)
        zero, seed = zero_and_seed(self, seed)
        before = [leaf.grad for leaf in leaves]
        for leaf in leaves:
            leaf.grad = zero
        propagate(self, seed, order, zero)
        for leaf, earlier in zip(leaves, before):
            leaf.grad = earlier + leaf.grad
        if odd:  # a NumPy scalar among the data has made the gradients NumPy scalars, too
            for leaf in leaves:
                leaf.grad = as_number(leaf.grad)

    # Behaving like a number, up to where a gradient would be lost in silence.

    def __bool__(self) -> bool:
        return bool(self.data)

    def __lt__(self, other: float | Value) -> bool:
        return bool(self.data < number_in(other, "<"))

    def __le__(self, other: float | Value) -> bool:
        return bool(self.data <= number_in(other, "<="))

    def __gt__(self, other: float | Value) -> bool:
        return bool(self.data > number_in(other, ">"))

    def __ge__(self, other: float | Value) -> bool:
        return bool(self.data >= number_in(other, ">="))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, bool) or as_number(other) is not NotImplemented:
            raise TypeError(
                f"a Value equals only itself: to compare its number, write v.data == {other!r}"
            )
        return self is other

    __hash__ = object.__hash__

    def __float__(self) -> float:
        raise TypeError(
            "a Value does not turn into a float by itself, as its gradient would be lost: "
            "use .data for the number, or mt.exp(v) and the like instead of math.exp(v)"
        )

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self.data}, grad={self.grad}{label})"

    # How it is copied and pickled, without a recursion that a large graph would be too deep for.

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return a copy of this with all it was computed from.

        Each value goes into the memo, parents first, so that whatever else is copied in the same
        call shares the copies. (Numbers are not copied: they never change.)
        """
        waiting: list[Value] = [self]
        while waiting:
            value = waiting.pop()
            if id(value) in memo:
                continue
            missing = [parent for parent in value.parents if id(parent) not in memo]
            if missing:
                waiting += (value, *missing)
                continue
            twin = memo[id(value)] = _new(type(value))
            state: tuple[Any, dict[str, Any]] = object.__getstate__(value)  # type: ignore[assignment]
            if state[0]:  # what a subclass keeps in its dict
                vars(twin).update(copy.deepcopy(state[0], memo))
            for name, x in state[1].items():
                setattr(twin, name, x if name in Value.__slots__ else copy.deepcopy(x, memo))
            twin.parents = tuple([memo[id(parent)] for parent in value.parents])
        found: Self = memo[id(self)]
        return found

    def __reduce_ex__(self, protocol: Any) -> Any:
        if not self.parents or size(self, LARGE) < LARGE:
            return object.__reduce_ex__(self, protocol)
        order, leaves = topological_sort(self)
        places: dict[Value, int] = {value: place for place, value in enumerate((*leaves, *order))}
        rows = [
            (v.data, v.grad, v.label, v.op, [places[parent] for parent in v.parents], v.partials)
            for v in order
        ]
        return _rebuilt, (leaves, rows)

    # How a notebook shows it.

    def _repr_svg_(self) -> str | None:
        """Return the expression graph, if it is small and Graphviz is there to draw it."""
        return dot.svg(to_dot(self)) if self.parents and size(self) <= DRAWN else None

    def _repr_html_(self) -> str:
        numbers = {"data": self.data, "grad": self.grad, "op": self.op, "label": self.label}
        rows = [(name, str(x)) for name, x in numbers.items() if x != ""]
        n = size(self)
        note = f"<p>Its graph has {n:,} nodes, too many to look at; to_dot(value) writes it.</p>"
        return html_table("Value", rows, below=note if n > DRAWN else self._repr_svg_() or "")

    # The names that micrograd uses.

    @property
    def _prev(self) -> set[Value]:
        """The parents, as a set: micrograd's name for `parents`."""
        return set(self.parents)

    @property
    def _op(self) -> str:
        """micrograd's name for `op`."""
        return self.op


def node(data: Any, op: str, parents: tuple[Value, ...], partials: tuple[Any, ...]) -> Value:
    """Return the Value of an operation: its result, its name, its parents, the partial by each."""
    value: Value = _new(Value)
    value.data = data
    value.grad = 0.0
    value.label = ""
    value.op = op
    value.parents = parents
    value.partials = partials
    return value


def _rebuilt(leaves: list[Value], rows: Sequence[Any]) -> Value:
    """Return the value that `__reduce_ex__` took apart, with all it was computed from."""
    values = list(leaves)
    for data, grad, label, op, places, partials in rows:
        value = node(data, op, tuple([values[place] for place in places]), partials)
        value.grad, value.label = grad, label
        values.append(value)
    return values[-1]


def _checked(data: Any) -> Any:
    """Return what was assigned to a leaf's `data`, as the number that the leaf is to hold."""
    if isinstance(data, Value):
        raise TypeError(
            "the data of a Value has become a Value, as after p.data -= lr * p: "
            "did you mean p.grad?"
        )
    found = as_number(data)
    if found is NotImplemented:
        raise TypeError(f"the data of a Value has to be a number, got {describe(data)}")
    return number("data", found) if type(found) is int else found


def number_in(operand: object, name: str) -> Any:
    """Return the number in a Value, or the number that the operand is.

    Raises `TypeError`, which names the operation or argument, if it is neither.
    """
    number = operand.data if isinstance(operand, Value) else as_number(operand)
    if number is NotImplemented:
        raise TypeError(f"{name} expects a number or a Value, got {describe(operand)}")
    return number
