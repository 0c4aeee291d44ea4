"""Every argument of everything public, with everything that people and machines put there.

Either it works, or there is an error of the documented kind that names the argument, or the
function, and says what is expected; and then nothing has changed.
"""

from __future__ import annotations

import inspect
import math
import random
import re
from decimal import Decimal
from fractions import Fraction

import pytest

import microtrain as mt

XS, YS = mt.datasets.toy()
MODEL = mt.MLP(3, [2, 1])
CSV = "a,b,y\n1,2,3\n4,5,6\n"


def odd():
    """What may be put anywhere, by name; new each time, as some can be used only once."""

    class Odd:
        def __repr__(self):
            return "an Odd"

    found = {
        "None": None,
        "True": True,
        "zero": 0,
        "negative": -1,
        "one": 1,
        "three": 3,
        "fraction of a step": 2.5,
        "NaN": math.nan,
        "infinity": math.inf,
        "-infinity": -math.inf,
        "-0.0": -0.0,
        "subnormal": 5e-324,
        "huge": 1e308,
        "huge int": 10**400,
        "-huge int": -(10**400),
        "int of too many digits": 10**5000,
        "complex": 1 + 2j,
        "empty str": "",
        "str": "text",
        "digits": "1",
        "Unicode": "naïve \N{SNOWMAN} \U0001f600",
        "surrogate": "\udcff",
        "null character": "a\0b",
        "bytes": b"x",
        "list": [],
        "list of int": [1],
        "list of NaN": [math.nan, math.inf],
        "list of str": [1.0, "a"],
        "ragged": [[1.0], [1.0, 2.0]],
        "deep": [[[[1.0]]]],
        "list of None": [None],
        "tuple": (),
        "dict": {},
        "dict of str": {"a": "b"},
        "set": {1.0, 2.0},
        "range": range(3),
        "generator": (x for x in [1.0, 2.0]),
        "iterator of nothing": iter(()),
        "Fraction": Fraction(1, 3),
        "Decimal": Decimal("1.5"),
        "object": Odd(),
        "class": Odd,
        "built-in": repr,
        "lambda": lambda *_: 1,
        "lambda of three": lambda a, b, c: None,
        "Value": mt.Value(1.0),
        "model": mt.MLP(3, [1]),
        "module": math,
        "ellipsis": ...,
    }
    try:
        import numpy as np

        found |= {
            "numpy float": np.float64(2.0),
            "numpy float32": np.float32(2.0),
            "numpy int": np.int64(3),
            "numpy bool": np.bool_(True),
            "numpy scalar array": np.array(2.0),
            "numpy empty": np.zeros(0),
            "numpy": np.array([1.0, 2.0, 3.0]),
            "numpy table": np.ones((2, 3)),
            "numpy of str": np.array(["a", "b"]),
            "numpy NaN": np.array([math.nan]),
        }
        import pandas as pd

        found |= {
            "pandas Series": pd.Series([1.0, 2.0, 3.0]),
            "pandas Series of str": pd.Series(["a", "b"], index=[5, 7]),
            "pandas frame": pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}),
            "pandas NA": pd.NA,
            "pandas NaT": pd.NaT,
        }
    except ImportError:
        pass
    return found


def square(x):
    return x * x


def train(**options):
    return mt.train(**{"model": mt.MLP(3, [2, 1]), "xs": XS, "ys": YS, "steps": 2, **options})


def sweep(**options):
    return mt.sweep(**{"lrs": [0.1], "steps": 3, **options})


def phases(**options):
    return mt.phase_diagram(**{"lrs": [0.1], "scales": [1.0], "steps": 3, **options})


HISTORY, SWEEP, PHASES = train(steps=3), sweep(), phases()

ENTRIES = {name: getattr(getattr(mt, name), "entry", None) for name in mt.__all__}
UNARY = [name for name, entry in ENTRIES.items() if entry and len(entry.slopes) == 1]

# Numbers as large as that, and functions that take other arguments, Python finds words for.
PYTHONS_OWN = re.compile(
    r"int too large|result out of range|positional arg|takes no arg|takes exactly|multiply seq"
)
CLEAR = OSError | mt.GradcheckError | mt.CheckpointError
CALLED_MIDWAY = {"on_step", "lr"}
ONE_VALUE = {"prediction": mt.Value(1.0), "target": 1.0}

# A call for each function, with a fitting value for each argument; "PATH" stands for a new file.
CALLS = {
    **{name: (getattr(mt, name), {"x": 0.5}) for name in UNARY},
    **{name: (getattr(mt, name), {"a": 1.0, "b": 2.0}) for name in ("maximum", "minimum", "ratio")},
    "atan2": (mt.atan2, {"y": 1.0, "x": 2.0}),
    "clip": (mt.clip, {"x": 1.0, "low": 0.0, "high": 2.0}),
    "ieee_power": (mt.ieee_power, {"x": 1.0, "n": 3.0}),
    "primitive": (
        lambda **options: mt.compile(mt.primitive(**options)(square))(2.0),
        {
            "slopes": None,
            "takes": "a number",
            "exact": False,
            "raises": True,
            "python": "",
            "c": "",
            "javascript": "",
        },
    ),
    "softmax": (mt.softmax, {"xs": [1.0, 2.0]}),
    "where": (mt.where, {"condition": True, "a": 1.0, "b": 2.0}),
    "dot": (mt.dot, {"weights": [1.0], "inputs": [1.0], "bias": 0.0}),
    "Value": (mt.Value, {"data": 1.0, "label": ""}),
    "Value.backward": (mt.Value(1.0).backward, {"grad": 1.0}),
    "Value.maximum": (mt.Value(1.0).maximum, {"b": 1.0}),
    "Value.minimum": (mt.Value(1.0).minimum, {"b": 1.0}),
    "to_svg": (mt.to_svg, {"value": mt.Value(1.0), "model": None}),
    "to_dot": (mt.to_dot, {"value": mt.Value(1.0), "model": None}),
    "Neuron": (mt.Neuron, {"n_in": 2, "activation": "tanh", "rng": random.Random(1)}),
    "Layer": (mt.Layer, {"n_in": 2, "n_out": 2, "activation": "tanh", "rng": None}),
    "MLP": (
        mt.MLP,
        {"n_in": 2, "sizes": [2], "activation": "tanh", "output_activation": "tanh", "seed": 0},
    ),
    "MLP.__call__": (lambda x: MODEL(x), {"x": XS[0]}),
    "Layer.__call__": (lambda x: MODEL.layers[0](x), {"x": XS[0]}),
    "Neuron.__call__": (lambda x: MODEL.layers[0].neurons[0](x), {"x": XS[0]}),
    "Module.predict": (MODEL.predict, {"xs": XS}),
    "Module.load_state_dict": (MODEL.load_state_dict, {"state": MODEL.state_dict()}),
    "Module.plot_boundary": (
        mt.MLP(2, [1]).plot_boundary,
        {"xs": [[0.0, 1.0], [1.0, 0.0]], "ys": [1, -1], "ax": None},
    ),
    "squared_error": (mt.squared_error, ONE_VALUE),
    "hinge": (mt.hinge, ONE_VALUE),
    "cross_entropy": (mt.cross_entropy, {"prediction": [mt.Value(1.0)] * 2, "target": 1}),
    "mse_loss": (
        mt.mse_loss,
        {"predictions": [mt.Value(1.0)], "targets": [1.0], "reduction": "sum"},
    ),
    "SGD": (mt.SGD, {"parameters": [mt.Value(1.0)], "lr": 0.1}),
    "constant": (mt.constant, {"lr": 0.1}),
    "warmup_cosine": (
        mt.warmup_cosine,
        {"peak": 0.1, "steps": 10, "warmup_steps": 2, "final": 0.0},
    ),
    "compile": (mt.compile, {"f": square, "engine": "python"}),
    "grad": (mt.grad, {"f": square, "argnums": 0}),
    "value_and_grad": (mt.value_and_grad, {"f": square, "argnums": 0}),
    "hessian": (mt.hessian, {"f": square, "argnums": 0}),
    "jacobian": (mt.jacobian, {"f": square, "argnums": 0}),
    "gradcheck": (
        mt.gradcheck,
        {"f": square, "inputs": [1.0], "eps": 1e-6, "rtol": 1e-4, "atol": 1e-6},
    ),
    "sharpness": (
        mt.sharpness,
        {"model": MODEL, "xs": XS, "ys": YS, "loss": mt.squared_error, "reduction": "sum"},
    ),
    "datasets.moons": (mt.datasets.moons, {"n": 4, "noise": 0.1, "seed": 0}),
    "datasets.read_csv": (
        mt.datasets.read_csv,
        {"path": "CSV", "target": "y", "sep": None, "skip_empty": False},
    ),
    "train": (
        train,
        {
            "model": MODEL,
            "xs": XS,
            "ys": YS,
            "steps": 2,
            "lr": 0.1,
            "loss": mt.squared_error,
            "reduction": "sum",
            "batch_size": None,
            "accumulate": 1,
            "zero_grad": True,
            "target_loss": None,
            "seed": 0,
            "engine": "auto",
            "on_step": None,
            "track_sharpness": None,
            "record": False,
            "checkpoint": "PATH",
            "checkpoint_every": 100,
        },
    ),
    "sweep": (
        sweep,
        {
            "lrs": [0.1],
            "seeds": [0],
            "steps": 3,
            "target_loss": 0.01,
            "model": None,
            "xs": XS,
            "ys": YS,
            "loss": mt.squared_error,
            "reduction": "sum",
            "batch_size": None,
            "track_sharpness": None,
            "engine": "auto",
            "record": False,
            "executor": None,
            "on_run": None,
        },
    ),
    "phase_diagram": (
        phases,
        {
            "lrs": [0.1],
            "scales": [1.0],
            "seeds": [0],
            "steps": 3,
            "target_loss": 0.01,
            "model": None,
            "xs": XS,
            "ys": YS,
            "loss": mt.squared_error,
            "reduction": "sum",
            "sharpness": True,
            "engine": "auto",
            "executor": None,
            "on_run": None,
        },
    ),
    "PhaseDiagram.chart": (PHASES.chart, {"width": 40, "height": 5, "colour": False}),
    "PhaseDiagram.plot": (PHASES.plot, {"ax": None}),
    "PhaseDiagram.to_csv": (PHASES.to_csv, {"target": "PATH"}),
    "History.chart": (
        HISTORY.chart,
        {"width": 40, "height": 5, "log": None, "ascii": None},
    ),
    "History.plot": (HISTORY.plot, {"ax": None}),
    "History.to_csv": (HISTORY.to_csv, {"target": "PATH"}),
    "Sweep.chart": (
        SWEEP.chart,
        {"width": 40, "height": 5, "log": None, "ascii": None, "colour": False},
    ),
    "Sweep.plot": (SWEEP.plot, {"ax": None}),
    "Sweep.to_csv": (SWEEP.to_csv, {"target": "PATH"}),
    "save": (mt.save, {"model": MODEL, "path": "PATH"}),
    "load": (mt.load, {"path": "MODEL", "model": None}),
    "report": (mt.report, {"runs": mt.train(record=True), "path": "PATH", "title": "title"}),
}
ROWS = [(name, argument) for name, (_, arguments) in CALLS.items() for argument in arguments]


@pytest.mark.parametrize(("name", "argument"), ROWS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_it_works_or_says_what_is_expected(name, argument, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    (tmp_path / "CSV").write_text(CSV)
    mt.save(MODEL, tmp_path / "MODEL")
    before = MODEL.state_dict()
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    function, arguments = CALLS[name]
    wrong = []
    for kind, x in odd().items():
        try:
            function(**{**arguments, argument: x})
        except ImportError as error:
            assert "pip install" in str(error)
        except (TypeError, ValueError, ArithmeticError, OSError) as error:
            text = str(error)
            names = argument.rstrip("s"), *name.split("."), "MLP expects"
            named = any(word in text for word in names) or PYTHONS_OWN.search(text)
            if not named and not isinstance(error, CLEAR):
                wrong.append(f"{kind}: {type(error).__name__}: {text}")
            assert MODEL.state_dict() == before or argument in CALLED_MIDWAY
        except Exception as error:
            wrong.append(f"{kind}: {type(error).__name__}: {error}")
        finally:
            MODEL.load_state_dict(before)
            for path in tmp_path.iterdir():
                if path.name not in files:
                    path.unlink()
        assert files == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert not wrong, "\n".join(wrong)


def test_no_public_argument_is_missing():
    public = {}
    for name in mt.__all__:
        item = getattr(mt, name)
        if inspect.ismodule(item):
            public |= {f"{name}.{f}": getattr(item, f) for f in ("moons", "read_csv")}
        elif inspect.isclass(item) and not issubclass(item, Exception):
            public[name] = item.__init__
            for method, function in vars(item).items():
                if inspect.isfunction(function) and not method.startswith("_"):
                    public[f"{name}.{method}"] = function.__get__(item)
        elif not inspect.isclass(item):
            public[name] = item
    # Made by train(), sweep() and phase_diagram(); to be subclassed.
    internal = {"History", "Sweep", "PhaseDiagram", "Module"}
    internal |= {"Value.perform"}  # called by operations
    for name, function in public.items():
        if name in internal:
            continue
        parameters = [
            p.name
            for p in inspect.signature(function).parameters.values()
            if p.name != "self" and not p.name.startswith("_") and p.kind != p.VAR_KEYWORD
        ]
        assert [argument for of, argument in ROWS if of == name] == parameters, (
            f"give CALLS an entry for each argument of {name}: {parameters}"
        )
