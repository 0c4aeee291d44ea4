"""Generated Python: the same bits as the engine it was traced from, or a clear refusal."""

from __future__ import annotations

import gc
import math
from fractions import Fraction

import pytest
from graphs import ANY, ENTRIES, bits, eagerly, forward, graphs, named, outcome, points
from hypothesis import example, given, settings
from hypothesis import strategies as st

import microtrain as mt
from microtrain import CompileError, Value
from microtrain.compiler import record as record_module
from microtrain.compiler.python import Python, assemble, function
from microtrain.compiler.record import Record
from microtrain.compiler.symbol import Symbol
from microtrain.compiler.writer import Part
from microtrain.engine.operators import power


@given(st.data())
def test_compiled_graphs_give_the_same_bits(data):
    graph = data.draw(graphs(most=20))
    inputs = data.draw(points(graph.n_leaves))
    f = named(graph)
    compiled = mt.compile(f)
    assert bits(compiled.value_and_grad(*inputs)) == bits(eagerly(f, *inputs))
    assert bits(compiled(*inputs)) == bits(forward(f, *inputs))
    value, slopes = mt.value_and_grad(f, tuple(range(graph.n_leaves)))(*inputs)
    assert bits((value, slopes if graph.n_leaves > 1 else slopes[0])) == bits(eagerly(f, *inputs))


RISKY = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: 1 - a - b,
    "multiply": lambda a, b: a * b * -1,
    "divide": lambda a, b: a / b,
    "divide a number": lambda a, b: 2 / a + b / 3,
    "square": lambda a, b: a**2 + b**0,
    "cube": lambda a, b: a**3,
    "fourth": lambda a, b: a**4 * b**1,
    "inverse": lambda a, b: a**-1,
    "root": lambda a, b: a**0.5 + b,
    "odd power": lambda a, b: a**-1.5,
    "power": lambda a, b: a**b,
    "exponential": lambda a, b: 2**a + 0.5**b,
    "exp": lambda a, b: a.exp() - b,
    "log": lambda a, b: a.log() + b.sqrt(),
    "log1p": lambda a, b: a.log1p(),
    "circle": lambda a, b: a.sin() * b.cos(),
    "bounded": lambda a, b: a.tanh() + b.sigmoid(),
    "softplus": lambda a, b: a.softplus() - b.relu(),
    "abs": lambda a, b: abs(a) + abs(-b),
    "extremes": lambda a, b: a.maximum(b) * a.minimum(1) + mt.maximum(0, b),
    "where": lambda a, b: mt.where((a > b) & (b <= 1) | (a < -1), a * b, a / b),
    "clip": lambda a, b: mt.clip(a, -1.0, b) * b,
    "angle": lambda a, b: mt.atan2(a, b),
    "steps": lambda a, b: mt.sign(a) * b + mt.floor(b) * a + mt.detach(a * b) * mt.ceil(a),
    "softmax": lambda a, b: mt.softmax([a, b, a * b])[0],
    "dot": lambda a, b: mt.dot([a, 2.0], [b, a], 1.0),
    "cross-entropy": lambda a, b: mt.cross_entropy([a, b, a * b], 1),
    "hinge": lambda a, b: mt.hinge(a - b, -1),
    "a constant": lambda a, b: a * 0 + 3.0,
    "an input": lambda a, b: b,
}


@pytest.mark.parametrize("name", sorted(RISKY))
@given(a=ANY, b=ANY)
def test_at_every_edge_the_same_bits_or_the_same_error(name, a, b):
    f = RISKY[name]
    compiled = mt.compile(f)
    assert outcome(compiled.value_and_grad, a, b) == outcome(eagerly, f, a, b)
    assert outcome(compiled, a, b) == outcome(forward, f, a, b)


OPERANDS = {"&": 2, "|": 2, "neg": 1, "abs": 1}  # of operators; 2 of all others


def written(primitive, *constants):
    """Return an operation as the function that is written for it, the last operands constant."""
    record = Record()
    n = len(primitive.slopes) or OPERANDS.get(primitive.name, 2)
    places = [record.input(f"x{i}") for i in range(n - len(constants))]
    place = record.add((primitive, *places, *map(record.constant, constants)))
    writer, part = Python(record), Part("", "v", [place])
    names = writer.inputs()
    writer.write(names, part)
    source = function("f", [*names.values()], [*part.lines, f"return {part.expressions[0]}"])
    return assemble(source, "f", writer.namespace)


def result_of(function, *xs):
    """Return the bits of what a function returns, or that it raises something."""
    try:
        return bits(function(*xs))
    except (ArithmeticError, ValueError):
        return "an error"


@pytest.mark.parametrize("name", sorted(ENTRIES))
@given(data=st.data())
def test_what_is_written_is_the_operation(name, data):
    primitive = ENTRIES[name]
    f = written(primitive)
    n = f.__code__.co_argcount
    conditions = (primitive.takes_condition(k) or name in ("&", "|") for k in range(n))
    xs = [data.draw(st.booleans() if condition else ANY) for condition in conditions]
    expected, found = result_of(primitive.call, *xs), result_of(f, *xs)
    assert found == expected or (found == "an error" and name == "ratio")  # it is replayed
    assert primitive.raises or expected != "an error"


@pytest.mark.parametrize("name", ["power", "plain_power", "ieee_power"])
@pytest.mark.parametrize("n", [3.0, -1.0, -2.0, 0.0, -0.0, 0.5, -0.5, 1.5, 1e300, math.inf])
@given(x=ANY)
def test_powers_with_a_constant_exponent_are_written_as_they_are(name, n, x):
    expected, found = result_of(ENTRIES[name].call, x, n), result_of(written(ENTRIES[name], n), x)
    assert found == expected or (found == "an error" and name == "ieee_power")


@pytest.mark.parametrize("text", ["log", "log({0})", lambda x: "log", lambda x: f"log({x})"])
def test_texts_may_name_functions_of_math(text, monkeypatch):
    ln = mt.primitive(slopes=lambda y, x: mt.ratio(1, x), python=text)(lambda x: math.log(x))
    compiled = mt.compile(lambda x: ln(x) * 2.0)
    monkeypatch.setattr(Record, "replay", None)
    assert compiled.value_and_grad(4.0) == (2.0 * math.log(4.0), 0.5)
    assert compiled(4.0) == 2.0 * math.log(4.0)


@pytest.mark.parametrize("text", ["exp", "exp({0})", lambda x: f"exp({x})"])
def test_functions_that_texts_name_are_those_of_math(text, monkeypatch):
    @mt.primitive(slopes=lambda y, x: 1.0)
    def exp(x):
        return x + 1.0

    grow = mt.primitive(slopes=lambda y, x: y, python=text)(lambda x: math.exp(x))
    compiled = mt.compile(lambda x: exp(grow(x)))
    monkeypatch.setattr(Record, "replay", None)
    assert compiled(1.0) == math.exp(1.0) + 1.0


def test_a_text_may_be_a_function_of_constants_alone(monkeypatch):
    texts = {"2.0": "{0} * {0}", "0.5": "sqrt({0})"}

    @mt.primitive(slopes=(lambda y, x, n: n * x ** (n - 1), None), python=lambda x, n: texts[n])
    def powers(x, n):
        return math.pow(x, n)

    compiled = mt.compile(lambda sqrt: powers(sqrt, 2.0) + powers(sqrt, 0.5))
    monkeypatch.setattr(Record, "replay", None)
    assert compiled(4.0) == 18.0


@given(st.data())
def test_a_replayed_record_gives_the_same_bits(data):
    graph = data.draw(graphs(most=10))
    inputs = data.draw(points(graph.n_leaves))
    record = Record()
    symbols = [Value(Symbol(record, record.input(f"x{i}"))) for i in range(graph.n_leaves)]
    result = graph(*symbols).data.place
    (value,) = record.replay(inputs, [result])
    assert bits(value) == bits(forward(graph, *inputs))


def test_lists_and_other_numbers():
    def f(w, x, b):
        return mt.dot(w, x, b).tanh()

    compiled = mt.compile(f)
    with pytest.raises(ValueError, match="call it first"):
        compiled.source  # noqa: B018
    expected = mt.value_and_grad(f, (0, 1, 2))([0.1, 0.2], [0.3, 0.4], 0.5)
    assert compiled.value_and_grad([0.1, 0.2], [0.3, 0.4], 0.5) == expected
    turned = compiled.value_and_grad((0.1, 0.2), (0.3, 0.4), 0.5)
    assert turned == (expected[0], (tuple(expected[1][0]), tuple(expected[1][1]), expected[1][2]))
    assert compiled([1.0], [2.0], 3.0) == math.tanh(5.0)
    assert "w_0" in compiled.source
    np = pytest.importorskip("numpy")
    for kind in (int, np.float64, np.int32):
        result = mt.compile(lambda a, b: a / b).value_and_grad(kind(1), kind(2))
        assert result == (0.5, (0.5, -0.25))
        assert type(result[0]) is float
    x = Value(3.0)
    mt.compile(lambda a: a * a)(x).backward()  # Values are followed through compiled code
    assert x.grad == 6.0
    y, slope = mt.compile(lambda a: a * a).value_and_grad(Value(3.0))
    assert (y.data, slope.data) == (9.0, 6.0)
    y, slopes = mt.compile(lambda a, b: a * a * b).value_and_grad(Value(3.0), 2.0)
    assert (y.data, *(slope.data for slope in slopes)) == (18.0, 12.0, 9.0)


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        (
            ("1", 2.0),
            TypeError,
            "argument 0 has to be a number, .* got str '1'",
        ),
        ((1.0, None), TypeError, "argument 1 has to be a number"),
        ((1.0,), TypeError, "missing 1 required positional argument"),
        (([1.0], 2.0), TypeError, "a Value is no index, count or int"),
    ],
)
def test_bad_arguments(args, error, message):
    with pytest.raises(error, match=message):
        mt.compile(lambda a, b: a * b)(*args)


def test_what_is_no_function():
    with pytest.raises(TypeError, match="compile expects a function, got int 3"):
        mt.compile(3)
    with pytest.raises(TypeError, match="the result has to be a number, .* got str 'a'"):
        mt.compile(lambda *xs: "a")(1.0)
    assert mt.compile(lambda x: 2.5).value_and_grad(1.0) == (2.5, 0.0)
    assert mt.compile(lambda: Value(2.5))() == 2.5
    assert mt.compile(lambda x, n=2: x**n)(3.0) == 9.0
    assert mt.compile(mt.exp)(0.0) == 1.0
    assert mt.compile(lambda v1, d1: (v1 * d1).exp() * (v1 * d1).exp())(0.0, 1.0) == 1.0
    with pytest.raises(CompileError, match="a comparison"):
        mt.compile(max)(1.0, 2.0)


def test_a_function_of_any_number_of_arguments_is_traced_when_it_is_called():
    larger = mt.compile(lambda *xs: mt.maximum(*xs) if len(xs) > 1 or xs[0] > 0 else xs[0])
    assert larger(2.0, 3.0) == 3.0


def test_arguments_of_another_shape_are_compiled_for_themselves():
    accepts_both = mt.compile(lambda a, v: a * a)
    assert accepts_both.value_and_grad(2.0, [1.0, 2.0]) == (4.0, (4.0, [0.0, 0.0]))
    norm = mt.compile(lambda x: mt.dot(x, x) if isinstance(x, list) else x * x)
    assert (norm(3.0), norm([3.0, 4.0]), norm([])) == (9.0, 25.0, 0.0)
    turned = mt.compile(lambda v: (v.reverse(), v[0] * v[0])[1])
    assert turned.value_and_grad([1.0, 3.0]) == (9.0, [0.0, 6.0])


def test_names_that_generated_code_uses_itself():
    f = eval("lambda type, map, exp, v1, value_alone: type * map + (exp * v1).exp() * value_alone")
    f.__name__ = "value_and_slopes"
    args = (1.0, 2.0, 0.0, 4.0, 5.0)
    assert bits(mt.compile(f).value_and_grad(*args)) == bits(eagerly(f, *args))
    assert mt.compile(f)(1, 2, 0, 4, 5) == 7.0


def test_what_fails_unused_fails_compiled_too():
    for operate in (mt.sin, mt.cos, mt.log, mt.exp, lambda v: 1 / v, lambda v: v**-1):
        f = lambda x: (operate(x * 1e308), x * 2)[1]  # noqa: B023, E731
        for x in (1e300, -1e300, 0.0, 1.0):
            assert outcome(mt.compile(f), x) == outcome(forward, f, x)
    source = mt.compile(lambda x: mt.sin(x) + mt.cos(x * 2)).source
    assert source.count("cos(") == 1


def test_a_place_is_no_constant():
    f = lambda a, b, c: c**2 + a * 0  # noqa: E731
    args = (1.0, 1.0, -0.0)
    assert bits(mt.compile(f).value_and_grad(*args)) == bits(eagerly(f, *args))


# What is refused.


def branch(x):
    return x if x > 0 else -x


REFUSED = {
    "a comparison": branch,
    "a comparison of data": lambda x: x if x.data == 1.0 else -x,
    "a truth value": lambda x: x if x else -x,
    "a comparison of both sides": lambda x: x if 0 < x < 1 else -x,
    "comparisons joined by words": lambda x: mt.where(x > 0 and x < 1, x, -x),
    "a float": lambda x: x * math.exp(x.data),
    "an int": lambda x: x ** int(x.data),
    "an index": lambda x: x * [1, 2][x.data],
    "a rounded number": lambda x: x * round(x.data),
    "a remainder": lambda x: x * (x.data % 2),
    "a text": lambda x: x * len(f"{x}"),
    "a printed number": lambda x: x * len(str(x.data)),
    "a hash": lambda x: x * {1.0: 2.0}.get(x.data, 3.0),
    "the largest": lambda x: max([x, x * 2]),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_depends_on_the_numbers_is_refused(name):
    with pytest.raises(CompileError, match=r"test_compiler.py, line \d+.* depends on a number"):
        mt.compile(REFUSED[name])


def test_a_refusal_names_the_line_and_what_to_write_instead():
    with pytest.raises(CompileError, match="'return x if x > 0 else -x'.*use mt.where, mt.maximum"):
        mt.compile(branch)


def test_a_value_from_outside_is_a_constant_and_stays_as_it_was():
    w = Value(3.0)
    square = w * w
    w.grad = square.grad = 7.0
    compiled = mt.compile(lambda x: x * w + square)
    w.data = 100.0
    assert compiled.value_and_grad(2.0) == (15.0, 3.0)
    assert (w.grad, square.grad) == (7.0, 7.0)
    assert mt.grad(lambda x: x * w)(2.0) == 100.0
    assert w.grad == 7.0


def test_a_symbol_of_another_record_is_no_operand():
    a, b = (Symbol(r, r.input("x")) for r in (Record(), Record()))
    with pytest.raises(CompileError, match="a variable of one around it"):
        a + b


# How much there is of it.


def test_code_grows_with_the_graph_and_not_with_the_data():
    def lines(n):
        def f(x):
            y = x
            for k in range(n):
                y = (y * x + 1.0 / (k + 2)).sin()
            return y

        return mt.compile(f).value_and_grad.source.count("\n")

    one, two, four = lines(50), lines(100), lines(200)
    assert four - two == pytest.approx(2 * (two - one), rel=0.02)


@pytest.mark.parametrize("n", [3_333, pytest.param(33_333, marks=pytest.mark.load)])
def test_a_hundred_thousand_operations(n):
    def f(x):
        y = x
        for _ in range(n):
            y = -(y * x + 0.5)
        return y

    compiled = mt.compile(f)
    assert compiled(0.25) == f(Value(0.25)).data

    def nested(x):
        y = x
        for k in range(n):
            y = 1.0 / (x + y) if k % 2 else x - (x - y)
        return y

    assert mt.compile(nested)(0.7) == nested(Value(0.7)).data


def test_above_the_limit_there_is_a_clear_error(monkeypatch):
    monkeypatch.setattr(record_module, "LIMIT", 100)
    with pytest.raises(CompileError, match="more than 100 operations can't be compiled"):
        mt.compile(lambda x: sum([(x + k) ** 2 for k in range(100)]))
    model = mt.MLP(3, [5, 6, 1])  # of a kind that no other test compiles
    assert mt.train(model, *mt.datasets.toy(), steps=200).engine == "eager"
    with pytest.raises(CompileError, match="operations can't be compiled"):
        mt.train(model, *mt.datasets.toy(), engine="compiled")


def test_equal_operations_are_performed_once():
    source = mt.compile(lambda a, b: (a * b).exp() + (b * a).exp() * (a * b).exp()).source
    assert source.count("exp(") == 1


def test_the_source_is_what_one_would_write():
    source = mt.compile(lambda x: [(x > 0, x**3)[1] + x**-1.0] + 20 * [x * 0.0]).source
    assert "[x ** 3.0 + x ** -1.0, *(v1,) * 20]" in source and ">" not in source


def test_nothing_is_recorded_where_no_bit_changes():
    record = Record()
    x = Symbol(record, record.input("x"))
    for y in (x * 1, 1.0 * x, x / 1, x - 0, x + -0.0, -0.0 + x, +x, -(-x)):  # noqa: B002
        assert y.place == x.place
    for y in (x + 0.0, 0 + x, x * 0, 1 / x, 0 - x):
        assert y.place != x.place
    assert (x * -1).place == (-x).place
    assert (x + -(x * x)).place == (x - x * x).place
    assert (0.0 + x * x).place == (x * x).place


@given(st.lists(st.text(max_size=4)))
def test_names_mean_one_thing(names):
    record = Record()
    record.add((mt.sigmoid.entry, record.input("x")))
    used = ["exp", "e_", "nan", "y", "for"]
    result = [*map(Python(record, ["y"]).name, [*names, *used, "x", "x"])]
    assert len(set(result)) == len(result)
    assert all(name.isidentifier() and name not in used for name in result)


def test_a_long_expression_is_split():
    record = Record()
    x = total = Symbol(record, record.input("x"))
    for k in range(500):
        total = total - (x - k)
    part = Part("sum", "v", [total.place])
    Python(record).write({x.place: "x"}, part)
    (result,) = part.expressions
    assert max(map(len, [*part.lines, result])) < 2000
    namespace = {"x": 0.5}
    exec("\n".join(part.lines), namespace)
    assert eval(result, namespace) == 0.5 - sum(0.5 - k for k in range(500))


def test_deep_calls_are_split():
    def nested(x):
        for _ in range(500):
            x = mt.sin(x)
        return x

    assert mt.compile(nested)(0.5) == nested(0.5)


def test_parentheses_stand_where_they_are_needed():
    def written(f):
        return mt.compile(f).source.partition("return ")[2].partition("\n")[0]

    assert written(lambda a, b, c: a * (b * c)) == "b * c * a"
    assert written(lambda a, b, c: a.sin() * (b * c)) == "b * c * sin(a)"
    assert written(lambda a, b, c: (a - b) * (b * c)) == "(a - b) * (b * c)"
    assert written(lambda a, b, c, d: (a * b) * (c * d)) == "a * b * (c * d)"
    assert written(lambda a, b, c: a + (b + c)) == "a + (b + c)"
    assert written(lambda a, b, c: a / (b * c)) == "a / (b * c)"


@pytest.mark.parametrize("collects", [True, False])
def test_the_collector_is_left_as_it_was(collects):
    before = gc.isenabled()
    (gc.enable if collects else gc.disable)()
    try:
        mt.compile(lambda x: x * x)(2.0)
        model = mt.MLP(2, [7, 5 + collects, 1])  # of a kind that no other test compiles
        mt.train(model, [[1.0, 2.0]], [1.0], steps=1, engine="compiled")
        assert gc.isenabled() == collects
    finally:
        (gc.enable if before else gc.disable)()


# The small rules behind powers.


def test_the_power_of_raw_data_is_pythons():
    x = 1.4196428934016643  # squared, `pow` and `*` may differ in the last bit
    record = Record()
    symbol = Symbol(record, record.input("x"))
    for n in (2, 3, 0.5, -1):
        (value,) = record.replay([x], [(symbol**n).place])
        assert value == x**n
        (value,) = record.replay([x], [power(symbol, n).place])
        assert value == power(x, n)
    with pytest.raises(mt.DomainError, match="not a real number"):
        record.replay([-8.0], [(symbol**0.5).place])
    (value,) = record.replay([3.0], [(2.0**symbol).place])
    assert value == 8.0


@settings(max_examples=settings.default.max_examples // 5)
@given(st.floats(0.1, 3), st.floats(0.1, 3))
def test_captured_bases_of_powers(x, y):
    base = Value(x)
    f = lambda n: base**n + n**base  # noqa: E731
    expected = eagerly(lambda n: Value(x) ** n + n ** Value(x), y)
    assert bits(mt.compile(f).value_and_grad(y)) == bits(expected)


CAUGHT = {
    "a float": lambda x: math.exp(x.data),
    "an int": lambda x: int(x.data),
    "a rounded number": lambda x: round(x.data),
    "a remainder": lambda x: x.data % 2.0,
    "a hash": lambda x: {3.0: 5.0}[x.data],
    "a product with a comparison": lambda x: (x > 0) * 2.0,
}


@pytest.mark.parametrize("name", CAUGHT)
def test_what_is_not_known_is_refused_even_where_the_function_catches_the_refusal(name):
    def f(x):
        try:
            return x * CAUGHT[name](x)
        except Exception:
            return 0.0 * x

    expected = 3.0 * CAUGHT[name](Value(3.0))
    assert mt.value_and_grad(f)(3.0)[0] == expected != 0.0
    for made in (f, mt.grad(f)):
        with pytest.raises(CompileError, match="depends on a number that is not known"):
            mt.compile(made)(3.0)


def test_a_branch_is_refused_even_where_the_function_catches_the_refusal():
    def f(x):
        try:
            return mt.log(x) if x > 0 else 0 * x
        except Exception:
            return -1e9 + 0 * x

    for made in (f, mt.value_and_grad(f), mt.hessian(f)):
        with pytest.raises(CompileError, match="the truth of a comparison"):
            mt.compile(made)(2.0)
    assert mt.value_and_grad(f)(2.0) == (math.log(2.0), 0.5)

    class Guarded(mt.Module):
        def __init__(self):
            self.w = Value(0.5)

        def __call__(self, x):
            return f(self.w) * x[0]

    with pytest.raises(CompileError, match="the truth of a comparison"):
        mt.train(Guarded(), [[1.0]], [1.0], engine="compiled")


@pytest.mark.parametrize(
    "f",
    [
        lambda v: 3 * v[0] if v[0] == v[1] else v[0],
        lambda v: v[0] if v[0] != v[1] else 3 * v[0],
        lambda v: v[0] * v.index(v[1]),
        lambda v: v[0] if [v[0]] == [v[1]] else v[1],
    ],
)
def test_whether_two_numbers_are_equal_is_refused(f):
    for made in (f, mt.grad(f)):
        with pytest.raises(CompileError, match=r"by == or != depends .* use <, <=, > or >="):
            mt.compile(made)([1.0, 1.0])


@pytest.mark.parametrize("limit", [2**53 + 1, Fraction(1, 3)])
def test_a_comparison_with_what_no_float_equals_is_refused(limit):
    for f in (
        lambda x: mt.where(x < limit, 2.0 * x, x),
        lambda x: mt.where(limit > x.data, 2.0 * x, x),
    ):
        assert mt.grad(f)(float(limit)) == 2.0  # its float is below it
        with pytest.raises(CompileError, match=r"compare with float\(...\) of it"):
            mt.compile(f)
    half = lambda x: mt.where((x <= Fraction(1, 2)) & (x < 2**53), 2.0 * x, x)  # noqa: E731
    assert mt.compile(mt.grad(half))(0.5) == mt.grad(half)(0.5) == 2.0


@given(st.floats(0.1, 3.0), st.sampled_from([0, 1, 2, 3, -1, -2, 0.5]))
@example(0.8366795178426658, 2)  # there C's pow has another last bit
def test_exponents_may_be_fractions(x, n):
    f = lambda x: x ** Fraction(n)  # noqa: E731
    assert bits(mt.compile(f).value_and_grad(x)) == bits(eagerly(f, x))
    assert bits(eagerly(f, x)) == bits(eagerly(lambda x: x**n, x))
