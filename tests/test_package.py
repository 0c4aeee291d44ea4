"""The package as a whole: the same bits everywhere, a light import, a README that is true."""

from __future__ import annotations

import ast
import doctest
import json
import os
import re
import shlex
import shutil
import sys

import pytest
from machine import pythons, run
from pages import ROOT, blocks, pages_with

import microtrain as mt
from microtrain.engine import operators, piecewise, primitives

SRC = ROOT / "src"

RUN = """
import microtrain as mt
history = mt.train(steps=30, batch_size=3, lr=mt.warmup_cosine(0.2, 30, 5))
print(mt.datasets.moons(9)[0][0][0].hex(), *(x.hex() for x in history.losses + history.grad_norms))
model = mt.MLP(2, [3, 3], "sigmoid", "linear", seed=1)
run = mt.train(model, [[0.1, 0.2], [0.3, -2.0]], [0, 2], loss=mt.cross_entropy, accumulate=2)
print(*(p.data.hex() + p.grad.hex() for p in model.parameters()))
"""


def test_same_seed_same_bits_in_any_process_and_python():
    outputs = {}
    for version, python in pythons().items():
        for hash_seed in ("0", "1"):
            env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(SRC)}
            done = run(python, "-c", RUN, env=env)
            assert done.stderr == ""
            outputs[version, hash_seed] = done.stdout
    assert len(outputs) >= 2
    assert len(set(outputs.values())) == 1


def test_import_is_light():
    """Nothing that the toy job does not use: these cost more than all of microtrain.

    What `typing` imports, on some Pythons `re`, is there in any case. A named tuple takes as long
    to make as a module.
    """
    code = "import sys, typing; before = {*sys.modules}; import microtrain"
    code += "; print(*{*sys.modules} - before, *(f'named:{name}' for m in [*sys.modules]"
    code += " if m.startswith('microtrain') for name, x in vars(sys.modules[m]).items()"
    code += " if hasattr(x, '_fields')))"
    done = run(sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(SRC)!r}); {code}")
    imported = set(done.stdout.split())
    assert "microtrain.engine.value" in imported
    heavy = {"argparse", "asyncio", "csv", "dataclasses", "fractions", "inspect", "json"}
    heavy |= {"concurrent.futures", "decimal", "logging", "matplotlib", "numpy", "unittest"}
    heavy |= {"copy", "dis", "hashlib", "traceback", "enum", "random", "re"}
    heavy |= {"threading", "weakref"}
    assert imported & heavy == set()
    assert not [name for name in imported if name.startswith("named:")]
    asked_for = {
        "compiler.c",
        "compiler.native",
        "draw.graph",
        "report.live",
        "tables.fit",
    }
    assert imported & {f"microtrain.{name}" for name in asked_for} == set()


ROOMS = ["cli", "report", "lab", "tables", "training", "nn", "compiler", "draw", "engine", "files"]


def test_each_room_imports_only_from_those_below_it():
    """The table of rooms in CONTRIBUTING is these, in this order; nothing stands beside them."""
    package = SRC / "microtrain"
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)/` \|", table, re.MULTILINE) == ROOMS
    assert {p.name for p in package.glob("*.py")} == {"__init__.py", "__main__.py", "errors.py"}
    assert {p.parent.name for p in package.glob("*/__init__.py")} == {*ROOMS}
    for path in package.glob("*/*.py"):
        floor = ROOMS.index(path.parent.name)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 2:
                room = (node.module or node.names[0].name).partition(".")[0]
                below = [*ROOMS[floor + 1 :], "errors", "__version__"]
                assert room in below, f"{path.parent.name}/{path.name} imports from {room}"


def test_files_and_functions_are_short():
    """A file has at most 300 lines, a function at most 80 below its signature and docstring."""
    for path in SRC.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 300, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[ast.get_docstring(node) is not None :]
                lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                assert lines <= 80, f"{node.name} in {path} has {lines} lines"


def test_no_dependency():
    import importlib.metadata

    requires = importlib.metadata.requires("microtrain") or []
    assert [line for line in requires if "extra ==" not in line] == []
    assert importlib.metadata.version("microtrain") == mt.__version__


def test_the_public_names():
    public = [getattr(mt, name) for name in mt.__all__]
    calls = [vars(x).get("__call__", x) for x in public if isinstance(x, type)]
    assert all(x.__doc__ for x in [*public, *calls])


def test_every_operation_is_public_and_a_method_if_it_has_one_operand():
    for module in (operators, piecewise, primitives):
        for name, operation in vars(module).items():
            is_own = name.startswith("_") or name in ("heaviside", "log_base")  # of slopes
            if hasattr(operation, "entry") and not is_own:
                assert name in mt.__all__, f"{name} is missing in __init__.py"
                if len(operation.entry.slopes) == 1 and name != "detach":
                    assert hasattr(mt.Value, name), f"{name} is missing in engine/methods.py"


def test_every_public_function_has_an_example():
    modules = [m for n, m in sys.modules.items() if n.split(".")[0] == "microtrain" and m]
    finder = doctest.DocTestFinder(exclude_empty=False)
    examples = {t.name.split(".")[-1] for m in modules for t in finder.find(m) if t.examples}
    assert set(mt.__all__) - {"datasets"} - examples == set()


def test_the_reference_has_every_public_name():
    text = (ROOT / "docs" / "reference.rst").read_text(encoding="utf-8")
    assert set(mt.__all__) - {"datasets"} - set(re.findall(r":: (\w+)", text)) == set()
    assert "microtrain.nn.datasets" in text


@pytest.mark.parametrize("page", pages_with("python"))
def test_the_pages_python_runs(page, tmp_path, monkeypatch):
    runner = doctest.DocTestRunner()
    text = "\n".join(blocks("python", page))
    if "scipy" in text:
        pytest.importorskip("scipy")
    if 'engine="native"' in text and shutil.which("cc") is None:
        pytest.skip("there is no C compiler")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(ROOT / "examples")
    runner.run(doctest.DocTestParser().get_doctest(text, {}, page, page, 0))
    assert runner.tries > 5
    assert runner.failures == 0


@pytest.mark.slow
@pytest.mark.parametrize("page", pages_with("console"))
def test_what_pages_show_is_what_commands_print(page, tmp_path):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    programs = {"microtrain": ["-m", "microtrain"], "python": []}
    for block in blocks("console", page):
        command, _, expected = block.partition("\n")
        program, *arguments = shlex.split(command.removeprefix("$ "))
        done = run(
            *(sys.executable, *programs[program], *arguments),
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(SRC), "PYTHONIOENCODING": "utf-8", "COLUMNS": ""},
        )
        position = 0
        for chunk in expected.rstrip("\n").split("[...]"):
            position = done.stdout.find(chunk.removesuffix("\n"), position)
            assert position >= 0, chunk


def test_the_tests_that_pages_name_are_there():
    """Each guarantee on the page of numbers names the test that holds it."""
    named = 0
    for page in ("CONTRIBUTING.md", "docs/numbers.md", *pages_with("python")):
        module = ""
        text = (ROOT / page).read_text(encoding="utf-8")
        for where, name in re.findall(r"`(test_\w+)?::(test_\w+)`", text):
            module, named = where or module, named + 1
            source = (ROOT / "tests" / f"{module}.py").read_text(encoding="utf-8")
            assert f"\ndef {name}(" in source, f"{page}: {module}::{name}"
    assert named > 15


def test_every_example_is_shown():
    shown = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    for path in (ROOT / "examples").iterdir():
        assert path.name == "README.md" or f"\n## {path.name}\n" in shown
        runs = path.suffix == ".py" and path.name != "pytorch_bridge.py"
        assert not runs or f"\n$ python examples/{path.name}\n" in shown


def test_the_bridge_to_pytorch_runs(tmp_path):
    """The one example that its page shows no output of."""
    pytest.importorskip("torch")
    path = ROOT / "examples" / "pytorch_bridge.py"
    # PyTorch warns where NumPy is missing, which it can do without.
    done = run(sys.executable, "-W", "ignore:Failed to init", str(path), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_the_bridge_to_pytorch_says_what_is_missing(tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError")
    path = ROOT / "examples" / "pytorch_bridge.py"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(SRC)])}
    done = run(sys.executable, str(path), env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "PyTorch is missing. Install it with: pip install torch\n"


def test_the_toy_example_is_short_and_says_what_the_command_says():
    path = ROOT / "examples" / "train_toy.py"
    assert len(path.read_text().splitlines()) <= 40
    out = run(sys.executable, str(path)).stdout
    record = json.loads(run(sys.executable, "-m", "microtrain", "--json").stdout)
    assert [float(x) for x in re.findall(r"^step +\d+ +loss (\S+)$", out, re.MULTILINE)] == [
        pytest.approx(x, abs=1e-6) for x in record["losses"][:20]
    ]
    assert f"converged after {record['steps']} steps" in out
    chart = run(sys.executable, "-m", "microtrain").stdout.partition("\n\nloss\n")[2]
    assert chart.count("\n") == 14 and f"\n\nloss\n{chart}" in out


def test_tab_completion_shows_what_is_public():
    assert {name for name in dir(mt) if not name.startswith("_")} == set(mt.__all__)
