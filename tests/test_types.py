"""The README's programs are right in the eyes of type checkers, too."""

from __future__ import annotations

import doctest
import os
import pathlib
import re
import sys

import pytest
from machine import run

ROOT = pathlib.Path(__file__).parent.parent
PAGES = [
    page
    for page in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")))
    if "```python\n" in page.read_text(encoding="utf-8")
]

# What is right in a page, but not to a checker: the built-in sum of no Values would be the int 0,
# at a prompt an expression is shown, and a loop that is there to be run is run.
HEADER = """\
# pyright: reportUnusedExpression=false, reportPossiblyUnboundVariable=false
from collections.abc import Iterable
from typing import Any
def sum(values: Iterable[Any]) -> Any:
    raise NotImplementedError
"""


def program(page: pathlib.Path) -> str:
    """Return the Python of a page as one program: what stands at its prompts."""
    blocks = re.findall(
        r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    examples = doctest.DocTestParser().get_examples("\n".join(blocks))
    return HEADER + "".join(example.source for example in examples)


def checked(page: pathlib.Path, folder: pathlib.Path, *command: str) -> None:
    path = folder / f"{page.stem.lower()}.py"
    path.write_text(program(page), encoding="utf-8")
    env = {**os.environ, "MYPYPATH": str(ROOT / "src"), "PYTHONPATH": str(ROOT / "src")}
    done = run(sys.executable, "-m", *command, str(path), cwd=ROOT, env=env)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_satisfies_mypy(page, tmp_path):
    pytest.importorskip("mypy")
    untyped = ("--allow-untyped-defs", "--allow-untyped-calls", "--allow-redefinition")
    checked(page, tmp_path, "mypy", "--strict", *untyped)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_satisfies_pyright(page, tmp_path):
    pytest.importorskip("pyright")
    checked(page, tmp_path, "pyright", "--pythonpath", sys.executable)
