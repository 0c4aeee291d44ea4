"""Generated JavaScript, run by Node: it computes what Python does, as far as `Math` allows."""

from __future__ import annotations

import math
import random
from importlib import resources

import pytest
from graphs import ENTRIES, arity, graphs, named, points
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import NODE, node, script, ulps

import microtrain as mt
from microtrain.compiler.javascript import STATEMENTS, function
from microtrain.engine.graph import gradients
from microtrain.report.program import Recorded

FUNCTIONS = (
    resources.files("microtrain.report").joinpath("js/functions.js").read_text(encoding="utf-8")
)

pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node")

# To the bit: what IEEE 754 prescribes, and what only compares and chooses.
EXACT = {
    *("+", "-", "*", "/", "neg", "abs", "sqrt", "ratio", "sign", "heaviside", "floor", "ceil"),
    *("detach", "where", "maximum", "minimum", "relu", "<", "<=", ">", ">=", "&", "|"),
}
CLOSE = 4  # units in the last place, for all others, at ordinary numbers
FAR = {"erf": 8, "erfc": 16}  # but for these


def javascript(f, n):
    """Return the JavaScript of `f(x, o)`, which leaves the value and the gradient in o."""
    written = Recorded()
    leaves = [*map(mt.Value, written.inputs("x[{0}]", n))]
    y = f(*leaves)
    found = [y.data, *gradients(y, leaves)] if isinstance(y, mt.Value) else [y] + [0.0] * n
    return written.function("x, o", [(f"o[{k}]", x) for k, x in enumerate(found)])


def results(sources_and_points):
    """Return the value and gradient of each function at each of its points."""
    pieces = [
        f"(() => {{ const f = {source}; return {script(at)}.map((x) => {{"
        f" const o = new Float64Array({n + 1}); f(x, o); return o; }}); }})()"
        for source, n, at in sources_and_points
    ]
    return node(FUNCTIONS, f"[{', '.join(pieces)}]")


def of_python(f, x):
    """Return the value and gradient that the engine gives, or None where it raises."""
    leaves = [mt.Value(part) for part in x]
    try:
        y = f(*leaves)
        if not isinstance(y, mt.Value):
            return [float(y)] + [0.0] * len(x)
        y.backward()
    except (ArithmeticError, ValueError):
        return None
    return [y.data, *(leaf.grad for leaf in leaves)]


def test_every_primitive_has_its_javascript():
    missing = [name for name, entry in ENTRIES.items() if not entry.javascript]
    assert missing == []


def value_of(name):
    """Return a function that performs one primitive alone."""
    call = ENTRIES[name].call
    if name in ("<", "<=", ">", ">="):
        return 2, lambda a, b: mt.where(call(a, b), a, b)
    if name in ("&", "|"):
        return 2, lambda a, b: mt.where(call(a > 0, b > a), a, b)
    if name == "where":
        return 3, lambda a, b, c: mt.where(a > b, b, c)
    if name in ("power", "plain_power"):
        return 2, lambda a, b: mt.Value(a) ** b if isinstance(a, float) else a**b
    return (arity(name) or len({"neg": "a", "abs": "a"}.get(name, "ab"))), call


def test_a_primitive_is_exact_or_within_a_few_units_in_the_last_place():
    rng = random.Random(0)
    jobs = []
    for name in ENTRIES:
        n, f = value_of(name)
        written = Recorded()
        source = written.function("x, o", [("o[0]", f(*written.inputs("x[{0}]", n)))])
        at = [
            [rng.choice((rng.uniform(-3, 3), rng.uniform(-0.1, 0.1), rng.uniform(0, 30)))] * n
            if i % 10 == 0
            else [rng.uniform(-3, 3) for _ in range(n)]
            for i in range(400)
        ]
        at += [[x] * n for x in (0.0, -0.0, 1.0, -1.0, 1e-300, 5e-324, 1e300)]
        at += [[a, b, -a][:n] for a in (0.0, -0.0, 1.5) for b in (0.0, -0.0, 2.0)]
        jobs.append((name, f, source, n, at))
    found = results([job[2:] for job in jobs])
    far = {}
    for (name, f, _, _, at), outputs in zip(jobs, found):
        for x, (y, *_) in zip(at, outputs):
            try:
                expected = f(*x)
            except (ArithmeticError, ValueError):
                continue
            expected = float(getattr(expected, "data", expected))
            if name in EXACT:
                assert repr(y) == repr(expected), (name, x)
            else:
                far[name] = max(far.get(name, 0), ulps(expected, y))
    assert {name: x for name, x in far.items() if x > FAR.get(name, CLOSE)} == {}
    assert set(far) == set(ENTRIES) - EXACT


@settings(max_examples=max(3, settings.default.max_examples // 10))
@given(st.data())
def test_any_function_and_its_gradient(data):
    jobs = []
    for _ in range(20):
        table = data.draw(st.sampled_from(["smooth", "all"]))
        graph = data.draw(graphs(table=table, most=8))
        n = graph.n_leaves
        f = named(graph)
        jobs.append(
            (f, javascript(f, n), n, data.draw(st.lists(points(n), min_size=1, max_size=4)))
        )
    for (f, _, _, at), outputs in zip(jobs, results([job[1:] for job in jobs])):
        for x, found in zip(at, outputs):
            expected = of_python(f, x)
            if expected is not None and all(map(math.isfinite, expected)):
                assert found == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_what_has_no_javascript_is_named():
    @mt.primitive(slopes=lambda y, x: 3 * x * x, javascript="Math.cbrt")
    def known(x):
        return x**3

    @mt.primitive(slopes=lambda y, x: 3 * x * x)
    def unknown(x):
        return x**3

    (found,) = results([(javascript(known, 1), 1, [[8.0]])])
    assert found == [[2.0, 192.0]]  # as it was told

    @mt.primitive(slopes=lambda y, x: 3 * x * x, javascript=lambda x: "")
    def left_open(x):
        return x**3

    for f in (unknown, left_open):
        with pytest.raises(mt.CompileError, match=f"{f.__name__} .* option javascript"):
            javascript(f, 1)


@pytest.mark.parametrize("n", [STATEMENTS - 1, STATEMENTS, STATEMENTS + 1, 3 * STATEMENTS])
def test_a_long_function_is_split_and_gives_the_same(n):
    lines = ["const v1 = p[0];", *(f"const v{k} = v{k - 1} + v{k // 2};" for k in range(2, n + 1))]
    whole = [1.0, 1.0]
    for k in range(2, n + 1):
        whole.append(whole[k - 1] + whole[k // 2])
    source = function("p", lines, f"v{n}")
    assert node(f"const f = {source};", "f([1.0])") == whole[n]
    assert source.count("=>") == (1 if n <= STATEMENTS else 2 + math.ceil(n / STATEMENTS))
