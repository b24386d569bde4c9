"""HubL: an author's template and plain data in, text out. Bounded in time and memory, whatever either holds.

Start at `compile` (cached by content), then `Template.render(close(data))`, taken apart with `match`:

    template = hubl.compile(source)                     # bodies; hubl.Escape.NONE for subjects and plain text
    template.errors, template.fatal                     # a FATAL one must not be published
    template.manifest.missing(frozenset(custom))        # the custom.* keys that a send still lacks
    match template.render(hubl.close({"custom": custom, "contact": contact})):
        case hubl.Rendered(text=text): ...
        case hubl.LimitExceeded(message=message): ...   # HUBL_LIMIT_EXCEEDED
        case hubl.Failed(errors=errors): ...            # TEMPLATE_RENDER_EXCEPTION

(`close` may answer `TooLarge` instead; close once and render every part of the mail from it.)

What is wrong in one place prints nothing there and is noted; the mail goes on. Data are never read as template.
It never looks up a Python attribute, never opens a file or a connection, never reads the date or chance.
"""

from .model import (
    DEFAULT,
    Escape,
    Failed,
    LimitExceeded,
    Limits,
    Manifest,
    Rendered,
    Severity,
    TemplateError,
    TooLarge,
)
from .template import Template, compile
from .values import Values, close

__all__ = [
    "DEFAULT",
    "Escape",
    "Failed",
    "LimitExceeded",
    "Limits",
    "Manifest",
    "Rendered",
    "Severity",
    "Template",
    "TemplateError",
    "TooLarge",
    "Values",
    "close",
    "compile",
]
