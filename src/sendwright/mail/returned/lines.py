"""Lines of reports: addresses, reply codes, fields, and where the returned mail begins. Every search is linear."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from . import phrases

MAX_TEXT: Final = 256 * 1024  # characters of a part that are read
MAX_LINES: Final = 5_000
MAX_LINE: Final = 1_000

Fields: TypeAlias = list[tuple[str, str]]
"""Names in lower case, and values on one line."""

_LOCAL: Final = r"""[^\s<>()\[\]"',;:@|\\]"""
_DOMAIN: Final = r"[^\s<>()\[\]\"',;:@|\\]"
# The local part may be quoted, and the domain may be missing its dot in old networks, but never be empty.
ADDRESS: Final = re.compile(rf'(?:"[^"\r\n@]{{1,64}}"|{_LOCAL}{{1,64}})@{_DOMAIN}{{1,255}}')
# RFC 5321 4.1.1.3: a route in front of an address, long out of use and still printed.
_ROUTE: Final = re.compile(r"<@[A-Za-z0-9.,@-]{1,500}:")
_CODES: Final = frozenset(
    [
        "421",
        "422",
        "430",
        "431",
        "432",
        "441",
        "442",
        "446",
        "447",
        "449",
        "450",
        "451",
        "452",
        "453",
        "454",
        "455",
        "458",
        "459",
        "471",
        "500",
        "501",
        "502",
        "503",
        "504",
        "510",
        "511",
        "512",
        "513",
        "515",
        "517",
        "521",
        "523",
        "525",
        "530",
        "531",
        "533",
        "534",
        "535",
        "538",
        "540",
        "541",
        "542",
        "543",
        "550",
        "551",
        "552",
        "553",
        "554",
        "555",
        "556",
        "557",
        "558",
        "559",
        "571",
    ]
)
_REPLY: Final = re.compile(r"(?<![0-9A-Za-z.,/+=_-])([45][0-9]{2})(?=[ \-:,;)]|$)", re.MULTILINE)
_UNIT: Final = re.compile(r" (?:bytes|seconds|minutes|hours|days|kb|mb|octets|messages|mails)\b", re.IGNORECASE)
_STATUS: Final = re.compile(r"(?<![0-9A-Za-z.])([245]\.[0-7]\.[0-9]{1,3})(?![0-9]|\.[0-9])")
_FIELD: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,60})[ \t]*:[ \t]*(.*)", re.DOTALL)

_RETURNED_FIELD: Final = re.compile(
    r"(?:received: (?:from|by|\()|return-path: ?<|dkim-signature: |delivered-to: |x-received: "
    r"|content-type: (?:message/rfc822|text/rfc822-header))",
    re.IGNORECASE,
)


def lines_of(text: str) -> list[str]:
    """The lines, as many and as long as are read."""
    return [line[:MAX_LINE].rstrip() for line in text[:MAX_TEXT].split("\n", MAX_LINES)[:MAX_LINES]]


def split_at_returned(text: str) -> tuple[str, str]:
    """The words for people, and the mail that follows them in the same text, perhaps empty."""
    lines = lines_of(text)
    for number, line in enumerate(lines):
        if _is_banner(line.lower(), number):
            return "\n".join(lines[:number]), "\n".join(lines[number + 1 :])
        if _RETURNED_FIELD.match(line):
            return "\n".join(lines[:number]), "\n".join(lines[number:])
    return "\n".join(lines), ""


def _is_banner(line: str, number: int) -> bool:
    """A title of the returned mail; not a sentence that tells what follows at the end of all."""
    return (
        number > 0
        and len(line) <= 120
        and "transcript" not in line
        and any(banner in line for banner in phrases.BANNERS)
    )


def unrouted(line: str) -> str:
    """The line without a source route before its address."""
    return _ROUTE.sub("<", line) if "<@" in line else line


def address_in(text: str) -> str:
    """The first address, or an empty string."""
    found = ADDRESS.search(unrouted(text[:MAX_LINE])) if "@" in text else None
    return _trimmed(found[0]) if found else ""


def addresses_in(text: str) -> list[str]:
    """All addresses in their order, none twice."""
    return list(dict.fromkeys(_trimmed(found) for found in ADDRESS.findall(text[:16_384])))


def _trimmed(address: str) -> str:
    return address.rstrip(".!?}*").lstrip("*{")


def replies_in(text: str) -> Iterator[re.Match[str]]:
    """Basic reply codes that refuse, where they are written like codes."""
    for found in _REPLY.finditer(text):
        if found[1] in _CODES and not _UNIT.match(text, found.end()):
            yield found


def reply_in(text: str) -> str:
    """The first basic code, or an empty string."""
    return next((found[1] for found in replies_in(text)), "")


def status_in(text: str) -> str:
    """The first enhanced code that refuses and says something, else the first that refuses, else an empty string."""
    all_of_them = [status for status in _STATUS.findall(text) if not status.startswith("2")]
    telling = [status for status in all_of_them if not status.endswith(".0.0")]
    return next(iter([*telling, *all_of_them]), "")


def fields_of(lines: Iterable[str]) -> Fields:
    """The fields of one block, folded lines joined; ends at an empty line or at one that is no field."""
    fields: Fields = []
    for line in lines:
        if line[:1] in (" ", "\t") and fields:
            name, value = fields[-1]
            fields[-1] = name, f"{value} {line.strip()}"[:16_384]
            continue
        found = _FIELD.match(line)
        if found is None:
            break
        fields.append((found[1].lower(), found[2].strip()))
    return fields


def first(fields: Fields, name: str) -> str:
    """The first value of this name, or an empty string."""
    return next((value for found, value in fields if found == name), "")


def blocks_of(text: str) -> Iterator[Fields]:
    """Runs of fields; a line that is no field parts them like an empty one does."""
    run: list[str] = []
    for line in [*lines_of(text), ""]:
        if line.strip() and (line[0] in " \t" or _FIELD.match(line)):
            run.append(line)
        elif run:
            yield fields_of(_dedented(run))
            run = []


def _dedented(run: list[str]) -> list[str]:
    """The lines without the indentation of the first of them."""
    indent = run[0][: len(run[0]) - len(run[0].lstrip())]
    return [line.removeprefix(indent) for line in run]
