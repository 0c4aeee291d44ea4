"""CSV files: tables, read cell by cell, so that an error names the line; and rows, written.

A cell is empty if there is nothing in it but blanks, a number if Python reads it as a finite one
(without "_"), else a text. A column is of numbers or of texts. Texts that are numbers to people
("290,075", "10%", "$5", "1 234", "2024-01-31", "12:30", "1.5 kg") must not become names of classes
in silence: a column that has one is refused.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

from ..errors import counted, describe, file_path

Row = tuple[str, list[str]]  # where it is, and its cells
Cell = tuple[str, str]  # where it is, and its text

# Texts with no digit; with a letter before the first digit ("type 2", but not "US$5"); or with no
# more before the first letter than a whole number, a range or a bound ("3rd", "0-10 cm", "<5").
_NAME = re.compile(
    r"""\D*
    | (?!.*[$¢-¥\u20a0-\u20cf]\s*\d) \D*[^\W\d_].*
    | (?:[<>]=?|[≤≥#])? \s* (?:\d+|(?P<low>0|[1-9]\d*)\s*[-\u2013]\s*(?P<high>\d+))
      (?:\s*\+|[-\u2013\s.:)=_/]*[^\W\d_].*)?""",
    re.DOTALL | re.VERBOSE,
)
_SEP = re.compile(r'tab|[\t _]|[^\w\s"\0-\x1f\ud800-\udfff]')


def read_table(
    path: Any, file: TextIO | None = None, sep: str | None = None
) -> tuple[list[str], Iterator[Row]]:
    """Return the column names of a CSV file, without blanks around them, and an iterator of rows.

    path: where it is; file: what to read instead, open for text; sep: the character between two
    cells, or "tab"; by default a comma. Raises `ValueError` where it is no such table.
    """
    if sep is not None and not (isinstance(sep, str) and _SEP.fullmatch(sep)):
        raise ValueError(f"sep expects one character, such as ';', or 'tab', got {describe(sep)}")
    rows = _read(file_path("path", path), file, "\t" if sep == "tab" else sep or ",")
    _, names = next(rows)
    other = next((c for c in (";", "\t", "|") if len(names) == 1 and c in names[0]), None)
    if sep is None and other is not None:
        raise ValueError(
            f"{os.fsdecode(path)} has one column, {names[0]!r}, if commas separate the cells; "
            f"if {other!r} does, say so by sep"
        )
    return names, rows


def _read(path: str, file: TextIO | None, delimiter: str) -> Iterator[Row]:
    import csv

    with open(path, encoding="utf-8-sig", newline="") if file is None else file as lines:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
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
        raise ValueError(
            f"target expects a column of {os.fsdecode(path)}, got {target!r}; "
            f"its columns are {columns}"
        )
    if len(names) == 1:
        raise ValueError(f"{os.fsdecode(path)} has no column but the target")
    return names.index(target)


def complete(rows: Iterable[Row], places: Sequence[int]) -> Iterator[Row]:
    """Yield the rows with no empty cell in these places."""
    return ((where, row) for where, row in rows if all(row[k].strip() for k in places))


def holds_texts(name: str, cells: Sequence[Cell], declared: bool = False, remedy: str = "") -> bool:
    """Return whether a column is of texts (or is `declared` to be), else of numbers.

    Raises `ValueError` for an empty cell, for a text among numbers, and for one that looks like a
    number; `remedy` is what to do about the last two.
    """
    refuse_empty(name, cells)
    if declared:
        return True
    texts = [cell for cell in cells if number_of(cell[1]) is None]
    among_numbers = len(texts) < len(cells)
    if odd := [cell for cell in texts if among_numbers or not _is_name(cell[1].strip())]:
        where, text = odd[0]
        others = (
            f" (and in {counted(len(odd) - 1, 'more row')} something like it)" if odd[1:] else ""
        )
        wanted = "a number" if among_numbers else "texts, or numbers such as 290075 or 1.5"
        raise ValueError(f"{where}: column {name!r} expects {wanted}, got {text!r}{others}{remedy}")
    return bool(texts)


def _is_name(text: str) -> bool:
    """Return whether a text can be the name of a class, and is no number written in another way."""
    with contextlib.suppress(ValueError):
        float(text)  # nan, 1e999, 1_000
        return False
    found = _NAME.fullmatch(text)
    if found is None:
        return False
    # A range ascends, but 2024-01 is a month.
    return found["low"] is None or float(found["low"]) < float(found["high"])


def refuse_empty(name: str, cells: Sequence[Cell]) -> None:
    """Raise `ValueError` if a cell of a column is empty."""
    if empty := [where for where, text in cells if not text.strip()]:
        others = f" (and so it is in {counted(len(empty) - 1, 'more row')})" if empty[1:] else ""
        raise ValueError(
            f"{empty[0]}: column {name!r} is empty{others}; skip_empty leaves such rows out"
        )


def number_of(text: str) -> float | None:
    """Return the finite number that a text is, or None."""
    try:
        x = float(text)
    except ValueError:
        return None
    return x if math.isfinite(x) and "_" not in text else None  # to Python, 1_000 is a number


def number_in_cell(text: str, column: str, where: str) -> float:
    """Return the number in a cell. Raises `ValueError` if there is none."""
    x = number_of(text)
    if x is None:
        refuse_empty(column, [(where, text)])
        raise ValueError(f"{where}: column {column!r} expects a number, got {text!r}")
    return x


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
