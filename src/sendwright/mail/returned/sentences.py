"""The words for people: which recipients they name, what they quote, and whether they are the words of a bounce.

A few shapes instead of a parser for every mailer: "<address>: words", an address alone on its line, a quoted SMTP
dialogue, a sentence that names the recipient. What stands between two recipients is about the first of them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from . import lines, phrases

MAX_NAMED: Final = 200
_SAID: Final = 600  # characters of a quoted reply

_ADDRESS: Final = lines.ADDRESS.pattern
_MARK: Final = r"""[\s>*•\-"'(\[]{0,12}"""
# <a@b>: words | a@b: words | "a@b": words | <a@b> (expanded from <c@d>): words
_WITH_WORDS: Final = re.compile(
    rf"""{_MARK}<?({_ADDRESS})>?["']?\s{{0,3}}(?:\((?:expanded|ultimately)[^)]{{0,200}}\)\s?)?:(?![\w/])\s{{0,8}}(.*)"""
)
# a@b | <a@b> | a@b <a@b> | a@b<mailto:a@b> | a@b (words) | a@b [words] | a@b on Thu, … | a@b Error, …
_ALONE: Final = re.compile(
    rf"""{_MARK}<?({_ADDRESS})>?["']?\]?(?:\s{{0,3}}<(?:mailto:)?{_ADDRESS}>)?[,.;]?\s{{0,8}}"""
    r"""(|[(\[].*|on (?:mon|tue|wed|thu|fri|sat|sun|[0-9]).*|[45][0-9]{2}[ -].*"""
    r"""|(?:error\b|invalid address\b|delivery failed|\.\.\. |--? ).*)""",
    re.IGNORECASE,
)
# 550 5.1.1 <a@b>... User unknown
_REFUSED: Final = re.compile(
    rf"\s{{0,8}}([45][0-9]{{2}}[ -](?:[45]\.[0-9]\.[0-9]{{1,3}} )?)<?({_ADDRESS})>?(?:\.\.\.|:)\s{{0,4}}(.*)"
)
# Sendgrid: name:number:<a@b> : IP : host : words
_TABLED: Final = re.compile(rf"[^<\s]{{1,100}}:[0-9]{{1,12}}:<({_ADDRESS})> : (.*)")

_DIALOGUE: Final = re.compile(r"\s*(?:sent |received )?(>>>|<<<|out:|in:)\s*(.*)", re.IGNORECASE)
_VERB: Final = re.compile(r"\s*(ehlo|helo|mail|rcpt|data|quit|rset|starttls|connect|\.)(?![a-z])", re.IGNORECASE)
_COMMANDS: Final = frozenset({"EHLO", "HELO", "MAIL", "MAIL FROM", "RCPT", "RCPT TO", "DATA"})
_STEP_OF: Final = {"helo": "EHLO", "ehlo": "EHLO", ".": "DATA", "connect": "CONN"}


@dataclass(slots=True)
class Named:
    """A recipient whom the words name, and the lines about them; `command` is what was answered, if it is known.

    `around` is what is said about all recipients together.
    """

    address: str
    said: list[str] = field(default_factory=list)
    around: str = ""
    command: str = ""

    @property
    def text(self) -> str:
        return "\n".join(self.said)


@dataclass(slots=True)
class _Dialogue:
    """A quoted SMTP session: the command that was sent last, and refusals nobody has been named for yet."""

    step: str = "CONN"
    refusal: str = ""
    refused_step: str = ""

    def take(self, line: str) -> bool:
        """Whether the line is of a session."""
        found = _DIALOGUE.match(line)
        if found is None:
            if "while talking to" in line.lower():
                self.step, self.refusal = "CONN", ""
            return False
        verb = _VERB.match(found[2])
        if found[1] == ">>>" and not verb and "@" in found[2]:
            return False
        if verb:
            word = verb[1].lower()
            self.step = _STEP_OF.get(word, word.upper())
        elif lines.reply_in(found[2][:4]) and not self.refusal and self.step not in ("QUIT", "RSET"):
            self.refusal, self.refused_step = found[2], self.step
        return True

    def give_to(self, named: Named) -> None:
        if self.refusal and not named.command:
            named.said.append(self.refusal)
            named.command = self.refused_step
        self.refusal = self.refused_step = ""


def named_in(words: str) -> list[Named]:
    """The recipients whom the words name, none twice, at most 200, in the order of their first naming."""
    found = _by_line(words) or _by_sentence(words)
    return list(found.values())


def _by_line(words: str) -> dict[str, Named]:
    found: dict[str, Named] = {}
    current: Named | None = None
    before, is_closed = "", False
    dialogue = _Dialogue()
    for line in map(lines.unrouted, words.split("\n")):
        if dialogue.take(line):
            if current and not is_closed:
                current.said.append(line)
            continue
        opened = _opened(line, before)
        if opened:
            current = _named(found, opened[0])
            is_closed = _REFUSED.match(line) is not None
            if is_closed:
                dialogue.give_to(current)
        if current:
            current.said.append(opened[1] if opened else line)
        before = line.strip() or before
    if len(found) == 1 and current:
        dialogue.give_to(current)
    before_all = words[: max(0, words.find(next(iter(found.values())).address))][-_SAID:] if found else ""
    for named in found.values():
        named.around = before_all
    return found


def _opened(line: str, before: str) -> tuple[str, str] | None:
    """The recipient that the line begins to speak of, and what it says itself."""
    if "@" not in line:
        return None
    refused = _REFUSED.match(line)
    if refused:
        return refused[2], refused[1] + refused[3]
    found = _WITH_WORDS.fullmatch(line) or _TABLED.fullmatch(line) or _ALONE.fullmatch(line)
    if found is None or _names_sender(before):
        return None
    return found[1], found[2]


def _names_sender(before: str) -> bool:
    return before.lower().endswith(("sent by", "sent from", "from", "sender:", "envelope-from"))


def _named(found: dict[str, Named], address: str) -> Named:
    clean = lines.address_in(address)
    key = clean.lower()
    if key not in found and len(found) < MAX_NAMED:
        found[key] = Named(address=clean)
    return found.get(key) or Named(address=clean)


def _by_sentence(words: str) -> dict[str, Named]:
    """Recipients inside sentences: all of the text is about them, but if there are several, first their own lines."""
    found: dict[str, Named] = {}
    for line in map(lines.unrouted, words.split("\n")):
        for address in _in_sentence(line):
            named = _named(found, address)
            named.said.append(line)
            named.around = words
    if len(found) == 1:
        next(iter(found.values())).said = [words]
    return found


def _in_sentence(line: str) -> Iterator[str]:
    if "@" not in line:
        return
    for found in lines.ADDRESS.finditer(line):
        before = line[max(0, found.start() - 60) : found.start()].lower()
        if _ends_naming(before):
            yield found[0]


def _ends_naming(before: str) -> bool:
    """Whether the words before an address speak of a recipient, the last of them nearest to it."""
    return _last_end(phrases.NAMING, before) > _last_end(phrases.SENDERS, before)


def _last_end(words: Iterable[str], before: str) -> int:
    """Where the last of these words ends; -1 if there is none."""
    ends = (position + len(word) for word in words if (position := before.rfind(word)) >= 0)
    return max(ends, default=-1)


def quoted(text: str) -> str:
    """What a server said, as far as it can be told from the words around it: from its reply code, or "(reason: ", on.

    Empty if there is no such place.
    """
    start = text.find("(reason: ")
    if start >= 0:
        return _up_to_empty_line(text, start + len("(reason: "))
    reply = next(lines.replies_in(text), None)
    if reply:
        return _up_to_empty_line(text, reply.start())
    return ""


def _up_to_empty_line(text: str, start: int) -> str:
    return re.split(r"\n\s*\n|\n *-{3,}", text[start : start + _SAID], maxsplit=1)[0]


def command_in(text: str) -> str:
    """The command that the words say was answered: CONN, EHLO, MAIL, RCPT, DATA, or empty."""
    low = " ".join(text[: lines.MAX_LINE * 4].lower().split())
    return next((step for step, phrases in phrases.STEPS if _any_of(phrases, low)), "")


def command_alone(text: str) -> str:
    """The command on a line of its own, as some mailers end their reports."""
    words = (line.strip().upper() for line in text.split("\n"))
    return next((word for word in words if word in _COMMANDS), "").partition(" ")[0]


def are_of_a_bounce(words: str) -> bool:
    """Whether there is a sentence in which mailers say that a mail did not arrive."""
    return _any_of(phrases.SENTENCES, " ".join(words.lower().split()))


def is_subject_of_a_bounce(subject: str) -> bool:
    return _any_of(phrases.SUBJECTS, subject.lower())


def _any_of(phrases: Iterable[str], low: str) -> bool:
    return any(phrase in low for phrase in phrases)
