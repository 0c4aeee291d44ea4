"""Operations as methods of `Value`, and the fast functions behind them.

``v.tanh()`` is ``microtrain.tanh(v)``. A fast function does what `Value.perform` does, in fewer
steps, for the usual case: Values that hold floats, and no error. `perform` does the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from . import piecewise, primitives
from .number import Number

if TYPE_CHECKING:
    from .primitive import Primitive
    from .value import Value

FLOAT_OR_INT = {float, int}


class Methods:
    """Base class of `Value`, which has a fast function in place of most of these."""

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
    sign = piecewise.sign
    floor = piecewise.floor
    ceil = piecewise.ceil
    maximum: ClassVar[Callable[[Any, float | Value], Value]] = piecewise.maximum
    minimum: ClassVar[Callable[[Any, float | Value], Value]] = piecewise.minimum


def fast(primitive: Primitive, kind: Any, node: Any) -> Callable[..., Any] | None:
    """Return the fast function of an operation, if it has one or two operands, each with a slope.

    kind: the class `Value`; node: the function that makes one.
    """
    function, name, slopes = primitive.of_floats, primitive.name, primitive.slopes
    if None in slopes or len(slopes) not in (1, 2):
        return None
    left, right = slopes[0], slopes[-1]

    def one(v: Value) -> Any:
        x = v.data
        try:
            if type(x) is float:
                y = function(x)
                partial = left(y, x)
                if type(y) is float and type(partial) in FLOAT_OR_INT:
                    return node(y, name, (v,), (partial,))
            elif isinstance(x, Number):
                y = primitive.call(x)
                partial = y.slope(left, y, x)
                if type(y) is type(partial) is type(x):
                    return node(y, name, (v,), (partial,))
        except Exception:
            pass  # `perform` raises it again, in words
        return v.perform(primitive, (v,))

    def two(a: Any, b: Any) -> Any:
        x = a.data if isinstance(a, kind) else a
        y = b.data if isinstance(b, kind) else b
        if type(x) is float and type(y) is float:
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
                pass  # `perform` raises it again, in words
        return (a if isinstance(a, kind) else b).perform(primitive, (a, b))

    return one if len(slopes) == 1 else two
