"""The log is there for others: its own troubles stay its own."""

from __future__ import annotations

from io import TextIOWrapper
from pathlib import Path

import pytest
import structlog

from sendwright.run import logs


def test_a_log_on_a_full_disk_loses_lines_and_fails_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        monkeypatch.setattr("sys.stderr", TextIOWrapper(full, write_through=True))
        logs.set_up("info")
        structlog.get_logger().bind().error("the disk is full")
        structlog.reset_defaults()
