"""The learning-rate lab: verdicts, sweeps, and what is said about them."""

from __future__ import annotations

import concurrent.futures
import contextlib
import csv
import functools
import io
import json
import math
import os
import pickle
import re

import pytest
from machine import native
from outcomes import bits, made

import microtrain as mt
from microtrain import MLP, SweepError
from microtrain.compiler import toolchain
from microtrain.lab.results import COLUMNS, brief
from microtrain.lab.runs import Rate, Run, median
from microtrain.training import compiled
from microtrain.training.verdict import rises

# Sweeps.


def test_verdicts_of_real_runs():
    found = mt.sweep((0.01, 0.1, 1.0), seeds=range(40))
    counts = {rate.label: rate.verdicts for rate in found.rates}
    assert counts["0.01"] == {"descending": 40}
    assert counts["0.1"]["converged"] >= 38
    assert counts["1"]["saturated"] >= 20
    for run in found.runs:
        if run.verdict == "saturated":  # the design's fact: it sticks at a multiple of 4
            assert run.history.final_loss == pytest.approx(
                4 * round(run.history.final_loss / 4), abs=0.3
            )
    blown_up = mt.sweep([0.5], model=linear, seeds=range(5))
    assert blown_up.rates[0].verdicts == {"diverged": 5}


def linear(seed):
    return MLP(3, [4, 4, 1], output_activation="linear", seed=seed)


def test_each_run_is_what_train_makes_of_it():
    lrs, seeds = (0.01, mt.warmup_cosine(0.3, 40, 5), 0.7), (3, 0, 11)
    found = mt.sweep(lrs, seeds=seeds, steps=40, track_sharpness=20)
    assert found.status == "finished" and found.planned == 9
    expected = [(lr, seed) for lr in lrs for seed in seeds]
    assert [(run.lr, run.seed) for run in found.runs] == expected
    for run, (lr, seed) in zip(found.runs, expected):
        alone = mt.train(lr=lr, seed=seed, steps=40, target_loss=0.01, track_sharpness=20)
        assert bits(run.history) == bits(alone)
        assert run.history.sharpness == alone.sharpness
        assert (run.verdict, run.reason) == (alone.verdict, alone.reason)
    assert [rate.label for rate in found.rates] == ["0.01", "warmup_cosine(0.3, 40, 5, 0.0)", "0.7"]


def wide(n_in, seed):
    return MLP(n_in, [6, 1], "relu", "linear", seed)


def test_data_model_and_loss_of_ones_own():
    xs, ys = mt.datasets.moons(20)
    found = mt.sweep(
        {"slow": 0.01, "fast": 0.1},
        seeds=[5],
        model=functools.partial(wide, 2),
        xs=xs,
        ys=ys,
        loss=mt.hinge,
        reduction="mean",
        steps=30,
        engine="compiled",
    )
    alone = mt.train(
        wide(2, 5), xs, ys, lr=0.1, loss=mt.hinge, reduction="mean", steps=30, target_loss=0.01
    )
    assert found.runs[1].label == "fast" and bits(found.runs[1].history) == bits(alone)
    assert found.runs[1].history.engine == "compiled"


def test_an_architecture_is_compiled_once(monkeypatch):
    traces = []
    original = compiled.written

    def counting(*arguments):
        traces.append(1)
        return original(*arguments)

    monkeypatch.setattr(compiled, "written", counting)
    monkeypatch.setattr("microtrain.training.tracing._cache", {})
    found = mt.sweep((0.05, 0.1), seeds=range(5))
    assert {run.history.engine for run in found.runs} == {"compiled"}
    assert len(traces) == 1
    mt.sweep((0.05,), reduction="mean")
    mt.sweep((0.05,), model=linear)
    assert len(traces) == 3

    def absolute(p, y):
        assert type(y) is not float or y != 0.5, "no target of mine"
        return abs(p - y)

    options = {"loss": absolute, "engine": "compiled", "steps": 2}
    mt.sweep((0.05, 0.1), seeds=range(5), **options)
    assert len(traces) == 4
    with pytest.raises(AssertionError, match="no target of mine"):  # of other samples
        mt.sweep((0.05,), xs=[[1.0, 2.0, 3.0]] * 2, ys=[1.0, 0.5], **options)


POOLS = [None, concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor]


@native
@pytest.mark.parametrize("pool", POOLS)
def test_a_native_sweep_compiles_once(pool, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    toolchain._loaded.cache_clear()
    monkeypatch.setattr("microtrain.training.tracing._cache", {})
    rates = (0.05, 1.0)
    with contextlib.nullcontext() if pool is None else pool(2) as executor:
        found = mt.sweep(rates, seeds=range(4), engine="native", executor=executor)
    assert {run.history.engine for run in found.runs} == {"native"}
    expected = mt.sweep(rates, seeds=range(4), engine="eager")
    assert [*map(bits, (run.history for run in found.runs))] == [
        *map(bits, (run.history for run in expected.runs))
    ]
    assert len([*(tmp_path / "microtrain").glob("*.so")]) in (1, 2)  # the step, and tanh


def test_what_was_compiled_is_not_kept_for_ever(monkeypatch):
    kept = {}
    monkeypatch.setattr("microtrain.training.tracing._cache", kept)
    for n in range(1, 21):
        mt.train(MLP(3, [n, 1]), *mt.datasets.toy(), steps=2, engine="compiled")
    assert len(kept) == 16
    kept.clear()
    xs = [[k / 7] * 3 for k in range(1000)]
    mt.train(MLP(3, [1]), xs, [0.5] * 1000, steps=1, engine="compiled", loss=lambda p, y: p * y)
    assert len(repr([*kept])) < len(repr(xs)) / 5  # it holds no copy of the samples


def test_models_that_differ_are_not_taken_for_each_other():
    """Each of these has the shape of the first, but computes something else."""

    def variants():
        yield MLP(3, [2, 2, 1], seed=1)
        yield MLP(3, [2, 2, 1], "relu", seed=1)
        yield MLP(3, [2, 2, 1], output_activation="linear", seed=1)
        tied = MLP(3, [2, 2, 1], seed=1)
        tied.layers[1].neurons[0].weights[0] = tied.layers[0].neurons[0].weights[0]
        yield tied
        swapped = MLP(3, [2, 2, 1], seed=1)
        swapped.layers[1].neurons.reverse()
        yield swapped
        fixed = MLP(3, [2, 2, 1], seed=1)
        fixed.layers[0].neurons[0].bias = 0.25
        yield fixed
        mixed = MLP(3, [2, 2, 1], seed=1)
        mixed.layers[0].neurons[1].activation = "sigmoid"
        yield mixed

    xs, ys = mt.datasets.toy()
    results = []
    for model, twin in zip(variants(), variants()):
        runs = [mt.train(m, xs, ys, engine=e) for m, e in ((model, "eager"), (twin, "compiled"))]
        assert bits(runs[0]) == bits(runs[1])
        results.append(runs[0].losses)
    assert len({tuple(losses) for losses in results}) == len(results)


# On executors.


def everything(found):
    return [(run.label, run.seed, run.verdict, run.reason, bits(run.history)) for run in found.runs]


class Backwards(concurrent.futures.Executor):
    """Does everything when it is first waited for, and the last thing first."""

    def __init__(self):
        self.jobs = []

    def submit(self, function, *args):
        future = concurrent.futures.Future()
        self.jobs.append((future, function, pickle.loads(pickle.dumps(args))))
        if len(self.jobs) == self.expected:
            for future, function, args in reversed(self.jobs):
                future.set_running_or_notify_cancel()
                try:
                    future.set_result(pickle.loads(pickle.dumps(function(*args))))
                except BaseException as error:
                    future.set_exception(error)
        return self.jobs[len(self.jobs) - 1][0]


def test_the_same_bits_in_the_same_order_on_any_executor():
    options = {"seeds": range(6), "steps": 20}
    expected = everything(mt.sweep(**options))
    backwards = Backwards()
    backwards.expected = 24
    assert everything(mt.sweep(**options, executor=backwards)) == expected
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        assert everything(mt.sweep(**options, executor=pool)) == expected
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        assert everything(mt.sweep(**options, executor=pool)) == expected


def test_many_runs_are_sent_in_chunks():
    class Counting(concurrent.futures.ThreadPoolExecutor):
        sizes = []  # noqa: RUF012

        def submit(self, function, planned, *args):
            self.sizes.append(len(planned))
            return super().submit(function, planned, *args)

    with Counting(1) as pool:
        mt.sweep([0.1], seeds=range(250), steps=2, executor=pool)
        assert pool.sizes == [3] * 83 + [1]
        pool.sizes.clear()
        mt.sweep([0.1, 0.2], seeds=range(1000), steps=2, executor=pool, model=tiny)
        assert set(pool.sizes) == {16}


def tiny(seed):
    return MLP(3, [1], seed=seed)


def fragile(seed):
    if seed == 3:
        os._exit(1)
    return tiny(seed)


def moody(seed):
    if seed == 3:
        raise RuntimeError("not this one.")
    return tiny(seed)


def test_a_worker_that_dies_is_told_with_its_runs_and_the_others_are_kept():
    with (
        concurrent.futures.ProcessPoolExecutor(1) as pool,
        pytest.raises(SweepError, match=r"learning rate 0\.1 with seed \d") as caught,
    ):
        mt.sweep([0.1], model=fragile, seeds=range(5), executor=pool)
    kept = caught.value.sweep
    assert [run.seed for run in kept.runs] == [0, 1, 2][: len(kept.runs)]
    assert f"of 5 runs, {len(kept.runs)} have finished" in str(caught.value)
    assert kept.status == "failed"
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value) and len(again.sweep.runs) == len(kept.runs)


def test_a_run_that_fails_is_told_and_the_others_are_kept():
    message = "RuntimeError: not this one.\nMissing: the run of learning rate 0.1 with seed 3"
    more = ", and 1 more, which .sweep.lost lists; of 5 runs, 3 have"
    with pytest.raises(SweepError, match=message + more) as caught:
        mt.sweep([0.1], model=moody, seeds=range(5))
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert caught.value.sweep.lost == [("0.1", 0.1, 3), ("0.1", 0.1, 4)]
    with (
        concurrent.futures.ThreadPoolExecutor(1) as pool,
        pytest.raises(SweepError, match=message) as caught,
    ):
        mt.sweep([0.1], model=moody, seeds=range(5), executor=pool)
    assert {0, 1, 2} <= {run.seed for run in caught.value.sweep.runs}
    everything_else = Backwards()
    everything_else.expected = 5
    with pytest.raises(SweepError, match=f"{message}; of 5 runs, 4 have"):
        mt.sweep([0.1], model=moody, seeds=range(5), executor=everything_else)


def test_what_can_not_be_sent_is_told():
    with (
        concurrent.futures.ProcessPoolExecutor(1) as pool,
        pytest.raises(TypeError, match="top level of a module"),
    ):
        mt.sweep([0.1], model=lambda seed: tiny(seed), executor=pool)


def test_ctrl_c_cancels_what_has_not_started():
    def stop(found):
        raise KeyboardInterrupt

    found = mt.sweep(seeds=range(3), on_run=stop)
    assert found.status == "interrupted" and len(found.runs) == 1
    assert repr(found) == "Sweep(1 run of 1 rate, best 0.001, interrupted)"
    assert found.explain() == "Runs at 1 of the 4 rates are too few to say which to take."
    assert "Take" not in mt.sweep([0.1, 0.2], on_run=stop).explain()
    alone = mt.sweep([0.1], seeds=[0, 1], on_run=stop)
    assert alone.status == "interrupted" and alone.explain().startswith("Take 0.1: it converges.")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        submitted = []
        original = pool.submit
        pool.submit = lambda *args: submitted.append(original(*args)) or submitted[-1]
        found = mt.sweep(seeds=range(25), steps=2000, executor=pool, on_run=stop)
    assert found.status == "interrupted" and 1 <= len(found.runs) < 100
    assert sum(future.cancelled() for future in submitted) > 50


def test_ctrl_c_in_the_trial_before_the_runs():
    def pressing(prediction, target):
        raise KeyboardInterrupt

    found = mt.sweep([0.1], loss=pressing)
    assert found.status == "interrupted" and found.runs == []


def test_errors_of_runs_are_not_taken_for_something_else():
    def unlucky(seed):
        if seed == 2:
            raise ValueError("boom")
        return tiny(seed)

    with (
        concurrent.futures.ThreadPoolExecutor(2) as pool,
        pytest.raises(SweepError, match="ValueError: boom"),
    ):
        mt.sweep([0.1], model=lambda seed: unlucky(seed), seeds=range(4), executor=pool)
    pool = concurrent.futures.ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(SweepError, match="after shutdown"):
        mt.sweep([0.1], executor=pool)
    with (
        concurrent.futures.ProcessPoolExecutor(1) as pool,
        pytest.raises(TypeError, match="a schedule. can't be sent"),
    ):
        mt.sweep([lambda step: 0.1], executor=pool)
    with (
        concurrent.futures.ThreadPoolExecutor(1) as pool,
        pytest.raises(SweepError, match="no pickle today"),
    ):
        mt.sweep([0.1], model=pickled, seeds=range(2), executor=pool)


def pickled(seed):
    if seed == 1:
        raise ValueError("no pickle today")
    return tiny(seed)


def test_ctrl_c_within_a_run():
    calls = []

    def pressing(prediction, target):
        calls.append(1)
        if len(calls) > 100:
            raise KeyboardInterrupt
        return mt.squared_error(prediction, target)

    found = mt.sweep([0.1], seeds=range(9), steps=5, loss=pressing)
    assert found.status == "interrupted"
    assert [run.seed for run in found.runs] == [0, 1, 2, 3]  # 8 + 4 * 20 calls, then 12
    assert all(len(run.history.losses) == 5 for run in found.runs)


def test_on_run_sees_how_far_it_is():
    seen = []
    mt.sweep([0.1], seeds=range(4), on_run=lambda found: seen.append(len(found.runs)))
    assert seen == [1, 2, 3, 4]


# What is said.


def sweep_of(**runs):
    """Return rates of hand-made histories, by label."""
    return [
        Rate([Run(label, float(label[1:]), i, h) for i, h in enumerate(histories)])
        for label, histories in runs.items()
    ]


def converged(steps):
    history = made([1.0] * steps + [0.001], status="converged")
    history.target_loss = 0.01
    return history


def test_the_best_rate_by_its_rule():
    found = mt.sweep((0.01, 0.05, 0.1), seeds=range(10))
    assert found.best.label == "0.1"  # as many as anywhere converge, and soonest
    assert mt.sweep((0.2, 1.0), seeds=range(10)).best.lr == 0.2  # the most converge
    assert mt.sweep((0.001, 0.01), steps=20).best.lr == 0.01  # none does, but it ends lowest
    assert mt.sweep((0.01, 100.0), model=linear, steps=20).best.lr == 0.01
    assert mt.sweep((0.01, 0.1), target_loss=None).best.lr == 0.1


def test_a_rate_counts():
    falling = made([0.95**k for k in range(50)])
    (rate,) = sweep_of(_0=[converged(4), converged(8), falling, made([1, math.inf])])
    assert rate.verdicts == {"converged": 2, "descending": 1, "diverged": 1}
    assert rate.converged == 0.5
    assert rate.steps == (5.0, 6.0, 7.0)
    assert rate.loss == pytest.approx((0.001 + 0.95**49) / 2)
    assert rate.sharpness is rate.peak is None


@pytest.mark.slow
def test_the_table_and_the_words_say_what_the_numbers_say():
    found = mt.sweep(seeds=range(20), steps=200, track_sharpness=10)
    table, words = found.table().splitlines(), found.explain()
    assert len(table) == 5 and max(map(len, table)) <= 84
    for rate, line in zip(found.rates, table[1:]):
        for name, n in rate.verdicts.items():
            assert f"{n} {name}" in line
        assert line.split()[0] == rate.label
        assert float(line.split()[-1]) == pytest.approx(2 / rate.peak, rel=0.01)
    assert "Take 0.1: 20 of 20 runs converge, the most of all." in words
    products = {run: max(run.lr * s for s in run.history.sharpness.values()) for run in found.runs}
    beyond = [run for run, product in products.items() if product >= 2]
    won = sum(run.verdict == "converged" for run in beyond)
    kept = [run for run in products if run not in beyond]
    rose, more = (sum(rises(run.history.losses) > 0 for run in runs) for runs in (kept, beyond))
    assert words.endswith(
        f"below 2: the loss rose in {rose} of {len(kept)} runs that kept to it, and in {more} of "
        f"{len(beyond)} runs that went beyond ({won} of {len(beyond)} converged)."
    )


def test_words_for_one_seed_and_for_failure():
    plain = mt.sweep()
    words = plain.explain()
    assert words.startswith("Take 0.1: it converges, as at no other rate. One seed is one story")
    words = mt.sweep((0.001, 0.01), steps=20).explain()
    assert "No run got below 0.01 in 20 steps, and the loss ends lowest at 0.01, 1.26: try" in words
    words = mt.sweep((0.05, 0.1, 0.2), seeds=range(3)).explain()
    assert words.startswith(
        "Take 0.2: 3 of 3 runs converge, in the fewest steps. It is the largest"
    )
    assert "the smallest rate tried: try smaller" in mt.sweep((0.2, 1.0), seeds=range(3)).explain()
    words = mt.sweep((3.0,), seeds=range(3), track_sharpness=1).explain()
    assert "the loss rose in 3 of 3 runs that went beyond (0 of 3 converged)." in words
    assert (
        "Take 0.1: its loss ends lowest, at " in mt.sweep((0.01, 0.1), target_loss=None).explain()
    )
    words = mt.sweep((0.01, 0.1), seeds=range(2), target_loss=None).explain()
    assert words.endswith("(median). It is the largest rate tried: try larger ones.")
    words = mt.sweep((3.0,), target_loss=None, track_sharpness=1).explain()
    assert words.endswith("below 2: the loss rose in 1 of 1 run that went beyond.")
    assert "sharpness" not in plain.explain() and "sharpness" not in plain.table()


def test_words_keep_to_what_is_known():
    def line(seed):
        return MLP(1, [1], output_activation="linear", seed=seed)

    xs, ys = [[0.0], [1.0], [2.0]], [0.0, 1.5, 1.5]  # on no line: the least loss is 0.375
    found = mt.sweep([0.05, 0.1], model=line, xs=xs, ys=ys, steps=200, seeds=range(3))
    words = found.explain()
    assert {run.verdict for run in found.runs} == {"saturated"}
    assert "or at a minimum; the target may be lower" in words and "tanh" not in words
    assert "tanh" in mt.sweep([1.0, 3.0], seeds=range(3)).explain()
    lost = mt.sweep([50.0, 80.0], model=line, xs=xs, ys=ys, steps=200)
    words = lost.explain()
    assert all("  1 diverged     -" in row for row in lost.table().splitlines()[1:])
    assert words == "At none of these rates does the loss stay finite: try smaller ones."
    same = mt.sweep({"one": mt.constant(0.1), "two": mt.constant(0.1)}, seeds=range(3))
    assert "Take one: 3 of 3 runs converge, as many as anywhere." in same.explain()
    twice = mt.sweep({"one": 0.1, "two": 0.1}, seeds=range(3)).explain()
    assert twice == "Take one: 3 of 3 runs converge, as many as anywhere."
    alone = mt.sweep([0.1]).explain()
    assert alone == "Take 0.1: it converges. One seed is one story: try more."
    few = mt.sweep([1.0], seeds=range(20)).explain()
    assert "Take 1: only " in few and " of 20 runs converge" in few
    many = mt.sweep([0.1 + 0.01 * k for k in range(9)], steps=20)
    assert many.explain().startswith("Take 0.1")
    one = mt.sweep({"w": mt.warmup_cosine(1.0, 99, 1), "z": mt.warmup_cosine(1.0, 99, 0), "c": 1.0})
    assert "With warmup, 0 of 1 runs converge, 0 of them before it ends" in one.explain()
    own = functools.partial(lambda step, peak: peak, peak=0.1)
    assert "warmup" not in mt.sweep({"own": own, "plain": 0.1}).explain()
    one_run = mt.sweep([0.01], track_sharpness=20).explain()
    assert "below 2: the loss rose in 0 of 1 run that kept to it." in one_run


def test_rounding_is_no_rise():
    def line(seed):
        return MLP(2, [1], output_activation="linear", seed=seed)

    xs, ys = [[1.0, 0.5], [-0.5, 2.0], [0.3, -0.3]], [1.0, -1.0, 0.5]
    for lr in (0.05, 0.1, 0.15):  # all below 2 / sharpness: the loss of a quadratic never rises
        history = mt.train(line(0), xs, ys, lr=lr, steps=3000)
        assert rises(history.losses) == 0
    assert rises([]) == rises([1.0]) == rises([math.inf, 1.0]) == 0
    assert rises([1.0, 2.0, 1.5, 1.6]) == 2


def test_sharpness_that_is_not_finite_is_left_out():
    def kinked(prediction, target):
        return abs(prediction - prediction) ** 1.5 + (prediction - target) ** 2

    found = mt.sweep([0.1], loss=kinked, track_sharpness=5, steps=10)
    assert math.isnan(found.runs[0].history.sharpness[0])
    assert found.rates[0].peak is None and found.records()[0]["sharpness"] is None
    assert "2/peak" not in found.table() and "quadratic" not in found.explain()


def test_labels_of_schedules():
    class Falling:
        def __call__(self, step):
            return 0.1 / (1 + step)

    def halving(step):
        return 0.1 * 0.5**step

    found = mt.sweep([lambda step: 0.1, Falling(), halving, mt.constant(0.2)], steps=3)
    labels = [rate.label for rate in found.rates]
    assert labels == ["schedule 0", "schedule 1", "halving", "constant(0.2)"]
    assert found.best in found.rates


def test_words_for_warmup():
    schedules = {"warm": mt.warmup_cosine(1.0, 200, 20), "slow": mt.warmup_cosine(0.1, 200, 50)}
    found = mt.sweep({"1": 1.0, "0.1": 0.1, **schedules}, seeds=range(20), steps=200)
    cold, _, warm, _ = found.rates
    n, before = (rate.verdicts["converged"] for rate in (warm, cold))
    assert n > before
    words = found.explain()
    assert f"With warmup, {n + 20} of 40 runs converge, " in words
    assert f" of them before it ends; without, {before + 20} of 40." in words
    found = mt.sweep({"0.2": 0.2, "slow": mt.warmup_cosine(0.2, 30, 29)}, seeds=range(20), steps=30)
    assert found.rates[1].converged < found.rates[0].converged
    assert (
        "With warmup, 8 of 20 runs converge, 4 of them before it ends; without, 19"
        in found.explain()
    )
    rates = {"0.2": 0.2, "again": 0.2, "slow": mt.warmup_cosine(0.2, 30, 29)}
    twice = mt.sweep(rates, seeds=range(20), steps=30)
    assert "With warmup, 8 of 20 runs converge, 4 of them before it" in twice.explain()
    assert " ends; without, 19 of 20." in twice.explain()


def test_without_a_target_no_run_can_converge_and_none_is_said_to():
    xs = [[k / 10, math.sin(k)] for k in range(-10, 11)]
    ys = [4 * (x * x - z) for x, z in xs]
    warm = mt.warmup_cosine(0.3, 60, 10)
    options = {"model": lambda seed: MLP(2, [4, 1], output_activation="linear", seed=seed)}
    options |= {"xs": xs, "ys": ys, "seeds": range(4), "steps": 60, "target_loss": None}
    found = mt.sweep({"cold": 0.3, "warm": warm}, reduction="mean", **options)
    pairs = [*zip(*(rate.runs for rate in found.rates))]
    lower = sum(warm.loss < cold.loss for cold, warm in pairs)
    words = found.explain()
    assert f"With warmup, {lower} of 4 runs end lower than without." in words
    assert "converge" not in words
    blown = mt.sweep({"cold": 3.0, "warm": mt.warmup_cosine(3.0, 60, 10)}, **options)
    assert {run.verdict for run in blown.runs} == {"diverged"}
    assert "With warmup, 0 of 4 runs end lower than without." in blown.explain()
    options["model"] = lambda seed: MLP(2, [1], output_activation="relu", seed=seed)
    options |= {"xs": [[0.0, 0.0]], "ys": [1.0]}  # a neuron that is off learns nothing
    flat = mt.sweep([1.0], **options)
    words = flat.explain()
    assert "saturated" in flat.rates[0].verdicts
    assert "Saturated: the gradient vanished, on a plateau or at a minimum." in words
    assert "target" not in words


def test_the_closing_paragraph_is_at_most_five_sentences():
    rates = {"1": 1.0, "0.1": 0.1, "warm": mt.warmup_cosine(1.0, 200, 20)}
    words = mt.sweep(rates, seeds=range(5), steps=200, track_sharpness=20).explain()
    sentences = re.split(r"(?<=\.)\s+", words)
    assert len(sentences) <= 5 and max(map(len, sentences)) <= 160


def test_a_column_is_declared_once(monkeypatch):
    """One line adds it to the printed table, HTML, CSV and JSON."""
    first = lambda run: run.history.losses[0]  # noqa: E731
    column = (first, lambda rate: median(map(first, rate.runs)), "first", brief, ">")
    monkeypatch.setattr("microtrain.lab.results.COLUMNS", {**COLUMNS, "first_loss": column})
    found = mt.sweep([0.01, 0.1], seeds=range(3), steps=20)
    firsts = [run.history.losses[0] for run in found.runs]
    middle = sorted(firsts[:3])[1]
    title, *lines = found.table().splitlines()
    assert title.endswith("  first") and all(line.endswith(f" {middle:.3g}") for line in lines)
    assert '<th scope="col">first</th>' in found._repr_html_()
    assert found._repr_html_().count(f"<td>{middle:.3g}</td>") == 2
    assert [rate["first_loss"] for rate in found.to_dict()["rates"]] == [middle, middle]
    assert [run["first_loss"] for run in found.to_dict()["runs"]] == firsts
    file = io.StringIO()
    found.to_csv(file)
    assert [float(line.split(",")[-1]) for line in file.getvalue().splitlines()[1:]] == firsts


def test_a_column_without_a_value_is_left_out():
    assert "steps" not in mt.sweep([0.001], steps=5).table()
    assert mt.Sweep([], 5, 0.01).table() == ""


def test_the_chart_of_a_sweep():
    found = mt.sweep(seeds=range(3))
    text = found.chart(width=60, height=8)
    assert text.startswith("loss (median of the seeds)\n")
    assert text.splitlines()[-1].split() == ["a", "0.001", "b", "0.01", "c", "0.1", "d", "1"]
    assert mt.sweep([0.1]).chart(ascii=True).isascii()
    lines = mt.sweep([0.1]).chart(ascii=True).splitlines()
    assert lines[0] == "loss"
    history = mt.train(steps=100, lr=0.1, target_loss=0.01)
    assert lines[-2].split()[-1] == str(len(history.losses) - 1)


def test_the_record_of_a_sweep(tmp_path):
    found = mt.sweep((0.1, 0.5), seeds=range(2), steps=20, track_sharpness=5)
    record = json.loads(json.dumps(found.to_dict()))
    assert record["best"] == found.best.label and record["status"] == "finished"
    assert [rate["converged"] for rate in record["rates"]] == [r.converged for r in found.rates]
    assert [run["losses"] for run in record["runs"]] == [r.history.losses for r in found.runs]
    found.to_csv(tmp_path / "sweep.csv")
    with open(tmp_path / "sweep.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == [run.history.final_loss for run in found.runs]
    assert [row["verdict"] for row in rows] == [run.verdict for run in found.runs]
    peak = max(found.runs[0].history.sharpness.values())
    assert float(rows[0]["peak_sharpness"]) == peak == found.records()[0]["peak_sharpness"]
    assert repr(found.runs[0]).startswith(f"Run(0.1, seed 0, {found.runs[0].verdict}: ")
    assert bits(pickle.loads(pickle.dumps(found)).runs[0].history) == bits(found.runs[0].history)


def test_a_sweep_without_runs():
    found = mt.Sweep([("0.1", 0.1, 0)], 5, 0.01)
    assert found.runs == found.rates == []
    assert repr(found) == "Sweep(0 runs of 0 rates, running)"
    assert found.to_dict()["best"] is None
    with pytest.raises(ValueError, match="no runs yet"):
        found.best  # noqa: B018


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"lrs": 0.1}, TypeError, "lrs expects a list of learning rates, or a dict, got float"),
        ({"lrs": "0.1"}, TypeError, "lrs expects a list"),
        ({"lrs": []}, ValueError, "lrs expects at least one"),
        ({"lrs": [0.1, 0.0]}, ValueError, r"lrs\[1\] expects a finite number above 0"),
        ({"lrs": [0.1, "x"]}, TypeError, r"lrs\[1\] expects a number"),
        ({"lrs": [0.1, 0.1]}, ValueError, "lrs expects different rates, got 0.1 twice"),
        ({"seeds": 20}, TypeError, r"seeds expects a list of ints, such as range\(20\)"),
        ({"seeds": []}, ValueError, "seeds expects at least one"),
        ({"seeds": [0.5]}, TypeError, r"seeds\[0\] expects an int"),
        ({"steps": 1}, ValueError, "steps expects an int of at least 2"),
        ({"target_loss": 0}, ValueError, "target_loss expects a finite number above 0"),
        ({"model": MLP(3, [1])}, TypeError, "model expects a function from a seed"),
        ({"model": 5}, TypeError, "model expects a function from a seed"),
        ({"model": lambda seed: None}, TypeError, "that returns a model, got None"),
        ({"model": functools.partial(str.format, "")}, TypeError, "model expects a Module"),
        ({"model": {0: tiny(0)}.get}, ValueError, "got two that share parameters"),
        ({"seeds": [1, 1]}, ValueError, "seeds expects different ints"),
        ({"model": lambda seed: 5}, TypeError, "model expects a Module, got int 5"),
        ({"xs": [[1.0]]}, ValueError, "xs and ys go together"),
        ({"xs": [[1.0]], "ys": [1.0], "model": tiny}, ValueError, "MLP expects 3 inputs"),
        ({"loss": 5}, TypeError, "loss expects a function"),
        ({"reduction": "max"}, ValueError, "reduction expects"),
        ({"engine": "fast"}, ValueError, "engine expects"),
        ({"track_sharpness": 0}, ValueError, "track_sharpness expects"),
        ({"executor": 4}, TypeError, "executor expects a concurrent.futures.Executor"),
        ({"on_run": 4}, TypeError, "on_run expects a function"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_trained(arguments, error, message):
    with pytest.raises(error, match=message):
        mt.sweep(**arguments)


def test_rates_that_look_alike_keep_their_digits():
    found = mt.sweep([0.1, 0.1000001, 1e-5], steps=2)
    assert [rate.label for rate in found.rates] == ["0.1", "0.1000001", "1e-05"]
