"""``sendwright tokens``: what is printed can be pasted, and is printed once."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sendwright import accounts, database, domains
from sendwright.run.cli import token_words
from sendwright.run.clock import SystemClock
from sendwright.run.settings import PREFIX, Settings, load, smtp_name
from tests.run.test_cli import Run, assert_one_sentence, run

__all__ = ["run"]

NOW = datetime(2026, 3, 2, 14, 2, 7, tzinfo=UTC)


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


def _found(conn: database.Connection) -> None:
    accounts.create_account(conn, "Shop", NOW)
    accounts.create_user(conn, 1, "admin@shop.example.com", "hash", NOW, "operator")
    domains.add_domain(conn, database.Seal(b"s" * 32), 1, "shop.example.com", (), NOW)
    domains.connect_domain(conn, 1, "shop.example.com", domains.Proof.DECREE, NOW)


@pytest.fixture
def shop(run: Run, target: database.Target) -> Run:
    """``run`` on an installation with one account."""
    on(target, _found)
    return run


def make(run: Run, *words: str, campaign: str = "Receipts") -> dict[str, Any]:
    document: dict[str, Any] = run("tokens", "create", "--campaign", campaign, "--json", *words).document
    return document


def logs_in(target: database.Target, made: dict[str, Any]) -> bool:
    login = on(target, lambda conn: accounts.find_smtp_login(conn, made["id"]))
    return accounts.is_smtp_password(login, made["password"], SystemClock().now())


def test_a_token_is_made_and_logs_in(shop: Run, target: database.Target):
    made = make(shop)
    assert logs_in(target, made)
    assert {name: made[name] for name in made if name not in ("id", "password", "emailCampaignId")} == {
        "host": "127.0.0.1", "port": 587, "security": "starttls", "campaignName": "Receipts", "createContact": True,
        "tlsRequired": False, "account": 1, "expiresAt": None,
    }  # fmt: skip


def test_a_token_may_demand_tls_for_its_mail(shop: Run, target: database.Target):
    assert make(shop, "--tls", "required")["tlsRequired"] is True
    assert "Its mail leaves inside TLS only." in shop("tokens", "create", "--campaign", "x", "--tls", "required").out
    assert [token["tlsRequired"] for token in shop("tokens", "list", "--json").document] == [True, True]
    assert "does not expire; TLS only" in shop("tokens", "list").out


def test_what_is_printed_can_be_pasted(shop: Run):
    out = shop("tokens", "create", "--campaign", "Receipts", "--no-create-contact").out
    user, password = re.findall(r"^  (?:User name|Password)   ?(\S+)$", out, re.MULTILINE)
    assert "do not become contacts" in out
    assert "shown this once" in out
    for line in (
        "SMTP_HOST=127.0.0.1",
        "SMTP_PORT=587",
        f"SMTP_USERNAME={user}",
        f"SMTP_PASSWORD={password}",
        "EMAIL_USE_TLS = True",
        f'EMAIL_HOST_USER = "{user}"',
        'DEFAULT_FROM_EMAIL = "hello@shop.example.com"',
        "  host: '127.0.0.1', port: 587, requireTLS: true,",
        f"  auth: {{ user: '{user}', pass: '{password}' }},",
        f"  --auth-user {user} --auth-password {password} \\",
        "  --from hello@shop.example.com --to you@example.com",
    ):
        assert line in out.splitlines()


def test_the_host_and_port_are_those_of_the_settings(shop: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(PREFIX + "SMTP_HOST", "SMTP.example.com")
    monkeypatch.setenv(PREFIX + "SUBMISSION", "0.0.0.0:2525")
    made = make(shop)
    assert (made["host"], made["port"], made["security"]) == ("smtp.example.com", 2525, "starttls")
    assert made["id"].endswith("@1.smtp.smtp.example.com")


def test_where_only_implicit_tls_is_open_it_is_what_is_printed(shop: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(PREFIX + "SUBMISSIONS", "0.0.0.0:0")
    out = shop("tokens", "create", "--campaign", "Receipts").out
    for words in ("465, TLS", "EMAIL_USE_SSL = True", "port: 465, secure: true", "--port 465 --tls-on-connect"):
        assert words in out


@pytest.mark.parametrize("named", ["1", "Shop", "sHOP"])
def test_an_account_is_named_by_id_or_name(shop: Run, target: database.Target, named: str):
    on(target, lambda conn: accounts.create_account(conn, "Other", NOW))
    assert make(shop, "--account", named)["account"] == 1


def test_an_account_must_be_named_where_there_are_several(shop: Run, target: database.Target):
    on(target, lambda conn: accounts.create_account(conn, "Other", NOW))
    assert_one_sentence(shop("tokens", "list"), "--account", "1 (Shop)", "2 (Other)")
    assert_one_sentence(shop("tokens", "list", "--account", "Nobody"), "--account")


def test_without_any_account_the_operator_is_told_how_to_begin(run: Run):
    assert_one_sentence(run("tokens", "create", "--campaign", "x"), "sendwright bootstrap")


@pytest.mark.parametrize("campaign", ["", " ", "a\x1bb", "x" * 1001])
def test_a_campaign_that_nobody_could_read_is_one_sentence(shop: Run, campaign: str):
    assert_one_sentence(shop("tokens", "create", "--campaign", campaign), "--campaign")


def test_tokens_are_listed_without_passwords(shop: Run):
    made = [make(shop), make(shop, "--no-create-contact", campaign="Alarms")]
    answer = shop("tokens", "list")
    lines = answer.out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [token["id"] for token in made]
    assert all("does not expire" in line for line in lines[1:])
    assert not any(token["password"] in answer.out for token in made)


def test_a_list_as_json_says_all_that_is_known(shop: Run):
    made = make(shop)
    (found,) = shop("tokens", "list", "--json").document
    assert (found["id"], found["emailCampaignId"]) == (made["id"], made["emailCampaignId"])
    assert (found["createdBy"], found["lastUsedAt"], found["expiresAt"], found["note"]) == (
        "admin@shop.example.com", None, None, None
    )  # fmt: skip


def test_a_list_can_be_narrowed_to_a_campaign(shop: Run):
    made = [make(shop), make(shop, campaign="Alarms")]
    found = shop("tokens", "list", "--campaign", "Alarms", "--json").document
    assert [token["id"] for token in found] == [made[1]["id"]]


def test_no_token_yet_says_how_to_make_one(shop: Run):
    assert "sendwright tokens create" in shop("tokens", "list").out


def test_a_reset_prints_a_new_password_and_the_old_one_is_dead(shop: Run, target: database.Target):
    made = make(shop)
    reset = shop("tokens", "reset", made["id"], "--json").document
    assert reset["id"] == made["id"]
    assert [logs_in(target, each) for each in (made, reset)] == [False, True]


def test_a_reset_is_printed_like_a_new_one(shop: Run):
    assert "SMTP_PASSWORD=sws-" in shop("tokens", "reset", make(shop)["id"]).out


def test_a_deleted_token_opens_nothing(shop: Run, target: database.Target):
    made = make(shop)
    assert shop("tokens", "delete", made["id"], "--yes").out == f"{made['id']} is deleted.\n"
    assert not logs_in(target, made)


@pytest.mark.parametrize(("said", "stays"), [("n\n", True), ("y\n", False)])
def test_deleting_asks_first(
    shop: Run, target: database.Target, monkeypatch: pytest.MonkeyPatch, said: str, stays: bool
):
    made = make(shop)
    monkeypatch.setattr("sys.stdin", io.StringIO(said))
    answer = shop("tokens", "delete", made["id"])
    assert "Delete it?" in answer.out + answer.err
    assert (answer.code, logs_in(target, made)) == (int(stays), stays)


@pytest.mark.parametrize("words", [["reset"], ["delete", "--yes"]])
def test_a_token_that_is_not_there_is_one_sentence(shop: Run, words: list[str]):
    assert_one_sentence(shop("tokens", *words, "nobody@1.smtp.localhost"), "sendwright tokens list")


# --- words


def token(left: timedelta | None, used: datetime | None = None) -> accounts.SmtpToken:
    return accounts.SmtpToken(
        account_id=accounts.AccountId(1), id=accounts.SmtpTokenId("u"), epoch=1, campaign_name="c",
        create_contact=False, email_id=1, campaign_id=1, created_at=NOW, created_by="a@example.com",
        expires_at=None if left is None else NOW + left, warned=0, last_used_at=used,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("left", "note"),
    [
        (None, "does not expire"),
        (timedelta(days=31), "expires on 2026-04-02"),
        (timedelta(days=12, hours=5), "expires in 12 days: make another"),
        (timedelta(days=1), "expires in 1 day: make another"),
        (timedelta(hours=3), "expires today: make another"),
    ],
)
def test_a_list_notes_what_expires_soon(left: timedelta | None, note: str):
    assert token_words.token_row(token(left, used=NOW), NOW)[-2:] == ("2026-03-02", note)


def test_the_note_is_for_programs_too():
    document = token_words.token_document(token(timedelta(days=12)), NOW)
    assert (document["note"], document["expiresAt"]) == (
        "expires in 12 days: make another", "2026-03-14T14:02:07.000+00:00"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "127.0.0.1"),
        ({"http": "0.0.0.0:80"}, "localhost"),
        ({"http": "[::1]:80"}, "localhost"),
        ({"public_url": "https://mail.example.com:8443"}, "mail.example.com"),
        ({"public_url": "https://mail.example.com", "smtp_host": "Smtp.Example.COM"}, "smtp.example.com"),
    ],
)
def test_the_host_is_found_in_the_settings(given: dict[str, object], name: str):
    assert smtp_name(load(given, {}, None)) == name


@pytest.mark.parametrize("host", ["", "a b", "smtp://x", "x:25", "-x", "x" * 300, "a\nb"])
def test_a_host_that_cannot_be_is_refused(host: str):
    with pytest.raises(ValueError, match="host name"):
        Settings.model_validate({"smtp_host": host})
