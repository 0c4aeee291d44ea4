"""`microtrain fit`, and `train --csv`, which was its name."""

from __future__ import annotations

import io
import json
import os
import sys
import warnings

import pytest
from machine import run

import microtrain as mt
from microtrain.cli import main


@pytest.fixture
def path(tmp_path):
    """A table with a number, a class given by numbers and a class given by texts."""
    path = tmp_path / "table.csv"
    rows = [f"{x},{x % 2},{'ab'[x > 20]}" for x in range(40)]
    path.write_text("\n".join(["x,side,kind", *rows]), encoding="utf-8")
    return str(path)


def record_of(argv, capsys):
    assert main([*argv, "--steps", "9", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("csv", [["--csv", "{}"], ["--csv={}"]])
def test_train_csv_hands_over_to_fit_and_says_so(path, capsys, csv):
    options = ["--target", "kind", "--seed", "3", "--steps", "9", "--json"]
    assert main(["fit", path, *options]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for argv in (
        ["train", *[word.format(path) for word in csv], *options],
        [*[word.format(path) for word in csv], *options],
        ["train", *options, *[word.format(path) for word in csv]],
    ):
        assert main(argv) == 0
        again, err = capsys.readouterr()
        assert json.loads(again)["losses"] == json.loads(out)["losses"]
        assert err == (
            "microtrain: train --csv is now: microtrain fit FILE --target COLUMN; it will be gone "
            "in the next version\n"
        )
    assert main(["train", "--csv"]) == 2
    assert "microtrain fit: the following arguments are required: FILE" in capsys.readouterr().err


def test_numbers_that_are_classes_are_said_to_be(path, capsys):
    assert main(["fit", path, "--target", "side"]) == 2
    assert "say by --classes or --numbers" in capsys.readouterr().err
    command = ["fit", path, "--target", "side", "--drop", "kind"]
    classes = {row["truth"] for row in record_of([*command, "--classes"], capsys)["held_out"]}
    numbers = {row["truth"] for row in record_of([*command, "--numbers"], capsys)["held_out"]}
    assert (classes, numbers) == ({"0", "1"}, {0.0, 1.0})
    assert main([*command, "--classes", "--numbers"]) == 2
    assert "--classes and --numbers can't both be true" in capsys.readouterr().err
    assert main([*command, "--numbers", "--max-classes=20"]) == 2
    assert "--max-classes and --numbers can't both be true" in capsys.readouterr().err


def test_separators_empty_cells_and_many_classes(path, tmp_path, capsys):
    expected = record_of(["fit", path, "--target", "kind"], capsys)
    with open(path, encoding="utf-8") as file:
        rows = file.read().replace(",", ";").split("\n")
    odd = tmp_path / "odd.csv"
    odd.write_text("\n".join([*rows[:3], ";1;a", *rows[3:]]), encoding="utf-8")
    model = str(tmp_path / "model.json")
    command = ["fit", str(odd), "--target", "kind", "--sep", ";"]
    assert main(command) == 2
    assert (
        "line 4: column 'x' expects a value, got ''; --skip-empty leaves such"
        in capsys.readouterr().err
    )
    command += ["--skip-empty", "--save", model]
    found = record_of(command, capsys)
    assert (found["losses"], found["skipped"]) == (expected["losses"], 1)
    assert main([*command, "--quiet"]) == 0
    assert "\n1 row with an empty cell left out.\n" in capsys.readouterr().out
    odd.write_text("\n".join(rows), encoding="utf-8")
    assert main(["predict", model, str(odd), "--sep", ";"]) == 0
    assert capsys.readouterr().out.startswith("x,side,kind,predicted kind\n0,0,a,a\n")
    assert main(["fit", path, "--target", "kind", "--max-classes", "1"]) == 2
    assert "--max-classes allows more" in capsys.readouterr().err


def test_a_run_says_its_verdict(path, capsys):
    record = record_of(["fit", path, "--target", "kind"], capsys)
    assert record["verdict"] and record["reason"] and record["fallback"] == ""
    assert main(["train", "--lr", "1.0"]) == 1
    out = " ".join(capsys.readouterr().out.split())
    history = mt.train(steps=1000, lr=1.0, target_loss=0.01)
    assert f"Saturated after 1,000 steps: {history.reason}. A smaller --lr may help." in out
    for output in ("sigmoid", "relu"):  # it does not reach the targets of -1 at any rate
        assert main(["train", "--lr", "0.5", "--output-activation", output]) == 1
        out, err = capsys.readouterr()
        assert "Saturated after" in out and "--lr" not in out and "out of reach" in err


def test_a_run_whose_loss_grew_is_no_success_and_is_not_kept(path, tmp_path, capsys):
    model = tmp_path / "model.json"
    options = ["--target", "x", "--lr", "2", "--steps", "12", "--save", str(model)]
    assert main(["fit", path, *options]) == 1
    out = capsys.readouterr().out
    assert "Diverged: the " in out and "Kept" not in out and not model.exists()


def test_what_a_run_warns_of_is_a_line(path, capsys, monkeypatch):
    def warning(*args, **options):
        warnings.warn("the disk is full", stacklevel=1)
        return mt.train(*args, **options)

    monkeypatch.setattr("microtrain.cli.train.train", warning)
    assert main(["train", "--quiet"]) == 0
    assert capsys.readouterr().err == "microtrain: the disk is full\n"

    def eager(*args, **options):
        history = mt.train(*args, **options)
        history.fallback = "it is too large"
        return history

    monkeypatch.setattr("microtrain.cli.train.train", eager)
    assert main(["train", "--quiet"]) == 0
    told = "It was not compiled: it is too large."
    assert told in " ".join(capsys.readouterr().out.split())


def test_whatever_else_goes_wrong_is_a_line(capsys, monkeypatch):
    for error, told in (
        (MemoryError(), "there is not enough memory for that"),
        (KeyError("x"), "a defect of microtrain, please report it: KeyError('x')"),
    ):

        def failing(*args, error=error, **options):
            raise error

        monkeypatch.setattr("microtrain.cli.train.train", failing)
        assert main(["train"]) == 1
        assert capsys.readouterr().err == f"microtrain train: {told}\n"


def test_what_a_run_warns_of_speaks_the_words_of_the_command(capsys):
    main(["train", "--output-activation", "sigmoid", "--steps", "2", "--quiet"])
    assert ': take --output-activation="linear", or ' in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_interrupted_run_says_how_to_go_on(path, tmp_path, capsys, monkeypatch, options):
    def interrupt(progress, *_):
        if progress.what == "steps":
            raise KeyboardInterrupt

    kept = str(tmp_path / "c.json")
    for command in (["fit", path, "--target", "kind"], ["train"]):
        with monkeypatch.context() as patched:
            patched.setattr("microtrain.cli.terminal.Progress.show", interrupt)
            assert main([*command, *options]) == 130
            assert capsys.readouterr().err == ""
            command += ["--checkpoint", kept, *options]
            assert main(command) == 130
            told = f"microtrain: the same command with --resume goes on from {kept}\n"
            assert capsys.readouterr().err == told
        assert main([*command, "--resume"]) == 0
        assert capsys.readouterr().err == ""
        os.remove(kept)


class Closed(io.StringIO):
    def write(self, text):
        raise OSError(28, "No space left on device")


def test_a_standard_error_that_can_not_be_written(monkeypatch):
    monkeypatch.setattr("sys.stderr", Closed())
    assert main(["train", "--epochs", "3"]) == 2


@pytest.mark.skipif(os.name != "posix", reason="redirections are those of a POSIX shell")
@pytest.mark.parametrize(
    ("redirection", "status", "told"),
    [
        ("<&-", 2, "microtrain fit: --target names column 'kind', which is not in stand"),
        ("0>out.txt", 1, "microtrain fit: standard input: "),
        ("<&- >&- 2>&-", 2, ""),
        ("2>/dev/full", 2, ""),
        ("<table.csv 1<table.csv", 1, "microtrain fit: can't write the output: Bad file"),
        ("<table.csv >/dev/full", 1, "microtrain fit: can't write the output: No space"),
    ],
)
def test_odd_streams(path, redirection, status, told):
    if "/dev/full" in redirection and not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full here")
    command = f'"{sys.executable}" -m microtrain fit - --target kind --steps 9 {redirection}'
    source = os.path.abspath(os.path.join(os.path.dirname(mt.__file__), os.pardir))
    env = {**os.environ, "PYTHONPATH": source}
    done = run("bash", "-c", command, cwd=os.path.dirname(path), env=env)
    assert done.returncode == status and done.stdout == ""
    assert done.stderr.startswith(told) and done.stderr.count("\n") == (told != "")
