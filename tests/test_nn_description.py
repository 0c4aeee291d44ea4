"""One description of a model, a loss or a schedule: equal where they compute the same, else not."""

from __future__ import annotations

import abc
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import importlib
import io
import itertools
import logging
import math
import os
import pathlib
import pickle
import random
import re
import sys
import textwrap
import threading
import typing

import pytest
from machine import run
from outcomes import bits

import microtrain as mt
from microtrain import MLP, Module, Value
from microtrain.nn import description as description_module
from microtrain.nn.description import Description

SCALE = 2.0


class Scaled(Module):
    def __init__(self, scale=1.0, shape=math.tanh):
        self.w, self.scale, self.shape = Value(0.5), scale, shape

    def __call__(self, x):
        return self.w * x[0] * self.scale

    def method(self, p, t):
        return self.scale * (p - t) ** 2


class Quadrupled(Scaled):
    def __call__(self, x):
        return 4 * super().__call__(x)


class Slotted(Module):
    __slots__ = ("scale",)

    def __init__(self, scale):
        self.w, self.scale = Value(0.5), scale


class Called:
    def __init__(self, power):
        self.power = power

    def __call__(self, p, t):
        return (p - t) ** self.power


def power(p, t, n=2, *, factor=1.0):
    return factor * (p - t) ** n


def closure(a):
    return lambda p, t: (p - t) ** 2 * a


def scaled_by_a_global(p, t):
    return SCALE * power(p, t)


def with_attribute(p, t):
    return with_attribute.factor * (p - t) ** 2


def own(function):
    return mt.primitive(slopes=lambda y, x: 1.0)(function)


def tied():
    model = MLP(2, [2, 2, 1])
    model.layers[1].neurons[0].weights = model.layers[0].neurons[0].weights
    return model


def linear(change=lambda model: None):
    model = MLP(2, [2, 1])
    change(model)
    return model


DIFFERENT = [
    *(lambda: MLP(2, [2, 1]), lambda: MLP(2, [1, 2, 1]), lambda: MLP(3, [2, 1])),
    *(lambda: MLP(2, [2, 1], "relu"), tied),
    lambda: linear(lambda model: setattr(model.layers[0].neurons[1], "activation", "relu")),
    lambda: linear(lambda model: setattr(model.layers[0].neurons[1], "bias", 0.0)),
    lambda: linear(lambda model: setattr(model.layers[0].neurons[1], "bias", -0.0)),
    *(lambda: Scaled(), lambda: Scaled(2.0), lambda: Scaled(2), lambda: Scaled(True)),
    *(lambda: Scaled("2"), lambda: Scaled([2.0]), lambda: Scaled((2.0,)), lambda: Scaled({2.0})),
    *(lambda: Scaled({"a": 2.0}), lambda: Scaled({"a": 3.0}), lambda: Scaled({"b": 2.0})),
    *(lambda: Scaled({1: 2.0}), lambda: Scaled({1: 3.0}), lambda: Scaled({2: 2.0})),
    *(lambda: Scaled(frozenset({2.0, 3.0})), lambda: Scaled(Value(2.0)), lambda: Quadrupled()),
    *(lambda: Scaled(10**5000), lambda: Scaled(math.nan), lambda: Scaled(-Value(2.0))),
    *(lambda: Scaled(shape=math.sin), lambda: Scaled(shape=abs), lambda: Scaled().method),
    *(lambda: Slotted(1.0), lambda: Slotted(2.0)),
    *(lambda: Scaled(2.0).method, lambda: Called(2), lambda: Called(3), lambda: power),
    *(lambda: functools.partial(power, n=4), lambda: functools.partial(power, n=3)),
    *(lambda: closure(1.0), lambda: closure(2.0), lambda: closure(power), lambda: closure(closure)),
    *(lambda: lambda p, t: (p - t) ** 2, lambda: lambda p, t: (p - t) ** 3),
    *(lambda: lambda p, t: p.tanh() - t, lambda: lambda p, t: p.relu() - t),
    *(lambda: scaled_by_a_global, lambda: mt.hinge, lambda: mt.squared_error),
    *(lambda: lambda p, t: math.exp(p), lambda: lambda p, t: itertools.count(p)),
    *(lambda: mt.constant(0.1), lambda: mt.constant(0.2), lambda: mt.warmup_cosine(0.1, 10, 2)),
    *(lambda: own(lambda x: x + 1), lambda: own(lambda x: x + 2), lambda: mt.tanh, lambda: mt.sin),
    *(lambda: itertools.count(2), lambda: functools.lru_cache(power), lambda: os.path.join),
]


def description(item, parameters=()):
    found = Description(item, parameters)
    assert found.text and not found.refusal
    return found.text


def text(make):
    item = make()
    return description(item, item.parameters() if isinstance(item, Module) else ())


def test_equal_things_have_equal_descriptions_and_others_have_others():
    texts = [text(make) for make in DIFFERENT]
    assert texts == [text(make) for make in DIFFERENT]
    assert len(set(texts)) == len(texts)


def test_only_the_numbers_of_the_parameters_do_not_count():
    model, other = MLP(2, [2, 1]), MLP(2, [2, 1], seed=9)
    assert description(model, model.parameters()) == description(other, other.parameters())
    assert description(model) != description(other)
    fewer = model.parameters()[:-1]
    assert description(model, fewer) != description(model, model.parameters())


def scaled_inside(p, t):
    return (lambda: SCALE * p)()


def test_of_what_is_installed_the_name_is_enough():
    join = f"{os.path.__name__}.join"
    for function, name in (mt.hinge, "microtrain.nn.losses.hinge"), (os.path.join, join):
        assert description(function).splitlines()[-2:] == [f"function of ['{name}']", "None"]


CHANGES = [
    (scaled_inside, lambda m: m.setitem(globals(), "SCALE", 3.0)),
    (scaled_by_a_global, lambda m: m.setitem(globals(), "SCALE", 3.0)),
    (scaled_by_a_global, lambda m: m.setitem(globals(), "power", lambda p, t: (p - t) ** 4)),
    (power, lambda m: m.setattr(power, "__defaults__", (3,))),
    (power, lambda m: m.setattr(power, "__kwdefaults__", {"factor": 2.0})),
    (with_attribute, lambda m: m.setattr(with_attribute, "factor", 2.0, raising=False)),
    (Quadrupled(), lambda m: m.setattr(Scaled, "__call__", lambda self, x: self.w)),
    (Quadrupled(), lambda m: m.setattr(Scaled, "rate", 2.0, raising=False)),
    (Quadrupled(), lambda m: m.setattr(Scaled, "__call__", functools.partial(power, 1.0))),
    (MLP(1, [1]), lambda m: m.setattr(mt.Neuron, "__call__", lambda self, x: self.bias)),
]


@pytest.mark.parametrize(("item", "change"), CHANGES)
def test_what_a_function_or_a_class_uses_counts(item, change, monkeypatch):
    before = Description(item)
    assert before.holds()
    with monkeypatch.context() as patch:
        change(patch)
        assert description(item) != before.text and not before.holds()
    assert description(item) == before.text


REPLACED = [
    (lambda: [1.0], lambda x: x.append(1.0)),
    (lambda: [1.0], lambda x: x.__setitem__(0, 1)),
    (lambda: {"a": None}, lambda x: x.__setitem__("b", x.pop("a"))),
    (lambda: {"a": None, "b": None}, lambda x: x.__setitem__("a", x.pop("a"))),
    (lambda: {"a": 1.0}, lambda x: x.__setitem__("a", True)),
    (lambda: {1: 1.0}, lambda x: x.__setitem__(2, x.pop(1))),
    (lambda: ([], 1.0), lambda x: x[0].append(x[1])),
    (lambda: Value(0.0), lambda x: setattr(x, "data", -0.0)),
    (lambda: Scaled(Value(1.0)), lambda x: setattr(x.scale, "data", 2.0)),
    (lambda: Scaled(2.0), lambda x: setattr(x, "__class__", Quadrupled)),
    (lambda: Scaled(2.0), lambda x: setattr(x, "other", x.__dict__.pop("scale"))),
    (lambda: Scaled({1.0}), lambda x: x.scale.add(2.0)),
    (lambda: Called([1.0]), lambda x: x.power.append(2.0)),
    (lambda: functools.partial(power, n=3), lambda x: x.keywords.__setitem__("n", 4)),
    (lambda: functools.partial(power, n=3), lambda x: setattr(x, "factor", 2.0)),
    (lambda: closure(1.0), lambda x: setattr(x.__closure__[0], "cell_contents", 2.0)),
    (lambda: closure(1.0), lambda x: setattr(x, "factor", 2.0)),
]


@pytest.mark.parametrize(("make", "replace"), REPLACED)
def test_a_description_holds_until_a_part_is_replaced(make, replace):
    item = make()
    before, same = Description(item), Description(make())
    assert before.text == same.text and before.holds() == (type(item) is not Called)
    replace(item)
    assert description(item) != before.text and not before.holds()


@pytest.fixture
def modules(monkeypatch, tmp_path):
    """A folder of modules, which are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith(("own_", "installed_"))]:
        del sys.modules[name]


def test_what_a_module_of_ones_own_holds_counts_and_no_more_of_it_than_is_used(modules):
    (modules / "own_settings.py").write_text("scale = 1.0\nother = 2.0\nimport own_settings\n")
    own_settings = importlib.import_module("own_settings")
    loss = eval("lambda p, t: settings.scale * p", {"settings": own_settings})
    before = description(loss)
    own_settings.other = 3.0
    assert description(loss) == before
    own_settings.scale = 3.0
    assert description(loss) != before
    loss = (lambda settings: lambda p, t: settings.scale * p)(own_settings)
    before = description(loss)
    own_settings.scale = 3.75
    assert description(loss) != before
    loss = eval("lambda p, t: own_settings.own_settings.scale", {"own_settings": own_settings})
    before = description(loss)
    own_settings.scale = 4.0
    assert description(loss) != before


def test_what_is_installed_is_not_imported_for_a_branch_that_may_never_run(modules, monkeypatch):
    site = modules / "site-packages"
    for name in ("installed_plain.py", "installed_package/__init__.py", "installed_space/part.py"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).touch()
    monkeypatch.syspath_prepend(site)
    for name in (
        "this",
        "_symtable",
        "installed_plain",
        "installed_package",
        "installed_space.part",
    ):
        loss = function_of(f"if p is t: import {name}\nreturn p")
        before = {*sys.modules}
        found = Description(loss)
        assert found.text and found.holds() and {*sys.modules} == before
        importlib.import_module(name)
        description_module._is_installed.cache_clear()
        assert description(loss) == found.text


def function_of(body):
    namespace = {}
    exec(f"def loss(p, t):\n{textwrap.indent(body, '    ')}", namespace)
    return namespace["loss"]


@pytest.mark.parametrize(
    ("imports", "named"),
    [
        ("import own_part", "own_part"),
        ("from own_part import scale", "own_part"),
        ("import own_pack.own_part as part", "own_pack.own_part"),
        ("from . import own_part", "."),
        ("from .json import scale", ".json"),
        ("from ..own_part import scale", "..own_part"),
        ("import no_such_module", "no_such_module"),
        ("; ".join(f"x = {k}.5" for k in range(300)) + "; from .json import x", ".json"),
    ],
)
def test_a_function_that_imports_a_module_of_ones_own_when_called_is_refused(imports, named):
    found = Description(function_of(f"{imports}\nreturn p"))
    told = f"it can't be compared: it imports {named} when it is called; import that at the top"
    assert found.text is None and found.refusal == told


def test_a_structure_that_holds_itself():
    loop = [1.0]
    loop.append(loop)
    other = [2.0]
    other.append(other)
    assert description(loop) == description(loop) != description(other)
    assert description([loop, loop]) != description([loop, [1.0, loop]])

    def recursive(p, t):
        return recursive(p, t)

    assert "object" in description(recursive)


def test_whether_two_parts_are_one_object_counts_where_it_can_change():
    for make, counts in ((tuple, False), (frozenset, False), (list, True), (set, True)):
        one, other = make([1.0, 2.0]), make([1.0, 2.0])
        assert one is not other
        assert (description([one, one]) != description([one, other])) == counts


def test_a_structure_of_any_depth():
    deep, same = (functools.reduce(lambda x, _: [x], range(10**4), [1.0]) for _ in range(2))
    assert description(deep) == description(same) != description([deep])
    assert Description(deep).holds()


def test_generated_functions_are_described_by_their_code():
    square, cube = mt.compile(lambda x: x * x), mt.compile(lambda x: x * x * x)
    assert square(2.0) == 4.0 and cube(2.0) == 8.0
    assert description(square.__call__) != description(cube.__call__)


class Endless:
    def __reduce_ex__(self, protocol):
        return Endless, (Endless(),)


def test_what_makes_new_parts_whenever_it_is_looked_at_is_refused(monkeypatch):
    monkeypatch.setattr(description_module, "MOST", 1000)
    told = "scale can't be compared: it has more than 1,000 parts"
    assert Description(Scaled(Endless())).refusal == told


class Odd:
    def __reduce_ex__(self, protocol):
        raise ZeroDivisionError("odd")

    def __repr__(self):
        raise RuntimeError("odd")


class Later(Called):
    def __reduce_ex__(self, protocol):
        if self.power == 3:
            raise ZeroDivisionError("later")
        return "it"


def test_what_can_no_longer_be_compared_does_not_hold():
    item = Later(2)
    before = Description(item)
    assert before.text and before.holds()
    item.power = 3
    assert not before.holds() and Description(item).text is None
    file = Called(io.BytesIO(b"2"))
    before = Description(file)
    file.power.close()
    assert before.text and not before.holds() and Description(file).text is None


def unset():
    if False:
        late = 1.0
    return lambda p, t: late


def draws(p, t):
    return p * random.random()


def draws_inside(p, t):
    import random

    return p * random.random()


def draws_by_name(p, t):
    from random import gauss

    return p * gauss()


class Forgetful(Module):
    def __init__(self):
        self.rng = random.Random(0)

    def __getstate__(self):
        return {}


class Array:
    """Gives its data away beside the pickle, where the protocol has that, as NumPy does."""

    def __init__(self, data):
        self.data = bytearray(data)

    def __reduce_ex__(self, protocol):
        return Array, (pickle.PickleBuffer(self.data) if protocol >= 5 else bytes(self.data),)


def test_arrays_are_compared_by_their_data():
    assert description(Array(b"1")) == description(Array(b"1")) != description(Array(b"2"))


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ((x for x in [1.0]), "it can't be compared: cannot pickle 'generator' object"),
        (Scaled(threading.Lock()), "scale can't be compared: cannot pickle '_thread.lock'"),
        (
            Scaled({"rng": random.Random(0)}),
            "scale.rng can't be compared: the state of random numbers is not kept",
        ),
        (Scaled({"a": {"b": random.Random(0)}}), "^scale.a.b can't be compared"),
        (closure(sys.stdout), "a can't be compared"),
        (Odd(), "it can't be compared: odd"),
        (draws, "random can't be compared: the state of random numbers is not kept"),
        (draws_inside, "it can't be compared: the state of random numbers is not kept"),
        (draws_by_name, "it can't be compared: the state of random numbers is not kept"),
        (Forgetful(), "rng can't be compared: the state of random numbers is not kept"),
        (random.gauss, "the state of random numbers is not kept"),
    ],
)
def test_what_can_not_be_compared_is_refused_with_its_place(item, message):
    found = Description(item)
    assert found.text is None and re.search(message, found.refusal)


def test_a_model_that_can_not_be_compared_is_compiled_where_that_is_asked_for():
    make = functools.partial(Scaled, shape=random.Random(0))
    for options in ({}, {"on_step": lambda history: None}):
        history = mt.train(make(), [[1.0]], [2.0], steps=5, engine="compiled", **options)
        assert history.engine == "compiled"
        assert bits(history) == bits(mt.train(make(), [[1.0]], [2.0], steps=5, engine="eager"))


def test_a_variable_that_is_not_set_yet():
    assert description(unset()) == description(unset())


class Color(enum.Enum):
    RED = 1.0
    BLUE = 2.0


@dataclasses.dataclass
class Settings:
    scale: float = 1.0
    xs: list = dataclasses.field(default_factory=list)


class Point(typing.NamedTuple):
    x: float
    y: float = 0.0


class Abstract(abc.ABC, typing.Generic[typing.TypeVar("T")]):
    limit = 3

    @abc.abstractmethod
    def call(self, x): ...


class Concrete(Abstract):
    __slots__ = ("scale",)

    def __init__(self, scale):
        self.scale = scale

    @functools.cached_property
    def half(self):
        return self.scale / 2

    @functools.lru_cache  # noqa: B019
    def call(self, x):
        return x in {1.0, 2.0, 3.0}

    @classmethod
    def made(cls):
        return cls(1.0)

    @staticmethod
    def same(x):
        return x

    @property
    def twice(self):
        return self.scale * 2


MANY_KINDS = [
    *(Color.RED, Color.BLUE, Settings(), Settings(2.0), Settings(xs=[1.0]), Point(1.0), Point(2.0)),
    *(Concrete(1.0), Concrete(2.0), Abstract, Concrete(1.0).call, Concrete.made, Concrete.same),
    *(collections.deque([1.0]), collections.deque([2.0]), collections.OrderedDict(a=1.0)),
    *(collections.defaultdict(list, a=1.0), fractions.Fraction(1, 3), decimal.Decimal("0.1")),
    *(range(3), range(4), slice(3), {1.0: "a"}, pathlib.PurePosixPath("a"), re.compile("a")),
    *(datetime.date(2000, 1, 2), bytearray(b"a"), logging.getLogger("a"), ..., NotImplemented),
]


def test_objects_of_many_kinds_can_be_compared():
    texts = [description(item) for item in MANY_KINDS]
    assert texts == [description(item) for item in MANY_KINDS]
    assert len(set(texts)) == len(texts)


def test_what_is_defined_in_a_session_is_no_installed_module(monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "__file__", os.__file__, raising=False)
    one, other = (eval(f"lambda p, t: p * {x}", {"__name__": "__main__"}) for x in (1.0, 2.0))
    assert description(one) != description(other)


STABLE = """
import sys
sys.path[:0] = sys.argv[1:]
import hashlib
import test_nn_description as tests
texts = [*map(tests.text, tests.DIFFERENT), *map(tests.description, tests.MANY_KINDS)]
print(hashlib.sha256("".join(texts).encode()).hexdigest())
"""


def test_descriptions_are_the_same_in_every_process():
    here = os.path.dirname(__file__)
    found = {
        run(sys.executable, "-c", STABLE, here, env={**os.environ, "PYTHONHASHSEED": seed}).stdout
        for seed in ("0", "77")
    }
    assert len(found) == 1


@pytest.mark.parametrize("engine", ["eager", "compiled"])
def test_what_on_step_changes_in_a_model_of_ones_own_is_noticed(engine):
    def on_step(history):
        if history.steps == 3:
            history.model.scale = 3.0

    options = {"steps": 6, "engine": engine, "on_step": on_step, "track_sharpness": 1}
    history = mt.train(Scaled(), [[1.0]], [2.0], **options)
    assert bits(history) == bits(
        mt.train(Scaled(), [[1.0]], [2.0], **{**options, "engine": "eager"})
    )
    assert history.sharpness[2] == 2.0 and history.sharpness[3] == 18.0
