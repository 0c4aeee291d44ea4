"""From tables to models, and from new rows to predictions."""

from __future__ import annotations

import collections
import csv
import io
import json
import math
import os
import random
import re

import pytest
from forging import forge
from hypothesis import given
from hypothesis import strategies as st
from outcomes import status_of

import microtrain as mt
from microtrain.cli import main
from microtrain.cli.fit import confusion, score
from microtrain.files.csv import Table, read_table
from microtrain.tables import fit as fitting
from microtrain.tables.fit import _split, read_task
from microtrain.tables.predictor import Column, Predictor, inputs_of

KINDS = {"aster": (0.0, 0.0), "iris": (4.0, 1000.0), "rose": (0.0, 2000.0)}


OF_TASK = ("skip_empty", "drop", "texts", "kind", "max_classes", "loss", "test_share")


def fit(path, target, sep=None, seed=0, **options):
    """Learn from a table with these options, some of the task and some of the training."""
    of_task = {name: options.pop(name) for name in OF_TASK if name in options}
    task = read_task(read_table(path, sep=sep), target, seed=seed, **of_task)
    model = task.model(options.pop("hidden", [8]), "tanh")(seed)
    usual = task.usual(options.get("batch_size"))
    return fitting.fit(task, model, seed=seed, **{**usual, **options})


def table(path, rows, header=("length", "weight", "soil", "kind")):
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return str(path)


@pytest.fixture
def flowers(tmp_path):
    """Three kinds of flower that lie apart, in units that do too, on two kinds of soil."""
    rng = random.Random(0)
    rows = []
    for _ in range(40):
        for kind, (x, y) in KINDS.items():
            soil = "peat" if kind == "iris" else rng.choice(["sand", "clay"])
            rows.append([rng.gauss(x, 0.5), rng.gauss(y, 100), soil, kind])
    return table(tmp_path / "flowers.csv", rows)


def test_classes_that_lie_apart_are_told_apart(flowers):
    found = fit(flowers, "kind")
    assert (len(found.task.xs), len(found.held_out)) == (96, 24)
    assert all(truth == prediction for truth, prediction in found.held_out)
    assert found.predictor.model.sizes == [8, 3]
    assert found.predictor.model.n_in == 2 + 3  # two numbers, three kinds of soil
    assert found.history.steps == 300


def test_columns_are_standardized_by_the_rows_trained_on_alone(flowers):
    found = fit(flowers, "length", test_share=0.5, steps=1)
    weights = [x[0] for x in found.task.xs]
    assert math.fsum(weights) == pytest.approx(0, abs=1e-9)
    assert math.fsum(x * x for x in weights) / 60 == pytest.approx(1)
    assert math.fsum(y for [y] in found.task.ys) == pytest.approx(0, abs=1e-9)
    held = inputs_of(found.predictor.columns, found.task.held)
    assert abs(math.fsum(x[0] for x in held)) > 1
    assert found.predictor.columns[2].scale == 1  # of texts


@given(
    st.lists(st.sampled_from("abcd"), min_size=3, max_size=60),
    st.floats(0, 0.9),
    st.integers(0, 9),
)
def test_each_class_gives_its_share_to_the_rows_held_out(classes, share, seed):
    n = len(classes)
    held, trained = _split(classes, n, share, seed)
    assert sorted(held + trained) == list(range(n))
    counts = collections.Counter(classes)
    spare = n - len(counts)
    assert len(held) == min(round(share * n), spare)
    for name, count in counts.items():
        given_away = sum(classes[i] == name for i in held)
        assert abs(given_away - (count - 1) * len(held) / max(1, spare)) < 1 + 1e-9
        assert given_away < count


def test_a_line_is_found_in_any_units(tmp_path):
    rng = random.Random(1)
    points = [(rng.uniform(-1, 1), rng.uniform(0, 1e6)) for _ in range(100)]
    rows = [[a, b, 5, 1e-3 * (2 * a - 3e-6 * b) + 7] for a, b in points]
    path = table(tmp_path / "line.csv", rows, ("a", "b", "constant", "y"))
    found = fit(path, "y", hidden=[])
    assert found.predictor.loss == "squared_error"
    for truth, prediction in found.held_out:
        assert prediction == pytest.approx(truth, abs=1e-6)


@pytest.mark.parametrize("loss", ["hinge", "cross_entropy"])
def test_two_classes_given_by_numbers(tmp_path, loss):
    rows = [[x / 10, 10 if x > 0 else 9] for x in range(-50, 51)]
    found = fit(table(tmp_path / "t.csv", rows, ("x", "side")), "side", loss=loss)
    assert found.predictor.target.texts == ["9", "10"]  # in the order of the numbers
    assert sum(truth == prediction for truth, prediction in found.held_out) >= 19


def test_the_same_seed_gives_the_same_bits(flowers):
    first, again = (fit(flowers, "kind", steps=30, seed=3) for _ in range(2))
    assert first.history.losses == again.history.losses
    assert first.held_out == again.held_out
    assert first.held_out != fit(flowers, "kind", steps=30, seed=4).held_out


@given(st.data())
def test_a_predictor_comes_back_to_the_bit(data):
    import tempfile

    words = st.text("abü☃' \n", max_size=4).map(str.strip).filter(bool)
    finite = st.floats(-1e6, 1e6)
    columns = data.draw(
        st.lists(
            st.builds(Column, words, finite, st.floats(1e-3, 1e3), st.just([]))
            | st.builds(
                Column,
                words,
                st.just(0.0),
                st.just(1.0),
                st.lists(words, min_size=1, max_size=3, unique=True),
            ),
            min_size=1,
            max_size=4,
            unique_by=lambda column: column.name,
        )
    )
    loss = data.draw(st.sampled_from(["cross_entropy", "hinge", "squared_error"]))
    classes = [] if loss == "squared_error" else ["no", "yes"]
    n_in = sum(len(column.texts) or 1 for column in columns)
    n_out = 2 if loss == "cross_entropy" else 1
    model = mt.MLP(n_in, [3, n_out], "tanh", "linear", seed=data.draw(st.integers(0, 9)))
    predictor = Predictor(model, columns, Column("y", 0.5, 2.0, classes), loss)
    with tempfile.TemporaryDirectory() as folder:
        predictor.save(f"{folder}/p.json")
        again = Predictor.load(f"{folder}/p.json")
        with pytest.raises(mt.CheckpointError, match="no microtrain model, .*train predict reads"):
            mt.load(f"{folder}/p.json")
    cells = [data.draw(st.sampled_from(c.texts) if c.texts else finite.map(repr)) for c in columns]
    names = [column.name for column in columns]
    xs = inputs_of(predictor.columns, Table("t", [2], {c: [x] for c, x in zip(names, cells)}))
    turned = {c: [x] for c, x in zip(names[::-1], cells[::-1])}
    assert inputs_of(again.columns, Table("t", [2], turned)) == xs

    def predicted(by):
        try:
            return [by.predict(x) for x in xs]
        except ValueError as error:  # of numbers that are too large
            return str(error)

    assert predicted(again) == predicted(predictor)


@pytest.mark.parametrize("target", ["kind", "length"])
def test_a_prediction_that_is_not_finite_is_refused(flowers, tmp_path, target):
    path = tmp_path / "model.json"
    fit(flowers, target, steps=1).predictor.save(str(path))

    def explode(record):
        last = record["parameters"]["layers.1.weight"]
        last[:] = [[1.7e308 if x > 0 else -1.7e308 for x in row] for row in last]

    forge(path, explode)
    predictor = Predictor.load(str(path))
    with pytest.raises(ValueError, match="the prediction is not finite"):
        predictor.predict([9.0] * predictor.model.n_in)
    assert status_of(["predict", str(path), flowers]) == 2


def test_a_predictor_of_version_1_still_loads(tmp_path):
    path = tmp_path / "model.json"
    path.write_text(
        '{"format": "microtrain predictor", "version": 1, "architecture": {"n_in": 3, "sizes": [1],'
        ' "activations": ["linear"]}, "parameters": {"layers.0.weight": [[0.5, -1.0, 2]], '
        '"layers.0.bias": [0.25]}, "columns": [{"name": "a", "mean": 1, "scale": 2.0, "texts": []},'
        ' {"name": "b", "mean": 0.0, "scale": 1.0, "texts": ["x", "y"]}], "target": {"name": "c", '
        '"mean": 3.0, "scale": 4.0, "texts": []}, "loss": "squared_error"}'
    )
    predictor = Predictor.load(str(path))
    assert predictor.predict([2.0, 0.0, 1.0]) == 16.0
    assert [column.texts for column in predictor.columns] == [[], ["x", "y"]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.update(columns=5), "columns expects a list, got int 5"),
        (lambda r: r.update(columns=[]), "does not fit the columns"),
        (lambda r: r["columns"].pop(), "does not fit the columns"),
        (lambda r: r["columns"][0].pop("mean"), "columns.0. has missing or unknown keys"),
        (
            lambda r: r["columns"][0].update(scale=0),
            "scale expects a number above 0, got int 0",
        ),
        (
            lambda r: r["columns"][0].update(mean="1"),
            "columns.0..mean expects a number",
        ),
        (
            lambda r: r["columns"][0].update(texts=[1]),
            "texts.0. expects a text, got int 1",
        ),
        (lambda r: r["columns"][0].update(name=3), "columns.0..name expects a text"),
        (lambda r: r["target"].update(texts=["a"]), "does not fit a target of 1 classes"),
        (lambda r: r["target"].update(texts=["a", "b"]), "does not fit the columns"),
        (lambda r: r["target"].update(texts=["a", "a", "b"]), "does not fit a target of 2 classes"),
        (lambda r: r.update(loss="hinge"), "loss is hinge, which does not fit a target of 3"),
        (lambda r: r["columns"][0].update(mean=10**400), "mean expects a number that fits a float"),
        (lambda r: r["columns"][0].update(scale=10**400), "scale expects a number above 0"),
        (lambda r: r["columns"][0].update(scale=-1.5), "scale expects a number above 0"),
        (lambda r: r.update(loss="squared_error"), "which does not fit a target of 3 classes"),
        (lambda r: r.update(loss=["hinge"]), "loss expects one of cross_entropy, hinge, squared"),
        (lambda r: r.update(architecture=None), "architecture expects an object, got None"),
        (lambda r: r.update(extra=1), "has missing or unknown keys"),
        (lambda r: r.update(version=3), "version 3"),
        (lambda r: r.update(format="microtrain model"), "this is no microtrain predictor"),
    ],
)
def test_a_damaged_predictor_is_refused(flowers, tmp_path, change, message):
    path = tmp_path / "model.json"
    fit(flowers, "kind", steps=1).predictor.save(str(path))
    forge(path, change)
    with pytest.raises(mt.CheckpointError, match=message) as refused:
        Predictor.load(str(path))
    assert "\n" not in str(refused.value)
    assert status_of(["predict", str(path), flowers]) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "color"}, "target names column 'color', which is not in "),
        ({"test_share": 1}, "test_share expects a number of at least 0, below 1, got 1"),
        ({"test_share": -0.1}, "test_share expects"),
        (
            {"test_share": 0.99},
            "too few rows to learn from: 1 of 120, as test_share holds out 119, and 0 have an empt",
        ),
        ({"drop": ["kind"]}, "drop expects to leave 'kind'"),
        ({"drop": ["color"]}, "drop names column 'color', which is not in "),
        (
            {"drop": ["length", "weight", "soil"]},
            "drop expects to leave 'kind', and a column to learn it from",
        ),
        ({"loss": "hinge"}, "hinge expects two classes in 'kind', got 3"),
        ({"loss": "squared_error"}, "'kind' has texts, which are classes, not numbers"),
        (
            {"target": "length", "loss": "hinge"},
            "'length' has 120 different values, such as .*; --max-classes allows more; without ",
        ),
        ({"batch_size": 0}, "batch_size expects an int of at least 1"),
    ],
)
def test_what_does_not_fit_is_refused(flowers, options, message):
    with pytest.raises(ValueError, match=message):
        fit(flowers, **{"target": "kind", **options})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1, "a"], [2, "b"], ["", "a"]], "line 4: column 'x' expects a value, got ''; skip_empty"),
        (
            [["", "a"], [" ", "b"], ["", "a"]],
            r"line 2: column 'x' expects a value, got '' \(and 2 more rows like it\)",
        ),
        (
            [[1, "a"], [2, "b"], ["three", "a"]],
            "'x' expects a number, got 'three'; write numbers like 290075 or 1.5; where one is "
            "missing, leave the cell empty: skip_empty leaves the row out; --drop",
        ),
        ([[1, "a"], [2, "a"], [3, "a"]], "at least two classes in 'y', got 1"),
        (
            [[1, "a"], [2, "b"], [3, "7"]],
            r"line 2: column 'y' expects a number, got 'a' \(and 1 more row like it",
        ),
        (
            [[f"n{i}", "ab"[i % 2]] for i in range(60)],
            "has 60 different values, such as 'n0'",
        ),
        ([], "too few rows"),
        (
            [["1.7e308", "a"], ["-1.7e308", "b"], [0, "a"]],
            "t.csv, line 2: column 'x' has a number too large to standardize, 1.7e308; --drop x",
        ),
        (
            [["1", "a"], ["0", "b"], ["1e305", "a"]],
            "t.csv, line 4: column 'x' has a number too large to standardize, 1e305; --drop x",
        ),
    ],
)
def test_tables_that_can_not_be_learned_from(tmp_path, rows, message):
    path = table(tmp_path / "t.csv", rows, ("x", "y"))
    with pytest.raises(ValueError, match=message):
        fit(path, "y")


def test_a_text_never_seen_is_none_of_those_known():
    column = Column("soil", 0.0, 1.0, ["clay", "sand"])
    assert column.inputs("sand") == [0.0, 1.0]
    assert column.inputs("peat") == [0.0, 0.0]


def test_the_command_learns_and_predicts(flowers, tmp_path, capsys):
    model = str(tmp_path / "model.json")
    assert main(["fit", flowers, "--target", "kind", "--save", model]) == 0
    out = capsys.readouterr().out
    assert "MLP(5 -> 8 tanh -> 3 linear, 75 parameters), trained on 96 rows in " in out
    assert re.search(r"^ +0 +step +299$", out, re.MULTILINE)
    assert "Of the rows held out: 24 of 24 right, 100.0% (always saying " in out
    assert f"microtrain predict {model} FILE" in out
    new = table(
        tmp_path / "new.csv", [["peat", 0, 4], ["clay", 2000, 0]], ("soil", "weight", "length")
    )
    assert main(["predict", model, new]) == 0
    out, err = capsys.readouterr()
    assert out == "soil,weight,length,predicted kind\npeat,0,4,iris\nclay,2000,0,rose\n"
    assert err == ""
    assert main(["predict", model, flowers]) == 0
    assert capsys.readouterr().err.startswith("120 of 120 right, 100.0% (always saying 'aster'")
    rows = [[1, 2, "clay", ""], [1, 2, "clay", ""]]
    assert main(["predict", model, table(tmp_path / "blank.csv", rows)]) == 0
    assert status_of(["predict", model, table(tmp_path / "less.csv", [[1]], ("length",))]) == 2
    err = capsys.readouterr().err
    assert "the model needs column 'weight', which is not in " in err
    assert err.endswith("less.csv; its columns are 'length'\n")
    assert main(["predict", model, str(tmp_path / "none.csv")]) == 1
    assert main(["predict", str(tmp_path / "none.json"), new]) == 1


def test_numbers_are_judged_by_their_error(tmp_path, capsys):
    path = table(tmp_path / "t.csv", [[x, 3 * x] for x in range(20)], ("x", "y"))
    model = str(tmp_path / "model.json")
    assert main(["fit", path, "--target", "y", "--save", model, "--quiet"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("MLP(1 -> 8 tanh -> 1 linear, 25 parameters), trained on 16 rows in ")
    assert "root mean square error" in out
    path = table(tmp_path / "u.csv", [[x, 3 * x] for x in range(200)], ("x", "y"))
    assert main(["fit", path, "--target", "y", "--steps", "2"]) == 0
    assert "classes" not in capsys.readouterr().out
    holes = table(tmp_path / "holes.csv", [[1, "?"], [2, "?"]], ("x", "y"))
    assert main(["predict", model, holes]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("line", range(2, 12))
@pytest.mark.parametrize("column", [0, 2, 3])
def test_an_empty_cell_is_named_wherever_it_is(flowers, line, column):
    with open(flowers, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    rows[line - 1][column] = " "
    path = table(flowers, rows[1:], rows[0])
    with pytest.raises(
        ValueError, match=rf"line {line}: column '{rows[0][column]}' expects a value, got ''"
    ):
        fit(path, "kind")


def test_blanks_and_ways_to_write_a_number_make_no_classes(tmp_path):
    rows = [[f" {x}", " on" if x > 0 else "off ", "1" if x > 0 else " 2.0"] for x in range(-20, 20)]
    path = table(tmp_path / "t.csv", rows, (" x", "state ", "y"))
    found = fit(path, "y", loss="cross_entropy")
    assert found.predictor.target.texts == ["1", "2"]
    assert found.predictor.columns[1].texts == ["off", "on"]
    assert all(truth == prediction for truth, prediction in found.held_out)
    assert fit(path, "state", drop=["y"]).predictor.target.texts == ["off", "on"]


def test_texts_held_out_are_known(tmp_path):
    rows = [[i, "rare" if i == 7 else "ab"[i % 2], i] for i in range(30)]
    path = table(tmp_path / "t.csv", rows, ("x", "kind", "y"))
    for seed in range(5):
        assert fit(path, "y", seed=seed, steps=1).predictor.columns[1].texts == ["a", "b", "rare"]


def test_what_was_not_there_in_training_is_said(flowers, tmp_path, capsys):
    model = str(tmp_path / "model.json")
    main(["fit", flowers, "--target", "kind", "--save", model, "--quiet"])
    capsys.readouterr()
    header = ("length", "weight", "soil", "kind")
    rows = [[0, 0, "chalk", ""], [0, 0, "chalk", "aster"], [0, 0, "sand ", "iris"]]
    new = table(tmp_path / "new.csv", rows, header)
    assert main(["predict", model, new]) == 0
    err = capsys.readouterr().err.splitlines()
    assert err[0].endswith("2 rows: 'soil' is 'chalk', which was not there in training")
    assert err[1].startswith("1 of 2 right")  # the row without a kind does not count
    assert main(["predict", model, table(tmp_path / "one.csv", rows[:1], header)]) == 0
    assert ": 1 row: 'soil' is" in capsys.readouterr().err
    assert main(["predict", model, table(tmp_path / "empty.csv", [], header)]) == 0
    assert capsys.readouterr() == ("length,weight,soil,kind,predicted kind\n", "")


def test_probabilities_of_classes(flowers, tmp_path, capsys):
    path = str(tmp_path / "model.json")
    predictor = fit(flowers, "kind", steps=40).predictor
    predictor.save(path)
    assert main(["predict", path, flowers, "--probabilities"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    for row, x in zip(rows, inputs_of(predictor.columns, read_table(flowers))):
        found = {name: float(row[f"probability {name}"]) for name in KINDS}
        assert sum(found.values()) == pytest.approx(1) and min(found.values()) >= 0
        assert max(found, key=found.__getitem__) == row["predicted kind"] == predictor.predict(x)
    again = tmp_path / "again.csv"
    assert main(["predict", path, flowers, "--probabilities"]) == 0
    again.write_text(capsys.readouterr().out, encoding="utf-8")
    assert main(["predict", path, str(again), "--probabilities", "--quiet"]) == 0
    assert capsys.readouterr().out == again.read_text(encoding="utf-8")
    for options in ({"target": "length", "kind": "numbers"}, {"target": "soil", "loss": "hinge"}):
        two = [["1", "2", "peat", "a"], ["3", "4", "clay", "b"]] * 3
        fit(table(tmp_path / "two.csv", two), steps=1, **options).predictor.save(path)
        assert main(["predict", path, flowers, "--probabilities"]) == 2
        assert "--probabilities expects a model of cross_entropy" in capsys.readouterr().err


def test_rows_with_empty_cells_are_left_out_of_predictions(flowers, tmp_path, capsys):
    path = str(tmp_path / "model.json")
    fit(flowers, "kind", steps=1, drop=["weight"]).predictor.save(path)
    rows = [["1", "", "clay", ""], ["", "2", "clay", "iris"], ["3", "2", " ", "iris"]]
    holes = table(tmp_path / "holes.csv", rows)
    assert main(["predict", path, holes]) == 2
    told = "line 3: column 'length' expects a value, got ''; --skip-empty leaves such rows out\n"
    assert capsys.readouterr().err.endswith(told)
    lone = table(tmp_path / "lone.csv", rows[1:2])  # its column has no other cell
    assert main(["predict", path, lone]) == 2
    assert capsys.readouterr().err.endswith(told.replace("line 3", "line 2"))
    assert main(["predict", path, holes, "--skip-empty"]) == 0
    out, err = capsys.readouterr()
    assert out.count("\n") == 2 and out.splitlines()[1].startswith("1,,clay,,")
    assert err == "microtrain predict: 2 rows with an empty cell left out\n"
    assert main(["predict", path, holes, "--skip-empty", "--probabilities"]) == 0


def test_predictions_in_a_pipe(flowers, tmp_path, capsys, monkeypatch):
    model = str(tmp_path / "model.json")
    main(["fit", flowers, "--target", "kind", "--save", model, "--quiet"])
    capsys.readouterr()
    assert main(["predict", model, flowers]) == 0
    out, err = capsys.readouterr()
    assert "120 of 120 right" in err
    # Its own output, from standard input: the predictions are there once, not twice.
    stdin = io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbf" + out.encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    assert main(["predict", model, "-", "--quiet"]) == 0
    assert capsys.readouterr() == (out, "")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"length,weight,soil\n1,2\n")))
    assert status_of(["predict", model, "-"]) == 2
    err = capsys.readouterr().err
    assert err == "microtrain predict: standard input, line 2: expected 3 cells, got 2\n"


def test_a_model_that_is_no_predictor(flowers, tmp_path, capsys):
    path = str(tmp_path / "model.json")
    mt.save(mt.MLP(2, [1]), path)
    assert status_of(["predict", path, flowers]) == 2
    assert "this is no microtrain predictor, but a microtrain model" in capsys.readouterr().err
    assert status_of(["predict", flowers, flowers]) == 2
    assert "this is no microtrain predictor, as it is no JSON" in capsys.readouterr().err


def test_columns_that_are_said_to_be_texts(tmp_path, capsys):
    sizes, model = ["S", "M", "40", "42.0"], str(tmp_path / "model.json")
    rows = [[sizes[i % 4], i % 2] for i in range(40)]
    path = table(tmp_path / "t.csv", rows, ("size", "y"))
    command = ["fit", path, "--quiet", "--save", model, "--target"]
    assert status_of([*command, "y", "--loss", "hinge"]) == 2
    told = "; --texts size reads it as texts; --drop size leaves the column out"
    assert told in capsys.readouterr().err
    assert main([*command, "y", "--texts", "size", "y"]) == 0  # so "0" and "1" are classes
    assert "8 of 8 right" in capsys.readouterr().out
    assert Predictor.load(model).columns[0].texts == ["40", "42", "M", "S"]
    assert main(["predict", model, path]) == 0
    assert "40 of 40 right" in capsys.readouterr().err
    with pytest.raises(ValueError, match="texts names column 'colour', which is not in"):
        fit(path, "y", texts=["colour"])


def test_learning_from_a_pipe(flowers, capsys, monkeypatch):
    assert main(["fit", flowers, "--target", "kind", "--quiet", "--json"]) == 0
    expected = json.loads(capsys.readouterr().out)
    with open(flowers, "rb") as file:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(file.read())))
    assert main(["fit", "-", "--target", "kind", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["losses"] == expected["losses"]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a,b\n1\n")))
    assert status_of(["fit", "-", "--target", "b"]) == 2
    assert "standard input, line 2: expected 2 cells, got 1" in capsys.readouterr().err


def test_more_steps_for_a_table_are_another_schedule(flowers, tmp_path, capsys):
    path = str(tmp_path / "run.json")
    command = ["fit", flowers, "--target", "kind", "--quiet", "--checkpoint", path]
    assert main([*command, "--steps", "30"]) == 0
    capsys.readouterr()
    assert status_of([*command, "--resume", "--steps", "60"]) == 2
    err = capsys.readouterr().err
    assert "other lr: warmup_cosine(0.3, 30, 1, 0.0), not warmup_cosine(0.3, 60, 3, 0.0)" in err
    assert "the schedule is made for --steps, too" in err
    assert status_of([*command, "--resume", "--steps", "30", "--loss", "hinge"]) == 2
    assert "schedule" not in capsys.readouterr().err
    assert status_of([*command, "--resume", "--steps", "30", "--seed", "1"]) == 2
    assert "schedule" not in capsys.readouterr().err


def test_classes_that_were_not_there_in_training_are_said(flowers, tmp_path, capsys):
    model = str(tmp_path / "model.json")
    main(["fit", flowers, "--target", "kind", "--save", model, "--quiet"])
    rows = [[0, 0, "clay", "tulip"], [0, 0, "clay", "Iris"]]
    capsys.readouterr()
    assert main(["predict", model, table(tmp_path / "new.csv", rows)]) == 0
    err = capsys.readouterr().err
    assert "2 rows: 'kind' is none of 'aster', 'iris', 'rose'" in err


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="this system has no such device")
def test_a_model_is_not_saved_to_what_is_no_file(flowers, capsys):
    command = ["fit", flowers, "--target", "kind", "--save", "/dev/null"]
    assert status_of(command) == 1
    assert "/dev/null: a device or pipe can't be replaced by a file" in capsys.readouterr().err


def test_columns_whose_names_differ_in_blanks_only_are_one_name_twice(tmp_path):
    path = table(tmp_path / "t.csv", [[1, 2, 3]] * 9, ("a", " a", "y"))
    for read in (fit, mt.datasets.read_csv):
        with pytest.raises(ValueError, match="two columns of the same name"):
            read(path, "y")
    path = table(tmp_path / "u.csv", [[1, 2, 3], [2, 2, 3.5]] * 9, ("a", " b", " y"))
    assert mt.datasets.read_csv(path, "y ")[0][0] == [1.0, 2.0]
    assert [c.name for c in fit(path, " y", drop=[" b"]).predictor.columns] == ["a"]


@pytest.mark.parametrize(("lr", "advised"), [("30", True), ("0.1", False)])
def test_a_loss_that_swings_is_said(tmp_path, capsys, lr, advised):
    coins = [[x, "head" if x * x % 7 < 3 else "tail"] for x in range(40)]
    path = table(tmp_path / "t.csv", coins, ("x", "y"))
    assert main(["fit", path, "--target", "y", "--lr", lr]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert told.startswith("loss ") and "0 step 99" in told  # the curve
    assert ("Oscillating after 100 steps: the loss rose in" in told) == advised
    assert ("A smaller --lr may help." in told) == advised


def test_whole_numbers_in_the_target_are_classes_or_numbers_only_if_that_is_said(tmp_path):
    path = table(tmp_path / "t.csv", [[x, x % 3, x % 11, x / 2] for x in range(22)], "xymh")
    with pytest.raises(
        ValueError, match="3 different whole numbers, such as 2: say by --classes or --num"
    ):
        fit(path, "y")
    for options in ({"kind": "classes"}, {"loss": "cross_entropy"}):
        assert fit(path, "y", steps=1, **options).predictor.target.texts == ["0", "1", "2"]
    for options in ({"kind": "numbers"}, {"loss": "squared_error"}):
        assert fit(path, "y", steps=1, **options).predictor.target.texts == []
    for target in "mh":  # 11 different numbers, and some that are not whole
        assert fit(path, target, steps=1).predictor.loss == "squared_error"
    for kind, loss in (("numbers", "hinge"), ("classes", "squared_error")):
        with pytest.raises(ValueError, match=f"loss expects one for {kind}, got {loss}"):
            fit(path, "y", kind=kind, loss=loss)


LIKE_NUMBERS = (
    "290,075|2797,32|10%|1 234|1\u202f234|1'234|1_234|$5|€5|5 €|US$5|(100)|100-|\u22125|2024-01-31|"
    "31.01.2024|1/2/2024|2024-01|01-2024|12:30|12:30 PM|2024-01-31T10:00Z|1.5 kg|1,5e3|1/2|nan|-inf"
    "|1e999"
)


NUMBERS = (
    "write numbers like 290075 or 1.5; where one is missing, leave the cell empty: skip_empty "
    "leaves the row out"
)


@pytest.mark.parametrize("cell", LIKE_NUMBERS.split("|"))
def test_texts_that_look_like_numbers_are_refused(tmp_path, cell):
    rows = [[1, "low", "low"], [2, "high", cell], [3, "low", cell], [4, "high", "low"]] * 5
    path = table(tmp_path / "t.csv", rows, ("x", "y", "odd one"))
    told = "t.csv, line 3: column 'odd one' expects numbers or texts, "
    told += f"got {cell!r} (and 9 more rows like it); {NUMBERS}"
    for target, drop in (("y", "; --drop 'odd one' leaves the column out"), ("odd one", "")):
        with pytest.raises(ValueError) as refused:
            fit(path, target)
        assert str(refused.value).endswith(f"{told}; --texts 'odd one' reads it as texts{drop}")
        assert fit(path, target, texts=["odd one"], steps=1)
    table(path, [[x, y] for x, _, y in rows], ("x", "odd one"))
    with pytest.raises(ValueError) as refused:
        mt.datasets.read_csv(path, "odd one")
    assert str(refused.value).endswith(told)


@pytest.mark.parametrize("cells", [21 * 2, 10])
def test_what_differs_in_each_row_is_not_offered_as_texts(tmp_path, cells):
    rows = [[x, f"0,{x % 21}"] for x in range(cells)]
    with pytest.raises(ValueError) as refused:
        fit(table(tmp_path / "t.csv", rows, "xy"), "y", max_classes=20)
    assert str(refused.value).endswith(f"got '0,0' (and {cells - 1} more rows like it); {NUMBERS}")


def test_a_column_of_empty_cells_is_left_out_by_drop(tmp_path):
    path = table(tmp_path / "t.csv", [[x, "", x / 2] for x in range(9)], ("x", "", "y"))
    with pytest.raises(ValueError, match=r"8 more rows like it\); --drop '' leaves the column out"):
        fit(path, "y")
    assert fit(path, "y", drop=[""], steps=1)
    path = table(tmp_path / "u.csv", [[x, x or "", x / 2] for x in range(9)], "xzy")
    with pytest.raises(ValueError, match="skip_empty leaves such rows out; --drop z leaves the co"):
        fit(path, "y")


def test_ordinary_names_of_classes_are_texts(tmp_path):
    names = [
        "A1",
        "3rd",
        "type 2",
        "0-10 cm",
        "2 doors",
        "4-door",
        "0-10",
        "11 \N{EN DASH} 20",
        "65+",
    ]
    names += [
        "<5",
        ">=50K",
        "#1",
        "1. low",
        "2: high",
        "4x4",
        "v1.5",
        "EUR 5",
        "n/a",
        "-",
        "?",
        "5 kg",
    ]
    for start in (0, 10):
        some = names[start : start + 11]
        rows = [[i, some[i % len(some)]] for i in range(40)]
        found = fit(table(tmp_path / "t.csv", rows, "xy"), "y", steps=1)
        assert found.predictor.target.texts == sorted(some)


@pytest.mark.parametrize("loss", [None, "cross_entropy"])
def test_more_than_20_classes_are_learned_only_if_asked_for(tmp_path, loss):
    rows = [[i, f"n{i % 21}" if loss is None else i % 21] for i in range(63)]
    path = table(tmp_path / "t.csv", rows, "xy")
    with pytest.raises(ValueError, match=r"'y' has 21 different values, .*; --max-classes allows"):
        fit(path, "y", loss=loss)
    assert len(fit(path, "y", loss=loss, steps=1, max_classes=21).predictor.target.texts) == 21


def test_cells_are_separated_by_what_is_said(tmp_path, flowers):
    expected = fit(flowers, "kind", steps=3).history.losses
    with open(flowers, encoding="utf-8") as file:
        text = file.read()
    for name, sep in ((";", ";"), ("tab", "\t"), ("\t", "\t"), ("|", "|"), (" ", " ")):
        path = tmp_path / "other.csv"
        path.write_text(text.replace(",", sep))
        assert fit(str(path), "kind", sep=name, steps=3).history.losses == expected


def test_rows_with_empty_cells_are_skipped_if_asked_for(tmp_path):
    rows = [[x, "" if x == 9 else "ab"[x % 2], "" if x % 2 else 1] for x in range(20)]
    rows[4][0] = " "
    path = table(tmp_path / "t.csv", rows, "xyz")
    kept = [row for i, row in enumerate(rows) if i not in (4, 9)]
    whole = table(tmp_path / "u.csv", kept, "xyz")
    with pytest.raises(
        ValueError, match="line 11: column 'y' expects a value, got ''; skip_empty leaves such"
    ):
        fit(path, "y", drop=["z"])
    found, same = fit(path, "y", drop=["z"], skip_empty=True), fit(whole, "y", drop=["z"])
    assert (found.task.skipped, same.task.skipped) == (2, 0)
    assert found.history.losses == same.history.losses
    with pytest.raises(ValueError, match="0 of 20, as .* out 0, and 20 have an empty"):
        fit(table(tmp_path / "v.csv", [[1, ""]] * 20, "xy"), "y", skip_empty=True)


@pytest.mark.parametrize("row", [["1", " "], ["", "a"]])
def test_what_is_predicted_from_has_no_empty_cells(tmp_path, row):
    path = table(tmp_path / "t.csv", [[1, "a", 1], [2, "b", 2.5]] * 5, "xsy")
    predictor = fit(path, "y", steps=1).predictor
    new = read_table(table(tmp_path / "u.csv", [[3, "b"], row], "xs"))
    with pytest.raises(
        ValueError, match="line 3: column '.' expects a value, got ''; skip_empty leaves"
    ):
        inputs_of(predictor.columns, new)
    assert len(inputs_of(predictor.columns, new.complete(["x", "s"]))) == 1


def test_numbers_of_more_digits_than_a_float_has_stay_different_classes(tmp_path):
    ids = ["12345678901234567", "12345678901234568", "0", "-0", "1e0", "1.0"]
    path = table(tmp_path / "t.csv", [[i, ids[i % 6]] for i in range(30)], "xy")
    assert fit(path, "y", texts=["y"], steps=1).predictor.target.texts == ["0", "1", *ids[:2]]


def test_classes_whose_numbers_are_one_float_have_an_order(tmp_path):
    ids = [str(2**60 + k) for k in range(12)]
    path = table(tmp_path / "t.csv", [[i, ids[i % 12]] for i in range(60)], "xy")
    assert fit(path, "y", kind="classes", steps=1).predictor.target.texts == ids


def test_other_separators_are_recognized(tmp_path, capsys):
    path = tmp_path / "t.csv"
    path.write_text("x;y\n1;2\n")
    assert main(["fit", str(path), "--target", "y"]) == 2
    told = "--sep expects what ends a cell, perhaps ';': with a comma .*t.csv has one column, 'x;y'"
    assert re.search(told, capsys.readouterr().err)
    path.write_text("x;y\n1,5;2\n")  # a comma for the decimal point is no second cell
    assert main(["fit", str(path), "--target", "y"]) == 2
    assert re.search(told, capsys.readouterr().err)
    path.write_text("x\ty\n1\t2\n")
    assert main(["fit", str(path), "--target", "y"]) == 2
    assert "--sep expects what ends a cell, perhaps 'tab':" in capsys.readouterr().err
    for sep, other, names in (("|", ";", "x;y"), (";", ",", "x,y")):
        path.write_text(f"{names}\n1{other}2\n")
        assert main(["fit", str(path), "--target", "y", "--sep", sep]) == 2
        told = f"which is not in {path}; its columns are '{names}'\n"
        assert capsys.readouterr().err.endswith(told)
    path.write_text("x, in cm\n1\n")
    assert read_table(path, sep=";").values("x, in cm") == [1.0]


def test_the_record_of_a_table(flowers, capsys):
    assert main(["fit", flowers, "--target", "kind", "--steps", "5", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["trained_on"] == 96
    assert len(record["held_out"]) == 24 and record["held_out"][0].keys() == {"truth", "prediction"}
    assert len(record["losses"]) == 5


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ("{csv}", 2, "--target COLUMN is missing"),
        ("{csv} --target kind --reduction sum", 2, "there is no option --reduction"),
        ("{csv} --target color", 2, "--target names column 'color', which"),
        ("{csv}.none --target kind", 1, "No such file"),
        ("{csv} --target kind --save {csv}/x", 1, "there is no such folder"),
        ("{csv} --target kind --save {csv}", 2, "--save replaces models only"),
        ("{csv} --target kind --save x --checkpoint x", 2, "another file than --checkpoint"),
        ("{csv} --target kind --save {module}", 2, "--save replaces models only"),
        ("{csv} --target kind --steps 1 --checkpoint {csv}/x", 1, "no such folder"),
    ],
)
def test_bad_arguments(flowers, capsys, words, status, message):
    assert status_of(["fit", *words.format(csv=flowers, module=__file__).split()]) == status
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1


def test_a_rate_that_is_none_is_named_as_it_was_given(flowers, capsys):
    assert main(["fit", flowers, "--target", "kind", "--lr", "-1"]) == 2
    assert "--lr expects a finite number above 0, got -1" in capsys.readouterr().err


def test_what_a_table_does_not_teach_is_said(tmp_path, capsys):
    rows = [[x, 3, "a", x % 2, "b" if x == 9 else "a"] for x in range(50)]
    path = table(tmp_path / "t.csv", rows, ("x", "same", "s", "coin", "y"))
    assert main(["fit", path, "--target", "y", "--quiet"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert told.endswith("1 of 2 classes, such as 'b', had no row held out to judge by.")
    with pytest.raises(
        ValueError, match="squared_error expects at least two numbers in 'same', go"
    ):
        fit(path, "same")


def test_where_most_rows_are_left_out_the_other_way_is_said(tmp_path, capsys):
    rows = [[x, x if x % 4 == 0 else "", x / 3] for x in range(40)]
    path = table(tmp_path / "t.csv", rows, "xzy")
    assert main(["fit", path, "--target", "y", "--skip-empty", "--quiet"]) == 0
    told = "30 rows with an empty cell left out. That is most: --drop leaves out a column instead."
    assert told in capsys.readouterr().out
    path = table(tmp_path / "t.csv", [*rows, *([x, x, x / 3] for x in range(20))], "xzy")
    assert main(["fit", path, "--target", "y", "--skip-empty", "--quiet"]) == 0
    assert "\n30 rows with an empty cell left out.\n" in capsys.readouterr().out


def test_how_it_ends(flowers, capsys, monkeypatch, tmp_path):
    command = ["fit", flowers, "--target", "kind"]
    assert main([*command, "--target-loss", "0.5", "--test-share", "0"]) == 0
    out = capsys.readouterr().out
    assert "Converged: the loss of a mini-batch, not of all samples, is below 0.5" in out
    assert "No rows were held out, so nothing says how good it is" in out
    model = tmp_path / "model.json"
    bad = ["--lr", "1e300", "--steps", "40", "--activation", "linear", "--save", str(model)]
    assert main([*command, *bad]) == 1
    assert "Try a smaller --lr." in capsys.readouterr().out
    assert not model.exists()

    during = ""

    def interrupt(progress, *_):
        if progress.what == during:
            raise KeyboardInterrupt

    monkeypatch.setattr("microtrain.cli.fit.Progress.show", interrupt)
    during = "steps"
    assert main(command) == 130
    assert "Interrupted after 1 step" in capsys.readouterr().out
    during = "rows read"
    assert main(command) == 130
    assert capsys.readouterr() == ("", "microtrain fit: interrupted\n")


def test_confusions():
    pairs = [("a", "a"), ("a", "b"), ("b", "b")]
    assert confusion(pairs, ["a", "b"]).split("\n") == [
        "       a     b  predicted",
        "a      1     1",
        "b      ·     1",
    ]
    long, *rows = confusion([("y" * 30, "x" * 30)], ["y" * 30, "y" * 29 + "\n"]).split("\n")
    assert long.split() == ["y" * 12, "y" * 12, "predicted"]
    assert [row.split()[0] for row in rows] == ["y" * 30, "y" * 29 + "\\n"]
    assert score(pairs, "a") == "2 of 3 right, 66.7% (always saying 'a' would get 66.7%)"
    assert score([(1.0, 2.0), (3.0, 3.0)], 2.0) == (
        "root mean square error 0.7071 (always saying 2, the mean in training, would get 1)"
    )
    assert score([("a", "b")], "a").endswith("would get 100.0%): worse than that")
    assert score([(1.0, 2.0)], 1.5).endswith("training, would get 0.5): worse than that")


def test_what_a_guess_would_get_is_known_beforehand(tmp_path, capsys):
    path = table(tmp_path / "t.csv", [[x, x + 1.5] for x in range(5)], "xy")
    found = fit(path, "y", steps=1)
    [(truth, _)] = found.held_out
    mean = (17.5 - truth) / 4  # of the others
    assert found.task.guess == pytest.approx(mean)
    model = str(tmp_path / "model.json")
    assert main(["fit", path, "--target", "y", "--save", model, "--quiet"]) == 0
    guess = f"(always saying {mean:.4g}, the mean in training, would get {abs(truth - mean):.4g})"
    assert guess in capsys.readouterr().out
    assert main(["predict", model, path]) == 0
    assert f"(always saying {mean:.4g}, the mean in training" in capsys.readouterr().err
    coins = table(tmp_path / "u.csv", [[x, "ab"[x % 5 == 0]] for x in range(10)], "xy")
    for loss in ("hinge", "cross_entropy"):
        assert fit(coins, "y", loss=loss, steps=1).task.guess == "a"
