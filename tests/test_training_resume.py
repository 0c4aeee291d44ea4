"""A run that is stopped anywhere and goes on ends with the same bits as one that never was."""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from machine import run
from outcomes import bits

import microtrain as mt
from microtrain import MLP, CheckpointError
from microtrain.cli import main
from microtrain.files import records

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
        "engine": draw(st.sampled_from(["eager", "compiled"])),
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

    def write(*arguments):
        kept.append(round(clock[0], 1))
        clock[0] += 0.5 if len(kept) == 3 else 0.0  # as a long record would take
        records.write(*arguments)

    def pass_time(history):
        clock[0] += 0.3

    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    monkeypatch.setattr("microtrain.training.resume.write", write)
    mt.train(steps=40, checkpoint=path, on_step=pass_time)
    assert kept == [1.2, 2.4, 3.6, 9.2, 10.4, 11.6, 12.5]


def test_a_run_stopped_before_its_first_step_goes_on(tmp_path):
    path = tmp_path / "run.json"

    presses = [KeyboardInterrupt]

    def rate(step):
        if presses:
            raise presses.pop()
        return 0.05

    assert mt.train(lr=rate, checkpoint=path).steps == 0
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "seconds": 0.0}))
    assert bits(mt.train(lr=rate, checkpoint=path)) == bits(mt.train())


def test_the_seconds_of_both_parts_count(tmp_path):
    path = tmp_path / "run.json"
    mt.train(steps=3, checkpoint=path)
    first = json.loads(path.read_text())["seconds"]
    assert 0 < first < 60
    path.write_text(json.dumps({**json.loads(path.read_text()), "seconds": 1000.0}))
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


def test_schedules_that_can_not_be_compared_are_trusted(tmp_path):
    path = tmp_path / "run.json"
    mt.train(checkpoint=path, lr=lambda step: 0.05)
    assert len(mt.train(checkpoint=path, lr=lambda step: 0.05, steps=25).losses) == 25


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": -1}, "steps expects an int of at least 0"),
        ({"steps": 5.0}, "steps expects an int"),
        ({"steps": 6}, "losses expects a list of 6"),
        ({"seconds": "1"}, "seconds expects a float"),
        ({"losses": [1.0] * 4}, "losses expects a list of 5"),
        ({"losses": [1.0] * 4 + ["one"]}, "losses expects floats, got str 'one'"),
        ({"lrs": {}}, "lrs expects a list"),
        ({"parameters": []}, "parameters expects a list of 41"),
        ({"gradients": [None] * 41}, "gradients expects floats, got None"),
        ({"before": [True] * 41}, "before expects floats, got bool True"),
        ({"settings": {}}, "settings are not those of a run"),
        ({"settings": 5}, "settings are not those of a run"),
        ({"sharpness": [[5, 1.0]]}, "sharpness expects steps that were made, got int 5"),
        ({"sharpness": [[-1, 1.0]]}, "sharpness expects steps that were made, got int -1"),
        ({"seconds": -0.5}, "seconds expects a float of at least 0"),
        ({"sharpness": [[0]]}, "sharpness expects a list of 2"),
        ({"sharpness": 5}, "sharpness expects a list of entries"),
        ({"format": "microtrain model"}, "this is no microtrain run"),
        ({"version": 2}, "it is of version 2"),
        ({"more": 1}, "it lacks, or has too much"),
    ],
)
def test_a_tampered_file_is_refused(tmp_path, change, message):
    path = tmp_path / "run.json"
    mt.train(steps=5, checkpoint=path, track_sharpness=2)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    model = MLP(3, [4, 4, 1])
    before = model.state_dict()
    with pytest.raises(CheckpointError, match=message):
        mt.train(model, XS, YS, steps=9, checkpoint=path)
    assert model.state_dict() == before


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
    with pytest.raises(SystemExit) as stop:
        main([*options, "--steps", "60", "--checkpoint", path])
    assert stop.value.code == 2
    assert "exists: go on from it with --resume, or remove it" in capsys.readouterr().err
    main([*options, "--steps", "60", "--checkpoint", path, "--resume"])
    resumed = json.loads(capsys.readouterr().out)
    main([*options, "--steps", "60"])
    whole = json.loads(capsys.readouterr().out)
    for key in ("losses", "lrs", "grad_norms", "parameters", "predictions", "status"):
        assert resumed[key] == whole[key]
    with pytest.raises(SystemExit) as stop:
        main(["--resume"])
    assert stop.value.code == 2
    with pytest.raises(SystemExit) as stop:
        main(["--lr", "0.2", "--checkpoint", path, "--resume"])
    assert stop.value.code == 2 and "a run with other lr" in capsys.readouterr().err
    assert main(["--checkpoint", str(tmp_path / "missing" / "run.json")]) == 1
    assert "can't keep the checkpoint" in capsys.readouterr().err


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
        time.sleep(rng.uniform(0.1, 0.3))
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
