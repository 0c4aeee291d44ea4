"""CSV files: tables, so read that an error names the line and the column; and rows, written.

A cell is empty if there is nothing in it but blanks, a number if Python reads it as a finite one
(without "_"), else a text. A column is of numbers or of texts. Texts that are numbers to people
("290,075", "10%", "$5", "1 234", "2024-01-31", "12:30", "1.5 kg") must not become names of classes
in silence: a column that has one is refused, unless it is said to be one of texts.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TextIO

from ..errors import counted, describe, file_path

_SEP = re.compile(r'tab|[\t _]|[^\w\s"\0-\x1f\ud800-\udfff]')

# Texts with no digit; with a letter before the first digit ("type 2", but not "US$5"); or with no
# more before the first letter than a whole number, a range or a bound ("3rd", "0-10 cm", "<5").
_NAME = re.compile(
    r"""\D*
    | (?!.*[$¢-¥\u20a0-\u20cf]\s*\d) \D*[^\W\d_].*
    | (?:[<>]=?|[≤≥#])? \s* (?:\d+|(?P<low>0|[1-9]\d*)\s*[-\u2013]\s*(?P<high>\d+))
      (?:\s*\+|[-\u2013\s.:)=_/]*[^\W\d_].*)?""",
    re.DOTALL | re.VERBOSE,
)


class Table:
    """What a CSV file holds: the names of its columns, and its rows with the lines they begin on.

    All that reads a column raises `ValueError` where it is not there, or has an empty cell.
    """

    def __init__(self, path: str, names: Sequence[str]) -> None:
        self.path, self.names = path, list(names)
        self.rows: list[tuple[int, list[str]]] = []

    def place(self, name: str, what: str) -> int:
        """Return which column has this name; `what` asks for it."""
        if name not in self.names:
            columns = ", ".join(map(repr, self.names)) or "none: it is empty"
            raise ValueError(
                f"{what} expects a column of {self.path}, got {name!r}; its columns are {columns}"
            )
        return self.names.index(name)

    def others(self, target: str) -> list[str]:
        """Return the names of the other columns. Raises `ValueError` if there are none."""
        self.place(target, "target")
        if len(self.names) == 1:
            raise ValueError(f"{self.path} has no column but the target")
        return [name for name in self.names if name != target]

    def complete(self, names: Iterable[str]) -> Table:
        """Return a table of the rows that have no empty cell in these columns."""
        places = [self.place(name, "the model") for name in names]
        table = Table(self.path, self.names)
        table.rows = [row for row in self.rows if all(row[1][k].strip() for k in places)]
        return table

    def numbers(self, name: str, remedy: str = "") -> list[float]:
        """Return a column's numbers. Raises `ValueError` for a text; `remedy` is what to do."""
        cells = self._cells(name)
        numbers = [x for _, text in cells if (x := number_of(text)) is not None]
        if len(numbers) < len(cells):
            odd = [cell for cell in cells if number_of(cell[1]) is None]
            raise self._error(name, odd, f"expects a number, got {odd[0][1]!r}", remedy)
        return numbers

    def texts(self, name: str) -> list[str]:
        """Return a column's texts, each as `class_of` gives it."""
        return [class_of(text) for _, text in self._cells(name)]

    def values(self, name: str, remedy: str = "") -> list[Any]:
        """Return a column's texts if none of its cells is a number, else its numbers.

        Raises `ValueError` for a text that looks like a number.
        """
        cells = self._cells(name)
        if any(number_of(text) is not None for _, text in cells):
            return self.numbers(name, remedy)
        if odd := [cell for cell in cells if not _is_name(cell[1])]:
            wanted = f"expects texts, or numbers such as 290075 or 1.5, got {odd[0][1]!r}"
            raise self._error(name, odd, wanted, remedy)
        return self.texts(name)

    def _cells(self, name: str) -> list[tuple[int, str]]:
        """Return a column's cells without blanks around them, each with its line."""
        k = self.place(name, "the model")
        cells = [(line, row[k].strip()) for line, row in self.rows]
        if empty := [cell for cell in cells if not cell[1]]:
            raise self._error(name, empty, "is empty", "; skip_empty leaves such rows out")
        return cells

    def _error(
        self, name: str, cells: Sequence[tuple[int, str]], problem: str, remedy: str
    ) -> ValueError:
        more = f" (and {counted(len(cells) - 1, 'more row')} like it)" if cells[1:] else ""
        where = f"{self.path}, line {cells[0][0]}"
        return ValueError(f"{where}: column {name!r} {problem}{more}{remedy}")


def read_table(
    path: Any,
    file: TextIO | None = None,
    sep: str | None = None,
    watch: Callable[[Iterable[list[str]]], Iterable[list[str]]] = iter,
) -> Table:
    """Return the table in a CSV file; blanks around the names of its columns don't count.

    path: where it is; file: what to read instead, open for text; sep: the character between two
    cells, or "tab"; by default a comma; watch: called with an iterator over the rows, it hands them
    on. Raises `ValueError` where it is no such table.
    """
    import csv

    path = file_path("path", path)
    if sep is not None and not (isinstance(sep, str) and _SEP.fullmatch(sep)):
        raise ValueError(f"sep expects one character, such as ';', or 'tab', got {describe(sep)}")
    with open(path, encoding="utf-8-sig", newline="") if file is None else file as lines:
        reader = csv.reader(lines, delimiter="\t" if sep == "tab" else sep or ",", strict=True)
        begins = 1  # the line on which a row does, which may go on for several
        table = None
        try:
            for row in watch(reader):
                line, begins = begins, reader.line_num + 1
                if row and table is None:  # the first line that is not blank
                    table = Table(path, _names(path, row, sep))
                elif row and table is not None:
                    if len(row) != len(table.names):
                        expected = counted(len(table.names), "cell")
                        raise ValueError(
                            f"{path}, line {line}: expected {expected}, got {len(row)}"
                        )
                    table.rows.append((line, row))
        except csv.Error as error:
            hint = " (is there a quote too many, or too few?)" if "'\"'" in str(error) else ""
            hint = hint or (" (is a quote not closed?)" if "end of data" in str(error) else "")
            raise ValueError(f"{path}, line {begins}: {error}{hint}") from None
        except UnicodeDecodeError:
            raise ValueError(f"{path} is not UTF-8 text") from None
    return table or Table(path, [])


def _names(path: str, row: Sequence[str], sep: str | None) -> list[str]:
    """Return the names of columns. Raises `ValueError` if the cells are not separated by commas."""
    names = [name.strip() for name in row]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{path} has two columns of the same name, {twice[0]!r}")
    other = [c for c in ";\t|" if c in row[0]]
    if sep is None and len(row) == 1 and other:
        raise ValueError(
            f"{path} has one column, {names[0]!r}, if commas separate the cells; "
            f"if {other[0]!r} does, say so by sep"
        )
    return names


def class_of(text: str) -> str:
    """Return the text by which a class is known: without blanks around it; 1 for 1.0 and 1e0.

    Numbers of more digits than a float keeps are known by their text.
    """
    text = text.strip()
    x = number_of(text)
    short = text if x is None else f"{x + 0.0:.15g}"  # adding 0.0 makes 0 of -0
    return short if x == number_of(short) else text


def number_of(text: str) -> float | None:
    """Return the finite number that a text is, or None."""
    try:
        x = float(text)
    except ValueError:
        return None
    return x if math.isfinite(x) and "_" not in text else None  # to Python, 1_000 is a number


def _is_name(text: str) -> bool:
    """Return whether a text can be the name of a class, and is no number written in another way."""
    with contextlib.suppress(ValueError):
        float(text)  # nan, 1e999, 1_000
        return False
    found = _NAME.fullmatch(text)
    # A range ascends: 2024-01 is a month.
    return found is not None and (
        found["low"] is None or float(found["low"]) < float(found["high"])
    )


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
