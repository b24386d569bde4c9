"""The plain-text part of an e-mail whose author gave none: derived once, from the template.

Turning a rendered mail into text costs more than signing it. So the HTML template itself is turned into a text
template, its HubL put aside behind words that survive the turning. Where that could read differently from the rendered
mail, there is no such template, and the sender derives the text from each mail.
"""

import re
from typing import Final

from sendwright import mail

_HUBL: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_MARKUP: Final = re.compile(r"\b(?:safe|escape\w*|e|striptags|raw|autoescape|sanitize_html|urlize)\b")
_ALONE: Final = re.compile(r"^[ \t]*((?:\{%[^\n]*?%\}[ \t]*)+)\n", re.MULTILINE)
_AT_START: Final = re.compile(r"""=\s*["']?$""")


def text_template(html: str) -> str | None:
    """A HubL template of the plain text, or None where only the rendered mail can tell."""
    if "xsw0" in html or any(_MARKUP.search(tag) for tag in _HUBL.findall(html)):
        return None
    aside = _Aside()
    text = mail.text_from_html(_HUBL.sub(aside.put, html))
    restored = aside.restore(text)
    return None if restored is None else _ALONE.sub(r"\1", restored + "\n").rstrip("\n")


class _Aside:
    """The HubL of a template, each tag behind a word; at the start of an attribute behind a whole address."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def put(self, match: re.Match[str]) -> str:
        word = f"xsw0x{len(self._kept)}x"
        if _AT_START.search(match.string, max(0, match.start() - 8), match.start()):
            word = f"https://{word}.invalid/"
        self._kept[word] = match.group()
        return word

    def restore(self, text: str) -> str | None:
        """None if a block tag was lost on the way: what it opens or sets may matter elsewhere."""
        for word, tag in self._kept.items():
            if word in text:
                text = text.replace(word, tag)
            elif tag.startswith("{%"):
                return None
        return text
