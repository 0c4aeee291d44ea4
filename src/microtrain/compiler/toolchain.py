"""The C compiler of this machine: found, run, and what it made loaded and kept.

Compiled libraries are kept in a folder of the user's cache. Their names have a digest of all that
they depend on, and one of their content: what was damaged is compiled again. They are written
beside their place, loaded, and renamed. A folder that others can write to, or that can't be written
to, is not used: then nothing is kept.
"""

import contextlib
import ctypes
import functools
import glob
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
from pathlib import Path

from ..errors import CompileError

# The bits are those of Python if no operation is contracted or computed beforehand. With loops as
# vectors, -O1 is as fast as -O2, and compiles long code in a fifth of the time. "Expensive" is to
# leave the vector registers clean: else the code of others takes up to four times as long.
FLAGS = ["-O1", "-ftree-vectorize", "-fexpensive-optimizations", "-std=c99"]
FLAGS += ["-ffp-contract=off", "-fno-builtin", "-fPIC", "-shared"]
LONG = 1_000  # lines; more of them are compiled in another way: see prelude.h
SECONDS = 60.0  # after which a compiler is ended
LATE = "takes more than a minute: make data arguments, or set MICROTRAIN_CC=tcc (slower code)"
KEPT = 500  # libraries in the folder
CAUSES = ("error", "failed", "cannot")  # words in the line that says why a compiler fails

INSTALL = {
    "linux": "install gcc (Debian and Ubuntu: apt install gcc libc6-dev; Fedora: dnf install gcc; "
    "Alpine: apk add gcc musl-dev)",
    "darwin": "run xcode-select --install",
}

_locks: dict[int, threading.Lock] = {}  # by process: a fork may happen while one is held


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


def load(source: str) -> ctypes.CDLL:
    """Return the C, compiled and loaded. Raises `CompileError` where that can't be had."""
    try:
        with _locks.setdefault(os.getpid(), threading.Lock()):  # so that threads compile it once
            return _loaded(source, tuple(compiler()), _folder())
    except OSError as error:
        raise CompileError(f"the compiled code can't be kept or loaded: {error}") from error


@functools.lru_cache(maxsize=64)
def _loaded(source: str, command: tuple[str, ...], folder: str | None) -> ctypes.CDLL:
    from .. import __version__

    about = _version(command), platform.platform(), __version__
    command += *FLAGS, *_wide()
    if source.count("\n") > LONG:
        command += ("-DLONG_CODE",)
    key = os.path.join(folder or "", _digest(repr((source, command, about)).encode()))
    for path in glob.glob(f"{glob.escape(key)}-*.so") if folder else ():
        with contextlib.suppress(OSError):
            if path == _path(key, path):
                os.utime(path)  # so that it is the last to go
                return ctypes.CDLL(path)
        with contextlib.suppress(OSError):
            os.unlink(path)
    with tempfile.TemporaryDirectory(prefix="making-", dir=folder) as beside:
        made, text = os.path.join(beside, "library"), os.path.join(beside, "source.c")
        Path(text).write_text(source, encoding="ascii")
        _run([*command, "-o", made, text, "-lm"])
        loaded = ctypes.CDLL(made)
        if folder:
            os.replace(made, _path(key, made))
            _tidy(folder)
    return loaded


@functools.cache
def _wide() -> list[str]:
    """Return the flag for vectors of four numbers, where this processor has them."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as file:
        return ["-mavx2"] * (" avx2 " in file.read(10_000))
    return []


@functools.cache
def _version(command: tuple[str, ...]) -> str:
    """Return what a compiler says of itself."""
    return _run([*command, "--version"])


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:40]


def _path(key: str, path: str) -> str:
    """Return where a library with the content of this file is kept."""
    return f"{key}-{_digest(Path(path).read_bytes())}.so"


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
        what = LATE
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                what = f"failed with {process.wait(SECONDS)}"
        finally:
            if process.poll() is None:  # it is ended together with its children
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        said = output.read().decode(errors="replace").strip()
    if process.returncode:
        lines = said.splitlines()
        causes = [line for line in lines if any(word in line for word in CAUSES)]
        told = [f"the C compiler {command[0]} {what}", *[*causes[:1], *lines[-1:]][:1]]
        raise CompileError(": ".join(told))
    return said


def _folder() -> str | None:
    """Return the folder of libraries, made if it is not there, or None if it is not to be used.

    It has to be the user's alone.
    """
    default = "~/Library/Caches" if sys.platform == "darwin" else "~/.cache"
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser(default)
    folder = os.path.join(cache, "microtrain")
    if not os.path.isabs(folder):
        return None
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        found = os.lstat(folder)
    except OSError:
        return None
    is_own = found.st_uid == os.geteuid() and os.access(folder, os.W_OK | os.X_OK)
    is_private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
    return folder if is_own and is_private else None


def _tidy(folder: str) -> None:
    """Remove what was not used for longest: libraries, and what killed processes left."""
    entries = []
    for path in glob.glob(os.path.join(glob.escape(folder), "*")):
        with contextlib.suppress(OSError):
            entries.append((os.lstat(path).st_mtime, path))
    for _, path in sorted(entries, reverse=True)[KEPT:]:
        with contextlib.suppress(OSError):
            os.unlink(path)
        shutil.rmtree(path, ignore_errors=True)
