"""JavaScript that is run for tests, by Node."""

from __future__ import annotations

import json
import math
import shutil
import struct
import subprocess
from typing import Any

NODE = shutil.which("node")

SHOW = """
const show = (x) => JSON.stringify(x, (_, v) =>
  v instanceof Float64Array || v instanceof Int32Array ? [...v]
    : typeof v !== "number" ? v : Object.is(v, -0) ? "-0" : Number.isFinite(v) ? v : String(v));
"""
OTHER = {"-0": -0.0, "NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def node(source: str, expression: str) -> Any:
    """Return the value of an expression after some code; numbers in it as floats."""
    code = f'"use strict";\n{source}\n{SHOW}\nprocess.stdout.write(show({expression}));'
    done = subprocess.run([str(NODE), "-"], input=code, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return _numbers(json.loads(done.stdout, parse_int=float))


def _numbers(x: Any) -> Any:
    if isinstance(x, list):
        return [_numbers(part) for part in x]
    if isinstance(x, dict):
        return {key: _numbers(part) for key, part in x.items()}
    return OTHER.get(x, x) if isinstance(x, str) else x


def script(x: Any) -> str:
    """Return numbers, in whatever nesting, as JavaScript."""
    if isinstance(x, list | tuple):
        return f"[{', '.join(map(script, x))}]"
    return "NaN" if x != x else repr(float(x)).replace("inf", "Infinity")


def ulps(a: float, b: float) -> float:
    """Return how many floats b is away from a; 0 for two NaNs, inf for a NaN and a number."""
    if a != a or b != b:
        return 0.0 if a != a and b != b else math.inf
    return float(abs(_place(a) - _place(b)))


def _place(x: float) -> int:
    (n,) = struct.unpack("<q", struct.pack("<d", x))
    return n if n >= 0 else -(n & 0x7FFFFFFFFFFFFFFF)
