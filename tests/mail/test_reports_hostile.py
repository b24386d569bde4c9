"""Reports are mails of strangers: any bytes give a report, within a second of CPU for each 100 kB (G6, attack C1)."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sendwright import mail

from .returned import complaint, mailer, report, status
from .test_report_shapes import SHAPES

K = 100_000
DAEMON = b"From: mailer-daemon@x.test\r\nSubject: Undelivered mail\r\n"
LOST = b"From: x\nContent-Type: multipart/report; boundary=lost\n\n"
WORDS = "your server host ip message from access hosts client is in my user exceeded domain sender mail " * 2


def _fields(text: str) -> bytes:
    return report(("message/delivery-status", text))


BOMBS = {
    "dots as an address": b"To: " + b"." * K + b"\r\n\r\nx",
    "encoded words": b"Subject: " + b"=?utf-8?Q?a?= " * (K // 14) + b"\r\n\r\n",
    "an open quote": b'Content-Type: text/plain; x="' + b";" * K + b"\r\n\r\n",
    "comments": b"From: " + b"(" * K + b"\r\n\r\n",
    "nested multiparts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(2_000)
    ),
    "nested mails": b"Content-Type: message/rfc822\r\n\r\n" * 3_000,
    "fields without end": b"a: b\r\n" * (K // 6),
    "siblings": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * (K // 10),
    "at signs": mailer("@" * K),
    "halves of addresses": mailer("a@" * (K // 2)),
    "lines that are nearly addresses": mailer(("a" * 900 + "@\n") * 110),
    "quotes": mailer(('"' * 70 + "@") * 1_400),
    "one recipient again and again": mailer("<a@b.test>: 550 no\n" * 5_000),
    "many recipients": mailer("".join(f"<a{n}@b.test>: 550 5.1.1 no\n" for n in range(3_500))),
    "recipients of whom nothing is said": mailer(WORDS * 9 + "\n" + "".join(f"<a{n}@b.test>:\n\n" for n in range(200))),
    "recipients of whom much is said": mailer("".join(f"<a{n}@b.test>:\n{WORDS * 2}\n" for n in range(200))),
    "delimiters of a lost boundary": LOST + b"--x\ncontent-type: text/plain\n\n" * (K // 30),
    "routes": mailer("<@" + "a.," * (K // 3)),
    "reply codes": mailer("550 " * (K // 4)),
    "enhanced codes": mailer("5.1.1 " * (K // 6)),
    "reasons": mailer("(reason: " * (K // 9)),
    "spaces": mailer(" " * K),
    "empty lines": mailer("\n" * K),
    "a dialogue": mailer(">>> RCPT\n<<< 550 x\n" * 5_000),
    "links": mailer("http://" * (K // 7)),
    "open brackets": mailer(("<a@b.test> (expanded" + "x" * 300 + "\n") * 300),
    "groups": _fields("Final-Recipient: rfc822;a@b.test\nStatus: 5.1.1\n\n" * 2_000),
    "groups of many": _fields("".join(f"Final-Recipient: rfc822;a{n}@b.test\nStatus: 5.1.1\n\n" for n in range(2_000))),
    "groups of words": mailer("Final-Recipient: rfc822;a@b.test\nStatus: 5.1.1\n" * 2_000),
    "verdicts on nobody": _fields("Action: failed\n" * (K // 15)),
    "a fold without end": _fields("Final-Recipient: a\n" + " x\n" * (K // 3)),
    "complaining recipients": complaint("Original-Rcpt-To: a@b.test\n" * 3_500),
    "nested JSON": mailer('{"notificationType":' + "[" * K),
    "JSON in JSON": mailer('{"notificationType":"Bounce","Message":"' + "{" * K),
    "HTML": DAEMON + b"Content-Type: text/html\r\n\r\n" + b"<" * K,
    "base64": DAEMON + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"YWFh" * (K // 4),
    "failed recipients": DAEMON + b"X-Failed-Recipients: " + b"a@b.test, " * (K // 10) + b"\r\n\r\nx",
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_less_than_a_second(name):
    start = time.process_time()
    mail.read_report(BOMBS[name])
    assert time.process_time() - start < 1


def test_what_is_beyond_a_megabyte_is_not_read():
    report = mail.read_report(mailer("\n" * 1_100_000 + "<ann@example.com>: 550 5.1.1 User unknown\n"))
    assert (report.truncated, report.recipients[0].address) == (True, "")


def test_parts_beyond_the_fiftieth_are_not_read():
    raw = report(*[("text/plain", "x")] * 60, ("message/delivery-status", "Final-Recipient: a@b.test\nStatus: 5.1.1\n"))
    read = mail.read_report(raw)
    assert (read.truncated, read.recipients) == (True, ())


def test_recipients_beyond_the_two_hundredth_are_not_told():
    raw = status("".join(f"Final-Recipient: rfc822;a{n}@b.test\nAction: failed\nStatus: 5.1.1\n\n" for n in range(300)))
    assert len(mail.read_report(raw).recipients) == 200


def test_a_diagnostic_is_one_line_of_bounded_length():
    said = mail.read_report(mailer("<ann@example.com>:\n550 \x07no\n" + "such user\n" * 500)).recipients[0].diagnostic
    assert len(said) <= 1_000
    assert said.isprintable()


@given(st.binary(max_size=2_000))
def test_any_bytes_give_a_report(raw):
    mail.read_report(raw)


_PIECES = st.sampled_from(
    [
        *("From: mailer-daemon@x.test\n", "Content-Type: multipart/report; boundary=b\n", "Content-Type: ", "--b\n"),
        *("message/delivery-status\n", "message/feedback-report\n", "text/html\n", "Final-Recipient: ", "rfc822;"),
        *(
            "a@b.test",
            "Action: failed\n",
            "Status: ",
            "5.1.1",
            "550 ",
            "<",
            ">",
            ":",
            ">>> ",
            "<<< ",
            "RCPT TO:",
            "DATA",
        ),
        *("{", "[", "]", '"notificationType"', '"Bounce"', "could not be delivered", "Original-Rcpt-To: ", "(reason: "),
        *("\n", "\n\n", "\t", "\0", "\udcff", "é"),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_PIECES, max_size=60))
def test_anything_made_of_the_pieces_of_reports_gives_a_report(pieces):
    mail.read_report("".join(pieces).encode("utf-8", "surrogateescape"))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(SHAPES)), st.integers(0, 2_000), st.integers(0, 2_000), st.binary(max_size=20))
def test_a_report_with_a_hole_in_it_gives_a_report(name, start, end, put_in):
    raw = mailer(SHAPES[name][0])
    mail.read_report(raw[:start] + put_in + raw[end:])
