"""Delivery status notifications, read back by the standard library."""

import dataclasses
import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sendwright import mail

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ANN = mail.Address(local="ann", domain="example.com")
BOB = mail.Address(local="bob", domain="example.com")
ORIGINAL = b"From: ann@example.com\r\nSubject: hi\r\n\r\nbody\r\n"
FAILED = mail.ReportedRecipient(
    address=BOB,
    action="failed",
    status="5.1.1",
    original="rfc822;Bob+2Btag@example.com",
    remote_mta="mx.example.com",
    diagnostic="550 5.1.1 no such user",
    last_attempt=NOON,
)
REPORT = mail.Report(
    from_=mail.Mailbox(name="Mail Delivery", address=mail.Address(local="mailer-daemon", domain="mta.example.com")),
    to=ANN,
    date=NOON,
    message_id="report-1@mta.example.com",
    boundary="seed",
    reporting_mta="mta.example.com",
    arrival=NOON,
    recipients=(FAILED,),
    original=ORIGINAL,
    envelope_id="QQ314159",
)


def written(**changes: object) -> EmailMessage:
    return parsed(mail.write_report(dataclasses.replace(REPORT, **changes)))  # type: ignore[arg-type]


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def about(**changes: object) -> mail.ReportedRecipient:
    return dataclasses.replace(FAILED, **changes)  # type: ignore[arg-type]


def status_of(message: EmailMessage) -> list[dict[str, str]]:
    return [dict(group.items()) for group in message.get_payload(1).get_payload()]  # type: ignore[union-attr, misc]


def words_of(message: EmailMessage) -> str:
    content = message.get_payload(0).get_content()  # type: ignore[union-attr]
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


def test_a_report_is_a_multipart_of_words_status_and_header():
    message = written()
    assert (message.get_content_type(), message.get_param("report-type")) == ("multipart/report", "delivery-status")
    kinds = [part.get_content_type() for part in message.get_payload()]  # type: ignore[union-attr]
    assert kinds == ["text/plain", "message/delivery-status", "text/rfc822-headers"]


def test_a_report_says_that_it_is_automatic():
    message = written()
    assert message["Auto-Submitted"] == "auto-replied"
    assert (message["From"], message["To"]) == ("Mail Delivery <mailer-daemon@mta.example.com>", "ann@example.com")
    assert (message["Message-ID"], message["Subject"]) == (
        "<report-1@mta.example.com>",
        "Your mail could not be delivered",
    )


def test_the_status_has_the_fields_of_rfc_3464_in_two_groups():
    assert status_of(written()) == [
        {
            "Original-Envelope-Id": "QQ314159",
            "Reporting-MTA": "dns; mta.example.com",
            "Arrival-Date": "Sun, 22 Nov 2026 12:00:00 +0000",
        },
        {
            "Original-Recipient": "rfc822; Bob+tag@example.com",
            "Final-Recipient": "rfc822; bob@example.com",
            "Action": "failed",
            "Status": "5.1.1",
            "Remote-MTA": "dns; mx.example.com",
            "Diagnostic-Code": "smtp; 550 5.1.1 no such user",
            "Last-Attempt-Date": "Sun, 22 Nov 2026 12:00:00 +0000",
        },
    ]


def test_what_is_not_known_is_not_there():
    bare = mail.ReportedRecipient(address=BOB, action="relayed", status="2.0.0")
    assert status_of(written(recipients=(bare,), envelope_id="")) == [
        {"Reporting-MTA": "dns; mta.example.com", "Arrival-Date": "Sun, 22 Nov 2026 12:00:00 +0000"},
        {"Final-Recipient": "rfc822; bob@example.com", "Action": "relayed", "Status": "2.0.0"},
    ]


def test_the_words_tell_what_the_server_said():
    assert words_of(written()).splitlines() == [
        "This is an automatic notice from mta.example.com about a mail that you sent.",
        "",
        "It could not be delivered to the following addresses and will not be tried again:",
        "",
        "  bob@example.com",
        "    The server mx.example.com said: 550 5.1.1 no such user",
    ]


def test_several_recipients_are_told_by_what_became_of_them():
    later = about(action="delayed", status="4.2.0", remote_mta="", will_retry_until=NOON, diagnostic="450 later")
    message = written(recipients=(later, about(address=ANN, action="delivered", status="2.1.5", diagnostic=""), FAILED))
    assert message["Subject"] == "What became of your mail"
    words = words_of(message)
    assert words.index("bob@example.com\n    The server") < words.index("450 later") < words.index("ann@example.com")
    assert "    It is tried until Sun, 22 Nov 2026 12:00:00 +0000." in words
    assert [group.get("Action") for group in status_of(message)] == [None, "delayed", "delivered", "failed"]
    assert status_of(message)[1]["Will-Retry-Until"] == "Sun, 22 Nov 2026 12:00:00 +0000"


@pytest.mark.parametrize(
    ("original", "expected"),
    [
        ("rfc822;bob@example.com", "rfc822; bob@example.com"),
        ("utf-8;\\x{FC}@example.com", "utf-8; \\x{FC}@example.com"),
        ("rfc822;a+0D+0AStatus:+202.0.0", None),
        ("rfc822;a+FCb", None),
        ("rfc822;", None),
        ("no type", None),
        ("", None),
    ],
)
def test_the_original_recipient_is_what_the_sender_wrote(original, expected):
    group = status_of(written(recipients=(about(original=original),)))[1]
    assert group.get("Original-Recipient") == expected


def test_the_whole_mail_comes_back_if_asked_for():
    returned = written(whole=True).get_payload(2)
    assert returned.get_content_type() == "message/rfc822"  # type: ignore[union-attr]
    assert ORIGINAL in mail.write_report(dataclasses.replace(REPORT, whole=True))


def test_the_header_comes_back_without_the_body():
    raw = mail.write_report(REPORT)
    assert b"\r\n\r\nFrom: ann@example.com\r\nSubject: hi\r\n\r\n--" in raw
    assert b"body" not in raw


@pytest.mark.parametrize(
    ("original", "whole", "kinds"),
    [
        (b"Subject: x\r\n\r\n" + b"y" * 999, True, ["text/rfc822-headers"]),
        (b"Subject: " + b"x" * 999 + b"\r\n\r\ny", True, []),
        (b"Subject: x\r\n", False, []),
        (b"", True, []),
        ("Subject: ü\r\n\r\n".encode(), False, ["message/global-headers"]),
        ("Subject: ü\r\n\r\n".encode(), True, ["message/global"]),
        ("Subject: u\r\n\r\nü".encode(), True, ["message/rfc822"]),
    ],
)
def test_what_comes_back_may_leave_again(original, whole, kinds):
    raw = mail.write_report(dataclasses.replace(REPORT, original=original, whole=whole))
    message = email.message_from_bytes(raw)
    assert [part.get_content_type() for part in message.get_payload()][2:] == kinds  # type: ignore[union-attr]
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_eight_bits_are_labelled():
    raw = mail.write_report(dataclasses.replace(REPORT, original="Subject: u\r\n\r\nü".encode(), whole=True))
    assert email.message_from_bytes(raw).get_payload(2)["Content-Transfer-Encoding"] == "8bit"  # type: ignore[index]


def test_an_address_beyond_ascii_needs_the_utf8_forms():
    raw = mail.write_report(
        dataclasses.replace(REPORT, recipients=(about(address=mail.Address(local="böb", domain="bücher.example")),))
    )
    status = email.message_from_bytes(raw).get_payload(1)
    assert status["Content-Type"] == "message/global-delivery-status"  # type: ignore[index]
    assert "\r\nFinal-Recipient: utf-8; böb@bücher.example\r\n".encode() in raw


def test_a_domain_beyond_ascii_is_said_in_ascii():
    group = status_of(written(recipients=(about(address=mail.Address(local="bob", domain="bücher.example")),)))[1]
    assert group["Final-Recipient"] == "rfc822; bob@xn--bcher-kva.example"


def test_no_mail_can_hold_the_boundary():
    first = mail.write_report(REPORT)
    boundary = email.message_from_bytes(first).get_boundary()
    assert boundary is not None
    nasty = f"Subject: x\r\n\r\n--{boundary}--\r\n".encode()
    returned = written(original=nasty, whole=True)
    assert returned.get_boundary() != boundary
    assert len(returned.get_payload()) == 3


def test_the_same_report_is_the_same_octets():
    assert mail.write_report(REPORT) == mail.write_report(dataclasses.replace(REPORT))


@pytest.mark.parametrize("status", ["", "550", "5.1", "3.0.0", "5.1.1\r\nX: y", "5.1.1234"])
def test_a_status_that_is_none_is_refused(status):
    with pytest.raises(ValueError, match="three numbers"):
        about(status=status)


def test_a_report_about_nobody_is_refused():
    with pytest.raises(ValueError, match="needs a recipient"):
        dataclasses.replace(REPORT, recipients=())


def test_a_message_id_that_is_none_is_refused():
    with pytest.raises(mail.HeaderInjection):
        mail.write_report(dataclasses.replace(REPORT, message_id="a\r\nBcc: x"))


HOSTILE = st.text(st.characters() | st.sampled_from("\r\n\0\t\x85\u2028 \ud800ü"), max_size=60)


@settings(max_examples=60)
@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_what_strangers_said_adds_no_field_and_no_part(diagnostic, remote_mta, envelope_id, original):
    recipient = about(diagnostic=diagnostic, remote_mta=remote_mta, original=original)
    message = parsed(
        mail.write_report(dataclasses.replace(REPORT, recipients=(recipient,), envelope_id=envelope_id, original=b""))
    )
    assert len(message.get_payload()) == 2
    groups = status_of(message)
    assert len(groups) == 2
    assert set(groups[0]) <= {"Original-Envelope-Id", "Reporting-MTA", "Arrival-Date"}
    assert groups[1]["Action"] == "failed"
    assert len(groups[1]) <= 7


@pytest.mark.parametrize("said", ["x" * 100_000, "x " * 50_000, "\r\n" * 50_000, "550-a\r\n550 b"])
def test_a_talkative_server_is_cut_short(said):
    raw = mail.write_report(dataclasses.replace(REPORT, recipients=(about(diagnostic=said),)))
    assert len(raw) < 8_000
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_a_recipient_beyond_ascii_with_a_broken_text_is_reported():
    recipient = about(address=mail.Address(local="böb", domain="example.com"), diagnostic="\ud800 ü")
    raw = mail.write_report(dataclasses.replace(REPORT, recipients=(recipient,)))
    assert "Diagnostic-Code: smtp; ? ü".encode() in raw
