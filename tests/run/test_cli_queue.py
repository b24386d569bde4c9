"""``sendwright queue``, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from sendwright import attempt, database, smtp
from sendwright.outbound.model import Answered
from sendwright.run.cli import queue_words
from sendwright.run.settings import PREFIX
from tests.run.test_cli import Run, lived, run
from tests.stories.shop import FakePost, Shop, desk

__all__ = ["run"]

NOT_NOW = Answered(stage=smtp.Stage.FINAL, reply=smtp.Reply(code=451, enhanced="4.3.0", lines=("4.3.0 not now",)))


async def put_off(shop: Shop) -> tuple[str, str]:
    """A mail that was put off: its send and its delivery."""
    delivery, parcel = await shop.send()
    await attempt.attempt(desk(shop, FakePost(NOT_NOW, shop.clock)), delivery, parcel)
    return delivery.send_id, delivery.id


@pytest.fixture
def waits(target: database.Target, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    monkeypatch.setenv(PREFIX + "SECRET_KEY", "a secret of these tests, thirty-two")
    found: tuple[str, str] = lived(target, put_off)
    return found


def test_an_empty_queue_says_so(run: Run, target: database.Target):
    assert "Nothing waits" in run("queue").out
    assert "Nothing of that kind waits" in run("queue", "list").out


def test_the_queue_shows_what_waits_where_and_why(run: Run, waits: Any):
    shown = run("queue").out
    assert "example.org" in shown
    assert "asks every new sender to come back later" in shown
    (line,) = run("queue", "--json").document["lines"]
    assert (line["site"], line["waiting"]) == ("example.org", 1)


def test_deliveries_are_listed_page_by_page(run: Run, waits: tuple[str, str]):
    listed = run("queue", "list", "--limit", "1").out
    assert waits[1] in listed
    place = listed.rpartition("--after ")[2].strip()
    assert run("queue", "list", "--after", place, "--json").document == []


@pytest.mark.parametrize("n", [0, 1])
def test_a_delivery_or_send_is_shown_with_each_attempt(run: Run, waits: tuple[str, str], n: int):
    shown = run("queue", "show", waits[n]).out
    assert "Attempt 1" in shown
    (document,) = run("queue", "show", waits[n], "--json").document
    assert [made["outcome"] for made in document["attempts"]] == ["deferred"]


def test_a_dry_run_changes_nothing(run: Run, waits: tuple[str, str]):
    assert run("queue", "cancel", waits[0], "--reason", "x", "--dry-run").out.startswith("1 delivery would be")
    assert run("queue", "--json").document["lines"][0]["waiting"] == 1


def test_mail_is_held_released_retried_and_canceled(run: Run, waits: tuple[str, str]):
    assert run("queue", "hold", "--domain", "example.org", "--reason", "look").out == "1 delivery was held.\n"
    assert "held (operator)" in run("queue", "list", "--state", "held").out
    assert run("queue", "release", waits[1], "--json").document["deliveries"] == 1
    assert run("queue", "retry", "--all").out == "1 delivery was retried.\n"
    assert run("queue", "cancel", waits[0], "--reason", "wrong").out == "1 delivery was canceled.\n"
    sent = run("sends", "show", waits[0], "--json").document
    assert (sent["status"], "Reason: wrong." in sent["message"]) == ("CANCELED", True)
    assert run("verify-ledger").code == 0


def test_a_pause_is_shown_and_ended(run: Run, waits: tuple[str, str]):
    assert "mail to example.org" in run("queue", "pause", "--domain", "Example.org", "--reason", "they asked").out
    assert "they asked" in run("queue").out
    assert "paused: they asked" in run("queue", "list").out
    assert run("queue", "resume", "--domain", "example.org").out == "Resumed.\n"
    assert "no such pause" in run("queue", "resume", "--all").err


def test_a_pause_for_some_minutes_says_its_end(run: Run, target: database.Target):
    assert "until 20" in run("queue", "pause", "--all", "--minutes", "5", "--reason", "x").out


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (("queue", "retry"), "say which"),
        (("queue", "pause", "--reason", "x"), "say what"),
        (("queue", "list", "--state", "lost"), "There are: waiting"),
        (("queue", "list", "--after", "x"), "copy it"),
        (("queue", "show", "x"), "see sendwright queue list"),
    ],
)
def test_what_cannot_be_done_says_what_to_do(run: Run, target: database.Target, words: tuple[str, ...], advice: str):
    answer = run(*words)
    assert (answer.code, advice in answer.err) == (1, True)


def test_sends_that_cannot_be_composed_are_told_with_what_to_do(run: Run, waits: tuple[str, str]):
    assert run("queue", "--json").document["notComposed"] == 0
    assert list(queue_words.stuck_lines(0)) == []
    (line,) = queue_words.stuck_lines(2)
    assert "2 sends" in line
    assert "could_not_compose" in line
