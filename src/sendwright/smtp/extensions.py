"""What a server offered in its answer to EHLO (RFC 5321 section 4.1.1.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sendwright.smtp.replies import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Extensions:
    """Keywords in capitals with their parameters as sent; none at all after HELO."""

    offered: Mapping[str, str] = field(default_factory=dict)
    size_limit: int | None = None
    """Octets of the largest message taken (RFC 1870); None when there is no fixed limit."""

    def __contains__(self, keyword: str) -> bool:
        return keyword in self.offered

    @property
    def mechanisms(self) -> frozenset[str]:
        """The SASL mechanisms offered (RFC 4954)."""
        return frozenset(self.offered.get("AUTH", "").upper().split())


def read_extensions(answer: Reply) -> Extensions:
    """The extensions in an answer to EHLO: every line but the first is a keyword and its parameters."""
    offered: dict[str, str] = {}
    for line in answer.lines[1:]:
        # "AUTH=LOGIN PLAIN" is from a draft of 1997; relays that still write it write nothing else.
        keyword, _, parameters = line.replace("AUTH=", "AUTH ", 1).partition(" ")
        offered.setdefault(keyword.upper(), parameters.strip())
    return Extensions(offered=offered, size_limit=_size_limit(offered.get("SIZE", "")))


def _size_limit(limit: str) -> int | None:
    return (int(limit) or None) if limit.isascii() and limit.isdigit() and len(limit) <= 20 else None
