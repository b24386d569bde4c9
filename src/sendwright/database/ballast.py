"""Ballast: a file that only takes room, to be thrown off when the disk is full.

An outcome that cannot be written down is a mail that may be sent twice. So when a commit finds no room, the ballast is
freed, and what is in flight can still be recorded; nothing new is accepted or begun until there is room for it again.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

_SPARE: Final = 4
"""A quarter of the ballast must be left beside it when it is taken on, or the next commit would throw it off again."""
_PAGES: Final = 64 * 1024


class Ballast:
    """``octets`` of real blocks in ``file``; 0: none, and there is always room. Any thread may call.

    A file that a process before us left is taken over. Where the file system cannot give real blocks, there is none.
    """

    def __init__(self, file: Path, octets: int) -> None:
        self._file, self._octets = file, octets
        self._lock = threading.Lock()
        self.is_aboard = octets == 0
        """Whether it is there, and so whether there is room."""

    def take_on(self) -> bool:
        """Makes the file if it is not there and the disk has room enough; whether it is there now."""
        with self._lock:
            if not self.is_aboard:
                self.is_aboard = self._is_whole() or self._make()
            return self.is_aboard

    def throw_off(self) -> None:
        """Frees its room. Without ballast nothing changes: then there is none to free, and nothing to wait for."""
        with self._lock:
            if self._octets:
                self.is_aboard = False
                self._remove()

    def put_away(self) -> None:
        """Removes the file of a process that ends in order: what does not serve needs no ballast."""
        with self._lock:
            self._remove()

    def _is_whole(self) -> bool:
        try:
            found = os.stat(self._file)
        except OSError:
            return False
        return found.st_size == self._octets and found.st_blocks * 512 >= self._octets

    def _make(self) -> bool:
        self._remove()
        try:
            if _free(self._file.parent) < self._octets + self._octets // _SPARE:
                return False
            descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError:
            return False
        try:
            os.posix_fallocate(descriptor, 0, self._octets)
        except OSError:
            self._remove()
            return False
        finally:
            os.close(descriptor)
        return True

    def _remove(self) -> None:
        with suppress(OSError):
            self._file.unlink(missing_ok=True)


def is_full(folder: Path) -> bool:
    """Whether hardly a page can be written there."""
    try:
        return _free(folder) < _PAGES
    except OSError:
        return False


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
