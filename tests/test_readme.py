"""The commands of README and of the page on tables, pasted in order into a fresh clone."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
import tomllib

import pytest
from machine import run
from pages import ROOT, blocks, commands

# What would need the network: pip installs the checkout that it is called in, as far as it takes.
SHIMS = {
    "python3": f'exec "{sys.executable}" "$@" --without-pip',
    "pip": """
echo "pip $*"
python -c 'import os, site; site = site.getsitepackages()[0]
open(f"{site}/microtrain.pth", "w").write(os.path.abspath("src"))'
printf '#!/bin/sh\\nexec python -m microtrain "$@"\\n' >"$VIRTUAL_ENV/bin/microtrain"
chmod +x "$VIRTUAL_ENV/bin/microtrain"
""",
    "pytest": 'echo "pytest $*"',
}


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="the commands are for a POSIX shell")
def test_the_commands_work_in_the_order_given_in_one_shell(tmp_path):
    shims, clone = tmp_path / "shims", tmp_path / "clone"
    shims.mkdir()
    for name, lines in SHIMS.items():
        path = shims / name
        path.write_text(f"#!/bin/sh\n{lines}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    hidden = shutil.ignore_patterns(".*", "__pycache__", "build", "dist")
    shutil.copytree(ROOT, clone, ignore=hidden)
    env = {name: x for name, x in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    env["PATH"] = os.pathsep.join([str(shims), "/usr/bin", "/bin"])
    script = commands("README.md") + commands("docs/tables.md")
    done = run("bash", "-eu", "-c", script, cwd=clone, env=env, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith("pip install -q .\nMLP(")
    assert (clone / "page.html").exists() and (clone / "iris.json").exists()


def test_the_first_command_makes_what_the_others_need():
    first, second, *_ = blocks("sh", "README.md")
    assert "-m venv .venv && . .venv/bin/activate && pip install -q . && microtrain\n" in first
    assert "pytest" in second
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    pages = [*ROOT.glob("*.md"), *ROOT.glob("*/*.md")]
    asked = [re.findall(r"\.\[(\w+)\]'", page.read_text(encoding="utf-8")) for page in pages]
    assert {name for names in asked for name in names} <= {*extras}


def test_nothing_names_the_package_as_if_it_were_published():
    for path in [*ROOT.glob("src/**/*.py"), *ROOT.glob("*.md"), *ROOT.glob("[de]*/*.*")]:
        if path.suffix in (".py", ".md", ".rst", ".ipynb"):
            assert not re.search(r"pip install '?microtrain", path.read_text(encoding="utf-8"))


def slugs(page):
    """Return the anchors that a page's headings have."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_every_link_between_pages_leads_somewhere():
    checked = 0
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*.md")]:
        text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        for link in re.findall(r'\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"', text):
            path, _, anchor = "".join(link).partition("#")
            if ":" in path:
                continue
            target = page.parent / path if path else page
            assert target.exists(), f"{page.name}: {path}"
            assert not anchor or anchor in slugs(target), f"{page.name}: {path}#{anchor}"
            checked += 1
    assert checked > 50
