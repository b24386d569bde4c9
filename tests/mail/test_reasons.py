"""Why a mail was refused, by codes, words and the step of the session."""

import pytest

from sendwright import mail

SAID = [
    ("5.1.1", "550", "User unknown", "", "userunknown"),
    ("", "550", "User unknown", "RCPT", "userunknown"),
    ("", "550", "User unknown", "DATA", "filtered"),
    ("", "550", "User unknown", "", "filtered"),
    ("5.2.1", "550", "User unknown", "RCPT", "userunknown"),
    ("5.2.1", "550", "User unknown", "", "filtered"),
    ("5.2.1", "550", "Invalid recipient", "", "filtered"),
    ("", "550", "Recipient address rejected", "RCPT", "userunknown"),
    ("", "550", "Recipient address rejected", "", "filtered"),
    ("5.1.1", "550", "", "", "userunknown"),
    ("5.1.1", "550", "Host unknown", "", "hostunknown"),
    ("5.1.6", "550", "no such user", "RCPT", "hasmoved"),
    ("5.1.8", "553", "Domain of sender address does not exist", "MAIL", "rejected"),
    ("5.1.0", "553", "example does not exist", "MAIL", "rejected"),
    ("5.1.7", "550", "No such domain", "MAIL", "rejected"),
    ("5.1.0", "553", "go elsewhere", "MAIL", "rejected"),
    ("", "451", "could not load the list", "MAIL", "systemerror"),
    ("", "550", "Host unknown", "MAIL", "rejected"),
    ("5.2.2", "552", "No", "", "mailboxfull"),
    ("5.2.3", "552", "Message size exceeds fixed maximum message size", "", "exceedlimit"),
    ("5.3.4", "552", "Message size exceeds fixed maximum message size", "", "mesgtoobig"),
    ("5.7.1", "550", "Relaying denied", "RCPT", "norelaying"),
    ("5.7.1", "550", "no", "", "securityerror"),
    ("5.7.26", "550", "no", "", "authfailure"),
    ("5.7.999", "550", "no", "", "securityerror"),
    ("5.6.1", "554", "no", "", "contenterror"),
    ("5.4.1", "550", "no", "", "userunknown"),
    ("4.4.1", "", "no", "", "expired"),
    ("4.7.1", "450", "no", "", "blocked"),
    ("5.0.0", "550", "no", "", "onhold"),
    ("", "554", "no", "CONN", "blocked"),
    ("", "554", "Host unknown", "EHLO", "blocked"),
    ("", "421", "no route to host", "CONN", "networkerror"),
    ("", "552", "no", "", "mailboxfull"),
    ("", "", "", "", "onhold"),
    ("x", "", "no", "", "onhold"),
    ("", "550", "rejected by user", "", "filtered"),
    ("", "550", "see https://support.example/mail/?p=NoSuchUser", "", "userunknown"),
    ("", "553", "http://www.spamhaus.org/query/bl?ip=192.0.2.1", "RCPT", "blocked"),
    ("", "550", "<mailbox-full@example.com>: User unknown", "", "userunknown"),
    ("", "550", "https://example.com/mailbox-full No such user", "RCPT", "userunknown"),
    ("", "554", "Service unavailable", "", "systemerror"),
    ("", "550", "Empfänger unbekannt", "", "userunknown"),
]


@pytest.mark.parametrize(("status", "reply_code", "text", "command", "expected"), SAID)
def test_the_reason_is(status, reply_code, text, command, expected):
    assert mail.reason_of(status, reply_code, text, command=command).value == expected


ABOUT_US = [
    "550 5.1.1 Mail from your IP was refused, blocked using zen.spamhaus.org; no such user",
    "550 5.1.1 User unknown, too many connections from your host",
    "550 5.7.1 Message rejected due to low reputation, invalid recipient",
    "550 5.1.1 rejected: DMARC policy, no such user here",
    "554 5.1.1 Message detected as spam, invalid recipient",
    "450 4.1.1 greylisted, unknown user",
    "550 5.1.1 no reverse DNS for your host, unknown recipient",
]


@pytest.mark.parametrize("text", ABOUT_US)
def test_a_refusal_of_us_is_never_hard(text):
    reason = mail.reason_of(text[4:9], text[:3], text, command="RCPT")
    assert not mail.is_hard(reason, text[4:9], text[:3])


@pytest.mark.parametrize(
    ("reason", "status", "reply_code", "expected"),
    [
        ("userunknown", "5.1.1", "550", True),
        ("userunknown", "4.1.1", "450", True),
        ("hasmoved", "", "", True),
        ("hostunknown", "", "", True),
        ("notaccept", "5.3.2", "521", True),
        ("notaccept", "", "", True),
        ("notaccept", "4.0.0", "", True),
        ("notaccept", "4.3.2", "", False),
        ("notaccept", "", "453", False),
        ("filtered", "5.2.1", "550", False),
        ("mailboxfull", "5.2.2", "552", False),
    ],
)
def test_hard_is_what_no_other_try_will_change(reason, status, reply_code, expected):
    assert mail.is_hard(mail.BounceReason(reason), status, reply_code) is expected
