"""The project's pages, from the README to the docs, and the code that stands in them."""

from __future__ import annotations

import pathlib
import re

ROOT = pathlib.Path(__file__).parent.parent


def blocks(language: str, page: str) -> list[str]:
    """Return the blocks of code in this language on a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(page: str) -> str:
    """Return the commands on a page as a script: its sh, and what its consoles after that show.

    (A console above the first sh shows what is to come: the command is not installed yet.)
    """
    text = (ROOT / page).read_text(encoding="utf-8")
    text = text[max(0, text.find("```sh\n")) :]
    found = re.findall(r"^```(sh|console)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return "".join(
        block if kind == "sh" else "".join(re.findall(r"^\$ (.*\n)", block, re.MULTILINE))
        for kind, block in found
    )


def pages_with(language: str) -> list[str]:
    """Return the pages that have code in this language."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*.md")]
    names = sorted(path.relative_to(ROOT).as_posix() for path in found)
    return [name for name in names if blocks(language, name)]
