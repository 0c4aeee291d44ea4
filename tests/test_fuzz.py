"""Whatever the command is given, and whatever is in a table: an answer, or one clear line."""

from __future__ import annotations

import contextlib
import csv
import io
import math
import os
import pathlib
import re
import tempfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from outcomes import status_of

from microtrain.nn import datasets

WORDS = [
    *("0", "1", "-1", "3", "2.5", "0.05", "nan", "inf", "-inf", "1e308", "1e-320", "-0.0"),
    *("9" * 30, "9" * 5000, "", " ", "-", "--", "---", "--steps", "tanh", "relu", "mean", "xor"),
    *("text", "na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve", "\N{SNOWMAN}", "\udcff", "a\0b"),
    *("$HOME", "../x", "/", ".", "a/b", "%s", "{}", "@file", "1,2", "0x10", "1_000", "--lr=0.1"),
]
OPTIONS = {}


def options(command):
    """The options of a command, as its help lists them."""
    if command not in OPTIONS:
        out, status = run([command, "--help"])
        assert status == 0
        OPTIONS[command] = sorted(set(re.findall(r"--[a-z-]+", out[0])) - {"--help"})
    return OPTIONS[command]


def run(argv):
    """What a command prints, on both streams, and its exit status."""
    streams = [
        io.TextIOWrapper(
            io.BytesIO(),
            encoding="utf-8",
        )
        for _ in range(2)
    ]
    streams[1].reconfigure(errors="backslashreplace")
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        status = status_of(argv)
    for stream in streams:
        stream.seek(0)
    return [stream.read() for stream in streams], status


@st.composite
def command_lines(draw):
    command = draw(st.sampled_from(["train", "sweep", "report"]))
    word = st.sampled_from(WORDS) | st.text(max_size=5)
    words = draw(st.lists(st.sampled_from(options(command)) | word, max_size=6))
    if draw(st.booleans()):
        words.insert(0, draw(word))
    # What bounds the work comes last, so that it holds.
    small = ["--steps", "3"]
    if command != "train":
        small += ["--lrs", "0.1"]
    if command == "sweep":
        small += ["--seeds", "2", "--jobs", "1"]
    return [command, *words, *small]


@given(command_lines())
@example(["report", "\udcff.html", "--steps", "3", "--lrs", "0.1"])
@example(["report", "0/\n", "--steps", "3", "--lrs", "0.1"])
@example(["train", "--checkpoint", "\udcff", "--steps", "3"])
@example(["train", "--seed", "9" * 5000, "--steps", "3"])
@example(["\udcff"])
@example(["-\N{SNOWMAN}"])
def test_any_arguments_get_an_answer_or_one_line(argv):
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            (out, err), status = run(argv)
        finally:
            os.chdir(here)
    assert status in (0, 1, 2)
    if status == 2:
        assert out == "" and err.startswith("microtrain") and err.count("\n") == 1
    else:
        assert out != "" or err.count("\n") == 1 or (status == 0 and "--quiet" in argv)


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), min_size=1)
CELLS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.data())
def test_any_table_comes_back_to_the_bit(data):
    names = data.draw(st.lists(NAMES, min_size=2, max_size=4, unique_by=str.strip))
    rows = data.draw(st.lists(st.tuples(*[CELLS] * len(names)), min_size=1, max_size=5))
    k = data.draw(st.integers(0, len(names) - 1))
    text = io.StringIO()
    csv.writer(
        text,
        quoting=data.draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])),
        lineterminator=data.draw(st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\r\n\r\n"])),
    ).writerows([names, *rows])
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "table.csv")
        path.write_bytes(text.getvalue().encode(data.draw(st.sampled_from(["utf-8", "utf-8-sig"]))))
        xs, ys = datasets.read_csv(path, names[k])
    found = [[*x[:k], y, *x[k:]] for x, y in zip(xs, ys)]
    assert [[*map(float.hex, row)] for row in found] == [[*map(float.hex, row)] for row in rows]


PIECES = [
    *(b"a", b"y", b"1", b"-2.5", b"nan", b"1e999", b",", b",,", b";", b"\n", b"\r\n", b"\r", b" "),
    *(b'"', b'""', b"'", b"\t", b"\0", b"\xef\xbb\xbf", b"\xff", b"\xe2\x98\x83", b"1_0", b"0x1"),
]


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=12).map(b"".join))
def test_any_file_is_a_table_or_one_clear_error(content):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "table.csv")
        path.write_bytes(b"a,y\n1,2\n" + content)
        try:
            xs, ys = datasets.read_csv(path, "y")
        except ValueError as error:
            assert str(path) in str(error)
        else:
            assert len(xs) == len(ys) >= 1
            assert all(math.isfinite(x) for row in xs for x in row)
            assert all(len(row) == 1 and math.isfinite(y) for row, y in zip(xs, ys))


ODD = st.sampled_from(
    ["", " ", "1", "2", "-0.5", "1e300", "nan", "red", "blue", " red", "ä\n", "=1+1"]
)


@given(st.data())
def test_any_table_is_learned_from_and_predicted_or_refused_in_one_line(data):
    n = data.draw(st.integers(2, 4))
    cells = [
        data.draw(st.sampled_from([ODD, CELLS.map(repr), ODD.filter(str.isalpha)]))
        for _ in range(n)
    ]
    rows = data.draw(st.lists(st.tuples(*cells), min_size=2, max_size=9))
    names = data.draw(st.lists(NAMES, min_size=n, max_size=n, unique_by=str.strip))
    loss = data.draw(st.sampled_from([[], ["--loss", "cross_entropy"], ["--loss", "hinge"]]))
    with tempfile.TemporaryDirectory() as folder:
        table, model = os.path.join(folder, "table.csv"), os.path.join(folder, "model.json")
        with open(table, "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([names, *rows])
        options = [table, f"--target={names[0]}", "--save", model, "--steps", "2", *loss]
        (out, err), status = run(["fit", *options])
        if status == 2:
            assert out == "" and err.startswith("microtrain fit: ") and err.count("\n") == 1
            return
        assert (status, err) == (1 if "Diverged" in out else 0, "")
        if status == 0:
            (out, err), status = run(["predict", model, table, "--quiet"])
            assert (status, err) == (0, "")
            predicted = list(csv.reader(io.StringIO(out, newline="")))
            assert len(predicted) == 1 + len(rows)
            assert all(len(row) == n + 1 for row in predicted)


@pytest.mark.load
def test_a_table_of_50_megabytes(tmp_path):
    path = tmp_path / "table.csv"
    row = ",".join(["0.123456789"] * 10) + "\n"
    n = 50_000_000 // len(row)
    with path.open("w") as file:
        file.write(",".join(f"x{i}" for i in range(9)) + ",y\n")
        for _ in range(n):
            file.write(row)
    xs, ys = datasets.read_csv(path, "y")
    assert (len(xs), len(xs[0]), set(ys)) == (n, 9, {0.123456789})
