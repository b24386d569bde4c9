"""What an attempt tells about its site."""

import pytest

from sendwright import smtp
from sendwright.outbound import heed
from sendwright.outbound.heed import BrokeOff, Clean, Neutral, Stop, TooFast, TooFastForOne
from sendwright.outbound.manners import Manners
from sendwright.outbound.model import Lost, Outcome, Trouble, Unreachable, Withheld
from sendwright.outbound.providers import shipped
from tests.outbound.made import answered

STRANGER = Manners()
BLOCKED = Stop(rest=heed.BLOCKED_FOR, alert=True)
RCPT, FINAL, GREETING, MAIL = smtp.Stage.RCPT, smtp.Stage.FINAL, smtp.Stage.GREETING, smtp.Stage.MAIL


def lost(*, dot_written: bool) -> Lost:
    return Lost(stage=MAIL, dot_written=dot_written, detail="the server closed the connection")


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (answered(250, "2.0.0", "taken", stage=FINAL), Clean()),
        (answered(550, "5.1.1", "no such user"), Neutral()),
        (answered(450, "4.7.1", "greylisted"), Neutral()),
        (answered(452, "4.2.2", "mailbox full"), Neutral()),
        (answered(452, "4.5.3", "too many recipients"), Neutral()),
        (answered(421, "4.3.2", "too busy", stage=GREETING), Neutral()),
        (answered(421, "4.3.2", "closing", stage=MAIL), BrokeOff()),
        (answered(421, "4.7.0", "too many connections", stage=GREETING), BrokeOff()),
        (lost(dot_written=False), BrokeOff()),
        (lost(dot_written=True), BrokeOff()),
        (answered(421, "4.7.28", "unusual rate of mail", stage=MAIL), TooFast()),
        (answered(451, "4.7.0", "rate limit exceeded"), TooFast()),
        (answered(550, "5.7.1", "connection frequency limited"), TooFast()),
        (answered(450, "4.2.1", "the user is receiving mail at a rate that prevents more"), TooFastForOne()),
        (answered(554, "5.7.1", "blocked using zen.spamhaus.example", stage=MAIL), BLOCKED),
        (answered(550, "5.7.1", "the domain reputation of example.com is low", stage=FINAL), BLOCKED),
        (answered(550, "5.7.606", "access denied", stage=MAIL), BLOCKED),
        (answered(554, "", "your address is on a blocklist", stage=GREETING), BLOCKED),
        (answered(451, "4.7.1", "your address is on a blocklist"), Neutral()),
        (answered(554, "5.7.1", "a link is listed by surbl", stage=FINAL), Neutral()),
        (answered(554, "5.6.0", "blocklist", local=True), Neutral()),
        (Unreachable(who="mx.example.org", trouble=Trouble.CONNECT, detail="refused"), Neutral()),
        (Withheld(), Neutral()),
    ],
)  # fmt: skip
def test_an_outcome_has_a_sign(outcome: Outcome, expected: heed.Sign):
    assert heed.sign(outcome, STRANGER) == expected


def of(provider: str) -> Manners:
    return next(known.manners for known in shipped().known if known.manners.name == provider)


@pytest.mark.parametrize(
    ("provider", "outcome", "expected"),
    [
        ("Google", answered(421, "4.7.28", "", stage=MAIL), TooFast()),
        ("Yahoo", answered(421, "4.7.0", "[TSS04] deferred", stage=GREETING),
         Stop(rest=of("Yahoo").stop_for, alert=False)),
        ("Yahoo", answered(451, "", "[TS01] deferred"), TooFast()),
        ("Microsoft", answered(451, "4.7.500", "Server busy"), TooFast()),
        ("Microsoft", answered(451, "4.7.650", "the address has been temporarily rate limited"), TooFast()),
        ("Orange", answered(450, "", "Service refuse. Veuillez essayer plus tard"), TooFast()),
    ],
)  # fmt: skip
def test_the_words_of_a_provider_are_known(provider: str, outcome: Outcome, expected: heed.Sign):
    assert heed.sign(outcome, of(provider)) == expected


@pytest.mark.parametrize(
    ("sign", "left"),
    [(TooFast(), BrokeOff()), (TooFastForOne(), Neutral()), (BLOCKED, Neutral()), (Clean(), Clean()),
     (BrokeOff(), BrokeOff())],
)  # fmt: skip
def test_a_relay_that_repeats_what_others_said_keeps_no_mail_from_going(sign: heed.Sign, left: heed.Sign):
    assert heed.through_a_relay(sign) == left
