"""Native training: to the bit what eager training does, many steps at a time, or a refusal."""

from __future__ import annotations

import functools
import math
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from graphs import plans
from hypothesis import given, settings
from hypothesis import strategies as st
from machine import native as needs_compiler
from outcomes import assert_as_eager, bits

import microtrain as mt
from microtrain import MLP, CompileError, Module, Value
from microtrain.compiler import c as c_module
from microtrain.training import native as native_module
from microtrain.training.native import NativeEngine
from microtrain.training.plan import Watcher

XS, YS = mt.datasets.toy()

pytestmark = needs_compiler

# A few, as each is compiled: sizes, activations, loss and targets.
MODELS = [
    ((3, [4, 4, 1]), ("tanh", "tanh"), mt.squared_error, st.floats(-1, 1)),
    ((2, [3, 1]), ("relu", "linear"), mt.hinge, st.sampled_from([-1, 1])),
    ((1, [2, 3]), ("sigmoid", "linear"), mt.cross_entropy, st.integers(0, 2)),
    (
        (2, [2]),
        ("linear", "linear"),
        mt.squared_error,
        st.lists(st.floats(-1, 1), min_size=2, max_size=2),
    ),
    (
        (2, [2, 1]),
        ("relu", "tanh"),
        lambda p, y: mt.softplus(p - y) / abs(p) + p**3,
        st.floats(-1, 1),
    ),
]


assert_same = functools.partial(assert_as_eager, "native")


@settings(max_examples=2 * settings.default.max_examples)
@given(st.data())
def test_any_configuration_gives_the_same_bits(data):
    draw = data.draw
    sizes, activations, loss, target = draw(st.sampled_from(MODELS))
    n = draw(st.integers(1, 6))
    numbers = st.lists(st.floats(-2, 2), min_size=sizes[0], max_size=sizes[0])
    schedules = [mt.warmup_cosine(0.2, 9, 3), lambda k: 0.3 / (k + 1)]
    assert_same(
        MLP(*sizes, *activations, draw(st.integers(0, 9))),
        draw(st.lists(numbers, min_size=n, max_size=n)),
        draw(st.lists(target, min_size=n, max_size=n)),
        loss=loss,
        steps=draw(st.integers(1, 60)),
        lr=draw(st.sampled_from([0.01, 0.3, 30.0, 1e150, *schedules])),
        **draw(plans(n)),
        track_sharpness=draw(st.sampled_from([None, None, 7, range(2, 4), {1, 20}])),
    )


@pytest.mark.parametrize("options", [{}, {"batch_size": 3, "reduction": "mean"}])
def test_loops_give_the_same_bits(options, monkeypatch):
    monkeypatch.setattr(c_module, "STRAIGHT", 100)
    xs = [[math.sin(i * k) for i in range(20)] for k in range(1, 8)]
    ys = [k % 4 for k in range(7)]
    loss = mt.cross_entropy
    history = assert_same(MLP(20, [6, 4], seed=3), xs, ys, loss=loss, steps=20, **options)
    assert "for (int j = 0; j < 6; ++j) {" in history.source
    assert history.source.count("\n") < 160


def test_the_source_reads_like_the_lesson():
    source = assert_same(MLP(1, [1]), [[1.0]], [1.0]).source
    for line in (
        "/* 1. forward pass */",
        "const double v1 = tanh(p[1] + p[0] * x[0]);",
        "/* 2. loss */",
        "/* 3. backward pass */",
        "g[1] = g[1] + d1;",
        "/* 4. update */",
        "next[i] = p[i] - lr * total[i];",
    ):
        assert line in source


class Rooted(Module):
    """What fails for some parameters, in the value or only in the slope."""

    def __init__(self, w):
        self.w, self.b = Value(w), Value(1.0)

    def __call__(self, x):
        return mt.sqrt(self.w) * x + self.b


@pytest.mark.parametrize("w", [0.0, 0.5, -1.0, 1e-320, math.inf, math.nan])
def test_errors_are_those_of_eager_code(w):
    history = assert_same(Rooted(w), [1.0, 2.0], [0.0, -3.0], steps=50, lr=0.3)
    assert history.status == "diverged" and (w != 0.5 or "sqrt(-" in history.error)


def test_numbers_that_are_not_finite_go_to_python():
    def loss(prediction, target):
        return mt.minimum(prediction * prediction, math.inf) / target

    assert_same(MLP(1, [1]), [[1.0], [0.5]], [1.0, 2.0], loss=loss)
    assert assert_same(MLP(1, [1]), [[1.0], [0.5]], [1.0, 0.0], loss=loss).status == "diverged"
    model = MLP(1, [1])
    model.parameters()[0].grad = math.inf
    assert_same(model, [[1.0]], [1.0], steps=5)
    assert_same(model, [[1.0]], [1.0], steps=5, zero_grad=False)


def test_every_step_may_be_watched_recorded_and_changed():
    def watched(engine, **options):
        seen = []

        def on_step(history):
            for p in history.model.parameters():
                p.data = max(-0.9, min(0.9, p.data))
                seen.append((history.steps, p.data.hex(), p.grad.hex()))

        history = mt.train(steps=30, engine=engine, on_step=on_step, **options)
        return seen, bits(history), repr(vars(history.recording)) if options.get("record") else ""

    for options in ({}, {"target_loss": 0.2}, {"record": True}):
        eager, native = (watched(engine, **options) for engine in ("eager", "native"))
        assert eager[:2] == native[:2]
    recorded = [mt.train(record=True, engine=engine).recording for engine in ("eager", "native")]
    assert recorded[0].parameters == recorded[1].parameters
    assert recorded[0].gradients == recorded[1].gradients


class Growing(Module):
    def __init__(self):
        self.w, self.scale = Value(0.1), 1.0

    def __call__(self, x):
        return self.w * x * self.scale


def test_a_model_that_on_step_changes_is_trained_eagerly_from_then_on():
    def changed(engine):
        def on_step(history):
            history.model.scale = 1.0 + (history.steps > 3)

        return bits(mt.train(Growing(), [1.0], [1.0], engine=engine, on_step=on_step))

    assert changed("eager") == changed("native")


@pytest.fixture
def calls(monkeypatch):
    """How many steps each call of the C made, where no chunk is cut short for its time."""
    monkeypatch.setattr("microtrain.training.native.SECONDS", 1e9)
    made = []
    steps = NativeEngine.steps

    def counted(self, *args):
        found = steps(self, *args)
        made.append(len(found[0]) if found else 0)
        return found

    monkeypatch.setattr(NativeEngine, "steps", counted)
    mt.train(engine="native", steps=1)
    made.clear()
    return made


def test_steps_are_made_in_chunks(calls):
    mt.train(engine="native", steps=5000)
    assert sum(calls) == 5000 and len(calls) < 50
    calls.clear()
    mt.train(engine="native", steps=100, track_sharpness=50)
    assert len(calls) < 10
    calls.clear()
    mt.train(engine="native", steps=100, lr=lambda k: 0.1 / (k + 1))
    assert len(calls) < 10
    calls.clear()
    mt.train(engine="native", steps=100, on_step=lambda history: None)
    assert calls == [1] * 100
    calls.clear()
    many = 3000  # samples, of which nobody knows yet how long a step takes
    mt.train(MLP(9, [9, 9, 1]), [[0.5] * 9] * many, [0.5] * many, engine="native", lr=1e-9)
    assert calls[:2] == [1, 1] and sum(calls) == 21  # the first is that which is compared


def test_where_a_step_takes_long_each_is_a_call(calls, monkeypatch):
    monkeypatch.setattr("microtrain.training.native.SECONDS", 0.0)
    mt.train(engine="native", steps=50)
    assert sum(calls) == 50 and {*calls[2:]} == {1}


@pytest.mark.usefixtures("calls")
def test_who_only_watches_the_history_sees_a_chunk_at_a_time():
    seen = []
    history = mt.train(
        engine="native",
        steps=5000,
        on_step=Watcher(lambda history: seen.append((history.steps, len(history.losses)))),
    )
    assert seen[-1] == (5000, 5000) and 1 < len(seen) < 50
    assert bits(history) == bits(mt.train(engine="compiled", steps=5000))


def test_schedules_that_fail_or_look_at_the_run_are_asked_at_their_step(calls):
    asked = []

    def lr(k):
        asked.append(k)
        return 0.1

    mt.train(engine="native", steps=20, lr=lr)
    assert asked == [*range(20)] and calls == [1] * 20
    for engine in ("eager", "native"):
        model = MLP(3, [4, 4, 1])
        with pytest.raises(ValueError, match="lr at step 7"):
            mt.train(model, XS, YS, steps=20, engine=engine, lr=lambda k: -1.0 if k == 7 else 0.1)
        asked.append([p.data for p in model.parameters()])
    assert asked[-1] == asked[-2]


@pytest.mark.parametrize("engine", ["auto", "compiled", "native"])
def test_a_schedule_sees_the_model_as_it_is_before_each_step(engine):
    class Sharp:  # the steps at which to take the sharpness
        def __contains__(self, k):
            return p.data < start

    runs = []
    for each in ("eager", engine):
        model = MLP(3, [4, 4, 1])
        p = model.parameters()[0]
        start = p.data
        options = {"lr": lambda k, p=p: 0.1 / (1 + abs(p.data)), "track_sharpness": Sharp()}
        runs.append(mt.train(model, XS, YS, engine=each, steps=20, **options))
    assert len({*runs[0].lrs}) == 20 and 0 < len(runs[0].sharpness) < 20
    assert bits(runs[0]) == bits(runs[1]) and runs[0].sharpness == runs[1].sharpness


def test_batches_that_a_chunk_did_not_use_are_those_of_the_next_steps():
    xs = [[k / 3.0] for k in range(7)]
    ys = [math.sin(k) for k in range(7)]
    model = MLP(1, [3, 1], seed=2)
    options = {"batch_size": 2, "lr": 0.5, "steps": 300}
    assert_same(model, xs, ys, **options, target_loss=0.001)
    assert_same(model, xs, ys, **options, track_sharpness=11)


@pytest.mark.parametrize("every", [None, 7])
def test_checkpoints_are_written_and_go_on(every, tmp_path, monkeypatch):
    monkeypatch.setattr("microtrain.training.resume.SECONDS", 0.0)
    path = tmp_path / "run.json"
    options = {"checkpoint": path, "checkpoint_every": every, "engine": "native", "batch_size": 3}
    mt.train(steps=100, **options)
    resumed = mt.train(steps=200, **options)
    assert bits(resumed) == bits(mt.train(steps=200, engine="eager", batch_size=3))


def test_ctrl_c_comes_through_in_time():
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    start = time.perf_counter()
    history = mt.train(steps=10**9, engine="native")
    seconds = time.perf_counter() - start
    assert history.status == "interrupted" and seconds < 30.0
    expected = mt.train(steps=history.steps, engine="native")
    assert bits(expected)[4:] == bits(history)[4:]


def test_trainings_in_threads_are_apart():
    def run(seed):
        return bits(mt.train(seed=seed, steps=3000, engine="native"))

    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(run, range(8))] == [*map(run, range(8))]


def test_what_can_not_be_native_is_refused(monkeypatch):
    with pytest.raises(CompileError, match="the truth of a comparison"):
        mt.train(loss=lambda p, y: p if p.data > y else -p, engine="native")

    @mt.primitive(slopes=lambda y, x: 1.0)
    def same(x):
        return x

    with pytest.raises(CompileError, match="same can't be written in another language"):
        mt.train(loss=lambda p, y: same(p) ** 2, engine="native")


def test_the_first_step_is_compared(monkeypatch):
    wrong = native_module.STEP.replace("- lr *", "+ lr *")
    monkeypatch.setattr(native_module, "STEP", wrong)
    with pytest.raises(CompileError, match="the first step has other bits in C than in Python"):
        mt.train(MLP(3, [2, 2, 1]), XS, YS, engine="native", loss=lambda p, y: (p - y) ** 2)

    @mt.primitive(slopes=lambda y, x: 1.0, c="fabs")
    def size(x):
        if x == 0.0625:
            raise ValueError
        return abs(x)

    model = Growing()
    with pytest.raises(CompileError, match="the first step has other bits in C"):
        mt.train(model, [1.0], [0.1 - 0.0625], engine="native", loss=lambda p, y: size(p - y))
