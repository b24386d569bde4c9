"""Where the sending fields lie in a document, as HubSpot's clients write it (reference/hubspot-api.md 9).

`content.html`, `content.text` and `content.previewText` are our short forms; where both are written, the short one
counts (`rules.merged` drops it when a later change names the long one).
"""

from typing import Final

from sendwright.emails.model import Document, JsonValue, Part, Sending

BODY_PATH: Final = ("content", "widgets", "hs_email_body", "body", "html")
PREVIEW_PATH: Final = ("content", "widgets", "preview_text", "body", "value")

TEXT_PATH: Final = ("content", "plainTextVersion")

# Where each part may stand: in the short form, and in the place that HubSpot has for it.
_PLACES: Final = {
    Part.SUBJECT: (("subject",), ("subject",)),
    Part.FROM_NAME: (("from", "fromName"), ("from", "fromName")),
    Part.FROM_ADDRESS: (("from", "replyTo"), ("from", "replyTo")),
    Part.REPLY_TO: (("from", "customReplyTo"), ("from", "customReplyTo")),
    Part.PREVIEW_TEXT: (("content", "previewText"), PREVIEW_PATH),
    Part.HTML: (("content", "html"), BODY_PATH),
    Part.TEXT: (("content", "text"), TEXT_PATH),
}

_STYLES: Final = {
    "backgroundColor": "background_color",
    "bodyColor": "body_color",
    "bodyBorderColor": "body_border_color",
    "bodyBorderColorChoice": "body_border_color_choice",
    "bodyBorderWidth": "body_border_width",
    "emailBodyPadding": "email_body_padding",
    "emailBodyWidth": "email_body_width",
    "primaryFont": "primary_font",
    "primaryFontColor": "primary_font_color",
    "primaryFontSize": "primary_font_size",
    "primaryFontLineHeight": "primary_font_line_height",
    "primaryAccentColor": "primary_accent_color",
    "secondaryFont": "secondary_font",
    "secondaryFontColor": "secondary_font_color",
    "secondaryFontSize": "secondary_font_size",
    "secondaryFontLineHeight": "secondary_font_line_height",
    "secondaryAccentColor": "secondary_accent_color",
}


def sending(document: Document) -> Sending:
    """The sending fields. `from.replyTo` is the sender's own address, as HubSpot has it; the Reply-To is custom."""
    return Sending(
        subject=_part(document, Part.SUBJECT),
        from_name=_part(document, Part.FROM_NAME),
        from_address=_part(document, Part.FROM_ADDRESS).strip(),
        reply_to=_part(document, Part.REPLY_TO).strip(),
        preview_text=_part(document, Part.PREVIEW_TEXT),
        html=_part(document, Part.HTML),
        text=_part(document, Part.TEXT),
        language=text_at(document, "language"),
        subscription_id=text_at(document, "subscriptionDetails", "subscriptionId"),
    )


def field_of(document: Document, part: Part) -> str:
    """The field that an author must repair to repair a part: of two places, the one that counts."""
    short, long = _PLACES[part]
    return ".".join(short if text_at(document, *short) else long)


def styles(document: Document) -> dict[str, JsonValue]:
    """The template's names for the style settings that the author set (reference/hubl.md 3.1, flat aliases)."""
    settings = at(document, "content", "styleSettings")
    if not isinstance(settings, dict):
        return {}
    return {name: settings[key] for key, name in _STYLES.items() if isinstance(settings.get(key), str | int | float)}


def _part(document: Document, part: Part) -> str:
    short, long = _PLACES[part]
    return text_at(document, *short) or text_at(document, *long)


def at(document: Document, *path: str) -> JsonValue:
    """The value at a path of keys, None where the path breaks off."""
    value: JsonValue = dict(document)
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def text_at(document: Document, *path: str) -> str:
    """The text at a path; "" for anything else."""
    value = at(document, *path)
    return value if isinstance(value, str) else ""
