"""JavaScript: how it writes records, and the frame around what was written: functions over arrays.

Nothing in it raises: where Python would, the result is infinite or NaN.
"""

import re
from collections.abc import Sequence

from .writer import Writer

STATEMENTS = 100  # in a function; engines give up optimizing much longer ones


class JavaScript(Writer):
    """JavaScript, in which only results have names. The rest of what it calls is in `report/js`."""

    column = "javascript"
    statement = "const {} = {};"
    comment = "// {}"


def function(parameters: str, lines: Sequence[str], result: str = "") -> str:
    """Return a function of these statements; of many, one that calls several, one after the other.

    What one of those computes for another goes through an array.
    """
    if len(lines) <= STATEMENTS:
        return _arrow(parameters, lines, result)
    parts = [lines[i : i + STATEMENTS] for i in range(0, len(lines), STATEMENTS)]
    texts = ["\n".join(part) for part in parts]
    made = {x: k for k in range(len(parts)) for x in re.findall(r"(?m)^const (\w+) =", texts[k])}
    used = [dict.fromkeys(re.findall(r"\w+", text)) for text in [*texts, result]]
    shared = dict.fromkeys(x for k, words in enumerate(used) for x in words if made.get(x, k) < k)
    kept = {x: f"kept[{i}]" for i, x in enumerate(shared)}  # where those of later parts find them
    body = [f"const kept = new Float64Array({len(kept)});"]
    for k, part in enumerate(parts):
        taken = [f"const {x} = {kept[x]};" for x in used[k] if made.get(x, k) < k]
        left = [f"{place} = {x};" for x, place in kept.items() if made[x] == k]
        body.append(f"const part{k} = {_arrow(parameters, [*taken, *part, *left])};")
    calls = [f"part{k}({parameters});" for k in range(len(parts))]
    return f"({_arrow('', body, _arrow(parameters, calls, kept.get(result, result)))})()"


def _arrow(parameters: str, lines: Sequence[str], result: str = "") -> str:
    body = [*lines, *([f"return {result};"] if result else [])]
    return "\n".join([f"({parameters}) => {{", *body, "}"])
