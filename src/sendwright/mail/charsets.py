"""Bytes of strangers to text.

Only the charsets listed here are ever looked up (attack C2: utf-7, idna, unicode_escape and other codecs that do more).
"""

from binascii import a2b_base64, a2b_qp
from typing import Final

_ISO_8859: Final = {f"iso8859-{part}": f"iso8859-{part}" for part in range(2, 17) if part != 12}
_WINDOWS: Final = {f"cp{page}": f"cp{page}" for page in range(1250, 1259)}
_SAME_NAME: Final = {
    *("utf-8", "utf-16", "koi8-r", "koi8-u", "mac-roman", "tis-620"),
    *("cp437", "cp850", "cp866", "cp874", "cp932", "cp949"),
    *("iso2022-jp", "iso2022-kr", "euc-jp", "euc-kr", "gb18030", "big5", "big5hkscs"),
}

# The web's and every mail reader's habit: the older label names the larger set that is really used.
_ALIASES: Final = {
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso8859-1": "cp1252",
    "utf8": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "sjis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "ks-c-5601-1987": "cp949",
    "macintosh": "mac-roman",
    "ibm437": "cp437",
    "ibm850": "cp850",
    "ibm866": "cp866",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}

_CODECS: Final = {name: name for name in _SAME_NAME} | _ISO_8859 | _WINDOWS | _ALIASES
_UNLABELLED: Final = frozenset({"", "us-ascii", "ascii", "ansi-x3.4-1968"})
_PREFIXES: Final = (("windows-", "cp"), ("x-cp", "cp"), ("iso-8859", "iso8859"), ("iso-2022", "iso2022"))

# An octet below 128 may be half of a character here, or no character at all.
_NOT_ASCII_BASED: Final = frozenset(
    {"utf-16", "utf-16-le", "utf-16-be", "iso2022-jp", "iso2022-kr", "cp932", "cp949", "gb18030", "big5", "big5hkscs"}
)
# Charsets we do not read whose ASCII is not what it seems, or not ASCII.
_HIDING: Final = ("utf", "unicode", "ucs", "iso-10646", "iso2022", "hz", "ebcdic", "cs")

_BASE64_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
NOT_BASE64: Final = bytes(set(range(256)) - set(_BASE64_ALPHABET))


def decode_text(content: bytes, charset: str) -> str:
    """The content as text; an unknown charset is read as Latin-1, what cannot be read becomes U+FFFD. Never raises.

    Text without a label or labelled US-ASCII is UTF-8 if it can be, as most mail is today.
    """
    label = _label(charset)
    if label in _UNLABELLED:
        return _guess(content)
    return content.decode(_CODECS.get(label, "latin-1"), "replace")


def exact_text(content: bytes, charset: str) -> tuple[str, str] | None:
    """The content as text that goes back to the same octets by `exact_octets`, and the codec for it; None if it cannot.

    Octets that the charset does not know are lone surrogates in the text. Where a charset is unknown or does not give
    its octets back, but holds ASCII as ASCII, all others are such: what is not ASCII passes unread and unharmed.
    """
    label = _label(charset)
    codec = "utf-8" if label in _UNLABELLED else _CODECS.get(label, "")
    if codec:
        text = _read_exactly(content, codec)
        if text is not None:
            return text, codec
        if codec in _NOT_ASCII_BASED:
            return None
    elif label.startswith(_HIDING) or b"\0" in content or b"\x1b" in content:
        return None
    return content.decode("ascii", "surrogateescape"), "ascii"


def exact_octets(text: str, codec: str) -> bytes | None:
    """The octets of a text from `exact_text`; None if something was put into it that this codec cannot say."""
    try:
        return text.encode(codec, "surrogateescape")
    except UnicodeError:
        return None


def _read_exactly(content: bytes, codec: str) -> str | None:
    try:
        text = content.decode(codec, "surrogateescape")
        # UTF-8 gives back whatever it got (PEP 383); of the others a few have two octets for one character.
        return text if codec == "utf-8" or text.encode(codec, "surrogateescape") == content else None
    except UnicodeError:
        return None


def _label(charset: str) -> str:
    label = charset.strip().lower().replace("_", "-")
    for prefix, replacement in _PREFIXES:
        if label.startswith(prefix):
            return replacement + label.removeprefix(prefix)
    return label


def decode_base64(content: bytes) -> bytes:
    """What base64 says; foreign characters are skipped and a torn end is dropped. Never raises."""
    digits = content.translate(None, NOT_BASE64)
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    return a2b_base64(digits + b"=" * (-len(digits) % 4))


def decode_quoted(content: bytes) -> bytes:
    """What quoted-printable says (RFC 2045 6.7); what is no escape stays as it is. Never raises."""
    return a2b_qp(content)


def _guess(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")
