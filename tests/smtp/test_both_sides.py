"""Our client and our server joined by a pretend link, as h11 does it."""

from collections.abc import Callable, Iterator

import pytest

from sendwright import smtp
from tests.smtp.servers import Questions

events = smtp.events
TO_THREE = ("b@example.org", "c@example.org", "d@example.org")
WHO = smtp.Credentials(username="app", password="secret")
Judge = Callable[[events.ServerEvent], smtp.Reply | None]


def everybody(question: events.ServerEvent) -> None:
    """Accepts everything."""


def nobody_called_c(question: events.ServerEvent) -> smtp.Reply | None:
    if isinstance(question, events.Rcpt) and question.recipient.startswith("c@"):
        return smtp.Reply(code=550, enhanced="5.1.1", lines=("no such user",))
    return None


class Link:
    """Carries octets between the two, in pieces of a size, and plays both shells."""

    def __init__(self, client: smtp.Client, server: smtp.Server, judge: Judge = everybody, piece: int = 10_000) -> None:
        self.client, self.server, self.judge, self.piece = client, server, judge, piece
        self.heard: list[events.ClientEvent] = []
        self.received: list[events.Message] = []
        self.server.accept()

    def pieces(self, flight: bytes) -> Iterator[bytes]:
        return (flight[at : at + self.piece] for at in range(0, len(flight), self.piece))

    def run(self, message: bytes = b"hello\r\n") -> None:
        """Until neither has anything to say."""
        while True:
            to_client, to_server = self.server.outgoing(), self.client.outgoing()
            if not to_client and not to_server:
                return
            for piece in self.pieces(to_server):
                self.answer(self.server.feed(piece))
            for piece in self.pieces(to_client):
                self.hear(self.client.feed(piece), message)

    def answer(self, happened: list[events.ServerEvent]) -> None:
        waiting = list(happened)
        while waiting:
            question = waiting.pop(0)
            if isinstance(question, events.Message):
                self.received.append(question)
            if isinstance(question, Questions):
                refusal = self.judge(question)
                waiting += self.server.accept() if refusal is None else self.server.refuse(refusal)

    def hear(self, happened: list[events.ClientEvent], message: bytes) -> None:
        self.heard += happened
        for event in happened:
            match event:
                case events.StartTls():
                    self.server.tls_started()
                    self.client.tls_started()
                case events.MayTransmit():
                    self.client.transmit(message)
                case _:
                    pass

    def send(self, recipients: tuple[str, ...], message: bytes = b"hello\r\n") -> events.Outcome:
        self.client.send(smtp.Envelope(mail_from="a@example.com", rcpt_to=recipients, size=len(message)))
        self.run(message)
        (outcome,) = [event for event in self.heard if isinstance(event, events.Outcome)][-1:]
        return outcome


def link(judge: Judge = everybody, piece: int = 10_000) -> Link:
    joined = Link(smtp.Client(ehlo_name="a.example.com"), smtp.Server(hostname="mx.example.org"), judge, piece)
    joined.run()
    return joined


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 10_000])
def test_a_message_arrives_whole_however_the_link_cuts(piece: int) -> None:
    joined = link(piece=piece)
    outcome = joined.send(("b@example.org",), b".\r\n..\r\nhello\r\n")
    assert [message.content for message in joined.received] == [b".\r\n..\r\nhello\r\n"]
    assert [answer.kind for answer in outcome.answers] == [smtp.Kind.POSITIVE]


def test_each_recipient_has_its_own_answer() -> None:
    outcome = link(nobody_called_c).send(TO_THREE)
    assert [answer.reply.code for answer in outcome.answers] == [250, 550, 250]


def test_the_message_goes_to_those_who_were_accepted() -> None:
    joined = link(nobody_called_c)
    joined.send(TO_THREE)
    assert joined.received[0].envelope == smtp.Envelope(
        mail_from="a@example.com", rcpt_to=("b@example.org", "d@example.org"), size=7
    )


def test_many_messages_travel_on_one_connection() -> None:
    joined = link()
    for _ in range(10):
        joined.send(("b@example.org",))
    assert (len(joined.received), joined.client.stage) == (10, None)


def test_after_everybody_was_refused_the_next_message_travels() -> None:
    joined = link(nobody_called_c)
    joined.send(("c@example.org",))
    joined.send(("b@example.org",))
    assert len(joined.received) == 1


def test_both_agree_on_tls_and_on_who_is_there() -> None:
    joined = Link(
        smtp.Client(ehlo_name="a.example.com", starttls="required", credentials=WHO),
        smtp.Server(hostname="mx.example.org", starttls=True, auth=True, auth_required=True),
    )
    joined.run()
    assert (joined.server.username, joined.server.protocol, joined.server.helo) == ("app", "ESMTPSA", "a.example.com")


def test_a_wrong_password_makes_the_session_unusable() -> None:
    def wrong(question: events.ServerEvent) -> smtp.Reply:
        return smtp.Reply(code=535, enhanced="5.7.8", lines=("wrong",))

    client = smtp.Client(ehlo_name="a.example.com", secure=True, credentials=WHO)
    joined = Link(client, smtp.Server(hostname="mx.example.org", secure=True, auth=True), wrong)
    joined.run()
    unusable, _closed = joined.heard
    assert isinstance(unusable, events.Unusable)
    assert (unusable.stage, unusable.reply.code) == (smtp.Stage.AUTH, 535)


def test_a_message_with_octets_over_127_is_known_as_such_on_the_other_side() -> None:
    joined = link()
    message = "grüße\r\n".encode()
    joined.client.send(
        smtp.Envelope(mail_from="ü@example.com", rcpt_to=("b@example.org",), body_8bit=True, smtputf8=True)
    )
    joined.run(message)
    assert joined.received[0].envelope == smtp.Envelope(
        mail_from="ü@example.com", rcpt_to=("b@example.org",), size=len(message), body_8bit=True, smtputf8=True
    )


def test_the_protocol_of_an_internationalised_message_is_named_so_while_it_is_under_way() -> None:
    joined = link()
    joined.server.feed("MAIL FROM:<ü@example.com> SMTPUTF8\r\n".encode())
    assert joined.server.protocol == "UTF8SMTP"


def test_quit_is_answered_and_both_are_closed() -> None:
    joined = link()
    joined.client.quit()
    joined.run()
    assert joined.client.state.name == joined.server.state.name == "CLOSED"
