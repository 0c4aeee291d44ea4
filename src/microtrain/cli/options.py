"""The options of all commands, declared once. A command picks its own.

To add an option, add a line to `OPTIONS`, and its name to each command that has it; a command says
what the default is where it differs.
"""

import argparse
import difflib
import functools
import re
import textwrap
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple, NoReturn

from ..draw.chart import default_width
from ..errors import describe
from ..nn.losses import REDUCTIONS
from ..nn.mlp import ACTIVATIONS
from ..report.sets import JOBS
from ..tables.fit import HIDDEN, SHARE
from ..tables.predictor import LOSSES, MANY
from ..training.plan import ENGINES

Arguments = argparse.Namespace  # of a command, by the names of its options

OK, FAILED, USAGE, INTERRUPTED, UNREAD = 0, 1, 2, 130, 141  # exit statuses

WIDEST = 10_000  # neurons in a layer; more would take days, and all the memory

# Arguments of the library whose options have other names.
RENAMED = {"warmup_steps": "warmup", "peak": "lr"}

# What options are called in other programs.
ELSEWHERE = {
    "steps": "epochs epoch iterations iters max-iter n-steps",
    "lr": "learning-rate eta alpha rate",
    "lrs": "learning-rates rates",
    "hidden": "layers units neurons sizes",
    "sep": "delimiter separator",
    "target": "label y predict",
    "seed": "random-seed random-state",
    "save": "output out model",
    "jobs": "workers processes threads",
    "target-loss": "tolerance tol goal",
    "test-share": "test-size validation-split",
    "batch-size": "batch minibatch",
    "quiet": "silent no-progress",
}


def neurons(text: str) -> int:
    if not 1 <= int(text) <= WIDEST:
        raise ValueError
    return int(text)


Kind = Callable[[str], Any] | Collection[str]  # what reads a value, or the values there are
EXPECTED: dict[Kind, str] = {int: "a whole number", float: "a number"}
EXPECTED[neurons] = f"numbers from 1 to {WIDEST:,}, or none for no hidden layer"


def _read(kind: Kind, text: str) -> Any:
    """Return the value that a text is. Raises `ArgumentTypeError` if it is not of this kind."""
    names = [] if callable(kind) else [*kind]
    try:
        return kind(text) if callable(kind) else names[names.index(text)]
    except ValueError:
        expected = f"one of {', '.join(names)}" if names else EXPECTED[kind]
        got = describe(text).removeprefix("str ") + hint(text, names)
        raise argparse.ArgumentTypeError(f"expects {expected}, got {got}") from None


class Unset(str):
    """The default None of an option. The words say in its help what that means."""


class Option(NamedTuple):
    """An option: its help, what its value is called (a flag has none), its kind and default."""

    help: str
    value: str = ""
    kind: Kind = str
    default: Any = Unset()
    nargs: str | int | None = None


OPTIONS = {
    # What to learn.
    "data": Option("what to learn", "NAME", [*JOBS], "toy"),
    "target": Option("the column to predict: texts (classes) or numbers", "COLUMN"),
    "classes": Option("the numbers of the target are classes"),
    "numbers": Option("the numbers of the target are amounts, not classes"),
    "max-classes": Option("the target may have N classes", "N", int, MANY),
    "drop": Option("columns to leave out", "COLUMN", str, [], "+"),
    "texts": Option("columns of texts, even if they look like numbers", "COLUMN", str, [], "+"),
    "test-share": Option("the share of the rows to hold out and judge by", "SHARE", float, SHARE),
    "skip-empty": Option("leave out the rows with an empty cell"),
    "probabilities": Option("print a column with the probability of each class, too"),
    "sep": Option(
        "what stands between two cells, such as ';' or tab", "CHAR", str, Unset("a comma")
    ),
    # The model.
    "hidden": Option("neurons in each hidden layer", "N", neurons, [*HIDDEN], "*"),
    "activation": Option("of the hidden layers", "NAME", ACTIVATIONS, "tanh"),
    "output-activation": Option("of the last layer", "NAME", ACTIVATIONS, "tanh"),
    # Training.
    "lr": Option("learning rate", "RATE", float, 0.05),
    "lrs": Option("a list of learning rates", "RATE", float, nargs="+"),
    "map lrs": Option("lowest, highest learning rate; sweep takes a list", "RATE", float, nargs=2),
    "warmup": Option("run each rate again: up to it in N steps, then down half a cosine", "N", int),
    "steps": Option("make at most N steps", "N", int, 100),
    "target-loss": Option("stop a run once its loss is below this; 0: never", "LOSS", float, 0.01),
    "loss": Option("of a row", "NAME", LOSSES, Unset("squared_error; of classes cross_entropy")),
    "reduction": Option("of the samples' losses to that of a batch", "NAME", REDUCTIONS, "sum"),
    "batch-size": Option("samples in a mini-batch", "N", int, Unset("all")),
    "accumulate": Option("add up the gradients of N mini-batches for each update", "N", int, 1),
    "seed": Option("decides everything that is random", "N", int, 0),
    "seeds": Option("runs for each rate, from seed 0 on", "N", int),
    "engine": Option("which engine (native needs a C compiler)", "NAME", ENGINES, ENGINES[0]),
    "jobs": Option("processes to run on", "N", int),
    "no-zero-grad": Option("forget to reset the gradients, to see what that does"),
    "no-sharpness": Option("leave out the sharpness, which takes time"),
    # A map.
    "rows": Option("what its rows are", "NAME", ("scales", "seeds"), "scales"),
    "scales": Option("lowest, highest factor of initial parameters", "X", float, [0.1, 10], 2),
    "cells": Option("how many rates, and half as many scales", "N", int),
    "plot": Option("draw it to this file: .png, .svg or .pdf (needs matplotlib)", "FILE"),
    # Files.
    "checkpoint": Option("keep the state of the run in this file", "FILE"),
    "checkpoint-every": Option("write it every N steps (about every second)", "N", int),
    "resume": Option("go on from the checkpoint, if it is there"),
    "save": Option("write what microtrain predict needs to this file", "FILE"),
    # What is printed.
    "title": Option("of the page", "TEXT", str, "Watch it learn"),
    "json": Option("print the record as JSON, nothing else"),
    "csv": Option("print a line for each run as CSV, nothing else"),
    "report csv": Option("a table to learn from, instead of --data", "FILE"),
    "quiet": Option("print nothing but the outcome"),
}


def usual(names: str) -> dict[str, Any]:
    """Return the usual defaults of these options."""
    return {name: OPTIONS[name].default for name in names.split()}


def listed(numbers: Iterable[float]) -> str:
    """Return default numbers in words."""
    return " ".join(f"{x:g}" for x in numbers)


def fill(arguments: Arguments, **defaults: Any) -> None:
    """Set the options that are not given to these defaults."""
    for name, default in defaults.items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, default)


def passed(arguments: Arguments) -> dict[str, Any]:
    """Return the options of a command that are arguments of the library."""
    names = "steps lr reduction batch_size accumulate seed engine checkpoint checkpoint_every"
    found = {name: getattr(arguments, name) for name in names.split() if name in arguments}
    return {**found, "target_loss": arguments.target_loss or None}


def refuse(arguments: Arguments, names: Iterable[str], why: str) -> None:
    """Raise `ValueError` if one of these options is given where it would do nothing."""
    for name in names:
        if f"--{name}" in arguments.given:
            raise ValueError(f"--{name} {why}")


STYLE: Any = {"formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False}


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `ValueError`."""

    taken = ""  # which options may have taken the words that are missing

    def error(self, message: str) -> NoReturn:
        message += self.taken if "are required" in message else ""
        see = " See" if message.endswith("?") else "; see"
        raise ValueError(f"{message}{see} {self.prog} --help")


class Command(NamedTuple):
    """A command: what it does, what it takes, and what its exit status says."""

    name: str
    run: Callable[[Arguments], int]
    purpose: str  # in a line
    description: str
    examples: tuple[str, ...]
    ok: str  # when the exit status is 0
    options: Mapping[str, Any]  # names and defaults
    files: Mapping[str, str] = {}  # positional arguments, and their help
    extra: str = ""  # what to say of a word too many, which stands in it for {}

    @property
    def prog(self) -> str:
        return f"microtrain {self.name}"

    def parse(self, words: list[str]) -> Arguments:
        """Return the words as arguments. Raises `ValueError` for those that do not fit."""
        parser = self._parser()
        many = (word for word in words if word[2:] in OPTIONS and OPTIONS[word[2:]].nargs)
        parser.taken = "".join(f"; {word} takes all words after it" for word in many)
        arguments, unknown = parser.parse_known_args(words)
        for word in unknown:
            if not word.startswith("-"):
                parser.error(f"unrecognized arguments: {word}{self.extra.format(word)}")
            given = word.partition("=")[0]
            meant = hint(given.lstrip("-"), self.options, "--")
            parser.error(f"there is no option {given}{meant}")
        arguments.given = {word.partition("=")[0] for word in words}
        return arguments

    def _parser(self) -> Parser:
        statuses = (
            f"Exit status: {OK} if {self.ok}, {FAILED} if not, or if a file can't be read or "
            f"written, {USAGE} for arguments or files that do not fit, {INTERRUPTED} after Ctrl-C, "
            f"{UNREAD} if the output is not read to its end. NO_COLOR in the environment turns "
            "colours off."
        )
        examples = "\n  ".join(["examples:", *self.examples])
        usage = " ".join([self.prog, *self.files, "[OPTION ...]"])
        more = f"{examples}\n\n{filled(statuses)}"
        parser = Parser(self.prog, usage, filled(self.description), more, **STYLE)
        for name, text in self.files.items():
            word, nargs = name.strip("[]"), "?" if name.startswith("[") else None
            parser.add_argument(word.lower(), metavar=word, help=text, nargs=nargs)
        for name in [name for name in OPTIONS if name in self.options]:
            option = OPTIONS.get(f"{self.name} {name}", OPTIONS[name])
            if not option.value:
                parser.add_argument(f"--{name}", action="store_true", help=option.help)
                continue
            default, help = self.options[name], option.help
            if not callable(option.kind):
                help += f": {', '.join(option.kind)}"
            told = listed(default) if isinstance(default, list) else str(default)
            parser.add_argument(
                f"--{name}",
                metavar=option.value,
                type=functools.partial(_read, option.kind),
                nargs=option.nargs,
                default=None if isinstance(default, Unset) else default,
                help=f"{help} ({told})".removesuffix(" ()").replace("%", "%%"),
            )
        return parser

    def named(self, message: str) -> str:
        """Return an error of the library with the names of options in place of arguments."""

        def option(found: re.Match[str]) -> str:
            name = RENAMED.get(found[0], found[0].replace("_", "-"))
            return f"--{name}" if name in self.options else found[0]

        # An argument's name begins the message, or has an underscore.
        return re.sub(r"^\w+|(?<![\w'\"/.-])[a-z]+_[a-z_]+(?![\w'\"/.])", option, message)


def filled(text: str) -> str:
    """Return a paragraph in lines as wide as the terminal, and at most 80 characters."""
    return textwrap.fill(text, default_width())


def hint(word: str, known: Collection[str], dashes: str = "") -> str:
    """Return the end of a message: which of the known words may have been meant."""
    meant = [name for name, words in ELSEWHERE.items() if name in known and word in words.split()]
    near = meant or difflib.get_close_matches(word, known, 1)
    return f"; did you mean {dashes}{near[0]}?" if near else ""
