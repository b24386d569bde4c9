"""The part for programs: fields of a delivery status report (RFC 3464, RFC 6533), with all that goes wrong in them.

Groups are torn by empty lines in the wrong place or not parted at all, fields come in any order, types are missing,
and some mailers write the fields into the words for people.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from . import lines

MAX_GROUPS: Final = 200
MAX_FIELDS: Final = 50  # of one recipient
_OF_RECIPIENT: Final = ("final-recipient", "original-recipient", "x-actual-recipient", "action", "status")
_ADDRESS_FIELDS: Final = ("final-recipient", "x-actual-recipient", "original-recipient", "removed-recipient")
_KNOWN: Final = frozenset(
    {
        *_ADDRESS_FIELDS,
        *("action", "status", "diagnostic-code", "remote-mta", "last-attempt-date", "will-retry-until", "final-log-id"),
        *("reporting-mta", "received-from-mta", "arrival-date", "original-envelope-id", "dsn-gateway"),
        *("x-powermta-bouncecategory", "x-display-name"),
    }
)


@dataclass(slots=True)
class Group:
    """The fields about one recipient, still being gathered."""

    fields: lines.Fields = field(default_factory=list)

    def value(self, name: str) -> str:
        return lines.first(self.fields, name)

    @property
    def address(self) -> str:
        return next(iter(self.addresses), "")

    @property
    def addresses(self) -> list[str]:
        """All names of the recipient, the one that failed first."""
        found = (lines.address_in(_untyped(self.value(name))) for name in _ADDRESS_FIELDS)
        return [address for address in found if address]

    @property
    def names_somebody(self) -> bool:
        return any(self.value(name) for name in _ADDRESS_FIELDS)

    @property
    def diagnostic(self) -> str:
        """What the server said; that a local program said it is part of it."""
        value = self.value("diagnostic-code")
        return value if value.lower().startswith("x-unix") else _untyped(value)

    @property
    def status(self) -> str:
        """The enhanced code; the class may be 2."""
        digits = self.value("status").split(" ", 1)[0].split("(", 1)[0]
        numbers = digits.split(".")
        is_code = len(numbers) == 3 and all(number.isascii() and number.isdigit() for number in numbers)
        return digits if is_code and len(digits) <= 9 and numbers[0] in ("2", "4", "5") else lines.status_in(digits)

    @property
    def action(self) -> str:
        words = self.value("action").lower().split()
        return words[0][:20] if words else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A delivery status report: fields of the mail, groups of recipients."""

    mail: lines.Fields
    groups: list[Group]


def read_status(text: str) -> Status:
    """The fields of a delivery status part."""
    return _gather(lines.blocks_of(text))


def read_status_in_words(text: str) -> Status:
    """The same fields where they stand among words for people; no groups unless one names and judges a recipient."""
    status = _gather([(name, value) for name, value in block if name in _KNOWN] for block in lines.blocks_of(text))
    if any(group.names_somebody and (group.action or group.status) for group in status.groups):
        return status
    return Status(mail=[], groups=[])


def _gather(blocks: Iterator[lines.Fields]) -> Status:
    mail: lines.Fields = []
    groups: list[Group] = []
    named: dict[str, Group] = {}
    for block in blocks:
        if any(lines.first(block, name) for name in _OF_RECIPIENT):
            for group in _groups(block, mail):
                _add(groups, named, group)
        else:
            mail.extend(block)
    return Status(mail=mail, groups=groups)


def _groups(block: lines.Fields, mail: lines.Fields) -> Iterator[Group]:
    """The recipients of one block: where a field is there that the group has already, the next one begins."""
    group = Group()
    for name, value in block:
        if name in ("reporting-mta", "arrival-date", "original-envelope-id"):
            mail.append((name, value))
            continue
        if name in _OF_RECIPIENT and group.value(name) and name in ("final-recipient", "action", "status"):
            yield group
            group = Group()
        if len(group.fields) < MAX_FIELDS:
            group.fields.append((name, value))
    yield group


def _add(groups: list[Group], named: dict[str, Group], group: Group) -> None:
    """A group without an address belongs to the one before it, if that has no verdict yet; who is told of twice, to
    the first that is said of it."""
    address = group.address.lower()
    same = named.get(address)
    if not group.names_somebody and groups and not (groups[-1].action and groups[-1].status):
        same = groups[-1]
    if same:
        same.fields.extend(group.fields[: MAX_FIELDS - len(same.fields)])
    elif len(groups) < MAX_GROUPS and all(group.fields != other.fields for other in groups):
        groups.append(group)
        if address:
            named[address] = group


def _untyped(value: str) -> str:
    """The value without the type before its semicolon (RFC 3464 2.1.2), and without a comment that is all of it."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon and len(kind) <= 30 and " " not in kind.strip() else value
