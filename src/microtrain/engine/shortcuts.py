"""The way of most operations: over floats, with nothing wrong. It is what makes them fast.

`Value.perform` does all of them. What stands here does the same for floats, in fewer steps, and
hands over to it whatever is not plain: other numbers, and all errors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .primitive import Primitive
    from .value import Value

PLAIN = {float, int}


def shortcut(
    primitive: Primitive, kind: type[Value], node: Callable[..., Value]
) -> Callable[..., Any] | None:
    """Return the shortcut of an operation on Values, if it has one or two operands with slopes.

    kind: the class of Values; node: what makes one of data, name, parents and partials.
    """
    slopes: Any = primitive.slopes
    if None in slopes or len(slopes) not in (1, 2):
        return None
    of = primitive.of_floats, primitive.name, slopes
    return _unary(primitive, *of, node) if len(slopes) == 1 else _binary(primitive, *of, kind, node)


def _unary(
    primitive: Primitive, function: Any, name: str, slopes: Any, node: Any
) -> Callable[..., Any]:
    (slope,) = slopes

    def operation(v: Value) -> Any:
        x = v.data
        if type(x) is float:
            try:
                y = function(x)
                partial = slope(y, x)
                if type(y) is float and type(partial) in PLAIN:
                    return node(y, name, (v,), (partial,))
            except Exception:
                pass  # `perform` says what is wrong
        return v.perform(primitive, (v,))

    return operation


def _binary(
    primitive: Primitive, function: Any, name: str, slopes: Any, kind: Any, node: Any
) -> Callable[..., Any]:
    left, right = slopes

    def operation(a: Any, b: Any) -> Any:
        x = a.data if isinstance(a, kind) else a
        y = b.data if isinstance(b, kind) else b
        if type(x) is float and type(y) is float:
            try:
                z = function(x, y)
                parents: Any = (a, b)
                partials: Any
                if x is a:
                    parents, partials = (b,), (right(z, x, y),)
                elif y is b:
                    parents, partials = (a,), (left(z, x, y),)
                else:
                    partials = left(z, x, y), right(z, x, y)
                if type(z) is float and PLAIN.issuperset(map(type, partials)):
                    return node(z, name, parents, partials)
            except Exception:
                pass  # `perform` says what is wrong
        return (a if isinstance(a, kind) else b).perform(primitive, (a, b))

    return operation
