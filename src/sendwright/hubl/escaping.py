"""Text made safe for the place where it is printed."""

import re

SCHEMES = frozenset({"http", "https", "mailto", "tel", "sms", "cid"})
_USUAL = ("https://", "http://")
_BLANK = "".join(map(chr, range(33)))
_PATH = re.compile(r"[/?#]")
_SCRIPT = {
    "\\": "\\\\", "'": "\\u0027", '"': "\\u0022", "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D",
    "`": "\\u0060", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "\b": "\\b",
    "\u2028": "\\u2028", "\u2029": "\\u2029",
}  # fmt: skip
_IN_SCRIPT = str.maketrans(_SCRIPT)


def escaped(text: str) -> str:
    """For HTML text and quoted attributes. Five searches are cheaper than one pass of a table."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    if '"' in text:
        text = text.replace('"', "&quot;")
    if "'" in text:
        text = text.replace("'", "&#39;")
    return text


def escaped_in_script(text: str) -> str:
    return text.translate(_IN_SCRIPT)


def is_plain_address(text: str) -> bool:
    """Whether what a browser would take for the scheme is a known one. Blanks and controls at the front are skipped
    by browsers (WHATWG URL), those inside a scheme make it unknown here, whatever a browser makes of them."""
    if text.startswith(_USUAL):
        return True
    before_path = _PATH.split(text[:4096], maxsplit=1)[0]
    scheme, colon, _ = before_path.lstrip(_BLANK).partition(":")
    return not colon or scheme.lower() in SCHEMES
