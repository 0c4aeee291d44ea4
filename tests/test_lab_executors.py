"""Sweeps on executors that misbehave: no run that finished is lost, and nothing waits for ever."""

from __future__ import annotations

import concurrent.futures
import functools
import os
import pickle
import sys
import threading
import time

import pytest
from outcomes import bits

import microtrain as mt
from microtrain import MLP, SweepError

THREADS = concurrent.futures.ThreadPoolExecutor
PROCESSES = concurrent.futures.ProcessPoolExecutor


def tiny(seed):
    return MLP(3, [1], seed=seed)


def ended(**options):
    """Return what a sweep returns or raises; fail if it does not end."""
    outcome = []

    def run():
        try:
            outcome.append(mt.sweep([0.1], steps=5, **{"model": tiny, **options}))
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(60)
    assert outcome, "the sweep does not end"
    return outcome[0]


def kept(error, cause):
    """Return the seeds of the runs that a SweepError keeps."""
    assert isinstance(error, SweepError) and isinstance(error.__cause__, cause), error
    assert error.sweep.status == "failed"
    assert f"{len(error.sweep.runs)} have finished" in str(error)
    for run in error.sweep.runs:
        assert bits(run.history) == bits(
            mt.train(tiny(run.seed), lr=0.1, steps=5, target_loss=0.01)
        )
    return [run.seed for run in error.sweep.runs]


def late(path, seed):
    """Return a small network; of later seeds only when there is a file at the path."""
    while seed >= 300 and not os.path.exists(path):
        time.sleep(0.001)
    return tiny(seed)


@pytest.mark.parametrize("pool", [THREADS, PROCESSES])
def test_an_executor_that_is_shut_down_midway(pool, tmp_path):
    executor, shut = pool(1), tmp_path / "shut"

    def shut_down(found):
        if not shut.exists():
            executor.shutdown(wait=False, cancel_futures=True)
            shut.touch()

    model = functools.partial(late, str(shut))
    error = ended(seeds=range(400), model=model, executor=executor, on_run=shut_down)
    assert 0 < len(kept(error, concurrent.futures.CancelledError)) < 400


def test_a_future_cancelled_by_hand():
    futures = []
    go_on = threading.Event()

    class Cancels(THREADS):
        def submit(self, *args):
            futures.append(super().submit(*args))
            if len(futures) == 3:
                assert futures[2].cancel()
                go_on.set()
            return futures[-1]

    def model(seed):
        if threading.current_thread().name.startswith("pool"):
            go_on.wait(60)
        return tiny(seed)

    with Cancels(1, thread_name_prefix="pool") as executor:
        error = ended(seeds=range(4), model=model, executor=executor)
    assert 2 not in kept(error, concurrent.futures.CancelledError)


def leaves(seed):
    if seed == 3:
        sys.exit("enough")
    return tiny(seed)


def closes(seed):
    if seed == 3:
        raise GeneratorExit
    return tiny(seed)


def test_a_run_that_exits_does_not_take_the_others_with_it():
    for model, cause in ((leaves, SystemExit), (closes, GeneratorExit)):
        assert kept(ended(seeds=range(5), model=model), cause) == [0, 1, 2]
        for pool in (THREADS, PROCESSES):
            with pool(1) as executor:
                error = ended(seeds=range(5), model=model, executor=executor)
            assert kept(error, cause)[:3] == [0, 1, 2]


def fails_late(seed):
    if seed == 1500:
        raise RuntimeError("late")
    return tiny(seed)


@pytest.mark.parametrize("pool", [THREADS, PROCESSES])
def test_the_runs_before_a_failure_in_a_chunk_are_kept(pool):
    with pool(1) as executor:
        error = ended(seeds=range(1496, 3096), model=fails_late, executor=executor)
    assert {1496, 1497, 1498, 1499} <= {*kept(error, RuntimeError)}
    assert "late" in str(error)


def test_an_error_of_another_process_comes_with_its_traceback():
    with PROCESSES(1) as executor:
        error = ended(seeds=range(5), model=leaves, executor=executor)
    assert "in leaves" in "".join(error.__cause__.__notes__)


class Submits:
    """An executor that has nothing but `submit`."""

    def __init__(self, most):
        self.most = most

    def submit(self, function, *args):
        self.most -= 1
        if self.most < 0:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future = concurrent.futures.Future()
        future.set_result(function(*args))
        return future


def test_submit_is_all_that_an_executor_needs():
    found = ended(seeds=range(4), executor=Submits(4))
    assert [run.seed for run in found.runs] == [0, 1, 2, 3]


@pytest.mark.parametrize(("most", "size"), [(1000, 3), (30, 10)])
def test_all_are_made_in_chunks_of_which_there_are_not_too_many(most, size, monkeypatch):
    class Counts(THREADS):
        def submit(self, function, planned, *args):
            sizes.append(len(planned))
            return super().submit(function, planned, *args)

    sizes = []
    monkeypatch.setattr("microtrain.lab.executors.MANY", most)
    with Counts(1) as executor:
        found = ended(seeds=range(300), executor=executor)
    assert [run.seed for run in found.runs] == [*range(300)] and sizes == [size] * (300 // size)


def test_an_executor_that_takes_no_more_has_its_runs_kept():
    assert kept(ended(seeds=range(4), executor=Submits(2)), RuntimeError) == [0, 1]


def test_on_ctrl_c_what_had_finished_is_kept():
    def stop(found):
        raise KeyboardInterrupt

    found = ended(seeds=range(4), executor=Submits(4), on_run=stop)
    assert found.status == "interrupted" and len(found.runs) == 4


def test_an_error_of_on_run_is_its_own():
    def broken(found):
        sweeps.append(found)
        raise LookupError("no such cell")

    sweeps = []
    assert isinstance(ended(seeds=range(3), on_run=broken), LookupError)
    assert isinstance(ended(seeds=range(3), on_run=broken, executor=Submits(3)), LookupError)
    assert {found.status for found in sweeps} == {"failed"}


@pytest.mark.parametrize("cause", [RuntimeError, KeyboardInterrupt])
def test_what_has_not_started_is_cancelled_once_or_twice_however_much_it_is(cause):
    class Counted(concurrent.futures.Future):
        cancels = 0

        def cancel(self):
            self.cancels += 1
            return super().cancel()

    class Queue:
        def __init__(self):
            self.futures = []

        def submit(self, function, *args):
            self.futures.append(Counted())
            if len(self.futures) == 2:
                self.futures[0].set_exception(cause())
            return self.futures[-1]

    queue = Queue()
    error = ended(seeds=range(40_000), executor=queue)
    assert len(queue.futures) == 1000 and all(0 < f.cancels <= 2 for f in queue.futures[1:])
    if cause is KeyboardInterrupt:
        assert (error.status, error.runs) == ("interrupted", [])
    else:
        assert kept(error, cause) == []


def test_a_sweep_within_a_sweep():
    def searched(seed):
        best = mt.sweep([0.05, 0.1], steps=3, model=tiny, seeds=[seed]).best
        return best.runs[0].history.model

    def again(**options):
        return [run.history.losses for run in ended(seeds=range(3), model=searched).runs]

    with THREADS(2) as executor:
        assert again(executor=executor) == again()


class Unpicklable(MLP):
    def __init__(self, seed):
        super().__init__(3, [1], seed=seed)
        self.hook = (lambda: None) if seed == 2 else None


def test_a_run_that_can_not_be_sent_back():
    with PROCESSES(1) as executor:
        error = ended(seeds=range(4), model=Unpicklable, executor=executor)
    assert isinstance(error, SweepError) and "Unpicklable" in str(error)  # in Python's words
    assert [run.seed for run in error.sweep.runs][:2] == [0, 1]
    assert 2 not in [run.seed for run in error.sweep.runs]


# Models that are not new.

PAIR = [tiny(0), tiny(1)]
TURN = iter(range(10**9))


def alternating(seed):
    return PAIR[next(TURN) % 2]


class Wrapper(mt.Module):
    def __init__(self, weights):
        self.weights = weights

    def __call__(self, x):
        return mt.dot(self.weights, x)


WEIGHTS = [[mt.Value(0.1 * (3 * j + i)) for i in range(3)] for j in range(2)]


def rewrapped(seed):
    return Wrapper(WEIGHTS[next(TURN) % 2])


COMMON = mt.Value(0.25)


def partly_shared(seed):
    return Wrapper([mt.Value(0.1), COMMON, mt.Value(0.2)])


@pytest.mark.parametrize("model", [alternating, rewrapped, partly_shared])
@pytest.mark.parametrize("pool", [None, THREADS, PROCESSES])
def test_models_handed_out_in_turn_are_refused_before_anything_is_trained(model, pool):
    executor = pool and pool(1)
    error = ended(seeds=range(6), model=model, executor=executor)
    assert isinstance(error, ValueError)
    assert str(error) == "model expects a function to a new model, got two that share parameters"
    if executor:
        executor.shutdown()


def test_a_sweep_error_travels():
    error = ended(seeds=range(5), model=leaves)
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) and len(again.sweep.runs) == 3
