"""`microtrain map`."""

from __future__ import annotations

import csv
import json

import pytest

import microtrain as mt
from microtrain.cli import main
from microtrain.cli.sweep import between

SMALL = ["map", "--cells", "4", "--seeds", "2", "--steps", "20", "--jobs", "1"]


def drawn(**options):
    lrs, scales = between("lrs", [0.001, 10], 4), between("scales", [0.1, 10], 2)
    return mt.phase_diagram(lrs, scales, seeds=range(2), steps=20, **options)


def test_it_draws_and_counts(capsys, tmp_path):
    assert main(SMALL) == 0
    out, err = capsys.readouterr()
    assert err == "" and out.startswith(drawn().chart() + "\n\nOf 16 runs: ")
    assert main([*SMALL, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == drawn().to_dict()
    assert main([*SMALL, "--csv", "--jobs", "2", "--no-sharpness"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [row["verdict"] for row in rows] == [run["verdict"] for run in drawn().records()]
    assert rows[0]["sharpness"] == ""
    assert main(["map", "--rows", "seeds", "--cells", "3", "--steps", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == list(range(33))


def test_it_writes_a_picture(capsys, tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "map.png"
    assert main([*SMALL, "--plot", str(path)]) == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    assert main([*SMALL, "--plot", str(tmp_path / "map.mp3")]) == 2
    assert "--plot expects a file that ends in .png, .svg or .pdf" in capsys.readouterr().err
    assert main([*SMALL, "--plot", str(tmp_path / "nowhere" / "map.png")]) == 1
    assert "nowhere: there is no such folder" in capsys.readouterr().err


def test_without_matplotlib_it_says_so_before_it_begins(capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    assert main([*SMALL, "--plot", "map.png"]) == 2
    assert "plots need matplotlib: pip install matplotlib" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--lrs 0.1", "--lrs: expected 2 arguments"),
        ("--lrs 1 0.1", "--lrs expects the lowest first, got 1 and 0.1"),
        ("--scales 0 1", "--scales expects a finite number above 0, got 0"),
        ("--cells 2", "--cells expects an int from 3 to 1000, got 2"),
        ("--seeds 0", "--seeds expects an int of at least 1, got 0"),
        ("--rows rates", "--rows: expects one of scales, seeds"),
        ("--json --csv", "--json and --csv can't both"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message, capsys):
    assert main([*SMALL, *arguments.split()]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1) and message in err


def test_ctrl_c(capsys, monkeypatch):
    def interrupted(*args, on_run, **options):
        def stop(found):
            on_run(found)
            raise KeyboardInterrupt

        return mt.phase_diagram(*args, **options, on_run=stop)

    monkeypatch.setattr("microtrain.cli.sweep.phase_diagram", interrupted)
    assert main(SMALL) == 130
    out = capsys.readouterr().out
    assert out.startswith("Interrupted: 1 of 4 starts are finished.\n") and "Of 4 runs: " in out

    def nothing(lrs, scales, **options):
        found = mt.PhaseDiagram(lrs, scales, [0], 5, None)
        found.status = "interrupted"
        return found

    monkeypatch.setattr("microtrain.cli.sweep.phase_diagram", nothing)
    assert main(SMALL) == 130
    assert capsys.readouterr().out == "Interrupted: 0 of 2 starts are finished.\n"
