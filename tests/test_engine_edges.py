"""At the edges of the floats (zeros, subnormals, 1e308, infinities, NaN) gradients are PyTorch's.

`pytorch_edges.csv` is what PyTorch says (`benchmarks/pytorch_edges.py` wrote it). Where this
differs, on purpose: what is no real number, or too large for a float, raises instead of going on
with NaN and infinities; and the few results of `OURS`.
"""

from __future__ import annotations

import csv
import math
import pathlib

import pytest

import microtrain as mt

NAN, INF = math.nan, math.inf
OURS = {
    ("relu", -0.0): (0.0, 0.0),  # PyTorch keeps the sign
    # PyTorch loses subnormals here.
    ("log1p", 5e-324): (5e-324, 1.0),
    ("log1p", -5e-324): (-5e-324, 1.0),
    # The slope by x is y * x ** (y - 1), with slopes of its own: 0 * inf for the smallest x.
    ("x ** y", 5e-324, 0.0): (1.0, NAN, -744.4400719213812),
    # PyTorch takes a square root; the power of C, and of IEEE 754, has no sign at these two.
    ("x ** 0.5", -0.0): (0.0, INF),
    ("x ** 0.5", -INF): (INF, 0.0),
}


def operation(text):
    if " " in text or text == "-x":
        return eval(f"lambda x, y=None: {text}")
    return getattr(mt, text, None) or {"abs": abs, "log1p": lambda x: x.log1p()}[text]


def is_undefined(text, operands):
    """Whether we say that there is no such real number, or none that fits a float."""
    x, y = operands[0], operands[-1]
    return {
        "log": x <= 0,
        "log1p": x <= -1,
        "sqrt": x < 0,
        "sin": math.isinf(x),
        "cos": math.isinf(x),
        "exp": 709.79 < x < INF,
        "2.0 ** x": 1024 <= x < INF,
        "x ** 3": abs(x) == 1e308,
        "x ** 0.5": -INF < x < 0,
        "x ** -1": abs(x) < 1e-308,
        "x ** -2": abs(x) < 1e-150,
        "1.0 / x": x == 0,
        "x / y": y == 0,
        "x ** y": x <= 0 or (x, y) in ((5e-324, -2.0), (1e308, 1e308)),
    }.get(text, False)


def rows():
    lines = (pathlib.Path(__file__).parent / "pytorch_edges.csv").read_text().splitlines()
    for row in csv.DictReader(lines[1:]):
        operands = [float(row[name]) for name in "xy" if row[name]]
        # A gradient is added to a `.grad` of 0.0, so it is never -0.0.
        slopes = [float(row[name]) + 0.0 for name in ("by x", "by y") if row[name]]
        yield row["operation"], operands, (float(row["result"]), *slopes)


def bits(x):
    return "nan" if x != x else x.hex()


@pytest.mark.parametrize("name", sorted({name for name, *_ in rows()}))
def test_gradients_at_the_edges_are_those_of_pytorch(name):
    f = operation(name)
    for text, operands, expected in rows():
        if text != name:
            continue
        leaves = [mt.Value(x) for x in operands]
        if is_undefined(name, operands):
            with pytest.raises(ArithmeticError):
                f(*leaves)
            with pytest.raises(ArithmeticError):
                mt.compile(f).value_and_grad(*operands)
            continue
        result = f(*leaves)
        result.backward()
        found = (result.data, *(leaf.grad for leaf in leaves))
        for ours, theirs in zip(found, OURS.get((name, *operands), expected)):
            near = theirs and abs(ours - theirs) <= math.ulp(theirs)
            assert bits(ours) == bits(theirs) or near, operands
        value, slopes = mt.compile(f).value_and_grad(*operands)
        compiled = (value, *(slopes if len(operands) > 1 else [slopes]))
        assert [*map(bits, compiled)] == [*map(bits, found)], operands
