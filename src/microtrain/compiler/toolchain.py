"""The C compiler of this machine: found, run, and what it made kept and loaded.

Compiled libraries are kept in a folder of the user's cache, under a key of all that they depend on,
with the digest of their content: one that was damaged is compiled again. They are written beside
their place and renamed. A folder that others can write to, or that can't be written, is not used:
then libraries are kept until the process ends.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import hashlib
import os
import platform
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time

from ..errors import CompileError

# The bits are those of Python if no operation is contracted or computed beforehand.
FLAGS = ["-std=c99", "-ffp-contract=off", "-fno-builtin", "-fPIC", "-shared"]
LONG = 1_000  # lines; more are optimized less, which takes a quarter of the time
SECONDS = 60.0  # after which a compiler is ended
KEPT = 500  # libraries in the folder
ABANDONED = 600.0  # seconds after which what stands beside the libraries is of a killed process
CAUSES = ("error", "failed", "cannot")  # words in the line that says why a compiler fails

_lock = threading.Lock()

INSTALL = {
    "linux": "install gcc (Debian and Ubuntu: apt install gcc libc6-dev; Fedora: dnf install gcc; "
    "Alpine: apk add gcc musl-dev)",
    "darwin": "run xcode-select --install",
}


def compiler() -> list[str]:
    """Return the command of the C compiler: what `MICROTRAIN_CC` names, else cc.

    Raises `CompileError` where there is none.
    """
    asked = os.environ.get("MICROTRAIN_CC", "")
    try:
        command = shlex.split(asked) or ["cc"]
    except ValueError as error:
        raise CompileError(f"MICROTRAIN_CC is {asked}, which is no command: {error}") from None
    found = None if sys.platform == "win32" else shutil.which(command[0])
    if found is None:
        missing = f"MICROTRAIN_CC is {asked}, which is no program" if asked else "there is no cc"
        how = INSTALL.get(sys.platform, "it is not supported on this system")
        raise CompileError(f'engine="native" needs a C compiler, and {missing}: {how}')
    return [found, *command[1:]]


@functools.cache
def _version(command: tuple[str, ...]) -> str:
    """Return what a compiler says of itself."""
    return _run([*command, "--version"])


@functools.lru_cache(maxsize=64)
def _loaded(source: str, command: tuple[str, ...], folder: str) -> ctypes.CDLL:
    from .. import __version__

    version = _version(command)
    command += "-O1" if source.count("\n") > LONG else "-O2", *FLAGS
    about = source, command, version, platform.platform(), __version__
    key = hashlib.sha256(repr(about).encode()).hexdigest()[:40]
    path = _known(folder, key) or _compiled(source, command, folder, key)
    try:
        return ctypes.CDLL(path)
    except OSError:
        os.unlink(path)
        raise


def library(source: str) -> ctypes.CDLL:
    """Return the compiled C. Raises `CompileError` where that can't be had."""
    try:
        with _lock:  # so that no two threads compile the same
            return _loaded(source, tuple(compiler()), _folder())
    except OSError as error:
        raise CompileError(f"the compiled code can't be kept or loaded: {error}") from error


def _known(folder: str, key: str) -> str | None:
    """Return the path of a library that was compiled before, if it is there and as it was."""
    for name in os.listdir(folder):
        if name.startswith(key) and name.endswith(".so"):
            path = os.path.join(folder, name)
            with contextlib.suppress(OSError):
                with open(path, "rb") as file:
                    if name == _name(key, file.read()):
                        os.utime(path)  # so that it is the last to go
                        return path
                os.unlink(path)
    return None


def _name(key: str, content: bytes) -> str:
    return f"{key}-{hashlib.sha256(content).hexdigest()[:40]}.so"


def _compiled(source: str, command: tuple[str, ...], folder: str, key: str) -> str:
    """Compile the source, and return the path of the library."""
    _tidy(folder)
    with tempfile.TemporaryDirectory(prefix="making-", dir=folder) as beside:
        made, text = os.path.join(beside, "library"), os.path.join(beside, "source.c")
        with open(text, "w", encoding="ascii") as file:
            file.write(source)
        _run([*command, "-o", made, text, "-lm"])
        if not os.path.exists(made):
            raise CompileError(f"the C compiler {command[0]} made no library")
        with open(made, "rb") as file:
            path = os.path.join(folder, _name(key, file.read()))
        os.replace(made, path)
    return path


def _run(command: list[str]) -> str:
    """Run a compiler, and return what it says. Raises `CompileError` if it fails or hangs."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "LC_ALL": "C"},
        )
        try:
            failed = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            failed = None
        finally:
            if process.poll() is None:  # it is ended together with its children
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        said = output.read().decode(errors="replace").strip()
    if failed != 0:
        what = "takes more than a minute" if failed is None else f"failed with {failed}"
        lines = said.splitlines()
        causes = [line for line in lines if any(word in line for word in CAUSES)]
        told = [*causes[:1], *lines[-1:]][:1]
        raise CompileError(": ".join([f"the C compiler {command[0]} {what}", *told]))
    return said


def _folder() -> str:
    """Return the folder of libraries: in the user's cache, or one that ends with the process."""
    home = os.path.expanduser("~")
    default = os.path.join(home, "Library/Caches" if sys.platform == "darwin" else ".cache")
    folder = os.path.join(os.environ.get("XDG_CACHE_HOME") or default, "microtrain")
    return folder if os.path.isabs(folder) and _is_private(folder) else _temporary(os.getpid())


def _is_private(folder: str) -> bool:
    """Return whether a folder is the user's alone, after making it if it is not there."""
    try:
        with contextlib.suppress(FileExistsError):
            os.makedirs(folder, mode=0o700)
        found = os.lstat(folder)
    except OSError:
        return False
    private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
    return private and found.st_uid == os.geteuid() and os.access(folder, os.W_OK | os.X_OK)


@functools.cache
def _temporary(pid: int) -> str:
    """Return a folder that is removed when this process ends."""
    folder = tempfile.mkdtemp(prefix="microtrain-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _tidy(folder: str) -> None:
    """Remove the libraries that were not used for longest, and what killed processes left."""
    entries = []
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            with contextlib.suppress(OSError):
                entries.append((entry.stat(follow_symlinks=False).st_mtime, entry.path))
    entries.sort(reverse=True)
    libraries = [path for _, path in entries if path.endswith(".so")]
    for path in libraries[KEPT:]:
        with contextlib.suppress(OSError):
            os.unlink(path)
    for made, path in entries:
        if not path.endswith(".so") and time.time() - made > ABANDONED:
            shutil.rmtree(path, ignore_errors=True)
