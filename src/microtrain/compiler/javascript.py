"""JavaScript: how it writes records, and the frame around what was written: functions over arrays.

Nothing in it raises: where Python would, the result is infinite or NaN.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .python import indented
from .writer import Language

STATEMENTS = 100  # in a function; engines give up optimizing much longer ones

# Functions that JavaScript lacks, or has with other results at the edges.
FUNCTIONS = {
    "pow": """function pow(x, n) {
  if (n === -1) return 1 / x;
  return x === 1 || (x === -1 && Math.abs(n) === inf) ? 1 : Math.pow(x, n);
}""",
    "sigmoid": "const sigmoid = (x) => { const e = Math.exp(-Math.abs(x)); "
    "return (x < 0 ? e : 1) / (1 + e); };",
    # The series of Abramowitz and Stegun, "Handbook of Mathematical Functions", 7.1.6 and 7.1.14.
    "erf": """function erf(x) {
  const far = Math.abs(x);
  if (far > 2) return Math.sign(x) * (1 - erfc(far));
  let term = x, total = x;
  for (let k = 1; k < 60; k += 1) {
    term *= (2 * x * x) / (2 * k + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * bell(x) * total;
}
function erfc(x) {
  if (!(x > 1)) return 1 - erf(x);
  let rest = x;
  for (let k = 200; k > 0; k -= 1) rest = x + k / 2 / rest;
  return bell(x) / Math.sqrt(Math.PI) / rest;
}
function bell(x) { // exp(-x * x), of which the square would lose digits
  const near = Math.fround(x);
  if (near - near !== 0) return Math.exp(-x * x);
  return Math.exp(-near * near) * Math.exp((near - x) * (near + x));
}""",
}
FUNCTIONS["erfc"] = FUNCTIONS["erf"]


class JavaScript(Language):
    """JavaScript: functions over arrays, in which only results have names."""

    column = "javascript"
    statement = "const {} = {};"
    comment = "// {}"
    conditional = " ? "
    functions = FUNCTIONS
    keywords = ()  # the only names are numbered


def function(name: str, parameters: str, lines: Sequence[str], result: str = "") -> str:
    """Return a function of these statements; of many, one that calls several, one after the other.

    What one of those computes for another goes through an array.
    """
    if len(lines) > STATEMENTS:
        parts = [lines[i : i + STATEMENTS] for i in range(0, len(lines), STATEMENTS)]
        return _split(name, parameters, parts, result)
    body = [*lines, *([f"return {result};"] if result else [])]
    return "\n".join([f"function {name}({parameters}) {{", *indented(body), "}"])


def _split(name: str, parameters: str, parts: Sequence[Sequence[str]], result: str) -> str:
    made = [set(re.findall(r"^const (\w+) =", "\n".join(part), re.MULTILINE)) for part in parts]
    used = [re.findall(r"\w+", "\n".join(part)) for part in [*parts, [result]]]
    known: dict[str, str] = {}  # where the results are that later parts use
    for k, names in enumerate(used):
        earlier = set().union(*made[:k])
        for word in names:
            if word in earlier and word not in known:
                known[word] = f"{name}_kept[{len(known)}]"
    sources = [f"const {name}_kept = new Float64Array({len(known)});"]
    calls = []
    for k, part in enumerate(parts):
        taken = [word for word in dict.fromkeys(used[k]) if word in known and word not in made[k]]
        body = [f"const {word} = {known[word]};" for word in taken]
        body += [*part, *(f"{known[word]} = {word};" for word in known if word in made[k])]
        sources.append(
            "\n".join([f"function {name}_{k + 1}({parameters}) {{", *indented(body), "}"])
        )
        calls.append(f"{name}_{k + 1}({parameters});")
    return "\n".join([*sources, function(name, parameters, calls, known.get(result, result))])
