"""``sendwright domains``: a domain is connected by the command line alone, and each mistake is told."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sendwright import accounts, database
from sendwright.run import domain_desk
from sendwright.run.settings import PREFIX, Settings
from tests.fakes.dns_of import AROUND, DELEGATION
from tests.fakes.name_server import NameServer, name_servers
from tests.run.test_cli import Run, assert_one_sentence, run

__all__ = ["run"]

NOW = datetime(2026, 3, 2, 14, 2, 7, tzinfo=UTC)
Zone = Mapping[tuple[str, str], Sequence[str]]


@pytest.fixture
def target(tmp_path: Path, empty_sqlite: Path) -> database.Target:
    """On SQLite alone: the room's own tests ask both kinds."""
    shutil.copy(empty_sqlite, tmp_path / empty_sqlite.name)
    return database.Target.parse(None, tmp_path)


def on(target: database.Target, work: Callable[[database.Connection], Any]) -> Any:
    async def whole() -> Any:
        db = database.open_database(target)
        try:
            return await db.write(work)
        finally:
            await db.close()

    return asyncio.run(whole())


@contextmanager
def in_a_thread(*zones: Zone) -> Iterator[list[NameServer]]:
    """Name servers beside a command, which has an event loop of its own."""
    ready, found = threading.Event(), list[NameServer]()
    loop = asyncio.new_event_loop()
    done = asyncio.Event()

    async def serve() -> None:
        async with name_servers(*zones) as servers:
            found.extend(servers)
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    try:
        yield found
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()


@pytest.fixture
def dns() -> Iterator[list[NameServer]]:
    """The resolver, and the name server of example.com: nothing published yet."""
    delegation = {**DELEGATION, ("example.com", "NS"): ["ns1.dns.test."]}
    with in_a_thread(delegation, AROUND) as servers:
        yield servers


@pytest.fixture
def cli(run: Run, target: database.Target, dns: list[NameServer], monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run`` on an installation with an account, whose DNS is this test's."""
    on(target, lambda conn: accounts.create_account(conn, "Shop", NOW))
    resolver = dns[0].address
    for name, value in {
        "RESOLVER": resolver, "DNS_PORT": resolver.rpartition(":")[2], "ALLOW_PRIVATE_MX": "true",
        "PUBLIC_URL": "https://mail.example.net",
    }.items():  # fmt: skip
        monkeypatch.setenv(PREFIX + name, value)
    return run


def publish(dns: list[NameServer], lines: str) -> None:
    """What ``--zone`` prints, into the zone of the authoritative name server."""
    zone = dict(dns[1].zone)
    for line in lines.splitlines():
        if line.startswith(";"):
            continue
        name, _, _, kind, value = line.split(" ", 4)
        zone[name.rstrip("."), kind] = [value]
    dns[1].zone = zone


def test_a_domain_is_connected_by_the_command_line_alone(cli: Run, dns: list[NameServer]):
    publish(dns, cli("domains", "add", "Example.com", "--zone").out)
    answer = cli("domains", "check", "example.com")
    assert (answer.code, answer.out.splitlines()[-1]) == (0, "It is connected: mail can be sent from it.")
    assert [d["state"] for d in cli("domains", "list", "--json").document] == ["connected"]


def test_the_records_are_printed_so_that_they_can_be_copied(cli: Run):
    lines = cli("domains", "add", "example.com", "--tracking-host", "links.example.com").out.splitlines()
    assert "  Name   bounce.example.com" in lines
    assert "  Value  10 mail.example.net" in lines
    assert "  Value  v=spf1 a:mail.example.net -all" in lines
    assert "  Name   links.example.com" in lines


def test_lines_of_a_zone_file_have_strings_that_fit(cli: Run):
    for line in cli("domains", "add", "example.com", "--zone").out.splitlines():
        assert all(len(part) <= 255 for part in line.split('"')[1::2])


def test_the_document_of_a_new_domain_has_its_records(cli: Run):
    found = cli("domains", "add", "example.com", "--json").document
    assert (found["state"], found["usable"], found["checkedAt"]) == ("pending", None, None)
    assert {record["purpose"] for record in found["records"]} >= {"dkim", "return_path", "return_path_spf", "dmarc"}


def test_a_check_that_finds_nothing_ends_with_one_and_says_what_to_do(cli: Run):
    cli("domains", "add", "example.com")
    answer = cli("domains", "check", "example.com")
    assert answer.code == 1
    assert "MISSING  MX bounce.example.com  (return_path, needed)" in answer.out
    assert "  wanted  10 mail.example.net" in answer.out
    assert "  found   nothing  at ns1.dns.test" in answer.out
    assert "Not usable yet" in answer.out


def test_a_check_as_json_ends_with_one_too(cli: Run):
    cli("domains", "add", "example.com")
    answer = cli("domains", "check", "example.com", "--json")
    assert (answer.code, answer.document["usable"]) == (1, False)


def test_watching_ends_when_everything_is_right(cli: Run, dns: list[NameServer]):
    publish(dns, cli("domains", "add", "example.com", "--zone").out)
    assert cli("domains", "check", "example.com", "--watch").code == 0


def test_a_policy_for_dmarc_is_marked_as_wanted_only_where_there_is_none(cli: Run):
    *_, note, line = cli("domains", "add", "example.com", "--zone").out.splitlines()
    assert (note.startswith("; only"), line) == (True, '_dmarc.example.com. 3600 IN TXT "v=DMARC1; p=none"')


def test_what_strangers_publish_cannot_steer_a_terminal(cli: Run, dns: list[NameServer]):
    cli("domains", "add", "example.com")
    publish(dns, r'bounce.example.com. 1 IN TXT "v=spf1 \027[2J -all"')
    assert "\x1b" not in cli("domains", "check", "example.com").out


def test_a_domain_is_shown_with_its_keys(cli: Run, dns: list[NameServer]):
    cli("domains", "add", "example.com")
    shown = cli("domains", "show", "example.com").out
    assert ("ed25519-sha256" in shown, "It was not checked yet." in shown) == (True, True)
    cli("domains", "check", "example.com")
    assert "checked at" in cli("domains", "show", "example.com").out
    assert cli("domains", "show", "example.com", "--json").document["usable"] is False


def test_keys_are_rotated_and_the_new_records_printed(cli: Run):
    cli("domains", "add", "example.com")
    found = cli("domains", "rotate", "example.com", "--json").document
    assert [key["state"] for key in found["keys"]].count("pending") == 2
    assert_one_sentence(cli("domains", "rotate", "example.com"), "publish", "first")


def test_a_degraded_domain_says_since_when(cli: Run, dns: list[NameServer]):
    publish(dns, cli("domains", "add", "example.com", "--zone").out)
    cli("domains", "check", "example.com")
    dns[1].zone = AROUND
    answer = cli("domains", "check", "example.com")
    assert (answer.code, "not right any more since" in answer.out) == (1, True)


def test_the_operator_connects_by_decree(cli: Run):
    cli("domains", "add", "example.com")
    assert "by decree" in cli("domains", "connect", "example.com").out
    assert cli("domains", "show", "example.com", "--json").document["connectedHow"] == "decree"
    assert_one_sentence(cli("domains", "connect", "example.com"), "connected already")


def test_a_domain_is_removed(cli: Run):
    cli("domains", "add", "example.com")
    assert "is removed" in cli("domains", "remove", "example.com").out
    assert "sendwright domains add" in cli("domains", "list").out


def test_when_dns_does_not_answer_nothing_is_claimed(cli: Run, dns: list[NameServer]):
    cli("domains", "add", "example.com")
    dns[0].down = True
    answer = cli("domains", "check", "example.com")
    assert (answer.code, "could not be looked up" in answer.out) == (1, True)


@pytest.mark.parametrize("command", ["check", "show", "rotate", "remove", "connect"])
def test_a_domain_that_is_not_there_is_one_sentence(cli: Run, command: str):
    assert_one_sentence(cli("domains", command, "example.org"), "no domain example.org", "domains list")


def test_without_a_name_of_its_own_the_installation_asks_for_one(cli: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(PREFIX + "PUBLIC_URL", "http://127.0.0.1:8080")
    assert_one_sentence(cli("domains", "add", "example.com"), "--public-url", "--no-return-path")
    assert "bounce" not in cli("domains", "add", "example.com", "--no-return-path").out
    assert "bounce" in cli("domains", "add", "example.org", "--public-url", "https://mail.example.net").out


@pytest.mark.parametrize(
    ("settings", "inbound", "web", "spf"),
    [
        ({}, None, None, ""),
        ({"public_url": "https://Mail.example.net"}, "mail.example.net", "mail.example.net", "a:mail.example.net"),
        (
            {"public_url": "https://app.example.net:8443", "ehlo_name": "out.example.net"},
            "out.example.net", "app.example.net", "a:out.example.net",
        ),
        ({"ehlo_name": "out.example.net", "spf": " include:a.test  mx "}, "out.example.net", None, "include:a.test mx"),
        ({"public_url": "http://[2001:db8::1]:8080"}, None, None, ""),
    ],
)  # fmt: skip
def test_an_installation_is_known_by_names_that_strangers_can_look_up(
    settings: dict[str, Any], inbound: str | None, web: str | None, spf: str
):
    place = domain_desk.installation(Settings(**settings))
    assert (place.inbound_host, place.web_host, place.spf) == (inbound, web, spf)


@pytest.mark.parametrize("spf", ["v=spf1", "-all", "a:mail.example.net;", 'a"', "all"])
def test_a_setting_that_is_no_spf_mechanism_is_refused(spf: str):
    with pytest.raises(ValueError, match="give SPF mechanisms"):
        Settings(spf=spf)
