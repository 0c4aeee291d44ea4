"""Mutation testing: change the source, one small thing at a time, and see that a test notices.

    pip install -e '.[mutation]'
    python benchmarks/mutation.py [--jobs 2] [--sample 60 --seed 0] [src/microtrain/nn/mlp.py ...]

The mutants are those of cosmic-ray: another operator, another number, a condition turned round, a
loop that never runs. Each is written to a copy of the project. There the tests are run with few
random cases, those of its room first, up to the first that fails. A mutant that takes more than
twice the processor's time of the unchanged source counts as killed, too. Annotations, and what only
type checkers see, are not changed.

The results are kept in mutants.json. Started again, it goes on where it was, and tries again the
survivors and all mutants within two lines of an edit. All five rooms take hours on one processor:
begin with one module, or with a random sample.
"""

from __future__ import annotations

import argparse
import ast
import collections
import concurrent.futures
import contextlib
import difflib
import hashlib
import json
import math
import os
import pathlib
import queue
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = pathlib.Path("src/microtrain")
MODULES = "engine compiler nn training files"
TESTS = "engine nn training compiler files draw arguments tables"  # after a room's own: these rooms
UNFIT = "not killed and not hundred_thousand"  # left out, as they take long
RESULTS = pathlib.Path("mutants.json")
SURVIVED = "survived"
# One replacement for each operator: that for an addition is a subtraction, and not ten others.
OPERATORS = re.compile(
    r"core/(ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|Pow_Mul|Mod_Mul|FloorDiv_Mul)"
    r"|ReplaceComparisonOperator_(Eq_NotEq|NotEq_Eq|Lt_LtE|LtE_Lt|Gt_GtE|GtE_Gt|Lt_GtE|LtE_Gt|Gt_LtE"
    r"|GtE_Lt|Is_IsNot|IsNot_Is)|ReplaceUnaryOperator_Delete_(USub|Not)|AddNot|NumberReplacer"
    r"|Replace(True|False|And|Or|Break|Continue)With\w+|ExceptionReplacer|ZeroIterationForLoop)"
)


def mutants(path: pathlib.Path):
    """Yield each mutant of a file: its key, its source, and a diff that shows it."""
    source = (ROOT / path).read_text(encoding="utf-8")
    tree = get_ast(source)
    spared = list(unseen(ast.parse(source)))
    seen: collections.Counter[str] = collections.Counter()
    for name in filter(OPERATORS.fullmatch, operator_names()):
        operator = get_operator(name)()
        positions = [span for node in ast_nodes(tree) for span in operator.mutation_positions(node)]
        for occurrence, (start, end) in enumerate(positions):
            if any(first <= tuple(start) and tuple(end) <= last for first, last in spared):
                continue
            mutant = mutate_code(source, operator, occurrence)
            lines = difflib.unified_diff(
                source.splitlines(), mutant.splitlines(), str(path), name, n=2, lineterm=""
            )
            diff = "\n".join(line for line in lines if not line.startswith("@@"))
            seen[diff] += 1  # a key by what is around it, so that it outlives edits elsewhere
            key = hashlib.sha256(f"{seen[diff]}\n{diff}".encode()).hexdigest()[:16]
            yield key, mutant, diff


def unseen(tree: ast.AST):
    """Yield the begin and end of code that does nothing at run time, such as annotations."""
    for node in ast.walk(tree):
        parts = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        if isinstance(node, ast.If | ast.Assign) and "TYPE_CHECKING" in ast.unparse(node)[:20]:
            parts.append(node)
        for part in filter(None, parts):
            yield (part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)


def tests_of(path: pathlib.Path) -> list[str]:
    """Return what to run: the module's tests and examples, those of its room, then all others."""
    room = path.relative_to(SOURCE).parts[0]
    own = ROOT / f"tests/test_{room}_{path.stem}.py"
    found = [own] if own.exists() else []
    for name in (room, *TESTS.split()):
        found += sorted((ROOT / "tests").glob(f"test_{name}*.py"))
    files = [str(file.relative_to(ROOT)) for file in dict.fromkeys(found)]
    return [files[0], str(path), *files[1:]]


def outcome(place: pathlib.Path, path: pathlib.Path, mutant: str, seconds: int) -> str:
    """Return what the tests say of this source, in a copy of the project."""
    original = (place / path).read_bytes()
    (place / path).write_text(mutant, encoding="utf-8")
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    command += ["--assert=plain", "--hypothesis-profile=mutation"]
    command += ["-k", UNFIT, *tests_of(path)]

    def modest() -> None:
        """Keep a mutant from taking all the memory, or all the time."""
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))

    environment = {**os.environ, "PYTHONPATH": str(place / "src")}
    try:
        with subprocess.Popen(
            command,
            cwd=place,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=modest,
        ) as process:
            try:
                status = process.wait(20 * seconds)  # it may wait for itself for ever
            except subprocess.TimeoutExpired:
                status = -signal.SIGKILL
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            return SURVIVED if status == 0 else "killed" if status > 0 else "stopped"
    finally:
        (place / path).write_bytes(original)


def copy(place: pathlib.Path) -> pathlib.Path:
    for name in ("src", "tests", "docs", "pyproject.toml"):
        take = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        take(ROOT / name, place / name)
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", "--invalidation-mode=checked-hash", "."],
        cwd=place,
        check=True,
    )
    return place


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="(the five rooms)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="(all processors)")
    parser.add_argument("--sample", type=int, metavar="N", help="try N of the mutants, at random")
    parser.add_argument("--seed", type=int, default=0, help="of the sample (0)")
    parser.add_argument("--list", action="store_true", help="only show what has survived so far")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    paths = [pathlib.Path(file) for file in arguments.files]
    for name in () if paths else MODULES.split():
        paths += sorted((SOURCE / name).glob("*.py"))
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    found = [(path, *mutant) for path in paths for mutant in mutants(path)]
    if arguments.sample is not None:
        found = random.Random(arguments.seed).sample(found, min(arguments.sample, len(found)))

    with tempfile.TemporaryDirectory() as scratch:
        places: queue.Queue[pathlib.Path] = queue.Queue()

        def attempt(mutant):
            path, key, source, _ = mutant
            place = places.get()
            try:
                return key, outcome(place, path, source, limit)
            finally:
                places.put(place)

        waiting = (
            [] if arguments.list else [m for m in found if results.get(m[1], SURVIVED) == SURVIVED]
        )
        for job in range(arguments.jobs if waiting else 0):
            (place := pathlib.Path(scratch, str(job))).mkdir()
            places.put(copy(place))
            if not job:
                unchanged = (place / paths[0]).read_text(encoding="utf-8")
                before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
                if outcome(place, paths[0], unchanged, 3600) != SURVIVED:
                    print("the tests fail without any mutant: see to that first", file=sys.stderr)
                    return 1
                took = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
                limit = math.ceil(2 * took)
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            for done, (key, result) in enumerate(pool.map(attempt, waiting), 1):
                results[key] = result
                RESULTS.write_text(json.dumps(results, indent=0, sort_keys=True))
                print(f"\r{done} of {len(waiting)} mutants", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)

    for _, key, _, diff in found:
        if results.get(key) == SURVIVED:
            print(f"{diff}\n")
    total = killed = 0
    for path in paths:
        outcomes = [results[key] for of, key, *_ in found if of == path and key in results]
        dead = len(outcomes) - outcomes.count(SURVIVED)
        total, killed = total + len(outcomes), killed + dead
        stopped = f", {n} of them by their time" if (n := outcomes.count("stopped")) else ""
        if outcomes:
            share = dead / len(outcomes)
            print(
                f"{share:6.1%} of {len(outcomes):4} killed in {path.relative_to(SOURCE)}{stopped}"
            )
    print(f"{killed / max(total, 1):6.1%} of {total:4} killed in all")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
