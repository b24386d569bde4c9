"""Where the sending fields lie in a document."""

import pytest

from sendwright.emails import content
from sendwright.emails.model import Part

from .documents import document

LONG = {
    "widgets": {
        "hs_email_body": {"body": {"html": "<p>long</p>"}},
        "preview_text": {"body": {"value": "long preview"}},
    },
    "plainTextVersion": "long text",
}
SHORT = {"html": "<p>short</p>", "previewText": "short preview", "text": "short text"}


def test_texts_are_read_from_hubspots_places():
    found = content.sending(document(content=LONG))
    assert (found.html, found.preview_text, found.text) == ("<p>long</p>", "long preview", "long text")


def test_the_short_forms_count_where_both_are_written():
    found = content.sending(document(content={**LONG, **SHORT}))
    assert (found.html, found.preview_text, found.text) == ("<p>short</p>", "short preview", "short text")


def test_the_senders_own_address_is_in_reply_to_as_hubspot_has_it():
    found = content.sending({"from": {"fromName": "A", "replyTo": " a@example.com ", "customReplyTo": "b@example.com"}})
    assert (found.from_name, found.from_address, found.reply_to) == ("A", "a@example.com", "b@example.com")


@pytest.mark.parametrize("odd", [None, 5, "text", [], {"widgets": "none"}, {"widgets": {"hs_email_body": []}}])
def test_content_of_an_odd_shape_has_no_text(odd):
    assert content.sending({"content": odd, "from": odd, "subject": 5}).html == ""


@pytest.mark.parametrize("part", list(Part))
@pytest.mark.parametrize("written", [LONG, SHORT, {}])
def test_the_field_to_repair_is_the_one_that_counts(part, written):
    path = content.field_of(document(content=written), part).split(".")
    short = written is SHORT and part in (Part.HTML, Part.TEXT, Part.PREVIEW_TEXT)
    assert (path[-1] in SHORT and len(path) == 2) is short


def test_style_settings_become_names_of_the_template():
    styled = document(content={"styleSettings": {"bodyColor": "#fff", "primaryFontSize": 14, "unknown": "x"}})
    assert content.styles(styled) == {"body_color": "#fff", "primary_font_size": 14}


def test_an_email_without_style_settings_has_no_styles():
    assert content.styles(document()) == {}
