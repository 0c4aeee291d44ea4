"""CSV files: tables are read, with errors that name the line and the column; rows are written.

A cell is empty (it has nothing but blanks), a number (Python reads it as a finite one, and it has
no "_"), or a text. A column has numbers or texts. Texts that are numbers to people ("290,075",
"10%", "$5", "1 234", "2024-01-31", "12:30", "1.5 kg") are refused: they would become names of
classes in silence. A column that is said to hold texts may have them.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any, TextIO

from ..errors import counted, describe, file_path

SEP = r'tab|[\t _]|[^\w\s"\0-\x1f\ud800-\udfff]'

ENDS = ",;\t|"  # what usually ends a cell

# A text is a name if it has no digit; if a letter comes before the first digit ("type 2", but not
# "US$5"); or if only a whole number, a range or a bound comes before the first letter ("3rd",
# "0-10 cm", "<5").
NAME = r"""(?sx) \D*
    | (?!.*[$¢-¥\u20a0-\u20cf]\s*\d) \D*[^\W\d_].*
    | (?:[<>]=?|[≤≥#])? \s* (?:\d+|(?P<low>0|[1-9]\d*)\s*[-\u2013]\s*(?P<high>\d+))
      (?:\s*\+|[-\u2013\s.:)=_/]*[^\W\d_].*)?"""


class Table:
    """What a CSV file holds: the lines that its rows begin on, and its columns, by their names.

    Whatever takes the name of a column raises `ValueError` if it is not there.
    """

    def __init__(self, path: str, lines: list[int], columns: dict[str, list[str]]) -> None:
        self.path, self.lines, self.columns = path, lines, columns

    def cells(self, name: str, what: str = "the model needs") -> list[str]:
        """Return the cells of the column with this name; an error says `what` names it."""
        if name not in self.columns:
            columns = ", ".join(map(repr, self.columns)) or "none: it is empty"
            missing = f"which is not in {self.path}; its columns are {columns}"
            raise ValueError(f"{what} column {name!r}, {missing}")
        return self.columns[name]

    def complete(self, names: Iterable[str]) -> Table:
        """Return the table without the rows that have an empty cell in one of these columns."""
        rows = zip(*map(self.cells, names))
        return self.of([i for i, cells in enumerate(rows) if all(map(str.strip, cells))])

    def of(self, places: Sequence[int]) -> Table:
        """Return the table of the rows in these places, in this order."""
        columns = {name: [cells[i] for i in places] for name, cells in self.columns.items()}
        return Table(self.path, [self.lines[i] for i in places], columns)

    def values(
        self, name: str, texts: bool | None = None, as_texts: str = "", drop: str = ""
    ) -> list[Any]:
        """Return a column's texts, as `class_of` gives them, if `texts`; else its numbers.

        By default a column has texts if no cell is a number; then none may look like one. Raises
        `ValueError` for a cell that is empty or does not fit. The error ends with what to do:
        with `as_texts`, unless the cell is empty, and with `drop`.
        """
        cells = [cell.strip() for cell in self.cells(name)]
        numbers = [number_of(cell) for cell in cells]
        missing = "where one is missing, leave the cell empty: skip_empty leaves the row out"
        as_texts = f"; write numbers like 290075 or 1.5; {missing}{as_texts}"

        def expect(wanted: str, fits: Iterable[bool], remedy: str = as_texts) -> None:
            odd = [(line, cell) for line, cell, fit in zip(self.lines, cells, fits) if not fit]
            more = f" (and {counted(len(odd) - 1, 'more row')} like it)" if odd[1:] else ""
            for line, cell in odd:
                where = f"{self.path}, line {line}: column {name!r}"
                raise ValueError(f"{where} expects {wanted}, got {cell!r}{more}{remedy}{drop}")

        skip = "; skip_empty leaves such rows out" if any(cells) or not drop else ""
        expect("a value", map(bool, cells), skip)
        if texts is None and all(x is None for x in numbers):
            expect("numbers or texts", map(_is_name, cells))
            texts = True
        if texts:
            return [*map(class_of, cells)]
        expect("a number", (x is not None for x in numbers))
        return numbers


def read_table(
    path: Any,
    file: TextIO | None = None,
    sep: str | None = None,
    watch: Callable[[Iterable[list[str]]], Iterable[list[str]]] = iter,
) -> Table:
    """Return the table in a CSV file, its names of columns without blanks around them.

    path: where it is. file: an open text file to read instead. sep: the character between two
    cells, or "tab"; a comma by default. watch: a function that gets an iterator over the rows and
    returns one; it can count them. Raises `ValueError` if the file holds no such table.
    """
    import csv
    import re

    path = file_path("path", path)
    if sep is not None and not (isinstance(sep, str) and re.fullmatch(SEP, sep)):
        got = describe(sep).removeprefix("str ")
        raise ValueError(f"sep expects one character, such as ';', or 'tab', got {got}")
    names: list[str] = []
    lines: list[int] = []
    rows: list[list[str]] = []
    with open(path, encoding="utf-8-sig", newline="") if file is None else file as text:
        reader = csv.reader(text, delimiter="\t" if sep == "tab" else sep or ",", strict=True)
        begins = 1  # the line on which the next row begins; a row may have several lines
        try:
            for row in watch(reader):
                line, begins = begins, reader.line_num + 1
                if not row:  # the line is blank
                    continue
                names = names or _names(path, row, sep)
                if len(row) != len(names):
                    expected = counted(len(names), "cell")
                    raise ValueError(f"{path}, line {line}: expected {expected}, got {len(row)}")
                lines.append(line)
                rows.append(row)
        except csv.Error as error:
            hint = "is there a quote too many, or too few?"
            raise ValueError(f"{path}, line {begins}: {error} ({hint})") from None
        except UnicodeDecodeError:
            how = "save it as such, or use iconv -f ENCODING -t UTF-8"
            raise ValueError(f"{path} is not UTF-8 text: {how}") from None
    del lines[:1], rows[:1]  # of the names
    return Table(path, lines, {name: [row[k] for row in rows] for k, name in enumerate(names)})


def _names(path: str, row: Sequence[str], sep: str | None) -> list[str]:
    """Return the names of the columns. Raises `ValueError` if two are equal, or none is split."""
    names = [name.strip() for name in row]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{path} has two columns of the same name, {twice[0]!r}")
    if sep is None and len(row) == 1 and (other := [c for c in ENDS if c in row[0]]):
        ends = "tab" if other[0] == "\t" else other[0]
        found = f"with a comma {path} has one column, {names[0]!r}"
        raise ValueError(f"sep expects what ends a cell, perhaps {ends!r}: {found}")
    return names


def class_of(text: str) -> str:
    """Return the name of a class: 1 for 1.0, unless the number has too many digits."""
    x = number_of(text)
    short = text.strip() if x is None else f"{x + 0.0:.15g}"  # adding 0.0 makes 0 of -0
    return short if x == number_of(short) else text.strip()


def number_of(text: str) -> float | None:
    """Return the finite number that a text is, or None."""
    try:
        x = float(text)
    except ValueError:
        return None
    return x if math.isfinite(x) and "_" not in text else None  # Python reads 1_000


def _is_name(text: str) -> bool:
    """Return whether a text can be the name of a class; a number in other words can't."""
    import re  # slow to import

    with contextlib.suppress(ValueError):
        float(text)  # nan, 1e999, 1_000
        return False
    found = re.fullmatch(NAME, text)
    low, high = found.group("low", "high") if found else ("1", "0")
    return low is None or float(low) < float(high)  # a range ascends: 2024-01 is a month


def write_csv(target: Any, rows: Iterable[Iterable[Any]]) -> None:
    """Write rows as CSV to a path, or to a file that is open for text; None is an empty cell."""
    import csv

    if not hasattr(target, "write"):
        with open(file_path("target", target), "w", encoding="utf-8", newline="") as file:
            return write_csv(file, rows)
    # The csv module quotes a carriage return only if it also ends lines with one.
    lines: Any = SimpleNamespace(write=lambda line: target.write(line.removesuffix("\r\n") + "\n"))
    csv.writer(lines).writerows(rows)
