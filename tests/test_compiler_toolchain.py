"""The C compiler of the machine, and the folder in which libraries are kept."""

from __future__ import annotations

import io
import os
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from machine import native as needs_compiler

import microtrain as mt
from microtrain import CompileError
from microtrain.compiler import toolchain

pytestmark = needs_compiler

SOURCE = "double twice(double x) { return 2.0 * x; }\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Keep libraries in a folder of the test's own, and forget those that are loaded."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    toolchain._loaded.cache_clear()
    yield tmp_path / "cache" / "microtrain"
    toolchain._loaded.cache_clear()


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def twice(source=SOURCE):
    import ctypes

    function = toolchain.load(source).twice
    function.restype, function.argtypes = ctypes.c_double, [ctypes.c_double]
    return function(21.0)


def test_a_library_is_compiled_once(folder, monkeypatch):
    assert twice() == 42.0
    (path,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    toolchain._loaded.cache_clear()
    toolchain._version(tuple(toolchain.compiler()))
    monkeypatch.setattr(toolchain, "_run", None)
    assert twice() == 42.0
    assert [*folder.iterdir()] == [path]


@pytest.mark.parametrize("damage", [lambda x: x[:100], lambda x: b"", lambda x: x[:-1] + b"?"])
def test_a_damaged_library_is_compiled_again(folder, damage):
    assert twice() == 42.0
    (path,) = folder.iterdir()
    content = path.read_bytes()
    path.unlink()  # what is loaded stays as it is
    path.write_bytes(damage(content))
    toolchain._loaded.cache_clear()
    assert twice() == 42.0
    assert [x.read_bytes() for x in folder.iterdir()] == [content]


def test_another_version_of_the_package_has_its_own_libraries(folder, monkeypatch):
    assert twice() == 42.0
    toolchain._loaded.cache_clear()
    monkeypatch.setattr(mt, "__version__", "99")
    assert twice() == 42.0
    assert len([*folder.iterdir()]) == 2


def test_no_compiler(monkeypatch, tmp_path):
    monkeypatch.setenv("MICROTRAIN_CC", str(tmp_path / "none"))
    with pytest.raises(
        CompileError, match=r"needs a C compiler, and MICROTRAIN_CC is .*none, which"
    ):
        mt.compile(lambda x: x, engine="native")
    monkeypatch.setenv("MICROTRAIN_CC", "cc 'open")
    with pytest.raises(CompileError, match="MICROTRAIN_CC is cc 'open, which is no command"):
        mt.compile(lambda x: x, engine="native")
    monkeypatch.delenv("MICROTRAIN_CC")
    monkeypatch.setenv("PATH", str(tmp_path))
    for system, how in (("linux", "apt install gcc"), ("win32", "not supported on this system")):
        monkeypatch.setattr(sys, "platform", system)
        with pytest.raises(CompileError, match=f"there is no cc: .*{how}"):
            mt.compile(lambda x: x, engine="native")


def test_auto_starts_no_compiler(monkeypatch, tmp_path):
    monkeypatch.setenv("MICROTRAIN_CC", script(tmp_path / "compiler", f"touch {tmp_path}/started"))
    assert mt.train(steps=500).engine == "compiled"
    assert mt.sweep([0.1]).runs[0].history.engine == "compiled"
    mt.compile(mt.grad(lambda x: x * x))(1.0)
    assert not (tmp_path / "started").exists()
    with pytest.raises(CompileError, match="No such file"):
        mt.compile(lambda x: x, engine="native")(1.0)
    assert (tmp_path / "started").exists()


@pytest.mark.parametrize("about", ["flags: fpu avx2 sha\n", "flags: fpu\n", None])
def test_vectors_are_used_where_the_processor_has_them(about, monkeypatch):
    def opened(path, encoding):
        assert path == "/proc/cpuinfo"
        if about is None:
            raise FileNotFoundError(path)
        return io.StringIO(about)

    monkeypatch.setattr(toolchain, "open", opened, raising=False)
    assert toolchain._wide.__wrapped__() == ["-mavx2"] * ("avx2" in (about or ""))


def test_the_compiler_is_told_of_long_code(monkeypatch):
    commands, run = [], toolchain._run
    monkeypatch.setattr(toolchain, "_run", lambda command: commands.append(command) or run(command))
    assert twice() == twice(SOURCE + "\n" * 2000) == 42.0
    assert ["-DLONG_CODE" in x for x in commands if "-o" in x] == [False, True]


def test_threads_compile_once(monkeypatch):
    made = []
    run = toolchain._run
    monkeypatch.setattr(toolchain, "_run", lambda command: made.append(command[1]) or run(command))
    toolchain._version.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(lambda _: twice(), range(8))] == [42.0] * 8
    assert made == ["--version", "-O1"]


def test_a_process_may_fork_while_a_thread_compiles(tmp_path, monkeypatch):
    waits = f"touch {tmp_path}/begun; until test -e {tmp_path}/forked; do sleep 0.01; done"
    text = f'test "$1" = --version || {{ {waits}; }}; exec cc "$@"'
    quick = os.environ.get("MICROTRAIN_CC", "cc")
    monkeypatch.setenv("MICROTRAIN_CC", script(tmp_path / "compiler", text))
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(twice)
        while not (tmp_path / "begun").exists():
            time.sleep(0.01)
        monkeypatch.setenv("MICROTRAIN_CC", quick)
        if (child := os.fork()) == 0:
            signal.alarm(60)
            os._exit(int(twice()))
        assert os.waitpid(child, 0)[1] == 42 << 8
        assert not found.done()
        (tmp_path / "forked").touch()
        assert found.result() == 42.0


def test_a_compiler_is_named_with_options(monkeypatch, folder):
    assert twice() == 42.0
    monkeypatch.setenv("MICROTRAIN_CC", "cc -DTWICE=1")
    assert twice("double twice(double x) { return TWICE * x; }") == 21.0


FAILING = {
    "fails": (
        "echo first >&2; echo 'x.c:1: error: bad' >&2; echo note; exit 3",
        "failed with 3.*bad",
    ),
    "says nothing": ("exit 1", "failed with 1$"),
    "writes nothing": ("exit 0", "can't be kept or loaded: .*No such file"),
    "writes rubbish": (
        'for x; do test "$y" = -o && echo rubbish > "$x"; y=$x; done; :',
        "can't be",
    ),
    "fills the disk": (
        "echo 'ld: final link failed: No space left' >&2; echo 'collect2: error: 1' >&2; exit 1",
        "failed with 1: ld: final link failed: No space left$",
    ),
    "says no cause": ("echo first; echo last; exit 1", "failed with 1: last$"),
    "does not start": ("", "can't be kept or loaded"),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_compiler_that_fails(name, tmp_path, monkeypatch, folder):
    text, message = FAILING[name]
    command = script(tmp_path / "compiler", f'test "$1" = --version && exit 0\n{text}')
    if name == "does not start":
        (tmp_path / "compiler").write_text("\x7fELF")
    monkeypatch.setenv("MICROTRAIN_CC", command)
    with pytest.raises(CompileError, match=message):
        twice()
    assert not folder.exists() or not [*folder.iterdir()]


def test_a_compiler_that_hangs_is_ended_with_its_children(tmp_path, monkeypatch):
    pid = tmp_path / "pid"
    text = f'test "$1" = --version && exit 0\nsleep 100 & echo $! > {pid}; wait'
    monkeypatch.setenv("MICROTRAIN_CC", script(tmp_path / "compiler", text))
    monkeypatch.setattr(toolchain, "SECONDS", 0.5)
    with pytest.raises(CompileError, match="takes more than a minute"):
        twice()
    child = int(pid.read_text())
    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            break
        if (
            Path(f"/proc/{child}/stat").read_text().split()[2] == "Z"
        ):  # nobody has asked after it yet
            break
        time.sleep(0.05)
    else:
        os.kill(child, signal.SIGKILL)
        pytest.fail("its child goes on")


@pytest.mark.parametrize("kind", ["a link", "open to others", "a file", "relative", "in a file"])
def test_a_folder_that_is_not_the_users_alone_is_not_used(kind, folder, tmp_path, monkeypatch):
    folder.parent.mkdir()
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    if kind == "a link":
        folder.symlink_to(other)
    elif kind == "open to others":
        folder.mkdir()
        folder.chmod(0o777)
    elif kind == "a file":
        folder.write_text("")
    elif kind == "in a file":
        monkeypatch.setenv("XDG_CACHE_HOME", str(script(tmp_path / "plain", "")))
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", "cache")
        monkeypatch.chdir(tmp_path)
    assert twice() == twice(SOURCE + SOURCE.replace("twice", "again")) == 42.0
    assert not [*other.iterdir()] and not [*folder.glob("*")]
    assert toolchain._folder() is None


def test_a_folder_of_somebody_else_is_not_used(folder, monkeypatch):
    folder.mkdir(parents=True, mode=0o700)
    assert toolchain._folder() == str(folder)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert toolchain._folder() is None


def test_the_cache_of_a_mac(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "darwin")
    assert toolchain._folder() == str(tmp_path / "Library/Caches/microtrain")


def test_the_folder_stays_small(folder, monkeypatch):
    monkeypatch.setattr(toolchain, "KEPT", 3)
    abandoned = folder / "making-a"  # by a process that was killed
    abandoned.mkdir(parents=True)
    (abandoned / "source.c").write_text(SOURCE)
    folder.chmod(0o700)
    for k in range(5):
        assert twice(SOURCE + f"int x{k};") == 42.0
        for path in folder.iterdir():
            os.utime(path, (os.stat(path).st_mtime - 9,) * 2)
    assert not abandoned.exists()
    assert len([*folder.glob("*.so")]) == len([*folder.iterdir()]) == 2
    toolchain._loaded.cache_clear()
    monkeypatch.setattr(toolchain, "_run", None)
    assert twice(SOURCE + "int x3;") == twice(SOURCE + "int x4;") == 42.0


RACER = """
import microtrain as mt
f = mt.compile(lambda x: mt.tanh(x) * 2, engine="native")
assert f.value_and_grad(0.0) == (0.0, 2.0)
"""


@pytest.mark.slow
def test_a_dozen_processes_share_the_folder(folder):
    command = [sys.executable, "-c", RACER]
    racers = [subprocess.Popen(command) for _ in range(12)]
    assert [racer.wait() for racer in racers] == [0] * 12
    names = [x.name for x in folder.iterdir()]
    assert len(names) == 2 and all(name.endswith(".so") for name in names)  # tanh, too, was probed


@pytest.mark.slow
def test_a_process_that_is_killed_while_compiling_leaves_nothing_half_written(folder, tmp_path):
    text = f'cc "$@"; test "$1" = --version || touch {tmp_path}/begun; sleep 100'
    slow = script(tmp_path / "compiler", f'test "$1" = --version && exec cc "$@"\n{text}')
    environment = {**os.environ, "MICROTRAIN_CC": slow}
    process = subprocess.Popen([sys.executable, "-c", RACER], env=environment)
    while not (tmp_path / "begun").exists():
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert not [*folder.glob("*.so")]
    subprocess.run([sys.executable, "-c", RACER], check=True)
    assert len([*folder.glob("*.so")]) == 2
