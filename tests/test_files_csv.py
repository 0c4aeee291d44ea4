"""CSV files: what is read is what was written, and what can't be a table is refused."""

from __future__ import annotations

import csv
import io

import pytest

from microtrain import datasets
from microtrain.files.csv import Table, class_of, read_table, write_csv

ROWS = [["a", "b c"], ["1", "x\ry"], ["", 'say "x", or\nnot'], ["2;3", "\t|"]]


@pytest.mark.parametrize("sep", [None, ",", ";", "tab", "\t", "|", " ", "_", "☃"])
def test_a_table_comes_back_with_any_separator(tmp_path, sep):
    path = tmp_path / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="\t" if sep == "tab" else sep or ",").writerows(ROWS)
    table = read_table(path, sep=sep)
    assert [[*table.columns], *map(list, zip(*table.columns.values()))] == ROWS
    assert table.lines == [2, 4, 6]  # \r ends a line of the file, too


@pytest.mark.parametrize("sep", ["", "ab", "a", "1", '"', "\n", "\r", "\0", "\udcff", "TAB", 5])
def test_what_can_not_separate_cells_is_refused(tmp_path, sep):
    with pytest.raises(ValueError, match="sep expects one character, such as ';', or 'tab', got"):
        read_table(tmp_path / "t.csv", sep=sep)


def test_rows_are_written_to_a_path_as_to_a_file(tmp_path):
    path, file = tmp_path / "t.csv", io.StringIO()
    write_csv(path, ROWS)
    write_csv(file, ROWS)
    assert path.read_bytes().decode() == file.getvalue()
    table = read_table(path)
    assert [[*table.columns], *map(list, zip(*table.columns.values()))] == ROWS


def test_the_first_cell_that_does_not_fit_is_named_with_its_line(tmp_path):
    table = Table("t", [2, 3, 7], {"x": ["1", "two", "three"]})
    with pytest.raises(
        ValueError, match=r"^t, line 3: column 'x' expects a number, got 'two' \(and"
    ):
        table.values("x")
    assert table.values("x", texts=True) == ["1", "two", "three"]


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (" 1.0", "1"),
        ("1e0", "1"),
        ("-0", "0"),
        ("0.10", "0.1"),
        ("1_0", "1_0"),
        ("nan", "nan"),
        ("A ", "A"),
    ],
)
def test_ways_to_write_a_number_are_one_class(text, known):
    assert class_of(text) == known


def test_read_csv_skips_rows_with_empty_cells_if_asked_to(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a;y\n1;red \n;blue\n2; red\n3;blue\n4;\n")
    assert datasets.read_csv(path, "y", sep=";", skip_empty=True) == (
        [[1.0], [2.0], [3.0]],
        [1.0, 1.0, 0.0],
    )
    with pytest.raises(ValueError, match="line 3: column 'a' expects a value, got ''; skip_empty"):
        datasets.read_csv(path, "y", sep=";")
    path.write_text("a,y\nred,1\nblue,2\n")
    with pytest.raises(ValueError) as refused:
        datasets.read_csv(path, "y")
    told = "; drop a column of texts from the file, or turn it into numbers"
    assert str(refused.value).endswith(f"skip_empty leaves the row out{told}")
    with pytest.raises(TypeError, match="target expects the name of a column, got int 1"):
        datasets.read_csv(path, 1)
