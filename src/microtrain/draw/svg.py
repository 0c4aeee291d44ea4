"""The elements that drawings in SVG are made of: escaped text, boxes, and edges with heads."""

from __future__ import annotations

from html import escape

# From the tip of an arrow on.
HEADS = {"right": "l-8-3.5v7z", "left": "l8-3.5v7z", "down": "l-3.5-8h7z", "up": "l-3.5 8h7z"}


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
    text = "".join(p if isinstance(p, str) else f" {_number(p)}" for p in points)
    for command in "MLHVC":
        text = text.replace(f"{command} ", command)
    return text.replace(" -", "-")


def curve(x: float, y: float, to_x: float, to_y: float, *more: str | float) -> str:
    """Return the `d` of a line to the right, level at its ends, or straight down, and of more."""
    half = (x + to_x) / 2
    return path("M", x, y, "C", half, y, half, to_y, to_x, to_y, *more)


def arrow_head(x: float, y: float, direction: str) -> str:
    """Return the `d` of an arrow's head that ends in (x, y), and points that way."""
    return path("M", x, y) + HEADS[direction]


def rect(x: float, y: float, wide: float, high: float) -> str:
    """Return a rectangle with round corners; (x, y) is its upper left one."""
    return element("rect", x=x, y=y, width=wide, height=high, rx=4)


def text(words: str, x: float, y: float, **attributes: str | float) -> str:
    """Return a text whose baseline is at y."""
    return element("text", *filter(None, [escaped(words)]), x=x, y=y, **attributes)


def edge(name: str, x: float, y: float, to_x: float, to_y: float) -> str:
    """Return a line to the right or straight down, with two arrow heads.

    They are of the classes `forth`, at its end, and `back`, at its beginning.
    """
    forth, back = ("down", "up") if x == to_x else ("right", "left")
    line = element("path", d=curve(x, y, to_x, to_y), class_="line")
    end = element("path", d=arrow_head(to_x, to_y, forth), class_="head forth")
    beginning = element("path", d=arrow_head(x, y, back), class_="head back")
    return element("g", line, end, beginning, class_="edge", data_edge=name)
