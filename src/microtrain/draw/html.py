"""Tables as HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


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
