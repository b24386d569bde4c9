"""The parameters of Content-Type and Content-Disposition (RFC 2045 5.1, RFC 2231), read in linear time."""

import re
from itertools import islice
from typing import Final

from .charsets import decode_text
from .encoded_words import decode_words

MAX_PARAMETERS: Final = 100
_MAX_SECTIONS: Final = 100

# A quoted value may lack its end: then it reaches to the end of the field, and nothing is tried twice.
_PARAMETER: Final = re.compile(r';\s*([^=;\s"]+)\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)', re.DOTALL)
_SECTION: Final = re.compile(r"([^*]+)(?:\*([0-9]{1,2}))?(\*)?")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_PERCENT: Final = re.compile(rb"%([0-9A-Fa-f]{2})")


def parse_parameters(value: str) -> tuple[str, dict[str, str]]:
    """The word before the first `;` and the parameters, names in lower case, values decoded. Never raises.

    Continued and percent-encoded values (RFC 2231) win over a plain one of the same name; a plain one may hold encoded
    words, which is against RFC 2047 but what many senders do with file names.
    """
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[bool, str]]] = {}
    for found in islice(_PARAMETER.finditer(value), MAX_PARAMETERS):
        name, text = found[1].lower(), _unquoted(found[2])
        section = _SECTION.fullmatch(name)
        if section is None or name == section[1]:
            plain.setdefault(name, decode_words(text))
        else:
            sections.setdefault(section[1], {}).setdefault(int(section[2] or 0), (bool(section[3]), text))
    joined = {name: _join(pieces) for name, pieces in sections.items()}
    return value.partition(";")[0].strip().lower(), plain | joined


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text.strip()
    return _ESCAPED.sub(r"\1", text[1:].removesuffix('"'))


def _join(pieces: dict[int, tuple[bool, str]]) -> str:
    """The sections from 0 on, as far as none is missing; the first one names the charset."""
    charset, octets = "", b""
    for number in range(_MAX_SECTIONS):
        if number not in pieces:
            break
        extended, text = pieces[number]
        if extended and number == 0 and text.count("'") >= 2:
            charset, _language, text = text.split("'", 2)
        content = text.encode("utf-8", "replace")
        octets += _PERCENT.sub(lambda found: bytes.fromhex(found[1].decode()), content) if extended else content
    return decode_text(octets, charset)
