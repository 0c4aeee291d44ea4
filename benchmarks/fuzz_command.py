"""The command with random options, sizes, files and streams: it must never show a traceback.

    python benchmarks/fuzz_command.py [--cases 20000] [--processes 300] [--seed 0]

Most cases run in this process, with streams that are closed or fail; some as processes of their
own, with streams that are closed, full, broken or of the wrong direction. A case is wrong if an
exception comes out, if the status is none that the help names, if standard error has a traceback or
tells of a defect, or if bad arguments (status 2) get no answer of one line. Wrong cases are
printed. Sizes are large: limit the memory first, by ulimit -v 6000000.
"""

from __future__ import annotations

import argparse
import collections
import io
import os
import random
import subprocess
import sys
import tempfile

from microtrain.cli import COMMANDS, main
from microtrain.cli.options import OPTIONS

STATUSES = {0, 1, 2, 130, 141}

VALUES = [
    *("0", "1", "2", "3", "-1", "0.5", "1e-320", "1e308", "nan", "inf", "-inf", "-0.0", "1_0"),
    *("1000000000000", "9" * 19, "9" * 400, "9" * 5000, "", " ", "x", "-", "--", "tanh", "relu"),
    *("mean", "hinge", "cross_entropy", "toy", "moons", "tab", ";", "\t", "y", "kind", "a", "\n"),
    *("out.html", "run.json", "model.json", "table.csv", "odd.csv", "folder", "folder/new"),
    *("no/where", "/dev/null", "/dev/full", "/proc/self/mem", ".", "..", "/", "x" * 300),
    *("\udcff", "\N{SNOWMAN}", "a\nb\udcff.json"),
]
TABLES = {
    "table.csv": "a,kind,y\n" + "".join(f"{i},{'uvw'[i % 3]},{i * 0.37}\n" for i in range(30)),
    "odd.csv": 'a;kind,"y\n1,,2\n\0,3\n',
    "empty.csv": "",
}
# What bounds the work, put behind what a case draws, so that it holds.
SMALL = {
    "train": ["--steps", "3"],
    "fit": ["--steps", "3"],
    "sweep": ["--steps", "3", "--seeds", "2", "--jobs", "1", "--lrs", "0.1"],
    "map": ["--steps", "3", "--seeds", "1", "--jobs", "1", "--cells", "2"],
    "report": ["--steps", "3", "--lr", "0.1"],
    "predict": [],
}


class Failing(io.TextIOBase):
    """A stream whose writing fails after some characters, as on a full disk or a broken pipe."""

    encoding = "utf-8"

    def __init__(self, room: int, error: type[Exception], terminal: bool) -> None:
        self.room, self.error, self.terminal = room, error, terminal
        self.text = ""

    def write(self, text: str) -> int:
        self.room -= len(text)
        if self.room < 0:
            raise self.error(28, "No space left on device")
        self.text += text
        return len(text)

    def isatty(self) -> bool:
        return self.terminal


def words(rng: random.Random) -> list[str]:
    """Return the arguments of a case."""
    name = rng.choice([*COMMANDS, *COMMANDS, rng.choice(VALUES)])
    if name not in COMMANDS:
        return [name, *rng.choices(VALUES, k=rng.randrange(3))]
    command = COMMANDS[name]
    files = {"MODEL": "model.json", "FILE": "out.html" if name == "report" else "table.csv"}
    found = [name]
    for file in command.files:
        name_of = file.strip("[]")
        if name_of == file or rng.random() < 0.5:  # else it may be left out
            found.append(rng.choice(VALUES) if rng.random() < 0.3 else files[name_of])
    if name == "fit" and rng.random() < 0.8:
        found += ["--target", rng.choice(["y", "kind"])]
    for _ in range(rng.randrange(4)):
        option = rng.choice([*command.options] if rng.random() < 0.9 else [*OPTIONS, "epochs"])
        found.append(f"--{option}")
        if option in OPTIONS and OPTIONS[option].value and rng.random() < 0.95:
            found += rng.choices(VALUES, k=1 if OPTIONS[option].nargs is None else rng.randrange(4))
    if rng.random() < 0.02:
        found.append("--help")
    return found + [word for word in SMALL[name] if rng.random() < 0.99]


def bounded(argv: list[str]) -> bool:
    """Return whether a case ends soon: what bounds it was not left out or taken for something."""
    name = argv[0] if argv else "train"
    return name not in SMALL or argv[len(argv) - len(SMALL[name]) :] == SMALL[name]


def stream(rng: random.Random) -> io.TextIOBase | None:
    kind = rng.randrange(6)
    if kind == 0:
        return None
    if kind == 1:
        return Failing(rng.randrange(200), rng.choice([OSError, BrokenPipeError]), False)
    if kind == 2:
        return Failing(rng.randrange(200), OSError, True)
    if kind == 3:
        closed = io.StringIO()
        closed.close()
        return closed
    return Failing(10**9, OSError, kind == 4)


def prepare() -> None:
    """Fill the current folder with what the cases read."""
    for name, text in TABLES.items():
        with open(name, "w", encoding="utf-8") as file:
            file.write(text)
    os.makedirs("folder", exist_ok=True)
    if not os.path.isfile("model.json"):
        assert main(["fit", "table.csv", "--target", "y", "--save", "model.json", "--quiet"]) == 0


def here(rng: random.Random) -> tuple[str, str]:
    """Run a case in this process. Return how it ended, and what is wrong with that."""
    argv = words(rng)
    if not bounded(argv):
        return "skipped", ""
    streams = sys.stdin, sys.stdout, sys.stderr
    out, err = stream(rng), stream(rng)
    content = rng.choice([b"", b"a,y\n1,2\n", b"\xff\xfe", TABLES["table.csv"].encode()])
    sys.stdin = rng.choice([None, io.TextIOWrapper(io.BytesIO(content))])
    sys.stdout, sys.stderr = out, err
    try:
        status: object = main(argv)
    except BaseException as error:
        status = repr(error)
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
    said = getattr(err, "text", "")
    told = isinstance(err, Failing) and err.room > 10**6
    quiet = getattr(out, "text", "") == "" or not isinstance(out, Failing)
    return str(status), wrong(argv, status, said, told and quiet)


def process(rng: random.Random) -> tuple[str, str]:
    """Run a case as a process, with odd streams."""
    argv = words(rng)
    if not bounded(argv) or any("\0" in word for word in argv):
        return "skipped", ""
    redirects = [
        rng.choice(["", "<&-", "</dev/null", "<table.csv", "0>write.txt"]),
        rng.choice(["", ">&-", ">/dev/full", ">out.txt", "1<table.csv", "| head -c 20", "| true"]),
        rng.choice(["", "2>&-", "2>/dev/full", "2>&1"]),
    ]
    out, err = redirects[1], redirects[2]
    line = f'"$0" -m microtrain "$@" {redirects[0]} {err} {out}'
    line = f"ulimit -v 4000000; {line}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", line, sys.executable, *argv], capture_output=True, timeout=120
    )
    said = (done.stderr + done.stdout).decode(errors="replace")
    return str(done.returncode), wrong([*argv, *redirects], done.returncode, said, err == "")


def wrong(argv: list[str], status: object, said: str, heard: bool) -> str:
    """Return what is wrong with how a case ended, or nothing."""
    if status not in STATUSES:
        return f"{argv!r}: ended with {status}: {said[-300:]}"
    if "Traceback" in said or "defect of microtrain" in said or "Exception ignored" in said:
        return f"{argv!r}: {said[-600:]}"
    if status == 2 and heard and not said.strip():
        return f"{argv!r}: status 2, and said nothing"
    if status == 2 and heard and said.count("\n") > 1 + ("train --csv is now" in said):
        return f"{argv!r}: more than a line: {said!r}"
    return ""


def fuzz() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--processes", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    counts: collections.Counter[str] = collections.Counter()
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for case in range(arguments.cases + arguments.processes):
            prepare()
            ended, trouble = (here if case < arguments.cases else process)(rng)
            counts[ended] += 1
            if trouble:
                found += 1
                print(f"case {case}: {trouble}", flush=True)
        os.chdir("/")
    print(f"{found} wrong of {sum(counts.values()):,}; how they ended: {dict(counts)}")
    return min(found, 1)


if __name__ == "__main__":
    sys.exit(fuzz())
