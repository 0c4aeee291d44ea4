"""The command line: what it prints, and its exit statuses."""

from __future__ import annotations

import argparse
import csv
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest
from machine import native, run

import microtrain as mt
from microtrain.__main__ import main as entry
from microtrain.cli import COMMANDS, main
from microtrain.cli.options import ELSEWHERE, OPTIONS, Command
from microtrain.cli.pool import _begin as begin
from microtrain.cli.pool import _stop as stop
from microtrain.cli.pool import _work as work
from microtrain.cli.pool import processors
from microtrain.cli.terminal import Progress
from microtrain.files.csv import read_table
from microtrain.tables.fit import read_task


def test_the_toy_job(capsys):
    assert main([]) == 0
    out = capsys.readouterr().out
    for step in ("forward pass", "loss", "backward pass", "update"):
        assert step in out
    history = mt.train(steps=1000, target_loss=0.01)
    printed = re.findall(r"^ +(\d+)   (\d\S+)$", out, re.MULTILINE)
    assert [int(step) for step, _ in printed] == [*range(20), history.steps]
    for step, loss in printed:
        assert float(loss) == pytest.approx(history.losses[int(step)], rel=1e-5)
    assert f"\nConverged: the loss is below 0.01 at step {history.steps}.\n" in out
    table = re.findall(r"^ +(-?[\d.]+) +(-?1)   yes$", out, re.MULTILINE)
    xs, ys = mt.datasets.toy()
    assert [float(p) for p, _ in table] == pytest.approx(history.model.predict(xs), abs=1e-4)
    assert [float(t) for _, t in table] == ys
    assert "step" in out.splitlines()[-1]
    assert "\033" not in out


def test_quiet_is_the_outcome_alone(capsys):
    assert main(["--quiet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Converged: the loss is below 0.01 at step ")
    assert lines[2] == "prediction   target   match" and len(lines) == 7


def test_options_go_to_train(capsys):
    options = (
        "--lr 0.2 --steps 7 --seed 3 --hidden 5 2 --activation relu --output-activation linear "
        "--reduction mean --batch-size 2 --accumulate 3 --no-zero-grad --target-loss 0"
    )
    main(["train", "--json", *options.split()])
    record = json.loads(capsys.readouterr().out)
    model = mt.MLP(3, [5, 2, 1], "relu", "linear", seed=3)
    xs, ys = mt.datasets.toy()
    history = mt.train(
        model,
        xs,
        ys,
        lr=0.2,
        steps=7,
        seed=3,
        reduction="mean",
        batch_size=2,
        accumulate=3,
        zero_grad=False,
        target_loss=0,
    )
    for key in ("losses", "lrs", "grad_norms", "status", "steps", "final_loss"):
        assert record[key] == history.to_dict()[key]
    assert record["parameters"] == model.state_dict()
    assert record["predictions"] == model.predict(xs)
    assert record["targets"] == ys


@native
def test_each_command_trains_natively(capsys, tmp_path):
    def printed(*argv):
        assert main([*argv, "--json"]) in (0, 1)
        return re.sub(r'"(seconds|engine)": [^,}]*', "", capsys.readouterr().out)

    table = tmp_path / "table.csv"
    table.write_text("a,b,c\n" + "".join(f"{i},{i % 7},{i * i % 11}\n" for i in range(60)))
    for argv in (
        ["train", "--lr", "0.1", "--steps", "300"],
        ["fit", str(table), "--target", "c", "--numbers", "--steps", "60"],
        ["sweep", "--lrs", "0.1", "--seeds", "2", "--jobs", "1"],
        ["map", "--cells", "3", "--seeds", "1", "--jobs", "1"],
    ):
        native, compiled = (printed(*argv, "--engine", x) for x in ("native", "compiled"))
        assert native == compiled
    shown = []
    for engine in ("native", "eager"):
        fit = ["fit", str(table), "--target", "c", "--numbers", "--steps", "60"]
        assert main([*fit, "--engine", engine]) == 0
        shown.append(re.sub(r"in [\d.]+ s", "", capsys.readouterr().out))
    assert shown[0] == shown[1] and shown[0].startswith("loss\n")


@native
@pytest.mark.parametrize("name", ["train", "sweep", "map"])
def test_a_missing_compiler_is_no_defect(name, capsys, monkeypatch):
    monkeypatch.setenv("MICROTRAIN_CC", "/none")
    monkeypatch.setattr("microtrain.training.tracing._cache", {})
    assert main([name, "--engine", "native"]) == 1
    told = f'microtrain {name}: --engine="native" needs a C compiler, and MICROTRAIN_CC is /none, '
    assert capsys.readouterr().err.startswith(told)


def test_without_hidden_layers(capsys):
    main(["--hidden", "--steps", "3", "--json"])
    assert list(json.loads(capsys.readouterr().out)["parameters"]) == [
        "layers.0.weight",
        "layers.0.bias",
    ]


def test_divergence_is_told_and_stays_json(capsys):
    options = ["--lr", "30", "--output-activation", "linear"]
    assert main(options) == 1
    out = capsys.readouterr().out
    assert "Diverged: the loss is inf at step" in out and "NO" in out
    assert main([*options, "--json"]) == 1
    record = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert record["status"] == "diverged" and record["final_loss"] is None


def test_no_row_is_printed_twice_or_left_out(capsys):
    for options, last in (
        (["--lr", "1e200", "--output-activation", "linear"], 1),
        (["--steps", "50", "--target-loss", "0"], 49),
        (["--steps", "21", "--target-loss", "0"], 20),
        (["--steps", "20", "--target-loss", "0"], 19),
        (["--steps", "1", "--target-loss", "0"], 0),
    ):
        main(options)
        out = capsys.readouterr().out
        assert out.count("1. forward pass") == 1
        steps = [int(s) for s in re.findall(r"^ +(\d+)   \S+$", out, re.MULTILINE)]
        assert steps == [*range(min(20, last + 1)), *([last] if last >= 20 else [])]
        assert ("..." in out) == (last > 20)
    assert "Finished after 1 step." in out


def test_the_four_steps_are_told_as_they_are_made(capsys):
    main(["--no-zero-grad", "--reduction", "mean", "--batch-size", "1"])
    out = capsys.readouterr().out
    assert "zero_grad" not in out
    assert "zip(ypred, ys)) / len(ys)" in out
    assert "for x in the 1 of a mini-batch]" in out
    assert "step   loss of a mini-batch\n" in out


def test_a_forgotten_reset_is_remarked_on(capsys):
    main(["--no-zero-grad"])
    out = capsys.readouterr().out
    assert "The gradients were never reset" in out and "--output-activation linear" in out
    main(["--no-zero-grad", "--output-activation", "linear", "--steps", "30"])
    out = capsys.readouterr().out
    assert "The gradients were never reset" in out and "--output-activation" not in out
    main(["--no-zero-grad", "--quiet"])
    assert "never reset" not in capsys.readouterr().out


def test_a_target_that_is_not_reached_or_reached_at_once(capsys):
    assert main(["--steps", "5", "--target-loss", "0.001"]) == 0
    out = capsys.readouterr().out
    assert "\nDescending after 5 steps: the loss fell to 1.49; at this pace the target is" in out
    assert "More --steps may bring it lower." in out.replace("\n", " ")
    assert main(["--target-loss", "100"]) == 1
    out = capsys.readouterr().out
    assert "forward pass" in out and "below 100 at step 0" in out


def test_ctrl_c(capsys, monkeypatch):
    def interrupt(history, *_):
        raise KeyboardInterrupt

    monkeypatch.setattr("microtrain.cli.train.Progress.show", interrupt)
    assert main([]) == 130
    assert "Interrupted after 1 step" in capsys.readouterr().out
    monkeypatch.setattr("microtrain.cli.train.MLP", interrupt)
    assert main([]) == 130
    assert capsys.readouterr() == ("", "microtrain train: interrupted\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("train --lr 0", "--lr expects a finite number above 0, got 0.0"),
        ("train --lr nan", "--lr expects a finite number above 0, got nan"),
        ("--lr fast", "argument --lr: expects a number, got 'fast'; see microtrain"),
        ("--steps 0", "--steps expects an int of at least 1, got 0"),
        (
            "--hidden 4 0",
            "--hidden: expects numbers from 1 to 10,000, or none for no hidden layer, got '0'",
        ),
        ("--hidden 1000000000000", "no hidden layer, got '1000000000000'"),
        ("--accumulate 1000000000000", "--accumulate expects at most 2,500,000 mini-batches of 4"),
        ("--batch-size 9", "--batch-size expects at most 4"),
        ("--seed 0.5", "argument --seed: expects a whole number, got '0.5'; see microtrain"),
        ("--activation gelu", "one of tanh, relu, sigmoid, linear, got 'gelu'; did you mean relu?"),
        ("--activation step", "one of tanh, relu, sigmoid, linear, got 'step'; see microtrain"),
        ("--checkpoint-every 5", "--checkpoint-every expects --checkpoint FILE, too"),
        ("--resume", "--resume expects --checkpoint FILE, too"),
        ("map --rows seeds --scales 0.1 10", "--scales expects --rows scales"),
        ("report /dev/null --csv x --data toy", "--data and --csv can't both be learned"),
        ("predict a b c", "unrecognized arguments: c; see microtrain predict --help"),
        (
            "train n.csv",
            "arguments: n.csv; if it is a table: microtrain fit n.csv --target COLUMN; see",
        ),
        ("map n.csv --target y", "unrecognized arguments: n.csv; map takes no table (sweep does)"),
        (
            "map --lrs 0.01 0.1 1",
            "arguments: 1; map takes no table (sweep does), and of --lrs only",
        ),
        ("report", "the following arguments are required: FILE; see microtrain report --help"),
        ("fit --drop x t.csv", "are required: FILE; --drop takes all words after it; see micro"),
    ],
)
def test_bad_arguments_get_one_line_and_status_2(arguments, message, capsys):
    status = main(arguments.split())
    out, err = capsys.readouterr()
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("--epochs 5", "train: there is no option --epochs; did you mean --steps? See"),
        ("train --learning-rate 1", "there is no option --learning-rate; did you mean --lr? See"),
        ("train --batchsize=2", "there is no option --batchsize; did you mean --batch-size? See"),
        ("sweep --workers 2", "sweep: there is no option --workers; did you mean --jobs? See"),
        ("fit --label y x.csv", "fit: there is no option --label; did you mean --target? See"),
        ("train -lr 0.1", "train: there is no option -lr; did you mean --lr? See"),
        # A beginning of an option is not taken for it, as it may be one misspelled.
        ("train --step 5", "train: there is no option --step; did you mean --steps? See"),
        ("train --checkpoint-ever 5", "did you mean --checkpoint-every? See"),
        # Known elsewhere, but not here.
        ("report x.html --workers 2", "report: there is no option --workers; see"),
        ("train --frobnicate", "train: there is no option --frobnicate; see"),
        ("trian --lr 1", "microtrain: there is no command trian; did you mean train? See"),
        ("jump", "microtrain: there is no command jump; see"),
    ],
)
def test_what_is_unknown_is_said_with_what_may_have_been_meant(arguments, told, capsys):
    assert main(arguments.split()) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert told in err and re.search(r"[Ss]ee microtrain( \w+)? --help\n$", err)


def test_each_option_is_declared_once_and_used():
    named = [(command.name, name) for command in COMMANDS.values() for name in command.options]
    used = {own if (own := f"{command} {name}") in OPTIONS else name for command, name in named}
    assert used == {*OPTIONS}
    elsewhere = " ".join(ELSEWHERE.values()).split()
    assert {*ELSEWHERE} <= used and len({*elsewhere} - used) == len(elsewhere)


TABLE = "x,side,kind\n" + "".join(f"{x},{x % 2},{'ab'[x > 9]}\n" for x in range(20))
QUICK = "--steps 2 --lrs 0.1 --seeds 1 --jobs 1"
WAYS = {  # of using each command, which decide what is used
    "train": "train --steps 2",
    "kept": "train --steps 2 --checkpoint run.json",
    "classes": "fit table.csv --target kind --steps 2",
    "numbers": "fit table.csv --target side --numbers --steps 2",
    "predict": "predict model.json table.csv",
    "sweep": f"sweep {QUICK}",
    "sweep of a table": f"sweep table.csv --target kind {QUICK}",
    "scales": "map --cells 3 --steps 2 --seeds 1 --jobs 1",
    "seeds": "map --rows seeds --cells 3 --steps 2 --seeds 1 --jobs 1",
    "report": "report page.html --steps 2",
    "report of a table": "report page.html --csv table.csv --target kind --steps 2",
}
VALUES = {"drop": "side", "texts": "side", "target": "kind", "csv": "table.csv", "sep": ","}
VALUES |= {"plot": "map.png", "checkpoint": "other.json", "save": "saved.json", "title": "T"}
VALUES |= {"lrs": "0.1 0.2", "scales": "0.5 2", "rows": "scales", "engine": "eager"}


@pytest.mark.parametrize("way", WAYS)
def test_an_option_is_used_or_refused(way, tmp_path, monkeypatch, capsys):
    class Seen(argparse.Namespace):
        def __getattribute__(self, name):
            read.add(name.replace("_", "-"))
            return super().__getattribute__(name)

    def parse(command, words):
        arguments = original(command, words)
        read.clear()
        return Seen(**vars(arguments))

    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    assert main([*WAYS["classes"].split(), "--save", "model.json"]) == 0
    read, original = set(), Command.parse
    monkeypatch.setattr(Command, "parse", parse)
    words = WAYS[way].split()
    assert main(words) in (0, 1)
    for name in COMMANDS[words[0]].options:
        option = OPTIONS.get(f"{words[0]} {name}", OPTIONS[name])
        value = "1" if callable(option.kind) else next(iter(option.kind))
        given = VALUES.get(name, value).split() if option.value else []
        for path in tmp_path.glob("run.json"):
            path.unlink()
        status = main([*words, f"--{name}", *given])
        err = capsys.readouterr().err
        assert (status == 2 and f"--{name}" in err) or name in read, err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--help"], "forward pass, loss, backward pass, update"),
        (["train", "--help"], "examples: microtrain train --lr 0.2"),
        (["fit", "--help"], "examples: microtrain fit flowers.csv"),
        (["predict", "--help"], "examples: microtrain fit"),
        (["sweep", "--help"], "examples: microtrain sweep"),
        (["map", "--help"], "examples: microtrain map"),
        (["report", "--help"], "examples: microtrain report page.html"),
        (["--version"], mt.__version__),
    ],
)
def test_help(arguments, told, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert main(arguments) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert told in out
    if "example" in told:
        statuses = (
            "Exit status: 0 if ",
            " 1 if ",
            " 2 for ",
            "130 after Ctrl-C",
            "141 if the output",
        )
        assert all(status in out for status in statuses)


class Terminal:
    """Standard output as a terminal shows it."""

    encoding = "utf-8"

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return True


@pytest.mark.parametrize(("no_color", "colours"), [("", True), ("1", False)])
def test_colour_only_where_it_is_wanted(no_color, colours, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("NO_COLOR", no_color)
    main([])
    assert ("\033[" in terminal.text) == colours


def test_ctrl_c_while_modules_are_imported(monkeypatch, capsys):
    class Importing:
        @property
        def main(self):
            raise KeyboardInterrupt

    monkeypatch.setattr("sys.argv", ["microtrain", "--version"])
    assert entry() == 0
    monkeypatch.setitem(sys.modules, "microtrain.cli", Importing())
    assert entry() == 130
    assert capsys.readouterr() == (f"microtrain {mt.__version__}\n", "")


# As a process.


def microtrain(*arguments, **options):
    return run(sys.executable, "-m", "microtrain", *arguments, **options)


def test_as_a_module_and_where_only_ascii_can_be_printed():
    done = microtrain(env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii() and "0.01 |" in done.stdout
    done = microtrain(env={**os.environ, "PYTHONIOENCODING": "utf-8"})
    assert "0.01 ┤" in done.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_an_output_that_cannot_be_written():
    command = f'"{sys.executable}" -m microtrain'
    done = run("bash", "-c", f"{command} >&-; echo $? >&2; {command} >/dev/full")
    assert done.returncode == 1
    status, line = done.stderr.splitlines()
    assert status == "0"
    assert line.startswith("microtrain train: can't write the output: ")


def test_a_reader_that_stops_reading_is_no_error():
    command = f'"{sys.executable}" -m microtrain --lr 0.0001 --steps 3000 --target-loss 0'
    done = run(
        "bash", "-c", f"{command} --json | true; echo ${{PIPESTATUS[0]}}; {command} | head -n 1"
    )
    assert done.stderr == ""
    status, line = done.stdout.splitlines()
    assert status == "141"
    assert line.startswith("MLP(")


# The sweep.


SMALL = ["sweep", "--seeds", "3", "--steps", "60"]


def test_a_sweep_prints_table_chart_and_advice(capsys):
    assert main([*SMALL, "--steps", "20", "--jobs", "1"]) == 0
    out, err = capsys.readouterr()
    assert err == "" and "\033" not in out
    found = mt.sweep(seeds=range(3), steps=20, track_sharpness={*range(10), 10})
    assert out.startswith(found.table() + "\n\nloss (median of the seeds)\n")
    assert " ".join(out.split()).endswith(found.explain())
    assert max(map(len, out.splitlines())) <= 84


def test_a_sweep_as_json_and_csv_on_two_processes(capsys):
    options = ["--lrs", "0.05", "0.3", "--warmup", "9", "--jobs", "2", "--no-sharpness"]
    assert main([*SMALL, *options, "--json"]) == 0
    record = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    rates = {
        "0.05": 0.05,
        "0.3": 0.3,
        "0.05 warm": mt.warmup_cosine(0.05, 60, 9),
        "0.3 warm": mt.warmup_cosine(0.3, 60, 9),
    }
    found = mt.sweep(rates, seeds=range(3), steps=60)
    for told, made in zip(record["runs"], found.runs):
        assert (told["lr"], told["seed"]) == (made.label, made.seed)
        assert told["losses"] == made.history.losses
    assert main([*SMALL, *options, "--csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [row["reason"] for row in rows] == [run.reason for run in found.runs]


def test_a_sweep_of_a_table(capsys, tmp_path):
    path = tmp_path / "table.csv"
    rows = [f"{x},{'ab'[x > 20]}" for x in range(40)]
    path.write_text("\n".join(["x,kind", *rows, ",b"]), encoding="utf-8")
    command = ["sweep", str(path), "--target", "kind", "--skip-empty", "--steps", "9"]
    assert main([*command, "--lrs", "0.1", "1", "--seeds", "2", "--jobs", "2", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    task = read_task(read_table(path), "kind", skip_empty=True, test_share=0)
    found = mt.sweep(
        [0.1, 1.0],
        seeds=range(2),
        steps=9,
        target_loss=None,
        model=task.model([8], "tanh"),
        xs=task.xs,
        ys=task.ys,
        loss=mt.cross_entropy,
        reduction="mean",
    )
    assert len(task.xs) == 40
    assert [run["losses"] for run in record["runs"]] == [run.history.losses for run in found.runs]
    assert [list(run["sharpness"]) for run in record["runs"]] == [["0"]] * 4
    assert main([*command, "--jobs", "1", "--batch-size", "8", "--hidden", "30"]) == 0
    out = capsys.readouterr().out
    assert "sharpness" not in out and "Take 1: its loss ends lowest" in out
    assert main(["sweep", "--hidden", "3"]) == 2
    assert "--hidden expects a table: microtrain sweep FILE --target" in capsys.readouterr().err
    assert main(["sweep", str(path)]) == 2
    assert "--target COLUMN is missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--lrs 0.1 0.1", "--lrs expects different rates, got 0.1 twice"),
        ("--lrs 0", "--lrs[0] expects a finite number above 0"),
        ("--lrs", "argument --lrs: expected at least one argument"),
        ("--seeds 0", "--seeds expects an int of at least 1, got 0"),
        ("--jobs 0", "--jobs expects an int of at least 1, got 0"),
        ("--steps 1", "--steps expects an int of at least 2"),
        ("--target-loss -1", "--target-loss expects a finite number above 0"),
        ("--warmup 200", "--warmup expects an int from 0 to 199"),
        ("--json --csv", "--json and --csv can't both"),
    ],
)
def test_a_sweep_with_bad_arguments(arguments, message, capsys):
    assert main(["sweep", *arguments.split()]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert message in err


def test_a_sweep_that_is_interrupted_or_fails(capsys, monkeypatch):
    def interrupted(*args, on_run, **options):
        def stop(found):
            raise KeyboardInterrupt

        return mt.sweep(*args, **{**options, "on_run": stop})

    monkeypatch.setattr("microtrain.cli.sweep.sweep", interrupted)
    assert main([*SMALL, "--jobs", "1"]) == 130
    assert "Interrupted: 1 of 12 runs are finished." in capsys.readouterr().out

    def nothing(*args, **options):
        found = mt.Sweep([], 5, 0.01)
        found.status = "interrupted"
        return found

    monkeypatch.setattr("microtrain.cli.sweep.sweep", nothing)
    assert main([*SMALL, "--jobs", "1"]) == 130
    assert capsys.readouterr().out == "Interrupted: 0 of 0 runs are finished.\n"

    def failing(*args, **options):
        raise mt.SweepError("a worker died", None)

    monkeypatch.setattr("microtrain.cli.sweep.sweep", failing)
    assert main([*SMALL, "--jobs", "1"]) == 1
    assert capsys.readouterr() == ("", "microtrain sweep: a worker died\n")


def test_the_progress_line(monkeypatch):
    clock = iter([0.0, 0.5, 1.5, 1.55, 3.0, 4.0, 9.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with Progress("runs") as progress:
        progress.show(5, 100)  # too early to say anything
    assert terminal.text == ""
    with progress:
        for done in (30, 31, 80):  # the time before the first five does not count
            progress.show(done, 100)
        assert terminal.text == (
            "\r30 of 100 runs, 25 per second, 3 s left\r80 of 100 runs, 30 per second, 1 s left"
        )
    assert terminal.text.endswith("\r" + " " * 39 + "\r")
    terminal.text = ""
    Progress("runs").show(1, 3)
    assert terminal.text == "\r1 of 3 runs"


def test_progress_goes_with_json(monkeypatch, capsys):
    shown = []
    monkeypatch.setattr("sys.stderr", Terminal())
    monkeypatch.setattr(Progress, "show", lambda self, *numbers: shown.append(numbers))
    assert main(["--json", "--steps", "3"]) == 1
    assert shown == [(1, 3), (2, 3), (3, 3)]
    assert json.loads(capsys.readouterr().out)["steps"] == 3


def test_progress_over_items(monkeypatch):
    clock = iter([0.0, 0.5, 1.5, 3.5, 0.0, 1.0, 2.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    assert list(Progress("rows read").over(iter("abc"))) == ["a", "b", "c"]
    shown = ["1 rows read, 1 per second", "2 rows read, 0.667 per second"]
    assert [line for line in terminal.text.split("\r") if line.strip()] == shown
    terminal.text = ""
    items = Progress("rows").over(["a", "b"])
    assert (next(items), next(items)) == ("a", "b")
    items.close()
    assert "1 of 2 rows" in terminal.text and terminal.text.endswith(" \r")


def test_no_progress_line_where_nobody_looks(monkeypatch, capsys):
    clock = iter([0.0, 5.0, 9.0, 15.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    with Progress("runs") as progress:
        progress.show(1, 2)
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    with Progress("runs") as progress:
        progress.show(1, 2)
    assert terminal.text == ""


def test_a_worker_stops_at_ctrl_c_and_begins_nothing_more(monkeypatch):
    before = signal.signal(signal.SIGINT, stop)
    monkeypatch.setattr("microtrain.cli.pool.stopped", False)
    try:
        assert work(max, 1, 2) == 2
        with pytest.raises(KeyboardInterrupt):
            work(signal.raise_signal, signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            work(max, 1, 2)
        monkeypatch.setattr("microtrain.cli.pool.stopped", False)
        signal.raise_signal(signal.SIGINT)  # while it waits for something to do
        with pytest.raises(KeyboardInterrupt):
            work(max, 1, 2)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_worker_watches_the_process_that_it_works_for(monkeypatch):
    ended, parent = threading.Event(), threading.Event()
    monkeypatch.setattr(
        "multiprocessing.parent_process", lambda: argparse.Namespace(join=parent.wait)
    )
    monkeypatch.setattr("os._exit", lambda status: ended.set())
    before = signal.getsignal(signal.SIGINT)
    try:
        begin()
        assert signal.getsignal(signal.SIGINT) is stop
        assert not ended.wait(0.05)
        parent.set()
        assert ended.wait(10)
    finally:
        signal.signal(signal.SIGINT, before)


def started(method):
    """Return the command `microtrain sweep` with two processes, started by this method."""
    code = (
        f"import multiprocessing; multiprocessing.set_start_method({method!r}); "
        "from microtrain.cli import main; raise SystemExit(main())"
    )
    return [sys.executable, "-c", code, "sweep", "--jobs", "2", "--no-sharpness"]


METHODS = multiprocessing.get_all_start_methods()


@pytest.mark.parametrize("method", METHODS)
def test_processes_may_be_started_in_any_way(method):
    done = run(*started(method), "--seeds", "2", "--csv")
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 9)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="processes are found by what POSIX has")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("method", METHODS)
def test_workers_end_with_the_process_that_they_work_for(method, how):
    command = [*started(method), "--seeds", "2000", "--steps", "2000"]
    # They have the pipe, too: it is closed when the last of them has ended.
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        time.sleep(1.5)
        process.send_signal(how)
        assert process.stdout.read() == b""
        assert process.wait() == -how


def test_ctrl_c_waits_until_the_pool_of_workers_can_be_left(capsys, monkeypatch):
    show = Progress.show

    def interrupted(*args):
        signal.raise_signal(signal.SIGINT)
        show(*args)

    monkeypatch.setattr(Progress, "show", interrupted)
    assert main(["sweep", "--jobs", "2", "--no-sharpness"]) == 130
    assert re.match(r"Interrupted: [1-9]\d* of 80 runs", capsys.readouterr().out)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    monkeypatch.undo()
    assert main(["sweep", "--jobs", "2", "--no-sharpness", "--seeds", "1"]) == 0


def test_processors_can_be_counted_anywhere(monkeypatch):
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    assert processors() == (os.cpu_count() or 1)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals are sent here as POSIX has them")
def test_ctrl_c_in_a_sweep_of_processes_says_little():
    command = [sys.executable, "-m", "microtrain", "sweep", "--seeds", "2000", "--jobs", "2"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            time.sleep(2)
            os.killpg(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert (process.returncode, err) == (130, "")
    assert out.startswith("Interrupted: ")
