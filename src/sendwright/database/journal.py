"""A journal: records on the local disk that the database could not take, until it can.

A file for each process that ever needed one, ``outcomes-….journal``: a line that names the format, then records, each
of four octets length and four octets CRC-32 (both big-endian, of the body) and the body. A record is flushed before
:meth:`Journal.append` returns. What is torn at the end, by a crash while it was written, is no record.

A process holds a lock on its file as long as it lives. What a dead one left is found by :func:`left_behind`.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_FORMAT: Final = b"sendwright outcomes 1\n"
_HEAD: Final = struct.Struct(">II")
_LONGEST: Final = 128 * 1024 * 1024
_PATTERN: Final = "outcomes-*.journal"


class Journal:
    """Of this process. No file is made before it is needed. Any thread may call."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / f"outcomes-{secrets.token_hex(8)}.journal"
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._open_records = 0

    def append(self, record: bytes) -> None:
        """Returns once it is on disk. ``OSError`` when it cannot be put there."""
        with self._lock:
            if self._descriptor is None:
                self._descriptor = _made(self._file)
            end = os.lseek(self._descriptor, 0, os.SEEK_END)
            try:
                _write(self._descriptor, framed(record))
                os.fdatasync(self._descriptor)
            except OSError:
                with suppress(OSError):  # half a record would hide those after it
                    os.ftruncate(self._descriptor, end)
                raise
            self._open_records += 1

    def forget_one(self) -> None:
        """One of the records is in the database now. When the last one is, the file is emptied."""
        with self._lock:
            self._open_records -= 1
            if self._open_records == 0 and self._descriptor is not None:
                os.ftruncate(self._descriptor, len(_FORMAT))

    def close(self) -> None:
        """Removes the file if nothing is in it that the database has not got."""
        with self._lock:
            if self._descriptor is not None:
                if self._open_records == 0:
                    self._file.unlink(missing_ok=True)
                os.close(self._descriptor)
                self._descriptor = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a process that is gone left behind."""

    file: Path
    records: tuple[bytes, ...]

    def erase(self) -> None:
        """Once all of it is in the database."""
        self.file.unlink(missing_ok=True)


@contextmanager
def left_behind(folder: Path) -> Iterator[list[Left]]:
    """The journals of dead processes, ours alone until the block ends. Unreadable files are left where they are."""
    held: list[int] = []
    found: list[Left] = []
    try:
        for file in sorted(folder.glob(_PATTERN)):
            with suppress(OSError):
                held.append(os.open(file, os.O_RDWR | os.O_CLOEXEC))
                fcntl.flock(held[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
                found.append(Left(file=file, records=tuple(records_in(file.read_bytes()))))
        yield found
    finally:
        for descriptor in held:
            os.close(descriptor)


def framed(record: bytes) -> bytes:
    """A record as it stands in the file."""
    return _HEAD.pack(len(record), zlib.crc32(record)) + record


def records_in(content: bytes) -> Iterator[bytes]:
    """The whole records of a file, up to the first that is torn."""
    at = len(_FORMAT)
    while content.startswith(_FORMAT) and len(content) - at >= _HEAD.size:
        length, check = _HEAD.unpack_from(content, at)
        record = content[at + _HEAD.size : at + _HEAD.size + length]
        if length > _LONGEST or len(record) < length or zlib.crc32(record) != check:
            return
        yield record
        at += _HEAD.size + length


def _made(file: Path) -> int:
    """Nobody finds it before it is locked: it gets its name only then."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unnamed = file.with_suffix(".new")
    descriptor = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _write(descriptor, _FORMAT)
        os.fsync(descriptor)
        os.rename(unnamed, file)
        _flush_folder(file.parent)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
