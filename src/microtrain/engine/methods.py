"""The functions of `primitives` as methods of `Value`: ``v.tanh()`` is ``microtrain.tanh(v)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import piecewise, primitives

if TYPE_CHECKING:
    from .value import Value


class Methods:
    """The methods that are functions of the table; `value` replaces them by faster ones."""

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

    def maximum(self, other: float | Value) -> Value:
        """Return the larger of the two; where they are equal each gets half of the gradient."""
        return piecewise.maximum(self, other)  # type: ignore[no-any-return]

    def minimum(self, other: float | Value) -> Value:
        """Return the smaller of the two; where they are equal each gets half of the gradient."""
        return piecewise.minimum(self, other)  # type: ignore[no-any-return]
