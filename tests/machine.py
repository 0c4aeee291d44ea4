"""How commands are run, and on which Pythons of those that the project supports."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

SUPPORTED = ("3.11", "3.12", "3.13", "3.14")

ENGINES = ("eager", "compiled", "native")[: 2 if sys.platform == "emscripten" else 3]

native = pytest.mark.skipif(sys.platform == "emscripten", reason="WebAssembly has no C compiler")
threads = pytest.mark.skipif(sys.platform == "emscripten", reason="WebAssembly has no threads")


def run(*command: str, **options) -> subprocess.CompletedProcess:
    """Run a command to its end and return what it printed."""
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", **{"timeout": 120, **options}
    )


def pythons() -> dict[str, str]:
    """Return version to interpreter, for each supported Python that is found and works."""
    found = {"{}.{}".format(*sys.version_info): sys.executable}
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv"), "versions")
    for version in SUPPORTED:
        installed = [str(path / "bin/python") for path in pyenv.glob(f"{version}.*")]
        for candidate in [shutil.which(f"python{version}"), *installed]:
            if version in found or candidate is None:
                continue
            if run(candidate, "-c", "import sys; print(sys.version)").stdout.startswith(version):
                found[version] = candidate
    return found
