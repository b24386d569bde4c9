"""What the client writes, shows and refuses."""

import pytest

from sendwright import smtp
from sendwright.smtp.client_life import State
from sendwright.smtp.extensions import read_extensions
from tests.smtp.clients import ENVELOPE, hears, holding, in_state, ready

WHO = smtp.Credentials(username="app", password="secret")


def heard(client: smtp.Client, *pieces: bytes) -> list[tuple[str, str]]:
    hears(client, *pieces)
    return [(line.by, line.text) for line in client.take_transcript()]


@pytest.mark.parametrize("name", ["a.example.com", "localhost", "[192.0.2.1]", "[IPv6:2001:db8::1]", "a"])
def test_a_domain_name_or_an_address_literal_may_follow_ehlo(name: str) -> None:
    client = smtp.Client(ehlo_name=name)
    client.feed(b"220 hi\r\n")
    assert client.outgoing() == f"EHLO {name}\r\n".encode()


@pytest.mark.parametrize("name", ["", "a b", "a\r\nNOOP", "-a", "ü.example", "[192.0.2.1", "a" * 256])
def test_an_ehlo_name_that_is_neither_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="EHLO name"):
        smtp.Client(ehlo_name=name)


@pytest.mark.parametrize("octet", [b"\r", b"\n", b"\0"])
@pytest.mark.parametrize("before", [b"", b"a", b"a\r\n"])
@pytest.mark.parametrize("after", [b"", b"b", b".\r\n"])
def test_a_lone_cr_lf_or_nul_never_leaves(octet: bytes, before: bytes, after: bytes) -> None:
    client = holding()
    with pytest.raises(smtp.BadMessage):
        client.transmit(before + octet + after + b"\r\nend\r\n")
    assert client.outgoing() == b""


def test_a_message_that_ends_in_a_lone_cr_never_leaves() -> None:
    assert smtp.fault_in(b"hello\r") is not None


def test_a_clean_message_has_no_fault() -> None:
    assert smtp.fault_in(b"hello\r\n\r\nyou") is None


def test_octets_over_127_that_the_envelope_does_not_declare_never_leave() -> None:
    with pytest.raises(smtp.BadMessage):
        holding().transmit("grüße\r\n".encode())


def test_a_lone_dot_on_a_line_is_doubled() -> None:
    client = holding()
    client.transmit(b".\r\n.\r\n..a\r\nb.\r\n")
    assert client.outgoing() == b"..\r\n..\r\n...a\r\nb.\r\n.\r\n"


def test_an_empty_message_is_a_lone_dot() -> None:
    client = holding()
    client.transmit(b"")
    assert client.outgoing() == b".\r\n"


def test_a_last_line_without_end_gets_one() -> None:
    client = holding()
    client.transmit(b"hello")
    assert client.outgoing() == b"hello\r\n.\r\n"


def test_an_abandoned_message_leaves_no_dot() -> None:
    client = holding()
    client.abandon()
    assert client.outgoing() == b""


def test_the_transcript_shows_the_dialogue_and_the_size_of_the_message() -> None:
    client = ready()
    client.take_transcript()
    client.send(ENVELOPE)
    hears(client, b"250 ok\r\n250 ok\r\n354 go\r\n")
    client.transmit(b"top secret\r\n")
    assert heard(client, b"250 2.0.0 queued\r\n") == [
        ("client", "MAIL FROM:<a@example.com>"),
        ("client", "RCPT TO:<b@example.org>"),
        ("client", "DATA"),
        ("server", "250 ok"),
        ("server", "250 ok"),
        ("server", "354 go"),
        ("client", "<12 bytes>"),
        ("server", "250 2.0.0 queued"),
    ]


def test_what_was_taken_down_is_given_once() -> None:
    client = ready()
    assert (len(client.take_transcript()), client.take_transcript()) == (5, ())


@pytest.mark.parametrize("offer", [b"PLAIN", b"LOGIN"])
def test_the_transcript_never_shows_a_secret(offer: bytes) -> None:
    client = smtp.Client(ehlo_name="a.example.com", credentials=WHO, secure=True)
    offers = b"250-mx\r\n250 AUTH " + offer + b"\r\n"
    lines = heard(client, b"220 hi\r\n", offers, b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n")
    said = [text for by, text in lines if by == "client"]
    assert said[1:] in (["AUTH PLAIN ***"], ["AUTH LOGIN", "***", "***"])


def test_the_transcript_escapes_what_would_harm_a_terminal() -> None:
    client = smtp.Client(ehlo_name="a.example.com")
    assert heard(client, b"554 \x1b[2J \xe2\x80\xae \xff \xc3\xbc\r\n")[0] == (
        "server",
        "554 \\x1b[2J \\u202e \\xff ü",
    )


def test_a_long_secret_does_not_go_into_the_command_line() -> None:
    long = smtp.Credentials(username="app", password="x" * 500)
    client = smtp.Client(ehlo_name="a.example.com", credentials=long, secure=True)
    hears(client, b"220 hi\r\n")
    client.feed(b"250-mx\r\n250 AUTH PLAIN\r\n")
    assert client.outgoing() == b"AUTH PLAIN\r\n"
    client.feed(b"334 \r\n")
    assert len(client.outgoing()) > 600


def test_a_secret_is_not_in_the_repr() -> None:
    assert "secret" not in repr(WHO)


@pytest.mark.parametrize("part", ["username", "password"])
def test_credentials_with_a_nul_are_refused(part: str) -> None:
    with pytest.raises(ValueError, match="NUL"):
        smtp.Credentials(**{"username": "app", "password": "secret", part: "a\0b"})


def test_a_password_is_not_shown_in_clear_when_tls_was_hoped_for() -> None:
    client = smtp.Client(ehlo_name="a.example.com", starttls="opportunistic", credentials=WHO)
    hears(client, b"220 hi\r\n", b"250-mx\r\n250 AUTH PLAIN\r\n")
    assert client.state is State.QUITTING


def test_a_password_is_not_shown_when_starttls_is_refused() -> None:
    client = smtp.Client(ehlo_name="a.example.com", starttls="opportunistic", credentials=WHO)
    happened = hears(client, b"220 hi\r\n", b"250-mx\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n", b"454 no\r\n")
    (unusable,) = happened
    assert isinstance(unusable, smtp.events.Unusable)
    assert (unusable.stage, unusable.reply.code, unusable.local) == (smtp.Stage.TLS, 451, True)


def test_a_server_without_a_mechanism_that_we_know_is_unusable() -> None:
    client = smtp.Client(ehlo_name="a.example.com", secure=True, credentials=WHO)
    (unusable,) = hears(client, b"220 hi\r\n", b"250-mx\r\n250 AUTH CRAM-MD5\r\n")
    assert isinstance(unusable, smtp.events.Unusable)
    assert "neither AUTH PLAIN nor AUTH LOGIN" in unusable.reply.text


@pytest.mark.parametrize(
    "sender", ["a b@example.com", "a\r\nRSET@example.com", "a\0@example.com", "a>@example.com", "x" * 255]
)
def test_a_sender_that_would_change_the_command_is_refused_here(sender: str) -> None:
    client = ready()
    outcome, again = client.send(smtp.Envelope(mail_from=sender, rcpt_to=("b@example.org",)))
    assert isinstance(outcome, smtp.events.Outcome)
    assert (outcome.answers[0].reply.enhanced, outcome.answers[0].local, client.outgoing()) == ("5.1.7", True, b"")
    assert isinstance(again, smtp.events.Ready)


@pytest.mark.parametrize("recipient", ["", "a b@example.com", "a\r\nRSET@example.com", "ü@example.com", "a@\u2028"])
def test_a_recipient_that_would_change_the_command_is_refused_here(recipient: str) -> None:
    client = ready()
    client.send(smtp.Envelope(mail_from="a@example.com", rcpt_to=(recipient, "b@example.org")))
    assert client.outgoing().split(b"\r\n")[1:] == [b"RCPT TO:<b@example.org>", b"DATA", b""]


def test_a_client_is_ready_only_when_an_envelope_may_be_sent() -> None:
    assert [state for state in State if in_state(state).is_ready] == [State.READY]


def test_an_empty_piece_changes_nothing() -> None:
    client = in_state(State.UPGRADING)
    assert client.feed(b"") == []


def test_a_session_without_an_envelope_under_way_has_no_transaction() -> None:
    with pytest.raises(smtp.Misuse):
        _ = ready()._open


@pytest.mark.parametrize(
    ("said", "limit"),
    [("SIZE 1000", 1000), ("SIZE 0", None), ("SIZE", None), ("SIZE x", None), (f"SIZE {'9' * 21}", None), ("X", None)],
)
def test_a_size_limit_is_read_where_there_is_one(said: str, limit: int | None) -> None:
    assert read_extensions(smtp.Reply(code=250, lines=("mx", said))).size_limit == limit


def test_extensions_are_known_in_any_case() -> None:
    assert "PIPELINING" in read_extensions(smtp.Reply(code=250, lines=("mx", "Pipelining")))
