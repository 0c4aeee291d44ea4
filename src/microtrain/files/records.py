"""JSON files of one format: written whole or not at all, and checked when they are read.

A file says what kind it is, and holds a digest of its content. It is written beside its target,
synced to the disk and renamed, so a killed writer leaves the old file or the new one, and perhaps
one that ends in .tmp, which a later writer removes. Reading a file executes nothing in it.

What a file may hold is declared as data. A schema is a dict (an object with these keys and no
others), ``[part]`` (a list of any length), ``[part, n]`` (a list of n), ``(part,)`` (which may also
be null), or a `Kind` of texts or numbers. n is a number, or the key of an entry beside the list:
the number there, or the length of the list there.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

from ..errors import describe, file_path

Path = str | os.PathLike[str]
Made = TypeVar("Made")

VERSION = 2  # files of version 1 have no digest
LARGEST = 500_000_000  # bytes; a file of more is not read
ABANDONED = 600  # seconds; a temporary file that is older was left by a killed writer


class Kind:
    """Texts or numbers: their name in errors, what is accepted, and what is made of it."""

    def __init__(
        self, words: str, accepts: Callable[[Any], bool], made: Callable[[Any], Any] = lambda x: x
    ) -> None:
        self.words, self.accepts, self.made = words, accepts, made


def _is_number(x: Any) -> bool:
    return type(x) in (int, float) and abs(x) <= sys.float_info.max


OBJECT = Kind("an object", lambda x: isinstance(x, dict))
TEXT = Kind("a text", lambda x: isinstance(x, str))
COUNT = Kind("an int of at least 0", lambda x: type(x) is int and x >= 0)
SIZE = Kind("an int of at least 1", lambda x: type(x) is int and x >= 1)
NUMBER = Kind("a number that fits a float", _is_number, float)
POSITIVE = Kind("a number above 0", lambda x: _is_number(x) and x > 0, float)
FLOAT = Kind("a float", lambda x: _is_number(x) or x in ("inf", "-inf", "nan"), float)


def choice(*choices: str) -> Kind:
    """Return the kind of these texts."""
    return Kind(f"one of {', '.join(choices)}", lambda x: isinstance(x, str) and x in choices)


def checked(schema: Any, x: Any, place: str = "", beside: Any = None) -> Any:
    """Return part of a record, as its schema makes it.

    Raises `ValueError`, with the place, if it does not fit. beside: the object that holds it.
    """
    if isinstance(schema, Kind):
        if not schema.accepts(x):
            raise ValueError(f"{place} expects {schema.words}, got {describe(x)}")
        return schema.made(x)
    if isinstance(schema, tuple):
        return None if x is None else checked(schema[0], x, place)
    if isinstance(schema, dict):
        checked(OBJECT, x, place)
        if odd := sorted(map(describe, set(x) ^ set(schema))):
            raise ValueError(f"{place or 'it'} has missing or unknown keys: {', '.join(odd)}")
        inside = f"{place}." if place else ""
        return {key: checked(part, x[key], inside + key, x) for key, part in schema.items()}
    part, n = (*schema, None)[:2]
    n = beside[n] if isinstance(n, str) else n
    n = len(n) if isinstance(n, list) else n
    if not isinstance(x, list) or n not in (None, len(x)):
        words = "a list" if n is None else f"a list of {n}"
        raise ValueError(f"{place} expects {words}, got {describe(x)}")
    return [checked(part, entry, f"{place}[{i}]") for i, entry in enumerate(x)]


class CheckpointError(ValueError):
    """A file that can't be used as a checkpoint; the message says why.

    >>> import microtrain as mt, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.json"
    >>> _ = path.write_text("{}")
    >>> mt.load(path)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    microtrain.files.records.CheckpointError: ...model.json: this is no microtrain model
    """


class Format:
    """A kind of file, such as "microtrain model", and the schema of its parts."""

    def __init__(self, kind: str, schema: dict[str, Any]) -> None:
        self.kind, self.schema = kind, schema

    def write(self, path: Path, **parts: Any) -> None:
        """Write the parts to a file, which they replace.

        Raises `ValueError` for numbers that are not finite floats, `OSError` if writing fails.
        """
        import json
        import secrets

        path = writable(path)
        head = {"format": self.kind, "version": VERSION}
        try:
            text = json.dumps({**head, "digest": _digest({**head, **parts}), **parts})
        except (TypeError, ValueError):
            raise ValueError("parameters that are not finite floats can't be saved") from None
        _remove_abandoned(path)
        beside = f"{path}.{secrets.token_hex(4)}.tmp"
        try:
            with open(beside, "x", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if os.path.exists(path):
                os.chmod(beside, os.stat(path).st_mode & 0o7777)
            os.replace(beside, path)
        finally:
            with contextlib.suppress(FileNotFoundError):  # after it was renamed
                os.unlink(beside)

    def read(self, path: Path, make: Callable[..., Made]) -> Made:
        """Return `make(**parts)` for the parts in a file.

        Raises `CheckpointError` if the file is of another kind or damaged, or if `make` raises
        `ValueError` or `TypeError`; `OSError` if reading fails.
        """
        import json

        path = file_path("path", path)
        try:
            return make(**self._parts(path))
        except RecursionError:
            reason = "it is nested too deeply"
        except json.JSONDecodeError as error:
            reason = f"this is no {self.kind}, as it is no JSON: {error}"
        except (TypeError, ValueError) as error:
            reason = str(error)
        raise CheckpointError(f"{path}: {reason}")

    def _parts(self, path: str) -> dict[str, Any]:
        """Return the parts in a file. Raises `ValueError` if it was not written by `write`."""
        import json

        def finite(token: str) -> float:
            if not math.isfinite(x := float(token)):
                raise ValueError(f"{token[:20]} is no finite number")
            return x

        if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
            raise ValueError("this is no file, but a device or a pipe")
        with open(path, encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_size > LARGEST:
                raise ValueError(f"it has more than {LARGEST:,} bytes")
            record = json.load(file, parse_constant=finite, parse_float=finite)
        kind: Any = record.get("format") if isinstance(record, dict) else None
        if kind != self.kind:
            other = isinstance(kind, str) and kind.startswith("microtrain ")
            more = f", but a {kind[:40]}" if other else ""
            more += " (the command microtrain predict reads it)" * more.endswith(" predictor")
            raise ValueError(f"this is no {self.kind}{more}")
        version, signed = record.get("version"), record.pop("digest", None)
        if checked(SIZE, version, "version") > VERSION:
            raise ValueError(f"it is of version {version}; this microtrain reads up to {VERSION}")
        if signed != (None if version == 1 else _digest(record)):
            raise ValueError("it was changed after it was written: its digest does not fit")
        del record["format"], record["version"]
        return checked(self.schema, record)  # type: ignore[no-any-return]


def digest(text: str) -> str:
    """Return the SHA-256 of a text."""
    import hashlib  # slow to import

    return hashlib.sha256(text.encode()).hexdigest()


def _digest(record: dict[str, Any]) -> str:
    """Return the digest of a record; the order of its keys does not matter."""
    import json

    return digest(json.dumps(record, allow_nan=False, sort_keys=True))


def writable(path: Path, devices: bool = False) -> str:
    """Return the path of a file that can be written. Raises `OSError` if none can be."""
    path = os.path.realpath(file_path("path", path))  # links are followed, not replaced
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", folder)
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, "a folder can't be replaced by a file", path)
    if os.path.exists(path) and not (devices or os.path.isfile(path)):
        raise OSError(errno.EINVAL, "a device or pipe can't be replaced by a file", path)
    if not (os.access(folder, os.W_OK) or (devices and os.path.exists(path))):
        raise PermissionError(errno.EACCES, "no file can be written in this folder", folder)
    return path


def _remove_abandoned(path: str) -> None:
    """Remove the temporary files that killed writers of this file left."""
    import glob

    for left in glob.glob(f"{glob.escape(path)}.{'[0-9a-f]' * 8}.tmp"):
        with contextlib.suppress(OSError):  # it is gone, or only another user may remove it
            if time.time() - os.path.getmtime(left) > ABANDONED:
                os.unlink(left)
