import email
import email.header
import email.policy
import email.utils
from datetime import UTC, datetime, timedelta, timezone
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendwright import mail
from sendwright.mail import headers

AUTHOR = mail.Mailbox(name="Acme Shop", address=mail.Address(local="shop", domain="example.com"))
READER = mail.Mailbox(name="", address=mail.Address(local="ann", domain="example.net"))
HIDDEN = [
    *("\r\nBcc: evil@example.org", "\nX-Evil: 1", "\rX-Evil: 1", "\0", "\u2028X-Evil: 1", "\u2029", "\u0085X-Evil: 1"),
    *("\r\n\r\n<b>", "=?utf-8?q?=0AX-Evil:_1?=", "=?utf-8?B?DQpYLUV2aWw6IDE=?=", "%0d%0aX-Evil: 1", "\r\n X-Evil: 1"),
    *("\x1b[31m", "\ud800"),
]


def letter(**changes) -> mail.Letter:
    given = {
        "from_": (AUTHOR,),
        "to": (READER,),
        "subject": "Your receipt",
        "date": datetime(2026, 11, 22, 9, 30, 5, tzinfo=UTC),
        "message_id": "m1@example.com",
        "text": "Thank you.\n",
        "html": "<p>Thank you.</p>\n",
        "boundary": "seed",
    }
    return mail.Letter(**(given | changes))


def parsed(written: mail.Letter) -> Message:
    return email.message_from_bytes(mail.write(written), policy=email.policy.compat32)


def shown(message: Message, name: str) -> str:
    return str(email.header.make_header(email.header.decode_header(message[name])))


def body(part: Message) -> str:
    return part.get_payload(decode=True).decode("utf-8").replace("\r\n", "\n")


def test_the_fields_stand_in_a_fixed_order():
    written = letter(cc=(READER,), reply_to=(AUTHOR,), extra_headers=(("Feedback-ID", "1:2"), ("X-Two", "2")))
    assert parsed(written).keys() == [
        *("Date", "From", "Reply-To", "To", "Cc", "Subject", "Message-ID", "Feedback-ID", "X-Two", "MIME-Version"),
        "Content-Type",
    ]


def test_both_parts_make_an_alternative_with_the_plain_one_first():
    message = parsed(letter())
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.get_payload()] == ["text/plain", "text/html"]


def test_the_parts_say_what_was_given():
    plain, html = parsed(letter(text="Grüße\n", html="<p>漢</p>")).get_payload()
    assert (body(plain), body(html)) == ("Grüße\n", "<p>漢</p>")


@pytest.mark.parametrize(("given", "expected"), [({"html": None}, "text/plain"), ({"text": None}, "text/html")])
def test_one_part_stands_alone(given, expected):
    assert parsed(letter(**given)).get_content_type() == expected


def test_a_letter_without_content_is_an_empty_plain_text():
    assert parsed(letter(text=None, html=None)).get_payload(decode=True) == b""


def test_the_same_letter_is_the_same_bytes():
    assert mail.write(letter()) == mail.write(letter())


def test_another_seed_gives_another_boundary():
    assert mail.write(letter(boundary="a")) != mail.write(letter(boundary="b"))


@pytest.mark.parametrize("seed", ["", '"; x="', "\r\nX-Evil: 1", "\ud800", "é" * 1_000])
def test_any_seed_makes_a_good_boundary(seed):
    assert len(parsed(letter(boundary=seed)).get_payload()) == 2


@pytest.mark.parametrize("body_text", ["a\rb", "a\nb", "a\r\nb", "a\r\n"])
def test_lines_of_a_body_end_with_crlf(body_text):
    octets = parsed(letter(html=None, text=body_text)).get_payload(decode=True)
    assert octets == body_text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode()


def test_a_body_holds_no_nul():
    assert parsed(letter(html=None, text="a\0b")).get_payload(decode=True) == b"ab"


@given(st.text(max_size=3_000))
def test_any_text_comes_back(text):
    octets = parsed(letter(html=None, text=text)).get_payload(decode=True)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").replace("\n", "\r\n")
    assert octets == lines.encode("utf-8", "replace")


@pytest.mark.parametrize("length", [0, 1, 56, 57, 58, 911, 912, 913, 1824, 5_000])
def test_base64_lines_have_76_characters_and_one_rest(length):
    content = mail.write(letter(html=None, text="x" * length)).partition(b"\r\n\r\n")[2]
    lines = content.split(b"\r\n")
    assert lines[-1] == b""
    assert all(len(line) == 76 for line in lines[:-2])
    assert all(len(line) <= 76 for line in lines)


@given(st.text(max_size=400), st.text(max_size=200), st.text(max_size=100))
def test_every_line_of_every_letter_is_short_and_ends_with_crlf(subject, name, value):
    octets = mail.write(letter(subject=subject, to=(named(name),), extra_headers=(("X-Note", value),)))
    assert octets.replace(b"\r\n", b"").isascii()
    assert not set(octets.replace(b"\r\n", b"")) & {*b"\r\n\0"}
    assert all(len(line) <= 998 for line in octets.split(b"\r\n"))


def named(name: str) -> mail.Mailbox:
    return mail.Mailbox(name=name, address=READER.address)


@given(st.text(max_size=400))
def test_a_subject_comes_back_in_both_readers(subject):
    octets = mail.write(letter(subject=subject))
    expected = headers.clean(subject.encode("utf-8", "replace").decode())
    assert mail.read(octets).subject == expected
    assert shown(email.message_from_bytes(octets), "Subject") == expected


@given(st.text(max_size=120))
def test_a_name_comes_back_in_both_readers(name):
    octets = mail.write(letter(to=(named(name),)))
    expected = headers.clean(name.encode("utf-8", "replace").decode())
    found = mail.read(octets).mailboxes("To")
    assert found == (named(expected),)
    raw_name, spec = email.utils.parseaddr(email.message_from_bytes(octets)["To"].replace("\r\n", ""))
    assert (str(email.header.make_header(email.header.decode_header(raw_name))), spec) == (
        expected,
        READER.address.spec,
    )


def test_many_mailboxes_fold_between_them():
    boxes = tuple(mail.Mailbox(name=f"Reader {n}", address=READER.address) for n in range(100))
    octets = mail.write(letter(to=boxes))
    assert mail.read(octets).mailboxes("To") == boxes
    assert max(len(line) for line in octets.split(b"\r\n\r\n")[0].split(b"\r\n")) <= 78


def test_an_idn_domain_is_written_in_a_labels():
    box = mail.Mailbox(name="", address=mail.Address(local="ann", domain="bücher.example"))
    assert b"To: ann@xn--bcher-kva.example\r\n" in mail.write(letter(to=(box,)))


def test_a_utf8_local_part_is_written_raw():
    box = mail.Mailbox(name="", address=mail.Address(local="jürgen", domain="bücher.example"))
    assert "To: jürgen@bücher.example\r\n".encode() in mail.write(letter(to=(box,)))


def test_an_address_is_never_in_an_encoded_word():
    box = mail.Mailbox(name="Jürgen", address=READER.address)
    assert b"To: =?utf-8?Q?J=C3=BCrgen?= <ann@example.net>\r\n" in mail.write(letter(to=(box,)))


def test_nobody_visible_means_no_to_field():
    assert "To" not in parsed(letter(to=()))


@pytest.mark.parametrize("name", ["Lee, Ann", 'Ann "A" Lee', "a@b", "Ann  Lee", "Acme Inc.", "(x)"])
def test_a_name_with_specials_is_quoted(name):
    line = next(x for x in mail.write(letter(to=(named(name),))).split(b"\r\n") if x.startswith(b"To:"))
    assert line == f"To: {headers.quote(name)} <ann@example.net>".encode()


def test_the_date_is_in_utc():
    moment = datetime(2026, 1, 4, 23, 59, 58, tzinfo=timezone(timedelta(hours=-5, minutes=-30)))
    assert parsed(letter(date=moment))["Date"] == "Mon, 05 Jan 2026 05:29:58 +0000"


@given(st.datetimes(timezones=st.just(UTC)))
def test_any_date_is_the_one_the_standard_library_writes(moment):
    assert headers.date(moment) == f"Date: {email.utils.format_datetime(moment)}\r\n"


def test_a_naive_date_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        letter(date=datetime(2026, 1, 1))  # noqa: DTZ001 - the fault under test


def test_a_letter_without_author_is_refused():
    with pytest.raises(ValueError, match="author"):
        letter(from_=())


@pytest.mark.parametrize(
    "identifier", ["", "a", "a@", "@b", "<a@b>", "a b@c", "a@b\r\nX: 1", "a@b@c", "ä@b", "a@b\n", "a" * 201 + "@b"]
)
def test_a_message_id_that_is_no_plain_pair_is_refused(identifier):
    with pytest.raises(mail.HeaderInjection):
        mail.write(letter(message_id=identifier))


@pytest.mark.parametrize("name", ["", "X Y", "X:", "X\r\nY", "X\n", "Ü", "X\0", "a" * 71, ":", " X", "X\u2028"])
def test_a_header_name_that_is_none_is_refused(name):
    with pytest.raises(mail.HeaderInjection):
        mail.write(letter(extra_headers=((name, "v"),)))


@pytest.mark.parametrize(
    "name", ["Bcc", "from", "SUBJECT", "Sender", "Content-Type", "Message-Id", "MIME-Version", "To", "Date"]
)
def test_a_field_of_the_letter_itself_is_no_extra_header(name):
    with pytest.raises(mail.HeaderInjection):
        mail.write(letter(extra_headers=((name, "v"),)))


# Attack B1: every string field of a letter that may hold any text, and everything that could start a header.


def field_with(field: str, value: str) -> mail.Letter:
    box = mail.Mailbox(name=value, address=READER.address)
    match field:
        case "from_" | "to" | "cc" | "reply_to":
            return letter(**{field: (box,)})
        case "extra":
            return letter(extra_headers=(("X-Note", value),))
        case _:
            return letter(**{field: value})


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("around", ["a{}b", "ü{}" + "a" * 90, "{} " * 30])
@pytest.mark.parametrize("field", ["subject", "from_", "to", "cc", "reply_to", "extra", "text", "html", "boundary"])
def test_no_field_of_a_letter_adds_a_header(field, around, hidden):
    written = field_with(field, around.replace("{}", hidden))
    plain = field_with(field, "plain")
    octets = mail.write(written)
    assert email.message_from_bytes(octets).keys() == parsed(plain).keys()
    assert [header.name for header in mail.read(octets).headers] == parsed(plain).keys()
    assert b"\nX-Evil" not in octets


@pytest.mark.parametrize("hidden", HIDDEN)
def test_no_decoded_header_holds_a_line_break(hidden):
    octets = mail.write(letter(subject=f"a{hidden}b", extra_headers=(("X-Note", f"a{hidden}b"),)))
    message = email.message_from_bytes(octets)
    for name in ("Subject", "X-Note"):
        assert not set(shown(message, name).replace("\n ", " ")) & set("\r\n\0\u2028\u2029\u0085")


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("part", ["local", "domain"])
def test_no_address_of_a_letter_can_hold_a_header(part, hidden):
    given = {"local": "ann", "domain": "example.com"}
    given[part] = f"{given[part]}{hidden}"
    try:
        box = mail.Mailbox(name="", address=mail.Address(**given))
    except ValueError:
        return
    assert parsed(letter(to=(box,))).keys() == parsed(letter()).keys()


@pytest.mark.parametrize("hidden", HIDDEN)
def test_no_message_id_or_header_name_can_hold_a_header(hidden):
    with pytest.raises(mail.HeaderInjection):
        mail.write(letter(message_id=f"a{hidden}@example.com", extra_headers=((f"X{hidden}:", "v"),)))


def test_a_bidi_control_in_a_subject_stays():
    assert mail.read(mail.write(letter(subject="\u202bشكرا\u202c"))).subject == "\u202bشكرا\u202c"


def test_a_huge_subject_is_still_written_line_by_line():
    octets = mail.write(letter(subject="a" * 100_000))
    assert max(map(len, octets.split(b"\r\n"))) <= 78
