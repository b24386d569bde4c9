"""The mail of the whole way: a receipt with 20 lines, 10 links and 8 KB of HTML; and the requests that send it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bench.load import NUMBER

LINES = [
    {"name": f"Article no. {n}", "quantity": n, "price": f"{n * 3}.50", "total": f"{n * n * 3}.00"}
    for n in range(1, 21)
]
_PEOPLE = 500
_STYLE = "".join(
    f".c{n}{{margin:0 0 {n}px 0;padding:{n}px;font:14px/20px Helvetica,Arial,sans-serif;color:#33{n:02}44}}\n"
    for n in range(10, 24)
)
_LINKS = "".join(
    f'<p class="c12"><a href="https://shop.example.com/articles/{n}?campaign=receipt&amp;place={n}">See article {n}</a>'
    " goes well with what you bought, and others liked it too.</p>\n"
    for n in range(10)
)
_WORDS = "<p class='c14'>Thank you for your order. It is packed with care and leaves our house today or tomorrow.</p>\n"
_CELL = '<td align="right" valign="top" class="c13">'
_ROW = (
    f'<tr><td align="left" class="c11">{{name}}</td>{_CELL}{{quantity}}</td>'
    f"{_CELL}{{price}}</td>{_CELL}{{total}}</td></tr>\n"
)

_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Receipt</title><style>\n" + _STYLE + "</style></head><body>\n"
    "<h1>Order {no}</h1>\n<p class='c14'>Dear {name},</p>\n" + _WORDS * 8 + "<table class='c10'>\n{rows}</table>\n"
    + _LINKS + "</body></html>\n"
)  # fmt: skip


def template() -> str:
    """The receipt as an author writes it."""
    row = _ROW
    for field in LINES[0]:
        row = row.replace("{" + field + "}", "{{ line." + field + " }}")
    loop = "{% for line in custom.lines %}" + row + "{% endfor %}"
    page = _PAGE.replace("{no}", "{{ custom.order_no }}").replace("{rows}", loop)
    return page.replace("{name}", "{{ contact.firstname|default('customer') }}")


def rendered() -> str:
    """The receipt as its reader gets it, with ten noughts for its number: for the peer that does not render."""
    rows = "".join(_ROW.format(**line) for line in LINES)
    return _PAGE.replace("{no}", "0000000000").replace("{rows}", rows).replace("{name}", "Ann")


def sends(token: str, email_id: int) -> list[str]:
    """Requests for whole receipts, to so many people in turn."""
    bodies = (
        {
            "emailId": email_id,
            "message": {"to": f"person{n}@example.org"},
            "contactProperties": {"firstname": "Ann"},
            "customProperties": {"order_no": NUMBER, "lines": LINES},
        }
        for n in range(_PEOPLE)
    )
    return _posts(token, bodies)


def small_sends(token: str, email_id: int) -> list[str]:
    """Requests of 1,021 octets of JSON, as the reference figures of accepting have them."""
    bodies = []
    for n in range(_PEOPLE):
        body: dict[str, Any] = {
            "emailId": email_id,
            "message": {"to": f"person{n}@example.org", "replyTo": ["shop@example.com"]},
            "contactProperties": {"firstname": "Ann", "lastname": "Lee"},
            "customProperties": {"order_no": NUMBER, "lines": LINES[:9], "note": ""},
        }
        body["customProperties"]["note"] = "n" * (1021 - len(json.dumps(body)))
        bodies.append(body)
    return _posts(token, bodies)


def _posts(token: str, bodies: Any) -> list[str]:
    return [
        "POST /marketing/v3/transactional/single-email/send HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}"
        for text in map(json.dumps, bodies)
    ]


def gets(paths: Sequence[str]) -> list[str]:
    """Requests as a browser makes them when somebody clicks."""
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    return [
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {agent}\r\nAccept: text/html\r\n"
        "Accept-Language: en\r\nAccept-Encoding: gzip\r\n\r\n"
        for path in paths
    ]
