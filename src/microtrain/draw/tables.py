"""Tables: as CSV, and as HTML for notebooks."""

from __future__ import annotations

from ..errors import file_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any


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


def html_table(
    title: str, rows: Iterable[Sequence[str]], header: Sequence[str] = (), below: str = ""
) -> str:
    """Return a table of texts, with a title above it and a piece of HTML below.

    Without a header the first cell of each row is its title.
    """
    from html import escape

    lines = [f"<p><strong>{escape(title)}</strong></p>", "<table>"]
    if header:
        cells = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
        lines.append(f"<thead><tr>{cells}</tr></thead>")
    lines.append("<tbody>")
    for first, *others in rows:
        head = f"<td>{escape(first)}</td>" if header else f'<th scope="row">{escape(first)}</th>'
        lines.append(f"<tr>{head}{''.join(f'<td>{escape(cell)}</td>' for cell in others)}</tr>")
    return "\n".join([*lines, "</tbody></table>", below]).rstrip()


def preformatted(text: str) -> str:
    """Return a text as HTML that keeps its lines and spaces."""
    from html import escape

    return f'<pre style="line-height: 1.15">{escape(text)}</pre>'
