"""The README's programs are right in the eyes of type checkers, too."""

from __future__ import annotations

import doctest
import os
import pathlib
import re
import sys

import pytest
from machine import run
from pages import ROOT, blocks, pages_with

# What is right in a page, but not to a checker: the built-in sum of no Values would be the int 0,
# at a prompt an expression is shown, and a loop that is there to be run is run.
HEADER = """\
# pyright: reportUnusedExpression=false, reportPossiblyUnboundVariable=false
from collections.abc import Iterable
from typing import Any
def sum(values: Iterable[Any]) -> Any:
    raise NotImplementedError
"""

# Operations of one's own, with what checkers find that they return.
OWN = """\
from typing import Any, assert_type
import microtrain as mt
from microtrain import *
@mt.primitive(slopes=lambda y, x: mt.ratio(1, x), takes="a number", python="{0}", c=lambda x: x)
def smooth(x: float) -> float: return x
@mt.primitive(slopes=None, exact=True)
def stepped(x: float) -> float: return x
@mt.primitive(slopes=(lambda y, a, b: b, None), raises=False)
def several(a: float, b: float) -> float: return a
v = mt.Value(2.0)
assert_type((smooth(2.0), mt.exp(2.0)), tuple[float, float])
assert_type((smooth(v), mt.exp(v), v.exp()), tuple[mt.Value, mt.Value, mt.Value])
assert_type((stepped(2.0), mt.sign(2.0)), tuple[float, float])
assert_type((stepped(v), mt.sign(v), v.sign()), tuple[float, float, float])
assert_type((several(2.0, v), mt.atan2(v, 1.0)), tuple[Any, Any])
assert_type((sigmoid(2.0), relu(v), sign(v)), tuple[float, Value, float])
"""


def program(page: str) -> str:
    """Return the Python of a page as one program: what stands at its prompts."""
    examples = doctest.DocTestParser().get_examples("\n".join(blocks("python", page)))
    return HEADER + "".join(example.source for example in examples)


def check_pages(folder: pathlib.Path, *command: str) -> None:
    paths = []
    for page in pages_with("python"):
        if page in ("docs/use.md", "docs/gpt.md"):
            continue  # scipy has no types of its own; the example of the GPT has none
        paths.append(folder / f"{re.sub('[^a-z]', '_', page.lower())}.py")
        paths[-1].write_text(program(page), encoding="utf-8")
    paths.append(folder / "own.py")
    paths[-1].write_text(OWN, encoding="utf-8")
    env = {**os.environ, "MYPYPATH": str(ROOT / "src"), "PYTHONPATH": str(ROOT / "src")}
    done = run(sys.executable, "-m", *command, *map(str, paths), cwd=ROOT, env=env)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_pages_satisfy_mypy(tmp_path):
    pytest.importorskip("mypy")
    untyped = ("--allow-untyped-defs", "--allow-untyped-calls", "--allow-redefinition")
    check_pages(tmp_path, "mypy", "--strict", *untyped)


@pytest.mark.slow
def test_the_pages_satisfy_pyright(tmp_path):
    pytest.importorskip("pyright")
    check_pages(tmp_path, "pyright", "--pythonpath", sys.executable)
