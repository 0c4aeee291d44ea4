"""Files of JSON: one format, one check of what is read, replaced as a whole or not at all.

A file says what kind it is, and holds the digest of its content. It is written beside its target,
synced to the disk and renamed: whoever is killed while writing leaves the old file or the new one.
Nothing in a file is executed.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import re
import stat
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from ..errors import describe, file_path
from .schema import checked

Path = str | os.PathLike[str]
Made = TypeVar("Made")

VERSION = 2  # files of version 1 have no digest
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


class Format:
    """A kind of file, such as "microtrain model", and the schema of its parts."""

    def __init__(self, kind: str, schema: dict[str, Any]) -> None:
        self.kind, self.schema = kind, schema

    def write(self, path: Path, **parts: Any) -> None:
        """Write the parts to a file, in place of what is there.

        Raises `ValueError` for numbers that are not finite, `OSError` where it can't be written.
        """
        import json

        path = os.path.realpath(file_path("path", path))  # a link is followed, not replaced
        head = {"format": self.kind, "version": VERSION}
        try:
            digest = _digest({**head, **parts})
            text = json.dumps({**head, "digest": digest, **parts}, allow_nan=False)
        except ValueError:
            raise ValueError("parameters that are not finite can't be saved") from None
        folder = os.path.dirname(path)
        if not os.path.isdir(folder):
            raise FileNotFoundError(errno.ENOENT, "there is no such folder", folder)
        if os.path.isdir(path):
            raise IsADirectoryError(errno.EISDIR, "a folder can't be replaced by a file", path)
        if os.path.exists(path) and not os.path.isfile(path):
            raise OSError(errno.EINVAL, "a device or pipe can't be replaced by a file", path)
        _replace(path, text)

    def read(self, path: Path, make: Callable[..., Made]) -> Made:
        """Return what `make` makes of the parts of a file.

        Raises `CheckpointError` if it is no such file, or if `make` raises `ValueError` or
        `TypeError`; `OSError` where it can't be read.
        """
        import json

        path = file_path("path", path)
        try:
            record = _parsed(path)
            kind: Any = record.get("format") if isinstance(record, dict) else None
            if kind != self.kind:
                other = isinstance(kind, str) and kind.startswith("microtrain ")
                but = f", but a {kind[:40]}" if other else ""
                raise ValueError(f"this is no {self.kind}{but}")
            del record["format"]
            version, digest = record.pop("version", None), record.pop("digest", None)
            if type(version) is not int or version < 1:
                raise ValueError(f"version expects an int of at least 1, got {describe(version)}")
            if version > VERSION:
                raise ValueError(
                    f"it is of version {version}; this microtrain reads up to {VERSION}"
                )
            head = {"format": kind, "version": version}
            if digest != (None if version == 1 else _digest({**head, **record})):
                raise ValueError("it was changed after it was written: its digest does not fit")
            return make(**checked(self.schema, record))
        except RecursionError:
            raise CheckpointError(f"{path}: it is nested too deeply") from None
        except (TypeError, ValueError) as error:
            no_json = isinstance(error, json.JSONDecodeError)
            told = f"this is no {self.kind}, as it is no JSON: " if no_json else ""
            raise CheckpointError(f"{path}: {told}{error}") from None


def _digest(record: dict[str, Any]) -> str:
    """Return the SHA-256 of what a record holds, whatever its keys' order and its blanks."""
    import hashlib
    import json

    text = json.dumps(record, allow_nan=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _parsed(path: str) -> Any:
    """Return the JSON in a file. Raises `ValueError` for what is no record of ours in any case."""
    import json

    def finite(token: str) -> float:
        if not math.isfinite(x := float(token)):
            raise ValueError(f"{token[:20]} is no finite number")
        return x

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(found := dict(pairs)) < len(pairs):
            raise ValueError("a key stands in it twice")
        return found

    found = os.stat(path)
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise ValueError("this is no file, but a device or a pipe")
    if found.st_size > LARGEST:
        raise ValueError(f"it has more than {LARGEST:,} bytes")
    with open(path, encoding="utf-8") as file:
        return json.load(file, parse_constant=finite, parse_float=finite, object_pairs_hook=once)


def _replace(path: str, text: str) -> None:
    """Put a text in place of a file, or of nothing."""
    import secrets

    folder, name = os.path.split(path)
    beside = f"{path}.{secrets.token_hex(4)}.tmp"
    with _writing(folder, re.escape(name) + r"\.[0-9a-f]{8}\.tmp"):
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


@contextlib.contextmanager
def _writing(folder: str, leftovers: str) -> Iterator[None]:
    """Remove the leftovers of killed writers; sync the folder when all is done.

    Every writer holds a shared lock on the folder. So whoever can have it alone knows that what
    lies there is nobody's. Without locks, as on Windows, leftovers stay.
    """
    if not hasattr(os, "O_DIRECTORY"):
        yield
        return
    import fcntl

    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):  # another writer is at work, or there are no locks
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for name in os.listdir(folder):
                if re.fullmatch(leftovers, name):
                    os.unlink(os.path.join(folder, name))
        with contextlib.suppress(OSError):
            fcntl.flock(opened, fcntl.LOCK_SH)
        yield
        os.fsync(opened)
    finally:
        os.close(opened)
