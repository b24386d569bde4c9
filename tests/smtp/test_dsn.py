"""Wishes for notifications (RFC 3461), read, carried and passed on."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendwright import smtp
from sendwright.smtp import dsn
from tests.smtp.clients import hears, ready
from tests.smtp.servers import greeted, messages, says

PRINTABLE = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126))
OFFERS = b"250-mx.example.org\r\n250-PIPELINING\r\n250 DSN\r\n"
PLAIN = b"250-mx.example.org\r\n250 PIPELINING\r\n"
WHEN = ("SUCCESS", "FAILURE", "DELAY")
NOTIFICATIONS = [frozenset(), frozenset({"NEVER"})] + [
    frozenset(chosen) for size in (1, 2, 3) for chosen in itertools.combinations(WHEN, size)
]


@given(text=PRINTABLE)
def test_xtext_gives_back_what_went_in(text: str) -> None:
    assert dsn.from_xtext(dsn.to_xtext(text)) == text


@given(text=PRINTABLE)
def test_xtext_has_no_blank_and_no_equals_sign(text: str) -> None:
    assert not set(dsn.to_xtext(text)) & {" ", "="}


@pytest.mark.parametrize("written", ["a b", "a=b", "+2", "+2b", "+0D", "+7F", "+80", "\xfc", "a\n"])
def test_what_is_no_xtext_or_hides_a_control_is_not_read(written: str) -> None:
    assert dsn.from_xtext(written) is None


@pytest.mark.parametrize(
    "orcpt",
    ["rfc822;b@example.org", "rfc822;b+2B1@example.org", "x-other;a", "utf-8;b\\x{FC}@e.test"],
)
def test_an_original_recipient_may_be_of_any_type(orcpt: str) -> None:
    assert dsn.is_orcpt(orcpt, smtputf8=False)


@pytest.mark.parametrize(
    "orcpt", ["utf-8;b\u00fc@example.org", "rfc822;b\u00fc@example.org", ";b@example.org", "a b;c"]
)
def test_an_original_recipient_beyond_ascii_or_without_type_is_refused(orcpt: str) -> None:
    assert not dsn.is_orcpt(orcpt, smtputf8=False)


def test_an_internationalised_original_recipient_may_stand_as_it_is() -> None:
    assert dsn.is_orcpt("utf-8;b\u00fc@ex\u00e4mple.org", smtputf8=True)


def test_a_line_separator_never_stands_in_an_original_recipient() -> None:
    assert not dsn.is_orcpt("utf-8;b\u2028@example.org", smtputf8=True)


def wished(notify: frozenset[str]) -> smtp.Envelope:
    return smtp.Envelope(
        mail_from="a@example.com",
        rcpt_to=("b@example.org",),
        ret="HDRS",
        envid="QQ 1+1",
        wishes=(smtp.Wish(notify=notify, orcpt="rfc822;b+2Bx@example.org"),),
    )


def carried(envelope: smtp.Envelope, offers: bytes) -> tuple[smtp.Envelope, smtp.events.Outcome]:
    """The envelope as our server has it after our client brought it, and the client's outcome."""
    client, server = ready(offers), greeted(dsn=True)
    client.send(envelope)
    says(server, client.outgoing())
    hears(client, b"250 ok\r\n250 ok\r\n354 go\r\n")
    client.transmit(b"hello\r\n")
    (taken,) = [event for event in says(server, client.outgoing()) if isinstance(event, smtp.events.Message)]
    (outcome, _ready) = client.feed(b"250 ok\r\n")
    assert isinstance(outcome, smtp.events.Outcome)
    return taken.envelope, outcome


@pytest.mark.parametrize("notify", NOTIFICATIONS, ids=lambda notify: "+".join(sorted(notify)) or "nothing")
def test_a_wish_reaches_a_server_that_offers_dsn_unchanged(notify: frozenset[str]) -> None:
    envelope, outcome = carried(wished(notify), OFFERS)
    expected = wished(notify)
    assert (envelope.ret, envelope.envid, envelope.wishes) == (expected.ret, expected.envid, expected.wishes)
    assert outcome.dsn_passed_on


@pytest.mark.parametrize("notify", NOTIFICATIONS, ids=lambda notify: "+".join(sorted(notify)) or "nothing")
def test_a_server_that_does_not_offer_dsn_hears_of_no_wish_and_the_outcome_says_so(notify: frozenset[str]) -> None:
    envelope, outcome = carried(wished(notify), PLAIN)
    assert (envelope.ret, envelope.envid, envelope.wishes) == ("", "", ())
    assert not outcome.dsn_passed_on


def test_a_refused_sender_leaves_nobody_who_owes_a_report() -> None:
    client = ready(OFFERS)
    client.send(wished(frozenset({"SUCCESS"})))
    (outcome, *_) = hears(client, b"550 no\r\n503 no\r\n503 no\r\n")
    assert isinstance(outcome, smtp.events.Outcome)
    assert not outcome.dsn_passed_on


def test_wishes_for_some_of_the_recipients_only_are_misuse() -> None:
    envelope = smtp.Envelope(mail_from="", rcpt_to=("b@example.org", "c@example.org"), wishes=(smtp.Wish(),))
    with pytest.raises(smtp.Misuse):
        ready().send(envelope)


def test_an_envelope_in_which_nobody_wished_has_no_wishes() -> None:
    server = greeted(dsn=True)
    (message,) = [
        event
        for event in says(server, b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nx\r\n.\r\n")
        if isinstance(event, smtp.events.Message)
    ]
    assert message.envelope.wishes == ()


@pytest.mark.parametrize("envid", ["", "\u00fc", "a\r\nRSET", "x" * 101, "=" * 34])
def test_an_envelope_id_that_cannot_be_written_is_left_out(envid: str) -> None:
    assert dsn.mail_words("", envid) == ""


def test_a_dsn_server_still_reads_plain_messages() -> None:
    happened = says(greeted(dsn=True), b"MAIL FROM:<>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nx\r\n.\r\n")
    assert messages(happened) == [b"x\r\n"]
