"""Tokens hold what was sealed and nothing else opens anything (attacks D1, D2)."""

import hashlib
import hmac
import random
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendwright import tracking
from sendwright.tracking import Click, Open, SandboxPage, TrackingKey, Unsubscribe, WebVersion, tokens
from sendwright.tracking.urls import MAX_URL_BYTES

KEY = TrackingKey(b"k" * 32)
OTHER_KEY = TrackingKey(b"o" * 32)
SEND = "0190a5c2-1111-7222-8333-123456789abc"
CLICK = Click(account_id=12, send_id=SEND, link=3, url="https://shop.example.com/orders/1?a=1&b=2#top")

PAIRS = {
    "click": (CLICK, tracking.seal_click, tracking.unseal_click),
    "open": (Open(account_id=12, send_id=SEND), tracking.seal_open, tracking.unseal_open),
    "web version": (WebVersion(account_id=12, send_id=SEND), tracking.seal_web_version, tracking.unseal_web_version),
    "unsubscribe": (Unsubscribe(account_id=12, send_id=SEND), tracking.seal_unsubscribe, tracking.unseal_unsubscribe),
    "sandbox page": (
        SandboxPage(account_id=12, send_id=SEND),
        tracking.seal_sandbox_page,
        tracking.unseal_sandbox_page,
    ),
}


def sealed_by_hand(label: bytes, payload: bytes, key: TrackingKey = KEY) -> str:
    mac = hmac.new(key.secret, label + payload, hashlib.sha256).digest()[:16]
    return urlsafe_b64encode(payload + mac).rstrip(b"=").decode()


@pytest.mark.parametrize("kind", PAIRS)
def test_what_was_sealed_comes_back(kind):
    sealed, seal, unseal = PAIRS[kind]
    assert unseal([KEY], seal([KEY], sealed)) == sealed


@pytest.mark.parametrize("kind", PAIRS)
@pytest.mark.parametrize("other", PAIRS)
def test_a_token_opens_only_the_door_that_it_was_made_for(kind, other):
    sealed, seal, _ = PAIRS[kind]
    assert (PAIRS[other][2]([KEY], seal([KEY], sealed)) is None) is (kind != other)


@pytest.mark.parametrize("kind", PAIRS)
def test_every_change_of_one_character_is_noticed(kind):
    sealed, seal, unseal = PAIRS[kind]
    token = seal([KEY], sealed)
    changed = [
        token[:at] + char + token[at + 1 :] for at in range(len(token)) for char in "AB_-z9=+/ é\n" if token[at] != char
    ]
    assert all(unseal([KEY], one) is None for one in changed)


@pytest.mark.parametrize("kind", PAIRS)
def test_every_change_of_one_bit_is_noticed(kind):
    sealed, seal, unseal = PAIRS[kind]
    token = seal([KEY], sealed)
    raw = urlsafe_b64decode(token + "==")
    for bit in range(8 * len(raw)):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        assert unseal([KEY], urlsafe_b64encode(flipped).rstrip(b"=").decode()) is None


def test_the_spare_bits_of_the_last_character_are_no_second_spelling():
    token = tracking.seal_open([KEY], Open(account_id=300, send_id=SEND))
    raw = urlsafe_b64decode(token + "==")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    same_bytes = [token[:-1] + char for char in alphabet if urlsafe_b64decode(token[:-1] + char + "==") == raw]
    assert len(same_bytes) > 1
    assert [one for one in same_bytes if tracking.unseal_open([KEY], one)] == [token]


@pytest.mark.parametrize(
    "spelling", ["{}=", "{}==", " {}", "{}\n", "{}\0", "{}A", "A{}", "{}\ud800", "{}%3D", "{0}{0}"]
)
def test_a_token_has_one_spelling(spelling):
    token = tracking.seal_click([KEY], CLICK)
    assert tracking.unseal_click([KEY], spelling.format(token)) is None


@pytest.mark.parametrize("token", ["", "A", "é", "\ud800", "A" * 22, "-" * 8192, "=" * 10_000_000, "A" * 10_000_000])
def test_nonsense_of_any_size_opens_nothing(token):
    assert tracking.unseal_click([KEY], token) is None


@pytest.mark.parametrize("kind", PAIRS)
def test_a_cut_token_opens_nothing(kind):
    sealed, seal, unseal = PAIRS[kind]
    token = seal([KEY], sealed)
    assert all(unseal([KEY], token[:length]) is None for length in range(len(token)))


def test_a_token_under_a_strange_key_opens_nothing():
    assert tracking.unseal_click([KEY], tracking.seal_click([OTHER_KEY], CLICK)) is None


def test_a_token_under_an_old_key_still_opens():
    assert tracking.unseal_click([OTHER_KEY, KEY], tracking.seal_click([KEY], CLICK)) == CLICK


def test_the_first_key_signs():
    assert tracking.seal_click([KEY, OTHER_KEY], CLICK) == tracking.seal_click([KEY], CLICK)


def test_without_keys_nothing_opens():
    assert tracking.unseal_click([], tracking.seal_click([KEY], CLICK)) is None


def test_ten_thousand_random_tokens_open_nothing():
    chance = random.Random(1)
    length = len(tracking.seal_open([KEY], Open(account_id=1, send_id=SEND)))
    for _ in range(10_000):
        token = urlsafe_b64encode(chance.randbytes(length * 3 // 4)).rstrip(b"=").decode()
        assert tracking.unseal_open([KEY], token) is None


def test_the_mac_has_128_bits_and_is_hmac_sha256():
    payload = b"\x0c" + bytes.fromhex(SEND.replace("-", ""))
    assert tracking.seal_open([KEY], Open(account_id=12, send_id=SEND)) == sealed_by_hand(b"open\0", payload)


@given(
    account=st.integers(0, 2**63 - 1),
    send=st.uuids(),
    link=st.integers(0, 2**63 - 1),
    path=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=200),
)
def test_any_account_send_link_and_address_come_back(account, send, link, path):
    click = Click(account_id=account, send_id=str(send), link=link, url=f"http://example.com/{path}")
    assert tracking.unseal_click([KEY], tracking.seal_click([KEY], click)) == click


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//example.com", "", "mailto:a@example.com",
    "https://example.com/\r\nSet-Cookie: a=b", "https://example.com/ a", "https://example.com/é", "http:///x", "http://",
    "https://example.com/\0", "https://example.com/" + "a" * MAX_URL_BYTES])  # fmt: skip
def test_an_address_that_may_not_be_tracked_is_not_sealed(url):
    with pytest.raises(ValueError, match="http"):
        tracking.seal_click([KEY], Click(account_id=1, send_id=SEND, link=0, url=url))


@pytest.mark.parametrize(
    "url", [b"javascript:alert(1)", b"https://example.com/\r\nX: y", b"https://example.com/\xc3\xa9", b""]
)
def test_an_address_that_may_not_be_tracked_is_not_unsealed_even_under_our_key(url):
    payload = b"\x0c" + bytes.fromhex(SEND.replace("-", "")) + b"\x03" + url
    assert tracking.unseal_click([KEY], sealed_by_hand(b"click\0", payload)) is None


@pytest.mark.parametrize("payload", [b"", b"\x0c", b"\xff" * 9, b"\xff" * 40, b"\x0c" + b"s" * 15, b"\x0c" + b"s" * 16,
    b"\x0c" + b"s" * 16 + b"\xff" * 12, b"\x0c" + b"s" * 16 + b"\x81"])  # fmt: skip
def test_a_malformed_payload_under_our_key_opens_nothing(payload):
    assert tracking.unseal_click([KEY], sealed_by_hand(b"click\0", payload)) is None


@pytest.mark.parametrize("payload", [b"", b"\x0c" + b"s" * 15, b"\x0c" + b"s" * 17])
def test_a_payload_of_the_wrong_length_is_no_open(payload):
    assert tracking.unseal_open([KEY], sealed_by_hand(b"open\0", payload)) is None


def test_the_longest_address_and_the_largest_numbers_fit_the_token():
    url = "https://example.com/".ljust(MAX_URL_BYTES, "a")
    token = tracking.seal_click([KEY], Click(account_id=2**63 - 1, send_id=SEND, link=2**63 - 1, url=url))
    assert len(token) <= tokens.MAX_TOKEN_CHARS


@pytest.mark.parametrize(
    "send_id", [SEND.upper(), SEND.replace("-", ""), f"{{{SEND}}}", f" {SEND}", "x", "", SEND + "00", "é"]
)
def test_a_send_id_has_its_canonical_spelling(send_id):
    with pytest.raises(ValueError, match=r"UUID|hexadecimal"):
        tracking.seal_open([KEY], Open(account_id=1, send_id=send_id))


@pytest.mark.parametrize("account_id", [-1, 2**63])
def test_an_account_is_a_63_bit_number(account_id):
    with pytest.raises(ValueError, match="63-bit"):
        tracking.seal_open([KEY], Open(account_id=account_id, send_id=SEND))


def test_a_short_key_is_refused():
    with pytest.raises(ValueError, match="at least 16"):
        TrackingKey(b"short")


def test_a_key_does_not_show_in_its_repr():
    assert "kkkk" not in repr(KEY)


def test_the_pixel_is_a_transparent_gif_of_one_dot_in_43_bytes():
    gif = tracking.PIXEL_GIF
    assert (len(gif), gif[:6], gif[6:10], gif[-1:]) == (43, b"GIF89a", b"\x01\0\x01\0", b";")


def test_a_message_s_links_are_sealed_as_each_alone():
    seal = tracking.click_sealer([KEY, OTHER_KEY], CLICK.account_id, CLICK.send_id)
    assert [seal(link, CLICK.url) for link in (3, 4)] == [
        tracking.seal_click([KEY], CLICK),
        tracking.seal_click([KEY], Click(account_id=12, send_id=SEND, link=4, url=CLICK.url)),
    ]
