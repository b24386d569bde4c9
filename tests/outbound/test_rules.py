"""What an attempt means."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendwright import outbound, smtp
from sendwright.outbound.model import (
    Category,
    Dns,
    Lost,
    NoRoute,
    Outcome,
    Reason,
    Trouble,
    Unreachable,
    Withheld,
)
from sendwright.outbound.rules import MAX_AGE, SCHEDULE, may_go_in_clear
from tests.outbound.made import NOW, answered, judged

LOST_AFTER_THE_DOT = Lost(stage=smtp.Stage.FINAL, dot_written=True, detail="the server closed the connection")
LOST_BEFORE_THE_DOT = Lost(stage=smtp.Stage.MAIL, dot_written=False, detail="the server closed the connection")


def unreachable(trouble: Trouble = Trouble.CONNECT) -> Unreachable:
    return Unreachable(who="mx.example.org", trouble=trouble, detail="Connection refused")


def minutes_to(verdict: outbound.Verdict) -> float:
    assert isinstance(verdict, outbound.TryAgain | outbound.InDoubt)
    return (verdict.at - NOW).total_seconds() / 60


def gave_up(verdict: outbound.Verdict) -> outbound.GaveUp:
    assert isinstance(verdict, outbound.GaveUp)
    return verdict


def again(verdict: outbound.Verdict) -> outbound.TryAgain:
    assert isinstance(verdict, outbound.TryAgain)
    return verdict


# --- delivered


def test_a_positive_answer_to_the_message_means_delivered():
    outcome = answered(250, "2.0.0", "queued", stage=smtp.Stage.FINAL)
    assert judged(outcome) == outbound.Delivered(reply=outcome.reply)


# --- the schedule


@pytest.mark.parametrize(
    ("tries", "minutes"), [*list(enumerate([1, 5, 10, 20, 40, 80, 120, 240, 240, 240])), (100, 240)]
)
def test_the_waits_follow_the_schedule_and_the_last_one_repeats(tries: int, minutes: int):
    assert minutes_to(judged(answered(451, "4.3.2", "later"), tries=tries)) == minutes


@pytest.mark.parametrize(("chance", "minutes"), [(0, 8), (0.5, 10), (1, 12), (-3, 8), (7, 12)])
def test_a_wait_is_spread_by_a_fifth_either_way(chance: float, minutes: float):
    assert minutes_to(judged(answered(451, "4.3.2"), tries=2, chance=chance)) == pytest.approx(minutes)


def test_a_deferred_delivery_is_given_up_when_its_next_try_would_be_too_late():
    verdict = gave_up(judged(answered(451, "4.3.2", "later"), tries=30, age=timedelta(hours=117)))
    assert (verdict.reason, verdict.hard, verdict.bad_address) == (Reason.TOO_OLD, False, False)
    assert verdict.category is Category.TEMPORARY_PROBLEM
    assert verdict.reply is not None


def test_a_delivery_whose_next_try_comes_at_the_very_end_is_tried_once_more():
    assert again(judged(answered(451, "4.3.2"), tries=30, age=timedelta(hours=116))).at == NOW + timedelta(hours=4)


def test_a_shorter_life_is_kept():
    outcome = answered(451, "4.3.2")
    assert gave_up(judged(outcome, tries=1, max_age=timedelta(minutes=4))).reason is Reason.TOO_OLD
    assert again(judged(outcome, tries=1, max_age=timedelta(minutes=5)))


@given(
    tries=st.integers(0, 60), hours=st.floats(0, 119), chance=st.floats(0, 1), outcome=st.sampled_from([
        answered(451, "4.3.2"), answered(452, "4.2.2", "mailbox full"), answered(421, "", "", stage=smtp.Stage.EHLO),
        LOST_BEFORE_THE_DOT, LOST_AFTER_THE_DOT, unreachable(), NoRoute(dns=Dns.NO_ANSWER), Withheld(),
    ])
)  # fmt: skip
def test_no_try_comes_before_now_or_after_the_delivery_is_too_old(
    tries: int, hours: float, chance: float, outcome: Outcome
):
    age = timedelta(hours=hours)
    verdict = judged(outcome, tries=tries, age=age, chance=chance)
    if isinstance(verdict, outbound.TryAgain | outbound.InDoubt):
        assert NOW < verdict.at <= NOW - age + MAX_AGE
    else:
        assert gave_up(verdict).reason is Reason.TOO_OLD


def test_the_whole_schedule_fits_many_times_into_the_longest_life():
    assert sum(SCHEDULE, timedelta(0)) < MAX_AGE / 10


# --- 4xx


@pytest.mark.parametrize(
    ("code", "enhanced", "text"),
    [
        (450, "4.7.1", ""),
        (451, "4.7.1", ""),
        (450, "4.2.0", ""),
        (451, "4.3.0", ""),
        (421, "", "greylisting in action"),
    ],
)
def test_a_first_greylisting_is_waited_out_five_minutes(code: int, enhanced: str, text: str):
    verdict = again(judged(answered(code, enhanced, text)))
    assert verdict.reason is Reason.GREYLISTED
    assert minutes_to(verdict) == 5


def test_a_second_greylisting_is_an_ordinary_delay():
    verdict = again(judged(answered(451, "4.7.1", "greylisted"), tries=1))
    assert verdict.reason is Reason.PUT_OFF


def test_a_full_mailbox_is_tried_every_four_hours():
    verdict = again(judged(answered(452, "4.2.2", "mailbox full")))
    assert verdict.reason is Reason.MAILBOX_FULL
    assert minutes_to(verdict) == 240


def test_words_of_rate_slow_us_down_for_half_an_hour_at_least():
    outcome = answered(421, "4.7.28", "unusual rate of mail", stage=smtp.Stage.DATA)
    verdict = again(judged(outcome))
    assert verdict.reason is Reason.SLOW_DOWN
    assert minutes_to(verdict) == 30
    assert minutes_to(judged(outcome, tries=7)) == 240


@pytest.mark.parametrize(("words", "reason"), [("too many recipients", Reason.PUT_OFF), ("", Reason.MAILBOX_FULL)])
def test_552_to_the_recipient_is_treated_like_452(words: str, reason: Reason):
    assert again(judged(answered(552, "", words))).reason is reason


def test_too_many_recipients_are_no_full_mailbox():
    verdict = again(judged(answered(452, "4.5.3", "too many recipients")))
    assert (verdict.reason, minutes_to(verdict)) == (Reason.PUT_OFF, 1)


def test_who_was_not_let_in_comes_again_when_it_was_told_and_is_charged_nothing():
    outcome = Unreachable(who="example.org", trouble=Trouble.CROWDED, detail="", wait=timedelta(minutes=7))
    verdict = again(judged(outcome))
    assert (verdict.reason, verdict.charged, minutes_to(verdict)) == (Reason.CROWDED, False, 7)


def test_a_message_that_waits_for_its_turn_too_long_is_given_up_too():
    outcome = Unreachable(who="example.org", trouble=Trouble.CROWDED, detail="", wait=timedelta(hours=1))
    assert gave_up(judged(outcome, age=timedelta(hours=119, minutes=30))).reason is Reason.TOO_OLD


def test_552_to_the_message_is_final():
    assert gave_up(judged(answered(552, "5.3.4", "too large", stage=smtp.Stage.FINAL))).reason is Reason.REFUSED


def test_a_temporary_enhanced_code_makes_a_permanent_answer_temporary():
    assert again(judged(answered(550, "", "4.2.1 mailbox busy"))).reason is Reason.PUT_OFF


# --- 5xx


def test_a_permanent_answer_is_final_and_keeps_the_remote_words():
    outcome = answered(550, "5.1.1", "no such user here")
    verdict = gave_up(judged(outcome))
    assert (verdict.reason, verdict.hard, verdict.bad_address) == (Reason.REFUSED, True, True)
    assert verdict.category is Category.UNKNOWN_USER
    assert verdict.reply == outcome.reply
    assert verdict.explanation == "mx.example.org refused it for good: 550 5.1.1 no such user here"


def test_a_refusal_for_our_reputation_is_final_and_no_fault_of_the_address():
    verdict = gave_up(judged(answered(550, "5.7.1", "your IP has a poor reputation and is blocked")))
    assert (verdict.hard, verdict.bad_address) == (True, False)
    assert verdict.category is Category.IP_REPUTATION


def test_a_permanent_answer_about_our_rate_is_tried_again():
    assert again(judged(answered(550, "5.7.1", "connection frequency limited"))).reason is Reason.SLOW_DOWN


def test_a_message_that_the_next_server_cannot_carry_is_given_up():
    verdict = gave_up(judged(answered(553, "5.6.7", "no SMTPUTF8", stage=smtp.Stage.MAIL, local=True)))
    assert (verdict.reason, verdict.bad_address) == (Reason.CANNOT_CARRY, False)


# --- the session


def test_421_before_the_message_charges_no_try_and_waits_five_minutes():
    verdict = again(judged(answered(421, "4.3.2", "busy", stage=smtp.Stage.GREETING), chance=0))
    assert (verdict.reason, verdict.charged) == (Reason.BUSY, False)
    assert minutes_to(verdict) == 5


@pytest.mark.parametrize("stage", [smtp.Stage.GREETING, smtp.Stage.EHLO, smtp.Stage.TLS, smtp.Stage.AUTH])
def test_a_refused_session_is_never_final(stage: smtp.Stage):
    verdict = again(judged(answered(554, "5.7.1", "go away", stage=stage)))
    assert (verdict.reason, verdict.charged) == (Reason.UNWELCOME, True)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (Trouble.CONNECT, Reason.UNREACHABLE),
        (Trouble.SPEECH, Reason.UNREACHABLE),
        (Trouble.RESTING, Reason.UNREACHABLE),
        (Trouble.PROXY, Reason.UNREACHABLE),
        (Trouble.TLS, Reason.TLS_FAILED),
        (Trouble.DNS, Reason.DNS_TROUBLE),
    ],
)
def test_trouble_on_the_way_is_tried_again_by_the_schedule(trouble: Trouble, reason: Reason):
    verdict = again(judged(unreachable(trouble), tries=1))
    assert (verdict.reason, verdict.charged, verdict.reply) == (reason, True, None)
    assert minutes_to(verdict) == 5


def test_who_found_no_slot_comes_back_at_once_and_is_charged_nothing():
    verdict = again(judged(unreachable(Trouble.CROWDED)))
    assert (verdict.charged, minutes_to(verdict)) == (False, 5 / 60)


def test_a_message_held_back_comes_back_at_once_and_is_charged_nothing():
    assert again(judged(Withheld())).charged is False


def test_a_server_out_of_reach_for_days_bounces_softly():
    verdict = gave_up(judged(unreachable(), tries=40, age=timedelta(hours=119)))
    assert (verdict.hard, verdict.category, verdict.reply) == (False, Category.TIMEOUT, None)


# --- in doubt


def test_a_connection_lost_after_the_dot_leaves_the_delivery_in_doubt_for_half_an_hour():
    assert minutes_to(judged(LOST_AFTER_THE_DOT, chance=0)) == 30
    assert isinstance(judged(LOST_AFTER_THE_DOT), outbound.InDoubt)


def test_a_doubt_that_would_outlive_the_delivery_ends_it():
    verdict = gave_up(judged(LOST_AFTER_THE_DOT, max_age=timedelta(minutes=5)))
    assert "may have taken it" in verdict.explanation


def test_a_connection_lost_before_the_dot_is_tried_again():
    assert again(judged(LOST_BEFORE_THE_DOT)).reason is Reason.LOST


# --- names


@pytest.mark.parametrize("dns", [Dns.NO_SUCH_DOMAIN, Dns.NO_SERVER])
def test_a_domain_missing_from_dns_is_tried_again_for_a_day(dns: Dns):
    verdict = again(judged(NoRoute(dns=dns), age=timedelta(hours=23)))
    assert verdict.reply is not None
    assert verdict.reply.enhanced == "5.1.2"


@pytest.mark.parametrize("dns", [Dns.NO_SUCH_DOMAIN, Dns.NO_SERVER])
def test_a_domain_missing_from_dns_for_a_day_is_believed_to_be_missing(dns: Dns):
    verdict = gave_up(judged(NoRoute(dns=dns), age=timedelta(hours=24)))
    assert (verdict.hard, verdict.bad_address, verdict.category) == (True, True, Category.DNS_FAILURE)


def test_a_domain_missing_from_dns_for_a_short_life_is_not_believed_to_be_missing():
    verdict = gave_up(judged(NoRoute(dns=Dns.NO_SUCH_DOMAIN), tries=3, max_age=timedelta(minutes=10)))
    assert (verdict.hard, verdict.bad_address, verdict.category) == (False, False, Category.DNS_FAILURE)


def test_a_null_mx_is_final_at_once():
    verdict = gave_up(judged(NoRoute(dns=Dns.NULL_MX)))
    assert (verdict.hard, verdict.bad_address) == (True, True)
    assert str(verdict.reply) == "556 5.1.10 example.org says in DNS that it takes no mail (null MX)"


@pytest.mark.parametrize(("dns", "enhanced"), [(Dns.INWARD, "5.4.4"), (Dns.LOOP, "5.4.6")])
def test_a_domain_whose_mail_would_come_back_to_us_is_given_up_without_blame(dns: Dns, enhanced: str):
    verdict = gave_up(judged(NoRoute(dns=dns)))
    assert verdict.reply is not None
    assert (verdict.reply.enhanced, verdict.bad_address) == (enhanced, False)


def test_dns_that_does_not_answer_is_temporary_whatever_the_age():
    assert again(judged(NoRoute(dns=Dns.NO_ANSWER), age=timedelta(hours=100))).reason is Reason.DNS_TROUBLE


@pytest.mark.parametrize("tries", range(5))
def test_tls_that_fails_may_be_done_without_from_the_third_try(tries: int):
    assert may_go_in_clear(tries) is (tries >= 2)
