"""Which addresses may be wrapped, and how an author's href becomes one that is safe in a Location header."""

import re
from html import unescape
from html.entities import html5
from urllib.parse import quote, urlsplit

import idna

MAX_URL_BYTES = (
    6000  # base64 of it and of the rest of a token stays below the 8 KB that a request line is sure to carry
)

_TRACKABLE = re.compile(r"[hH][tT][tT][pP][sS]?://(?![/?#\\])[!-~]++")
# Numbers are bounded: turning a million digits into an int would take for ever.
_NUMBER = r"&#(?:[0-9]{1,12}+(?![0-9])|[xX][0-9a-fA-F]{1,12}+(?![0-9a-fA-F]));?"
# HTML's rule for attributes: a name without its semicolon counts only if neither `=` nor a letter follows, or `&copy=1`
# in a query would turn into a sign.
_NAMED = r"&([a-zA-Z][a-zA-Z0-9]{1,31}+)(?:;|(?![=a-zA-Z0-9]))"
_REFERENCE = re.compile(f"{_NUMBER}|{_NAMED}")
_DROPPED_BY_BROWSERS = str.maketrans("", "", "\t\r\n")
_BLANKS = "".join(map(chr, range(0x21)))
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


def is_trackable(url: str) -> bool:
    """Whether the address is http(s) with a host, printable ASCII throughout, and short enough for a token."""
    return len(url) <= MAX_URL_BYTES and _TRACKABLE.fullmatch(url) is not None


def read_href(value: str) -> str:
    """The address that a browser would go to for the text of an href attribute, in ASCII.

    References are decoded as in attributes, blanks dropped (both by the WHATWG standards), the host put in IDNA, and
    what else is not ASCII in percent-encoded UTF-8.
    """
    decoded = _decode_references(value)
    if decoded.isascii() and decoded.isprintable() and " " not in decoded:
        return decoded
    return _in_ascii(decoded.strip(_BLANKS).translate(_DROPPED_BY_BROWSERS))


def _decode_references(value: str) -> str:
    if "&" not in value:
        return value
    if value.count("&") == value.count("&amp;"):
        return value.replace("&amp;", "&")
    return _REFERENCE.sub(_referenced, value)


def _referenced(found: re.Match[str]) -> str:
    reference = found.group()
    return html5.get(reference[1:], reference) if found.group(1) else unescape(reference)


def _in_ascii(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
        if not host.isascii():
            ascii_host = idna.encode(host, uts46=True).decode("ascii")
            url = re.sub(re.escape(host), ascii_host, url, count=1, flags=re.IGNORECASE)
        return quote(url, safe=_PRINTABLE)
    except ValueError:  # a host that no resolver knows, half of a surrogate pair: left as it is, and so not tracked
        return url
