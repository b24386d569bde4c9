"""The commands, on both databases: text for people, JSON for scripts, one sentence when something cannot be done."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from sendwright import accounts, attempt, database, feedback, single_send, smtp
from sendwright.outbound.model import Answered
from sendwright.run.cli.main import main
from sendwright.run.settings import PREFIX
from tests.doors import sent
from tests.stories.shop import FakePost, Shop, desk, open_shop

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TAKEN = Answered(stage=smtp.Stage.FINAL, reply=smtp.Reply(code=250, enhanced="2.0.0", lines=("2.0.0 kept",)))


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Answer]


@pytest.fixture
def run(target: database.Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """``run("sends", "list", …)``: the program with these words, on this test's database."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    url = None if target.url is None else target.url.replace("postgresql+psycopg://", "postgresql://")
    where = ["--data", str(tmp_path)] if url is None else ["--database", url]

    def run(*words: str, at: list[str] | None = None) -> Answer:
        monkeypatch.setattr(sys, "argv", ["sendwright", *words, *(where if at is None else at)])
        # Not pytest's capture: a logger keeps the standard error that it met first, and that one is closed.
        out, err, code = io.StringIO(), io.StringIO(), 0
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
        return Answer(code, out.getvalue(), err.getvalue())

    yield run
    structlog.reset_defaults()


def lived(target: database.Target, live: Callable[[Shop], Any]) -> Any:
    """Runs ``live`` with an open shop on the database."""

    async def whole() -> Any:
        db = database.open_database(target)
        try:
            return await live(await open_shop(db, NOON))
        finally:
            await db.close()

    return asyncio.run(whole())


async def _two_sends(shop: Shop) -> tuple[str, str]:
    """One delivered, one refused."""
    good = await shop.ask(to="Ann <ann@example.org>")
    for delivery, parcel in await shop.compose():
        await attempt.attempt(desk(shop, FakePost(TAKEN, shop.clock)), delivery, parcel)
    bad = await shop.ask(to="nobody")
    await shop.compose()
    return good.status_id, bad.status_id


@pytest.fixture
def sends(target: database.Target) -> tuple[str, str]:
    """A shop with a delivered and a refused send; their ids."""
    found: tuple[str, str] = lived(target, _two_sends)
    return found


@pytest.fixture
def keyed(run: Run, sends: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run`` with the secret that the shop was made with."""
    monkeypatch.setenv(PREFIX + "SECRET_KEY", "a secret of these tests, thirty-two")
    return run


def assert_one_sentence(answer: Answer, *words: str) -> None:
    assert answer.code == 1
    assert answer.out == ""
    (line,) = answer.err.splitlines()
    assert line.startswith("sendwright: ")
    assert all(word in line for word in words), line
    assert "Traceback" not in answer.err


# --- sends


def test_sends_are_listed_newest_first(keyed: Run, sends: tuple[str, str]):
    lines = keyed("sends", "list").out.splitlines()
    assert lines[0].split() == ["ID", "REQUESTED", "STATUS", "RESULT", "TO", "SUBJECT"]
    assert [line.split()[0] for line in lines[1:]] == [sends[1], sends[0]]
    assert "SENT" in lines[2]


def test_sends_are_listed_as_json(keyed: Run, sends: tuple[str, str]):
    bad, good = keyed("sends", "list", "--json").document
    assert (good["id"], good["sendResult"], bad["sendResult"]) == (sends[0], "SENT", "INVALID_TO_ADDRESS")


def test_sends_can_be_asked_for_by_result(keyed: Run, sends: tuple[str, str]):
    assert [send["id"] for send in keyed("sends", "list", "--result", "sent", "--json").document] == [sends[0]]


def test_sends_can_be_asked_for_by_recipient(keyed: Run, sends: tuple[str, str]):
    assert [send["id"] for send in keyed("sends", "list", "--recipient", "nobody", "--json").document] == [sends[1]]


def test_a_full_page_says_how_to_get_the_next(keyed: Run, sends: tuple[str, str]):
    first = keyed("sends", "list", "--limit", "1")
    assert first.out.splitlines()[-1] == f"More: sendwright sends list --before {sends[1]}"
    assert [s["id"] for s in keyed("sends", "list", "--before", sends[1], "--json").document] == [sends[0]]


def test_an_unknown_result_is_answered_with_the_known_ones(keyed: Run):
    assert_one_sentence(keyed("sends", "list", "--result", "gone"), "no such result: gone", "UNDELIVERABLE")


def test_a_send_is_shown_with_its_attempts_and_events(keyed: Run, sends: tuple[str, str]):
    out = keyed("sends", "show", sends[0]).out
    assert out.splitlines()[0] == "COMPLETE / SENT"
    assert "mx.example.org took it" in out
    assert "Attempt 1 to ann@example.org: delivered" in out
    for event in ("PROCESSED", "SENT", "DELIVERED"):
        assert event in out


def test_a_send_is_shown_as_json(keyed: Run, sends: tuple[str, str]):
    document = keyed("sends", "show", sends[0], "--json").document
    assert [event["type"] for event in document["events"]] == ["PROCESSED", "SENT", "DELIVERED"]
    assert document["attempts"][0]["code"] == 250


def test_a_refused_send_says_why(keyed: Run, sends: tuple[str, str]):
    assert "message.to: 'nobody' cannot be used" in keyed("sends", "show", sends[1]).out


def test_a_labelled_send_is_shown_with_its_labels(keyed: Run, target: database.Target):
    async def write(db: database.Database) -> str:
        (tenant,) = await db.read(accounts.list_accounts)
        return await db.write(sent.labelled, tenant.id, NOON, ["welcome", "de"], {"order": "47\x1b11"})

    out = keyed("sends", "show", on(target, write)).out
    assert "  Tags       welcome, de\n  Metadata   order: 47?11\n" in out


def test_a_send_that_is_not_there_is_one_sentence(keyed: Run):
    assert_one_sentence(keyed("sends", "show", "never"), "there is no send never", "sendwright sends list")


def test_a_mail_that_is_not_kept_is_one_sentence(keyed: Run, sends: tuple[str, str]):
    assert_one_sentence(keyed("sends", "content", sends[0]), "nothing is kept", "X-Sendwright-Retention")


# --- accounts


def test_accounts_are_listed(keyed: Run):
    assert keyed("accounts", "list", "--json").document == [
        {"id": 1, "name": "Shop", "state": "active", "reason": None}
    ]


def test_an_account_is_suspended_and_resumed(keyed: Run):
    assert keyed("accounts", "suspend", "1", "--reason", "unpaid").out == "Account 1 is suspended.\n"
    assert "unpaid" in keyed("accounts", "list").out
    assert keyed("accounts", "resume", "1").out == "Account 1 is active.\n"


def test_suspending_twice_is_one_sentence(keyed: Run):
    keyed("accounts", "suspend", "1", "--reason", "unpaid")
    assert_one_sentence(keyed("accounts", "suspend", "1", "--reason", "unpaid"), "suspended already")


def test_an_account_that_is_not_there_is_one_sentence(keyed: Run):
    assert_one_sentence(keyed("accounts", "resume", "9"), "there is no account 9")


def test_an_account_must_be_named_where_there_are_several(keyed: Run):
    keyed("bootstrap", "--account", "Other", "--domain", "example.net")
    assert_one_sentence(keyed("sends", "list"), "--account", "1 (Shop)", "2 (Other)")
    assert keyed("sends", "list", "--account", "2").out == "No sends yet.\n"


def test_without_any_account_the_operator_is_told_how_to_begin(run: Run):
    assert_one_sentence(run("sends", "list"), "there is no account yet", "sendwright bootstrap")


# --- suppressions


def test_a_blocked_domain_is_listed_and_lifted(keyed: Run):
    assert "until you lift @example.org" in keyed("suppressions", "block", "example.org", "--reason", "test").out
    (found,) = keyed("suppressions", "list", "--json").document
    assert (found["address"], found["cause"], found["stream"]) == ("@example.org", "blocked", single_send.STREAM)
    assert keyed("suppressions", "lift", "@example.org").code == 0
    assert keyed("suppressions", "list").out == "No address is suppressed.\n"


def test_an_address_is_lifted_in_any_spelling(keyed: Run, target: database.Target):
    async def suppress(db: database.Database) -> None:
        item = feedback.Suppression(
            account_id=1, stream=single_send.STREAM, key="ann@example.org", cause=feedback.Cause.BOUNCED, since=NOON,
            explanation="It bounced.",
        )  # fmt: skip
        await db.write(feedback.suppress, [item])

    on(target, suppress)
    assert keyed("suppressions", "lift", "Ann@Example.ORG").code == 0


def test_lifting_what_is_not_suppressed_is_one_sentence(keyed: Run):
    assert_one_sentence(keyed("suppressions", "lift", "ann@example.org"), "ann@example.org is not suppressed")


@pytest.mark.parametrize("text", ["nobody", "@", "@exa mple"])
def test_what_is_no_address_is_one_sentence(keyed: Run, text: str):
    assert_one_sentence(keyed("suppressions", "lift", text), "cannot be used")


def on(target: database.Target, work: Callable[[database.Database], Any]) -> Any:
    async def whole() -> Any:
        db = database.open_database(target)
        try:
            return await work(db)
        finally:
            await db.close()

    return asyncio.run(whole())


# --- domains, books


def test_domains_are_listed_with_what_to_publish(keyed: Run):
    (found,) = keyed("domains", "list", "--json").document
    assert (found["name"], found["state"]) == ("example.com", "connected")
    assert found["records"][0]["name"] == "sw2._domainkey.example.com"


def test_the_books_balance(keyed: Run):
    answer = keyed("verify-ledger")
    assert (answer.code, answer.out.splitlines()[-1]) == (0, "The books balance.")


def test_the_books_as_json(keyed: Run):
    document = keyed("verify-ledger", "--json").document
    assert document["balanced"]
    assert document["accounts"][0]["sends"] == {"final": 2}
    assert document["accounts"][0]["dropped"] == {"INVALID_TO_ADDRESS": 1}


def test_books_that_do_not_balance_end_with_two(keyed: Run, target: database.Target):
    async def lose(db: database.Database) -> None:
        from sendwright.ledger.tables import sends

        await db.write(lambda conn: conn.execute(sends.update().values(result=None)))

    on(target, lose)
    answer = keyed("verify-ledger")
    assert answer.code == 2
    assert "FAULT: 2 sends are final without a result" in answer.out
    assert not keyed("verify-ledger", "--json").document["balanced"]


# --- bootstrap


def test_bootstrap_makes_an_account_that_can_send(run: Run, target: database.Target):
    document = run("bootstrap", "--account", "Shop", "--domain", "example.com", "--json").document
    assert (document["portalId"], document["domain"]) == (1, "example.com")
    token = on(target, lambda db: db.read(accounts.find_token, document["token"]))
    assert token.scopes == set(accounts.ALL_SCOPES)


def test_bootstrap_shows_the_secrets_once(run: Run):
    out = run("bootstrap", "--account", "Shop", "--domain", "example.com").out
    assert "shown this once" in out
    assert "API token  " in out
    assert "admin@example.com" in out


def test_bootstrap_gives_the_scopes_asked_for(run: Run, target: database.Target):
    words = ("--account", "Shop", "--domain", "example.com", "--scopes", "content, transactional-email", "--json")
    document = run("bootstrap", *words).document
    token = on(target, lambda db: db.read(accounts.find_token, document["token"]))
    assert token.scopes == {"content", "transactional-email"}


@pytest.mark.parametrize(
    ("name", "domain", "scopes"),
    [
        ("Shop", "no domain", "all"),
        ("", "example.com", "all"),
        ("x" * 201, "example.com", "all"),
        ("Sh\x1bop", "example.com", "all"),
        ("Shop", "example.com", "everything"),
    ],
)
def test_bootstrap_refuses_in_one_sentence(run: Run, name: str, domain: str, scopes: str):
    assert_one_sentence(run("bootstrap", "--account", name, "--domain", domain, "--scopes", scopes))
    assert run("accounts", "list").out.startswith("No account yet.")


def test_bootstrap_without_a_domain_says_what_comes_next(run: Run):
    told = run("bootstrap", "--account", "Shop", "--email", "me@example.com").out
    assert "Next: sendwright domains add DOMAIN" in told


@pytest.mark.parametrize("words", [(), ("--domain", "example.com", "--email", "me@example.com")])
def test_bootstrap_takes_a_domain_or_a_log_in(run: Run, words: tuple[str, ...]):
    assert_one_sentence(run("bootstrap", "--account", "Shop", *words), "one of the two")


# --- what an operator can mend


def test_another_secret_is_one_sentence(keyed: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(PREFIX + "SECRET_KEY", "another secret than the shop's own")
    assert_one_sentence(keyed("sends", "list"), "another secret key", "SENDWRIGHT_SECRET_KEY")


def test_an_unknown_setting_is_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(PREFIX + "ROUT", "mx")
    assert_one_sentence(run("sends", "list"), "Did you mean route?")


def test_a_database_of_another_kind_is_one_sentence(run: Run):
    answer = run("sends", "list", at=["--database", "mysql://u:canary@h/x"])
    assert_one_sentence(answer, "mysql", "postgresql://")
    assert "canary" not in answer.err


def test_a_database_that_does_not_answer_is_one_sentence(run: Run):
    answer = run("sends", "list", at=["--database", "postgresql://u:canary@127.0.0.1:1/x"])
    assert_one_sentence(answer)
    assert "canary" not in answer.err


def test_what_strangers_wrote_cannot_steer_a_terminal(keyed: Run, target: database.Target):
    async def write(db: database.Database) -> None:
        from sendwright.ledger.tables import sends

        await db.write(lambda conn: conn.execute(sends.update().values(subject="\x1b[2J\x1b]0;x\x07", sender="a\nb")))

    on(target, write)
    for words in (("sends", "list"), ("sends", "show", keyed("sends", "list", "--json").document[0]["id"])):
        assert "\x1b" not in keyed(*words).out


def test_an_empty_installation_says_how_to_begin(run: Run):
    assert run("accounts", "list").out == "No account yet. Make one with: sendwright bootstrap\n"
    assert run("accounts", "list", "--json").document == []
