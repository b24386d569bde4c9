"""Rendering: a version's parts with one reader's values. Pure work on text; the caller gives the values."""

import re
from collections.abc import Iterable
from typing import Final

from sendwright import hubl
from sendwright.emails import frame, plain
from sendwright.emails.model import (
    FaultKind,
    Finding,
    MissingProperties,
    Part,
    Parts,
    PublishedVersion,
    RenderedMail,
    RenderFault,
    Sending,
)

SUBJECT_MAX: Final = 998  # characters; the same bound as a line of mail (RFC 5322 2.1.1)
FROM_NAME_MAX: Final = 320
PREVIEW_MAX: Final = 1_000

# CR and LF would begin a header of their own, NEL and the Unicode line ends do so in careless readers (attacks.md B1).
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_HUBL_SIGNS: Final = ("{{", "{%", "{#")


def compiled(fields: Sending) -> Parts:
    """Compiles the parts of a version. Never fails: what is wrong is told by `faults_of`, and again by the render."""
    parts = [
        _part(fields.subject, hubl.Escape.NONE),
        _part(fields.from_name, hubl.Escape.NONE),
        _part(fields.preview_text, hubl.Escape.NONE),
        _part(fields.html, hubl.Escape.HTML),
        _text_part(fields),
    ]
    manifest = hubl.Manifest()
    for part in parts:
        if not isinstance(part, str):
            manifest = manifest.union(part.manifest)
    subject, from_name, preview_text, body, text = parts
    return Parts(
        subject=subject,
        from_name=from_name,
        preview_text=preview_text,
        html=body,
        text=text,
        framed=frame.is_whole(fields.html),
        language=fields.language,
        manifest=manifest,
    )


def errors_of(parts: Parts) -> list[tuple[Part, hubl.TemplateError]]:
    """What the compiler found, in the order of the parts."""
    return [(name, error) for name, part in _named(parts) if not isinstance(part, str) for error in part.errors]


def render(version: PublishedVersion, values: hubl.Values) -> RenderedMail | MissingProperties | RenderFault:
    """One reader's mail. `values` come from `context`; a `custom` key given as null or "" counts as given."""
    missing = missing_keys(version.manifest, values)
    return MissingProperties(names=missing) if missing else render_parts(version.parts, values)


def missing_keys(manifest: hubl.Manifest, values: hubl.Values) -> tuple[str, ...]:
    """The required keys of `custom` that the values lack, sorted."""
    custom = values.names.get("custom")
    given = frozenset(custom) if isinstance(custom, dict) else frozenset[str]()
    return tuple(sorted(manifest.missing(given)))


def render_parts(parts: Parts, values: hubl.Values) -> RenderedMail | RenderFault:
    """Renders whatever the values hold: what is missing prints nothing."""
    made: dict[Part, str] = {}
    warnings: list[Finding] = []
    for name, part in _named(parts):
        text = _rendered(name, part, values, warnings)
        if isinstance(text, RenderFault):
            return text
        made[name] = text
    return _mail(parts, made, warnings)


def _mail(parts: Parts, made: dict[Part, str], warnings: list[Finding]) -> RenderedMail:
    subject = header_text(made[Part.SUBJECT], SUBJECT_MAX)
    preview = header_text(made[Part.PREVIEW_TEXT], PREVIEW_MAX)
    return RenderedMail(
        subject=subject,
        from_name=header_text(made[Part.FROM_NAME], FROM_NAME_MAX),
        preview=preview,
        html=_document(parts, made[Part.HTML], subject, preview),
        text=made[Part.TEXT] or None,
        warnings=tuple(warnings),
    )


def shown_parts(parts: Parts, values: hubl.Values) -> tuple[RenderedMail, tuple[Finding, ...]]:
    """What can be shown of the mail, and the faults for which no reader would get it."""
    made: dict[Part, str] = {}
    warnings: list[Finding] = []
    faults: list[Finding] = []
    for name, part in _named(parts):
        made[name] = _shown(name, part, values, warnings, faults)
    return _mail(parts, made, warnings), tuple(faults)


def render_page(version: PublishedVersion, values: hubl.Values) -> str | None:
    """The document for a browser; None for a fault. What was given for one mail alone is missing and prints nothing."""
    page = render_parts(version.parts, values)
    return None if isinstance(page, RenderFault) else page.html


def header_text(text: str, longest: int) -> str:
    """Text fit for a header: each run of control characters is one space, none at the ends, cut at `longest`."""
    return _CONTROLS.sub(" ", text[: 4 * longest]).strip()[:longest]


def finding(part: Part, error: hubl.TemplateError) -> Finding:
    """A template's error as one of the e-mail's part."""
    return Finding(part=part, line=error.line, message=error.message)


def _part(source: str, escape: hubl.Escape) -> str | hubl.Template:
    plain = not any(sign in source for sign in _HUBL_SIGNS)
    return source if plain else hubl.compile(source, escape)


def _text_part(fields: Sending) -> str | hubl.Template:
    """The author's plain text; else one derived from the HTML, if it can be (empty: it cannot)."""
    if fields.text:
        return _part(fields.text, hubl.Escape.NONE)
    derived = _part(plain.text_template(fields.html) or "", hubl.Escape.NONE)
    return "" if isinstance(derived, hubl.Template) and derived.fatal else derived


def _named(parts: Parts) -> Iterable[tuple[Part, str | hubl.Template]]:
    return (
        (Part.SUBJECT, parts.subject),
        (Part.FROM_NAME, parts.from_name),
        (Part.PREVIEW_TEXT, parts.preview_text),
        (Part.HTML, parts.html),
        (Part.TEXT, parts.text),
    )


def _rendered(name: Part, part: str | hubl.Template, values: hubl.Values, warnings: list[Finding]) -> str | RenderFault:
    if isinstance(part, str):
        return part
    match part.render(values):
        case hubl.Rendered(text=text, errors=errors):
            warnings.extend(finding(name, error) for error in errors)
            return text
        case hubl.LimitExceeded(message=message):
            return RenderFault(kind=FaultKind.LIMIT, message=f"The {name}: {message}")
        case hubl.Failed(errors=errors):
            return RenderFault(kind=FaultKind.EXCEPTION, message=_why(name, errors))


def _shown(
    name: Part,
    part: str | hubl.Template,
    values: hubl.Values,
    warnings: list[Finding],
    faults: list[Finding],
) -> str:
    if isinstance(part, str):
        return part
    match part.render(values):
        case hubl.Rendered(text=text, errors=errors):
            warnings.extend(finding(name, error) for error in errors)
            return text
        case hubl.LimitExceeded(message=message):
            faults.append(Finding(part=name, line=None, message=message))
            return ""
        case hubl.Failed(errors=errors, text=text):
            for error in errors:
                (faults if error.severity is hubl.Severity.FATAL else warnings).append(finding(name, error))
            return text


def _why(name: Part, errors: tuple[hubl.TemplateError, ...]) -> str:
    fatal = next((error for error in errors if error.severity is hubl.Severity.FATAL), None)
    if fatal is None:
        return f"The {name} cannot be rendered. Preview the e-mail to see why."
    return f"The {name}, line {fatal.line}: {fatal.message}"


def _document(parts: Parts, body: str, subject: str, preview: str) -> str:
    if parts.framed:
        return frame.with_preview(body, preview)
    return frame.around_fragment(body, title=subject, preview=preview, language=parts.language)
