"""Compiled training: to the bit what eager training does, whatever is trained, or a refusal."""

from __future__ import annotations

import contextlib
import copy
import functools
import math
import random
from unittest.mock import Mock

import pytest
from graphs import losses, plans
from hypothesis import given, settings
from hypothesis import strategies as st
from machine import ENGINES
from outcomes import assert_as_eager, bits

import microtrain as mt
from microtrain import MLP, CompileError, Layer, Module, Value
from microtrain.training import train as train_module
from microtrain.training.plan import Watcher

XS, YS = mt.datasets.toy()


assert_same = functools.partial(assert_as_eager, "compiled")


@settings(max_examples=2 * settings.default.max_examples)
@given(st.data())
def test_any_configuration_gives_the_same_bits(data):
    draw = data.draw
    activations = st.sampled_from(["tanh", "relu", "sigmoid", "linear"])
    loss, n_out, target = draw(losses())
    n_in = draw(st.integers(1, 3))
    n = draw(st.integers(1, 6))
    numbers = st.floats(-2, 2)
    xs = draw(st.lists(st.lists(numbers, min_size=n_in, max_size=n_in), min_size=n, max_size=n))
    ys = draw(st.lists(target, min_size=n, max_size=n))
    hidden = draw(st.lists(st.integers(1, 4), max_size=2))
    model = MLP(
        n_in, [*hidden, n_out], draw(activations), draw(activations), draw(st.integers(0, 9))
    )
    assert_same(
        model,
        xs,
        ys,
        loss=loss,
        steps=draw(st.integers(1, 12)),
        lr=draw(st.sampled_from([0.01, 0.3, 30.0, 1e150, mt.warmup_cosine(0.2, 9, 3)])),
        **draw(plans(n)),
    )


@pytest.mark.parametrize("activation", ["linear", "relu", "sigmoid"])
def test_divergence_at_once(activation):
    model = MLP(1, [2, 1], activation, "linear")
    far = assert_same(model, [[1e200], [1.0]], [0.0, 1.0], steps=3)
    assert (far.status == "diverged") == (activation != "sigmoid")
    for p in model.parameters():
        p.data = math.nan
    assert assert_same(model, [[2.0], [1.0]], [0.0, 1.0], steps=3).status == "diverged"


# Models and losses of one's own.


class Tied(Module):
    """Shared weights, a parameter that is not used, raw powers of the input, two outputs."""

    def __init__(self):
        self.layer = Layer(2, 2)
        self.scale = [Value(0.5), Value(-0.25)]
        self.unused = Value(1.0)

    def __call__(self, x):
        hidden = self.layer(self.layer(x))
        top = self.scale[0] * hidden[0] + x[0] ** 2 * self.scale[1] + x[1] ** 3
        return [
            top.sigmoid(),
            mt.maximum(hidden[1], self.scale[0]) - abs(x[0]) + 2 ** self.scale[1],
        ]


class Line(Module):
    def __init__(self, slope=0.5):
        self.slope, self.offset = Value(slope), Value(0.0)

    def __call__(self, x):
        return self.slope * x + self.offset


def absolute(prediction, target):
    return abs(prediction - target)


TWO = ([[0.3, -0.7], [1.0, 0.5], [0.0, -0.0]], [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])


@pytest.mark.parametrize("options", [{}, {"batch_size": 2, "accumulate": 2}, {"zero_grad": False}])
def test_a_model_of_ones_own(options):
    assert_same(Tied(), *TWO, steps=7, **options)
    assert_same(Line(), [1.0, 2.0, 3.0], [1.0, 3.0, 5.0], lr=0.02, **options)
    assert_same(Line(), [1.0, 2.0, 3.0], [1.0, 3.0, 5.0], lr=0.02, loss=absolute, **options)
    assert_same(MLP(3, [2, 1]), loss=lambda p, t: (t - p).softplus() + p * p, **options)
    assert_same(MLP(3, [2, 1]), loss=lambda p, t: p * p, **options)  # no target in it


class Overflowing(Module):
    def __init__(self):
        self.w = Value(1.0)

    def __call__(self, x):
        return self.w * x * mt.exp(1000.0)


class Clipped(Module):
    def __init__(self):
        self.w, self.b = Value(0.5), Value(-0.25)

    def __call__(self, x):
        return mt.maximum(self.w, x) * mt.minimum(x, self.b) + mt.minimum(self.w * x, 1.0)


@pytest.mark.parametrize(
    "loss",
    [
        lambda p, y: mt.maximum(p, y) ** 2,
        lambda p, y: mt.minimum(y, p) ** 2 + mt.maximum(1 - y, p),
        lambda p, y: abs(y - p) + y / (2 + p * p) + p / y + (2 + abs(y)) ** p + (2 + p * p) ** y,
    ],
)
def test_operations_of_values_with_numbers_that_are_not_known_yet(loss):
    assert_same(Clipped(), [0.3, 2.0, -1.5], [0.5, 3.0, -0.5], lr=0.01, loss=loss)
    assert math.isfinite(mt.sharpness(Clipped(), [0.3, 2.0, -1.5], [0.5, 3.0, -0.5], loss=loss))


def test_the_class_of_a_model_of_ones_own():
    class Classifier(Module):
        def __init__(self):
            self.layers = [Layer(2, 4), Layer(4, 3, "linear")]

        def __call__(self, x):
            return self.layers[1](self.layers[0](x))

    history = assert_same(Classifier(), TWO[0], [0, 2, 1], loss=mt.cross_entropy, steps=30)
    assert history.final_loss < history.losses[0]


def test_where_eager_training_does_not_raise_compiled_does_neither():
    class Root(Module):
        def __init__(self):
            self.w = Value(0.0)

        def __call__(self, x):
            return (self.w * x).sqrt()

    # The slope of the root at 0 is infinite; straight-line code would divide by zero.
    assert assert_same(Root(), [1.0], [1.0], steps=1).model.w.data == math.inf
    assert assert_same(Root(), [0.0, 1.0], [1.0, 1.0], steps=3).status == "diverged"


def test_an_arithmetic_error_is_told_alike():
    def log_loss(prediction, target):
        return (target - prediction).log()

    history = assert_same(Line(), [1.0, 2.0], [1.0, 2.0], loss=log_loss, lr=5.0)
    assert history.status == "diverged"
    assert history.error.startswith("log(-")
    history = assert_same(Line(), [1.0], [2.0], loss=lambda p, t: p / 0)
    assert history.error == "0.5 / 0.0: division by zero"
    assert history.error in repr(history)


class Stateful(Line):
    def __init__(self):
        super().__init__()
        self.doubled = self.slope * 2  # computed once, outside

    def __call__(self, x):
        return self.doubled * x


class Uncopyable(Line):
    def __deepcopy__(self, memo):
        raise RuntimeError("only one of me")


class Remembering(Line):
    def __call__(self, x):
        self.mean = 0.9 * getattr(self, "mean", 0.0) + 0.1 * x
        return self.slope * x + self.mean


class Keeping(Line):
    def __call__(self, x):
        self.last = self.slope * x
        return self.last


class Shared(Module):
    """Its parameters are in its class."""

    weights = (Value(0.5),)

    def parameters(self):
        return list(self.weights)

    def __call__(self, x):
        return self.weights[0] * x


class Foreign(Line):
    """Its parameters are somebody else's: copying it does not copy them."""

    borrowed = (Value(1.0),)

    def parameters(self):
        return self.borrowed if self.slope.data == 0.5 else []

    def __deepcopy__(self, memo):
        return Foreign(1.0)


def swallowing(prediction, target):
    try:
        return prediction if prediction > target else target - prediction
    except CompileError:
        return prediction


REGULARIZED = Line()


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (Stateful(), {}, "uses a Value that was computed elsewhere"),
        (
            REGULARIZED,
            {"loss": lambda p, t: (p - t) ** 2 + REGULARIZED.slope},
            "a parameter of the",
        ),
        (Uncopyable(), {}, "model can't be copied, so it can't be compiled: only one of me"),
        (Foreign(), {}, "a copy of it has others"),
        (Shared(), {}, "a copy of it has others"),
        (Remembering(), {}, "the forward pass changes the model"),
        (Keeping(), {}, "the forward pass changes the model"),
        (Line(), {"loss": lambda p, t: p * mt.exp(1000.0)}, "with constants fails: exp.1000.0. is"),
        (Overflowing(), {}, "with constants fails: exp.1000.0. is"),
        (Line(), {"loss": lambda p, t: p if p > t else t - p}, "a comparison depends on a number"),
        (Line(), {"loss": swallowing}, "a comparison depends on a number"),
        (Line(), {"loss": lambda p, t: Value(1.0)}, "loss is a constant"),
        (Line(), {"ys": ["a", "b"], "loss": lambda p, t: p}, "a target of numbers"),
        (Line(), {"ys": [1.0, [1.0, 2.0]], "loss": lambda p, t: p}, "differ in length"),
    ],
)
def test_what_is_no_fixed_computation_is_refused(model, options, message):
    before = [(p.data, p.grad) for p in model.parameters()]
    with pytest.raises(CompileError, match=message):
        mt.train(model, **{"xs": [1.0, 2.0], "ys": [1.0, 2.0], "engine": "compiled", **options})
    assert [(p.data, p.grad) for p in model.parameters()] == before
    assert all(type(p.data) is float for p in model.parameters())


def test_names_that_the_generated_step_uses_itself():
    class Awkward(Module):
        def __init__(self):
            names = "w tg_w loss batch batches state lr norm total seed len g_w v1 d1 exp x0 y for"
            for i, name in enumerate(names.split()):
                setattr(self, name, Value(0.1 * i - 0.5))

        def __call__(self, x):
            return mt.dot(self.parameters(), [x] * len(self.parameters())).tanh()

    for options in ({}, {"accumulate": 2}, {"zero_grad": False, "reduction": "mean"}):
        assert_same(Awkward(), [1.0, 0.5, -1.0], [1.0, 0.0, 0.5], **options)


def test_parameters_in_any_order_and_inputs_that_are_changed():
    class Odd(Module):
        def __init__(self):
            self.ws = [Value(0.1 * k) for k in range(6)]

        def parameters(self):
            return sorted(self.ws, key=lambda w: id(w) % 7919)

        def __call__(self, x):
            x = list(x)
            x.append(1.0)
            x[0] = 2 * x[0]
            return mt.dot(self.ws[:3], x) * self.ws[3] + self.ws[4] - self.ws[5]

    one, two = Odd(), Odd()
    mt.train(one, XS2, [1.0, 2.0], steps=5, engine="eager")
    mt.train(two, XS2, [1.0, 2.0], steps=5, engine="compiled")
    assert [w.data.hex() for w in one.ws] == [w.data.hex() for w in two.ws]


XS2 = [[0.5, -1.0], [1.0, 2.0]]


def test_targets_of_ones_own_loss_keep_their_form():
    loss = lambda p, y: (p - y[0]) ** 2  # noqa: E731
    assert_same(Line(), [1.0, 2.0], [[1.0], [2.0]], loss=loss)
    with pytest.raises(ValueError, match="hinge expects targets of 1 or -1"):
        mt.train(Line(), [1.0], [0.5], loss=lambda p, y: mt.hinge(p, y), engine="compiled")


class Total(Module):
    """One weight for all inputs, of which there may be any number."""

    def __init__(self):
        self.w = Value(0.5)

    def __call__(self, x):
        return mt.dot([self.w] * len(x), x)


def test_samples_of_two_lengths_spoil_nothing_for_others():
    with pytest.raises(CompileError, match="differ in length"):
        mt.train(Total(), [[1.0], [1.0, 2.0]], [1.0, 1.0], engine="compiled")
    assert_same(Total(), [[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    assert_same(Total(), [[1.0], [3.0]], [1.0, 1.0])


def test_a_refusal_in_the_backward_pass_leaves_constants_alone(monkeypatch):
    from microtrain.compiler import record

    constant = Value(2.0)
    constant.grad = 7.0
    refused = 0
    for limit in range(5, 40):
        monkeypatch.setattr(record, "LIMIT", limit)
        loss = lambda p, t: (p * constant - t) ** 2  # noqa: E731
        try:
            mt.train(Line(), [1.0], [2.0], loss=loss, engine="compiled", steps=1)
        except CompileError:
            refused += 1
            assert (constant.data, constant.grad) == (2.0, 7.0)
    assert 5 < refused < 35


def test_auto_sees_that_a_model_is_no_longer_the_librarys():
    class Double(Module):
        def __call__(self, x):
            return [v * 2 for v in x]

    class Half(mt.Neuron):
        def __call__(self, x):
            return super().__call__(x) / 2

    doubled, halved = MLP(3, [4, 1]), MLP(3, [4, 1])
    doubled.layers.insert(1, Double())
    halved.layers[0].neurons[0] = Half(3)
    for model in (doubled, halved):
        runs = [
            mt.train(copy.deepcopy(model), XS, YS, steps=200, engine=engine)
            for engine in ("eager", "auto")
        ]
        assert bits(runs[0]) == bits(runs[1])

    def on_step(history):
        if history.steps == 50:
            history.model.layers[0].neurons[0].activation = "linear"

    runs = [
        mt.train(MLP(3, [4, 1]), XS, YS, steps=120, on_step=on_step, engine=engine)
        for engine in ("eager", "auto")
    ]
    assert runs[1].engine == "compiled"
    assert bits(runs[0]) == bits(runs[1])


def test_constants_from_outside_are_left_alone():
    temperature = Value(2.0)
    temperature.grad = 5.0
    loss = lambda p, t: ((p - t) / temperature) ** 2  # noqa: E731
    assert mt.train(Line(), [1.0], [2.0], loss=loss, engine="compiled").status == "finished"
    assert (temperature.data, temperature.grad) == (2.0, 5.0)


def test_a_model_that_is_no_module():
    class Duck:
        def __init__(self):
            self.w = Value(0.5)

        def __call__(self, x):
            return self.w * x

        def parameters(self):
            return [self.w]

    assert_same(Duck(), [1.0, 2.0], [2.0, 4.0])


def test_errors_of_ones_own_come_out():
    def loss(prediction, target):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        mt.train(Line(), [1.0], [2.0], loss=loss, engine="compiled")


# The choice of the engine.


def test_auto_compiles_where_it_pays_and_changes_nothing():
    assert mt.train(steps=20).engine == "eager"
    long = mt.train(steps=400)
    assert long.engine == "compiled"
    assert bits(long) == bits(mt.train(steps=400, engine="eager"))
    assert mt.train(steps=400, loss=absolute).engine == "compiled"
    assert mt.train(Line(), [1.0], [2.0], steps=1000).engine == "compiled"
    assert mt.train(steps=10, accumulate=10).engine == "compiled"


def source_of(model, samples):
    xs, ys = [XS[0]] * samples, [1.0] * samples
    assert mt.train(model, xs, ys, steps=1, engine="eager").source == ""
    return mt.train(model, xs, ys, steps=1, engine="compiled").source


def test_code_does_not_grow_with_the_samples_and_does_with_the_network():
    lines = {n: source_of(MLP(3, [4, 4, 1]), n).count("\n") for n in (1, 100)}
    assert lines[1] == lines[100] < 150
    sizes = [source_of(MLP(3, [n, 1]), 1).count("\n") for n in (10, 20, 30)]
    assert sizes[2] - sizes[1] == pytest.approx(sizes[1] - sizes[0], rel=0.02)


def test_the_source_reads_like_the_lesson():
    source = source_of(MLP(3, [2, 1]), 4)
    sections = [line.strip() for line in source.splitlines() if line.strip().startswith("#")]
    assert sections == ["# 1. forward pass", "# 2. loss", "# 3. backward pass", "# 4. update"]
    assert "w0_0_0 = w0_0_0 - lr * g_w0_0_0" in source


# Watching it, and stopping it.


def test_an_on_step_that_changes_nothing_leaves_the_steps_compiled(monkeypatch):
    monkeypatch.setattr("microtrain.training.eager.step", lambda *_: pytest.fail("an eager step"))
    assert mt.train(engine="compiled", on_step=lambda history: None).steps == 20


@pytest.mark.parametrize("leaves", [None, KeyboardInterrupt, RuntimeError])
def test_who_only_watches_sees_each_step_and_costs_no_more_than_the_call(leaves, monkeypatch):
    monkeypatch.setattr(train_module, "state_of", Mock(side_effect=train_module.state_of))
    monkeypatch.setattr("microtrain.nn.description.Description.holds", None)
    model, seen = MLP(3, [4, 4, 1]), []

    def look(history):
        seen.append((history.steps, len(history.losses), history.seconds > 0))
        if leaves and history.steps == 7:
            raise leaves

    with contextlib.suppress(RuntimeError):
        mt.train(model, XS, YS, engine="compiled", on_step=Watcher(look))
    made = 7 if leaves else 20
    assert seen == [(k, k, True) for k in range(1, made + 1)]
    assert train_module.state_of.call_count == 1  # before the first step
    other = mt.train(steps=made).model
    assert [(p.data, p.grad) for p in model.parameters()] == [
        (p.data, p.grad) for p in other.parameters()
    ]


def test_what_was_generated_is_used_again(monkeypatch):
    mt.train(MLP(3, [5, 1]), XS, YS, engine="compiled")
    monkeypatch.setattr("microtrain.training.compiled.written", lambda *_: pytest.fail("again"))
    mt.train(MLP(3, [5, 1], seed=1), XS, YS, engine="compiled")


def test_what_can_not_be_compared_is_recorded_for_each_run():
    drawn = random.Random(0)

    def loss(p, y):
        return (p - y) ** 2 * (1.0 + drawn.random())

    first, again = (mt.train(engine="compiled", loss=loss, steps=3) for _ in range(2))
    assert first.source != again.source


def test_a_long_sum_of_squares_is_several_expressions():
    history = assert_same(MLP(29, [4]), [[0.1] * 29], [[0.5] * 4], steps=2)
    sums = [line for line in history.source.splitlines() if "norm = " in line]
    assert len(sums) == 3 and max(line.count(" * ") for line in sums) == 50  # of 120 squares


def test_what_may_fail_unused_is_done_before_the_backward_pass():
    class Unused(Module):
        def __init__(self):
            self.w = Value(0.5)

        def __call__(self, x):
            mt.exp(self.w)
            return self.w * x[0]

    source = mt.train(Unused(), [[1.0]], [1.0], engine="compiled").source
    assert source.index("exp(") < source.index("# 3. backward pass")


def test_on_step_sees_the_model_as_it_is_and_may_change_it():
    def watched(engine):
        seen = []

        def on_step(history):
            for p in history.model.parameters():
                p.data = max(-0.9, min(0.9, p.data))
                seen.append((p.data.hex(), p.grad.hex()))

        history = mt.train(steps=30, engine=engine, on_step=on_step, target_loss=0.2)
        return seen, bits(history)

    assert watched("eager") == watched("compiled")


@pytest.mark.parametrize("engine", ENGINES)
def test_edits_in_a_callback_are_kept(engine):
    def on_step(history):
        history.model.parameters()[0].data = 0.125

    history = mt.train(steps=100, target_loss=0.3, on_step=on_step, engine=engine)
    assert history.status == "converged"
    assert history.model.parameters()[0].data == 0.125
    assert mt.mse_loss([history.model(x) for x in XS], YS).data == history.final_loss


@pytest.mark.parametrize("engine", ["eager", "compiled"])
def test_ctrl_c_at_any_moment_leaves_whole_steps(engine):
    """Interrupt at the n-th line that runs in what `train` calls, for many n."""
    import sys

    after = [
        [(p.data, p.grad) for p in mt.train(steps=k, engine="eager").model.parameters()]
        for k in range(1, 8)
    ]
    start = [(p.data, p.grad) for p in MLP(3, [4, 4, 1]).parameters()]
    watched = {"step", "update", "state_of", "reset", "backward"}

    def run(n):
        count = 0

        def trace(frame, event, _):
            nonlocal count
            if frame.f_code.co_name not in watched:
                return None
            count += 1
            if count == n:
                raise KeyboardInterrupt
            return trace

        model = MLP(3, [4, 4, 1])
        others = sys.gettrace()
        sys.settrace(trace)
        try:
            history = mt.train(model, XS, YS, steps=6, engine=engine)
        except KeyboardInterrupt:
            history = None  # before the first step, or after the last
        finally:
            sys.settrace(others)
        state = [(p.data, p.grad) for p in model.parameters()]
        if history is None:
            assert state in (start, after[5])
            return None
        assert len(history.losses) == len(history.lrs) == len(history.grad_norms) == history.steps
        assert state == (after[history.steps - 1] if history.steps else start)
        return history.status

    statuses = [run(n) for n in range(1, 2000, 7)]
    assert statuses.count("interrupted") > 10


def test_pressing_ctrl_c_again_does_not_hurt(monkeypatch):
    original, presses = train_module.set_state, []

    def set_state(parameters, state):
        if len(presses) < 3:
            presses.append(1)
            original(parameters[:5], [part[:5] for part in state])
            raise KeyboardInterrupt
        original(parameters, state)

    def on_step(history):
        if history.steps == 2:
            monkeypatch.setattr(train_module, "set_state", set_state)
            raise KeyboardInterrupt

    history = mt.train(steps=5, on_step=on_step)
    assert (history.status, history.steps, len(presses)) == ("interrupted", 2, 3)
    assert bits(history)[-1] == bits(mt.train(steps=2))[-1]
