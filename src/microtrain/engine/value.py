"""The scalar autograd engine: a number that remembers how it was computed.

An operation on Values makes a new one, which stores its parents and its partial derivative by each.
`backward()` then walks the graph from the result to the leaves and adds ``partial * grad`` to the
gradient of each parent: the chain rule. The operators are here, each beside its derivatives;
`Value.perform` does all other operations. Constant partials are ints, which leave Fractions exact.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import describe, expect
from .graph import topological_sort, zero_and_seed
from .methods import Methods
from .number import Number, as_number, assigned, number, of_kind
from .operators import divide, ieee_power, log_base, power, power_slope, ratio
from .piecewise import sign
from .primitive import Primitive

if TYPE_CHECKING:
    from fractions import Fraction

_new: Any = object.__new__
FLOAT_OR_INT = {float, int}


@numbers.Number.register
class Value(Methods):
    """A scalar that records the operations applied to it, to compute gradients.

    Attributes:
        data: a float (an int or a NumPy scalar becomes one), a `fractions.Fraction`, kept exact, or
            a `microtrain.engine.number.Number`. Anything else is a `TypeError`.
        grad: the derivative of what `backward` was called on by this value.
        label: a name to show in drawings.
        op: the operation that made it ("" for a leaf).
        parents: the Values it was computed from.
        partials: its derivative by each of them.

    Operators take numbers and Values on either side; a number makes no node. What is no real
    number, or none that fits a float, raises (`DomainError`, `ZeroDivisionError`, `OverflowError`),
    where PyTorch returns NaN or infinities; sums and products may become infinite. ``<``, ``<=``,
    ``>``, ``>=`` and ``bool`` look at `data` alone. Two Values are ``==`` only if they are the same
    object. The functions of one number are methods, too: ``v.tanh()`` is ``microtrain.tanh(v)``.

    A deep copy of several Values keeps the parents that they share; a pickle keeps those within the
    graph of one Value.

    >>> a, b = Value(2.0), Value(-3.0)
    >>> c = a * b + a**2
    >>> c.backward()
    >>> c.data, a.grad, b.grad
    (-2.0, 1.0, 2.0)
    """

    __slots__ = ("data", "grad", "label", "op", "parents", "partials")

    rank = 2  # where Values and symbols meet, a Value is made

    def __init__(self, data: float | Fraction | Number, label: str = "") -> None:
        expect(isinstance(label, str), "label", "a str", label)
        found = data if type(data) is float else as_number(data)  # at once, as most are floats
        if found is NotImplemented:
            hint = "; use it as it is, or its .data" if isinstance(data, Value) else ""
            raise TypeError(f"Value expects a number, got {describe(data)}{hint}")
        self.data: float = number("Value", found) if type(found) is int else found
        self.grad: float = 0.0 if type(self.data) is float else 0
        self.label = label
        self.op = ""
        self.parents: tuple[Value, ...] = ()
        self.partials: tuple[float, ...] = ()

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
        if isinstance(other, Value):
            x, n = self.data, other.data
            log_x, y = log_base(x, n), power(x, n)
            return node(y, "**", (self, other), (n * ieee_power(x, n - 1), y * log_x))
        if (c := as_number(other)) is NotImplemented:
            return NotImplemented
        op = "**" if isinstance(c, Number) else f"**{c}"
        return node(power(self.data, c), op, (self,), (power_slope(self.data, c),))

    def __rpow__(self, other: float) -> Value:
        if (c := as_number(other)) is NotImplemented:
            return NotImplemented
        c = of_kind(self.data, c)
        log_c, y = log_base(c, self.data), power(c, self.data)
        return node(y, "**", (self,), (y * log_c,))

    def __neg__(self) -> Value:
        return node(-self.data, "neg", (self,), (-1,))

    def __pos__(self) -> Value:
        return self

    def __abs__(self) -> Value:
        """Return the absolute value; its slope at 0 is taken as 0."""
        return node(abs(self.data), "abs", (self,), (sign(self.data),))

    def backward(self, grad: float = 1.0) -> None:
        """Add the derivative of ``grad * self`` by each leaf to that leaf's `.grad`.

        Gradients of leaves accumulate until they are reset, as in PyTorch: a second call leaves
        exactly twice the gradient. All other values hold the derivative from the last call alone.
        If a leaf's `data` was assigned an int or a NumPy scalar, it becomes a float here; what is
        no number is a `TypeError`.

        >>> x = Value(3.0)
        >>> y = x * x
        >>> y.backward(); y.backward()
        >>> x.grad, y.grad
        (12.0, 1.0)
        """
        seed = as_number(grad)
        expect(seed is not NotImplemented, "backward", "grad to be a number", grad)
        order, leaves = topological_sort(self)
        odd = [leaf for leaf in leaves if type(leaf.data) is not float]
        for leaf in odd:
            leaf.data = assigned(leaf.data)
        before = [leaf.grad for leaf in leaves]
        zero, seed = zero_and_seed(self, seed)
        for value in (*order, *leaves):
            value.grad = zero
        self.grad = self.grad + seed
        for value in reversed(order):
            g, parents = value.grad, value.parents
            if len(parents) == 2:  # most have two; without the inner loop they take half as long
                a, b = parents
                by_a, by_b = value.partials
                a.grad += by_a * g
                b.grad += by_b * g
            else:
                for parent, partial in zip(parents, value.partials):
                    parent.grad += partial * g
        for leaf, earlier in zip(leaves, before):
            leaf.grad = earlier + leaf.grad
        if odd:  # NumPy scalars in partials have made gradients NumPy scalars
            for leaf in leaves:
                leaf.grad = as_number(leaf.grad)

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self.data}, grad={self.grad}{label})"

    # All other operations.

    def perform(self, primitive: Primitive, operands: Sequence[Any]) -> Any:
        """Return the Value of an operation, or a plain number if it varies with no Value."""
        slopes = primitive.slopes
        if not slopes:  # an operator
            return primitive.impl(*operands)
        data, varying = [], []
        for k, x in enumerate(operands):
            if isinstance(x, Value):
                # Slopes compute with Python's numbers: NumPy's have fewer digits, or overflow.
                data.append(x.data if type(x.data) is float else assigned(x.data))
                if slopes[k]:
                    varying.append(k)
            else:
                data.append(primitive.operand(k, x))
        y = primitive.call(*data)
        if not varying:
            return y
        partials = tuple([primitive.partial(k, y, data) for k in varying])
        return node(y, primitive.name, tuple([operands[k] for k in varying]), partials)

    @classmethod
    def specialised(cls, primitive: Primitive) -> Callable[..., Any] | None:
        """Return what performs an operation on one or two operands, in fewer steps for floats."""
        function, name, slopes = primitive.impl, primitive.name, primitive.slopes
        if None in slopes or len(slopes) not in (1, 2):
            return None
        left, right = slopes[0], slopes[-1]

        def one(v: Value) -> Any:
            x: Any = v.data
            kind = type(x)
            try:
                if kind is float:
                    y = function(x)
                    partial = left(y, x)
                else:  # a symbol; other numbers have no such method
                    y = primitive.call(x)
                    partial = y.slope(left, y, x)
                if type(y) is type(partial) is kind:
                    return node(y, name, (v,), (partial,))
            except Exception:
                pass  # `perform` raises it again, in words
            return v.perform(primitive, (v,))

        def two(a: Any, b: Any) -> Any:
            x = a.data if isinstance(a, Value) else a
            y = b.data if isinstance(b, Value) else b
            if type(x) is type(y) is float:
                try:
                    z = function(x, y)
                    parents: Any
                    partials: Any
                    if x is a:
                        parents, partials = (b,), (right(z, x, y),)
                    elif y is b:
                        parents, partials = (a,), (left(z, x, y),)
                    else:
                        parents, partials = (a, b), (left(z, x, y), right(z, x, y))
                    if type(z) is float and FLOAT_OR_INT.issuperset(map(type, partials)):
                        return node(z, name, parents, partials)
                except Exception:
                    pass
            return primitive.perform((a, b))

        return one if len(slopes) == 1 else two


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


for _name, _function in vars(Methods).items():
    if _entry := getattr(_function, "entry", None):
        setattr(Value, _name, Value.specialised(_entry) or _function)
