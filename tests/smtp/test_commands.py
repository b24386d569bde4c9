"""The words behind the verbs: paths and parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendwright.smtp.commands import Chunk, read_any_mail, read_any_rcpt, read_chunk, read_mail, read_rcpt
from sendwright.smtp.events import Mail, Rcpt
from sendwright.smtp.replies import Reply

TAKEN = [
    "a@example.com",
    "a.b+c=d@example.com",
    '"a b"@example.com',
    '"a\\"@b"@example.com',
    "a@[192.0.2.1]",
    "a@[IPv6:2001:db8::1]",
    "o'neill!#$%&*/?^_`{|}~@example.com",
    "a..b.@example.com",
    "x" * 64 + "@example.com",
    "postmaster",
    "POSTMASTER",
]
# Forms that once made servers relay (attack A4), and forms that are no address at all.
REFUSED = [
    "",
    "a",
    "@example.com",
    "a@",
    "a@b@example.com",
    "@relay.example.net:a@example.com",
    "@relay.example.net,@x.example.net:a@example.com",
    "a b@example.com",
    "a@exa mple.com",
    "a@example.com\0",
    "a@example.com\x1b",
    "a\x7f@example.com",
    "a@ex,ample.com",
    "a@ex/ample.com",
    '"a@example.com',
    "a@[192.0.2.1",
    "x" * 65 + "@example.com",
    "a@" + "x" * 253 + ".example",
    "a:b@example.com",
    "<a@example.com>",
    "a@example.com><b@example.com",
]


@pytest.mark.parametrize("address", TAKEN)
def test_an_address_is_taken(address: str) -> None:
    assert read_rcpt(f"TO:<{address}>".encode(), smtputf8=False, dsn=False) == Rcpt(recipient=address)


@pytest.mark.parametrize("address", REFUSED)
def test_what_is_no_address_is_refused(address: str) -> None:
    refusal = read_rcpt(f"TO:<{address}>".encode(), smtputf8=True, dsn=False)
    assert isinstance(refusal, Reply)
    assert refusal.code == 501


@pytest.mark.parametrize(
    "text", ["TO:a@example.com", "a@example.com", "FROM:<a@example.com>", "TO <a@example.com>", ""]
)
def test_a_path_needs_its_keyword_and_its_brackets(text: str) -> None:
    assert isinstance(read_rcpt(text.encode(), smtputf8=False, dsn=False), Reply)


def test_a_blank_after_the_colon_is_forgiven() -> None:
    assert read_rcpt(b"to: <a@example.com>", smtputf8=False, dsn=False) == Rcpt(recipient="a@example.com")


def test_an_address_beyond_ascii_needs_smtputf8() -> None:
    refusal = read_rcpt("TO:<ü@example.com>".encode(), smtputf8=False, dsn=False)
    assert isinstance(refusal, Reply)
    assert (refusal.code, refusal.enhanced) == (553, "5.6.7")


def test_an_address_beyond_ascii_is_taken_with_smtputf8() -> None:
    assert read_rcpt("TO:<ü@exämple.com>".encode(), smtputf8=True, dsn=False) == Rcpt(recipient="ü@exämple.com")


def test_octets_that_are_not_utf8_are_refused() -> None:
    refusal = read_rcpt(b"TO:<\xff@example.com>", smtputf8=True, dsn=False)
    assert isinstance(refusal, Reply)
    assert (refusal.code, refusal.enhanced) == (501, "5.5.2")


def test_a_recipient_takes_no_parameters_as_none_is_offered() -> None:
    refusal = read_rcpt(b"TO:<a@example.com> NOTIFY=NEVER", smtputf8=False, dsn=False)
    assert isinstance(refusal, Reply)
    assert refusal.code == 555


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("FROM:<>", Mail()),
        ("from:<a@example.com>", Mail(sender="a@example.com")),
        ("FROM:<a@example.com> SIZE=17 BODY=8bitmime", Mail(sender="a@example.com", size=17, body_8bit=True)),
        ("FROM:<a@example.com> body=7BIT  size=1", Mail(sender="a@example.com", size=1)),
        ("FROM:<ü@example.com> SMTPUTF8", Mail(sender="ü@example.com", smtputf8=True)),
        ("FROM:<a@example.com> AUTH=<>", Mail(sender="a@example.com")),
        ("FROM:<a@example.com> size=1", Mail(sender="a@example.com", size=1)),
        ("FROM:<a@example.com> BODY=8BITMIME", Mail(sender="a@example.com", body_8bit=True)),
    ],
)
def test_a_sender_and_its_parameters_are_read(text: str, command: Mail) -> None:
    assert read_mail(text.encode(), dsn=False) == command


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ("SIZE", 501),
        ("SIZE=", 501),
        ("SIZE=x", 501),
        ("SIZE=-1", 501),
        ("SIZE=" + "1" * 21, 501),
        ("SIZE=1 SIZE=1", 501),
        ("BODY=BINARYMIME", 501),
        ("BODY", 501),
        ("SMTPUTF8=yes", 501),
        ("AUTH", 501),
        ("=1", 501),
        ("X-OTHER=1", 555),
        ("RET=FULL", 555),
    ],
)
def test_a_parameter_that_is_wrong_or_unknown_is_refused(parameters: str, code: int) -> None:
    refusal = read_mail(f"FROM:<a@example.com> {parameters}".encode(), dsn=False)
    assert isinstance(refusal, Reply)
    assert refusal.code == code


def test_a_sender_beyond_ascii_needs_smtputf8() -> None:
    refusal = read_mail("FROM:<ü@example.com>".encode(), dsn=False)
    assert isinstance(refusal, Reply)
    assert refusal.enhanced == "5.6.7"


def test_the_null_path_is_no_recipient() -> None:
    assert isinstance(read_rcpt(b"TO:<>", smtputf8=False, dsn=False), Reply)


def test_postmaster_without_domain_is_no_sender() -> None:
    assert isinstance(read_mail(b"FROM:<postmaster>", dsn=False), Reply)


@pytest.mark.parametrize(
    ("text", "chunk"),
    [(b"0", Chunk(octets=0, last=False)), (b"12 last", Chunk(octets=12, last=True))],
)
def test_a_chunk_is_announced_with_its_size(text: bytes, chunk: Chunk) -> None:
    assert read_chunk(text) == chunk


@pytest.mark.parametrize("text", [b"", b"x", b"-1", b"1 FIRST", b"1" * 19, b"1  LAST"])
def test_a_chunk_without_a_size_is_refused(text: bytes) -> None:
    assert isinstance(read_chunk(text), Reply)


WORDS = [
    " SIZE=0",
    " SIZE=17",
    " size=17",
    " Size=1",
    " SIZE=",
    " SIZE=x",
    " BODY=8BITMIME",
    " BODY=7BIT",
    " X",
    "  ",
    " ",
]


@given(address=st.sampled_from([*TAKEN, *REFUSED, "a" * 64 + "@" + "d" * 189, "a" * 65 + "@d", "a@" + "d" * 190]))
def test_a_common_recipient_is_read_as_the_whole_grammar_reads_it(address: str) -> None:
    argument = f"TO:<{address}>".encode()
    assert read_rcpt(argument, smtputf8=False, dsn=True) == read_any_rcpt(argument, smtputf8=False, dsn=True)


@given(address=st.sampled_from([*TAKEN, *REFUSED]), words=st.lists(st.sampled_from(WORDS), max_size=3))
def test_a_common_sender_is_read_as_the_whole_grammar_reads_it(address: str, words: list[str]) -> None:
    argument = f"FROM:<{address}>{''.join(words)}".encode()
    assert read_mail(argument, dsn=False) == read_any_mail(argument, dsn=False)


@given(argument=st.text(alphabet='FROMTO:<>@a.-=" é\\\x7f', max_size=30))
def test_whatever_follows_a_verb_is_read_the_same_both_ways(argument: str) -> None:
    octets = argument.encode()
    assert read_mail(octets, dsn=True) == read_any_mail(octets, dsn=True)
    assert read_rcpt(octets, smtputf8=True, dsn=True) == read_any_rcpt(octets, smtputf8=True, dsn=True)
