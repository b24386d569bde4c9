"""Links are wrapped, the pixel is placed, and every other byte stays."""

import pytest

from sendwright.tracking import Tracked, track_html
from sendwright.tracking.links import MAX_LINKS
from sendwright.tracking.urls import MAX_URL_BYTES

PIXEL = '<img src="https://t.example.com/o/1?a&amp;b" width="1" height="1" alt="" style="display:block;border:0">'
OURS = ("https://t.example.com/c/", "https://t.example.com/u/")


def track(html: str) -> Tracked:
    return track_html(
        html,
        click_url=lambda link, url: f"https://t.example.com/c/{link}?q='\"<>&",
        pixel_url="https://t.example.com/o/1?a&b",
        untouched=OURS,
    )


def wrapped(link: int) -> str:
    return f"https://t.example.com/c/{link}?q=&#x27;&quot;&lt;&gt;&amp;"


def body_of(html: str) -> str:
    tracked = track(html).html
    assert tracked.count(PIXEL) == 1
    return tracked.replace(PIXEL, "")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<a href="https://example.com/">x</a>', f'<a href="{wrapped(0)}">x</a>'),
        ("<a href='https://example.com/'>x</a>", f"<a href='{wrapped(0)}'>x</a>"),
        ("<a href=https://example.com/>x</a>", f'<a href="{wrapped(0)}">x</a>'),
        ("<a href=https://example.com/ class=b>x</a>", f'<a href="{wrapped(0)}" class=b>x</a>'),
        ('<A HREF="HTTPS://EXAMPLE.COM/">x</A>', f'<A HREF="{wrapped(0)}">x</A>'),
        ('<a\n\thref\n=\r\n"http://example.com/"\f>x', f'<a\n\thref\n=\r\n"{wrapped(0)}"\f>x'),
        ('<a/href="http://example.com/"/>', f'<a/href="{wrapped(0)}"/>'),
        ('<a class="a>b" href="http://example.com/">', f'<a class="a>b" href="{wrapped(0)}">'),
        ('<a title=\'href="http://no"\' href="http://a.b">', f'<a title=\'href="http://no"\' href="{wrapped(0)}">'),
        ('<area shape="rect" href="http://example.com/">', f'<area shape="rect" href="{wrapped(0)}">'),
        ('<a href="http://a.b" href="http://c.d">', f'<a href="{wrapped(0)}" href="http://c.d">'),
        ('<a a="1"b="2"href="http://a.b">', f'<a a="1"b="2"href="{wrapped(0)}">'),
        ('<td width=5"><a href="http://a.b">', f'<td width=5"><a href="{wrapped(0)}">'),
        ("<p it's><a href=\"http://a.b\">it's", f"<p it's><a href=\"{wrapped(0)}\">it's"),
        ('<p a=="x><a href="http://a.b">', f'<p a=="x><a href="{wrapped(0)}">'),
        ('1 < 2 <3 <a href="http://a.b">', f'1 < 2 <3 <a href="{wrapped(0)}">'),
        (
            '<!--[if !mso]><!--><a href="http://a.b">x</a><!--<![endif]-->',
            f'<!--[if !mso]><!--><a href="{wrapped(0)}">x</a><!--<![endif]-->',
        ),
        ('<![if !mso]><a href="http://a.b">x</a><![endif]>', f'<![if !mso]><a href="{wrapped(0)}">x</a><![endif]>'),
        ('<!--><a href="http://a.b">-->', f'<!--><a href="{wrapped(0)}">-->'),
        ('<!---><a href="http://a.b">-->', f'<!---><a href="{wrapped(0)}">-->'),
        ('<!-- a --!><a href="http://a.b">', f'<!-- a --!><a href="{wrapped(0)}">'),
        ('<!----><a href="http://a.b">', f'<!----><a href="{wrapped(0)}">'),
        ('<STYLE>a</sTyLe ><a href="http://a.b">', f'<STYLE>a</sTyLe ><a href="{wrapped(0)}">'),
        ('</><a href="http://a.b">', f'</><a href="{wrapped(0)}">'),
        ('</ a><a href="http://a.b">', f'</ a><a href="{wrapped(0)}">'),
        ('<?xml a?><a href="http://a.b">', f'<?xml a?><a href="{wrapped(0)}">'),
        ('<a href=" http://a.b/\n">', f'<a href="{wrapped(0)}">'),
    ],
)
def test_a_link_is_wrapped_and_nothing_else_changes(before, after):
    assert body_of(before) == after


@pytest.mark.parametrize(
    "html",
    [
        "",
        "plain text",
        '<a href="mailto:a@example.com">',
        '<a href="tel:+49">',
        '<a href="sms:+49">',
        '<a href="#top">',
        '<a href="/relative">',
        '<a href="relative.html">',
        '<a href="//example.com/">',
        '<a href="">',
        "<a href>",
        "<a href=>",
        "<a>",
        "<area>",
        '<a name="http://a.b">',
        '<a xhref="http://a.b" data-href="http://a.b">',
        '<abbr href="http://a.b">',
        '<areas href="http://a.b">',
        '<link href="http://a.b">',
        '<img src="http://a.b">',
        '</a href="http://a.b">',
        '<a href="{{ contact.link }}">',
        '<a href="http://a.b/{{ contact.id }}">',
        '<a href="http://a.b/{% if x %}">',
        '<a href="javascript:alert(1)">',
        '<a href href="http://a.b">',
        '<a href="#" href="http://a.b">',
        '<a href="https://t.example.com/c/1">',
        '<a href="HTTPS://T.example.com/u/1">',
        '<a href="http://a.b" data-unsubscribe>',
        '<a DATA-UNSUBSCRIBE=1 href="http://a.b">',
        '<!-- <a href="http://a.b"> -->',
        '<!--[if mso]><a href="http://a.b"><v:roundrect href="http://a.b"/><![endif]-->',
        '<!-- > <a href="http://a.b">',
        '<!-- -- > <a href="http://a.b">',
        '<style><a href="http://a.b"></style>',
        '<script><a href="http://a.b"></scripts></script>',
        '<script/><a href="http://a.b">',
        '<title><a href="http://a.b"></title>',
        '<textarea><a href="http://a.b"></textarea>',
        "<img alt=\"<a href='http://a.b'>\">",
        "<img alt='<a href=\"http://a.b\">'>",
        "</td x=\"<a href='http://a.b'>\">",
        '<!doctype <a href="http://a.b"',
        '<p a=">" b=\'<a href="http://a.b">\'>',
        '<a href="http://a.b',
        '<a href="http://a.b"',
        '<a href=\'http://a.b><a href="http://a.b">',
        '<p x="<a href=http://a.b>',
        "<",
        "</",
        "<a",
        "<!",
        "<!--",
        f'<a href="http://a.b/{"x" * MAX_URL_BYTES}">',
        '<a href="http://a.b/\ud800">',
        '<ſcript><ſtyle></ſcript><\u212aa href="http://a.b">',
    ],
)
def test_what_is_no_link_to_follow_stays_byte_for_byte(html):
    assert (body_of(html), track(html).links) == (html, ())


def test_links_are_counted_in_their_order_and_repeats_count_again():
    html = (
        '<a href="http://a.test/">1</a><a href="#">2</a><area href=\'http://b.test/?x&amp;y\'><a href=http://a.test/>'
    )
    assert track(html).links == ("http://a.test/", "http://b.test/?x&y", "http://a.test/")


def test_the_click_address_is_asked_for_with_the_number_and_the_decoded_address():
    asked: list[tuple[int, str]] = []
    track_html(
        '<a href="http://a.test/?x&amp;y"><a href="http://b.test/&#233;">',
        click_url=lambda link, url: asked.append((link, url)) or "http://t.test/",
        pixel_url="http://t.test/o",
    )
    assert asked == [(0, "http://a.test/?x&y"), (1, "http://b.test/%C3%A9")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<body>x</body></html>", f"<body>x{PIXEL}</body></html>"),
        ("<BODY>x</BODY\n></HTML>", f"<BODY>x{PIXEL}</BODY\n></HTML>"),
        ("x</body>y</body>z", f"x</body>y{PIXEL}</body>z"),
        ("x</body><!-- </body> -->", f"x{PIXEL}</body><!-- </body> -->"),
        ("x</body><script></body></script>", f"x{PIXEL}</body><script></body></script>"),
        ("x</body><style></body></style>", f"x{PIXEL}</body><style></body></style>"),
        ("x</body><p title='</body>'>", f"x{PIXEL}</body><p title='</body>'>"),
        ("x</bodyguard>", f"x</bodyguard>{PIXEL}"),
        ("</body>", f"{PIXEL}</body>"),
        ("x", f"x{PIXEL}"),
        ("", PIXEL),
    ],
)
def test_the_pixel_goes_before_the_last_end_of_the_body(before, after):
    assert track(before).html == after


@pytest.mark.parametrize(
    "html", ['<body><a href="http://a.b">x</a></body>', "<a href=http://a.b>", "</body></body>", ""]
)
def test_tracking_twice_changes_nothing_more(html):
    once = track(html).html
    assert track(once) == Tracked(html=once, links=())


def test_links_after_the_two_thousandth_stay():
    tracked = track("<a href=http://a.b>" * (MAX_LINKS + 5))
    assert (len(tracked.links), tracked.html.count("<a href=http://a.b>")) == (MAX_LINKS, 5)


@pytest.mark.parametrize("html", ["<a " * 350_000, '<a href="' * 110_000, "<!--" * 250_000, "<script>" * 120_000,
    "<" * 1_000_000, "</" * 500_000, "<!" + "-" * 1_000_000, "<p " + "=" * 1_000_000, "<p " + '"' * 1_000_000,
    "<a " + " " * 1_000_000, "<p x" + " " * 1_000_000, "<title><a " * 100_000,
    '<a href="http://x.test/' + "&" * 1_000_000 + '">', "<a href=http://a.b>" * 50_000, "</body>" * 140_000,
    '<a x="' * 160_000, '<a x="" ' * 125_000, "<a" + ' x=""' * 200_000, "<a x='y\"z>" * 90_000, "<!-- - -" * 120_000],
    ids=lambda html: html[:12])  # fmt: skip
def test_a_million_hostile_characters_are_read_in_one_pass(html):
    assert len(track(html).html) < len(html) + 1000 * MAX_LINKS
