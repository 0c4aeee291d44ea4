"""Arguments and results of any form: compiled and not, differentiated, with scipy's solvers."""

from __future__ import annotations

import collections
import contextlib
import functools
import gc
import math
import operator
import pickle
import threading
from fractions import Fraction
from typing import NamedTuple

import pytest
from graphs import bits, floats, graphs, outcome, points
from hypothesis import given, settings
from hypothesis import strategies as st
from machine import native, threads

import microtrain as mt
from microtrain import CompileError, Value
from microtrain.compiler import compiled as compiled_module
from microtrain.compiler.record import Record
from microtrain.engine.tree import ArrayAsList, Derivative, flatten, numel, unflatten


class Point(NamedTuple):
    x: object
    y: object


def nestings(leaf):
    """Return nestings of what the strategy gives."""
    return st.recursive(
        leaf,
        lambda part: (
            st.lists(part, max_size=3)
            | st.tuples(part, part)
            | st.builds(Point, part, part)
            | st.dictionaries(st.sampled_from(["a", "b c", "for", 3]), part, max_size=3)
        ),
        max_leaves=12,
    )


def leaves_of(tree):
    leaves = []
    flatten(tree, leaves, "tree")
    return leaves


def wave(*trees):
    """Return a number that varies with all numbers in the trees, and with each in its own way."""
    total = 0.5
    for k, x in enumerate(leaves_of(trees)):
        total = total * x + mt.sin(x * (k + 1)) - x * x
    return total


def shape_of(tree):
    return flatten(tree, [], "tree")


def deep_bits(tree):
    return bits(leaves_of(tree)), str(shape_of(tree)).replace(str(Derivative), str(list))


@given(nestings(floats()))
def test_a_nesting_is_put_together_again(tree):
    leaves = []
    shape = flatten(tree, leaves, "tree")
    assert numel(shape) == len(leaves)
    assert unflatten(shape, iter(leaves)) == tree


@given(st.lists(nestings(floats(1.0)), min_size=1, max_size=3))
def test_gradients_have_the_form_of_the_arguments(trees):
    value, gradient = mt.value_and_grad(wave, tuple(range(len(trees))))(*trees)
    assert shape_of(gradient) == shape_of(tuple(trees))
    compiled = mt.compile(wave)
    expected = gradient if len(trees) > 1 else gradient[0]
    found = compiled.value_and_grad(*trees)
    assert deep_bits(found) == deep_bits((value, expected))
    assert bits(compiled(*trees)) == bits(value)
    leaves, shape = leaves_of(trees), shape_of(trees)
    flat = lambda v: wave(*unflatten(shape, iter(v)))  # noqa: E731
    assert bits(mt.grad(flat)(leaves)) == bits(leaves_of(gradient))
    assert not leaves or mt.gradcheck(lambda *v: flat(v), leaves)


@given(nestings(floats(1.0)), st.data())
def test_arrays_may_stand_for_lists(tree, data):
    np = pytest.importorskip("numpy")

    def drawn(tree):
        if isinstance(tree, dict):
            return {key: drawn(x) for key, x in tree.items()}
        if isinstance(tree, tuple):
            return tree._make(map(drawn, tree)) if hasattr(tree, "_make") else (*map(drawn, tree),)
        if isinstance(tree, list) and all(isinstance(x, float) for x in tree):
            return data.draw(st.sampled_from([tree, np.array(tree), [*np.array(tree)]]))
        return [*map(drawn, tree)] if isinstance(tree, list) else tree

    both = mt.value_and_grad(wave)
    compiled, expected = mt.compile(both), deep_bits(both(tree))
    for _ in range(3):
        given_arrays = drawn(tree)
        assert deep_bits(compiled(given_arrays)) == expected == deep_bits(both(given_arrays))


@given(nestings(floats()), nestings(st.integers(0, 5)))
def test_results_of_any_form_and_their_jacobians(tree, form):
    leaves = leaves_of(tree) or [0.5]
    shape = shape_of(form)

    def f(tree):
        xs = leaves_of(tree) or [mt.Value(0.5)]
        picks = [xs[k % len(xs)] * xs[(k * 2) % len(xs)] for k in leaves_of(form)]
        return unflatten(shape, iter(picks))

    compiled = mt.compile(f)
    result = compiled(tree)
    assert shape_of(result) == shape
    picked = [leaves[k % len(leaves)] * leaves[(k * 2) % len(leaves)] for k in leaves_of(form)]
    assert bits(leaves_of(result)) == bits(picked)
    jacobian = mt.jacobian(f)(tree)
    assert deep_bits(mt.compile(mt.jacobian(f))(tree)) == deep_bits(jacobian)
    assert len(leaves_of(jacobian)) == numel(shape) * len(leaves_of(tree))


@given(st.data(), st.integers(1, 4), st.integers(1, 4))
def test_jacobians_are_exact_from_either_side(data, n, m):
    xs = data.draw(st.lists(st.fractions(-2, 2, max_denominator=4), min_size=n, max_size=n))
    weights = data.draw(st.lists(st.integers(-3, 3), min_size=n * m, max_size=n * m))
    rows = [weights[i * n : i * n + n] for i in range(m)]
    f = lambda v: [sum([w * x**3 for w, x in zip(row, v)]) + 0 * v[0] for row in rows]  # noqa: E731
    expected = [[w * 3 * x**2 for w, x in zip(row, xs)] for row in rows]
    assert mt.jacobian(f)(xs) == expected
    numbers = [float(x) for x in xs]
    assert mt.compile(mt.jacobian(f))(numbers) == [[float(x) for x in row] for row in expected]


def by_all(f):
    return mt.jacobian(lambda v: [f(v), v])


TRANSFORMS = (mt.grad, mt.value_and_grad, mt.hessian, by_all)


@pytest.mark.parametrize("transform", TRANSFORMS)
@given(data=st.data())
def test_compiled_transforms_give_the_bits_of_transforms(transform, data):
    graph = data.draw(graphs(most=8))
    inputs = data.draw(points(graph.n_leaves))
    f = lambda v: graph(*v)  # noqa: E731
    expected = outcome(lambda: leaves_of(transform(f)(inputs)))
    compiled = mt.compile(transform(f))
    assert outcome(lambda: leaves_of(compiled(inputs))) == expected
    if transform is not by_all:
        of_compiled = transform(mt.compile(f))
        assert isinstance(of_compiled, type(compiled))
        assert outcome(lambda: leaves_of(of_compiled(inputs))) == expected
    together = outcome(lambda: [leaves_of(x) for x in compiled.map([inputs, inputs])])
    assert together == [expected, expected] or together == expected


@pytest.mark.parametrize("engine", ["python", pytest.param("native", marks=native)])
def test_equal_rows_are_lists_of_their_own(engine):
    points = [[1.0] * 12] * 2
    for f in (mt.hessian(lambda v: v[0] ** 2), mt.jacobian(lambda v: [v[0]] * 12)):
        compiled, expected = mt.compile(f, engine=engine), f(points[0])
        for rows in (compiled(points[0]), *compiled.map(points)):
            for k, row in enumerate(rows):  # as who adds to the diagonal does
                row[k] += 1.0
            assert all(
                row[k] == other[k] + 1.0 for k, (row, other) in enumerate(zip(rows, expected))
            )
            assert sum(map(sum, rows)) == sum(map(sum, expected)) + 12.0
    parts = mt.compile(lambda v: [{"a": [0.0]}] * 12, engine=engine)(points[0])
    parts[0]["a"][0] = 1.0
    assert parts[1] == {"a": [0.0]}


def test_hessians_by_several_arguments():
    f = lambda a, b: a[0] * a[1] * b**2  # noqa: E731
    expected = (([[0.0, 16.0], [16.0, 0.0]], [24.0, 16.0]), ([24.0, 16.0], 12.0))
    assert mt.hessian(f, (0, 1))([2.0, 3.0], 4.0) == expected
    assert mt.compile(mt.hessian(f, (0, 1)))([2.0, 3.0], 4.0) == expected
    g = lambda p: p["a"] ** 2 * p["b"][0]  # noqa: E731
    by_dict = {"a": {"a": 6.0, "b": [4.0]}, "b": [{"a": 4.0, "b": [0.0]}]}
    assert mt.hessian(g)({"a": 2.0, "b": [3.0]}) == by_dict
    both = mt.jacobian(lambda a, b: [a[0] * b, a[1] * b, b], (0, 1))([2.0, 3.0], 4.0)
    assert both == ([[4.0, 0.0], [0.0, 4.0], [0.0, 0.0]], [2.0, 3.0, 1.0])


def rosenbrock(x):
    return sum([100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in zip(x, x[1:])])


def test_a_large_hessian_is_a_loop_of_products(monkeypatch):
    xs = [0.1 * k for k in range(7)]
    expected = mt.hessian(rosenbrock)(xs)
    monkeypatch.setattr(compiled_module, "LARGE", 48)
    large = mt.compile(mt.hessian(rosenbrock))
    with pytest.raises(ValueError, match="call it first"):
        large.source  # noqa: B018
    for row, expected_row in zip(large(xs), expected, strict=True):
        assert row == pytest.approx(expected_row, rel=1e-12, abs=1e-12)
    assert "product with a unit vector" in large.source
    assert large([1.0, 2.0]) == mt.hessian(rosenbrock)([1.0, 2.0])
    assert large.map([xs, xs]) == [large(xs), large(xs)]
    values = large([Value(x) for x in xs])
    assert [[x.data for x in row] for row in values] == large(xs)
    large(xs)
    assert large([1.0, 2.0]) == mt.hessian(rosenbrock)([1.0, 2.0])
    last = mt.compile(mt.hessian(lambda a, v: a * rosenbrock(v), -1))
    assert last(2.0, xs)[3] == pytest.approx([2 * x for x in expected[3]])
    np = pytest.importorskip("numpy")
    listed = mt.compile(mt.hessian(rosenbrock))
    assert deep_bits(listed(np.array(xs))) == deep_bits(large(xs))
    assert deep_bits(listed.map(np.array([xs]))) == deep_bits([large(xs)])


# Numbers of other types.


def test_arrays_come_in_as_nested_lists():
    np = pytest.importorskip("numpy")
    seen = []

    def f(matrix, vector, number):
        seen.append((type(matrix), type(matrix[0]), type(vector), type(number)))
        return sum([mt.dot(row, vector) for row in matrix]) * number

    arrays = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5, 6]), np.array(2.0)
    expected = f([[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0], 2.0)
    compiled = mt.compile(f)
    assert compiled(*arrays) == expected
    gradient = ([[10.0, 12.0], [10.0, 12.0]], [8.0, 12.0], 39.0 * 1 + 39.0 * 0 + 17.0)
    assert compiled.value_and_grad(*arrays) == (expected, (*gradient[:2], expected / 2.0))
    assert mt.grad(f)(*arrays) == gradient[0]
    of_arrays = (ArrayAsList,) * 3
    assert set(seen) == {(list, list, list, float), (*of_arrays, Value)}
    assert compiled([[1, 2], [3, 4]], (5.0, 6.0), 2) == expected
    many = mt.compile(lambda v: mt.dot(v, v))
    for n in (2, 20):
        row = [float(k) for k in range(n)]
        for kind in (np.array, lambda v: [*np.array(v)], lambda v: [int(x) for x in v], tuple):
            assert many(row) == many(kind(row)) == many(kind(row))
            assert [*many.value_and_grad(kind(row))[1]] == [2.0 * x for x in row]
        rows = np.array([row, row])
        assert many.map(rows) == many.map(memoryview(rows)) == [many(row)] * 2
        with pytest.raises(TypeError, match="map expects a list of points, got ndarray array"):
            many.map(np.array(5.0))
    assert many([Fraction(1, 2), np.float32(0.5)]) == 0.5


def test_a_long_list_of_ints_has_the_errors_and_shapes_of_one_of_floats():
    f = lambda v: mt.log(v[0]) + sum(v)  # noqa: E731
    compiled = mt.compile(f)
    for n in (20, 30, 20):
        assert compiled([1] * n) == float(n)
        with pytest.raises(mt.DomainError, match=r"log\(0.0\)"):
            compiled([0] * n)
    assert compiled([1.0] * 19 + [Fraction(1, 2)]) == 19.5


def test_what_is_no_number_is_refused_with_its_place():
    f = lambda p: p["w"][1] * 2.0  # noqa: E731
    for call in (mt.compile(f), mt.grad(f), mt.compile(f).value_and_grad, mt.compile(mt.grad(f))):
        for bad in ("1.0", True, None, object()):
            with pytest.raises(TypeError, match=r"argument 0\['w'\]\[1\] has to be a number"):
                call({"w": [1.0, bad]})
        assert call({"w": [1.0, 2.0]}) is not None
        with pytest.raises(TypeError, match=r"argument 0\['w'\]\[1\] has to be a number"):
            call({"w": [1.0, "2"]})
    with pytest.raises(ValueError, match="number that fits a float"):
        mt.compile(lambda x: x)(10**400)
    with pytest.raises(TypeError, match=r"the result\[1\] has to be a number, .* got None"):
        mt.compile(lambda v: [v[0], None])([1.0])
    with pytest.raises(TypeError, match="returned a nesting of numbers: use jacobian"):
        mt.grad(lambda x: [x, x])(1.0)
    pair = mt.compile(lambda v: [v[0], v[0]])
    with pytest.raises(TypeError, match="returned a nesting of numbers: use jacobian"):
        pair.value_and_grad([1.0])
    with pytest.raises(TypeError, match=r"^grad, value_and_grad and hessian expect"):
        mt.compile(mt.hessian(lambda v: [v[0], v[0]]))([1.0])
    with pytest.raises(TypeError, match="this one is a derivative already, just call it"):
        mt.compile(mt.value_and_grad(lambda x: x * x)).map_value_and_grad([1.0])


def test_an_argument_that_is_a_count_or_an_index_has_to_be_bound_first():
    counts = [
        lambda x, n: sum(x for _ in range(n)),
        lambda x, n: [x, x][n],
        lambda x, n: sum([x] * n),
    ]
    for f in counts:
        for call in (mt.grad(f), mt.compile(f), mt.jacobian(f)):
            with pytest.raises(TypeError, match=r"bind what is no variable first, .*partial"):
                call(2.0, 1)
        assert mt.grad(functools.partial(f, n=1))(2.0) == 1.0


def test_subclasses_of_lists_and_dicts_are_nestings_too():
    class Row(list):
        pass

    f = mt.compile(lambda p: p["a"][0] * p["a"][1])
    assert f.value_and_grad({"a": Row([2.0, 3.0])}) == (6.0, {"a": [3.0, 2.0]})
    assert f({"a": Row([2.0, 3.0])}) == 6.0
    ordered = collections.OrderedDict(a=Row([2.0, 3.0]))
    assert f(ordered) == 6.0
    for slope in (mt.grad(f)(ordered), f.value_and_grad(ordered)[1]):
        assert (slope, type(slope), type(slope["a"])) == ({"a": [3.0, 2.0]}, dict, list)
    assert f({"a": [2.0, 3.0], "b": 1.0}) == 6.0  # one more key is another form
    assert mt.compile(lambda p: p[Point][0])({Point: [2.0]}) == 2.0


@pytest.mark.parametrize("engine", ["python", pytest.param("native", marks=native)])
def test_what_stands_for_numbers_and_lists_is_computed_by_the_code(engine, monkeypatch):
    np = pytest.importorskip("numpy")

    class Row(list):
        pass

    compiled = mt.compile(lambda v, x: mt.dot(v, v) * x, engine=engine)
    assert compiled([1.0, 2.0], 3.0) == 15.0
    monkeypatch.setattr(Record, "replay", None)  # which takes many times as long
    for v in (Row([1.0, 2.0]), [np.array(1.0), 2.0], [Fraction(1), True + 1]):
        for x in (np.array(3.0), np.array(3), 3):
            assert compiled(v, x) == 15.0


# Arguments by name, defaults, and what a function takes from its surroundings.


def powers(a, b=2.0, *, n=3):
    return a**n * b


def test_keywords_and_defaults_bind_as_in_the_function():
    compiled = mt.compile(powers)
    calls = [((2.0,), {}), ((2.0, 5.0), {}), ((2.0,), {"n": 2.0}), ((), {"a": 2.0, "b": 1.0})]
    calls += [((2.0,), {"n": 1.0, "b": 4.0})] * 2 + [((3.0,), {})]
    for args, kwargs in calls:
        assert compiled(*args, **kwargs) == powers(*args, **kwargs)
        expected = mt.grad(powers)(*args, **kwargs)
        assert mt.compile(mt.grad(powers))(*args, **kwargs) == expected
    assert compiled.value_and_grad(2.0) == (16.0, 24.0)
    assert compiled.value_and_grad(a=2.0, b=1.0) == (8.0, (12.0, 8.0))
    assert compiled.value_and_grad(2.0, n=3.0)[1][0] == 24.0
    for args, kwargs in (((), {}), ((1.0, 2.0, 3.0), {}), ((1.0,), {"c": 1.0})):
        with pytest.raises(TypeError, match="argument"):
            compiled(*args, **kwargs)
    two = mt.compile(lambda a, b: a - b)
    assert two(b=1.0, a=3.0) == two(3.0, b=1.0) == 2.0
    assert mt.compile(lambda *xs, **named: xs[1] - named["k"])(1.0, 2.0, k=3.0) == -1.0
    assert mt.compile(lambda _x, exp: mt.exp(_x) * exp)(exp=2.0, _x=0.0) == 2.0
    assert mt.compile(max)([3.0]) == 3.0


@pytest.mark.parametrize("engine", ["python", pytest.param("native", marks=native)])
def test_what_the_function_refuses_is_refused(engine):
    compiled = mt.compile(lambda a, /, b: a - b, engine=engine)
    assert compiled.source  # of numbers alone, so that no call has to come first
    for _ in range(2):
        assert compiled(3.0, 1.0) == compiled(3.0, b=1.0) == 2.0
        with pytest.raises(TypeError, match="positional"):
            compiled(a=3.0, b=1.0)
    compiled = mt.compile(mt.hessian(lambda x: x * x, 1), engine=engine)
    with pytest.raises(ValueError, match="argument, counted from 0, below 1; got 1: is one"):
        compiled(1.0)


@pytest.mark.parametrize("engine", ["python", pytest.param("native", marks=native)])
def test_bytes_are_no_numbers(engine):
    np = pytest.importorskip("numpy")
    compiled = mt.compile(lambda v: v[0] * v[1], engine=engine)
    assert compiled(np.array([98.0, 99.0])) == 9702.0
    for x in (b"bc", bytearray(b"bc")):
        with pytest.raises(TypeError, match="argument 0 has to be a number"):
            compiled(x)
    with pytest.raises(TypeError, match="map expects a list of points, got bytes"):
        mt.compile(lambda x: x, engine=engine).map(b"bc")


def test_attributes_of_a_callable_are_its_own():
    class Kernel:
        def __init__(self):
            self.kind, self.what, self.value_and_grad = "rbf", "a kernel", None
            self.map = self.source = lambda points: "its own"

        def __call__(self, x):
            return mt.exp(-x * x)

    compiled = mt.compile(Kernel())
    assert compiled.map([0.0]) == [1.0] and compiled.value_and_grad(0.0) == (1.0, 0.0)
    assert mt.compile(mt.hessian(Kernel()))(0.0) == mt.hessian(Kernel())(0.0) == -2.0


def test_only_compiled_code_keeps_its_surroundings():
    scale = [2.0]
    f = lambda v: scale[0] * v[0] ** 2  # noqa: E731
    transforms = [t(f) for t in (mt.grad, mt.value_and_grad, mt.hessian, mt.jacobian)]
    compiled = mt.compile(f)
    kept = compiled([3.0])
    before = [t([3.0]) for t in transforms]
    scale[0] = 4.0
    assert before == [[12.0], (18.0, [12.0]), [[4.0]], [12.0]]
    assert [t([3.0]) for t in transforms] == [[24.0], (36.0, [24.0]), [[8.0]], [24.0]]
    assert compiled([3.0]) == kept == 18.0
    assert compiled.value_and_grad([3.0]) == (18.0, [12.0])


def test_values_pass_through_whatever_is_compiled():
    x = Value(3.0)
    result = mt.compile(lambda p: {"y": p["x"] ** 3})({"x": x})
    result["y"].backward()
    assert x.grad == 27.0
    inner = mt.compile(mt.grad(lambda v: v[0] ** 2 * v[1]))
    assert mt.jacobian(inner)([3.0, 5.0]) == [[10.0, 6.0], [6.0, 0.0]]
    assert mt.compile(inner) is inner
    assert mt.grad(mt.compile(lambda x: x**3), 0)(2.0) == 12.0
    assert isinstance(mt.grad(mt.compile(rosenbrock)), type(inner))


# Many points, many shapes, many threads.


def test_map_is_the_list_of_calls():
    f = mt.compile(lambda v: mt.log(v[0]) * v[1])
    points = [[1.0, 2.0], [2, 3], (0.5, 1.0), [4.0, 5.0]]
    assert f.map(iter(points)) == [f(p) for p in points]
    assert f.map_value_and_grad(points) == [f.value_and_grad(p) for p in points]
    assert f.map([]) == []
    with pytest.raises(mt.DomainError, match=r"log\(-1.0\) is undefined"):
        f.map([[1.0, 1.0], [-1.0, 1.0]])
    assert mt.compile(lambda x: x * x).map([1, 2.0]) == [1.0, 4.0]
    with pytest.raises(TypeError, match="argument"):
        mt.compile(lambda a, b: a * b).map([1.0])
    with pytest.raises(TypeError, match="map expects a list of points, got int 5"):
        f.map(5)


def test_a_map_of_a_function_with_defaults_runs_its_code(monkeypatch):
    f = mt.compile(lambda v, k=2.0: v[0] * k)
    assert f([1.0]) == 2.0
    monkeypatch.setattr(compiled_module, "each", None)  # what goes on where there is no code
    monkeypatch.setattr(Record, "replay", None)
    assert f.map([[1.0], [2]]) == [2.0, 4.0]


def test_the_code_of_at_most_so_many_shapes_is_kept():
    f = mt.compile(lambda v: mt.dot(v, v))
    for _ in range(2):
        for n in range(1, 80):
            assert f([1.0] * n) == n
    gc.collect()
    kept = [x for x in gc.get_objects() if isinstance(x, compiled_module.Code) and x._compiled is f]
    assert len(kept) <= compiled_module.SHAPES


@threads
def test_threads_that_meet_are_right():
    f = mt.compile(lambda v: mt.dot(v, v))
    wrong = []

    def work(offset):
        for k in range(150):
            n = (k * 7 + offset) % 40 + 1
            if f.value_and_grad([2.0] * n) != (4.0 * n, [4.0] * n):
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# Errors.

INSTEAD = r".*an array reaches .* \[2 \* x for x in v\] .* mt.dot\(a, b\) for .* v\[0\]\[1\] for"
OF_ARRAYS = [
    (lambda v: v @ v, TypeError, "@ of an array and an array: "),
    (lambda v: v[0, 1], TypeError, r"an array indexed by tuple \(0, 1\)"),
    (lambda v: v[[True, False]], TypeError, "an array indexed by list "),
    (lambda v: v.sum(), AttributeError, r"\.sum of an array: "),
    (lambda v: v + v, TypeError, r"\+ of an array and an array: "),
    (lambda v: v[1:] + v[:-1], TypeError, r"\+ of an array and an array: "),
    (lambda v: v.copy() + v, TypeError, r"\+ of an array and an array: "),
    (lambda v: operator.add([1.0], v), TypeError, r"\+ of an array and list \[1.0\]"),
    (lambda v: 2 * v, TypeError, r"\* of an array and int 2: "),
    (lambda v: v * 2, TypeError, r"\* of an array and int 2: "),
    (lambda v: v[0] * v, TypeError, r"\* of an array and Value"),
    (lambda v: -v, TypeError, "- of an array: "),
    (lambda v: 1.0 - v, TypeError, "- of an array and float 1.0: "),
    (lambda v: v / v[0], TypeError, "/ of an array and Value"),
    (lambda v: 1.0 / v, TypeError, "/ of an array and float 1.0: "),
    (lambda v: v**2, TypeError, r"\*\* of an array and int 2: "),
    (lambda v: mt.where(v > 0, 1.0, 0.0), TypeError, "a comparison of an array and int 0: "),
    (lambda v: v == v, TypeError, "a comparison of an array and an array: "),
    (lambda v: operator.iadd(v, [1.0]), TypeError, r"\+ of an array and list \[1.0\]: "),
    (lambda v: operator.imul(v, 2), TypeError, r"\* of an array and int 2: "),
    (lambda v: operator.setitem(v, slice(0, 1), v), TypeError, "an array indexed by slice"),
]


def test_functions_of_numbers_say_how_to_take_a_list():
    np = pytest.importorskip("numpy")
    for f in (mt.exp, lambda v: mt.maximum(v, 0.0)):
        for v in ([1.0, 2.0], np.array([1.0, 2.0])):
            for g in (mt.grad(f), mt.compile(f)):
                with pytest.raises(
                    TypeError, match=r": write \[(exp|maximum)\(...\) for x in v\]$"
                ):
                    g(v)


@pytest.mark.parametrize(("f", "error", "message"), OF_ARRAYS)
def test_what_lists_do_otherwise_is_refused_for_arrays(f, error, message):
    np = pytest.importorskip("numpy")
    v, m = np.array([1.0, 2.0]), np.array([[1.0, 2.0], [3.0, 4.0]])
    inner = lambda p: f(p["m"][0])  # noqa: E731
    for raises in (
        lambda: mt.grad(f)(v),
        lambda: mt.hessian(f)(v),
        lambda: mt.jacobian(inner)({"m": m}),
        lambda: mt.grad(lambda v: mt.grad(f)(v)[0])(v),
        lambda: mt.compile(f)(v),
        lambda: mt.compile(mt.hessian(inner))({"m": m}),
        lambda: mt.compile(f).map(m),
        lambda: mt.compile(f).map_value_and_grad([v, v]),
        lambda: mt.compile(inner).map([{"m": m}]),
    ):
        with pytest.raises(error, match=message + INSTEAD) as caught:
            raises()
        assert str(caught.value).count("an array reaches") == 1
    compiled = mt.compile(f)
    with contextlib.suppress(TypeError, AttributeError, ValueError):
        compiled([1.0, 2.0])  # as Python's lists do; arrays do not get the code of this
    with pytest.raises(error, match=message):
        compiled(v)
    with pytest.raises(error, match=message):
        compiled.map(m)


@pytest.mark.parametrize("engine", [None, "python", "native"])
def test_derivatives_by_arrays_are_lists_that_refuse_what_arrays_do_otherwise(engine):
    np = pytest.importorskip("numpy")
    v = np.array([1.0, 2.0])
    compiled = (lambda f: mt.compile(f, engine=engine)) if engine else (lambda f: f)
    f = lambda v: v[0] * v[0] * v[1]  # noqa: E731
    slope, bend = compiled(mt.grad(f)), compiled(mt.hessian(f))
    rows = compiled(mt.jacobian(lambda v: [v[0], v[1], v[0]]))
    both = compiled(mt.jacobian(lambda v, w: [v[0] * w[0]], argnums=(0, 1)))
    by_name = compiled(mt.grad(lambda p: f(p["v"]) * p["c"]))
    by_matrix = compiled(mt.grad(lambda m: m[0][0] * m[1][1]))
    for g, plain in (
        (*reversed((slope([1.0, 2.0]), slope(v))),),
        (compiled(mt.value_and_grad(f))(v)[1], [4.0, 1.0]),
        (bend(v), [[4.0, 2.0], [2.0, 0.0]]),
        (rows(v), [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]),
        (both(v, [3.0])[0], [[3.0, 0.0]]),
        (by_name({"v": v, "c": 1.0})["v"], [4.0, 1.0]),
        (by_matrix(np.array([[1.0, 2.0], [3.0, 4.0]])), [[4.0, 0.0], [0.0, 1.0]]),
    ):
        assert type(g) is Derivative and Derivative not in map(type, g)  # its rows are plain
        assert isinstance(g, list) and g == plain and str(g) == str(plain)
        assert type(plain) is list and type(plain + plain) is type(2 * plain) is list
        assert (2.0 * np.array(g)).tolist() == (g + np.array(plain)).tolist()
        assert (np.array(plain) - g).any() == (g - np.array(plain)).any() == False  # noqa: E712
        for raises in (
            *(lambda: g + g, lambda: g + plain, lambda: plain + g, lambda: g - g, lambda: -g),  # noqa: B023
            *(lambda: 2 * g, lambda: g * 2, lambda: g / 2.0, lambda: g @ g, lambda: g**2),  # noqa: B023
            *(lambda: operator.iadd(g, plain), lambda: operator.imul(g, 2)),  # noqa: B023
        ):
            with pytest.raises(TypeError, match=r" is a list: first make an array of it, np.array"):
                raises()
        assert pickle.loads(pickle.dumps(g)) == g
    assert slope(slope(v)) == slope([4.0, 1.0])


@pytest.mark.parametrize("engine", ["python", pytest.param("native", marks=native)])
def test_what_lists_get_does_not_depend_on_arrays_that_came_before(engine):
    np = pytest.importorskip("numpy")
    f = lambda v: v[0] * v[1] if type(v) is list else v[0] + v[1]  # noqa: E731
    value, slope = (mt.compile(g, engine=engine) for g in (f, mt.grad(f)))
    listed = [2.0, 5.0]
    for array in (np.array(listed), np.array(listed)):
        assert [value(array), *value.map(np.array([array])), *value.map([array])] == [7.0] * 3
        assert math.isnan([*value.map(np.array([array, [math.nan, 1.0]]))][1])
        assert (value(listed), value.map([listed])) == (10.0, [10.0])
        assert (slope(array), slope(listed)) == ([1.0, 1.0], [5.0, 2.0])
        assert slope(listed) + slope(listed) == [5.0, 2.0, 5.0, 2.0]
    table = np.eye(2)
    row = mt.compile(lambda m: m[0] if type(m[0]) is list else m[1], engine=engine)
    for _ in range(2):
        assert (row(table), row(table.tolist()), row([*table])) == (
            [0.0, 1.0],
            [1.0, 0.0],
            [0.0, 1.0],
        )


def test_a_function_may_treat_an_array_as_a_list_of_numbers():
    np = pytest.importorskip("numpy")

    def f(v):
        first, *rest = v
        w = v.copy()
        w[0] = first * rest[-1]
        return sum([*v, w[0]]) + mt.dot(v[:2], w[-2:])

    def g(v):
        a = np.array(v)
        return (2 * a + a) @ a + (np.float64(2.0) * v)[0] + len(2 * v.tolist()) - 6

    for array in (np.array([1.0, 2.0, 3.0]), np.array([1, 2, 3])):
        listed = array.tolist()
        assert mt.grad(f)(array) == mt.grad(f)(listed)
        for derivative in (mt.grad(f), mt.hessian(f), mt.jacobian(lambda v: [v, v])):
            assert deep_bits(derivative(array)) == deep_bits(derivative(listed))
        assert mt.compile(mt.value_and_grad(g))(array) == (44.0, [8.0, 12.0, 18.0])
    assert mt.grad(lambda m: m[0][1] * len(2 * m.tolist()[0]))(np.eye(2)) == [[0.0, 4.0], [0.0] * 2]
    same = mt.compile(lambda p: {"v": p["v"], "row": p["m"][1]})
    arrays = {"v": np.array([1.0, 2.0]), "m": np.eye(2)}
    found = same(arrays)
    assert found == {"v": [1.0, 2.0], "row": [0.0, 1.0]}
    assert type(found["v"]) is type(found["row"]) is list
    assert same.map([arrays]) == [found]


def test_scalars_of_numpy_beside_a_value_are_floats():
    np = pytest.importorskip("numpy")
    both = mt.value_and_grad(lambda x, v: x + v[0] * v[1])
    v = [np.float32(0.1), np.float32(0.2)]
    assert both(Value(2.0), v)[0].data == both(2.0, v)[0] == 2.0 + float(v[0]) * float(v[1])


REFUSED = [
    (lambda v: max(v[0], 2.0), CompileError, r"nestings.py, line \d+, .*mt.where, mt.maximum"),
    (lambda v: v[0] if v[0] > 0 else -v[0], CompileError, r"nestings.py, line \d+, .*mt.where"),
    (lambda v: v @ v, TypeError, "^unsupported operand type.* for @: 'list' and 'list'$"),
    (lambda v: "a" + v[0], TypeError, "^can only concatenate str"),
]


@pytest.mark.parametrize(("f", "error", "message"), REFUSED)
def test_errors_say_what_to_write(f, error, message):
    with pytest.raises(error, match=message) as caught:
        mt.compile(f)([1.0, 2.0])
    assert "engine=" not in str(caught.value)
    if error is not CompileError:
        with pytest.raises(error, match=message):
            mt.grad(f)([1.0, 2.0])


def test_the_distance_from_the_origin_has_no_gradient_there():
    distance = lambda v: mt.sqrt(v[0] * v[0] + v[1] * v[1])  # noqa: E731
    for gradient in (mt.grad(distance), mt.compile(mt.grad(distance))):
        assert all(math.isnan(x) for x in gradient([0.0, 0.0]))

    def safe(v):
        square = v[0] * v[0] + v[1] * v[1]
        inside = square > 0
        return mt.where(inside, mt.sqrt(mt.where(inside, square, 1.0)), 0.0)

    assert mt.compile(mt.value_and_grad(safe))([0.0, 0.0]) == (0.0, [0.0, 0.0])
    assert mt.grad(safe)([3.0, 4.0]) == mt.grad(distance)([3.0, 4.0])


# scipy.


def test_scipy_takes_what_is_compiled_as_it_is():
    optimize = pytest.importorskip("scipy.optimize")
    start = [-1.2, 1.0, 0.8]
    for both in (mt.compile(mt.value_and_grad(rosenbrock)), mt.compile(rosenbrock).value_and_grad):
        assert optimize.minimize(both, start, jac=True).x == pytest.approx([1.0] * 3, abs=1e-4)
    slope, curvature = mt.compile(mt.grad(rosenbrock)), mt.compile(mt.hessian(rosenbrock))
    for method in ("trust-exact", "Newton-CG", "trust-constr"):
        found = optimize.minimize(
            mt.compile(rosenbrock), start, jac=slope, hess=curvature, method=method
        )
        assert found.x == pytest.approx([1.0] * 3, abs=1e-4)
    far = lambda v: [v[0] - 1.0, 10.0 * (v[1] - v[0] ** 2)]  # noqa: E731
    jacobian = mt.compile(mt.jacobian(far))
    assert optimize.least_squares(mt.compile(far), [2.0, 2.0], jac=jacobian).x == pytest.approx(
        [1.0, 1.0]
    )
    assert optimize.root(mt.compile(far), [2.0, 2.0], jac=jacobian).x == pytest.approx([1.0, 1.0])
    line = mt.value_and_grad(
        lambda w, xs, ys: sum([(w[0] * x + w[1] - y) ** 2 for x, y in zip(xs, ys)])
    )
    data = ([0.0, 1.0, 2.0], [1.0, 3.0, 5.0])
    fit = optimize.minimize(mt.compile(line), [0.0, 0.0], args=data, jac=True)
    assert fit.x == pytest.approx([2.0, 1.0], abs=1e-4)


@settings(max_examples=20)
@given(st.lists(floats(1.0), min_size=12, max_size=30))
def test_long_lists_and_their_hessians_keep_their_bits(xs):
    for transform in (mt.value_and_grad, mt.hessian):
        assert deep_bits(mt.compile(transform(rosenbrock))(xs)) == deep_bits(
            transform(rosenbrock)(xs)
        )


@pytest.mark.parametrize("engine", ["python", pytest.param("native", marks=native)])
def test_an_error_in_a_map_names_the_point(engine):
    compiled = mt.compile(lambda v: mt.log(v[0]), engine=engine)
    for many in (compiled.map, compiled.map_value_and_grad):
        for listed in ([[1.0], [2.0], [-1.0]], [[1.0], [2.0], ["two"]]):
            with pytest.raises((mt.DomainError, TypeError)) as found:
                many(listed)
            assert f"at points[2]: list {listed[2]}" in found.value.__notes__
        with pytest.raises(TypeError) as found:
            many([None])
        assert "at points[0]: None" in found.value.__notes__


def test_errors_say_how_to_write_what_is_refused():
    with pytest.raises(TypeError) as found:
        mt.grad(lambda x, flag: x)(1.0, True)
    assert "functools.partial" in found.value.__notes__[0]
    with pytest.raises(mt.DomainError, match="if the exponent is constant, give it as a plain num"):
        mt.compile(lambda x, n: x**n)(-2.0, 2)
    for is_zero in (lambda x: x == 0, lambda x: x.data == 0):
        with pytest.raises(TypeError, match=r"\(. <= 0\) & \(. >= 0\)"):
            mt.compile(lambda x, is_zero=is_zero: mt.where(is_zero(x), 1.0, x))(1.0)
    instead = mt.compile(lambda x: mt.where((x <= 0) & (x >= 0), 1.0, x))
    assert (instead(0.0), instead(-2.0)) == (1.0, -2.0)


@pytest.mark.parametrize("engine", ["python", pytest.param("native", marks=native)])
def test_the_order_of_keys_is_that_of_each_call(engine):
    def f(p):
        return mt.dot([1.0, 10.0], list(p.values()))

    given = [{"a": 1.0, "b": 2.0}, {"b": 2.0, "a": 1.0}]
    values, slopes = [*map(f, given)], [[*mt.grad(f)(p).items()] for p in given]
    assert values == [21.0, 12.0] and slopes[1] == [("b", 1.0), ("a", 10.0)]
    compiled, slope = mt.compile(f, engine), mt.compile(mt.grad(f), engine)
    for _ in range(2):
        assert [compiled(p) for p in given] == compiled.map(given) == values
        assert [[*slope(p).items()] for p in given] == slopes


def test_arithmetic_with_a_comparison_says_what_to_write():
    np = pytest.importorskip("numpy")
    for f in (
        lambda x: (x > 0) * x,
        lambda x: 1.0 - (x > 0),
        lambda x: mt.where(~(x > 0), x, 1.0),
        lambda x: np.maximum(x, 1.0),
    ):
        with pytest.raises(CompileError, match=r"test_compiler_nestings.py, line .*mt.where"):
            mt.compile(f)(2.0)
