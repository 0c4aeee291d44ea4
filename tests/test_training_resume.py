"""A run that is stopped anywhere and goes on ends with the same bits as one that never was."""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import math
import os
import random
import signal
import subprocess
import sys
import time
import warnings

import pytest
from forging import forge
from hypothesis import given, settings
from hypothesis import strategies as st
from machine import ENGINES, run
from outcomes import bits, status_of

import microtrain as mt
from microtrain import MLP, CheckpointError
from microtrain.cli import main
from microtrain.files.records import Format

XS, YS = mt.datasets.toy()


class Killed(BaseException):
    """What stops a run without a chance to say goodbye."""


class Twin(mt.Module):
    def __init__(self, network):
        self.layers = network.layers
        self.network = network

    def __call__(self, x):
        return -self.network(x)


def killed_at(step):
    def on_step(history):
        if history.steps == step:
            raise Killed

    return on_step


@settings(max_examples=settings.default.max_examples * 3 // 5)
@given(st.data())
def test_stopped_anywhere_and_resumed_is_never_stopped(tmp_path_factory, data):
    draw = data.draw
    path = tmp_path_factory.mktemp("run") / "run.json"
    steps = draw(st.integers(1, 30))
    options = {
        "steps": steps,
        "lr": draw(st.sampled_from([0.05, 0.3, 1e200, mt.warmup_cosine(0.3, 30, 5)])),
        "batch_size": draw(st.sampled_from([None, 1, 2, 3])),
        "accumulate": draw(st.integers(1, 3)),
        "zero_grad": draw(st.booleans()),
        "reduction": draw(st.sampled_from(["sum", "mean"])),
        "seed": draw(st.integers(0, 5)),
        "target_loss": draw(st.sampled_from([None, 0.01, 0.5])),
        "engine": draw(st.sampled_from(ENGINES)),
        "track_sharpness": draw(st.sampled_from([None, 7])),
    }
    linear = draw(st.booleans())

    def model():
        return MLP(3, [3, 1], output_activation="linear" if linear else "tanh", seed=3)

    whole = mt.train(model(), XS, YS, **options)
    every = draw(st.integers(1, 12))
    for stop in sorted(draw(st.lists(st.integers(1, 30), max_size=3))):
        with contextlib.suppress(Killed):
            mt.train(
                *(model(), XS, YS),
                **options,
                checkpoint=path,
                checkpoint_every=every,
                on_step=killed_at(stop),
            )
    resumed = mt.train(
        model(), XS, YS, **options, checkpoint=path, checkpoint_every=every, on_step=lambda h: None
    )
    assert bits(resumed) == bits(whole)
    assert repr(resumed.sharpness) == repr(whole.sharpness)
    assert resumed.seconds > 0


def test_ctrl_c_keeps_every_step(tmp_path):
    path = tmp_path / "run.json"

    def press(history):
        if history.steps == 7:
            raise KeyboardInterrupt

    stopped = mt.train(steps=20, checkpoint=path, on_step=press)
    assert stopped.status == "interrupted" and json.loads(path.read_text())["steps"] == 7
    calls = []
    resumed = mt.train(steps=20, checkpoint=path, on_step=lambda h: calls.append(h.steps))
    assert calls == list(range(8, 21))
    assert bits(resumed) == bits(mt.train(steps=20))


@pytest.mark.parametrize(("every", "steps"), [(100, 230), (7, 30), (1, 4)])
def test_it_is_kept_every_so_many_steps_and_at_the_end(tmp_path, every, steps):
    path = tmp_path / "run.json"
    kept = []

    def look(history):  # before the file of this step is written
        if path.exists():
            kept.append(json.loads(path.read_text())["steps"])

    mt.train(steps=steps, checkpoint=path, on_step=look, checkpoint_every=every)
    assert sorted({*kept}) == [k for k in range(every, steps, every) if k < steps]
    assert json.loads(path.read_text())["steps"] == steps


def test_by_itself_it_is_kept_about_every_second_and_takes_a_tenth_of_the_time(
    tmp_path, monkeypatch
):
    path, clock, kept = tmp_path / "run.json", [0.0], []
    whole = Format.write

    def write(*arguments, **parts):
        kept.append(round(clock[0], 1))
        clock[0] += 0.5 if len(kept) == 3 else 0.0  # as a long record would take
        whole(*arguments, **parts)

    def pass_time(history):
        clock[0] += 0.3

    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    monkeypatch.setattr(Format, "write", write)
    mt.train(steps=40, checkpoint=path, on_step=pass_time)
    assert kept == [1.2, 2.4, 3.6, 9.2, 10.4, 11.6, 12.5]


@pytest.mark.parametrize("full", [range(2, 5), range(2, 99)])
def test_a_full_disk_does_not_end_the_training(tmp_path, monkeypatch, full):
    """Of ten checkpoints, the last of which is also that of the end, some can't be written."""
    path, tried, original = tmp_path / "run.json", [], Format.write

    def write(self, path, **parts):
        tried.append(parts["steps"])
        if len(tried) - 1 in full:
            raise OSError(errno.ENOSPC, "No space left on device")
        original(self, path, **parts)

    monkeypatch.setattr(Format, "write", write)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = mt.train(steps=20, checkpoint=path, checkpoint_every=2)
    assert bits(history) == bits(mt.train(steps=20))
    assert tried == [*range(2, 21, 2)]
    said = [str(warning.message) for warning in caught]
    assert all("No space left on device" in text for text in said)
    assert all(warning.filename == __file__ for warning in caught)
    if 9 in full:  # the last one
        assert len(said) == 8 and "the end of the run is not saved" in said[-1]
        assert "No space left" in history.unsaved and "not saved: " in str(history)
        assert json.loads(path.read_text())["steps"] == 4
    else:
        assert len(said) == 3 and all("training goes on without it" in text for text in said)
        assert history.unsaved == "" and json.loads(path.read_text())["steps"] == 20


def test_after_a_failed_checkpoint_the_next_is_a_second_later(tmp_path, monkeypatch):
    clock, tried = [0.0], []

    def write(*arguments, **record):
        tried.append(round(clock[0], 1))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    monkeypatch.setattr("microtrain.training.resume.FORMAT.write", write)

    def pass_time(history):
        clock[0] += 0.3

    with pytest.warns(UserWarning, match="No space left"):
        mt.train(steps=10, checkpoint=tmp_path / "run.json", on_step=pass_time)
    assert tried == [1.2, 2.4, 3.0]


def test_a_run_stopped_before_its_first_step_goes_on(tmp_path):
    path = tmp_path / "run.json"

    def rate(step):
        if not path.exists():
            raise KeyboardInterrupt
        return 0.05

    assert mt.train(lr=rate, checkpoint=path).steps == 0
    forge(path, lambda record: record.update(seconds=0.0))
    assert bits(mt.train(lr=rate, checkpoint=path)) == bits(mt.train())


def test_the_seconds_of_both_parts_count(tmp_path):
    path = tmp_path / "run.json"
    mt.train(steps=3, checkpoint=path)
    first = json.loads(path.read_text())["seconds"]
    assert 0 < first < 60
    forge(path, lambda record: record.update(seconds=1000.0))
    seen = []

    def look(history):
        seen.append(history.seconds)
        assert 1000 <= json.loads(path.read_text())["seconds"] < history.seconds

    history = mt.train(steps=5, checkpoint=path, checkpoint_every=1, on_step=look)
    assert 1000 < seen[0] < seen[1] < history.seconds < 1060
    assert 1000 < json.loads(path.read_text())["seconds"] < 1060


def test_a_finished_run_goes_on_for_longer_or_not_at_all(tmp_path):
    path = tmp_path / "run.json"
    mt.train(steps=20, checkpoint=path)
    again = mt.train(steps=20, checkpoint=path, on_step=pytest.fail)
    assert bits(again) == bits(mt.train(steps=20))
    longer = mt.train(steps=50, checkpoint=path)
    assert bits(longer) == bits(mt.train(steps=50))
    with pytest.raises(ValueError, match="steps expects at least the 50 that are made, got 20"):
        mt.train(steps=20, checkpoint=path)


def test_a_run_that_converged_may_be_asked_for_again(tmp_path):
    options = {"steps": 200, "target_loss": 0.1, "track_sharpness": 1}
    runs = [mt.train(checkpoint=tmp_path / "run.json", **options) for _ in range(2)]
    assert bits(runs[0]) == bits(runs[1]) and runs[0].status == "converged"
    assert runs[0].sharpness == runs[1].sharpness and [*runs[0].sharpness][-1] == runs[0].steps


def test_a_run_is_not_taken_for_another(tmp_path):
    path = tmp_path / "run.json"
    mt.train(MLP(3, [4, 1]), XS, YS, checkpoint=path, lr=0.05)
    before = path.read_bytes()
    for change, message in (
        ({"lr": 0.1}, "other lr: 0.05, not 0.1"),
        ({"lr": mt.constant(0.05)}, "other lr"),
        ({"seed": 1}, "other seed: 0, not 1"),
        ({"batch_size": 2}, "other batch_size: 4, not 2"),
        ({"accumulate": 2}, "other accumulate"),
        ({"reduction": "mean"}, "other reduction"),
        ({"zero_grad": False}, "other zero_grad"),
        ({"loss": mt.hinge}, "other loss: squared_error, not hinge"),
        ({"model": MLP(3, [5, 1])}, "other model$"),
        ({"model": MLP(3, [4, 1], activation="relu")}, "other model$"),
        ({"model": Twin(MLP(3, [4, 1]))}, "other model$"),
        ({"ys": [1.0, 1.0, 1.0, 1.0]}, "other data$"),
    ):
        arguments = {"model": MLP(3, [4, 1]), "xs": XS, "ys": YS, **change}
        model = arguments["model"]
        start = [p.data for p in model.parameters()]
        with pytest.raises(CheckpointError, match=f"it is of a run with {message}"):
            mt.train(**arguments, checkpoint=path)
        assert [p.data for p in model.parameters()] == start
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match="record expects False"):
        mt.train(checkpoint=path, record=True)
    with pytest.raises(ValueError, match="checkpoint_every expects an int of at least 1"):
        mt.train(checkpoint=path, checkpoint_every=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": -1}, "steps expects an int of at least 0"),
        ({"steps": 5.0}, "steps expects an int"),
        ({"steps": 6}, "losses expects a list of 6, got list"),
        ({"seconds": "1"}, "seconds expects a number of at least 0, got str"),
        ({"losses": [1.0] * 4}, "losses expects a list of 5"),
        ({"losses": [1.0] * 4 + ["one"]}, "losses.4. expects a float, got str 'one'"),
        ({"lrs": {}}, "lrs expects a list of 5, got dict"),
        ({"parameters": []}, "it does not hold 41 parameters"),
        ({"gradients": [None] * 41}, "gradients.0. expects a float, got None"),
        ({"before": [True] * 41}, "before.0. expects a float, got bool True"),
        ({"settings": {}}, "settings are not those of a run"),
        ({"settings": 5}, "settings expects an object, got int 5"),
        ({"sharpness": [[5, 1.0]]}, "the sharpness of steps that were not made"),
        ({"sharpness": [[0, "one"]]}, "sharpness.0..1. expects a float, got str 'one'"),
        ({"sharpness": [[-1, 1.0]]}, "the sharpness of steps that were not made"),
        ({"sharpness": [[1.5, 1.0]]}, "the sharpness of steps that were not made"),
        ({"seconds": -0.5}, "seconds expects a number of at least 0, got float"),
        ({"sharpness": [[0]]}, "sharpness.0. expects a list of 2, got list"),
        ({"sharpness": 5}, "sharpness expects a list, got int 5"),
        ({"format": "microtrain model"}, "this is no microtrain run"),
        ({"version": 3}, "it is of version 3"),
        ({"losses": [10**400] * 5}, "losses.0. expects a float, got int"),
        ({"seconds": 10**400}, "seconds expects a number of at least 0, got int"),
        ({"more": 1}, "it has missing or unknown keys"),
    ],
)
def test_a_tampered_file_is_refused(tmp_path, change, message):
    path = tmp_path / "run.json"
    mt.train(steps=5, checkpoint=path, track_sharpness=2)
    forge(path, lambda record: record.update(change))
    model = MLP(3, [4, 4, 1])
    before = model.state_dict()
    with pytest.raises(CheckpointError, match=message):
        mt.train(model, XS, YS, steps=9, checkpoint=path)
    assert model.state_dict() == before


def test_one_digit_changed_is_refused(tmp_path):
    path = tmp_path / "run.json"
    mt.train(steps=5, checkpoint=path)
    text = path.read_text()
    place = text.index('"losses": [') + 14
    path.write_text(text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :])
    with pytest.raises(CheckpointError, match="its digest does not fit"):
        mt.train(steps=9, checkpoint=path)


# What identifies a run.

FACTOR = 2.0


class Scaled(mt.Module):
    def __init__(self, scale=1.0, rng=None):
        self.w, self.scale, self.rng = mt.Value(0.5), scale, rng

    def __call__(self, x):
        return self.w * x[0] * self.scale

    def loss(self, p, t):
        return (p - t) ** 2 * self.scale


class Counting(Scaled):
    calls = 0

    def __call__(self, x):
        self.calls += 1
        return super().__call__(x) * (1 + 0.1 * self.calls)


class Weighted:
    def __init__(self, weight):
        self.weight = weight

    def __call__(self, p, t):
        return (p - t) ** 2 * self.weight


def weighted(weight):
    def loss(p, t):
        return (p - t) ** 2 * weight

    return loss


def named(power):
    """Return losses of one name and other code."""
    if power == 2:

        def loss(p, t):
            return (p - t) ** 2

    else:

        def loss(p, t):
            return (p - t) ** 4

    return loss


def squared(p, t, weight=1.0):
    return (p - t) ** 2 * weight


def of_a_global(p, t):
    return squared(p, t) * FACTOR


def own(**options):
    arguments = {"model": Scaled(), "xs": [[1.0], [2.0]], "ys": [1.0, 0.5], "lr": 0.01}
    return mt.train(**{**arguments, **options})


RUNS = {
    "closure": (lambda: {"loss": weighted(1.0)}, lambda: {"loss": weighted(2.0)}),
    "method": (lambda: {"loss": Scaled().loss}, lambda: {"loss": Scaled(2.0).loss}),
    "object": (lambda: {"loss": Weighted(1.0)}, lambda: {"loss": Weighted(2.0)}),
    "partial": (
        lambda: {"loss": functools.partial(squared, weight=1.0)},
        lambda: {"loss": functools.partial(squared, weight=2.0)},
    ),
    "name": (lambda: {"loss": named(2)}, lambda: {"loss": named(4)}),
    "lambda": (
        lambda: {"loss": lambda p, t: (p - t) ** 2},
        lambda: {"loss": lambda p, t: (p - t) ** 4},
    ),
    "schedule": (lambda: {"lr": lambda k: 0.01}, lambda: {"lr": lambda k: 0.02}),
    "attribute": (lambda: {"model": Scaled(1.0)}, lambda: {"model": Scaled(2.0)}),
    "module": (
        lambda: {"model": Scaled(1.0, MLP(1, [1]))},
        lambda: {"model": Scaled(1.0, MLP(1, [1], output_activation="relu"))},
    ),
}


@pytest.mark.parametrize("kind", RUNS)
def test_a_run_that_computes_something_else_is_refused(tmp_path, kind):
    path = tmp_path / "run.json"
    one, other = RUNS[kind]
    own(**one(), steps=3, checkpoint=path)
    with pytest.raises(CheckpointError, match="it is of a run with other code of (loss|lr|model)$"):
        own(**other(), steps=6, checkpoint=path)
    assert bits(own(**one(), steps=6, checkpoint=path)) == bits(own(**one(), steps=6))


def test_a_global_that_the_loss_reads_counts(tmp_path, monkeypatch):
    path = tmp_path / "run.json"
    own(loss=of_a_global, steps=3, checkpoint=path)
    monkeypatch.setitem(globals(), "FACTOR", 3.0)
    with pytest.raises(CheckpointError, match="other code of loss$"):
        own(loss=of_a_global, steps=6, checkpoint=path)


def to_each(prediction, target):
    return sum((prediction - float(t)) ** 2 for t in target)


def test_targets_in_arrays_count_to_the_last_digit(tmp_path):
    np = pytest.importorskip("numpy")
    path = tmp_path / "run.json"
    ys = np.array([[0.123456789, 1.0], [0.5, 0.25]])
    own(loss=to_each, ys=ys, steps=3, checkpoint=path)
    with pytest.raises(CheckpointError, match="it is of a run with other data$"):
        own(loss=to_each, ys=ys + 1e-10, steps=6, checkpoint=path)  # which repr shows alike
    whole = own(loss=to_each, ys=ys, steps=6)
    assert bits(own(loss=to_each, ys=ys.copy(), steps=6, checkpoint=path)) == bits(whole)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ys": [iter("a"), (x for x in "b")]}, "ys can't be used with .*: it can't be compared"),
        ({"model": Scaled(rng=random.Random(0))}, "model can't be used with .*: rng can't be comp"),
        ({"loss": weighted(x for x in [1.0])}, "loss can't be used with a checkpoint, .*weight"),
        ({"lr": lambda k: random.random()}, "lr can't be used with a checkpoint, .*random"),
    ],
)
def test_what_can_not_be_compared_is_refused_before_the_first_step(tmp_path, options, message):
    path = tmp_path / "run.json"
    with pytest.raises(TypeError, match=message):
        own(**options, checkpoint=path, on_step=pytest.fail)
    assert not path.exists()


def test_a_model_with_a_state_of_its_own_does_not_go_on(tmp_path):
    path = tmp_path / "run.json"
    own(model=Counting(), steps=3, checkpoint=path)
    with pytest.raises(CheckpointError, match="code of model, which changed while it ran"):
        own(model=Counting(), steps=6, checkpoint=path)


def test_a_run_under_another_python_is_refused_and_told(tmp_path):
    path = tmp_path / "run.json"

    def other(record):
        record["settings"].update({"python": "3.10" * 50, "code of loss": "0" * 64})

    own(loss=weighted(1.0), steps=3, checkpoint=path)
    forge(path, other)
    told = f"other code of loss; it ran under Python {'3.10' * 15}, this"  # 60 characters of it
    with pytest.raises(CheckpointError, match=told):
        own(loss=weighted(1.0), steps=6, checkpoint=path)


def test_a_run_of_the_librarys_own_parts_goes_on_under_any_python(tmp_path, monkeypatch):
    path = tmp_path / "run.json"
    options = {"lr": mt.warmup_cosine(0.1, 20, 5), "loss": mt.squared_error}
    mt.train(steps=5, checkpoint=path, **options)
    forge(path, lambda record: record["settings"].update(python="3.10"))
    assert bits(mt.train(checkpoint=path, **options)) == bits(mt.train(**options))


OLD = (
    '{"format": "microtrain run", "version": 1, "settings": {"model": "Scaled", "lr": "0.01", '
    '"loss": "loss", "reduction": "sum", "batch_size": 2, "accumulate": 1, "zero_grad": true, '
    '"seed": 0, "parameters": ["w"], "data": '
    '"b3a541edd8b6990c6c3fe4081bfb8a0b5d7bf389173d6d3201772c64fd0fbf2b"}, "steps": 1, '
    '"seconds": 0.5, "parameters": [0.5], "gradients": [0.0], "before": [0.5], '
    '"sharpness": [[0, 10.0]], "losses": [0.5], "lrs": [0.01], "grad_norms": ["inf"]}'
)


def test_a_run_of_version_1_still_goes_on(tmp_path):
    path = tmp_path / "run.json"
    path.write_text(OLD)
    history = own(loss=weighted(1.0), steps=3, checkpoint=path)
    assert history.losses[0] == 0.5 and history.grad_norms[0] == math.inf and history.steps == 3
    assert history.sharpness == {0: 10.0}
    assert json.loads(path.read_text())["version"] == 2
    path.write_text(OLD.replace('"loss": "loss"', '"loss": "mine"'))
    with pytest.raises(CheckpointError, match="other loss: mine, not loss"):
        own(loss=weighted(1.0), steps=3, checkpoint=path)


GOES_ON = """
import sys
sys.path[:0] = sys.argv[1:2]
import test_training_resume as tests
folder, steps = sys.argv[2:]
for kind, (options, _) in tests.RUNS.items():
    path = f"{folder}/{kind}"
    print(tests.bits(tests.own(**options(), steps=int(steps), checkpoint=path)))
"""


@pytest.mark.slow
def test_a_run_goes_on_in_another_process_whatever_its_hash_seed(tmp_path):
    for steps, seed in (("3", "1"), ("6", "2")):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", GOES_ON, os.path.dirname(__file__), str(tmp_path), steps]
        done = run(*command, env=env)
        assert done.returncode == 0, done.stderr
    expected = [str(bits(own(**options(), steps=6))) for options, _ in RUNS.values()]
    assert done.stdout.splitlines() == expected


def test_numbers_that_are_not_finite_are_kept(tmp_path):
    path = tmp_path / "run.json"

    def run_for(steps, **options):
        model = MLP(1, [1], output_activation="linear")
        return mt.train(model, [[1.0]], [9e153], lr=1e-9, steps=steps, **options)

    whole = run_for(3)
    assert math.isfinite(whole.losses[-1]) and math.isinf(whole.grad_norms[0])
    run_for(2, checkpoint=path)
    assert '"inf"' in path.read_text()
    assert bits(run_for(3, checkpoint=path)) == bits(whole)


@pytest.mark.parametrize(
    ("options", "status"), [({"target_loss": 0.5}, "converged"), ({"lr": 1e200}, "diverged")]
)
def test_it_is_kept_at_whatever_end(tmp_path, options, status):
    path = tmp_path / "run.json"
    whole = mt.train(MLP(3, [4, 1], output_activation="linear"), XS, YS, **options)
    for _ in range(2):  # the second time it goes on from the end
        kept = mt.train(
            MLP(3, [4, 1], output_activation="linear"), XS, YS, **options, checkpoint=path
        )
        assert kept.status == status and bits(kept) == bits(whole)
        assert json.loads(path.read_text())["steps"] == len(whole.losses) - 1


# The command.


def test_the_command_resumes(tmp_path, capsys):
    path = str(tmp_path / "run.json")
    options = ["--lr", "0.01", "--target-loss", "0", "--json"]
    main([*options, "--steps", "30", "--checkpoint", path])
    capsys.readouterr()
    assert status_of([*options, "--steps", "60", "--checkpoint", path]) == 2
    assert "exists: go on from it with --resume, or remove it" in capsys.readouterr().err
    main([*options, "--steps", "60", "--checkpoint", path, "--resume"])
    resumed = json.loads(capsys.readouterr().out)
    main([*options, "--steps", "60"])
    whole = json.loads(capsys.readouterr().out)
    for key in ("losses", "lrs", "grad_norms", "parameters", "predictions", "status"):
        assert resumed[key] == whole[key]
    assert status_of(["--resume"]) == 2
    assert status_of(["--lr", "0.2", "--checkpoint", path, "--resume"]) == 2
    assert "a run with other lr" in capsys.readouterr().err
    assert main(["--checkpoint", str(tmp_path / "missing" / "run.json")]) == 1
    assert "there is no such folder" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX")
def test_killed_at_any_moment_and_resumed(tmp_path):
    path = tmp_path / "run.json"
    command = [sys.executable, "-m", "microtrain", "--lr", "0.001", "--steps", "6000", "--json"]
    command += ["--batch-size", "3", "--target-loss", "0"]
    kept = [*command, "--checkpoint", str(path), "--checkpoint-every", "100", "--resume"]
    rng, stopped = random.Random(0), 0
    for _ in range(100):
        with open(tmp_path / "out.json", "w") as out:
            process = subprocess.Popen(kept, stdout=out)
        time.sleep(rng.uniform(0.1, 0.3) * 1.05**stopped)  # longer on a busy machine
        process.send_signal(signal.SIGKILL)
        if process.wait() >= 0:
            break
        stopped += 1
    resumed, whole = (
        json.loads((tmp_path / "out.json").read_text()),
        json.loads(run(*command).stdout),
    )
    assert stopped > 0
    for key in ("losses", "grad_norms", "parameters", "steps"):
        assert resumed[key] == whole[key]
