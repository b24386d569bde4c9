"""A stranger's HTML made fit for a frame that runs nothing and loads nothing.

What holds it is the browser: the frame is sandboxed and its policy forbids scripts and every load but ``data:`` images
and its own styles. Two things no policy forbids, and they are taken out here: connections opened ahead (``<link
rel=preconnect>``, ``dns-prefetch``), which would tell the sender that the mail is looked at, and frames within the
frame, whose ``srcdoc`` hides such links as character references.
"""

from __future__ import annotations

import re
from typing import Final

POLICY: Final = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)

_NAME_ENDS = r"(?=[\t\n\f\r />]|\Z)"
# A tag begins with its name as it stands, never with character references, so taking the names out of the text takes
# the elements out, wherever the parser would have found them. `basefont` is read where `link` is, holds nothing, and
# does nothing.
_VOID: Final = re.compile(rf"<(?:link|meta|base){_NAME_ENDS}", re.IGNORECASE)
_FRAMES: Final = re.compile(
    rf"<(/?)(i?frame|frameset|object|embed|applet|portal|fencedframe){_NAME_ENDS}", re.IGNORECASE
)
_DOCTYPE: Final = re.compile(r"\s*<!doctype[^>]*>", re.IGNORECASE)
_REMOTE_IMAGE: Final = re.compile(
    r"<(?:img|image|input|video|source)(?=[\s/])[^<>]{0,2000}?\b(?:src|poster|href)\s{0,9}=\s{0,9}[\"']?\s{0,9}"
    r"(?:https?:)?//",
    re.IGNORECASE,
)

# Links without a target of their own would lead the frame away; a new window is what its sandbox forbids.
_FIRST: Final = '<base target="_blank">'


def frame_document(html: str) -> str:
    """The HTML as it may stand in the frame. Looks the same, but for what is outside."""
    disarmed = _FRAMES.sub(r"<\1x-\2", _VOID.sub("<basefont", html))
    doctype = _DOCTYPE.match(disarmed)
    at = doctype.end() if doctype else 0  # before it, the base would put the page into quirks mode
    return disarmed[:at] + _FIRST + disarmed[at:]


def count_remote_images(html: str) -> int:
    """About how many images the frame does not load."""
    return sum(1 for _ in _REMOTE_IMAGE.finditer(html))
