"""What drawings in SVG are made of: elements, escaped texts, and paths."""

from __future__ import annotations

import re
from html import escape


def element(tag: str, *content: str, **attributes: str | float) -> str:
    """Return an element. Its content is markup, or what `escaped` returns.

    In the names of attributes, underscores stand for hyphens; one at the end is dropped.

    >>> element("g", element("circle", r=2.5), class_="point", data_slot="a<b")
    '<g class="point" data-slot="a&lt;b"><circle r="2.5"/></g>'
    """
    pairs = [
        f' {name.rstrip("_").replace("_", "-")}="{escaped(_number(value))}"'
        for name, value in attributes.items()
    ]
    opening = f"<{tag}{''.join(pairs)}"
    return f"{opening}>{''.join(content)}</{tag}>" if content else f"{opening}/>"


def escaped(text: str) -> str:
    """Return a text as SVG has it: characters that it can't hold are replaced.

    >>> escaped('<w & "b">\\0')
    '&lt;w &amp; &quot;b&quot;&gt;\ufffd'
    """
    return escape("".join(c if c.isprintable() else "\ufffd" for c in text))


def _number(value: str | float) -> str:
    """Return an attribute's value as text: coordinates need no more than two decimals."""
    return value if isinstance(value, str) else f"{round(value, 2):g}"


def path(*points: str | float) -> str:
    """Return the `d` of a path: commands, and the coordinates after them.

    >>> path("M", 0, -1.5, "H", 20)
    'M0-1.5H20'
    """
    return re.sub("(?<=[A-Z]) | (?=[A-Z-])", "", " ".join(map(_number, points)))
