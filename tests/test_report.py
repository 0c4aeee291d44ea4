"""The page to watch it learn: what it is written from, what is refused, and the command."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re

import pytest

import microtrain as mt
from microtrain import MLP, Module, Value
from microtrain.cli import main
from microtrain.report.page import page_of

XS, YS = mt.datasets.toy()


def data_of(path):
    """Return what a page holds for its script."""
    text = path.read_text(encoding="utf-8")
    (held,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    return json.loads(held, parse_constant=pytest.fail)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "page.html"


def test_the_page_holds_the_recorded_run_to_the_last_digit(path):
    history = mt.train(steps=200, target_loss=0.01, lr=0.1, record=True)
    final = [p.data for p in history.model.parameters()]
    mt.report(history, path)
    assert [p.data for p in history.model.parameters()] == final
    data = data_of(path)
    initial = list(history.recording.parameters[0])
    assert data["recorded"] == [{"losses": history.losses, "initial": initial}]
    assert data["run"] == {
        "lr": [[0, 0.1]],
        "seed": 0,
        "shuffle": None,
        "zeroGrad": True,
        "steps": 200,
        "target": 0.01,
        "batch": None,
        "accumulate": 1,
    }
    assert data["sets"]["toy"]["mean"] is False
    assert data["spec"]["data"] == "toy" and list(data["sets"]) == ["toy", "xor", "moons"]
    assert data["sets"]["toy"]["xs"] == XS and data["sets"]["toy"]["ys"] == [[y] for y in YS]
    names = [f"w0_{j}_{k}" for j in range(4) for k in range(3)] + [f"b0_{j}" for j in range(4)]
    assert data["names"][:16] == names


def test_how_a_run_was_made(path):
    xs, ys = mt.datasets.moons(30)
    model = MLP(2, [5, 1], seed=4)
    options = {"batch_size": 8, "accumulate": 2, "zero_grad": False, "seed": 11, "steps": 7}
    lr = mt.warmup_cosine(0.2, 7, 2)
    history = mt.train(model, xs, ys, reduction="mean", lr=lr, record=True, **options)
    mt.report(history, path)
    data = data_of(path)
    run = data["run"]
    assert run["lr"] == [[k, rate] for k, rate in enumerate(history.lrs)]
    assert (run["seed"], run["shuffle"], run["batch"], run["accumulate"]) == (4, 11, 8, 2)
    assert (run["zeroGrad"], run["target"]) == (False, None)
    assert data["sets"][data["spec"]["data"]]["mean"] is True
    for p in model.parameters():
        p.data *= 0.5
    mt.report(mt.train(model, xs, ys, steps=2, record=True), path)
    assert data_of(path)["run"]["seed"] is None


def test_all_kinds_of_runs(path):
    rates, alone = (0.01, 0.1, 0.05), mt.train(record=True)
    swept = mt.sweep(rates, seeds=(0, 1), steps=20, record=True)
    several = [mt.train(lr=lr, steps=20, record=True) for lr in rates]
    named = {"a": mt.train(zero_grad=False, record=True), 1: alone}
    opening = min((run.history for run in swept.runs), key=lambda history: history.final_loss)
    for runs, first in (
        (swept, opening),
        (several, several[1]),
        (iter(several), several[1]),
        (named, alone),
        (named.values(), alone),
        ([alone, alone], alone),
        (alone, alone),
    ):
        mt.report(runs, path)
        data = data_of(path)
        assert [run["losses"] for run in data["recorded"]] == [first.losses]
        assert data["run"]["lr"] == [[0, first.lrs[0]]]
        assert data["run"]["zeroGrad"] == first.recording.zero_grad


def test_a_page_that_trains_holds_one_run_and_one_that_replays_holds_all(path):
    def odd(prediction, target):
        return (prediction - target) ** 2 if prediction.data > 9 else abs(prediction - target)

    rates = [0.002 * k for k in range(1, 81)]
    mt.report(mt.sweep(rates, steps=100, record=True), path)
    assert path.stat().st_size <= 500_000
    options = {"loss": odd, "steps": 3, "record": True}
    resets = [mt.train(lr=lr, zero_grad=lr != 0.1, **options) for lr in (0.1, 0.01, 0.05)]
    mt.report(resets, path)
    data = data_of(path)
    assert not data["live"]
    assert [run["lr"] for run in data["recorded"]] == [[[0, lr]] for lr in (0.05, 0.01, 0.1)]
    assert [run["zeroGrad"] for run in data["recorded"]] == [True, True, False]
    assert [run["losses"] for run in data["recorded"]] == [resets[i].losses for i in (2, 1, 0)]


def test_long_runs_are_thinned_and_keep_their_ends(path):
    xs = [[0.01 * k for k in range(50)]] * 2
    options = {"loss": lambda p, y: abs(p - y) if p.data > 9 else (p - y) ** 2, "record": True}
    for steps in (10, 60):
        history = mt.train(MLP(50, [70, 1]), xs, [0.5] * 2, steps=steps, lr=1e-4, **options)
        mt.report(history, path)
        data = data_of(path)
        (run,) = data["recorded"]
        assert not data["live"] and path.stat().st_size < 4_000_000
        frames = run["frames"]
        assert frames[0]["step"] == 0 and frames[-1]["step"] == steps - 1
        assert (len(frames) < steps) == (steps > 10)
        last = [float(f"{x:.6g}") for x in history.recording.parameters[-1]]
        assert frames[-1]["parameters"] == last


def test_numbers_that_are_not_finite_and_texts_that_are_not_utf8(path):
    class Steep(Module):
        def __init__(self):
            self.w = Value(500.0)

        def __call__(self, x):
            return mt.exp(self.w * x[0]) if self.w > 0 else self.w

    history = mt.train(Steep(), [[1.5], [1.0]], [0.0, 1.0], steps=3, record=True)
    assert history.status == "diverged"
    mt.report({"": history}, path, title="a\udcff")
    data = data_of(path)
    (run,) = data["recorded"]
    assert run["losses"] == [None] and not data["live"]
    assert [*map(len, run["frames"][0]["samples"])] == [2, 2]
    assert run["frames"][0]["samples"][0] == [None, None]
    assert run["frames"][0]["samples"][1][1] is None

    def odd(prediction, target):
        return prediction if target == "cat" else -prediction

    history = mt.train(MLP(3, [1]), XS[:2], ["cat", ("dog", 1)], loss=odd, steps=2, record=True)
    mt.report(history, path)
    data = data_of(path)
    assert data["sets"]["recorded"]["ys"] == [[None], [None]] and not data["live"]


def first(prediction, target):
    return prediction[0] - target


@pytest.mark.parametrize(("n", "loss"), [(1, lambda p, y: p), (2, first)])
def test_a_loss_of_constant_slope_and_one_of_some_outputs(path, n, loss):
    model = MLP(3, [2, n])
    mt.report(mt.train(model, XS, YS, loss=loss, steps=2, record=True), path)
    parts = data_of(path)["listing"]["parts"]
    assert {"F:1:0", "B:1:0", "B:1:0:act", "B:0:1:0"} <= parts.keys()
    assert {"B:1:1", "B:0:1:1"}.isdisjoint(parts)


def test_no_text_comes_in_unescaped(path):
    bad = '</script><script>alert(1)</script>"<b>&'

    @mt.primitive(slopes=lambda y, x: y, javascript=f"[{{0}}, {bad[:9]!r}][0]")
    def own(x):
        return x

    def loss(prediction, target):
        return own(prediction - target) ** 2

    text = page_of(mt.train(loss=loss, record=True), bad, [bad] * 3)
    path.write_text(text, encoding="utf-8")
    assert "<script>alert" not in text and '"<b>' not in text
    assert text.count("<script") == 2 and text.count("</script>") == 2
    assert data_of(path)["sets"]["recorded"]["columns"] == [bad] * 3


def test_the_policy_allows_the_pages_own_script_and_style_alone(path):
    mt.report(mt.train(record=True), path)
    text = path.read_text(encoding="utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)">', text)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'" and "unsafe" not in policy
    for tag in ("script", "style"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"


def test_what_is_refused(path):
    recorded = mt.train(record=True)
    other = mt.train(MLP(3, [2, 1]), XS, YS, record=True)
    relu = mt.train(MLP(3, [4, 4, 1], "relu"), XS, YS, record=True)
    hinge = mt.train(loss=mt.hinge, record=True)
    mean = mt.train(reduction="mean", record=True)
    elsewhere = mt.train(MLP(3, [4, 4, 1]), XS[:2], YS[:2], lr=0.1, record=True)
    unrecorded = mt.sweep((0.1, 0.2), steps=2)
    for runs, error, message in (
        (mt.train(), ValueError, r"runs\[0\] has no recording: train .* with record=True"),
        (unrecorded, ValueError, r"runs\[0\] has no recording: train .* with record=True"),
        ({"a": recorded, "b": mt.train()}, ValueError, r"runs\['b'\] has no recording"),
        ([], ValueError, "at least one run"),
        ([5], TypeError, "runs expects a list of histories, or a sweep, got int 5"),
        (5, TypeError, "runs expects a list of histories, or a sweep, got int 5"),
        ("runs", TypeError, "runs expects a list of histories, or a sweep, got str"),
        ({}, ValueError, "at least one run"),
        ({"a": recorded, "b": other}, ValueError, r"\['b'\] differs .*\['a'\] in its architecture"),
        ([recorded, recorded, relu], ValueError, r"\[2\] differs .*\[0\] in its architecture"),
        ([recorded, hinge], ValueError, r"runs\[1\] differs from runs\[0\] in its loss"),
        ([recorded, mean], ValueError, r"runs\[1\] differs from runs\[0\] in its reduction"),
        ([recorded, elsewhere], ValueError, r"runs\[1\] differs from runs\[0\] in its data"),
    ):
        with pytest.raises(error, match=message):
            mt.report(runs, path)
    with pytest.raises(TypeError, match="title expects a str"):
        mt.report(recorded, path, title=5)
    with pytest.raises(TypeError):
        mt.report(recorded, 1)
    assert not path.exists()


def test_a_notebook_shows_the_page_of_a_recorded_run():
    text = mt.train(steps=3, record=True)._repr_html_()
    (page,) = re.findall(
        r'<iframe sandbox="allow-scripts" [^>]* srcdoc="(.*?)"></iframe>', text, re.S
    )
    assert html.unescape(page).startswith("<!DOCTYPE html>") and "<td>" in text
    assert "<iframe" not in mt.train(steps=3)._repr_html_()


# The command.


def test_the_command_writes_the_page(path, capsys):
    assert main(["report", str(path), "--steps", "30", "--lr", "0.2", "--seed", "3"]) == 0
    assert re.fullmatch(rf"{path}: \d+ kB. Open it in a browser.\n", capsys.readouterr().out)
    data = data_of(path)
    expected = mt.train(seed=3, lr=0.2, steps=30, target_loss=0.01)
    assert data["recorded"][0]["losses"] == expected.losses and data["run"]["seed"] == 3


@pytest.mark.parametrize(("name", "most"), [("toy", 500), ("xor", 500), ("moons", 1000)])
def test_the_pages_of_the_command_are_small_enough(path, name, most):
    assert main(["report", str(path), "--data", name, "--quiet"]) == 0
    assert path.stat().st_size <= most * 1000
    assert data_of(path)["spec"]["data"] == name


def test_the_command_and_other_data(path):
    options = ["--steps", "20", "--hidden", "3", "--title", "Two moons", "--target-loss", "0"]
    assert main(["report", str(path), "--data", "moons", "--lr", "0.1", *options]) == 0
    data = data_of(path)
    assert data["sets"]["moons"]["loss"]["name"] == "hinge" and len(data["names"]) == 13
    assert "<title>Two moons</title>" in path.read_text(encoding="utf-8")


def test_the_command_and_a_table(path, tmp_path, capsys):
    table = tmp_path / "flowers.csv"
    rows = [f"{k},{k % 3},{'red' if k % 2 else 'blue'},{'ab'[k > 5]}" for k in range(12)]
    table.write_text("\n".join(["length,width,colour,kind", *rows]), encoding="utf-8")
    options = ["--csv", str(table), "--target", "kind", "--steps", "5", "--drop", "width"]
    assert main(["report", str(path), *options]) == 0
    data = data_of(path)
    found = data["sets"]["recorded"]
    assert found["columns"] == ["length", "colour = blue", "colour = red"]
    assert data["run"]["target"] is None  # as of fit, and of sweep
    assert found["labels"] == ["a", "b"] and data["run"]["seed"] == 0
    options = ["--csv", str(table), "--target", "width", "--steps", "5"]
    assert main(["report", str(path), *options]) == 2
    assert "say by --classes or --numbers what they are" in capsys.readouterr().err
    assert main(["report", str(path), *options, "--numbers", "--target-loss", "2"]) == 0
    assert data_of(path)["run"]["target"] == 2
    assert data_of(path)["sets"]["recorded"]["loss"]["name"] == "squared error"
    for given, message in (
        (["--csv", str(table)], "--target COLUMN is missing"),
        (["--target", "kind"], "--target expects a table: microtrain report FILE --csv TABLE"),
        (["--drop", "kind"], "--drop expects a table: microtrain report FILE --csv TABLE"),
        ([*options, "--numbers", "--classes"], "can't both be true"),
        (["--csv", str(table), "--target", "age"], "age"),
    ):
        assert main(["report", str(path), *given]) == 2
        assert message in capsys.readouterr().err
    assert main(["report", str(path), "--csv", str(tmp_path / "none.csv"), "--target", "x"]) == 1


def test_the_command_replaces_no_file_that_is_no_page_of_its_own(path, tmp_path, capsys):
    text = "x,y\n1,2\n2,4\n"
    others = [tmp_path / name for name in ("a.csv", "a.html", "page", "link.HTM")]
    for other in others[:3]:
        other.write_text(text, encoding="utf-8")
    others[3].symlink_to(others[0])
    for other in others:
        learned = ["--csv", str(other), "--target", "y", "--numbers"]
        for options in ([], learned):
            assert main(["report", str(other), "--steps", "2", *options]) == 2
            assert other.read_text(encoding="utf-8") == text
            err = capsys.readouterr().err
            assert "such as page.html, and replaces no other file, got" in err and "--csv" in err
    assert main(["report", str(tmp_path / "new.csv"), "--steps", "2"]) == 2
    (tmp_path / "empty.csv").touch()
    assert main(["report", str(tmp_path / "empty.csv"), "--steps", "2"]) == 2
    path.touch()  # nothing is lost with an empty file
    for steps in "23":
        assert main(["report", str(path), "--steps", steps]) == 0
    assert len(data_of(path)["recorded"][0]["losses"]) == 3


def test_the_command_and_its_errors(path, capsys, monkeypatch):
    assert main(["report", str(path), "--steps", "0"]) == 2
    err = capsys.readouterr().err
    assert err == "microtrain report: --steps expects an int of at least 1, got 0\n"
    assert main(["report", str(path.parent / "missing" / "page.html"), "--steps", "5"]) == 1
    assert "missing: there is no such folder" in capsys.readouterr().err
    assert main(["report", str(path.parent), "--steps", "5"]) == 1
    assert "a folder can't be replaced by a file" in capsys.readouterr().err
    if os.path.exists("/dev/full"):
        assert main(["report", "/dev/full", "--steps", "5"]) == 1
        assert main(["report", "/dev/null", "--steps", "5"]) == 0
        assert capsys.readouterr().out == ""

    def interrupted(*args, **options):
        history = mt.train(steps=1)
        history.status = "interrupted"
        return history

    monkeypatch.setattr("microtrain.cli.report.train", interrupted)
    assert main(["report", str(path)]) == 130
    assert not path.exists()
