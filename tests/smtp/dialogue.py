"""The little language of tests/dialogues/*.txt, and the one runner that plays them.

The first line that is not a comment says which core is played and how it is made: `client starttls=required` or
`server starttls auth`. Then, one step on a line:

    # a remark
    C: EHLO a.example.com      a line of the client, CRLF is added
    S: 250 ok                  a line of the server, CRLF is added
    C+ .                       the same without CRLF; `S+` likewise
    = Ready                    the next event of the core, as `told` puts it
    > accept                   what the shell does next
    * IDLE                     the state that the core must be in now

Lines of the other side are fed to the core; lines of its own side are what it must have written. Backslash escapes
(\\r \\n \\0 \\xff) stand for octets. At the end nothing may be left over: no event, no octet.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sendwright import smtp
from sendwright.smtp import events

_ESCAPE = re.compile(rb"\\(r|n|0|\\|x[0-9a-f]{2})")
_OCTETS = {b"r": b"\r", b"n": b"\n", b"0": b"\0", b"\\": b"\\"}

PLACE = Path(__file__).parent.parent / "dialogues"
Cut = Callable[[bytes, int], list[bytes]]
"""How a flight that begins at this position of all that is fed is cut into pieces."""


def octets(text: str) -> bytes:
    return _ESCAPE.sub(lambda found: _OCTETS.get(found[1]) or bytes([int(found[1][1:], 16)]), text.encode())


def told(event: events.ClientEvent | events.ServerEvent) -> str:
    """An event in a few words."""
    match event:
        case events.MayTransmit():
            return "MayTransmit " + " ".join(event.recipients)
        case events.Outcome():
            return "Outcome " + ", ".join(_answer(answer) for answer in event.answers)
        case events.Unusable():
            return f"Unusable {event.stage.value} {event.reply.code}" + " local" * event.local
        case events.Mail():
            words = [f"<{event.sender}>", f"size={event.size}"]
            return "Mail " + " ".join(words + ["8bit"] * event.body_8bit + ["utf8"] * event.smtputf8)
        case events.Rcpt():
            return f"Rcpt {event.recipient}"
        case events.Message():
            return f"Message <{event.envelope.mail_from}> {','.join(event.envelope.rcpt_to)} {event.content!r}"
        case events.Auth():
            return f"Auth {event.username} {event.password}"
        case events.Ready():
            return "Ready" + " secure" * event.secure
        case _:
            return type(event).__name__


def _answer(answer: events.Answer) -> str:
    words = [answer.recipient, answer.stage.value, str(answer.reply.code)]
    return " ".join(words + ["local"] * answer.local + ["in doubt"] * answer.in_doubt)


def reply_of(text: str) -> smtp.Reply:
    code, enhanced, words = text.split(" ", 2)
    return smtp.Reply(code=int(code), enhanced=enhanced, lines=(words,))


def _options(words: list[str]) -> dict[str, str | bool]:
    return {name: value or True for name, _, value in (word.partition("=") for word in words)}


def make(first: str) -> smtp.Client | smtp.Server:
    side, *words = first.split()
    options = _options(words)
    if side == "server":
        return smtp.Server(hostname="mx.example.org", **options)
    if user := options.pop("user", None):
        options["credentials"] = smtp.Credentials(username=user, password=options.pop("password"))
    return smtp.Client(ehlo_name="a.example.com", **options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    kind: str
    text: str
    number: int


def read(path: Path) -> tuple[str, list[Step]]:
    """The first line and the steps."""
    lines = [(number, line) for number, line in enumerate(path.read_text().splitlines(), 1) if line.strip()]
    (_, first), *rest = [(number, line) for number, line in lines if not line.startswith("#")]
    return first, [Step(kind=line[:2].strip(), text=line[2:].removeprefix(" "), number=number) for number, line in rest]


class Player:
    """Plays one dialogue against one fresh core."""

    def __init__(self, path: Path, cut: Cut) -> None:
        first, self.steps = read(path)
        self.core = make(first)
        self.path, self.cut = path, cut
        self.ours = "C" if first.startswith("client") else "S"
        self.told: list[str] = []
        self.written = b""
        self.fed = 0

    def play(self) -> int:
        """Plays to the end; gives how many octets were fed."""
        flight = b""
        for step in self.steps:
            theirs = step.kind[0] in "CS" and step.kind[0] != self.ours
            if not theirs and flight:
                self.feed(flight)
                flight = b""
            if theirs:
                flight += self.line(step)
            else:
                self.check(step)
        self.feed(flight)
        assert (self.told, self.written) == ([], b""), f"{self.path.name}: this was left over"
        return self.fed

    @staticmethod
    def line(step: Step) -> bytes:
        return octets(step.text) + (b"" if step.kind.endswith("+") else b"\r\n")

    def feed(self, flight: bytes) -> None:
        for piece in self.cut(flight, self.fed):
            self.note(self.core.feed(piece))
        self.fed += len(flight)

    def note(self, happened: list[events.ClientEvent] | list[events.ServerEvent]) -> None:
        self.told += [told(event) for event in happened]
        self.written += self.core.outgoing()

    def check(self, step: Step) -> None:
        where = f"{self.path.name}:{step.number}"
        if step.kind == ">":
            self.note(self.act(step.text))
        elif step.kind == "*":
            assert self.core.state.name == step.text, where
        elif step.kind == "=":
            assert self.told[:1] == [step.text], where
            del self.told[0]
        else:
            expected = self.line(step)
            assert self.written[: len(expected)] == expected, where
            self.written = self.written[len(expected) :]

    def act(self, text: str) -> list[events.ClientEvent] | list[events.ServerEvent]:
        verb, _, argument = text.partition(" ")
        core = self.core
        match verb:
            case "send" if isinstance(core, smtp.Client):
                return core.send(envelope_of(argument))
            case "transmit" if isinstance(core, smtp.Client):
                return core.transmit(octets(argument))
            case "refuse" if isinstance(core, smtp.Server):
                return core.refuse(reply_of(argument))
            case _:
                return getattr(core, verb)()


def envelope_of(text: str) -> smtp.Envelope:
    """`<sender> recipient,recipient size=10 8bit utf8`"""
    sender, recipients, *words = text.split()
    return smtp.Envelope(
        mail_from=sender[1:-1],
        rcpt_to=tuple(recipients.split(",")),
        size=sum(int(word[5:]) for word in words if word.startswith("size=")),
        body_8bit="8bit" in words,
        smtputf8="utf8" in words,
    )


def whole(flight: bytes, at: int) -> list[bytes]:
    return [flight]


def octet_by_octet(flight: bytes, at: int) -> list[bytes]:
    return [flight[place : place + 1] for place in range(len(flight))]


def in_two_at(position: int) -> Cut:
    def cut(flight: bytes, at: int) -> list[bytes]:
        inside = min(max(position - at, 0), len(flight))
        return [flight[:inside], flight[inside:]]

    return cut


def dialogues() -> list[Path]:
    return sorted(PLACE.glob("*.txt"))
