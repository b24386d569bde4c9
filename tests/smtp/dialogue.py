"""The little language of tests/dialogues/*.txt, and the one runner that plays them.

The first line that is not a comment says which core is played and how it is made: `client starttls=required` or
`server starttls auth`. Another such line later in the file begins another dialogue. Then, one step on a line:

    # a remark
    C: EHLO a.example.com      a line of the client, CRLF is added
    S: 250 ok                  a line of the server, CRLF is added
    C+ .                       the same without CRLF; `S+` likewise
    = Ready                    the next event of the core, as `told` puts it
    > accept                   what the shell does next
    * IDLE                     the state that the core must be in now

Lines of the other side are fed to the core; lines of its own side are what it must have written. Backslash escapes
(\\r \\n \\0 \\xff) stand for octets, `\\{64 x}` for x sixty-four times. At the end nothing may be left over: no event,
no octet. Every reply of a server but the greeting and those to EHLO and HELO has an enhanced code of its class.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

from sendwright import smtp
from sendwright.smtp import events
from sendwright.smtp.replies import ReplyReader

_ESCAPE = re.compile(rb"\\(r|n|0|\\|x[0-9a-f]{2})")
_REPEAT = re.compile(rb"\\\{([0-9]+) ([^}]+)\}")
_SAYS_CODE = re.compile(r"([245])\.[0-9]{1,3}\.[0-9]{1,3}")
_LIMITS = {limit.name for limit in fields(smtp.Limits)}
_OCTETS = {b"r": b"\r", b"n": b"\n", b"0": b"\0", b"\\": b"\\"}

PLACE = Path(__file__).parent.parent / "dialogues"
Cut = Callable[[bytes, int], list[bytes]]
"""How a flight that begins at this position of all that is fed is cut into pieces."""


def octets(text: str) -> bytes:
    repeated = _REPEAT.sub(lambda found: found[2] * int(found[1]), text.encode())
    return _ESCAPE.sub(lambda found: _OCTETS.get(found[1]) or bytes([int(found[1][1:], 16)]), repeated)


def told(event: events.ClientEvent | events.ServerEvent) -> str:
    """An event in a few words."""
    match event:
        case events.MayTransmit():
            return "MayTransmit " + " ".join(event.recipients)
        case events.Outcome():
            answers = ", ".join(_answer(answer) for answer in event.answers)
            return f"Outcome {answers}" + " dsn" * event.dsn_passed_on
        case events.Unusable():
            return f"Unusable {event.stage.value} {event.reply.code}" + " local" * event.local
        case events.Mail():
            words = [f"<{event.sender}>", f"size={event.size}"]
            words += ["8bit"] * event.body_8bit + ["utf8"] * event.smtputf8
            return " ".join(["Mail", *words, *_dsn(ret=event.ret, envid=event.envid)])
        case events.Rcpt():
            return " ".join(["Rcpt", event.recipient, *_wish(event)])
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


def _dsn(**words: str) -> list[str]:
    return [f"{name}={word!r}" for name, word in words.items() if word]


def _wish(rcpt: events.Rcpt | smtp.Wish) -> list[str]:
    return _dsn(notify=",".join(sorted(rcpt.notify)), orcpt=rcpt.orcpt)


def reply_of(text: str) -> smtp.Reply:
    code, enhanced, words = text.split(" ", 2)
    return smtp.Reply(code=int(code), enhanced=enhanced, lines=(words,))


def _options(words: list[str]) -> dict[str, object]:
    said = {name: value or True for name, _, value in (word.partition("=") for word in words)}
    limits = {name: int(said.pop(name)) for name in _LIMITS & said.keys()}
    return said | ({"limits": smtp.Limits(**limits)} if limits else {})


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """One dialogue of a file: how the core is made, and the steps."""

    name: str
    first: str
    steps: tuple[Step, ...]

    @property
    def side(self) -> str:
        return self.first.split()[0]


def read(path: Path) -> list[Dialogue]:
    """The dialogues of a file, in order."""
    read: list[tuple[str, list[Step]]] = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith(("client", "server")):
            read.append((line, []))
        elif line.strip() and not line.startswith("#"):
            read[-1][1].append(Step(kind=line[:2].strip(), text=line[2:].removeprefix(" "), number=number))
    several = len(read) > 1
    return [
        Dialogue(name=path.stem + f"-{place}" * several, first=first, steps=tuple(steps))
        for place, (first, steps) in enumerate(read, 1)
    ]


class Player:
    """Plays one dialogue against one fresh core."""

    def __init__(self, dialogue: Dialogue, cut: Cut) -> None:
        self.core = make(dialogue.first)
        self.name, self.steps, self.cut = dialogue.name, dialogue.steps, cut
        self.ours = "C" if dialogue.side == "client" else "S"
        self.told: list[str] = []
        self.written = self.all_written = b""
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
        assert (self.told, self.written) == ([], b""), f"{self.name}: this was left over"
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
        out = self.core.outgoing()
        self.written += out
        self.all_written += out

    def check(self, step: Step) -> None:
        where = f"{self.name}, line {step.number}"
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
            case "hang_up" if isinstance(core, smtp.Server):
                return core.hang_up(reply_of(argument))
            case "accept" if isinstance(core, smtp.Server):
                return core.accept(argument)
            case _:
                return getattr(core, verb)()


def codes_without_class(wire: bytes) -> list[str]:
    """The replies of a server that owe an enhanced code (RFC 2034) and have none, or one of another class."""
    reader, wrong = ReplyReader(), []
    reader.feed(wire)
    while heard := reader.next():
        answer = heard.reply
        greets = (answer.code == 220 and answer.text.endswith(" ESMTP")) or " greets " in answer.lines[0]
        if not greets and answer.code // 100 != 3 and not _SAYS_CODE.fullmatch(answer.enhanced):
            wrong.append(str(answer))
    return wrong


def envelope_of(text: str) -> smtp.Envelope:
    """`<sender> recipient,recipient size=10 8bit utf8 ret=FULL envid=x wish=NEVER wish=SUCCESS/DELAY:rfc822;a@b`"""
    sender, recipients, *words = text.split()
    said = [(name, value) for name, _, value in (word.partition("=") for word in words)]
    options = dict(said)
    return smtp.Envelope(
        mail_from=sender[1:-1],
        rcpt_to=tuple(recipients.split(",")),
        size=int(options.get("size", 0)),
        body_8bit="8bit" in options,
        smtputf8="utf8" in options,
        ret=options.get("ret", ""),
        envid=octets(options.get("envid", "")).decode(),
        wishes=tuple(_wish_of(value) for name, value in said if name == "wish"),
    )


def _wish_of(text: str) -> smtp.Wish:
    notify, _, orcpt = text.partition(":")
    return smtp.Wish(notify=frozenset(notify.split("/") if notify else ()), orcpt=octets(orcpt).decode())


def whole(flight: bytes, at: int) -> list[bytes]:
    return [flight]


def octet_by_octet(flight: bytes, at: int) -> list[bytes]:
    return [flight[place : place + 1] for place in range(len(flight))]


def in_two_at(position: int) -> Cut:
    def cut(flight: bytes, at: int) -> list[bytes]:
        inside = min(max(position - at, 0), len(flight))
        return [flight[:inside], flight[inside:]]

    return cut


def dialogues() -> list[Dialogue]:
    return [dialogue for path in sorted(PLACE.glob("*.txt")) for dialogue in read(path)]
