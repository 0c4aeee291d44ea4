"""Functions as C: the same bits as eager code, the same errors, or a clear refusal."""

from __future__ import annotations

import collections
import fractions
import itertools
import math
import random
import re
import subprocess
import sys
from array import array

import pytest
from graphs import ENTRIES, bits, eagerly, forward, graphs, named, outcome, points
from hypothesis import given, settings
from hypothesis import strategies as st
from machine import native as needs_compiler
from test_compiler import ANY, OPERANDS, RISKY

import microtrain as mt
from microtrain import CompileError, Value
from microtrain.compiler import c as c_module
from microtrain.compiler import native as native_module
from microtrain.compiler.c import C, Source
from microtrain.compiler.native import loaded
from microtrain.compiler.record import Record
from microtrain.compiler.rolling import rolled
from microtrain.compiler.toolchain import compiler
from microtrain.compiler.writer import Part

pytestmark = needs_compiler

few = settings(max_examples=max(3, settings.default.max_examples // 10))  # each is compiled


def native(f):
    return mt.compile(f, engine="native")


@few
@given(st.data())
def test_native_graphs_give_the_same_bits(data):
    graph = data.draw(graphs(most=20))
    f = named(graph)
    compiled = native(f)
    for _ in range(5):
        inputs = data.draw(points(graph.n_leaves))
        assert bits(compiled.value_and_grad(*inputs)) == bits(eagerly(f, *inputs))
        assert bits(compiled(*inputs)) == bits(forward(f, *inputs))


@few
@given(st.data())
def test_graphs_written_as_loops_give_the_same_bits(data):
    graph = data.draw(graphs(most=20))
    f = named(graph)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(c_module, "STRAIGHT", 0)
        compiled = native(f).value_and_grad
    for _ in range(5):
        inputs = data.draw(points(graph.n_leaves))
        assert bits(compiled(*inputs)) == bits(eagerly(f, *inputs))


@pytest.mark.parametrize("name", sorted(RISKY))
@given(data=st.data())
def test_at_every_edge_the_same_bits_or_the_same_error(name, data):
    f = RISKY[name]
    compiled = native(f)
    for _ in range(5):
        a, b = data.draw(ANY), data.draw(ANY)
        assert outcome(compiled.value_and_grad, a, b) == outcome(eagerly, f, a, b)
        assert outcome(compiled, a, b) == outcome(forward, f, a, b)


def in_c(primitive, *constants):
    """Return an operation in C, the last operands constant, as a function of the others."""
    record = Record()
    n = (len(primitive.slopes) or OPERANDS.get(primitive.name, 2)) - len(constants)
    places = [record.input("x") for _ in range(n)]
    place = record.add((primitive, *places, *map(record.constant, constants)))
    compiled = loaded(Source(record, [Part("", "v", [place])], "f"))

    def call(*xs):
        try:
            return bits(compiled(array("d", xs).tobytes())[0][0])
        except ArithmeticError:
            return None

    return call, n


SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 5e-324, -5e-324, 1e-320, 2.3e-308, 1e308]
SPECIAL += [-1e308, 1e154, 709.5, 710.0, -745.0, 1e16, math.inf, -math.inf, math.nan]


def drawn(draw):
    """Return an operand of usual size, a whole one, or one of any size."""
    kind = draw.randrange(5)
    if kind == 0:
        return draw.choice(SPECIAL)
    if kind == 1:
        return float(draw.randrange(-5, 6))
    return draw.gauss(0.0, 1.0) * (1.0, 30.0, 2.0 ** draw.randrange(-1060, 1020))[kind - 2]


def check_in_c(primitive, times, *constants):
    """Compare an operation in C with its function. Where C tells of an error, there is one."""
    call, n = in_c(primitive, *constants)
    draw = random.Random(0)
    conditions = [primitive.takes_condition(k) or primitive.name in "&|" for k in range(n)]
    compared = 0
    for _ in range(times):
        xs = [draw.random() < 0.5 if condition else drawn(draw) for condition in conditions]
        try:
            expected = bits(float(primitive.call(*xs, *constants)))
        except (ArithmeticError, ValueError):
            expected = "an error"
        found = call(*xs)
        if found is None:
            unknown = expected == "an error" or not math.isfinite(float.fromhex(expected))
            assert unknown or not all(map(math.isfinite, xs)), xs
        else:
            assert found == expected, xs
            compared += 1
    assert compared > times // 5


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_primitives_in_c_are_those_of_python(name):
    check_in_c(ENTRIES[name], 500)


POWERS = [2.0, -1.0, 3.0, -2.0, 0.5, -0.5, 1.0, 0.0, -0.0, 1.5, 1e300]


@pytest.mark.parametrize("name", ["power", "plain_power", "ieee_power"])
@pytest.mark.parametrize("n", POWERS)
def test_powers_with_a_constant_exponent_are_computed_as_they_are(name, n):
    if name != "plain_power" or n != 2.0:  # Python's own, of a symbol, is x * x
        check_in_c(ENTRIES[name], 500, n)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_primitives_in_c_are_those_of_python_for_many_operands(name):
    check_in_c(ENTRIES[name], 100_000)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["power", "ieee_power"])
@pytest.mark.parametrize("n", POWERS)
def test_constant_powers_are_those_of_python_for_many_operands(name, n):
    check_in_c(ENTRIES[name], 100_000, n)


CASES = {
    "a division in an arm only": (lambda x: mt.where(x > 0, 1 / x, 0.0), [0.0, -0.0, 1.0]),
    "one further back": (lambda x: mt.where(x > 1, (1 / x) * 2 + 1, x), [0.0, 2.0]),
    "one in an arm of an arm": (lambda x: mt.where(x > 1, mt.where(x > 2, 1 / x, x), x), [0.0]),
    "an unused division": (lambda x: [1 / x, x][1], [0.0, 1.0]),
    "an unused exp": (lambda x: [mt.exp(x), x][1], [1000.0, 1.0]),
    "floor": (lambda x: mt.floor(x), [-0.0, math.inf, -math.inf, math.nan, 1e300]),
    "ceil": (lambda x: mt.ceil(x), [-0.5, -0.0, math.inf]),
    "infinite inputs": (lambda x: 1 / (x - x), [math.inf, math.nan]),
    "infinity over 0": (lambda x: x / (1 / x), [math.inf, 1.0]),
    "a step taken from 0": (lambda x: 0.0 - mt.relu(x), [-1.0, 1.0]),
    "a choice taken from 0": (lambda x: 0.0 - mt.where(x > 0, 0.0, 1.0), [-1.0, 1.0]),
    "an infinite constant": (lambda x: mt.minimum(x, math.inf) / x, [0.0, 2.0]),
    "signs of 0": (lambda x: -mt.sign(x) / 3 * (mt.sign(x) + mt.sign(-x)), [0.0, 2.0]),
    "a slope that is infinite": (lambda x: mt.sqrt(x) + mt.asin(x), [0.0, 1.0, 2.0]),
    "minus a constant": (lambda x: x - -1.0 + -mt.where(x > 0, -2.0, -3.0), [1.0, -1.0]),
}


@pytest.mark.parametrize("name", CASES)
def test_cases_in_which_c_is_not_python(name):
    np = pytest.importorskip("numpy")
    f, xs = CASES[name]
    compiled = native(f)
    for x in xs:
        assert outcome(compiled, x) == outcome(forward, f, x)
        assert outcome(compiled.value_and_grad, x) == outcome(eagerly, f, x)
        assert outcome(compiled.map, [x]) == outcome(lambda: [forward(f, x)])  # noqa: B023
        rows = np.array([x])
        assert outcome(compiled.map, rows) == outcome(lambda: array("d", [forward(f, x)]))  # noqa: B023


def test_c_with_an_infinite_constant_is_not_run():
    record = Record()
    place = record.add((ENTRIES["minimum"], record.input("x"), record.constant(math.inf)))
    compiled = loaded(Source(record, [Part("", "v", [place])], "f"))
    with pytest.raises(ArithmeticError):
        compiled(array("d", [1.0]).tobytes())


def rosenbrock(x):
    return sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in itertools.pairwise(x))


def test_long_functions_are_loops():
    compiled = native(rosenbrock).value_and_grad
    x = [math.sin(i) for i in range(400)]
    assert bits(compiled(x)) == bits(mt.value_and_grad(rosenbrock)(x))
    assert "for (int i = 0;" in compiled.source
    assert compiled.source.count("\n") < 100


def test_what_does_not_fit_the_stack_is_refused(monkeypatch):
    monkeypatch.setattr(c_module, "STACK", 500)
    compiled = mt.compile(mt.value_and_grad(rosenbrock))
    x = [math.sin(i) for i in range(400)]
    compiled(x)
    for use in (compiled.to_c, lambda: native(compiled)(x)):
        with pytest.raises(CompileError, match=r"keep 8\d\d results on its stack, and 500 is"):
            use()


@st.composite
def repeated(draw):
    """Return statements with some repetitions in them."""
    lines = []
    for _ in range(draw(st.integers(1, 4))):
        texts = draw(
            st.lists(st.sampled_from(["v[#] = x[#];", "g[#] += v[#] * 2.0;", "a();"]), max_size=4)
        )
        strides = draw(st.lists(st.integers(-2, 3), min_size=10, max_size=10))
        for k in range(draw(st.integers(1, 6))):
            for text in texts:
                numbers = (str(20 + k * n) for n in strides)
                lines.append("".join(x for pair in zip(text.split("#"), numbers) for x in pair))
    return lines * draw(st.sampled_from([1, 1, 4]))


def unrolled(lines):
    """Return the statements that code with loops performs."""
    found = []
    lines = iter(lines)
    for line in lines:
        if not line.startswith("for"):
            found.append(re.sub(r"\[([^]]*)\]", lambda m: f"[{eval(m[1])}]", line))
            continue
        variable, times = re.fullmatch(r"for \(int (.) = 0; . < (\d+); \+\+.\) \{", line).groups()
        block = [*itertools.takewhile(lambda x: x != "}", lines)]
        for k in range(int(times)):
            found += unrolled(re.sub(rf"\* {variable}\b", f"* {k}", x[4:]) for x in block)
    return found


@given(repeated())
def test_loops_perform_the_statements_they_stand_for(lines):
    assert unrolled(rolled(lines)) == lines


def test_three_alike_are_a_loop_and_two_are_not():
    lines = [f"v[{k}] = x[{k}];" for k in range(3)]
    loop = ["for (int i = 0; i < 3; ++i) {", "    v[0 + 1 * i] = x[0 + 1 * i];", "}"]
    assert rolled(lines) == loop and rolled(lines[:2]) == lines[:2]


def test_what_is_alike_but_for_its_strides_stays_as_it_is():
    lines = ["v[0] = x[0];", "v[1] = x[1];", "v[2] = x[5];"]
    assert rolled(lines) == lines


def test_repetitions_become_loops_in_loops():
    lines = [f"v[{10 * j + k}] = x[{k}] * x[{5 * j}];" for j in range(7) for k in range(10)]
    assert rolled(lines) == [
        "for (int j = 0; j < 7; ++j) {",
        "    for (int i = 0; i < 10; ++i) {",
        "        v[0 + 10 * j + 1 * i] = x[0 + 1 * i] * x[0 + 5 * j];",
        "    }",
        "}",
    ]


def test_arguments_and_results_may_be_nestings():
    def f(p, x=2.0):
        return {"y": p["a"][0] * x + p["b"], "z": [p["a"][1]]}

    compiled = native(f)
    arguments = {"a": [1.0, 2.0], "b": 3}
    assert compiled(arguments) == f(arguments) == compiled(p=arguments)
    assert compiled(arguments, x=5.0) == f(arguments, 5.0)
    assert native(mt.jacobian(lambda v: [v[0] * v[1], v[0]]))([2.0, 3.0]) == [
        [3.0, 2.0],
        [1.0, 0.0],
    ]
    pair = collections.namedtuple("pair", "x y")
    assert native(lambda p: pair(p.y, (p.x, [p])))(pair(1.0, 2.0)) == (2.0, (1.0, [(1.0, 2.0)]))
    y = compiled({"a": [Value(1.0), 2.0], "b": 3.0})["y"]
    y.backward()
    assert y.data == 5.0
    assert native(lambda: 3.0)() == 3.0
    with pytest.raises(TypeError):
        compiled({"a": ["1", 2.0], "b": 3.0})
    hessian = mt.hessian(native(lambda x: x**3))
    assert isinstance(hessian, type(compiled)) and hessian(2.0) == 12.0
    assert mt.compile(native(lambda x: x)).source.startswith("def f")
    assert native(compiled) is compiled
    with pytest.raises(ValueError, match="'python', 'native'; got str 'c'"):
        mt.compile(f, engine="c")


@given(st.data())
@few
def test_lists_of_results_with_constants_among_them_are_put_together(data):
    kinds = st.sampled_from(["constant", "other", "result"])
    runs = data.draw(st.lists(st.tuples(kinds, st.integers(1, 30)), max_size=5))

    def f(v):
        of = {"constant": lambda k: 0.5, "other": lambda k: -0.0, "result": lambda k: v[0] * k}
        flat = [of[kind](k) for kind, n in runs for k in range(1, n + 1)]
        return [flat, [[*flat[::2], 1.0]] * 2, tuple(flat), {"x": flat[:12]}, v]

    v = [3.0]
    compiled = native(f)
    expected = bits(mt.compile(f)(v))
    found = compiled(v)
    found[0].clear()  # lists are nobody else's
    found[-1].clear()
    assert bits(compiled(v)) == expected
    assert [*map(bits, compiled.map([v, v]))] == [expected] * 2


def test_plain_arguments_go_straight_to_c(monkeypatch):
    np = pytest.importorskip("numpy")

    def f(p, x):
        return p["a"][0][1] * x + p["b"][1] + p["a"][2][0]

    compiled = native(f)
    matrix, b = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], (1.0, 7.0)
    expected = f({"a": matrix, "b": b}, 3.0)
    a = np.array(matrix)
    for x in (3.0, np.int64(3)):  # NumPy's types of numbers are learned when they come
        assert compiled({"a": a, "b": b}, x) == expected
    monkeypatch.setattr(Record, "replay", None)
    columns = np.asfortranarray(a)
    a.flags.writeable = False
    ints, single = a.astype(int), a.astype("float32")
    mixed = [[1, 2.0], [np.float32(3.0), 4], [fractions.Fraction(5), 6.0]]
    many = (matrix, a, columns, [*a.copy()], ints, single, single[::-1][::-1], ints.tolist(), mixed)
    for each in many:
        for x in (3.0, 3, np.int64(3)):
            assert compiled({"a": each, "b": b}, x) == expected
    monkeypatch.undo()
    for each in (
        a[:, :1],
        a[:2],
        ints[:2],
        matrix * 2,
        matrix[:2],
        1.0,
    ):
        argument = {"a": each, "b": b}
        try:
            expected = mt.compile(f)(argument, 3.0)
        except (IndexError, TypeError) as error:
            with pytest.raises(type(error)):
                compiled(argument, 3.0)
        else:
            assert compiled(argument, 3.0) == expected
    for arguments in (
        (a, 3.0),
        ({"a": matrix, "c": b}, 3.0),
        ({"a": matrix}, 3.0),
        ({"a": matrix, "b": b},),
    ):
        with pytest.raises((TypeError, KeyError)):
            compiled(*arguments)
    for wrong in (True, np.True_, "3", None):
        with pytest.raises(TypeError, match="expects a number|has to be a number"):
            compiled({"a": matrix, "b": b}, wrong)
    for at in range(2):
        huge = [[10**400, 2.0], *matrix[1:]], 3.0
        with pytest.raises(ValueError, match="a number that fits a float, got a larger one"):
            compiled({"a": (huge[0], matrix)[at], "b": b}, (3.0, 10**400)[at])


@pytest.mark.parametrize("engine", ["python", "native"])
def test_arguments_by_keyword_go_straight_to_the_code(engine, monkeypatch):
    def f(v, w=2.0, *, x=1.0, y=1.0):
        return v[0] * w - x / y

    compiled = mt.compile(f, engine=engine)
    v = [3.0]
    calls = [((v,), {}), ((v, 5.0), {}), ((v,), {"w": 5.0}), ((), {"w": 4.0, "v": v})]
    calls += [((v,), {"x": 8.0, "y": 4.0}), ((v,), {"y": 4.0, "x": 8.0, "w": 1.0})]
    expected = [f(*args, **kwargs) for args, kwargs in calls]
    for _ in range(2):  # in the order of their first calls, and when their code is there
        assert [compiled(*args, **kwargs) for args, kwargs in calls] == expected
    monkeypatch.setattr(Record, "replay", None)
    for (args, kwargs), each in zip(calls, expected):
        for _ in range(2):
            assert compiled(*args, **kwargs) == each
    for args, kwargs in (((v,), {"z": 1.0}), ((v, 1.0), {"v": v}), ((), {"w": 1.0})):
        with pytest.raises(TypeError):
            compiled(*args, **kwargs)


def test_map_takes_lists_and_rows_of_buffers():
    np = pytest.importorskip("numpy")

    def f(v):
        return v[0] * v[1] + mt.exp(v[0])

    compiled = native(f)
    rows = [[0.5, 2.0], [1.0, 3.0], [2.0, 0.0]]
    expected = mt.compile(f).map_value_and_grad(rows)
    assert compiled.map_value_and_grad(rows) == expected
    assert compiled.map(rows) == [value for value, _ in expected]
    assert compiled.map([]) == compiled.map_value_and_grad([]) == []
    flat = [x for _, slopes in expected for x in slopes]
    a = np.array(rows)
    constant = a.copy()
    constant.flags.writeable = False
    for each in (a, constant, np.asfortranarray(a), a[::-1][::-1], memoryview(a)):
        values, slopes = compiled.map_value_and_grad(each)
        assert type(values) is type(slopes) is array
        assert [*values] == [value for value, _ in expected] and [*slopes] == flat
        assert compiled.map(each) == values
    assert compiled.map(a[:0]) == array("d")
    for each in (a.astype(int), a[:, ::-1].astype("float32")[:, ::-1], a.astype("uint8")):
        found, listed = compiled.map_value_and_grad(each), each.tolist()
        assert [*found[0]] == [value for value, _ in compiled.map_value_and_grad(listed)]
        assert found == compiled.map_value_and_grad(np.array(listed, dtype=float))
    for kind in (">f8", "f2", "longdouble", ">i4"):
        each = np.array([[1, 2], [3, 4]], kind)
        assert compiled.map_value_and_grad(each) == compiled.map_value_and_grad(each.astype(float))
    empty = np.empty((0, 2))
    empty.flags.writeable = False
    assert compiled.map(empty) == compiled.map(empty.astype(int)) == array("d")
    assert native(lambda v: mt.tanh(2.0)).map(np.empty((2, 0))) == array("d", [math.tanh(2.0)] * 2)
    for wrong in (a[0], a[:, :1], np.ones((2, 2, 2)), a > 0, np.array(2.0), np.float64(2.0), b"ab"):
        with pytest.raises((TypeError, IndexError)):
            compiled.map(wrong)
    assert compiled.map([*rows, (1.0, 2.0)]) == mt.compile(f).map([*rows, (1.0, 2.0)])
    assert native(lambda x: x * 2).map(array("d", [1.0, 2.0])) == array("d", [2.0, 4.0])
    assert native(lambda x: x * 2).map(array("i", [1, 2])) == [2.0, 4.0]
    swapped = native(lambda v: {"y": [v[1], v[0]], "x": v[0]})
    assert swapped.map(a[:1]) == array("d", [2.0, 0.5, 0.5])
    assert swapped.map(rows[:2]) == [{"y": [2.0, 0.5], "x": 0.5}, {"y": [3.0, 1.0], "x": 1.0}]
    assert compiled.map_value_and_grad([[Value(1.0), 2.0]])[0][0].data == f([1.0, 2.0])


def test_maps_of_all_kinds_of_rows_may_follow_each_other():
    np = pytest.importorskip("numpy")
    f = native(lambda v: mt.dot(v, v) if isinstance(v, list) else v * v)
    table = np.array([[1.0, 2.0], [3.0, 4.0]])
    for _ in range(2):
        assert f.map(table).tolist() == [5.0, 25.0]
        assert f.map(table[:1, :1]).tolist() == [1.0]
        assert f.map(table[0]).tolist() == [1.0, 4.0]
        assert f(table[0]) == f([1.0, 2.0]) == f(v=table[0]) == 5.0
        assert f.map(table).tolist() == [5.0, 25.0]
        assert f(v=table[0]) == 5.0
        assert math.isnan(f.map(np.array([[1.0, math.nan]]))[0])


def test_a_map_of_a_list_is_one_call_of_c():
    compiled = native(lambda v: v[0] * v[1])
    assert compiled([2.0, 3.0]) == 6.0
    compiled._latest.function = None  # each point alone would be an error
    assert compiled.map([[2.0, 3.0], [4.0, 5.0], [6.0, 7.0]]) == [6.0, 20.0, 42.0]


def test_masked_elements_are_refused():
    np = pytest.importorskip("numpy")
    full = np.ma.array([[1.0, 2.0], [3.0, 4.0]])
    masked = np.ma.array(full, mask=[[False, False], [False, True]])
    for engine in ("python", "native"):
        compiled = mt.compile(lambda v: mt.dot(v, v), engine=engine)
        assert [*compiled.map(full)] == [compiled(full[0]), compiled(full[1])] == [5.0, 25.0]
        for f, x in (
            (compiled, masked[1]),
            (compiled.map, masked),
            (mt.grad(compiled.of), masked[1]),
        ):
            with pytest.raises(TypeError, match=r"argument 0\[1\] has to be .* got None"):
                f(x)


@pytest.mark.filterwarnings("error")
def test_series_of_pandas_are_points_and_arguments():
    pd = pytest.importorskip("pandas")
    for series in (pd.Series([1.0, 2.0]), pd.Series([1, 2]), pd.Series([1, 2], dtype="Int64")):
        assert native(lambda x: 2.0 * x).map(series) == [2.0, 4.0]
        dot = native(lambda v: mt.dot(v, v))
        assert [dot(series), dot(series), *dot.map([series])] == [5.0] * 3


@given(st.lists(st.integers(0, 999), max_size=9))
def test_rows_that_c_cannot_do_leave_the_others_to_it(places):
    np = pytest.importorskip("numpy")
    f = lambda v: [v[0] * 3.0 - v[1], mt.exp(v[1])]  # noqa: E731
    compiled, rows = native(f), np.linspace(-1.0, 1.0, 2000).reshape(-1, 2)
    compiled.map(rows)
    rows[places] = math.nan, math.inf
    done = 0

    def counted(v):
        nonlocal done
        done += 1
        return f(v)

    compiled._latest.function = counted
    found = compiled.map(rows)
    assert np.array_equal(np.reshape(found, (-1, 2)), [f(v) for v in rows.tolist()], equal_nan=True)
    assert done <= 64 * len({*places})


def test_a_map_that_fails_somewhere_is_done_in_python():
    np = pytest.importorskip("numpy")
    compiled = native(lambda x: mt.asin(x))
    values, slopes = compiled.map_value_and_grad(np.array([0.0, 1.0]))
    assert [*values] == [0.0, math.asin(1.0)] and [*slopes] == [1.0, math.inf]
    for many in ([0.0, 2.0], np.array([0.0, 2.0])):
        with pytest.raises(mt.DomainError, match=r"asin\(2.0\)"):
            compiled.map(many)
    rows = np.linspace(0.0, 1.0, 300)
    rows[250] = 2.0
    with pytest.raises(mt.DomainError) as raised:
        compiled.map(rows)
    assert raised.value.__notes__ == ["at points[250]: float 2.0"]
    of_arrays = native(lambda v: v[0] if type(v) is list else mt.asin(v[1]))
    assert of_arrays.map(np.array([[5.0, 1.0], [5.0, math.nan]]))[0] == math.asin(1.0)
    with pytest.raises(mt.DomainError, match=r"asin\(2.0\)") as raised:
        of_arrays.map(np.array([[5.0, 1.0], [5.0, 2.0]]))
    assert raised.value.__notes__ == ["at points[1]: array array('d', [5.0, 2.0])"]
    large = native(mt.hessian(lambda v: rosenbrock(v)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("microtrain.compiler.compiled.LARGE", 1)
        assert large.map(np.array([[1.0, 2.0]])) == [mt.hessian(rosenbrock)([1.0, 2.0])]
        with pytest.raises(CompileError, match="no single function"):
            large.to_c()


def test_primitives_of_users_need_c():
    @mt.primitive(slopes=lambda y, x: mt.ratio(1, 3 * y * y), raises=False)
    def root(x):
        return math.cbrt(x)

    compiled = native(lambda x: root(x))
    for use in (lambda: compiled(1.0), lambda: compiled.source, compiled.to_c):
        with pytest.raises(CompileError, match="root can't be written in another .* option c$"):
            use()

    texts = {"cbrt": "cbrt({0})", "name": "cbrt", "function": lambda x: f"cbrt({x})"}
    for text in texts.values():

        @mt.primitive(slopes=lambda y, x: mt.ratio(1, 3 * y * y), raises=False, c=text)
        def cbrt(x):
            return math.cbrt(x)

        assert native(lambda x: cbrt(x)).value_and_grad(8.0) == (2.0, 1 / 12)


@pytest.mark.parametrize("text", ["{0} + 1.0", "sin", "{0} > 1e6 ? 0.0 : {0}"])
def test_functions_with_other_bits_are_refused(text):
    @mt.primitive(slopes=lambda y, x: 1.0, c=text)
    def same(x):
        return x

    with pytest.raises(CompileError, match=r"same has other bits in C .* same\(.*\) is .* instead"):
        native(lambda x: same(x))(1.0)


def test_functions_that_do_not_tell_of_errors_are_refused():
    @mt.primitive(slopes=lambda y, x: 1.0, c="fabs")
    def size(x):
        if x < 0.0:
            raise ValueError
        return x

    with pytest.raises(CompileError, match="size has other bits .* instead of an error"):
        native(lambda x: size(x))(1.0)


def test_names_in_c_are_those_of_nothing_else():
    @mt.primitive(slopes=lambda y, x: 1.0, raises=False, c="{0} > 0.0 ? {0} : {0}")
    def fabs(x):
        return x

    @mt.primitive(slopes=lambda y, x: 1.0, raises=False, c="{0} > 0.0 ? {0} : {0}")
    def d(x):
        return x

    def exp(x):
        return d(fabs(x)) + mt.exp(x) + mt.exp(fabs(x))

    compiled = native(exp)
    assert bits(compiled(-1.5)) == bits(exp(-1.5))
    assert "double fabs_(double a)" in compiled.to_c() and "void exp_(" in compiled.to_c()
    assert [*map(C(Record()).name, ["int", "sin"])] == ["int_", "sin_"]


STRICT = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-O2"]

PROGRAM = """#include <stdio.h>
int main(void)
{
    static const double points[][2] = {{0.5, 2.0}, {-1.0, 0.25}, {3.0, -0.0}};
    int i;
    for (i = 0; i < 3; ++i) {
        double value, gradient[2];
        f_value_and_grad(points[i], &value, gradient);
        printf("%a %a %a\\n", value, gradient[0], gradient[1]);
    }
    return 0;
}
"""


def loop(v):
    x, y = v[0], v[1]
    for _ in range(200):
        x, y = x + 0.01 * y, y - 0.01 * mt.sin(x) + mt.where(x > 1, 0.0, 0.001)
    return x * mt.softplus(y) + mt.sigmoid(x) ** 3 + mt.atan2(x, 2.0) * mt.maximum(x, y)


@pytest.mark.parametrize("size", ["straight", "loops"])
def test_to_c_is_a_file_that_strict_compilers_take(tmp_path, size):
    def f(v):
        if size == "loops":
            return loop(v)
        return v[0] * mt.tanh(v[1]) + abs(v[0]) / 3 + mt.asinh(v[0]) * mt.atan2(v[1], v[0])

    compiled = mt.compile(f).value_and_grad
    with pytest.raises(ValueError, match="call it first"):
        compiled.to_c()
    many = [[0.5, 2.0], [-1.0, 0.25], [3.0, -0.0]]
    expected = [compiled(point) for point in many]
    text = compiled.to_c()
    assert ("for (int" in text) == (size == "loops") and "malloc" not in text
    path = tmp_path / "f.c"
    path.write_text(text + PROGRAM)
    flags = [*STRICT, "-ffp-contract=off", "-fno-builtin"]
    subprocess.run([*compiler(), *flags, str(path), "-o", f"{path}.out", "-lm"], check=True)
    out = subprocess.run([f"{path}.out"], capture_output=True, text=True, check=True).stdout
    found = [[float.fromhex(x) for x in line.split()] for line in out.splitlines()]
    assert bits(found) == bits([[value, *slopes] for value, slopes in expected])


SPARE = {
    "constants that are not finite": lambda x: mt.minimum(x, math.inf) * mt.maximum(x, -math.inf),
    "no argument": lambda x: 3.0,
    "no result": lambda x: [],
    "what may raise unused": lambda x: [1 / x, x][1],
    "a helper that only slopes use": mt.softplus,
    "helpers that choices use": lambda x: mt.where(x > 0, mt.relu(x), mt.sigmoid(x)) ** x,
}


@pytest.mark.parametrize("level", ["-O0", "-O2"])
@pytest.mark.parametrize("name", SPARE)
def test_to_c_has_nothing_that_is_not_used(tmp_path, name, level):
    path = tmp_path / "f.c"
    value = mt.compile(SPARE[name])
    for compiled in [value] if name == "no result" else [value, value.value_and_grad]:
        path.write_text(compiled.to_c())
        command = [*compiler(), *STRICT, level, "-c", str(path), "-o", f"{path}.o"]
        subprocess.run(command, check=True)


def test_what_helpers_call_stands_above_them():
    def logistic_or_not(sign):
        @mt.primitive(
            slopes=lambda y, x: 0.0 * x,
            raises=False,
            c=f"{{0}} {sign} 0.0 ? logistic({{0}}) : {{0}}",
        )
        def chosen(x):
            return mt.sigmoid(x) if (x > 0.0 if sign == ">" else x < 0.0) else x

        return chosen

    one, other = logistic_or_not(">"), logistic_or_not("<")
    compiled = native(lambda x: one(x) + other(x) + one(-x))
    for x in (-0.75, 0.5):
        assert bits(compiled(x)) == bits(one(x) + other(x) + one(-x))


def test_loops_that_keep_no_number_have_no_array():
    compiled = mt.compile(mt.grad(lambda v: mt.dot([3.0] * len(v), v)))
    assert compiled([0.5] * 400) == [3.0] * 400
    assert "[0];" not in compiled.to_c()


@pytest.mark.parametrize("name", ["NAN", "n", "float_t", "tgamma", "double", "result"])
def test_a_function_may_have_a_name_that_c_uses(tmp_path, name):
    def f(a, b):
        return a * b

    f.__name__ = name
    path = tmp_path / "f.c"
    path.write_text(mt.compile(f).to_c())
    subprocess.run([*compiler(), *STRICT, "-c", str(path), "-o", f"{path}.o"], check=True)
    assert native(f)(2.0, 3.0) == 6.0


def test_probing_finds_a_library_with_other_bits(monkeypatch):
    monkeypatch.setitem(
        c_module.FUNCTIONS,
        "logistic",
        c_module.FUNCTIONS["logistic"].replace("1.0 +", "1.0000000000000002 +"),
    )
    native_module._probe.cache_clear()
    try:
        with pytest.raises(CompileError, match="sigmoid has other bits in C than in Python"):
            native(lambda x: mt.sigmoid(x))(1.0)
    finally:
        native_module._probe.cache_clear()


def test_loading_the_package_does_not_load_ctypes():
    code = "import sys, microtrain; assert 'ctypes' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
