"""The commands for egresses, pools, warm-up and the audit log."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sendwright import accounts, database
from tests.fakes.name_server import NameServer
from tests.run.test_cli import NOON, Run, run

__all__ = ["run"]

pytestmark = pytest.mark.usefixtures("founded")

ADDRESS = ("egress", "add", "ip-1", "--ip", "192.0.2.1", "--ehlo-name", "mx1.example.com")
RELAY = ("egress", "add", "relay", "--relay", "smtp://u:secret@relay.example.net")


@pytest.fixture
def target(tmp_path: Path, empty_sqlite: Path) -> database.Target:
    """On SQLite alone: the room's own tests ask both kinds."""
    shutil.copy(empty_sqlite, tmp_path / empty_sqlite.name)
    return database.Target.parse(None, tmp_path)


@pytest.fixture
def resolver() -> Iterator[str]:
    """A name server that knows nothing, beside the commands, which have an event loop each."""
    knows_nothing = NameServer({})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("127.0.0.1", 0))
        host, port = door.getsockname()

        def answering() -> None:
            while True:
                question, who = door.recvfrom(4096)
                if not question:
                    return
                door.sendto(knows_nothing.answer(question) or b"", who)

        thread = threading.Thread(target=answering)
        thread.start()
        yield f"{host}:{port}"
        door.sendto(b"", (host, port))
        thread.join()


@pytest.fixture
def founded(target: database.Target, monkeypatch: pytest.MonkeyPatch, run: Run, resolver: str) -> None:
    """An account, and a name server that knows nothing."""

    async def found() -> None:
        db = database.open_database(target)
        await db.write(accounts.create_account, "Shop", NOON)
        await db.close()

    asyncio.run(found())
    monkeypatch.setenv("SENDWRIGHT_RESOLVER", resolver)
    monkeypatch.setenv("SENDWRIGHT_MACHINE", "mailer-1")


def test_a_new_address_says_what_is_to_do(run: Run):
    answer = run(*ADDRESS)
    assert answer.code == 0
    assert "192.0.2.1 on mailer-1, unverified" in answer.out
    assert "to do" in answer.out
    assert "sendwright egress check ip-1" in answer.out


def test_an_address_may_be_used_whatever_dns_says(run: Run):
    answer = run(*ADDRESS, "--force", "--json")
    assert (answer.document["usable"], answer.document["verified"]) == (True, False)


def test_a_relay_is_shown_without_its_password(run: Run):
    run(*RELAY)
    for words in (("egress", "list"), ("egress", "list", "--json"), ("egress", "show", "relay", "--json")):
        answer = run(*words)
        assert "u@relay.example.net:587" in answer.out
        assert "secret" not in answer.out


@pytest.mark.parametrize(
    "words",
    [
        ("egress", "add", "ip-1"),
        ("egress", "add", "ip-1", "--ip", "192.0.2.1"),
        ("egress", "add", "ip-1", "--ip", "192.0.2.1", "--ehlo-name", "mx.example.com", "--relay", "smtp://a"),
        ("egress", "add", "ip-1", "--ip", "nowhere", "--ehlo-name", "mx.example.com"),
        ("egress", "add", "relay", "--relay", "mx"),
        ("egress", "show", "ip-1"),
        ("egress", "check", "ip-1"),
        ("egress", "pause", "ip-1", "--reason", "listed"),
        ("egress", "resume", "ip-1"),
        ("egress", "remove", "ip-1"),
        ("pool", "set", "transactional", "ip-1=1"),
        ("pool", "set", "transactional", "ip-1=many"),
        ("pool", "remove", "transactional"),
        ("warmup", "start", "ip-1"),
        ("warmup", "stop", "ip-1"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(run: Run, words: tuple[str, ...]):
    answer = run(*words)
    assert answer.code == 1
    assert answer.err.startswith("sendwright: ")
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("egress", "list"), "sendwright egress add"), (("pool", "list"), "sendwright pool set"),
        (("warmup", "show"), "sendwright warmup start"),
    ],
)  # fmt: skip
def test_an_empty_list_says_what_to_do(run: Run, words: tuple[str, ...], hint: str):
    assert hint in run(*words).out


def test_an_egress_is_checked_paused_resumed_and_removed(run: Run):
    run(*ADDRESS)
    assert run("egress", "check", "ip-1", "--force", "--json").document["forced"] is True
    assert run("egress", "pause", "ip-1", "--reason", "listed").out == "ip-1 is paused.\n"
    assert "listed" in run("egress", "list").out
    assert run("egress", "resume", "ip-1", "--json").document == {"name": "ip-1", "state": "active"}
    assert run("egress", "remove", "ip-1").out == "ip-1 is removed.\n"


def test_a_pool_is_set_with_its_shares(run: Run):
    run(*ADDRESS)
    answer = run("pool", "set", "transactional", "ip-1=30", "installation=70")
    assert "ip-1 30 %, installation 70 %" in answer.out
    assert run("pool", "list", "--json").document == [
        {
            "stream": "transactional", "name": "transactional", "onlyOwn": False,
            "members": [{"egress": "installation", "share": 70}, {"egress": "ip-1", "share": 30}],
        },
    ]  # fmt: skip
    assert "own way" in run("pool", "remove", "transactional").out


def test_a_pool_may_be_all_that_is_used(run: Run):
    run(*ADDRESS)
    (made,) = run("pool", "set", "one_to_one", "ip-1", "--only-own", "--name", "sales", "--json").document
    assert (made["onlyOwn"], made["name"]) == (True, "sales")


def test_a_pool_that_is_removed_says_so_as_json(run: Run):
    run(*ADDRESS)
    run("pool", "set", "marketing", "ip-1")
    assert run("pool", "remove", "marketing", "--json").document == {"stream": "marketing", "removed": True}


def test_a_warmup_shows_each_provider(run: Run):
    run(*ADDRESS)
    answer = run("warmup", "start", "ip-1", "--first", "100", "--growth", "100", "--days", "3")
    assert "1 of 3" in answer.out
    assert "gmail" in answer.out
    (shown,) = run("warmup", "show", "ip-1", "--json").document
    assert shown["caps"] == [100, 200, 400]
    assert {provider["cap"] for provider in shown["providers"]} == {100}


@pytest.mark.parametrize(("more", "said"), [((), "no daily cap"), (("--json",), "stopped")])
def test_a_warmup_is_stopped(run: Run, more: tuple[str, ...], said: str):
    run(*ADDRESS)
    run("warmup", "start", "ip-1")
    assert said in run("warmup", "stop", "ip-1", *more).out


def test_the_audit_log_tells_who_changed_what(run: Run):
    run(*ADDRESS)
    first: dict[str, Any] = run("audit", "list", "--json").document[0]
    assert (first["who"], first["what"]) == ("operator", "egress.added")
    assert "egress.added" in run("audit", "list", "--limit", "1").out


def test_a_suspension_is_in_the_audit_log_with_its_reason(run: Run):
    run("accounts", "suspend", "1", "--reason", "unpaid")
    assert "account.suspended" in run("audit", "list").out
    assert "unpaid" in run("audit", "list").out
