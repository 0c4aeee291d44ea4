"""train(): the four steps, to the bit; what it records; and what happens when things go wrong."""

from __future__ import annotations

import csv
import inspect
import linecache
import math
import re
import statistics
import sys
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine import ENGINES

import microtrain as mt
from microtrain import MLP, Module, Value
from microtrain.training import train as train_module

XS, YS = mt.datasets.toy()


def hexes(model):
    return [(p.data.hex(), p.grad.hex()) for p in model.parameters()]


def by_hand(model, xs, ys, steps, lr):
    """The loop as the lesson writes it, on the public API."""
    losses = []
    for _ in range(steps):
        ypred = [model(x) for x in xs]
        loss = sum((yout - yt) ** 2 for yout, yt in zip(ypred, ys))
        for p in model.parameters():
            p.grad = 0.0
        loss.backward()
        for p in model.parameters():
            p.data += -lr * p.grad
        losses.append(loss.data)
    return losses


@given(
    st.integers(1, 3),
    st.lists(st.integers(1, 3), max_size=2),
    st.sampled_from(["tanh", "relu", "sigmoid", "linear"]),
    st.sampled_from([0.01, 0.1, 1.0]),
    st.integers(0, 99),
)
def test_the_lessons_loop_gives_the_same_bits(n_in, hidden, activation, lr, seed):
    xs = [x[:n_in] for x in XS]
    one, two = (MLP(n_in, [*hidden, 1], activation, seed=seed) for _ in range(2))
    losses = by_hand(one, xs, YS, 5, lr)
    history = mt.train(two, xs, YS, steps=5, lr=lr)
    assert [x.hex() for x in history.losses] == [x.hex() for x in losses]
    assert hexes(two) == hexes(one)


def test_without_arguments_it_is_the_toy_job():
    history = mt.train()
    model = MLP(3, [4, 4, 1], seed=0)
    losses = by_hand(model, XS, YS, 20, 0.05)
    assert history.losses == losses
    assert hexes(history.model) == hexes(model)
    assert (history.status, history.steps, history.engine) == ("finished", 20, "eager")
    assert history.lrs == [0.05] * 20
    assert history.final_loss == losses[-1] < losses[0]
    assert history.seconds > 0
    norm = math.sqrt(sum(p.grad**2 for p in model.parameters()))
    assert history.grad_norms[-1] == pytest.approx(norm)


def test_one_large_run_of_many_seeds_bears_out_the_table():
    """At 0.1 nearly every seed gets below 0.01 within 100 steps; at 0.001 none; at 1.0 few."""
    shares = {}
    for lr in (0.001, 0.1, 1.0):
        runs = [mt.train(steps=100, lr=lr, target_loss=0.01, seed=seed) for seed in range(40)]
        shares[lr] = statistics.mean(run.status == "converged" for run in runs)
    assert shares[0.001] == 0
    assert shares[0.1] >= 0.95
    assert shares[1.0] < 0.5


def test_converged_means_the_parameters_that_gave_the_loss():
    history = mt.train(steps=1000, target_loss=0.01)
    assert history.status == "converged"
    assert history.final_loss < 0.01 <= min(history.losses[:-1])
    assert history.steps == len(history.losses) - 1
    assert len(history.losses) == len(history.lrs) == len(history.grad_norms)
    loss = mt.mse_loss([history.model(x) for x in XS], YS)
    assert loss.data == history.final_loss
    before = [p.grad for p in history.model.parameters()]
    history.model.zero_grad()
    loss.backward()
    assert [p.grad for p in history.model.parameters()] == before
    assert mt.train(target_loss=100).steps == 0


@pytest.mark.parametrize(("lr", "first_bad"), [(1.0, None), (30.0, None), (1e200, 1)])
def test_diverged_means_the_last_parameters_that_gave_a_finite_loss(lr, first_bad):
    model = MLP(3, [4, 4, 1], "tanh", "linear")
    history = mt.train(model, XS, YS, steps=1000, lr=lr)
    assert history.status == "diverged"
    assert not math.isfinite(history.final_loss)
    assert all(map(math.isfinite, history.losses[:-1]))
    assert first_bad is None or len(history.losses) == first_bad + 1
    assert history.steps == len(history.losses) - 2
    again = MLP(3, [4, 4, 1], "tanh", "linear")
    by_hand(again, XS, YS, history.steps, lr)
    assert [p.data for p in model.parameters()] == [p.data for p in again.parameters()]
    loss = mt.mse_loss([model(x) for x in XS], YS)
    assert loss.data == history.losses[-2]
    grads = [p.grad for p in model.parameters()]
    model.zero_grad()
    loss.backward()
    assert [p.grad for p in model.parameters()] == grads


class Exponential(Module):
    def __init__(self, start):
        self.w = Value(start)

    def __call__(self, x):
        return (self.w * x).exp()


def test_an_arithmetic_error_is_divergence():
    history = mt.train(Exponential(2.0), [1.0], [0.0], lr=1.0, loss=lambda p, y: -p)
    assert history.status == "diverged"
    assert math.isnan(history.final_loss) and math.isnan(history.grad_norms[-1])
    assert math.isfinite(mt.exp(history.model.w.data))
    history = mt.train(Exponential(1000.0), [1.0], [0.0])
    assert (history.status, history.steps, history.model.w.data) == ("diverged", 0, 1000.0)


def test_other_errors_come_out_and_leave_the_last_whole_step():
    model = MLP(3, [4, 1])
    calls = []

    def loss(prediction, target):
        calls.append(1)
        if len(calls) == 4 * 3 + 2:
            raise TypeError("no")
        return mt.squared_error(prediction, target)

    with pytest.raises(TypeError, match="no"):
        mt.train(model, XS, YS, loss=loss)
    expected = mt.train(MLP(3, [4, 1]), XS, YS, steps=3).model
    assert hexes(model) == hexes(expected)


class Interrupting(Value):
    """A parameter whose n-th assignment of data is interrupted by Ctrl-C."""

    __slots__ = ("countdown", "real")

    @property
    def data(self):
        return self.real

    @data.setter
    def data(self, new):
        self.countdown = getattr(self, "countdown", 10**9) - 1
        if self.countdown == 0:
            raise KeyboardInterrupt
        self.real = new


@pytest.mark.parametrize("step", [1, 4])
def test_ctrl_c_in_the_middle_of_an_update_leaves_whole_steps(step):
    model = MLP(3, [4, 1])
    bias = model.layers[0].neurons[2].bias = Interrupting(0.5)
    bias.countdown = step
    history = mt.train(model, XS, YS)
    assert (history.status, history.steps) == ("interrupted", step - 1)
    assert len(history.losses) == len(history.lrs) == len(history.grad_norms) == step - 1
    expected = MLP(3, [4, 1])
    expected.layers[0].neurons[2].bias = Value(0.5)
    if step > 1:
        mt.train(expected, XS, YS, steps=step - 1)
    assert hexes(model) == hexes(expected)


def interrupted_at(n, run):
    """Run with Ctrl-C before the n-th line in the loop of `train`, or where it is wound up."""
    loop, winding_up = train_module.run.__code__, train_module._finish.__code__
    before, _, _ = inspect.getsource(train_module.run).partition("while (k :=")
    begins = loop.co_firstlineno + before.count("\n")
    left = n

    def trace(frame, event, _):
        nonlocal left
        if frame.f_code not in (loop, winding_up):
            return None
        inside = frame.f_code is winding_up or frame.f_lineno >= begins
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        if event == "line" and inside and line.strip() not in ("try:", "while True:"):
            left -= 1  # (Python looks for signals at calls and jumps; these lines are neither.)
            if left == 0:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return run(), left > 0
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("watched", [False, True])
def test_ctrl_c_before_any_line_leaves_whole_steps(engine, watched):
    options = {"record": True, "track_sharpness": 1, "engine": engine}
    if watched:
        options["on_step"] = lambda history: None
    states = [hexes(mt.train(MLP(3, [1]), XS, YS, steps=k).model) for k in (1, 2, 3)]
    states.insert(0, hexes(MLP(3, [1])))
    done, n, seen = False, 0, set()
    while not done:
        n += 1
        model = MLP(3, [1])
        try:
            history, done = interrupted_at(
                n, lambda model=model: mt.train(model, XS, YS, steps=3, **options)
            )
        except KeyboardInterrupt:  # when all was done
            assert hexes(model) == states[3]
            continue
        k = history.steps
        seen.add(k)
        assert history.status == ("interrupted" if k < 3 else history.status)
        recorded = history.recording.parameters, history.recording.gradients
        records = [history.losses, history.lrs, history.grad_norms, *recorded]
        assert [len(record) for record in records] == [k] * 5
        assert list(history.sharpness) == list(range(k))
        assert [x for x, _ in hexes(model)] == [x for x, _ in states[k]]
    assert seen == {0, 1, 2, 3} and n > 30


def test_ctrl_c_in_a_callback_keeps_the_step():
    def on_step(history):
        if history.steps == 3:
            raise KeyboardInterrupt

    history = mt.train(on_step=on_step)
    assert (history.status, history.steps, len(history.losses)) == ("interrupted", 3, 3)
    assert hexes(history.model) == hexes(mt.train(steps=3).model)


def test_on_step_sees_every_step_as_it_is():
    seen = []

    def on_step(history):
        seen.append((history.status, history.steps, len(history.losses), hexes(history.model)))

    mt.train(steps=3, on_step=on_step)
    assert [s[:3] for s in seen] == [("running", k, k) for k in (1, 2, 3)]
    assert [s[3] for s in seen] == [hexes(mt.train(steps=k).model) for k in (1, 2, 3)]


# The zero-grad imperative.


def test_gradients_that_are_not_reset_add_up():
    model, twin = MLP(3, [4, 1]), MLP(3, [4, 1])
    history = mt.train(model, XS, YS, steps=3, zero_grad=False)
    twin.zero_grad()
    for _ in range(3):
        mt.mse_loss([twin(x) for x in XS], YS).backward()
        for p in twin.parameters():
            p.data -= 0.05 * p.grad
    assert hexes(model) == hexes(twin)
    assert history.losses != mt.train(MLP(3, [4, 1]), XS, YS, steps=3).losses


@given(st.integers(0, 99), st.sampled_from(["sum", "mean"]))
def test_accumulating_one_sample_batches_gives_the_full_gradient_exactly(seed, reduction):
    full, single, twin, one_step = (MLP(3, [4, 4, 1], seed=seed) for _ in range(4))
    mt.train(full, XS, YS, steps=3)
    mt.train(single, XS, YS, steps=3, batch_size=1, accumulate=4, reduction=reduction)
    assert hexes(single) == hexes(full)
    for x, y in zip(XS, YS):
        mt.squared_error(twin(x), y).backward()
    mt.train(one_step, XS, YS, steps=1)
    assert [p.grad for p in twin.parameters()] == [p.grad for p in one_step.parameters()]


def test_mini_batches_are_drawn_anew_each_time_round():
    def samples_seen(seed, **options):
        seen = []

        def loss(prediction, target):
            seen.append(target)
            return mt.squared_error(prediction, target)

        mt.train(MLP(1, [1]), [[0.0]] * 5, range(5), loss=loss, seed=seed, **options)
        return seen

    for accumulate, steps in ((1, 6), (2, 3)):
        options = {"batch_size": 2, "steps": steps, "accumulate": accumulate}
        seen = samples_seen(0, **options)
        assert sorted(seen[:5]) == sorted(seen[5:]) == list(range(5))  # 2 + 2 + 1, twice
        assert seen[:5] != seen[5:]
        assert samples_seen(0, **options) == seen != samples_seen(1, **options)
    assert samples_seen(0, steps=2) == [0, 1, 2, 3, 4] * 2
    assert samples_seen(0, steps=1, batch_size=2, accumulate=3) == [0, 1, 2, 3, 4]


def test_the_mean_divides_by_the_samples():
    mean = mt.train(steps=5, lr=0.2, reduction="mean")
    total = mt.train(steps=5, lr=0.05)
    assert mean.losses == pytest.approx([loss / 4 for loss in total.losses], rel=1e-12)


def test_schedules():
    lrs = []
    history = mt.train(steps=8, lr=mt.warmup_cosine(0.1, steps=8, warmup_steps=3))
    assert history.lrs == [mt.warmup_cosine(0.1, 8, 3)(k) for k in range(8)]
    history = mt.train(steps=3, lr=lambda k: lrs.append(k) or 0)
    assert lrs == [0, 1, 2] and history.losses == [history.losses[0]] * 3
    with pytest.raises(ValueError, match="lr at step 2 expects a finite number of at least 0"):
        mt.train(steps=3, lr=lambda k: 0.1 if k < 2 else math.nan)


@pytest.mark.parametrize(
    ("loss", "ys", "sizes"),
    [
        (mt.squared_error, [[1.0, 0.0]] * 4, [2]),
        (mt.hinge, YS, [3, 1]),
        (mt.cross_entropy, [0, 1, 2, 1], [4, 3]),
    ],
)
def test_other_losses_fall(loss, ys, sizes):
    model = MLP(3, sizes, "tanh", "linear")
    history = mt.train(model, XS, ys, loss=loss, steps=50, lr=0.01)
    assert history.final_loss < history.losses[0] / 2
    assert len(model.predict(XS)) == 4


def test_shared_parameters_are_updated_once():
    class Twice(Module):
        def __init__(self):
            self.w = Value(1.0)

        def __call__(self, x):
            return self.w * x

        def parameters(self):
            return [self.w, self.w]

    assert mt.train(Twice(), [1.0], [0.0], steps=1, lr=0.1).model.w.data == 0.8


def test_data_may_come_in_many_forms():
    expected = mt.train(steps=3).losses
    np = pytest.importorskip("numpy")
    for xs, ys in (
        (tuple(map(tuple, XS)), iter(YS)),
        (np.array(XS), np.array(YS)),
        (([int(2 * x) / 2 for x in row] for row in XS), [[y] for y in YS]),
        ([np.float32(x) for x in XS], [int(y) for y in YS]),
    ):
        assert mt.train(MLP(3, [4, 4, 1]), xs, ys, steps=3).losses == expected
    assert mt.train(xs=[[1.0, 2.0]], ys=[1.0]).model.n_in == 2
    assert mt.train(xs=[1.0], ys=[1.0], loss=mt.squared_error, model=Exponential(0.1)).steps == 20


def test_losses_and_models_of_any_kind():
    @dataclass
    class Huber:  # an unhashable loss
        delta: float = 1.0

        def __call__(self, prediction, target):
            return abs(prediction - target) * self.delta

    class Features(MLP):
        def __call__(self, x):
            return super().__call__([x[0], x[0] ** 2])

    assert mt.train(loss=Huber()).status == "finished"
    assert mt.train(Features(2, [4, 1]), [[1.0], [2.0]], [1.0, -1.0]).status == "finished"
    assert mt.train(xs=[1.0, 2.0], ys=[1.0, 2.0], model=Exponential(0.1), lr=0.01).steps == 20


def test_an_exception_of_another_kind_leaves_a_whole_record():
    seen = []

    def on_step(history):
        seen.append(history)
        if history.steps == 3:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        mt.train(on_step=on_step)
    assert (seen[0].status, seen[0].steps, len(seen[0].losses)) == ("interrupted", 3, 3)


def test_what_is_worth_compiling():
    one = ([XS[0]], [YS[0]])
    assert mt.train(MLP(3, [1]), *one, steps=400).engine == "compiled"
    assert mt.train(MLP(3, [1]), *one, steps=399).engine == "eager"
    assert mt.train(MLP(3, [1]), XS, YS, steps=50, accumulate=2).engine == "compiled"


def test_below_the_target_is_below():
    losses = mt.train(steps=9).losses
    reached = mt.train(steps=9, target_loss=losses[5])
    assert (reached.status, reached.steps, reached.target_loss) == ("converged", 6, losses[5])
    assert mt.train(steps=2).target_loss is None


def test_the_clock_counts_from_the_start():
    seen = []
    history = mt.train(steps=3, on_step=lambda h: seen.append(h.seconds))
    assert 0 < seen[0] < seen[1] < seen[2] <= history.seconds < 60
    assert mt.History(None, "eager").seconds == 0.0


def test_an_interrupted_step_leaves_no_sharpness_behind():
    def press(step):
        if step == 3:
            raise KeyboardInterrupt
        return 0.05

    history = mt.train(steps=9, lr=press, track_sharpness=1)
    assert list(history.sharpness) == [0, 1, 2]

    def press_later(history):
        if history.steps == 4:
            raise KeyboardInterrupt

    history = mt.train(steps=9, track_sharpness=1, on_step=press_later)
    assert (history.steps, list(history.sharpness)) == (4, [0, 1, 2, 3])


def test_recording_keeps_every_step_and_changes_nothing():
    for engine in ("eager", "compiled"):
        states = []
        plain = mt.train(steps=6, engine=engine)
        assert plain.recording is None
        history = mt.train(
            steps=6,
            engine=engine,
            record=True,
            on_step=lambda h, states=states: states.append([p.data for p in h.model.parameters()]),
        )
        assert history.losses == plain.losses
        recording = history.recording
        assert recording.parameters[0] == tuple(p.data for p in MLP(3, [4, 4, 1]).parameters())
        assert [list(p) for p in recording.parameters[1:]] == states[:-1]
        for k in range(6):
            for before, gradient, after in zip(
                recording.parameters[k], recording.gradients[k], states[k]
            ):
                assert before - 0.05 * gradient == after
        assert (recording.xs, recording.ys) == (XS, YS)


def test_recording_a_run_that_stops_early():
    def stop(history):
        if history.steps == 3:
            raise KeyboardInterrupt

    history = mt.train(steps=9, record=True, on_step=stop)
    assert len(history.recording.parameters) == len(history.recording.gradients) == 3
    history = mt.train(steps=200, target_loss=0.01, record=True)
    assert len(history.recording.parameters) == len(history.losses)
    model = MLP(1, [1], output_activation="linear")
    history = mt.train(model, [[1.0]], [0.0], lr=1e200, record=True)
    assert history.status == "diverged"
    assert len(history.recording.parameters) == len(history.recording.gradients) == 2
    failing = mt.train(
        MLP(1, [1], output_activation="linear"),
        [[5.0]],
        [0.0],
        loss=lambda p, y: (p * p * 3.0 - y).exp(),
        lr=1.0,
        record=True,
    )
    assert all(map(math.isnan, failing.recording.gradients[-1]))
    with pytest.raises(TypeError, match="record expects True or False"):
        mt.train(record=1)


def test_the_chart_is_twelve_rows_high():
    history = mt.train(steps=3)
    assert history.chart(40).count("\n") == 12 + 2
    with pytest.raises(TypeError, match="positional"):
        history.chart(40, 12, True)


MODEL = MLP(3, [2, 1])


class Given(Module):
    def __init__(self, found):
        self.found = found

    def parameters(self):
        return self.found

    def __call__(self, x):
        return Value(x[0])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"steps": 0}, ValueError, "steps expects an int of at least 1, got 0"),
        ({"steps": 1.5}, TypeError, "steps expects an int, got float 1.5"),
        ({"lr": 0}, ValueError, "lr expects a finite number above 0, got 0"),
        ({"lr": -0.1}, ValueError, "lr expects a finite number above 0, got -0.1"),
        ({"lr": math.nan}, ValueError, "lr expects a finite number above 0, got nan"),
        ({"lr": "fast"}, TypeError, "lr expects a number, got str 'fast'"),
        ({"batch_size": 0}, ValueError, "batch_size expects an int of at least 1, got 0"),
        ({"batch_size": 5}, ValueError, "batch_size expects at most 4, the number of samples; got"),
        ({"accumulate": 0}, ValueError, "accumulate expects an int of at least 1, got 0"),
        (
            {"accumulate": 10**9},
            ValueError,
            "accumulate expects at most 2,500,000 mini-batches of 4, so that one step can hold",
        ),
        ({"reduction": "max"}, ValueError, "reduction expects one of 'sum', 'mean'; got str 'max'"),
        ({"engine": "warp"}, ValueError, "one of 'auto', .*, 'native'; got str 'warp'"),
        ({"target_loss": "low"}, TypeError, "target_loss expects a number, got str 'low'"),
        (
            {"target_loss": math.nan},
            ValueError,
            "target_loss expects a number to be below, got nan",
        ),
        ({"zero_grad": "no"}, TypeError, "zero_grad expects True or False, got str 'no'"),
        ({"model": MLP}, TypeError, "model expects a Module, got type"),
        ({"loss": 3}, TypeError, "loss expects a function, such as mt.hinge, got int 3"),
        ({"on_step": 3}, TypeError, "on_step expects a function, got int 3"),
        ({"seed": None}, TypeError, "seed expects an int, got None"),
        ({"xs": XS, "ys": None}, ValueError, "xs and ys go together"),
        ({"model": XS, "xs": YS, "ys": None}, ValueError, "the order is model, xs, ys"),
        ({"xs": XS, "ys": YS[:3]}, ValueError, "a target for each sample, got 4 xs, 3 ys"),
        ({"xs": [], "ys": []}, ValueError, "at least one sample, got none"),
        ({"xs": 3, "ys": YS}, TypeError, "xs expects a list, got int 3"),
        ({"xs": "abc", "ys": YS}, TypeError, "xs expects a list, got str 'abc'"),
        (
            {"xs": [[1.0, "2", 3.0]], "ys": [1]},
            TypeError,
            r"xs\[0\]\[1\] expects a number, got str",
        ),
        ({"xs": [XS[0], [1.0]], "ys": [1, 1]}, ValueError, r"xs\[1\]: MLP expects 3 inputs, got 1"),
        ({"xs": [1.0], "ys": [1]}, TypeError, r"xs\[0\]: MLP expects a list of 3 numbers per"),
        (
            {"xs": [XS[0], [1, 2, math.nan]], "ys": [1, 1]},
            ValueError,
            r"xs\[1\]\[2\] expects a finite number, got nan",
        ),
        (
            {"xs": [XS[0], (1, math.inf, 2)], "ys": [1, 1]},
            ValueError,
            r"xs\[1\]\[1\] expects a finite number",
        ),
        (
            {"xs": XS[:2], "ys": [1.0, -math.inf]},
            ValueError,
            r"ys\[1\] expects a finite number, got -inf",
        ),
        (
            {"xs": [1.0], "ys": [1], "model": None},
            TypeError,
            r"xs\[0\]: MLP expects a list of 1 number per sample, got float 1.0",
        ),
        ({"xs": XS, "ys": [1, 1, 1, "1"]}, TypeError, r"ys\[3\]: target expects .* got str '1'"),
        (
            {"xs": XS, "ys": [1, 1, [1, 2], 1]},
            ValueError,
            r"ys\[2\]: target expects one number for",
        ),
        ({"loss": mt.hinge, "xs": XS, "ys": [1, -1, 0, 1]}, ValueError, r"ys\[2\]: hinge expects"),
        ({"model": object()}, TypeError, "model expects a Module, got object"),
        ({"model": Module()}, ValueError, "model has no parameters to train"),
        ({"model": Given(None)}, TypeError, r"model.parameters\(\) expects a list, got None"),
        ({"model": Given([[Value(1.0)]])}, TypeError, r"parameters expect Values .*, got \[Value"),
        (
            {"loss": lambda p, y: 1.0},
            TypeError,
            "loss is expected to return a Value, got float 1.0",
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_trained(arguments, error, message):
    before = hexes(MODEL)
    with pytest.raises(error, match=message):
        mt.train(**{"model": MODEL, "xs": XS, "ys": YS, **arguments})
    assert hexes(MODEL) == before


def test_the_default_model_fits_the_first_sample():
    with pytest.raises(ValueError, match=r"^xs\[1\]: MLP expects 1 input, got 2"):
        mt.train(None, [[1.0], [1.0, 2.0]], [1.0, 1.0])


def test_a_history_shows_its_first_and_its_last_loss():
    history = mt.train(steps=5)
    shown = [part for part in re.split("<[^>]*>", history._repr_html_()) if "&gt;" in part]
    assert shown[0] == f"{history.losses[0]:.4g} -&gt; {history.losses[-1]:.4g}"


def test_parameters_must_be_leaves():
    class Computed(Exponential):
        def parameters(self):
            return [self.w * 2]

    with pytest.raises(TypeError, match="parameters expect Values not computed from others"):
        mt.train(Computed(1.0), [1.0], [1.0])


# The record.


def test_the_record_as_dict_and_csv(tmp_path):
    history = mt.train(steps=5)
    record = history.to_dict()
    assert record["losses"] == history.losses and record["final_loss"] == history.losses[-1]
    assert list(record) == [
        *("status", "verdict", "reason", "steps", "error", "unsaved", "target_loss"),
        *(
            "engine",
            "fallback",
            "seconds",
            "final_loss",
            "losses",
            "lrs",
            "grad_norms",
            "sharpness",
        ),
    ]
    history.to_csv(tmp_path / "run.csv")
    with open(tmp_path / "run.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == history.losses
    assert [int(row["step"]) for row in rows] == [0, 1, 2, 3, 4]
    assert [float(row["grad_norm"]) for row in rows] == history.grad_norms


def test_a_history_without_losses():
    history = mt.History(None, "eager")
    assert repr(history) == "History(running, 0 steps)"
    assert history.to_dict()["final_loss"] is None
    assert "no finite numbers" in history.chart()
    with pytest.raises(ValueError, match="no loss yet"):
        history.final_loss  # noqa: B018


def test_the_chart_shows_the_losses():
    history = mt.train(steps=20)
    text = history.chart(60, 10, ascii=True)
    assert text.splitlines()[0] == "loss" and "step" in text.splitlines()[-1]
    assert max(map(len, text.splitlines())) <= 60
    assert repr(mt.train(steps=1)) == "History(finished, 1 step, loss 7.73 -> 7.73)"
