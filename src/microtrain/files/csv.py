"""CSV files: tables, read cell by cell, so that an error names the line; and rows, written."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

from ..errors import counted, file_path

Row = tuple[str, list[str]]  # where it is, and its cells


def read_table(path: Any, file: TextIO | None = None) -> tuple[list[str], Iterator[Row]]:
    """Return the column names of a CSV file, without blanks around them, and an iterator of rows.

    path: where it is; file: what to read instead, open for text. Raises `ValueError` where it is no
    such table.
    """
    rows = _read(file_path("path", path), file)
    _, names = next(rows)
    return names, rows


def _read(path: str, file: TextIO | None) -> Iterator[Row]:
    import csv

    with open(path, encoding="utf-8-sig", newline="") if file is None else file as lines:
        reader = csv.reader(lines, strict=True)
        begins = 1  # the line on which a row does, which may go on for several
        try:
            names: list[str] | None = None
            for row in reader:
                where, begins = f"{path}, line {begins}", reader.line_num + 1
                if names is None and row:  # the first line that is not blank
                    names = [name.strip() for name in row]
                    if twice := [name for name in names if names.count(name) > 1]:
                        raise ValueError(f"{path} has two columns of the same name, {twice[0]!r}")
                    yield path, names
                elif names is not None and row:
                    if len(row) != len(names):
                        expected = counted(len(names), "cell")
                        raise ValueError(f"{where}: expected {expected}, got {len(row)}")
                    yield where, row
            if names is None:
                yield path, []
        except csv.Error as error:
            hint = " (is there a quote too many, or too few?)" if "'\"'" in str(error) else ""
            hint = hint or (" (is a quote not closed?)" if "end of data" in str(error) else "")
            raise ValueError(f"{path}, line {begins}: {error}{hint}") from None
        except UnicodeDecodeError:
            raise ValueError(f"{path} is not UTF-8 text") from None


def place_of(target: str, names: Sequence[str], path: Any) -> int:
    """Return which column is the target. Raises `ValueError` if none is, or no other is there."""
    if target not in names:
        columns = ", ".join(map(repr, names)) or "none: it is empty"
        other = next((c for c in ";\t|" if len(names) == 1 and c in names[0]), "")
        hint = f" (is it separated by {other!r}? only commas are read)" if other else ""
        raise ValueError(
            f"target expects a column of {os.fsdecode(path)}, got {target!r}; "
            f"its columns are {columns}{hint}"
        )
    if len(names) == 1:
        raise ValueError(f"{os.fsdecode(path)} has no column but the target")
    return names.index(target)


def is_text(cells: Iterable[str]) -> bool:
    """Return whether a column holds texts: no cell is a number, and none is blank."""
    return all(text.strip() and math.isnan(_number(text)) for text in cells)


def number_in_cell(text: str, column: str, where: str) -> float:
    """Return the number in a cell. Raises `ValueError` if there is none."""
    x = _number(text)
    if not math.isfinite(x):
        raise ValueError(f"{where}: column {column!r} expects a number, got {text!r}")
    return x


def _number(text: str) -> float:
    """Return the number that a text is; infinite for a NaN, and NaN for what is no number."""
    try:
        x = float(text if "_" not in text else "")  # to Python, 1_000 is a number
    except ValueError:
        return math.nan
    return math.inf if math.isnan(x) else x


def write_csv(target: Any, rows: Iterable[Iterable[Any]]) -> None:
    """Write rows as CSV to a path, or to a file that is open for text; None is an empty cell."""
    import csv

    if hasattr(target, "write"):
        csv.writer(_Lines(target)).writerows(rows)
    else:
        with open(file_path("target", target), "w", encoding="utf-8", newline="") as file:
            write_csv(file, rows)


class _Lines:
    """A file for the csv module, which quotes a carriage return only if lines end in one."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def write(self, line: str) -> None:
        self.file.write(line.removesuffix("\r\n") + "\n")
