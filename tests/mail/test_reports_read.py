"""What a report says beside its words: fields for programs, complaints, notices in JSON, automatic replies."""

import json
from datetime import UTC, datetime

import pytest

from sendwright import mail

from .returned import ORIGINAL, complaint, mailer, report, status
from .test_report_shapes import told

FAILED = "Final-Recipient: rfc822; ann@example.com\nAction: failed\nStatus: 5.1.1\n"


def test_fields_for_programs_make_a_bounce():
    raw = status(f"Reporting-MTA: dns; mx.test\n\n{FAILED}Diagnostic-Code: smtp; 550 5.1.1 User unknown\n")
    read = mail.read_report(raw)
    assert (read.kind, told(read)) == (mail.ReportKind.BOUNCE, ["ann@example.com 5.1.1 550 userunknown hard"])


def test_what_attribution_needs_is_in_the_report():
    fields = (
        "Reporting-MTA: dns; mx.test\nOriginal-Envelope-Id: E1\nArrival-Date: Sun, 22 Nov 2026 10:00:00 +0000\n\n"
        f"Original-Recipient: rfc822; anne@example.com\n{FAILED}"
    )
    read = mail.read_report(status(fields))
    assert (read.reporting_mta, read.envelope_id, read.arrival, read.original_recipients, read.from_) == (
        "mx.test", "E1", "Sun, 22 Nov 2026 10:00:00 +0000", ("anne@example.com",), "postmaster@mx.test",
    )  # fmt: skip


def test_the_returned_header_gives_its_marks():
    header = (
        "Return-Path: <b.1@send.example>\nMessage-ID: <1@send.example>\nX-Sendwright-MID: m1\nFeedback-ID: 1:2:t:s\n"
        "List-Unsubscribe: <https://send.example/u>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n"
        "From: s@send.example\nTo: a@example.com\n"
    )
    raw = report(("text/plain", "x"), ("message/delivery-status", "\n" + FAILED), ("text/rfc822-headers", header))
    assert mail.read_report(raw).original == mail.ReturnedMail(
        message_id="<1@send.example>", from_="s@send.example", to="a@example.com", subject="Grüße",
        return_path="<b.1@send.example>", list_unsubscribe="<https://send.example/u>", feedback_id="1:2:t:s", mid="m1",
    )  # fmt: skip


def test_a_returned_mail_gives_its_header_as_well():
    raw = report(
        ("message/delivery-status", FAILED), ("message/rfc822", ORIGINAL + "\nHello"), ("text/rfc822-headers", "")
    )
    assert mail.read_report(raw).original.to == "ann@example.com"


FIELDS = {
    "one after the other without an empty line": (
        FAILED + "Final-Recipient: rfc822; bob@example.com\nAction: failed\nStatus: 5.2.2\n",
        ["ann@example.com 5.1.1 userunknown hard", "bob@example.com 5.2.2 mailboxfull"],
    ),
    "torn by an empty line": (
        "Final-Recipient: rfc822; ann@example.com\n\nAction: failed\nStatus: 5.2.2\n",
        ["ann@example.com 5.2.2 mailboxfull"],
    ),
    "without anybody": ("Action: failed\nStatus: 5.2.2\n", ["ann@example.com 5.2.2 mailboxfull"]),
    "with a second verdict on nobody": (
        FAILED + "\nAction: failed\nStatus: 5.2.2\n",
        ["ann@example.com 5.1.1 userunknown hard", "5.2.2 mailboxfull"],
    ),
    "without types": (
        "Original-Recipient: <ann@example.com>\nAction: failed\nDiagnostic-Code: 550 5.7.1 relaying denied\n",
        ["ann@example.com 5.7.1 550 norelaying"],
    ),
    "with words in the status": (
        "Final-Recipient: rfc822;ann@example.com\nStatus: 4.2.2 (Over quota)\nAction: failed\n",
        ["ann@example.com 4.2.2 mailboxfull"],
    ),
    "with a code of a queue and a server's own": (
        FAILED.replace("5.1.1", "5.0.0") + "Diagnostic-Code: smtp; 554 5.7.1 Relay access denied\n",
        ["ann@example.com 5.7.1 554 norelaying"],
    ),
    "with no status at all": (
        "Final-Recipient: rfc822;ann@example.com\nAction: failed\nStatus: none\n",
        ["ann@example.com onhold"],
    ),
    "of a program": (
        FAILED.replace("5.1.1", "5.3.0") + "Diagnostic-Code: x-unix; wrong\n",
        ["ann@example.com 5.3.0 mailererror"],
    ),
    "of a pipe": (
        "Final-Recipient: rfc822;|/bin/sort ann@example.com /tmp\nAction: failed\nStatus: 5.0.0\n",
        ["ann@example.com 5.0.0 onhold"],
    ),
    "with the category of PowerMTA": (
        FAILED.replace("5.1.1", "5.2.1") + "X-PowerMTA-BounceCategory: bad-mailbox\n",
        ["ann@example.com 5.2.1 userunknown hard"],
    ),
    "folded and indented": (
        "  Final-Recipient: rfc822;\n    ann@example.com\n  Action: failed\n  Status: 5.2.2\n",
        ["ann@example.com 5.2.2 mailboxfull"],
    ),
    "twice the same": (FAILED + "\n" + FAILED, ["ann@example.com 5.1.1 userunknown hard"]),
    "with the fields of the mail in the same block": (
        "Reporting-MTA: dns; mx.test\nArrival-Date: x\n" + FAILED,
        ["ann@example.com 5.1.1 userunknown hard"],
    ),
    "with more fields than anybody needs": (
        FAILED + "X-Note: x\n" * 60 + "Diagnostic-Code: smtp; 552 mailbox full\n",
        ["ann@example.com 5.1.1 userunknown hard"],
    ),
    "delayed": (
        "Final-Recipient: rfc822; ann@example.com\nAction: delayed\nStatus: 4.4.1\n",
        ["ann@example.com 4.4.1 expired"],
    ),
    "delayed by a full mailbox": (
        "Final-Recipient: rfc822; ann@example.com\nAction: delayed\nStatus: 4.2.2\n",
        ["ann@example.com 4.2.2 mailboxfull"],
    ),
    "delayed with words": (
        "Final-Recipient: rfc822; ann@example.com\nAction: delayed\nStatus: 4.0.0\n"
        "Diagnostic-Code: smtp; 421 too many connections\n",
        ["ann@example.com 4.0.0 421 toomanyconn"],
    ),
    "in UTF-8": (
        "Final-Recipient: utf-8; jörg@example.com\nAction: failed\nStatus: 5.1.1\n",
        ["jörg@example.com 5.1.1 userunknown hard"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_fields_are_read(name):
    fields, expected = FIELDS[name]
    assert told(mail.read_report(status(fields))) == expected


def test_fields_and_words_are_about_the_same_recipient():
    words = "Failed:\n\nann@example.com: 552 5.2.2 Mailbox full\nbob@example.com: 550 5.1.1 User unknown\n"
    fields = (
        FAILED.replace("5.1.1", "5.0.0") + "\nFinal-Recipient: rfc822; bob@example.com\nAction: failed\nStatus: 5.0.0\n"
    )
    read = mail.read_report(status(fields, words))
    assert told(read) == ["ann@example.com 5.2.2 552 mailboxfull", "bob@example.com 5.1.1 550 userunknown hard"]


def test_fields_among_the_words_are_read_where_there_is_no_part_for_programs():
    raw = mailer(
        f"Technical report:\n\nReporting-MTA: dns; mx.test\nNote: x\n\n{FAILED}",
        sender="someone@example.org",
        subject="Hm",
    )
    assert told(mail.read_report(raw)) == ["ann@example.com 5.1.1 userunknown hard"]


def test_who_was_reached_is_not_among_the_failed():
    fields = FAILED + "\nFinal-Recipient: rfc822; bob@example.com\nAction: delivered\nStatus: 2.0.0\n"
    read = mail.read_report(status(fields))
    assert (told(read), read.delivered) == (["ann@example.com 5.1.1 userunknown hard"], ("bob@example.com",))


def test_a_report_of_success_is_no_bounce():
    read = mail.read_report(status("Final-Recipient: rfc822; ann@example.com\nAction: relayed\nStatus: 2.0.0\n"))
    assert (read.kind, read.delivered) == (mail.ReportKind.OTHER, ("ann@example.com",))


def test_a_report_of_success_for_nobody_is_nothing():
    assert mail.read_report(status("Action: relayed\nStatus: 2.0.0\n")).delivered == ()


def test_a_receipt_of_a_reader_is_no_bounce():
    raw = report(
        ("text/plain", "could not be delivered"),
        ("message/disposition-notification", FAILED),
        head="X-Failed-Recipients: ann@example.com\n",
    )
    assert mail.read_report(raw).kind is mail.ReportKind.OTHER


def test_a_part_of_another_kind_is_passed_over():
    raw = report(("image/png", "x"), ("message/delivery-status", FAILED))
    assert told(mail.read_report(raw)) == ["ann@example.com 5.1.1 userunknown hard"]


ABUSE = "Feedback-Type: abuse\nUser-Agent: x\nVersion: 1\n"
COMPLAINTS = {
    "hidden": (ABUSE, "From: s@send.example\nTo: <Undisclosed Recipients>\n", [""]),
    "named": (
        ABUSE + "Original-Rcpt-To: a@example.com\nOriginal-Rcpt-To: <b@example.com>\n",
        ORIGINAL,
        ["a@example.com", "b@example.com"],
    ),
    "to be removed": (ABUSE + "Removal-Recipient: a@example.com\n", ORIGINAL, ["a@example.com"]),
    "addressed": (ABUSE, ORIGINAL, ["ann@example.com"]),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPLAINTS)
def test_a_complaint_says_who_complained_or_hides_it(name):
    fields, returned, expected = COMPLAINTS[name]
    read = mail.read_report(complaint(fields, returned))
    assert (read.kind, [one.address for one in read.recipients]) == (mail.ReportKind.COMPLAINT, expected)


def test_a_complaint_has_the_reason_feedback():
    assert told(mail.read_report(complaint(ABUSE))) == ["ann@example.com feedback"]


@pytest.mark.parametrize(
    ("kind", "expected"), [("abuse", True), ("opt-out", True), ("auth-failure", False), ("not-spam", False)]
)
def test_only_some_feedback_is_a_person_s_complaint(kind, expected):
    assert mail.read_report(complaint(f"Feedback-Type: {kind}\n")).is_abuse is expected


def test_a_bounce_is_no_abuse():
    assert not mail.read_report(status(FAILED)).is_abuse


def test_a_feedback_loop_older_than_the_rfc_is_a_complaint():
    raw = report(("message/rfc822", ORIGINAL + "\nHello"), kind="mixed").replace(
        b"Subject: x", b"Subject: complaint about message from 192.0.2.1"
    )
    assert told(mail.read_report(raw)) == ["ann@example.com feedback"]


def test_a_sentence_of_a_feedback_loop_without_the_mail_is_none():
    assert mail.read_report(b"From: a@example.com\n\nThis is an email abuse report\n").kind is mail.ReportKind.OTHER


def test_an_opt_out_by_apple_mail_is_a_complaint_of_its_kind():
    raw = b"From: ann@icloud.test\nAuto-Submitted: auto-replied\nX-Apple-Unsubscribe: true\nSubject: unsubscribe\n\nx"
    read = mail.read_report(raw)
    assert (read.kind, read.feedback_type, told(read)) == (
        mail.ReportKind.COMPLAINT,
        "opt-out",
        ["ann@icloud.test feedback"],
    )


def notice(document: object) -> bytes:
    return f"From: no-reply@sns.test\nSubject: AWS Notification Message\n\n{json.dumps(document)}\n--\nbye".encode()


BOUNCED = {
    "emailAddress": "ann@example.com",
    "status": "5.1.1",
    "action": "failed",
    "diagnosticCode": "smtp; 550 5.1.1 user unknown",
}
HEADERS = {"source": "b.1@send.example", "headers": [{"name": "Message-ID", "value": "<1@send.example>"}]}


def test_a_notice_in_json_is_a_bounce():
    read = mail.read_report(
        notice({"notificationType": "Bounce", "bounce": {"bouncedRecipients": [BOUNCED]}, "mail": HEADERS})
    )
    assert (read.kind, told(read), read.original.message_id, read.original.return_path) == (
        mail.ReportKind.BOUNCE, ["ann@example.com 5.1.1 550 userunknown hard"], "<1@send.example>", "b.1@send.example",
    )  # fmt: skip


def test_a_notice_inside_of_a_notice_is_read():
    inner = json.dumps({"eventType": "Bounce", "bounce": {"bouncedRecipients": [BOUNCED]}})
    read = mail.read_report(notice({"Type": "Notification", "notificationType": "", "Message": inner}))
    assert told(read) == ["ann@example.com 5.1.1 550 userunknown hard"]


def test_a_notice_that_the_mail_system_folded_is_read():
    raw = notice({"notificationType": "Bounce", "bounce": {"bouncedRecipients": [BOUNCED]}})
    assert told(mail.read_report(raw.replace(b"user unknown", b"user un\n known"))) == [
        "ann@example.com 5.1.1 550 userunknown hard"
    ]


@pytest.mark.parametrize(
    ("listed", "expected"), [([{"emailAddress": "ann@example.com"}], ["ann@example.com feedback"]), ([], ["feedback"])]
)
def test_a_notice_can_be_a_complaint(listed, expected):
    read = mail.read_report(
        notice(
            {
                "notificationType": "Complaint",
                "complaint": {"complainedRecipients": listed, "complaintFeedbackType": "Abuse"},
            }
        )
    )
    assert (read.kind, read.feedback_type, told(read)) == (mail.ReportKind.COMPLAINT, "abuse", expected)


def test_a_notice_on_one_long_line_is_read():
    headers = [{"name": f"X-{number}", "value": "x" * 100} for number in range(50)]
    document = {"mail": {"headers": headers}, "notificationType": "Bounce", "bounce": {"bouncedRecipients": [BOUNCED]}}
    assert told(mail.read_report(notice(document))) == ["ann@example.com 5.1.1 550 userunknown hard"]


def test_a_fold_that_sendmail_marked_is_undone():
    raw = notice({"notificationType": "Bounce", "bounce": {"bouncedRecipients": [BOUNCED]}})
    assert (
        mail.read_report(raw.replace(b"user unknown", b"user!\n  unknown"))
        .recipients[0]
        .diagnostic.endswith("user unknown")
    )


def test_a_notice_of_success_is_no_bounce():
    read = mail.read_report(
        notice({"notificationType": "Delivery", "delivery": {"recipients": ["ann@example.com", 1]}})
    )
    assert (read.kind, read.delivered) == (mail.ReportKind.OTHER, ("ann@example.com",))


@pytest.mark.parametrize(
    "text",
    [
        '{"notificationType": "Other"}',
        '{"notificationType": [',
        '{"a": 1}',
        '["notificationType"]',
        "{}notificationType",
    ],
)
def test_json_that_is_no_notice_is_no_bounce(text):
    assert mail.read_report(f"From: a@example.com\n\n{text}".encode()).kind is mail.ReportKind.OTHER


REPLIES = {
    "by RFC 3834": "Auto-Submitted: auto-replied (vacation)\nSubject: Re: Order",
    "with its parameter": "Auto-Submitted: Auto-Replied; owner-email=x@example.com\nSubject: Re: Order",
    "by a field": "X-Autoreply: yes\nSubject: Re: Order",
    "by its precedence": "Precedence: auto_reply\nSubject: Re: Order",
    "by its subject": "Subject: Automatic reply: Order",
    "in German": "Subject: Abwesenheitsnotiz",
    "in Japanese": "Subject: =?utf-8?B?5LiN5Zyo?=",
}


@pytest.mark.parametrize("name", REPLIES)
def test_an_automatic_reply_is_no_bounce(name):
    words = (
        "I am away until Monday. My old address ann@example.com could not be delivered to; write to bob@example.com:\n"
    )
    raw = f"Return-Path: <>\nFrom: Ann <ann@example.com>\n{REPLIES[name]}\n\n{words}".encode()
    read = mail.read_report(raw)
    assert (read.kind, read.recipients) == (mail.ReportKind.AUTO_REPLY, ())


OTHERS = {
    "a person's mail": "From: Ann <ann@example.com>\nSubject: Hello\n\nHow are you?\n",
    "a person who complains of mail": (
        "From: Ann <ann@example.com>\nSubject: My mail was undeliverable\n\n"
        "I wrote to bob@example.com, 550 user unknown.\n"
    ),
    "a person who passes a mail on": (
        "From: Ann <ann@example.com>\nSubject: Fwd\n\nThis could not be delivered:\n\n"
        f"--- Original message ---\n\n{ORIGINAL}\n"
    ),
    "a notice that was generated": "From: cron@example.com\nAuto-Submitted: auto-generated\nSubject: R\n\nAll well.\n",
    "a note of a postmaster": "From: postmaster@example.com\nSubject: Maintenance\n\nann@example.com: please read.\n",
    "nothing": "",
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_is_no_report(name):
    read = mail.read_report(OTHERS[name].encode())
    assert (read.kind, read.recipients) == (mail.ReportKind.OTHER, ())


@pytest.mark.parametrize(
    ("code", "expected"),
    [("5.1.1", "ann@example.com 5.1.1 filtered"), ("5.2.2", "ann@example.com 5.2.2 mailboxfull")],
)
def test_a_rule_that_its_owner_wrote_does_not_prove_that_there_is_no_mailbox(code, expected):
    fields = "Reporting-MTA: dns; inbound-smtp.us-west-2.amazonaws.com\n\n" + FAILED.replace("5.1.1", code)
    assert told(mail.read_report(status(fields))) == [expected]


def test_our_own_reports_are_understood():
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    ann = mail.Address(local="ann", domain="example.com")
    us = mail.Address(local="b.1", domain="send.example")
    failed = mail.ReportedRecipient(address=ann, action="failed", status="5.1.1", diagnostic="550 5.1.1 No such user")
    ours = mail.Report(
        from_=mail.Mailbox(name="", address=us),
        to=us,
        date=moment,
        message_id="1@send.example",
        boundary="x",
        reporting_mta="send.example",
        arrival=moment,
        recipients=(failed,),
        original=b"From: s@send.example\r\nTo: ann@example.com\r\n\r\nx",
    )
    assert told(mail.read_report(mail.write_report(ours))) == ["ann@example.com 5.1.1 550 userunknown hard"]
