"""Files of JSON: nothing lost, nothing changed unnoticed, all or nothing written."""

from __future__ import annotations

import json
import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time

import pytest
from forging import digest_of
from hypothesis import given
from hypothesis import strategies as st
from outcomes import parameters_of

import microtrain as mt
from microtrain import MLP, CheckpointError
from microtrain.cli import main
from microtrain.files import records
from microtrain.files.records import (
    COUNT,
    FLOAT,
    NUMBER,
    OBJECT,
    TEXT,
    Format,
    choice,
)

posix = pytest.mark.skipif(os.name != "posix", reason="of POSIX: links, pipes")

NOTE = Format(
    "microtrain note",
    {
        "n": COUNT,
        "xs": [NUMBER],
        "ys": [FLOAT, "n"],
        "kind": ({"name": TEXT, "color": choice("red", "blue")},),
        "pairs": [[NUMBER, 2], "xs"],
        "more": OBJECT,
    },
)
PARTS = {
    "n": 2,
    "xs": [0.1, -0.0, 5e-324],
    "ys": [1.7976931348623157e308, "nan"],
    "kind": {"name": "\u00e4\ud800\n", "color": "red"},
    "pairs": [[1.0, 2.0], [0.1, 12.0], [3.0, -1e-9]],
    "more": {"a": [1, "b", None, 2.5]},
}


def read(path):
    return NOTE.read(path, lambda **parts: parts)


def record(**changes):
    whole = {"format": "microtrain note", "version": 2, "digest": "", **PARTS, **changes}
    whole = {key: value for key, value in whole.items() if value is not ...}
    return {**whole, "digest": digest_of(whole)} if "digest" not in changes else whole


def refusal(path, content):
    """Return the one line that a file with this content is refused with."""
    content = content if isinstance(content, str | bytes) else json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CheckpointError) as refused:
        read(path)
    line = str(refused.value)
    assert line.startswith(f"{path}: ") and "\n" not in line and len(line) < 600
    return line.removeprefix(f"{path}: ")


def test_what_is_written_comes_back(tmp_path):
    path = tmp_path / "note.json"
    NOTE.write(path, **PARTS)
    again = read(path)
    assert repr(again.pop("ys")) == "[1.7976931348623157e+308, nan]"
    assert repr(again) == repr({name: x for name, x in PARTS.items() if name != "ys"})
    written = json.loads(path.read_text())
    assert list(written)[:3] == ["format", "version", "digest"] and written["version"] == 2
    assert written["digest"] == digest_of(written)
    path.write_text(json.dumps(dict(reversed(written.items())), indent=4))  # other blanks and order
    assert repr(read(path)["xs"]) == repr(PARTS["xs"])


def test_a_file_of_version_1_has_no_digest_and_still_loads(tmp_path):
    path = tmp_path / "note.json"
    old = record(version=1, digest=...)
    path.write_text(json.dumps(old))
    assert read(path)["xs"] == PARTS["xs"]
    assert "its digest does not fit" in refusal(path, {**old, "digest": digest_of(old)})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "this is no microtrain note, as it is no JSON: Expecting value"),
        ("[1, 2", "this is no microtrain note, as it is no JSON: Expecting"),
        (json.dumps(record())[:-9], "this is no microtrain note, as it is no JSON"),
        ("[" * 1_000_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        (b"\xff\xfe{}", "utf-8"),
        ("null", "this is no microtrain note"),
        ('{"hello": "world"}', "this is no microtrain note"),
        ('{"format": "microtrain run"}', "this is no microtrain note, but a microtrain run"),
        ('{"format": ["microtrain note"]}', "this is no microtrain note"),
        ('{"format": ' + "9" * 5000 + "}", "digits"),
        (json.dumps(record()).replace("12.0", "NaN"), "NaN is no finite number"),
        (json.dumps(record()).replace("12.0", "-Infinity"), "-Infinity is no finite number"),
        (json.dumps(record()).replace("12.0", "1e999"), "1e999 is no finite number"),
        (record(version=3), "it is of version 3; this microtrain reads up to 2"),
        (record(version=0), "version expects an int of at least 1, got int 0"),
        (record(version=True), "version expects an int of at least 1, got bool"),
        (record(version=...), "version expects an int of at least 1, got None"),
        (record(digest=...), "it was changed after it was written: its digest does not fit"),
        (record(digest=5), "its digest does not fit"),
        (record(n=...), "it has missing or unknown keys: str 'n'"),
        (record(code="import os"), "it has missing or unknown keys: str 'code'"),
        (record(n=-1), "n expects an int of at least 0, got int -1"),
        (record(n=2.0), "n expects an int of at least 0, got float 2.0"),
        (record(n=3), "ys expects a list of 3, got list"),
        (record(xs={}), "xs expects a list, got dict"),
        (record(xs=[1.0, "2"]), "xs[1] expects a number that fits a float, got str '2'"),
        (record(xs=[True]), "xs[0] expects a number that fits a float, got bool True"),
        (record(xs=[10**400]), "xs[0] expects a number that fits a float, got int"),
        (record(ys=[1.0, "one"]), "ys[1] expects a float, got str 'one'"),
        (record(ys=[1.0, -(10**400)]), "ys[1] expects a float, got int"),
        (record(ys=[1.0, []]), "ys[1] expects a float, got list []"),
        (record(kind=5), "kind expects an object, got int 5"),
        (record(kind={"name": "a"}), "kind has missing or unknown keys: str 'color'"),
        (record(kind={"name": 1, "color": "red"}), "kind.name expects a text, got int 1"),
        (record(kind={"name": "", "color": "re"}), "kind.color expects one of red, blue, got str"),
        (record(kind={"name": "", "color": []}), "kind.color expects one of red, blue, got list"),
        (record(pairs=[[1.0, 2.0]]), "pairs expects a list of 3, got list"),
        (record(pairs=[[1.0], [1.0, 2.0], []]), "pairs[0] expects a list of 2, got list [1.0]"),
        (record(more=[]), "more expects an object, got list []"),
    ],
    ids=lambda x: str(x)[:60],
)
def test_what_is_no_such_file_is_refused_in_a_line_that_names_the_place(tmp_path, content, message):
    assert message in refusal(tmp_path / "note.json", content)


@given(st.data())
def test_one_character_changed_is_refused_or_changes_nothing(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("changed") / "model.json"
    model = MLP(2, [2, 1], seed=data.draw(st.integers(0, 9)))
    mt.save(model, path)
    text = path.read_text()
    place = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.sampled_from('0123456789.-+eE "[]{},:abfnrtu') | st.characters())
    kind = data.draw(st.sampled_from(["change", "insert", "remove"]))
    rest = text[place + (kind != "insert") :]
    path.write_text(text[:place] + character * (kind != "remove") + rest, encoding="utf-8")
    try:
        again = mt.load(path)
    except CheckpointError as refused:
        assert "\n" not in str(refused)
    else:
        assert parameters_of(again) == parameters_of(model) and repr(again) == repr(model)


def test_every_digit_counts(tmp_path):
    path = tmp_path / "model.json"
    mt.save(MLP(2, [1]), path)
    text = path.read_text()
    for place, digit in enumerate(text):
        if digit.isdigit():
            path.write_text(text[:place] + str((int(digit) + 1) % 10) + text[place + 1 :])
            with pytest.raises(CheckpointError):
                mt.load(path)


def test_a_file_that_is_too_large_or_missing(tmp_path, monkeypatch):
    path = tmp_path / "note.json"
    NOTE.write(path, **PARTS)
    monkeypatch.setattr(records, "LARGEST", 50)
    with pytest.raises(CheckpointError, match="it has more than 50 bytes"):
        read(path)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "missing.json")
    monkeypatch.undo()
    with pytest.raises(IsADirectoryError):
        read(tmp_path)


@posix
@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "link to a device", "device"])
def test_pipes_and_devices_are_neither_read_nor_replaced(tmp_path, kind):
    path, pipe = tmp_path / "model.json", tmp_path / "pipe"
    os.mkfifo(pipe)
    if "link" in kind:
        path.symlink_to(pipe if "pipe" in kind else "/dev/zero")
    else:
        path = pipe if kind == "pipe" else "/dev/null"
    with pytest.raises(CheckpointError, match="this is no file, but a device or a pipe"):
        mt.load(path)
    with pytest.raises(OSError, match="a device or pipe can't be replaced by a file"):
        mt.save(MLP(1, [1]), path)
    assert not os.path.isfile(path)
    with pytest.raises((CheckpointError, OSError), match="device or"):
        mt.train(steps=1, checkpoint=path)


# Writing.


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, failing):
    path = tmp_path / "model.json"
    mt.save(MLP(2, [1]), path)
    before = path.read_bytes()

    def fail(*args):
        raise OSError("no space left")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(OSError, match="no space left"):
        mt.save(MLP(2, [1], seed=3), path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["model.json"]
    with pytest.raises(FileNotFoundError):
        mt.save(MLP(2, [1]), tmp_path / "missing" / "model.json")


@posix
def test_links_are_followed_and_modes_kept(tmp_path):
    path, link = tmp_path / "model.json", tmp_path / "link.json"
    link.symlink_to(path)
    mt.save(MLP(2, [1]), link)
    assert link.is_symlink() and path.exists()
    path.chmod(0o641)
    mt.save(MLP(2, [1], seed=1), link)
    assert stat.S_IMODE(path.stat().st_mode) == 0o641
    assert parameters_of(mt.load(path)) == parameters_of(MLP(2, [1], seed=1))


SAVING = """
import sys
import microtrain as mt
models = [mt.MLP(4, [20, 20, 1], seed=seed) for seed in range(2)]
print("ready", flush=True)
while True:
    for model in models:
        mt.save(model, sys.argv[1])
"""


@pytest.mark.slow
@posix
def test_whoever_is_killed_while_saving_leaves_a_whole_file(tmp_path):
    path = tmp_path / "model.json"
    allowed = [parameters_of(MLP(4, [20, 20, 1], seed=seed)) for seed in range(2)]
    rng = random.Random(0)
    seen = set()
    for _ in range(25):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVING, str(path)], stdout=subprocess.PIPE, text=True
        )
        process.stdout.readline()
        time.sleep(rng.uniform(0.005, 0.04))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        if path.exists():
            seen.add(allowed.index(parameters_of(mt.load(path))))
    assert seen and seen <= {0, 1}
    for left in tmp_path.glob("*.tmp"):
        os.utime(left, (0, 0))
    mt.save(MLP(1, [1]), path)
    assert os.listdir(tmp_path) == ["model.json"]  # what they left long ago is removed


def test_what_can_not_be_written_is_named_as_it_was_given(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no such folder") as failed:
        mt.save(MLP(1, [1]), tmp_path / "missing" / "model.json")
    assert failed.value.filename == str(tmp_path / "missing")
    with pytest.raises(IsADirectoryError) as failed:
        mt.save(MLP(1, [1]), tmp_path)
    assert failed.value.filename == str(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_where_nothing_can_be_written_is_named_before_the_work(
    tmp_path, monkeypatch, capsys
):
    table = tmp_path / "t.csv"
    table.write_text("x,y\n" + "".join(f"{x},{x / 2}\n" for x in range(9)))
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # to root, none is
    begun = []
    monkeypatch.setattr("microtrain.cli.fit.Progress.show", lambda it, *_: begun.append(it.what))
    path, page = str(tmp_path / "model.json"), str(tmp_path / "page.html")
    fit = ["fit", str(table), "--target", "y", "--quiet"]
    for words in ([*fit, "--save", path], ["train", "--checkpoint", path], ["report", page]):
        assert main(words) == 1
        told = f"{tmp_path}: no file can be written in this folder\n"
        assert capsys.readouterr().err.endswith(told)
    assert "steps" not in begun and os.listdir(tmp_path) == ["t.csv"]


def test_what_a_killed_writer_left_is_removed_and_nothing_else(tmp_path):
    path = tmp_path / "model.json"
    others = ["model.json.tmp", "model.json.0123456.tmp", "amodel.json.01234567.tmp", "notes.tmp"]
    others += ["modelxjson.01234567.tmp", "model.json.01234567.tmp.bak", "other.json.01234567.tmp"]
    minutes_ago = time.time() - 601
    for name in ["model.json.01234567.tmp", "model.json.89abcdef.tmp", *others]:
        (tmp_path / name).write_text("left")
        os.utime(tmp_path / name, (minutes_ago, minutes_ago))
    mt.save(MLP(1, [1]), path)
    assert sorted(os.listdir(tmp_path)) == sorted([*others, "model.json"])


def test_what_another_writer_may_be_writing_is_left_alone(tmp_path):
    beside = tmp_path / "model.json.01234567.tmp"
    beside.write_text("not written to its end")
    minutes_ago = time.time() - 590
    os.utime(beside, (minutes_ago, minutes_ago))
    mt.save(MLP(1, [1]), tmp_path / "model.json")
    assert beside.read_text() == "not written to its end"


@posix
def test_what_can_not_be_removed_stays(tmp_path):
    (tmp_path / "model.json.01234567.tmp").mkdir()
    os.utime(tmp_path / "model.json.01234567.tmp", (0, 0))
    mt.save(MLP(1, [1]), tmp_path / "model.json")
    assert len(os.listdir(tmp_path)) == 2


@posix
def test_many_writers_at_once_leave_one_whole_file(tmp_path):
    path = tmp_path / "model.json"
    models = [MLP(2, [3, 1], seed=seed) for seed in range(4)]
    failures = []

    def write(model):
        try:
            for _ in range(25):
                mt.save(model, path)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(model,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert parameters_of(mt.load(path)) in map(parameters_of, models)
    assert os.listdir(tmp_path) == ["model.json"]
