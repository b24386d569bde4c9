"""The document around a body."""

import pytest

from sendwright.emails import frame

HIDDEN = "display:none"


def parts_around(document):
    """What stands before and after the hidden preview text."""
    before, _, after = frame.with_preview(document, "P").partition('<div style="display:none')
    return before, after.partition("</div>")[2]


@pytest.mark.parametrize("text", ["<p>Hi</p>", "Hi", "<bodyguard>", "<htmlx>", "a &lt;html> b"])
def test_text_without_a_document_of_its_own_is_a_fragment(text):
    assert not frame.is_whole(text)


@pytest.mark.parametrize("text", ["<html>", "x <HTML lang=en>", "<body class=a>", "<!DOCTYPE html>", "<body>"])
def test_text_with_a_document_of_its_own_is_whole(text):
    assert frame.is_whole(text)


def test_a_fragment_gets_a_document_that_names_its_charset_and_viewport():
    whole = frame.around_fragment("<p>Hi</p>", title="T", preview="", language="")
    assert whole.startswith("<!doctype html>\n<html>")
    assert 'charset="utf-8"' in whole
    assert 'name="viewport"' in whole


def test_the_language_of_an_email_is_that_of_its_document():
    assert '<html lang="de-ch">' in frame.around_fragment("x", title="", preview="", language="de-ch")


def test_title_and_preview_text_are_escaped():
    whole = frame.around_fragment("x", title="<a&b>", preview="<c>", language='"')
    assert "<title>&lt;a&amp;b&gt;</title>" in whole
    assert "&lt;c&gt;</div>" in whole
    assert 'lang="&quot;"' in whole


def test_without_a_preview_text_nothing_is_hidden_in_the_document():
    assert HIDDEN not in frame.around_fragment("x", title="", preview="", language="")
    assert frame.with_preview("<body>x", "") == "<body>x"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<html><body>", "x</body></html>"),
        ('<BODY class="a">', "x"),
        ("<body style='a>b'>", "x"),
        ('<body title="a>b" id=c>', "x"),
        ("<body\n>", "x"),
        ("<!-- <body> --><body>", "x"),
        ("<!--[if mso]><body class='o'><![endif]--><!--[if !mso]><!--><body>", "x<!--<![endif]-->"),
        ("<!--><body>", "x"),
        ("<bodyguard><body/>", "x"),
    ],
)
def test_the_preview_text_is_the_first_thing_of_the_body(before, after):
    assert parts_around(before + after) == (before, after)


@pytest.mark.parametrize("document", ["<html>no body", "<body class='never ends", "<!-- <body>", "<body"])
def test_where_no_body_begins_the_preview_text_stands_in_front(document):
    assert parts_around(document) == ("", document)


@pytest.mark.parametrize("piece", ["<body ", "<!--", '<body a="', "<body a='\"", "--><body", "<body ''\"\""])
def test_a_hostile_document_is_searched_only_once(piece):
    document = piece * 200_000
    assert len(frame.with_preview(document, "P")) > len(document)
