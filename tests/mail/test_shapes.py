"""Reports in the shapes of many mailers: who is named, and why, without the help of a part for programs."""

import pytest

from sendwright import mail

from .shapes import SHAPES, Told


def a_report(head: str, body: str) -> mail.IncomingReport:
    sender = "" if "From:" in head else "From: MAILER-DAEMON@mx.test\n"
    return mail.read_report(f"{sender}{head}\nTo: b.1@send.example\n\n{body}".encode())


def told(report: mail.IncomingReport) -> Told:
    return tuple((one.address, one.reason.value) for one in report.recipients)


NAMES = [name for name, *_ in SHAPES]


@pytest.mark.parametrize(("name", "head", "body", "expected"), SHAPES, ids=NAMES)
def test_the_shape_is_a_bounce_that_names_its_recipients(name, head, body, expected):
    report = a_report(head, body)
    assert (report.kind, told(report)) == (mail.ReportKind.BOUNCE, expected)


@pytest.mark.parametrize(("name", "head", "body", "expected"), SHAPES, ids=NAMES)
def test_line_ends_change_nothing(name, head, body, expected):
    assert told(a_report(head, body.replace("\n", "\r\n"))) == expected


def test_a_multipart_whose_boundary_was_lost_is_read_all_the_same():
    body = (
        "--real\nContent-Type: text/plain\n\nIt could not be delivered.\n"
        "--real\nContent-Type: message/delivery-status\n\n"
        "Final-Recipient: rfc822; ann@example.com\nAction: failed\nStatus: 5.1.1\n\n--real--\n"
    )
    report = a_report("Subject: x\nContent-Type: multipart/report; boundary=lost", body)
    assert told(report) == (("ann@example.com", "userunknown"),)


def test_a_multipart_without_parts_is_words():
    report = a_report("Subject: failure notice\nContent-Type: multipart/mixed; boundary=lost", "<ann@example.com>:\nno\n")
    assert [one.address for one in report.recipients] == ["ann@example.com"]
