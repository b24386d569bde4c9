"""Why a mail came back, from the codes and words of a refusal; whether that says that the address takes no mail.

Words that name us (our reputation, our rate, our missing proofs) are looked for before words about the recipient: a
block list that tells strangers "no such user" must not cost anybody an address. Searches are plain substring searches
over a bounded text.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from . import reason_codes as codes
from . import reason_pairs as pairs
from . import reason_users as users
from . import reason_words as words
from .bounce_reasons import BounceReason

_READ: Final = 3_000
_SENTENCE: Final = 400
_NEAR: Final = 60  # characters between the pieces of a fragment
_TRIES: Final = 8
_WORDS: Final = 2  # spaces around one word
_STATUS: Final = re.compile(r"([245])\.([0-9]{1,3})\.([0-9]{1,3})")
_LINK: Final = re.compile(r"https?://[^\s>)\]]*")
_LINK_SAYS: Final = re.compile(r"[?&](p=[a-z]{1,40})|//[a-z.]{0,40}(groups\.google\.com|spamhaus|spamcop)")
_NO_SPACE: Final = r"""[^\s<>()\[\]"':;,@]"""
_ADDRESS: Final = re.compile(rf"{_NO_SPACE}{{1,100}}@{_NO_SPACE}{{1,255}}")

_HARD: Final = frozenset({BounceReason.USER_UNKNOWN, BounceReason.HAS_MOVED, BounceReason.HOST_UNKNOWN})
_EARLY: Final = frozenset({"CONN", "EHLO", "HELO"})
_UNKNOWN_AT: Final = {"MAIL": BounceReason.REJECTED, **dict.fromkeys(_EARLY, BounceReason.BLOCKED)}


def reason_of(status: str, reply_code: str, text: str, *, command: str = "") -> BounceReason:
    """Why the mail was refused.

    `status` is the enhanced code ("5.1.1") or empty, `reply_code` the basic one ("550") or empty; `text` is what the
    server said. `command` is what it answered, when that is known: CONN, EHLO, MAIL, RCPT or DATA. Words that only one
    thing can be meant by win over codes, an enhanced code over a basic one.
    """
    return reason_of_texts(status, reply_code, (text,), command=command)


def reason_of_texts(status: str, reply_code: str, texts: Iterable[str], *, command: str = "") -> BounceReason:
    """The same for several texts about one refusal: the first one that says something is believed."""
    code = _subject_and_detail(status)
    said = [_plain(text) for text in texts if text]
    spoken = (_by_meaning(code, text, command) for text in said)
    at_last = (_by_words(words.AT_LAST, text) for text in said)
    return (
        next(filter(None, spoken), None)
        or (None if code in codes.VAGUE else _by_code(status, code))
        or _by_pairs(next((text for text in said if text.count(" ") > _WORDS), ""), command)
        or _by_step(command, code)
        or _by_code(status, code)
        or _at_last(next(filter(None, at_last), None), command)
        or codes.BASIC.get(reply_code)
        or BounceReason.ON_HOLD
    )


def is_hard(reason: BounceReason, status: str = "", reply_code: str = "") -> bool:
    """Whether the address or its domain takes no mail from anybody, so that trying again is useless.

    A domain that takes no mail at all is hard unless the codes say that this is for now. The reason alone decides on
    the others, as servers say 450 to unknown users; who suppresses an address looks at the class as well.
    """
    if reason is BounceReason.NOT_ACCEPT:
        return not (reply_code or status.replace("4.0.0", "")).startswith("4")
    return reason in _HARD


def _plain(text: str) -> str:
    """Lower case, one space between words; without links and addresses, which are full of words that mean nothing.

    A space at both ends, so that a fragment may say where a word begins.
    """
    said = text[:_READ].lower()
    hints = [found[1] or found[2] for found in _LINK_SAYS.finditer(said)]
    bare = _ADDRESS.sub(" ", _LINK.sub(" ", said))
    return f" {' '.join([*bare.split(), *hints])} "


def _subject_and_detail(status: str) -> str:
    found = _STATUS.fullmatch(status)
    return "" if found is None else f"{int(found[2])}.{int(found[3])}"


def _by_meaning(code: str, said: str, command: str) -> BounceReason | None:
    """What the words mean, by the codes and the step of the session that they were said at."""
    if code in codes.BEFORE_WORDS:
        return codes.CODES[code]
    decided = _by_words(words.DECISIVE, said)
    if decided or command in _EARLY:
        return decided or _by_words(words.ABOUT_MACHINES, said)
    if command == "MAIL":
        return _about_sender(code, said)
    return (
        _about_user(code, said, command)
        or _precise(code)
        or _by_words(words.ABOUT_DOMAINS, said)
        or _by_words(words.ABOUT_MACHINES, said)
    )


def _about_sender(code: str, said: str) -> BounceReason | None:
    """What is unknown or takes no mail when the sender is named, is the sender."""
    found = _precise(code) or _by_words(words.ABOUT_DOMAINS, said) or _by_words(words.ABOUT_MACHINES, said)
    is_sender = found in _HARD or found is BounceReason.NOT_ACCEPT or (not found and code.startswith("1."))
    return BounceReason.REJECTED if is_sender or _any_of(users.NO_USER_PERHAPS, said) else found


def _about_user(code: str, said: str, command: str) -> BounceReason | None:
    if _any_of(users.FILTERED, said):
        return BounceReason.FILTERED
    if code in codes.PRECISE:
        return None
    if _any_of(users.NO_USER, said) and code not in codes.CODES_OF_FILTER:
        return BounceReason.USER_UNKNOWN
    if _by_words(words.ABOUT_DOMAINS, said):
        return None
    if code in codes.CODES_OF_USER and said:
        return BounceReason.USER_UNKNOWN
    if not _any_of(users.NO_USER_PERHAPS, said):
        return None
    return BounceReason.USER_UNKNOWN if command == "RCPT" else BounceReason.FILTERED


def _precise(code: str) -> BounceReason | None:
    return codes.CODES[code] if code in codes.PRECISE else None


def _by_code(status: str, code: str) -> BounceReason | None:
    if not code or code == "0.0":
        return None
    return codes.WHOLE_CODES.get(status) or codes.CODES.get(code) or codes.CODES.get(code.partition(".")[0])


def _by_step(command: str, code: str) -> BounceReason | None:
    """Who refuses us before the mail is named, refuses us, unless the state of the server is told."""
    return BounceReason.BLOCKED if command in _EARLY and code[:2] not in ("3.", "4.") else None


def _at_last(reason: BounceReason | None, command: str) -> BounceReason | None:
    """Who only says that it is refused, refuses the recipient if that was what was asked."""
    return BounceReason.USER_UNKNOWN if reason is BounceReason.FILTERED and command == "RCPT" else reason


def _by_pairs(said: str, command: str) -> BounceReason | None:
    """What two words mean together; in a long text they are two words by chance.

    Before a recipient is named, who is unknown is the sender or the client.
    """
    if len(said) > _SENTENCE:
        return None
    found = _by_table(pairs.PAIRS, said)
    is_nobody = not found and all(_any_of(part, said) for part in pairs.NOBODY)
    if is_nobody or found is BounceReason.HOST_UNKNOWN:
        return _UNKNOWN_AT.get(command) or found or _at_last(BounceReason.FILTERED, command)
    return found or _at_last(_by_table(pairs.STATES, said), command)


def _by_table(table: pairs.Pairs, said: str) -> BounceReason | None:
    matching = (reason for reason, first, second in table if _any_of(first, said) and _any_of(second, said))
    return next(matching, None)


def _by_words(table: words.Words, said: str) -> BounceReason | None:
    return next((reason for reason, fragments in table if _any_of(fragments, said)), None)


def _any_of(fragments: tuple[str, ...], said: str) -> bool:
    whole, pieces = _by_kind(fragments)
    return any(map(said.__contains__, whole)) or any(_holds(said, fragment) for fragment in pieces)


@cache
def _by_kind(fragments: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[list[str], ...]]:
    """Fragments of one piece, and the others in pieces; a report of many recipients asks for thousands of them."""
    whole = tuple(fragment for fragment in fragments if "*" not in fragment)
    return whole, tuple(fragment.split("*") for fragment in fragments if "*" in fragment)


def _holds(said: str, fragment: list[str]) -> bool:
    """Whether the pieces of the fragment stand in the text one after the other, and near to each other."""
    first, *others = fragment
    start = said.find(first)
    for _ in range(_TRIES):
        if start < 0:
            return False
        if _follow(said, start + len(first), others):
            return True
        start = said.find(first, start + 1)
    return False


def _follow(said: str, position: int, pieces: list[str]) -> bool:
    for piece in pieces:
        found = said.find(piece, position, position + _NEAR + len(piece))
        if found < 0:
            return False
        position = found + len(piece)
    return True
