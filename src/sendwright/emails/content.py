"""Where the sending fields lie in a document, as HubSpot's clients write it (reference/hubspot-api.md 9).

`content.html`, `content.text` and `content.previewText` are our short forms; where both are written, the short one
counts (`rules.merged` drops it when a later change names the long one).
"""

from typing import Final

from sendwright.emails.model import Document, JsonValue, Part, Sending

BODY_PATH: Final = ("content", "widgets", "hs_email_body", "body", "html")
PREVIEW_PATH: Final = ("content", "widgets", "preview_text", "body", "value")

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
        subject=text_at(document, "subject"),
        from_name=text_at(document, "from", "fromName"),
        from_address=text_at(document, "from", "replyTo").strip(),
        reply_to=text_at(document, "from", "customReplyTo").strip(),
        preview_text=text_at(document, "content", "previewText") or text_at(document, *PREVIEW_PATH),
        html=text_at(document, "content", "html") or text_at(document, *BODY_PATH),
        text=text_at(document, "content", "text") or text_at(document, "content", "plainTextVersion"),
        language=text_at(document, "language"),
        subscription_id=text_at(document, "subscriptionDetails", "subscriptionId"),
    )


def field_of(document: Document, part: Part) -> str:
    """The field that an author must repair to repair a part: of two places, the one that counts."""
    match part:
        case Part.SUBJECT:
            return "subject"
        case Part.FROM_NAME:
            return "from.fromName"
        case Part.FROM_ADDRESS:
            return "from.replyTo"
        case Part.REPLY_TO:
            return "from.customReplyTo"
        case Part.HTML:
            return "content.html" if text_at(document, "content", "html") else ".".join(BODY_PATH)
        case Part.TEXT:
            return "content.text" if text_at(document, "content", "text") else "content.plainTextVersion"
        case Part.PREVIEW_TEXT:
            return "content.previewText" if text_at(document, "content", "previewText") else ".".join(PREVIEW_PATH)


def styles(document: Document) -> dict[str, JsonValue]:
    """The template's names for the style settings that the author set (reference/hubl.md 3.1, flat aliases)."""
    settings = at(document, "content", "styleSettings")
    if not isinstance(settings, dict):
        return {}
    return {name: settings[key] for key, name in _STYLES.items() if isinstance(settings.get(key), str | int | float)}


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
