"""Sentences for people."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sendwright import outbound, smtp
from sendwright.outbound.explain import explain, stage_of
from sendwright.outbound.model import Dns, Lost, NoRoute, Outcome, Trouble, Unreachable, Withheld
from tests.outbound.made import NOW, PEER, answered, handover, judged

LOST_AFTER = Lost(stage=smtp.Stage.FINAL, dot_written=True, detail="the server closed the connection")


def told(outcome: Outcome, peer: outbound.Peer | None = PEER, **facts: object) -> str:
    verdict = judged(outcome, **facts)  # type: ignore[arg-type]
    return explain(verdict, handover(outcome, peer), accepted_at=NOW - timedelta(seconds=1.3))


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (
            answered(250, "2.0.0", "queued as 7F", stage=smtp.Stage.FINAL),
            "mx.example.org took it at 14:02:07 UTC, 1.3 s after your call, over TLS 1.3: 250 2.0.0 queued as 7F",
        ),
        (
            answered(550, "5.1.1", "no such user"),
            "mx.example.org refused it for good: 550 5.1.1 no such user",
        ),
        (
            answered(451, "4.3.2", "later"),
            "mx.example.org asks us to wait: 451 4.3.2 later; next try at 14:03:07 UTC",
        ),
        (
            answered(451, "4.7.1", "greylisted"),
            "mx.example.org asks every new sender to come back later (greylisting): 451 4.7.1 greylisted; "
            "next try at 14:07:07 UTC",
        ),
        (
            answered(421, "", "busy", stage=smtp.Stage.GREETING),
            "mx.example.org is too busy to talk to us: 421 busy; next try at 14:07:37 UTC",
        ),
        (
            answered(554, "", "no", stage=smtp.Stage.EHLO),
            "mx.example.org does not want to talk to us: 554 no; next try at 14:03:07 UTC",
        ),
        (
            answered(553, "5.6.7", "no SMTPUTF8", stage=smtp.Stage.MAIL, local=True),
            "mx.example.org cannot carry this message: 553 5.6.7 no SMTPUTF8",
        ),
        (
            LOST_AFTER,
            "mx.example.org may have taken it: the whole message was sent, then the server closed the connection "
            "before an answer came; not sent again before 14:35:07 UTC",
        ),
        (
            Lost(stage=smtp.Stage.MAIL, dot_written=False, detail="the server closed the connection"),
            "The conversation with mx.example.org broke off before the message was sent: the server closed the "
            "connection; next try at 14:03:07 UTC",
        ),
        (
            Unreachable(who="mx.example.org [192.0.2.1]:25", trouble=Trouble.CONNECT, detail="Connection refused"),
            "mx.example.org [192.0.2.1]:25 could not be reached, no connection: Connection refused; "
            "next try at 14:03:07 UTC",
        ),
        (NoRoute(dns=Dns.NULL_MX), "example.org says in DNS that it takes no mail (null MX)"),
        (
            NoRoute(dns=Dns.NO_ANSWER, detail="SERVFAIL"),
            "example.org could not be looked up: DNS did not answer (SERVFAIL); next try at 14:03:07 UTC",
        ),
        (
            Withheld(),
            "The message was held back before it was sent, because that it was to be sent could not be recorded; "
            "next try at 14:02:12 UTC",
        ),
    ],
)
def test_what_became_of_a_delivery_is_said_in_plain_words(outcome: Outcome, sentence: str):
    assert told(outcome) == sentence


def test_a_connection_in_clear_is_said_to_be_one():
    taken = answered(250, "", "ok", stage=smtp.Stage.FINAL)
    assert "without TLS" in told(taken, replace(PEER, tls=None, cipher=None))
    assert "without TLS" in told(taken, None)


def test_without_a_server_the_domain_is_named():
    assert told(answered(451, "4.3.2", "later"), None).startswith("example.org asks us to wait")


def test_a_try_on_another_day_is_said_with_its_date():
    assert told(answered(452, "4.2.2", "full"), chance=1.0, tries=9).endswith("next try at 18:50:07 UTC")
    assert told(unreachable_for_long(), tries=9, chance=1.0, age=timedelta(hours=1)).endswith("18:50:07 UTC")
    verdict = outbound.TryAgain(at=NOW + timedelta(hours=12), reason=again_reason(), reply=None)
    assert explain(verdict, handover(unreachable_for_long()), accepted_at=NOW).endswith("at 02:02:07 UTC on 2026-03-03")


def unreachable_for_long() -> Unreachable:
    return Unreachable(who="mx.example.org", trouble=Trouble.CONNECT, detail="no connection within 30 s")


def again_reason():
    verdict = judged(unreachable_for_long())
    assert isinstance(verdict, outbound.TryAgain)
    return verdict.reason


@pytest.mark.parametrize(
    ("age", "said"),
    [(timedelta(minutes=1), "1 minute"), (timedelta(minutes=90), "90 minutes"), (timedelta(hours=119), "119 hours")],
)
def test_who_is_given_up_by_age_hears_how_long_we_tried(age: timedelta, said: str):
    sentence = told(unreachable_for_long(), tries=9, age=age, max_age=age)
    assert sentence.startswith(f"Given up after {said}, because the next try would be too late; mx.example.org could")


def test_a_delivery_after_minutes_says_so():
    taken = answered(250, "", "ok", stage=smtp.Stage.FINAL)
    verdict = judged(taken)
    assert "5 minutes after your call" in explain(verdict, handover(taken), accepted_at=NOW - timedelta(minutes=5))


def test_the_words_of_a_talkative_server_are_shortened():
    assert len(told(answered(550, "5.0.0", "x" * 60_000))) < 400


@pytest.mark.parametrize(
    ("outcome", "stage"),
    [
        (answered(550), "rcpt"),
        (LOST_AFTER, "final"),
        (NoRoute(dns=Dns.NULL_MX), "dns"),
        (Unreachable(who="mx", trouble=Trouble.DNS, detail=""), "dns"),
        (Unreachable(who="mx", trouble=Trouble.TLS, detail=""), "tls"),
        (Unreachable(who="mx", trouble=Trouble.CONNECT, detail=""), "connect"),
        (Withheld(), "data"),
    ],
)
def test_an_attempt_tells_how_far_it_got(outcome: Outcome, stage: str):
    assert stage_of(handover(outcome)) == stage


@pytest.mark.parametrize(
    ("verified", "words"),
    [
        (None, "over TLS 1.3: 250"),
        ("dane", "over TLS 1.3, proven by DANE: 250"),
        ("mta-sts", "over TLS 1.3, its certificate valid as its MTA-STS policy demands: 250"),
        ("certificate", "over TLS 1.3, its certificate valid: 250"),
    ],
)
def test_it_is_told_what_proved_the_server(verified: str | None, words: str):
    assert words in told(answered(250, "2.0.0", "ok", stage=smtp.Stage.FINAL), replace(PEER, verified=verified))
