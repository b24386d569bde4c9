import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendwright import mail
from tests.mail.work import is_linear


def text(html: str) -> str:
    return mail.text_from_html(html)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", ""),
        ("  plain \n text ", "plain text"),
        ("a<b>b</b> <i> c</i>", "ab c"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two</div>three", "one\ntwo\nthree"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<p></p><p> </p>one<p></p><div><p></p></div>two", "one\n\ntwo"),
        ("a &amp; b &lt;x&gt; &euro;&#8364;&#x20ac;&nbsp;c", "a & b <x> €€€ c"),
        ("5 < 6 &unknown; 7 > 2", "5 < 6 &unknown; 7 > 2"),
        ("a&#" + "9" * 5_000 + ";b", "a\ufffdb"),
        ("a\0b\x07\u00ad\u200bc", "abc"),
        ("a&zwnj;&nbsp;&zwnj;&nbsp;b", "a b"),
        ("نمی\u200cخواهم", "نمی\u200cخواهم"),
        ("\u202bشكرا\u202c", "\u202bشكرا\u202c"),
        ("<h1>Title</h1>text<hr>end", "Title\n\ntext\n\n---\n\nend"),
    ],
)
def test_text_reads_like_the_page(html, expected):
    assert text(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (
            "<a href='https://example.com/?a=1&amp;b=2'>the <b>page</b></a> now",
            "the page (https://example.com/?a=1&b=2) now",
        ),
        ("<a href=https://example.com/>page</a>.", "page (https://example.com/)."),
        ('<A HREF = "https://example.com/">page</A>', "page (https://example.com/)"),
        ("<a href='https://example.com/'>https://example.com/</a>", "https://example.com/"),
        ("<a href='mailto:ann@example.com'>ann@example.com</a>", "ann@example.com"),
        ("<a href='tel:+4912345'>call</a>", "call (tel:+4912345)"),
        ("<a href='#top'>top</a>", "top"),
        ("<a href='javascript:alert(1)'>x</a>", "x"),
        ("<a href='https://example.com/" + "a" * 4_000 + "'>x</a>", "x"),
        ("<a href='https://example.com/a\nb'>x</a>", "x (https://example.com/ab)"),
        ("<a name=x>anchor</a>", "anchor"),
        ("<a title='href=y' href='https://example.com/'>x</a>", "x (https://example.com/)"),
        ("<a alt=a href='https://example.com/'>x</a>", "x (https://example.com/)"),
        ("<a href='https://example.com/'></a>", "https://example.com/"),
        ("x <a href='https://example.com/'><img src=y></a> z", "x https://example.com/ z"),
        ("<a href='https://example.com/'><img src=y alt='Our shop'></a>", "Our shop (https://example.com/)"),
        ("<a href='https://example.com/'>page</p></a>next", "page (https://example.com/)\n\nnext"),
        ("<a href='https://example.com/'>never closed", "never closed (https://example.com/)"),
        (
            "<a href='https://a.test/'>one<a href='https://b.test/'>two</a>",
            "one (https://a.test/)two (https://b.test/)",
        ),
        ("</a>x", "x"),
    ],
)
def test_a_link_shows_where_it_goes(html, expected):
    assert text(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (
            "<table><tr><td>Mug</td><td>9 €</td></tr><tr><th>Sum</th><th> 9 €</th></tr></table>x",
            "Mug | 9 €\nSum | 9 €\n\nx",
        ),
        ("<tr><td></td><td>a</td><td> </td><td>b</td><td></td></tr>", "a | b"),
        ("<ul><li>one</li><li>two</li></ul>x", "- one\n- two\n\nx"),
        ("<ul><li>one<li>two</ul>", "- one\n- two"),
        ("<ol><li>one</li><li>two</li></ol>", "1. one\n2. two"),
        ("<ul><li>a<ol><li>b</li></ol></li><li>c</li></ul>x", "- a\n  1. b\n- c\n\nx"),
        ("<ul><li><p>a</p></li><li></li><li>c</li></ul>", "- a\n- c"),
        ("<li>loose</li></ul>x", "- loose\n\nx"),
        ("<pre>a\n  b\n\n\tc</pre>d", "a\n  b\n\n    c\n\nd"),
        ("</pre>a  b", "a b"),
        ("<pre>\na</pre>", "a"),
    ],
)
def test_cells_lists_and_code_keep_their_shape(html, expected):
    assert text(html) == expected


@pytest.mark.parametrize(
    "gone",
    [
        "<style>p > a { x: '</p>' }</style>",
        "<script>if (a < b) document.write('<p>x</p>')</script>",
        "<STYLE>x</STYLE >",
        "<head><title>x</title><meta charset=utf-8>y</head>",
        "<!-- x -->",
        "<!-->",
        "<!--[if mso]><table><tr><td>x</td></tr></table><![endif]-->",
        "<![if !mso]><![endif]>",
        "<!DOCTYPE html>",
        "<?xml version='1.0'?>",
        "<div style='display:none'>x<div>y</div>z</div>",
        '<span style="color:red; DISPLAY : NONE">x<b>y</b></span>',
        "<div style='mso-hide:all'>x</div>",
        "<p hidden>x</p>",
        "<p hidden=''>x</p>",
        "<p style='display:none'>x<p>",
        "<img hidden alt=x>",
        "<img src=x>",
        "<template>x</template>",
        "<title>x</title>",
        "<textarea>x</textarea>",
        "</>",
        "</1>",
        "<a title='>' name=\"<p>\"></a>",
        "<select><option>x</option></select>",
    ],
)
def test_what_a_reader_does_not_see_is_gone(gone):
    assert text(f"before {gone} after").split() == ["before", "after"]


def test_what_shows_only_outside_outlook_stays():
    assert text("a <!--[if !mso]><!--> b <!--<![endif]--> c") == "a b c"


def test_a_hidden_paragraph_ends_at_the_next_block():
    assert text("<p hidden>x<div>y</div>") == "y"


def test_a_hidden_paragraph_does_not_end_at_a_cell_or_an_inline_tag():
    assert text("<p hidden>x<b>y</b><td>z</p>a") == "a"


def test_an_unclosed_head_ends_at_the_body():
    assert text("<head><meta x><body>y") == "y"


def test_the_word_hidden_in_a_value_hides_nothing():
    assert text("<p class='none hidden-sm'>x</p>") == "x"


@pytest.mark.parametrize(
    "torn",
    [
        "<",
        "x<",
        "<p",
        "<p class='",
        "<!--",
        "<!",
        "<style>",
        "<script>a</scrip",
        "</p",
        "<p title='>'",
        "&",
        "&#",
        "&#x",
    ],
)
def test_torn_html_keeps_what_came_before(torn):
    assert text(f"<p>before</p>{torn}").startswith("before")


def test_a_quote_that_never_closes_is_no_quote():
    assert text("<p title=\"x>one</p><p title='>two") == "one\n\ntwo"


def test_only_two_mebicharacters_are_read():
    assert len(text("a" * 5_000_000)) == 2 * 1024 * 1024


@given(st.text(max_size=300))
def test_any_text_is_read(html):
    text(html)


TAGS = st.sampled_from(
    [
        *("<p>", "</p>", "<p hidden>", "<a href='https://a.test'>", "</a>", "<ul>", "</ul>", "<li>", "<pre>", "</pre>"),
        *("<div hidden>", "</div>", "<head>", "<body>", "<img alt=x>", "<hr>", "<td>", "<!--", "-->"),
        *("x", " ", "\n", "'", '"', "<", ">"),
    ]
)


@given(st.lists(TAGS, max_size=40))
def test_any_heap_of_tags_is_read_without_empty_runs(pieces):
    found = text("".join(pieces))
    assert found == found.rstrip()
    assert "\n\n\n" not in found


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "<",
            "<a ",
            "<a href='",
            "<!--",
            "<head>",
            "<div hidden>",
            "<p hidden>",
            "&#9",
            "&",
            "<ol><li>x",
            "<a href=http://x>",
        ),
        *(
            '<a ="',
            "</",
            "<a<b>",
            "<a none display ",
            "= ",
            "<img alt='",
            "<a href=\"'><",
            "<td>x",
            "<pre>\n",
            "<script",
            "<!",
            ">",
        ),
    ],
)
def test_any_repetition_is_read_in_linear_time(piece):
    assert is_linear(text, lambda size: piece * (size // len(piece)), 2_000)
