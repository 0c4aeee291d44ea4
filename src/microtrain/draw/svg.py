"""Elements of SVG: what all drawings are made of."""

import re
from html import escape


def element(tag: str, *content: str, **attributes: str | float) -> str:
    """Return an element. Its content is markup, or what `escaped` returns.

    Attributes have the quotes that JSON leaves as they are.
    In the names of attributes, underscores stand for hyphens; one at the end is dropped.

    >>> element("g", element("circle", r=2.5), class_="point", aria_label="a<b")
    "<g class='point' aria-label='a&lt;b'><circle r='2.5'/></g>"
    """
    pairs = [
        f" {name.rstrip('_').replace('_', '-')}='{escaped(_number(value))}'"
        for name, value in attributes.items()
    ]
    opening = f"<{tag}{''.join(pairs)}"
    return f"{opening}>{''.join(content)}</{tag}>" if content else f"{opening}/>"


def text(line: str, x: float, y: float, **attributes: str) -> str:
    return element("text", *filter(None, [escaped(line)]), x=x, y=y, **attributes)


def rect(x: float, y: float, width: float, height: float) -> str:
    return element("rect", x=x, y=y, width=width, height=height, rx=4)


def curve(x: float, y: float, to_x: float, to_y: float, *rest: str | float) -> str:
    """Return the `d` of a line, and of the rest of the path.

    It goes to the right, level at its ends, or straight down.
    """
    if x == to_x or y == to_y:
        return path("M", x, y, "L", to_x, to_y, *rest)
    half = (x + to_x) / 2
    return path("M", x, y, "C", half, y, half, to_y, to_x, to_y, *rest)


def path(*points: str | float) -> str:
    """Return the `d` of a path: commands, and the coordinates after them.

    >>> path("M", 0, -1.5, "H", 20)
    'M0-1.5H20'
    """
    return re.sub("(?<=[A-Z]) | (?=[A-Z-])", "", " ".join(map(_number, points)))


def escaped(text: str) -> str:
    """Return a text as SVG has it: characters that it can't hold are replaced.

    >>> escaped('<w & "b">\\0')
    '&lt;w &amp; &quot;b&quot;&gt;\ufffd'
    """
    return escape("".join(c if c.isprintable() else "\ufffd" for c in text))


def _number(value: str | float) -> str:
    """Return an attribute's value as text: coordinates need no more than two decimals."""
    return value if isinstance(value, str) else f"{round(value, 2):g}"
