"""B1: nothing that a caller or an author writes starts a header, a body or a command of its own.

Every text of a request and of an e-mail goes, with every known way to break a line, the whole way to the bytes. Either
the send is refused, or the message that leaves has exactly the headers of an innocent one.
"""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage, Message
from typing import Any

import pytest

from sendwright import emails, ledger, outbound
from sendwright.single_send import STREAM
from sendwright.single_send.message import Message as Made
from sendwright.single_send.message import make_message
from sendwright.single_send.request import decode, encode
from sendwright.single_send.rules import Plan, Refusal, decide, read_people
from tests.emails.documents import compiled

from .shop import TOOLS, cheap_keys, request
from .test_rules import facts

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEYS = (outbound.load_key("example.com", "sw2", cheap_keys()[0].private_pem),)

EVIL = (
    "a\r\nBcc: eve@example.net",
    "a\nX-Injected: 1",
    "a\rX-Injected: 1",
    "a\r\n\r\n<p>another body</p>",
    "a\r\n .\r\nMAIL FROM:<eve@example.net>",
    "a\r\n\tfolded",
    "a\u2028X-Injected: 1",
    "a\u2029X-Injected: 1",
    "a\x85X-Injected: 1",
    "a\x0bX-Injected: 1",
    "a\x0cX-Injected: 1",
    "a\x1cX-Injected: 1",
    "a\x00b",
    "=?utf-8?q?a=0D=0ABcc:_eve@example.net?=",
    "=?utf-8?b?YQ0KQmNjOiBldmVAZXhhbXBsZS5uZXQ=?=",
    "a%0d%0aBcc: eve@example.net",
    "a\\r\\nBcc: eve@example.net",
    "a>, eve <eve@example.net",
    'a" <eve@example.net>, "b',
    "a" * 5_000 + "\r\nBcc: eve@example.net",
)


def _address(text: str) -> str:
    return f"{text} <ann@example.org>"


def _sender(text: str) -> str:
    return f"{text} <shop@example.com>"


# Where a text stands: in the request …
ASKED: dict[str, Any] = {
    "to": lambda text: {"to": _address(text)},
    "to, as an address": lambda text: {"to": f"{text}@example.org"},
    "to, quoted": lambda text: {"to": f'"{text}" <ann@example.org>'},
    "from": lambda text: {"from_": _sender(text)},
    "from, as an address": lambda text: {"from_": f"{text}@example.com"},
    "replyTo": lambda text: {"reply_to": (_sender(text),)},
    "cc": lambda text: {"cc": (_address(text), "bob@example.org")},
    "bcc": lambda text: {"bcc": (_address(text),)},
    "sendId": lambda text: {"send_id": text},
    "a custom property": lambda text: {"custom_properties": {"value": text, "order_no": "1"}},
    "a contact property": lambda text: {"contact_properties": {"firstname": text}},
}
# … or in the e-mail.
WRITTEN: dict[str, Any] = {
    "subject": lambda text: {"subject": text},
    "from name": lambda text: {"from": {"fromName": text, "replyTo": "shop@example.com"}},
    "from address": lambda text: {"from": {"fromName": "Shop", "replyTo": f"{text}@example.com"}},
    "reply-to": lambda text: {"from": {"replyTo": "shop@example.com", "customReplyTo": text}},
    "preview text": lambda text: {"previewText": text},
    "HTML": lambda text: {"content": {"html": f"<p>{text}</p>"}},
    "name": lambda text: {"name": text},
    "campaign": lambda text: {"campaign": text},
    "language": lambda text: {"language": text},
}
TEMPLATE = {
    "subject": "Order {{ custom.value }} of {{ contact.firstname }}",
    "from": {"fromName": "Shop {{ custom.value }} {{ contact.firstname }}", "replyTo": "shop@example.com"},
    "previewText": "{{ custom.value }} {{ contact.firstname }}",
    "content": {"html": "<p>{{ custom.value }} {{ contact.firstname }}</p>"},
}


def made_from(asked: dict[str, Any], version: emails.PublishedVersion) -> Made | None:
    """The message of a request, or None where it is refused."""
    wish = decode(encode(request(**{"custom_properties": {"value": "1", "order_no": "1"}, **asked})))
    named = read_people(wish)
    if isinstance(named, Refusal):
        return None
    claimed = ledger.ClaimedSend(
        account_id=1, id=ledger.SendId("01890000-0000-7000-8000-000000000001"), requested_at=NOON, stream=STREAM,
        lease=ledger.Lease(owner="w", epoch=1), email_id=101, app_id=1, recipient=wish.to, payload=b"",
    )  # fmt: skip
    plan = decide(claimed, wish, named, facts(version=version))
    if not isinstance(plan, Plan):
        return None
    made = make_message(plan, {"firstname": "Ann", **wish.contact_properties}, KEYS, TOOLS)
    return made if isinstance(made, Made) else None


def names_of(message: bytes) -> list[str]:
    """The names of all header fields, parts included, as the standard library reads them."""
    parsed: Message = email.message_from_bytes(message, policy=email.policy.compat32)
    return [name for part in parsed.walk() for name in part.keys()]  # noqa: SIM118 - once for each field, not each name


def assert_harmless(made: Made, innocent: Made) -> None:
    for message, like in ((made.tracked, innocent.tracked), (made.copy, innocent.copy)):
        assert (message is None) == (like is None)
        if message is None or like is None:
            continue
        assert names_of(message) == names_of(like)
        lines = message.split(b"\r\n")
        assert not any(b"\r" in line or b"\n" in line for line in lines)
        assert max(map(len, lines)) <= 998
    for word in (made.subject, made.sender):
        assert word.isprintable(), word


@pytest.mark.parametrize("place", ASKED)
@pytest.mark.parametrize("text", EVIL, ids=range(len(EVIL)))
def test_no_text_of_a_request_starts_a_header(place: str, text: str):
    version = compiled(**TEMPLATE)
    innocent = made_from(ASKED[place]("a"), version)
    made = made_from(ASKED[place](text), version)
    assert innocent is not None
    if made is not None:
        assert_harmless(made, innocent)


@pytest.mark.parametrize("place", WRITTEN)
@pytest.mark.parametrize("text", EVIL, ids=range(len(EVIL)))
def test_no_text_of_an_email_starts_a_header(place: str, text: str):
    made = made_from({}, compiled(**WRITTEN[place](text)))
    innocent = made_from({}, compiled(**WRITTEN[place]("a")))
    if made is not None and innocent is not None:
        reply_to = b"\r\nReply-To:" in made.tracked.partition(b"\r\n\r\n")[0]
        if reply_to and place == "reply-to":
            innocent = made_from({"reply_to": ("help@example.com",)}, compiled())
        assert innocent is not None
        assert_harmless(made, innocent)


@pytest.mark.parametrize("text", EVIL[:13], ids=range(13))
def test_a_rendered_subject_stays_on_one_line(text: str):
    made = made_from(ASKED["a custom property"](text), compiled(**TEMPLATE))
    assert made is not None
    parsed = email.message_from_bytes(made.tracked, _class=EmailMessage, policy=email.policy.default)
    assert str(parsed["Subject"]).startswith("Order a")
    assert str(parsed["Subject"]).isprintable()


def test_an_encoded_word_in_a_name_is_shown_as_it_was_written():
    text = "=?utf-8?q?=65vil?="
    made = made_from({"to": _address(text)}, compiled())
    if made is not None:
        parsed = email.message_from_bytes(made.tracked, _class=EmailMessage, policy=email.policy.default)
        assert parsed["To"].addresses[0].display_name != "evil"


def test_the_visible_sender_is_one_address():
    for text in EVIL:
        made = made_from({"from_": _sender(text)}, compiled(**TEMPLATE))
        if made is not None:
            parsed = email.message_from_bytes(made.tracked, _class=EmailMessage, policy=email.policy.default)
            assert [box.addr_spec for box in parsed["From"].addresses] == ["shop@example.com"]
