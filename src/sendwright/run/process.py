"""What the process does with the machine: memory is given back at once, and as many files may be open as allowed."""

from __future__ import annotations

import ctypes
import gc
import resource

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)
_LARGE = 128 * 1024
_KEPT = 1024 * 1024


def open_many_files() -> None:
    """Each connection is an open file, and the usual limit of 1,024 is meant for programs without."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def settle_memory() -> None:
    """To be called once everything is imported.

    glibc raises its threshold for blocks of their own with each large block that is freed: after one mail of 40 MB all
    later ones would come from the heap, and the heap keeps what it once had. Elsewhere nothing is done.
    """
    gc.freeze()  # what was imported stays: the collector need not look at it again and again
    gc.set_threshold(50_000, 20, 20)  # a mail makes thousands of short-lived objects and no rings of them
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGE)
        mallopt(_TRIM_THRESHOLD, _KEPT)
