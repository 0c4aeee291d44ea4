"""A primitive: one entry of one table, of which everything else is derived.

Also for an operation that the library does not have: it is registered here, in a few lines, and
nothing else is done for it. How the library's own behave is in `test_engine_functions`.
"""

from __future__ import annotations

import inspect
import itertools
import math
import sys
from fractions import Fraction

import pytest
from graphs import (
    ANY,
    EDGES,
    ENTRIES,
    FUNCTIONS,
    INF,
    INSIDE,
    NAN,
    OUTSIDE,
    TABLES,
    arity,
    bits,
    eagerly,
    forward,
    is_step,
    outcome,
)
from hypothesis import given
from hypothesis import strategies as st
from outcomes import bits as bits_of_run

import microtrain as mt
from microtrain import CompileError, DomainError, Value
from microtrain.compiler.record import Record
from microtrain.compiler.symbol import Symbol
from microtrain.engine.graph import gradients
from microtrain.engine.number import Number
from microtrain.engine.primitive import Primitive

# Every operation is in the random graphs, by itself.


def recorded(table, name):
    """Return the primitives that an operation of the graphs and its slopes are recorded as."""
    n, function = TABLES[table][name]
    record = Record()
    leaves = [Value(Symbol(record, record.input("x"))) for _ in range(n)]
    result = function(*leaves)
    if isinstance(result, Value):
        gradients(result, leaves)
    return {operation[0] for operation in record.operations}


def missing(entries):
    """Return what to do about each entry that no operation of the random graphs is recorded as."""
    complaints = [
        f'add a line to INSIDE in tests/graphs.py: "{name}": lambda a: (...), which takes {takes}'
        for name, takes in OUTSIDE.items()
    ]
    for table, where in (("all", "SMOOTH or STEPS"), ("raw", "RAW")):
        found = set().union(*(recorded(table, name) for name in TABLES[table]))
        complaints += [
            f'add a line to {where} in tests/graphs.py: "{name}": '
            f"({len(entry.slopes) or 2}, lambda a, b, ...: ...)"
            for name, entry in entries.items()
            if entry not in found and not (table == "raw" and name == "plain_power")
        ]
    return complaints


def test_every_primitive_is_in_the_random_graphs():
    assert not missing(ENTRIES)
    unknown = Primitive("fused", lambda a, b, c: a * b + c, (lambda *_: 1,) * 3)
    (line, other) = missing({**ENTRIES, "fused": unknown})
    assert line.startswith("add a line to SMOOTH or STEPS in tests/graphs.py") and "RAW" in other


def test_names_that_the_graphs_squash_are_names_of_primitives():
    assert set(INSIDE) <= set(FUNCTIONS)
    assert {name for name in FUNCTIONS if is_step(name)} == {
        *("sign", "heaviside", "floor", "ceil", "detach")
    }


# Who acts: of numbers a number is computed, of symbols one is recorded, of Values one is made.


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_who_acts(name):
    function, n = FUNCTIONS[name], arity(name)
    xs = INSIDE.get(name, lambda *v: v)(*[0.75, 0.5][:n])
    y = function(*xs)
    assert type(y) is float
    values = [Value(x) for x in xs]
    of_values = function(*values)
    varying = [k for k, slope in enumerate(ENTRIES[name].slopes) if slope is not None]
    if not varying:  # a number, and no node
        assert bits(of_values) == bits(y)
    else:
        assert type(of_values) is Value and bits(of_values.data) == bits(y)
        assert of_values.parents == tuple(values[k] for k in varying)
    for parent, partial in zip(varying, getattr(of_values, "partials", ())):
        mixed = function(*[values[k] if k == parent else x for k, x in enumerate(xs)])
        assert (mixed.data, mixed.parents, mixed.partials) == (y, (values[parent],), (partial,))
    record = Record()
    symbols = [Symbol(record, record.input("x")) for _ in xs]
    result = function(*symbols)
    assert type(result) is Symbol
    assert record.operations[result.place] == (ENTRIES[name], *range(n))
    for k in varying if n == 2 else ():  # where Values and symbols meet, a Value is made
        both = function(*[values[k] if k == i else symbols[i] for i in range(n)])
        assert type(both) is Value and type(both.data) is Symbol


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_of_one_number_is_a_method_too(name):
    if arity(name) == 2 or not hasattr(mt, name) or name == "detach":
        return
    assert hasattr(Value, name), f"add {name} = primitives.{name} to engine/methods.py"
    (x,) = INSIDE.get(name, lambda *v: v)(0.75)
    found, expected = getattr(Value(x), name)(), FUNCTIONS[name](Value(x))
    assert type(found) is type(expected)
    if isinstance(found, Value):
        found, expected = [(v.op, v.data, v.partials) for v in (found, expected)]
    assert found == expected


def test_a_step_of_a_value_is_a_number_and_no_node():
    x = Value(-2.5)
    steps = [mt.sign(x), mt.floor(x), mt.ceil(x), mt.detach(x), x.sign(), x.floor(), x.ceil()]
    assert bits(steps) == bits([-1.0, -3.0, -2.0, -2.5, -1.0, -3.0, -2.0])
    y = x * mt.floor(x)
    y.backward()
    assert (x.grad, y.parents) == (-3.0, (x,))


# An operation of one's own.


@mt.primitive(slopes=lambda y, x: mt.cos(y))
def gudermannian(x):
    return 2 * math.atan(math.tanh(x / 2))


@mt.primitive(slopes=lambda y, x: mt.ratio(mt.exp(-y), 1 + y), takes="a number of at least -1/e")
def lambert(x):
    if x < -1 / math.e:
        raise ValueError
    w = math.log1p(x) if x > -0.25 else x
    for _ in range(100):
        w = (w * w + x * math.exp(-w)) / (1 + w)
    return w


@mt.primitive(slopes=(lambda y, a, b: mt.sigmoid(a - b), lambda y, a, b: mt.sigmoid(b - a)))
def logaddexp(a, b):
    return max(a, b) + math.log1p(math.exp(-abs(a - b)))


@mt.primitive(slopes=(None, lambda y, positive, x: mt.where(positive, 1, 0.125)))
def leaking(positive, x):
    return x if positive else 0.125 * x


def sech(x):
    return 1 / math.cosh(x)


DERIVATIVES = {
    gudermannian: [
        sech,
        lambda x: -sech(x) * math.tanh(x),
        lambda x: sech(x) * (1 - 2 * sech(x) ** 2),
    ],
    lambert: [
        lambda x: math.exp(-lambert(x)) / (1 + lambert(x)),
        lambda x: -math.exp(-2 * lambert(x)) * (lambert(x) + 2) / (1 + lambert(x)) ** 3,
        lambda x: (
            math.exp(-3 * lambert(x))
            * (2 * lambert(x) ** 2 + 8 * lambert(x) + 9)
            / (1 + lambert(x)) ** 5
        ),
    ],
}


@pytest.mark.parametrize("f", DERIVATIVES)
@given(x=st.floats(-0.2, 3.0))
def test_ones_own_to_the_third_order(f, x):
    slope = f
    for derivative in DERIVATIVES[f]:
        slope = mt.grad(slope)
        assert slope(x) == pytest.approx(derivative(x), rel=1e-9, abs=1e-9)
    assert bits(mt.compile(slope)(x)) == bits(slope(x))
    assert mt.gradcheck(f, [x])


OWN = {
    "gudermannian": lambda a, b: gudermannian(a) * b,
    "lambert": lambda a, b: lambert(a) - lambert(b * a),
    "logaddexp": lambda a, b: logaddexp(a, b * b) + logaddexp(a, 1.0) + logaddexp(0.5, b),
    "leaking": lambda a, b: leaking((a > 0) & (b < 1), a * b) + leaking(a <= b, b),
    "all": lambda a, b: logaddexp(gudermannian(a), leaking(a > b, lambert(b))) * b,
}


@pytest.mark.parametrize("name", sorted(OWN))
@given(a=ANY, b=ANY)
def test_ones_own_at_every_edge_eager_and_compiled(name, a, b):
    f = OWN[name]
    compiled, slope = mt.compile(f), mt.compile(mt.grad(f))
    expected = outcome(eagerly, f, a, b)
    assert outcome(compiled.value_and_grad, a, b) == expected
    assert outcome(mt.value_and_grad(f, (0, 1)), a, b) == expected
    assert outcome(compiled, a, b) == outcome(forward, f, a, b)
    second = outcome(mt.grad(mt.grad(f)), a, b)
    assert outcome(lambda: slope.value_and_grad(a, b)[1][0])[:1] == second[:1]
    assert outcome(mt.hessian(f), a, b)[:1] == second[:1]


@pytest.mark.parametrize("name", sorted(OWN))
@given(a=st.floats(0.1, 0.9), b=st.floats(1.1, 2.0))
def test_ones_own_against_differences(name, a, b):
    f = OWN[name]
    assert mt.gradcheck(f, [a, b]) and mt.gradcheck(mt.grad(f, 1), [a, b], rtol=1e-3, atol=1e-4)


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_ones_own_of_two_operands_has_a_right_hessian(a, b):
    s = mt.sigmoid(a - b) * mt.sigmoid(b - a)
    found = mt.hessian(lambda v: logaddexp(v[0], v[1]))([a, b])
    for row, expected in zip(found, [[s, -s], [-s, s]]):
        assert row == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_what_only_slopes_need_is_not_computed_for_the_value_alone():
    compiled = mt.compile(gudermannian)
    assert "cos(" not in compiled.source and "cos(" in compiled.value_and_grad.source
    assert mt.compile(lambda x: gudermannian(x) + mt.cos(gudermannian(x))).source.count("cos(") == 1

    @mt.primitive(slopes=(lambda y, a, b: mt.exp(a), lambda y, a, b: 1))
    def of_two(a, b):
        return math.expm1(a) + b

    assert "exp(" not in mt.compile(of_two).source.replace("of_two(", "")


def test_ones_own_is_drawn():
    text = mt.to_dot(logaddexp(gudermannian(Value(0.5, label="x")), 0.0))
    assert 'label="gudermannian\\n' in text and 'label="logaddexp\\n' in text
    assert f'label="{sech(0.5):.4g}"' in text  # the slope, on the edge


class Own(mt.Module):
    def __init__(self):
        self.sqrt, self.gudermannian, self.batch = Value(0.75), Value(-0.5), Value(0.25)

    def __call__(self, x):
        y = gudermannian(self.sqrt * x[0] + self.gudermannian * x[1])
        return leaking(y > self.batch, y) + lambert(self.batch * self.batch)


def own_loss(prediction, target):
    return logaddexp(prediction - target, target - prediction) ** 2


@pytest.mark.parametrize("options", [{}, {"reduction": "mean"}, {"batch_size": 2, "accumulate": 2}])
def test_ones_own_in_a_model_and_a_loss_trains_to_the_same_bits(options):
    xs, ys = [[0.5, 1.0], [-1.0, 0.25], [2.0, -0.5], [0.0, 1.5]], [0.5, -0.25, 0.75, 0.0]
    runs = [
        mt.train(Own(), xs, ys, steps=25, lr=0.05, loss=own_loss, engine=engine, **options)
        for engine in ("eager", "compiled")
    ]
    assert [run.engine for run in runs] == ["eager", "compiled"]
    assert bits_of_run(runs[0]) == bits_of_run(runs[1])
    assert runs[0].losses[-1] < runs[0].losses[0]


# What is no operation is refused, by name.


@pytest.mark.parametrize(
    ("slopes", "function", "error", "message"),
    [
        ((None, None), lambda odd: odd, ValueError, "has 1 operand but 2 slopes"),
        (abs, lambda a, b: a, ValueError, "has 2 operands but 1 slope: slopes expects one for"),
        ((), lambda a: a, ValueError, "has 1 operand but 0 slopes"),
        (3, lambda a: a, TypeError, "slopes expects a function or None.*got int 3"),
        ("ab", lambda a, b: a, TypeError, "slopes expects a function or None.*got str 'ab'"),
        ((abs, 2), lambda a, b: a, TypeError, "slopes expects a function or None.*got int 2"),
        (abs, lambda *a: a, TypeError, "<lambda>: a primitive takes each operand as a positional"),
        (abs, lambda **a: a, TypeError, "positional parameter"),
        (abs, lambda *, a: a, TypeError, "positional parameter"),
        (abs, lambda a, *, b=1: a, TypeError, "positional parameter"),
        ((abs, abs), lambda a, b=1: a, TypeError, "without a default"),
        (abs, lambda: 1.0, TypeError, "at least one"),
        (abs, 3, TypeError, "primitive expects a function, got int 3"),
    ],
)
def test_what_is_no_primitive_is_refused(slopes, function, error, message):
    with pytest.raises(error, match=message):
        mt.primitive(slopes=slopes)(function)


def ways(function, x):
    """Return the ways to perform an operation, all of which are to end the same."""
    return [
        lambda: function(x),
        lambda: function(Value(x)),
        lambda: mt.compile(function)(x),
        lambda: mt.compile(function).value_and_grad(x),
        lambda: mt.grad(mt.grad(function))(x),
    ]


@pytest.mark.parametrize("result", [None, "a", 1j, True, [1.0], Value])
def test_what_returns_no_number_is_named(result):
    @mt.primitive(slopes=lambda y, x: 1)
    def odd(x):
        return result

    @mt.primitive(slopes=lambda y, x: result)
    def leaning(x):
        return x

    for way in ways(odd, 1.0):
        with pytest.raises(TypeError, match="odd returns .*, which is no real number"):
            way()
    for way in ways(leaning, 1.0)[1:]:
        with pytest.raises(TypeError, match="leaning has a slope 0 that returns .* no real number"):
            way()
    assert leaning(1.0) == 1.0


def test_ints_and_numpy_scalars_are_floats():
    np = pytest.importorskip("numpy")
    for three in (3, np.float64(3.0), np.float32(3.0), np.int64(3)):
        number = three

        @mt.primitive(slopes=lambda y, x: number)
        def constant(x):
            return number  # noqa: B023

        for way in (lambda: constant(1.0), lambda: mt.compile(constant)(1.0)):
            assert bits(way()) == bits(3.0)
        for way in (lambda: constant(1), lambda: constant(np.float32(1.0))):
            assert bits(way()) == bits(3.0)
        for found in (mt.value_and_grad(constant)(1.0), mt.compile(constant).value_and_grad(1.0)):
            assert bits(found) == bits([3.0, 3.0])
        assert bits(mt.compile(mt.grad(constant)).value_and_grad(1.0)) == bits([3.0, 0.0])
        assert bits(constant(Value(1.0)).data) == bits(3.0)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if not name.startswith("_")])
def test_an_entry_says_whether_it_raises(name):
    raised = set()
    for operands in itertools.product(EDGES, repeat=arity(name)):
        try:
            ENTRIES[name].compute(operands)
        except (ArithmeticError, ValueError) as error:
            raised.add(type(error))
    assert bool(raised) == ENTRIES[name].raises


def test_what_a_function_raises_keeps_its_type_and_gets_a_note():
    @mt.primitive(slopes=lambda y, x: 1)
    def looked_up(x):
        return {1.0: 2.0}[x]

    @mt.primitive(slopes=lambda y, x: {}[x])
    def sloping(x):
        return x

    for way in ways(looked_up, 3.0):
        with pytest.raises(KeyError) as caught:
            way()
        assert caught.value.__notes__ == ["in looked_up(3.0)"]
    for way in ways(sloping, 3.0)[1:]:
        with pytest.raises((KeyError, CompileError)) as caught:
            way()
        assert caught.value.__notes__ == ["in slope 0 of sloping"]


def test_errors_of_arithmetic_are_named():
    @mt.primitive(slopes=lambda y, x: 1, takes="a lucky number")
    def picky(x):
        raise ValueError("never seen")

    @mt.primitive(slopes=lambda y, x: 1)
    def silent(x):
        raise ValueError

    @mt.primitive(slopes=lambda y, x: 1)
    def vast(x):
        return x * 10**400

    for function, error, message in (
        (picky, DomainError, r"picky\(3.0\) is undefined: picky takes a lucky number$"),
        (silent, DomainError, r"silent\(3.0\) is undefined$"),
        (vast, OverflowError, r"vast\(3.0\) is too large for a float$"),
    ):
        for way in ways(function, 3.0):
            with pytest.raises(error, match=message):
                way()
    for x in (INF, 1e308):
        assert outcome(mt.compile(lambert), x) == outcome(forward, lambert, x)


@pytest.mark.parametrize("operand", ["1", None, True, 1j, [1.0], [Value(1.0)], Value])
def test_what_is_no_operand_is_refused(operand):
    for call, expected in (
        (lambda: gudermannian(operand), "gudermannian expects a number or a Value, got"),
        (lambda: logaddexp(operand, 1.0), "logaddexp expects a number or a Value, got"),
        (lambda: logaddexp(Value(1.0), operand), "logaddexp expects a number or a Value, got"),
        (lambda: mt.where(True, operand, 1.0), "where expects a number or a Value, got"),
        (lambda: mt.compile(lambda x: logaddexp(x, operand))(1.0), "logaddexp expects a number or"),
    ):
        with pytest.raises(TypeError, match=expected):
            call()
    with pytest.raises(TypeError, match="logaddexp.*(1 positional argument|required positional)"):
        logaddexp(1.0)


def test_an_int_too_large_for_a_float_is_refused_by_name():
    for call in (lambda: gudermannian(10**400), lambda: logaddexp(Value(1.0), -(10**400))):
        with pytest.raises(ValueError, match="(gudermannian|logaddexp) expects a number that fits"):
            call()


# Names.


def test_one_name_may_be_redefined():
    def version(k):
        @mt.primitive(slopes=lambda y, x: 2 * k * x)
        def scaled(x):
            return k * x * x

        return scaled

    old = version(1.0)
    compiled = mt.compile(old)
    new = version(3.0)
    assert compiled.value_and_grad(2.0) == (4.0, 4.0)
    assert mt.compile(new).value_and_grad(2.0) == (12.0, 12.0)
    both = mt.compile(lambda x: old(x) - new(old(x)) + old(new(x)))
    f = lambda x: old(x) - new(old(x)) + old(new(x))  # noqa: E731
    assert bits(both.value_and_grad(2.0)) == bits(eagerly(f, 2.0))
    assert "scaled(" in both.source and "scaled_(" in both.source


NAMES = [
    *("exp", "sqrt", "floor", "isfinite", "power", "log", "hypot", "e_"),  # what code calls
    *("x", "x0", "f", "v1", "d1", "w", "g_w", "t_w", "y", "seed", "squares", "p", "g", "n"),
    *("f_value_and_grad", "otherwise", "type", "float", "map", "len", "ArithmeticError"),
    *("state", "batches", "batch", "lr", "loss", "total", "norm", "step", "inf", "nan"),
    *("lambda", "None", "print", "class", "match", "_", "__import__", "é", "1 a", ""),
]


def squaring(name):
    def square(x):
        return x * x

    square.__name__ = name
    return mt.primitive(slopes=lambda y, x: 2 * x)(square)


@pytest.mark.parametrize("name", NAMES)
def test_a_primitive_may_have_any_name(name):
    square = squaring(name)
    f = lambda x: square(square(x) * mt.sigmoid(x)) + mt.exp(square(x)) + mt.floor(x) * x  # noqa: E731
    expected = eagerly(f, 1.25)
    assert bits(mt.compile(f).value_and_grad(1.25)) == bits(expected)
    assert bits(mt.compile(f)(1.25)) == bits(expected[0])
    assert bits(mt.compile(mt.grad(f))(1.25)) == bits(expected[1])
    assert mt.compile(lambda x, y: square(x) * y).value_and_grad(3.0, 2.0) == (18.0, (12.0, 9.0))
    named = lambda v: square(v[0]) * square(v[1])  # noqa: E731
    assert mt.compile(named).value_and_grad([3.0, 2.0]) == (36.0, [24.0, 36.0])


@pytest.mark.parametrize("name", NAMES)
def test_a_primitive_and_a_parameter_of_any_name_train_to_the_same_bits(name):
    square = squaring(name)

    class Model(mt.Module):
        def __init__(self):
            self.w = Value(0.5)
            setattr(self, name or "w", Value(0.75))

        def __call__(self, x):
            own = square(self.w * x[0]) - getattr(self, name or "w")
            return mt.sigmoid(own) * mt.sqrt(self.w * self.w + 1.0) + mt.floor(own)

    runs = [
        mt.train(Model(), [[0.5], [1.0]], [0.25, 1.0], steps=3, engine=engine, accumulate=k)
        for k in (1, 2)
        for engine in ("eager", "compiled")
    ]
    assert bits_of_run(runs[0]) == bits_of_run(runs[1])
    assert bits_of_run(runs[2]) == bits_of_run(runs[3])


# What a primitive of one's own says that Python writes for it.


WRITTEN = {
    "an operand is left out": ("{0}", lambda a, b: a, (1, 0)),
    "an operand is there twice": ("{0} * {0} + {1}", lambda a, b: a * a + b, (2, 1)),
    "only at times": ("{0} if {0} > 0.0 else {1}", lambda a, b: a if a > 0 else b, (1, 0)),
    "a function": (
        lambda a, b: "{0} if {0} > 0.0 else {1}",
        lambda a, b: a if a > 0 else b,
        (1, 1),
    ),
    "a function of math": ("pow", math.pow, (1, 1)),
    "an operator": (lambda a, b: "*", lambda a, b: a * b, (1, 1)),
    "nothing": (lambda a, b: "", lambda a, b: a - b, (1, -1)),
}


@pytest.mark.parametrize("name", sorted(WRITTEN))
@given(x=ANY, y=ANY)
def test_what_is_written_in_whatever_way_raises_what_it_should(name, x, y):
    text, function, (left, right) = WRITTEN[name]
    slopes = (lambda z, a, b: left, lambda z, a, b: right)
    own = mt.primitive(slopes=slopes, python=text)(lambda a, b: function(a, b))
    for f in (
        lambda x, y: own(x, mt.log(y)) * own(1 / x, y),
        lambda x, y: own(own(mt.sqrt(x), y), own(x, mt.exp(y) - 1.0)),
    ):
        compiled = mt.compile(f)
        assert outcome(compiled.value_and_grad, x, y) == outcome(eagerly, f, x, y)
        assert outcome(compiled, x, y) == outcome(forward, f, x, y)


def test_code_does_not_double_with_each_operand_that_a_text_has_twice():
    for text in ("{0} * {0}", lambda x: "{0} * {0}"):
        square = mt.primitive(slopes=lambda y, x: 2 * x, python=text)(lambda x: x * x)

        def repeated(times, square=square):
            def f(x):
                for _ in range(times):
                    x = square(mt.sin(x))
                return x

            return mt.compile(f)

        lengths = [len(repeated(n).source) for n in (5, 10)]
        assert lengths[1] < 3 * lengths[0]


# Conditions.


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (lambda x, y: x > 0, [1, 0, 0]),
        (lambda x, y: x <= y, [0, 1, 1]),
        (lambda x, y: 1.0 * x >= 0, [1, 0, 0]),
        (lambda x, y: (x > 0) & (y > 0), [1, 0, 0]),
        (lambda x, y: (x > 0) | (y > 0), [1, 1, 0]),
        (lambda x, y: (x > 0) & (y > 0) | (x < -1) & (y < 1), [1, 0, 1]),
        (lambda x, y: (x < 0) & True, [0, 1, 1]),
        (lambda x, y: False | (x < 0), [0, 1, 1]),
        (lambda x, y: True | (x < 0), [1, 1, 1]),
        (lambda x, y: (x < 0) & False, [0, 0, 0]),
        (lambda x, y: x > NAN, [0, 0, 0]),
    ],
)
def test_where_eager_and_compiled(condition, expected):
    f = lambda x, y: mt.where(condition(x, y), x * 2, y * y)  # noqa: E731
    compiled, slope = mt.compile(f), mt.compile(mt.grad(f, (0, 1)).__wrapped__)
    for (x, y), first in zip([(2.0, 1.0), (-1.0, 3.0), (-2.0, -1.0)], expected):
        value, slopes = (2 * x, (2.0, 0.0)) if first else (y * y, (0.0, 2 * y))
        assert compiled.value_and_grad(x, y) == eagerly(f, x, y) == (value, slopes)
        assert compiled(x, y) == slope(x, y) == f(x, y) == value
        assert mt.grad(f, (0, 1))(x, y) == slopes
        assert mt.hessian(f, (0, 1))(x, y) == ((0.0, 0.0), (0.0, 0.0 if first else 2.0))


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "int64", "int32", "uint8"])
def test_slopes_take_numpy_scalars_as_floats(kind):
    np = pytest.importorskip("numpy")

    @mt.primitive(slopes=(lambda y, a, b: 2 * a * b * b, lambda y, a, b: 2 * a * a * b))
    def squares(a, b):
        return a * a * b * b

    c = np.dtype(kind).type(200.3)
    first = lambda a, b: mt.softmax([a, b, 1.0])[0]  # noqa: E731
    for f in (squares, mt.atan2, mt.maximum, mt.ratio, first):
        for x in (mt.Value(0.3), mt.Value(500.0)):
            for operands, same in (((x, c), (x, float(c))), ((c, x), (float(c), x))):
                found, expected = f(*operands), f(*same)
                assert (found.data, found.partials) == (expected.data, expected.partials)
                assert type(found.data) is float and {*map(type, found.partials)} == {float}


def test_conditions_of_numpy():
    np = pytest.importorskip("numpy")
    yes, no = np.float64(1.0) > 0, np.float64(-1.0) > 0
    assert type(yes) is not bool
    assert (mt.where(yes, 2.0, 3.0), mt.where(no, 2.0, 3.0)) == (2.0, 3.0)
    assert mt.compile(lambda x: mt.where(no, x, 3 * x)).value_and_grad(2.0) == (6.0, 3.0)
    for joined in (lambda c: c & yes, lambda c: yes & c, lambda c: c | no, lambda c: no | c):
        f = lambda x: mt.where(joined(x > 0), x, -x)  # noqa: B023, E731
        assert mt.compile(f).value_and_grad(-2.0) == mt.value_and_grad(f)(-2.0) == (2.0, -1.0)
    assert (leaking(no, 8.0), leaking(yes, Value(8.0)).data) == (1.0, 8.0)
    assert mt.compile(lambda x: leaking(no, x))(8.0) == 1.0


@pytest.mark.parametrize("condition", [1, 0.0, None, "x > 0", [True], Value(1.0), math.nan])
def test_where_takes_nothing_else_for_a_condition(condition):
    with pytest.raises(TypeError, match="where expects a comparison, such as x > 0, got"):
        mt.where(condition, 1.0, 2.0)
    with pytest.raises(TypeError, match="where expects a comparison, such as x > 0, got"):
        mt.compile(lambda x: mt.where(condition, x, 2.0))(1.0)
    with pytest.raises(TypeError, match="where expects a comparison"):
        mt.compile(lambda x: mt.where(x, x, 2.0))(1.0)


BRANCHES = {
    "if": lambda x: x if x > 0 else -x,
    "and": lambda x: mt.where(x > 0 and x < 1, x, -x),
    "or": lambda x: mt.where(x > 0 or x < -1, x, -x),
    "not": lambda x: mt.where(not x > 0, x, -x),
    "chained": lambda x: mt.where(0 < x < 1, x, -x),
    "max": lambda x: max(x, 1.0),
    "min": lambda x: min([x, x * x]),
    "sorted": lambda x: sorted([x, x * x])[0],
    "any": lambda x: x * any([x > 0]),
    "all": lambda x: x * all([x > 0, x < 1]),
    "bool": lambda x: x * bool(x > 0),
    "a truth": lambda x: x or 1.0,
    "an int": lambda x: x * [2.0, 3.0][x > 0] if x > 0 else x,
}


@pytest.mark.parametrize("name", sorted(BRANCHES))
def test_what_asks_for_a_truth_is_refused_with_the_line_and_what_to_write(name):
    said = r"test_engine_primitives.py, line \d+, in '.*lambda x:.* depends on a number"
    for transform in (mt.compile, lambda f: mt.grad(mt.grad(f))(0.5)):
        with pytest.raises(CompileError, match=said) as caught:
            transform(BRANCHES[name])
        assert "use mt.where, mt.maximum or mt.minimum instead of a branch" in str(caught.value)
        assert "&" in str(caught.value) and "|" in str(caught.value)


@pytest.mark.parametrize(
    "compared",
    [
        lambda x: mt.where(x.data == 1.0, x, -x),
        lambda x: mt.where(x.data != 1.0, x, -x),
        lambda x: mt.where((x > 0) == (x < 1), x, -x),
        lambda x: mt.where((x > 0) != True, x, -x),  # noqa: E712
        lambda x: x * [x.data * 2, 3.0].index(3.0),
    ],
)
def test_a_comparison_by_equality_is_refused(compared):
    with pytest.raises(CompileError, match=r"line \d+.*by == or !=.*use <, <=, > or >="):
        mt.compile(compared)


@pytest.mark.parametrize(
    "misused",
    [
        lambda x: mt.exp(x > 0),
        lambda x: gudermannian(x > 0),
        lambda x: logaddexp(x, x > 0),
        lambda x: mt.where(x > 0, x > 1, x),
        lambda x: leaking(x, x > 0),
        lambda x: (x > 0) * x,
        lambda x: x + (x > 0),
        lambda x: -(x > 0),
        lambda x: (x > 0) & 1.0,
        lambda x: (x > 0) | x,
        lambda x: x ** (x > 0),
        lambda x: Value(x > 0),
        lambda x: mt.dot([x > 0], [x]),
        lambda x: x > 0,
    ],
)
def test_a_condition_is_no_number(misused):
    with pytest.raises(TypeError):
        mt.compile(misused)(1.0)


def test_nan_compares_false():
    comparisons = [
        *(lambda x: x > 0, lambda x: x >= x, lambda x: x < 0, lambda x: x <= x),
        *(lambda x: x < 1.0, lambda x: (x > 0) | (x <= 0)),
    ]
    for compare in comparisons:
        f = lambda x: mt.where(compare(x), 1.0, 2.0)  # noqa: B023, E731
        assert f(NAN) == f(Value(NAN)) == mt.compile(f)(NAN) == 2.0


def test_both_arms_are_evaluated_and_may_raise():
    for f in (
        lambda x: mt.where(x > 0, mt.log(x), x),
        lambda x: mt.where(x <= 0, x, 1.0 + mt.sqrt(x)),
        lambda x: mt.where(x > 0, x, lambert(x)),
    ):
        for x in (-1.0, 2.0):
            assert outcome(mt.compile(f).value_and_grad, x) == outcome(eagerly, f, x)
            assert outcome(mt.compile(f), x) == outcome(forward, f, x)
        with pytest.raises(DomainError):
            mt.compile(f)(-1.0)
        assert mt.compile(f)(2.0) == forward(f, 2.0)


def test_the_gradient_goes_through_the_arm_that_is_taken():
    f = lambda x, a, b: mt.where(x > a, a * x, b * x * x)  # noqa: E731
    for x, expected in ((3.0, (2.0, 3.0, 0.0)), (1.0, (10.0, 0.0, 1.0))):
        for found in (mt.grad(f, (0, 1, 2)), lambda *v: mt.compile(f).value_and_grad(*v)[1]):
            assert found(x, 2.0, 5.0) == expected
    a, b = Value(1.0), Value(2.0)
    assert mt.where(True, a, b).parents == (a, b)
    assert mt.where(True, a, 2.0).parents == (a,)
    for x in (INF, -INF):  # 0 times infinity would be NaN
        f = lambda x: mt.where(x > 0, x, -2 * x)  # noqa: E731
        assert mt.grad(f)(x) == mt.compile(f).value_and_grad(x)[1] == (1.0 if x > 0 else -2.0)
    third = mt.grad(mt.grad(mt.grad(lambda x: mt.where(x > 1, x**4, x**3))))
    assert (third(2.0), third(0.5)) == (48.0, 6.0)


def huber(prediction, target):
    r = prediction - target
    size = abs(r)
    return mt.where(size <= 0.5, r * r, size - 0.25)


def test_where_in_a_loss_trains_to_the_same_bits():
    xs, ys = mt.datasets.toy()
    runs = [
        mt.train(mt.MLP(3, [4, 1], seed=1), xs, ys, steps=30, loss=huber, engine=engine)
        for engine in ("eager", "compiled")
    ]
    assert runs[1].engine == "compiled" and bits_of_run(runs[0]) == bits_of_run(runs[1])
    assert " if " in mt.compile(lambda p, t: huber(p, t)).source


def test_a_primitive_keeps_what_it_is_made_of():
    assert gudermannian.__name__ == "gudermannian"
    assert gudermannian.entry.name == "gudermannian" and "gudermannian" in repr(gudermannian.entry)
    assert "gudermannian" not in vars(sys.modules["microtrain"])


def test_numbers_go_to_the_function_itself_whatever_python_writes():
    operands = []

    @mt.primitive(slopes=lambda y, x: y, python="exp")
    def noted(x):
        operands.append(x)
        return math.exp(x)

    assert (noted(1.0), noted(Value(2.0)).data) == (math.exp(1.0), math.exp(2.0))
    assert operands == [1.0, 2.0]


# Functions of C, and of several operands.


@mt.primitive(
    slopes=(lambda y, a, b, t: 1 - t, lambda y, a, b, t: t, lambda y, a, b, t: b - a), raises=False
)
def between(a, b, t):
    return a + (b - a) * t


def test_a_primitive_of_three_operands():
    assert mt.gradcheck(between, [1.0, 3.0, 0.25])
    assert between(1, 3, 0.25) == 1.5
    compiled = mt.compile(between)
    args = (1.0, 3.0, 0.25)
    assert compiled.value_and_grad(*args) == eagerly(between, *args) == (1.5, (0.75, 0.25, 2.0))
    assert mt.hessian(between, (0, 2))(*args) == ((0.0, -1.0), (-1.0, 0.0))
    with pytest.raises(TypeError, match="between expects 3 operands, got 2"):
        between(1.0, 2.0)


def test_the_options_are_told_by_name():
    parameters = inspect.signature(mt.primitive).parameters.values()
    assert {p.kind for p in parameters} == {inspect.Parameter.KEYWORD_ONLY}
    texts = {"takes": "", "python": "", "c": "", "javascript": ""}
    options = {"slopes": inspect.Parameter.empty, "exact": False, "raises": True, **texts}
    assert {p.name: p.default for p in parameters} == options
    with pytest.raises(TypeError, match="unexpected keyword argument 'take'"):
        mt.primitive(slopes=None, take="a number")


def test_a_function_of_c_makes_a_primitive():
    slopes = (lambda y, x, s: mt.sign(x) * mt.sign(s), None)
    signed = mt.primitive(slopes=slopes)(math.copysign)
    assert mt.compile(lambda x: signed(x, -1.0)).value_and_grad(2.0) == (-2.0, -1.0)
    distance = mt.primitive(slopes=[lambda y, a, b: a / y, lambda y, a, b: b / y])(math.hypot)
    assert mt.value_and_grad(distance, (0, 1))(3.0, 4.0) == (5.0, (0.6, 0.8))
    with pytest.raises(ValueError, match="exp has 2 slopes: too many .*; slopes expects one for"):
        mt.primitive(slopes=slopes)(math.exp)


def test_a_method_of_an_object_makes_a_primitive():
    class Scale:
        def by(self, x):
            return 3.0 * x

    scaled = mt.primitive(slopes=lambda y, x: 3)(Scale().by)
    assert mt.value_and_grad(scaled)(2.0) == (6.0, 3.0)
    with pytest.raises(ValueError, match="by has 2 slopes: too many .*; slopes expects one for"):
        mt.primitive(slopes=[None, None])(Scale().by)


def test_a_whole_result_of_two_floats_is_a_float():
    floored = mt.primitive(slopes=(lambda y, a, b: 0, lambda y, a, b: 0))(lambda a, b: int(a // b))
    compiled = mt.compile(floored)
    for _ in range(2):  # the second time, Values know a shortcut
        for found in (floored(7.0, 2.0), floored(Value(7.0), 2.0).data, compiled(7.0, 2.0)):
            assert found == 3.0 and type(found) is float


def test_of_whole_numbers_an_exact_operation_is_a_whole_number():
    for found in (mt.maximum(1, 2), mt.clip(5, 0, 2), mt.floor(2)):
        assert found == 2 and type(found) is int


def test_whole_numbers_are_operands_of_functions_of_math():
    assert mt.atan2(1, 2) == math.atan2(1.0, 2.0)
    assert mt.grad(mt.asinh)(Fraction(3, 4)) == pytest.approx(0.8)


def test_a_number_that_performs_nothing_says_so():
    class Odd(Number):
        pass

    with pytest.raises(TypeError, match="Odd has no way to perform tanh"):
        mt.tanh(Odd())


@pytest.mark.parametrize("text", ["%", "math.exp", " ", 3, None])
def test_a_text_that_no_language_has_is_refused(text):
    in_python, in_c = (
        mt.compile(mt.primitive(slopes=None, **{name: lambda x: text})(math.exp))
        for name in ("python", "c")
    )
    if text is not None:  # which makes it a call
        with pytest.raises(ValueError, match="python of exp expects one of"):
            in_python(1.0)
    in_c(1.0)
    with pytest.raises(ValueError, match="c of exp expects one of"):
        in_c.to_c()
    with pytest.raises(ValueError, match=r"python of own expects one of \+ - .* got"):

        @mt.primitive(slopes=lambda y, x: 1, python=text)
        def own(x):
            return x
