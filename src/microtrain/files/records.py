"""Records to and from files: JSON, replaced as a whole or not at all.

A file is written beside its target, synced to the disk and renamed, so that whoever is killed while
writing leaves the old file or the new one. What is read is checked before anything is made of it;
nothing in a file is executed.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
from typing import Any

from ..errors import describe, file_path

Path = str | os.PathLike[str]

LARGEST = 500_000_000  # bytes; a file of more is not read


class CheckpointError(ValueError):
    """A file is no checkpoint, or one that can't be used; the message says why.

    >>> import microtrain as mt, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.json"
    >>> _ = path.write_text("{}")
    >>> mt.load(path)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    microtrain.files.records.CheckpointError: ...model.json: this is no microtrain model
    """


def write(path: Path, record: dict[str, Any]) -> None:
    """Write a record as JSON: whoever looks at the path finds what was there, or all of it.

    Raises `ValueError` where a number in it is not finite, and `OSError` where it can't be written.
    """
    import json
    import secrets

    path = os.path.realpath(file_path("path", path))  # a link is followed, not replaced
    try:
        text = json.dumps(record, allow_nan=False)
    except ValueError:
        raise ValueError("model has parameters that are not finite, which are not saved") from None
    if not os.path.isdir(folder := os.path.dirname(path)):
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", folder)
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, "a folder can't be replaced by a file", path)
    beside = f"{path}.{secrets.token_hex(4)}.tmp"
    try:
        with open(beside, "x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(path):
            os.chmod(beside, os.stat(path).st_mode & 0o7777)
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise
    if hasattr(os, "O_DIRECTORY"):  # the new name is on the disk, too, before this is done
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def read(path: Path, kind: str, version: int, keys: tuple[str, ...]) -> dict[str, Any]:
    """Return a record of this kind, with these keys. Raises `CheckpointError` for anything else."""
    import json

    def refuse(token: str) -> float:
        raise ValueError(f"{token} is no finite number")

    def finite(token: str) -> float:
        x = float(token)
        return x if -math.inf < x < math.inf else refuse(token[:20])

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError("a key stands in it twice")
        return dict(pairs)

    path = file_path("path", path)
    try:
        if os.path.getsize(path) > LARGEST:
            raise ValueError(f"it has more than {LARGEST:,} bytes")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        record: dict[str, Any] = json.loads(
            text, parse_constant=refuse, parse_float=finite, object_pairs_hook=once
        )
        found: Any = record.get("format") if isinstance(record, dict) else None
        if found != kind:
            other = isinstance(found, str) and found.startswith("microtrain ")
            raise ValueError(f"this is no {kind}" + (f", but a {found[:40]}" if other else ""))
        found = record.get("version")
        if type(found) is not int or found < 1:
            raise ValueError(f"version expects an int of at least 1, got {describe(found)}")
        if found > version:
            raise ValueError(f"it is of version {found}; this microtrain reads up to {version}")
        expected = {"format", "version", *keys}
        if set(record) != expected:
            odd = sorted(describe(key) for key in set(record) ^ expected)
            raise ValueError(f"it lacks, or has too much: {', '.join(odd)}")
    except RecursionError:
        raise CheckpointError(f"{path}: it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise CheckpointError(f"{path}: this is no {kind}, as it is no JSON: {error}") from None
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from None
    return record
