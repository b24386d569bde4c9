"""What a refusal is about. The replies are made up after the manner of servers in the world."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendwright import smtp
from sendwright.outbound import classify
from sendwright.outbound.model import Category
from tests.outbound.made import reply

RCPT = smtp.Stage.RCPT


@pytest.mark.parametrize(
    ("code", "enhanced", "text", "expected"),
    [
        (550, "5.1.1", "", Category.UNKNOWN_USER),
        (550, "", "No such user here", Category.UNKNOWN_USER),
        (550, "5.1.10", "RecipientNotFound", Category.UNKNOWN_USER),
        (550, "5.1.6", "mailbox has moved", Category.UNKNOWN_USER),
        (450, "4.1.1", "unverified address", Category.UNKNOWN_USER),
        (552, "5.2.2", "over quota", Category.MAILBOX_FULL),
        (552, "", "", Category.MAILBOX_FULL),
        (552, "5.3.4", "", Category.CONTENT),
        (554, "5.6.0", "", Category.CONTENT),
        (554, "", "a virus was found", Category.CONTENT),
        (554, "5.7.1", "this looks like spam", Category.SPAM),
        (550, "5.7.1", "relay access denied", Category.POLICY),
        (550, "5.7.1", "", Category.POLICY),
        (550, "", "administrative prohibition", Category.POLICY),
        (450, "4.7.1", "greylisted, come back in 300 seconds", Category.GREYLISTING),
        (550, "5.2.1", "", Category.MAILBOX_MISCONFIGURATION),
        (550, "", "account has been disabled", Category.MAILBOX_MISCONFIGURATION),
        (554, "5.4.6", "", Category.ISP_MISCONFIGURATION),
        (451, "4.3.5", "", Category.ISP_MISCONFIGURATION),
        (451, "", "local configuration error", Category.ISP_MISCONFIGURATION),
        (554, "5.7.1", "listed at a dnsbl", Category.IP_REPUTATION),
        (550, "5.7.1", "low domain reputation: the domain reputation of example.com", Category.DOMAIN_REPUTATION),
        (550, "5.7.26", "", Category.DMARC),
        (550, "5.7.1", "rejected by DMARC policy", Category.DMARC),
        (550, "5.4.4", "", Category.DNS_FAILURE),
        (550, "", "host not found", Category.DNS_FAILURE),
        (550, "5.7.25", "", Category.SENDING_DOMAIN_MISCONFIGURATION),
        (550, "5.1.8", "", Category.SENDING_DOMAIN_MISCONFIGURATION),
        (550, "5.7.1", "SPF check failed", Category.SENDING_DOMAIN_MISCONFIGURATION),
        (451, "4.3.2", "", Category.TEMPORARY_PROBLEM),
        (451, "4.4.7", "", Category.TIMEOUT),
        (451, "", "timed out while talking to the back end", Category.TIMEOUT),
        (421, "4.7.28", "", Category.THROTTLED),
        (421, "4.7.0", "too many connections from your host", Category.THROTTLED),
        (550, "", "filtered", Category.FILTERED),
        (550, "5.0.0", "", Category.UNCATEGORIZED),
        (571, "", "", Category.UNCATEGORIZED),
        # Google
        (421, "4.7.0", "Our system has detected an unusual rate of unsolicited mail", Category.THROTTLED),
        (450, "4.2.1", "the user is receiving mail at a rate that prevents more", Category.THROTTLED),
        (550, "5.4.5", "Daily user sending limit exceeded", Category.THROTTLED),
        (550, "5.7.25", "the sending IP does not have a PTR record", Category.SENDING_DOMAIN_MISCONFIGURATION),
        (550, "5.7.1", "due to the very low reputation of the sending domain", Category.DOMAIN_REPUTATION),
        # Microsoft
        (451, "4.7.500", "Server busy. Please try again later", Category.THROTTLED),
        (451, "4.7.650", "The mail server has been temporarily rate limited", Category.THROTTLED),
        (550, "5.7.606", "Access denied, banned sending IP", Category.IP_REPUTATION),
        (550, "5.7.511", "Access denied, banned sender", Category.IP_REPUTATION),
        (
            550,
            "5.7.1",
            "messages from [192.0.2.1] were not sent: part of their network is on a list",
            Category.IP_REPUTATION,
        ),
        (550, "5.7.509", "does not pass verification", Category.DMARC),
        (550, "5.4.1", "Recipient address rejected: Access denied", Category.UNKNOWN_USER),
        # Yahoo
        (421, "4.7.0", "[TSS04] Messages temporarily deferred due to unexpected volume", Category.THROTTLED),
        (553, "5.7.1", "[BL21] Connections will not be accepted", Category.IP_REPUTATION),
        (554, "", "Message not allowed - [PH01] Email not accepted for policy reasons", Category.POLICY),
        # others
        (554, "", "No SMTP service: Bad DNS PTR resource record", Category.SENDING_DOMAIN_MISCONFIGURATION),
        (550, "", "adresse d au moins un destinataire invalide OFR_416", Category.UNKNOWN_USER),
        (552, "", "Boite pleine OFR_417", Category.MAILBOX_FULL),
        (550, "", "Empfänger unbekannt", Category.UNKNOWN_USER),
        (550, "", "Postfach voll", Category.MAILBOX_FULL),
        (550, "", "Domain frequency limited", Category.THROTTLED),
        (554, "5.7.1", "a link is listed by surbl", Category.SPAM),
        (554, "", "the text is garbled", Category.UNCATEGORIZED),
        (421, "", "too many concurrent sessions", Category.THROTTLED),
    ],
)
def test_a_refusal_has_a_category(code: int, enhanced: str, text: str, expected: Category):
    assert classify.category(reply(code, enhanced, text)) is expected


@pytest.mark.parametrize(
    ("code", "enhanced", "text"),
    [
        (550, "5.1.1", "no such user"),
        (550, "5.1.1", ""),
        (550, "5.1.6", "moved"),
        (550, "5.1.10", "recipient not found"),
        (550, "5.1.0", "address rejected: user unknown"),
        (550, "", "User unknown"),
        (554, "", "delivery error: this user doesn't have a mailbox here"),
        (550, "", "5.1.1 no such user"),
        (550, "", "Utente sconosciuto"),
        (550, "5.1.1", "recipient unknown in virtual mailbox table"),
    ],
)
def test_a_bad_address_is_proven(code: int, enhanced: str, text: str):
    assert classify.proves_bad_address(reply(code, enhanced, text), RCPT)


@pytest.mark.parametrize(
    ("code", "enhanced", "text"),
    [
        (450, "4.1.1", "no such user, for now"),
        (550, "5.1.1", "blocked: your IP has a bad reputation"),
        (550, "5.1.1", "rejected for policy reasons"),
        (550, "5.1.1", "user unknown; too many connections"),
        (550, "5.1.0", "address rejected"),
        (550, "5.1.2", "no such host"),
        (550, "5.2.1", "mailbox disabled"),
        (550, "5.2.2", "mailbox full"),
        (550, "5.7.1", "user unknown"),
        (550, "", "rejected"),
        (550, "", "user unknown, or listed by a blocklist"),
        (550, "5.1.1", "relaying denied"),
        (550, "5.1.1", "sender rejected"),
        (550, "5.1.1", "recipient address rejected: access denied"),
        (550, "5.1.1", "this message was blocked"),
        (550, "5.4.1", "Recipient address rejected: Access denied"),
        (550, "", "no such user, says our suspicious sender list"),
        (571, "", "user unknown"),
    ],
)
def test_a_bad_address_is_not_proven(code: int, enhanced: str, text: str):
    assert not classify.proves_bad_address(reply(code, enhanced, text), RCPT)


@pytest.mark.parametrize("stage", [smtp.Stage.GREETING, smtp.Stage.EHLO, smtp.Stage.AUTH, smtp.Stage.MAIL])
def test_what_is_said_before_the_recipient_is_named_proves_nothing_about_it(stage: smtp.Stage):
    assert not classify.proves_bad_address(reply(550, "5.1.1", "no such user"), stage)


@given(st.text(max_size=300), st.sampled_from([421, 450, 451, 452, 550, 551, 552, 553, 554, 571]))
def test_any_words_have_a_category_and_a_reading(text: str, code: int):
    made = reply(code, "", text)
    assert classify.category(made) in Category
    assert classify.is_patient(made) in (True, False)


def test_a_reply_of_any_length_is_read_in_bounded_time():
    assert classify.category(reply(550, "", "x" * 60_000 + "user unknown")) is Category.UNCATEGORIZED
