"""Reports in the shapes of many mailers: who is named, and why, without the help of a part for programs."""

import pytest

from sendwright import mail

from .returned import ORIGINAL, report, status
from .shapes import Shape, shapes

SHAPES = shapes()
each = pytest.mark.parametrize("shape", SHAPES, ids=[shape.name for shape in SHAPES])


def a_report(head: str, body: str) -> mail.IncomingReport:
    return mail.read_report(f"{head}\nTo: b.1@send.example\n\n{body}".encode())


def told(report: mail.IncomingReport) -> tuple[tuple[str, str], ...]:
    return tuple((one.address, one.reason.value) for one in report.recipients)


@each
def test_the_shape_is_a_bounce_that_names_its_recipients(shape: Shape):
    report = a_report(shape.head, shape.body)
    assert (report.kind, told(report)) == (mail.ReportKind.BOUNCE, shape.told)


@each
def test_line_ends_change_nothing(shape: Shape):
    assert told(a_report(shape.head, shape.body.replace("\n", "\r\n"))) == shape.told


def test_a_multipart_whose_boundary_was_lost_is_read_all_the_same():
    body = (
        "--real\nContent-Type: text/plain\n\nIt could not be delivered.\n"
        "--real\nContent-Type: message/delivery-status\n\n"
        "Final-Recipient: rfc822; ann@example.com\nAction: failed\nStatus: 5.1.1\n\n--real--\n"
    )
    report = a_report("From: x@mx.test\nContent-Type: multipart/report; boundary=lost", body)
    assert told(report) == (("ann@example.com", "userunknown"),)


def test_a_multipart_without_parts_is_words():
    head = "From: MAILER-DAEMON@mx.test\nSubject: failure notice\nContent-Type: multipart/mixed; boundary=lost"
    report = a_report(head, "<ann@example.com>:\nno\n")
    assert [one.address for one in report.recipients] == ["ann@example.com"]


GONE = "Final-Recipient: rfc822; ann@example.com\nAction: failed\nStatus: 5.1.1\n"


def test_a_recipient_who_is_told_of_twice_is_one_recipient():
    again = GONE.replace("ann@example.com", "ANN@example.com") + "Diagnostic-Code: smtp; 550 gone\n"
    (one,) = mail.read_report(status(f"Reporting-MTA: dns; mx.test\n\n{GONE}\n{again}")).recipients
    assert (one.address, one.reply_code) == ("ann@example.com", "550")


def test_words_about_an_alias_are_about_its_recipient():
    fields = "Original-Recipient: rfc822; alias@example.com\n" + GONE.replace("5.1.1", "5.0.0")
    words = "<alias@example.com>: 552 mailbox full\n\n<bob@example.com>: 550 no\n"
    bob = GONE.replace("ann", "bob")
    read = mail.read_report(status(f"Reporting-MTA: dns; mx.test\n\n{fields}\n{bob}", words))
    assert told(read)[0] == ("ann@example.com", "mailboxfull")


def test_fields_for_programs_in_a_file_without_a_type_are_read():
    read = mail.read_report(
        report(("text/plain", "failed"), ("application/octet-stream", GONE), ("message/rfc822", ORIGINAL))
    )
    assert told(read) == (("ann@example.com", "userunknown"),)


def test_any_other_file_is_not_read():
    read = mail.read_report(report(("text/plain", "hello"), ("application/octet-stream", "<ann@example.com>: 550 no")))
    assert read.recipients == ()
