"""What end-to-end tests share: the program, a receiver, a shop that can send."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.nursery import Nursery
from tests.e2e.program import Boot, Program, email_for_single_send
from tests.e2e.sink import Sink

Launch = Callable[..., Program]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A program that serves, an account in it, a client with its token, a published e-mail."""

    program: Program
    boot: Boot
    client: httpx.Client
    email_id: int


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """For tests that start the program often: ``launch(nursery=nursery)``."""
    with Nursery() as nursery:
        yield nursery


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    """A receiver that keeps what it takes."""
    with Sink(tmp_path / "received.jsonl") as sink:
        yield sink


@pytest.fixture
def launch(tmp_path: Path, nursery: Nursery) -> Iterator[Launch]:
    """Starts programs; ``launch(route=…, database=…, settings={…})``. All are ended with the test.

    They are forked where nothing is said; ``nursery=None`` starts one cold.
    """
    with ExitStack() as ends:

        def launch(**how: Any) -> Program:
            program = Program(**{"data": tmp_path / "data", "nursery": nursery, **how})
            return ends.enter_context(program)

        yield launch


@pytest.fixture
def open_shop(launch: Launch) -> Iterator[Callable[..., Shop]]:
    """``open_shop(**as_launch)``: a fresh program with one account and one published e-mail."""
    with ExitStack() as ends:

        def open_shop(**how: Any) -> Shop:
            program = launch(**how)
            boot = program.bootstrap()
            client = ends.enter_context(program.client(boot))
            return Shop(program=program, boot=boot, client=client, email_id=email_for_single_send(client))

        yield open_shop


@pytest.fixture
def shop(open_shop: Callable[..., Shop], sink: Sink) -> Shop:
    """A shop on SQLite whose mail goes to ``sink``."""
    return open_shop(route=sink.route, settings={"in_doubt_wait": "PT1S"})
