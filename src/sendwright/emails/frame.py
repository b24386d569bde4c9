"""The document around a body: a small one for a fragment, and the hidden preview text at the start of any."""

import html
import re
from typing import Final

# A reader that does not know the rest obeys "display:none"; mso-hide is for Outlook, which does not.
_PREHEADER: Final = (
    '<div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden;'
    'mso-hide:all">{}</div>'
)
_WHOLE: Final = re.compile(r"<(?:html|body)(?=[\s>/])|<!doctype\s", re.IGNORECASE)
_COMMENT_OR_BODY: Final = re.compile(r"<!--|<body(?=[\s>/])", re.IGNORECASE)
_REST_OF_TAG: Final = re.compile(r"""(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""")


def is_whole(body: str) -> bool:
    """Whether a body (or its template) is a document of its own; if not, it is a fragment."""
    return _WHOLE.search(body) is not None


def around_fragment(fragment: str, *, title: str, preview: str, language: str) -> str:
    """A complete document around a fragment. `title` and `preview` are plain text, `language` a checked code or ""."""
    lang = f' lang="{html.escape(language)}"' if language else ""
    return (
        f'<!doctype html>\n<html{lang}>\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n</head>\n<body>\n{_preheader(preview)}{fragment}\n</body>\n</html>\n"
    )


def with_preview(document: str, preview: str) -> str:
    """The document with the hidden preview text as the first thing of its body (or in front, if it shows no body)."""
    if not preview:
        return document
    place = _start_of_body(document)
    return document[:place] + _preheader(preview) + document[place:]


def _preheader(preview: str) -> str:
    return _PREHEADER.format(html.escape(preview)) if preview else ""


def _start_of_body(document: str) -> int:
    """The place after the body tag. One inside a comment is Outlook's: no other reader would see the text there."""
    place = 0
    while found := _COMMENT_OR_BODY.search(document, place):
        if found[0] != "<!--":
            tag = _REST_OF_TAG.match(document, found.end())
            return tag.end() if tag else 0
        place = document.find("-->", found.end() - 2)  # "<!-->" is a whole comment too (HTML 13.2.5.43)
        if place < 0:
            break
    return 0
