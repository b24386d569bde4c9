"""One strict reading of addresses, for authorisation, envelope and headers alike.

Two readers that disagree about `alice@good.test <bob@evil.test>` are a hole (CVE-2023-27043); so is decoding an
encoded word inside an address. What is not plainly one address is refused, with a sentence that says what to do.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import idna

MAX_TEXT: Final = 1_000
MAX_LIST_TEXT: Final = 16_384
MAX_READ: Final = 1_000
MAX_LOCAL: Final = 64  # RFC 5321 4.5.3.1.1, octets
MAX_DOMAIN: Final = 255  # RFC 5321 4.5.3.1.2, octets
MAX_SPEC: Final = 254  # RFC 3696 erratum 1690: what fits in a path of 256

_ATEXT: Final = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_WORD: Final = rf"[{_ATEXT}\u0080-\U0010ffff]+"
_DOT_ATOM: Final = re.compile(rf"{_WORD}(?:\.{_WORD})*")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED: Final = re.compile(r"\\(.)")
_TO_ESCAPE: Final = re.compile(r'(["\\])')
_ITEM_PIECE: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[^",]+|,')
_GROUP_NAME: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*+"[ \t]*+|[^:"<@]*+):')
_ENCODED_WORD: Final = re.compile(r"=\?[^?]*\?[^?]*\?[^?]*\?=")
_NAME_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NAME_SPECIALS: Final = re.compile(r'[()<>@,;:\\"\[\]]')
_LOOKALIKE: Final = re.compile(r'[\x00-\x20()<>@,;:\\"\[\]%!]')

_ROLES: Final = frozenset(
    {"abuse", "no-reply", "noreply", "root", "spam", "security", "undisclosed-recipients", "unsubscribe"}
    | {"inoc", "postmaster", "privacy"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """Text that is not an address. `reason` is one sentence, safe to show: it says what to do and quotes nothing."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One address (RFC 5321 4.1.2, RFC 6531 3.3); `ValueError` when made against a rule of `parse_address`.

    `local` is the meaning of the local part, without quotes; `domain` is as given: it may hold U-labels and capitals.
    """

    local: str
    domain: str

    def __post_init__(self) -> None:
        fault = _fault(self.local, self.domain)
        if fault:
            raise ValueError(fault)

    @property
    def spec(self) -> str:
        """`local@domain`, the local part quoted if it must be, the domain as given."""
        return f"{_quote_local(self.local)}@{self.domain}"

    @property
    def wire(self) -> str:
        """`local@domain` for SMTP: the domain in A-labels, so that only a UTF-8 local part asks for SMTPUTF8."""
        return f"{_quote_local(self.local)}@{self.ascii_domain}"

    @property
    def key(self) -> str:
        """What contacts and suppressions are matched by: NFC, lower case, A-labels."""
        local = self.local if self.local.isascii() else unicodedata.normalize("NFC", self.local)
        return f"{_quote_local(local).lower()}@{self.ascii_domain.lower()}"

    @property
    def ascii_domain(self) -> str:
        """The domain in A-labels, to ask the DNS for. Capitals of an ASCII domain are kept."""
        return self.domain if self.domain.isascii() else _a_labels(self.domain)

    @property
    def needs_smtputf8(self) -> bool:
        """Whether the next hop must offer SMTPUTF8 (RFC 6531 3.4)."""
        return not self.local.isascii()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """An address and the name shown with it. The name may be empty; it is any text, made safe when it is written."""

    name: str
    address: Address

    @property
    def spec(self) -> str:
        """`Name <local@domain>`, quoted so that `parse_mailbox` gives the same mailbox again."""
        if not self.name:
            return self.address.spec
        if _NAME_SPECIALS.search(self.name):
            return f"{quote(self.name)} <{self.address.spec}>"
        return f"{self.name} <{self.address.spec}>"


def parse_address(text: str) -> Address | Malformed:
    """Read exactly one `local@domain`, spaces around it forgiven. Never raises.

    Refused although RFC 5322 knows them: comments, folding, groups, routes, IP literals, unqualified domains.
    Allowed: quoted local parts, UTF-8 local parts (RFC 6531), IDN domains (UTS 46), reserved names such as `.test`.
    """
    return _too_long(text, MAX_TEXT) or _read_spec(text.strip(" \t"))


def parse_mailbox(text: str) -> Mailbox | Malformed:
    """Read `a@b`, `<a@b>`, `Name <a@b>` or `"Last, First" <a@b>`. Never raises; same rules as `parse_address`."""
    return _too_long(text, MAX_TEXT) or _read_mailbox(text.strip(" \t"))


def parse_mailboxes(text: str) -> tuple[Mailbox, ...] | Malformed:
    """Read one or more mailboxes with commas between, in at most 16,384 characters. One bad one refuses the list."""
    fault = _too_long(text, MAX_LIST_TEXT)
    if fault:
        return fault
    items = _split_list(text)
    if items is None:
        return Malformed(reason="A double quote is never closed; add the missing one.")
    mailboxes: list[Mailbox] = []
    for item in items:
        mailbox = parse_mailbox(item)
        if isinstance(mailbox, Malformed):
            return mailbox
        mailboxes.append(mailbox)
    return tuple(mailboxes)


def readable_mailboxes(text: str) -> tuple[Mailbox, ...]:
    """The mailboxes that `parse_mailbox` takes among those of a list, in groups too (RFC 5322 3.4). Never raises.

    For looking up who is named in a foreign header, never for whom to send to; at most 1,000 are read.
    """
    items = _split_list(text) or []
    boxes = (parse_mailbox(_out_of_group(item)) for item in items[:MAX_READ])
    return tuple(box for box in boxes if isinstance(box, Mailbox))


def _out_of_group(item: str) -> str:
    """The item without the group's name before it and the semicolon that ends the group."""
    if ":" not in item and ";" not in item:
        return item
    text = item.strip(" \t").removesuffix(";")
    name = _GROUP_NAME.match(text)
    return text[name.end() :] if name else text


def is_role_address(address: Address) -> bool:
    """Whether the local part is one that single sends refuse (`INVALID_TO_ADDRESS`): a role, not a person."""
    return address.local.lower() in _ROLES


def quote(text: str) -> str:
    """The text as an RFC 5322 quoted-string; the caller has made sure that it holds no control character."""
    return '"' + _TO_ESCAPE.sub(r"\\\1", text) + '"'


def _too_long(text: str, limit: int) -> Malformed | None:
    if len(text) > limit:
        return Malformed(reason=f"This is longer than {limit:,} characters; give only addresses, with commas between.")
    return None


def _split_list(text: str) -> list[str] | None:
    """Cut at the commas outside quotes; None for a quote that never closes (going on after it would be quadratic)."""
    items: list[str] = []
    begin = position = 0
    while position < len(text):
        piece = _ITEM_PIECE.match(text, position)
        if piece is None:
            return None
        if piece[0] == ",":
            items.append(text[begin:position])
            begin = piece.end()
        position = piece.end()
    return [*items, text[begin:]]


def _read_mailbox(text: str) -> Mailbox | Malformed:
    quoted = _QUOTED.match(text)
    if quoted:
        name, rest = _ESCAPED.sub(r"\1", quoted[1]), text[quoted.end() :].lstrip(" \t")
        fault = _name_fault(name)
    else:
        name, angle, spec = text.partition("<")
        name, rest = name.rstrip(" \t"), angle + spec
        fault = _name_fault(name) or _bare_name_fault(name)
    if not rest.startswith("<"):
        return _named("", _read_spec(text))
    if fault:
        return Malformed(reason=fault)
    if not rest.endswith(">"):
        return Malformed(reason="Close the address with >, and put nothing after it, as in Name <name@example.com>.")
    return _named(name, _read_spec(rest[1:-1]))


def _named(name: str, address: Address | Malformed) -> Mailbox | Malformed:
    return address if isinstance(address, Malformed) else Mailbox(name=name, address=address)


def _name_fault(name: str) -> str | None:
    if _NAME_UNSAFE.search(name):
        return "The name before the address has a line break or a control character; type it again without."
    return None


def _bare_name_fault(name: str) -> str | None:
    if _NAME_SPECIALS.search(name):
        return 'Put the name in double quotes, as in "Last, First" <name@example.com>.'
    return None


def _read_spec(text: str) -> Address | Malformed:
    if text.startswith('"'):
        quoted = _QUOTED.match(text)
        if quoted is None or text[quoted.end() : quoted.end() + 1] != "@":
            return Malformed(reason="Close the quoted part and put @ and the domain right after it.")
        local, domain = _ESCAPED.sub(r"\1", quoted[1]), text[quoted.end() + 1 :]
    else:
        local, at, domain = text.rpartition("@")
        fault = _shape_fault(text, local, at)
        if fault:
            return Malformed(reason=fault)
    try:
        return Address(local=local, domain=domain)
    except ValueError as refused:
        return Malformed(reason=str(refused))


def _shape_fault(text: str, local: str, at: str) -> str | None:
    if "<" in text or ">" in text:
        return "Give only the address itself, without a name and without < >."
    if not at:
        return "An address needs an @ between the name and the domain, as in name@example.com."
    if _DOT_ATOM.fullmatch(local) is None:
        return _local_shape_fault(local)
    return None


def _local_shape_fault(local: str) -> str:
    if not local:
        return "Something must stand before the @, as in name@example.com."
    if not local.isprintable():
        return _INVISIBLE
    if "@" in local:
        return "Give one address with one @; put commas between several."
    return "Before the @ use only letters, digits, signs such as + - _ and single dots between them."


_INVISIBLE: Final = "The address has a line break, a control or an invisible character; type it again by hand."


def _fault(local: str, domain: str) -> str | None:
    """Why these two are no address, or None. From the cheap to the dear: long text never gets to IDNA."""
    if len(local) + len(domain) < MAX_LOCAL and _PLAIN.fullmatch(local) and _DOMAIN.fullmatch(domain):
        return None  # nearly every address there is
    if not (local.isprintable() and domain.isprintable()):
        return _INVISIBLE
    if not local:
        return "Something must stand before the @, as in name@example.com."
    if len(_quote_local(local).encode()) > MAX_LOCAL:
        return f"Before the @ at most {MAX_LOCAL} characters are possible; shorten it."
    if _ENCODED_WORD.search(local):
        return "An address cannot hold an encoded word; write the characters themselves."
    if not local.isascii() and _LOOKALIKE.search(_new_ascii(local)):
        return "The address has a character that only looks like a sign such as @; type it again by hand."
    return _domain_fault(domain) or _length_fault(local, domain)


def _new_ascii(local: str) -> str:
    """The ASCII that compatibility folding makes of other characters: a reader that folds would find it there."""
    return unicodedata.normalize("NFKC", "".join(character for character in local if character > "\x7f"))


def _domain_fault(domain: str) -> str | None:
    if domain.startswith("["):
        return "Give a domain name, as in example.com, instead of an IP address."
    if len(domain.encode()) > MAX_DOMAIN:
        return "The domain is too long; check what was pasted after the @."
    ascii_domain = domain if domain.isascii() else _a_labels(domain)
    if _DOMAIN.fullmatch(ascii_domain):
        return None
    if "." not in ascii_domain.strip("."):
        return "Give the whole domain after the @, as in example.com."
    return "This domain name cannot exist; check its spelling, dots and hyphens."


def _length_fault(local: str, domain: str) -> str | None:
    ascii_length = len(domain) if domain.isascii() else max(len(_a_labels(domain)), len(domain.encode()))
    if len(_quote_local(local).encode()) + 1 + ascii_length > MAX_SPEC:
        return f"An address has at most {MAX_SPEC} characters; shorten it."
    return None


def _quote_local(local: str) -> str:
    return local if _PLAIN.fullmatch(local) or _DOT_ATOM.fullmatch(local) else quote(local)


@lru_cache(maxsize=4_096)
def _a_labels(domain: str) -> str:
    """The domain in A-labels (IDNA 2008 after UTS 46 mapping, not transitional); empty if there is no such domain."""
    try:
        return idna.encode(domain, uts46=True, std3_rules=True).decode("ascii")
    except UnicodeError:
        return ""
