"""Our DKIM signatures, verified by a second implementation (dkimpy)."""

import hashlib
import re
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sendwright.outbound import dkim

NOW = datetime(2026, 3, 2, 14, 2, 7, tzinfo=UTC)
# dkimpy asks the machine's clock whether a signature has expired.
LONG = timedelta(days=36_500)
MESSAGE = (
    b"From: Shop <shop@example.com>\r\nTo: Ann <ann@example.org>\r\nSubject: Your\r\n\t order   1 \r\n"
    b"Date: Mon, 02 Mar 2026 14:02:07 +0000\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    b"List-Unsubscribe: <https://t.example.com/u/1>\r\nFeedback-ID: 1:shop\r\nX-Other: 1\r\n"
    b"\r\nHello  Ann \t\r\n\r\nGoodbye\r\n\r\n\r\n"
)
RSA_PEM, ED25519_PEM = dkim.generate_rsa(), dkim.generate_ed25519()
RSA = dkim.load_key("example.com", "r1", RSA_PEM)
ED25519 = dkim.load_key("example.com", "e1", ED25519_PEM)
RECORDS = {
    b"r1._domainkey.example.com.": dkim.public_record(RSA_PEM).encode(),
    b"e1._domainkey.example.com.": dkim.public_record(ED25519_PEM).encode(),
}
BOTH = (RSA, ED25519)
# Too short for the hash that it should sign.
TINY_RSA = rsa.RSAPrivateNumbers(
    p=251, q=241, d=24001, dmp1=1, dmq1=1, iqmp=1, public_numbers=rsa.RSAPublicNumbers(e=17, n=251 * 241)
).private_key(unsafe_skip_rsa_key_validation=True)


def verified(message: bytes, index: int = 0, records: dict[bytes, bytes] = RECORDS) -> bool:
    try:
        return bool(dkimpy.DKIM(message).verify(index, dnsfunc=lambda name, timeout=5: records.get(name)))
    except dkimpy.DKIMException:
        return False


def signed(message: bytes = MESSAGE) -> bytes:
    """As it is on the wire, where every message has its header's end and ends in CRLF."""
    on_the_wire = message if b"\r\n\r\n" in message else message.removesuffix(b"\r\n") + b"\r\n\r\n"
    return dkim.sign(message, BOTH, NOW, LONG) + on_the_wire.removesuffix(b"\r\n") + b"\r\n"


def both_verified(message: bytes) -> tuple[bool, bool]:
    return verified(message, 0), verified(message, 1)


def tags_of(header: bytes) -> dict[str, str]:
    text = header.decode().removeprefix("DKIM-Signature:").replace("\r\n", "")
    return {name.strip(): value.strip() for name, _, value in (tag.partition("=") for tag in text.split(";"))}


def test_both_signatures_verify():
    assert both_verified(signed()) == (True, True)


@pytest.mark.parametrize(
    "message",
    [
        b"From: a@example.com\r\n\r\n",
        b"From: a@example.com\r\n",
        b"From: a@example.com",
        b"From: a@example.com\r\n\r\n\r\n\r\n",
        b"From: a@example.com\r\n\r\nno line end",
        b"From: a@example.com\r\n\r\nblanks at the end \t ",
        b"From: a@example.com\r\n\r\n \t \r\n\t\r\n",
        b"From: a@example.com\r\n\r\n\r\nfirst line empty\r\n",
        b"from:a@example.com\r\nFROM: b@example.com\r\nSubject:\r\n\r\nx\r\n",
        b"From: a@example.com\r\nSubject: \r\n \r\n\t folded   of blanks\r\n\r\nx\r\n",
        b"From: a@example.com\r\nTo: b@example.org\r\nTo: c@example.org\r\nX: 1\r\nTo: d@example.org\r\n\r\nx\r\n",
        "From: a@example.com\r\nSubject: é日本\r\n\r\né日本\r\n".encode(),
        b"From: a@example.com\r\nSubject: a:b:c;d=e\r\n\r\n\x80\xff\x00\r\n",
        b"From: a@example.com\r\n\r\n.\r\n..\r\n",
        b"From: a@example.com\r\n\r\n" + b"x" * 998 + b"\r\n" + b" " * 100_000 + b"\r\n" * 100_000,
    ],
    ids=lambda message: repr(message[19:50]),
)
def test_an_odd_message_verifies(message):
    assert both_verified(signed(message)) == (True, True)


BLANKS = st.sampled_from([b"", b" ", b"\t", b"  ", b" \t "])
WORDS = st.sampled_from(
    [b"word", b"x" * 200, "é".encode(), b"a:b", b"=?utf-8?q?a?=", b"<a@example.com>", b";", b"\xff"]
)
FOLDS = BLANKS | st.sampled_from([b"\r\n ", b"\r\n\t", b" \r\n \t"])
VALUES = st.lists(st.tuples(FOLDS, WORDS), min_size=1, max_size=4).map(lambda parts: b"".join(map(b"".join, parts)))
# No blanks before the colon, which dkimpy leaves in the name against section 3.4.2.
NAMES = st.sampled_from([*dkim.SIGNED_HEADERS, "X-Other", "Received", "subject", "TO"]).map(str.encode)
FIELDS = st.tuples(NAMES, st.sampled_from([b":", b": ", b":\t"]), VALUES, BLANKS).map(b"".join)
LINES = st.lists(st.tuples(BLANKS, WORDS | BLANKS, BLANKS, WORDS | BLANKS, BLANKS).map(b"".join), max_size=6)
MESSAGES = st.tuples(st.lists(FIELDS, max_size=8), LINES, st.sampled_from([b"", b"\r\n", b"\r\n\r\n\r\n"])).map(
    lambda parts: b"\r\n".join([b"From: a@example.com", *parts[0], b"", b"\r\n".join(parts[1])]) + parts[2]
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MESSAGES)
def test_any_message_verifies(message):
    assert both_verified(signed(message)) == (True, True)


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"a", b"\xff", b"  ", b"\r\n\r\n"]), max_size=40),
    st.sampled_from([1, 2, 3, 7, 16]),
)
def test_a_large_body_taken_in_steps_has_the_digest_of_the_whole(pieces, step):
    body = b"".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dkim, "_STEP", step)
        digest = dkim._body_digest(b"A: b\r\n\r\n" + body, 8)
    assert digest == sha256(dkim.relaxed_body(body)).digest()


def slow_relaxed_body(body: bytes) -> bytes:
    """RFC 6376 section 3.4.4, rule by rule."""
    lines = [re.sub(rb"[ \t]+", b" ", line) for line in body.split(b"\r\n")]
    lines = [line.removesuffix(b" ") for line in lines]
    while lines and lines[-1] == b"":
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"\r", b"\n", b"a", b"\xff", b"  ", b"\r\n\r\n"]), max_size=40))
def test_the_fast_body_canonicalisation_equals_the_slow_one(pieces):
    body = b"".join(pieces)
    assert dkim.relaxed_body(body) == slow_relaxed_body(body)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([b" ", b"\t", b"\r\n ", b"\r\n\t", b"a", b":", b"\xff", b"B"]), max_size=30).map(b"".join)
)
def test_the_fast_header_canonicalisation_equals_the_slow_one(value):
    slow = re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" ")
    assert dkim.relaxed_header(b"SubJect \t:" + value) == (b"subject", slow)


@pytest.mark.parametrize("body", [b"\r\n" * 500_000, b" " * 1_000_000, b"\t\r\n" * 300_000, b" \t" * 400_000 + b"x"])
def test_a_hostile_body_is_canonicalised_in_one_pass(body):
    assert len(dkim.relaxed_body(body)) < 5


def test_the_empty_body_has_the_hash_of_nothing():
    header = dkim.sign(b"From: a@example.com\r\n\r\n", [ED25519], NOW)
    assert tags_of(header)["bh"] == b64encode(hashlib.sha256(b"").digest()).decode()


def test_a_message_without_a_header_is_all_body():
    header = dkim.sign(b"\r\nFrom: a@example.com\r\n\r\nx", [ED25519], NOW)
    body_hash = hashlib.sha256(b"From: a@example.com\r\n\r\nx\r\n").digest()
    assert tags_of(header)["bh"] == b64encode(body_hash).decode()


@pytest.mark.parametrize("name", dkim.SIGNED_HEADERS)
def test_no_signed_header_can_be_added_on_the_way(name):
    added = name.encode() + b": evil@example.net\r\n"
    message = signed()
    assert both_verified(added + message) == (False, False)


@pytest.mark.parametrize("name", [line.split(b":")[0] for line in MESSAGE.split(b"\r\n")[:11] if b":" in line])
def test_a_changed_signed_header_breaks_both(name):
    message = signed().replace(b"\n" + name + b": ", b"\n" + name + b": changed ")
    assert both_verified(message) == ((True, True) if name == b"X-Other" else (False, False))


def test_a_changed_body_breaks_both():
    assert both_verified(signed() + b"x\r\n") == (False, False)


def test_trace_headers_may_be_added():
    added = b"Received: from a by b; Mon, 02 Mar 2026 14:02:07 +0000\r\nReturn-Path: <b@example.com>\r\nX-Spam: no\r\n"
    assert both_verified(added + signed()) == (True, True)


def test_blanks_and_folds_may_change_on_the_way():
    message = signed().replace(b"Your\r\n\t order   1 ", b"Your order 1").replace(b"Hello  Ann \t", b"Hello \t Ann")
    assert both_verified(message) == (True, True)


@pytest.mark.parametrize("header", ["received", "return-path", "x-other", "bcc", "dkim-signature"])
def test_a_header_that_changes_on_the_way_is_never_signed(header):
    assert header not in tags_of(dkim.sign(MESSAGE, [RSA], NOW))["h"].lower().split(":")


def test_every_listed_header_is_named_once_more_than_it_occurs():
    message = b"To: a@example.com\r\n" + MESSAGE
    named = [name.strip() for name in tags_of(dkim.sign(message, [RSA], NOW))["h"].split(":")]
    occurring = dkimpy.rfc822_parse(message)[0]
    for name in dkim.SIGNED_HEADERS:
        assert named.count(name) == 1 + sum(field.lower() == name.lower().encode() for field, _ in occurring)


def test_the_tags_say_what_was_done():
    tags = tags_of(dkim.sign(MESSAGE, [ED25519], NOW))
    assert {name: tags[name] for name in ("v", "a", "c", "d", "s", "t", "x")} == {
        "v": "1",
        "a": "ed25519-sha256",
        "c": "relaxed/relaxed",
        "d": "example.com",
        "s": "e1",
        "t": str(int(NOW.timestamp())),
        "x": str(int((NOW + timedelta(days=14)).timestamp())),
    }


def test_there_is_no_length_tag():
    assert "l" not in tags_of(dkim.sign(MESSAGE, [RSA], NOW))


def test_the_lifetime_is_the_callers():
    tags = tags_of(dkim.sign(MESSAGE, [ED25519], NOW, timedelta(hours=1)))
    assert int(tags["x"]) - int(tags["t"]) == 3600


def test_the_same_message_key_and_time_give_the_same_signature():
    assert dkim.sign(MESSAGE, BOTH, NOW) == dkim.sign(MESSAGE, BOTH, NOW)


def test_the_fields_are_folded_and_end_in_crlf():
    header = dkim.sign(MESSAGE, BOTH, NOW)
    assert header.endswith(b"\r\n")
    assert all(len(line) <= 78 and b"\n" not in line for line in header.split(b"\r\n"))
    assert len(re.findall(rb"(?m)^DKIM-Signature:", header)) == 2


def test_without_keys_there_is_no_signature():
    assert dkim.sign(MESSAGE, [], NOW) == b""


def test_a_key_that_cannot_sign_does_not_spoil_the_other():
    broken = dkim.SigningKey(domain="example.com", selector="bad", algorithm="rsa-sha256", private=TINY_RSA)
    header = dkim.sign(MESSAGE, [broken, ED25519], NOW, LONG)
    assert (tags_of(header)["s"], verified(header + MESSAGE)) == ("e1", True)


def test_a_key_of_another_domain_does_not_spoil_ours():
    stranger = dkim.load_key("example.net", "s", ED25519_PEM)
    message = dkim.sign(MESSAGE, [stranger, RSA], NOW, LONG) + MESSAGE
    assert both_verified(message) == (False, True)


@pytest.mark.parametrize("now", [datetime(2026, 3, 2), datetime(2026, 3, 2, 14)])  # noqa: DTZ001 - the point of the test
def test_a_time_without_a_zone_is_refused(now):
    with pytest.raises(ValueError, match="zone"):
        dkim.sign(MESSAGE, BOTH, now)


@pytest.mark.parametrize("lifetime", [timedelta(), timedelta(seconds=-1), timedelta(milliseconds=999)])
def test_a_signature_expires_after_it_is_made(lifetime):
    with pytest.raises(ValueError, match="second"):
        dkim.sign(MESSAGE, BOTH, NOW, lifetime)


@pytest.mark.parametrize("name", ["", "a b", "a;b", "a\r\nX: y", "a\n", "UPPER.example", "bücher.example", "-a.example",
    "a..b", ".a", "a.", "a" * 64, "a." * 127 + "aaa", "\0", "\ud800"])  # fmt: skip
def test_a_name_that_is_no_dns_name_is_refused_for_domain_and_selector(name):
    with pytest.raises(ValueError, match="DNS name"):
        dkim.load_key(name, "s1", ED25519_PEM)
    with pytest.raises(ValueError, match="DNS name"):
        dkim.load_key("example.com", name, ED25519_PEM)


def test_a_key_is_not_told_to_use_anothers_algorithm():
    with pytest.raises(ValueError, match="does not sign"):
        dkim.SigningKey(domain="example.com", selector="s1", algorithm="rsa-sha256", private=ED25519.private)


def pem_of(private, encryption=None) -> bytes:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"nonsense",
        ED25519_PEM[:-40],
        pem_of(ec.generate_private_key(ec.SECP256R1())),
        pem_of(Ed25519PrivateKey.generate(), BestAvailableEncryption(b"secret")),
    ],
    ids=["empty", "nonsense", "cut", "elliptic", "encrypted"],
)
def test_what_is_no_dkim_key_is_refused(pem):
    with pytest.raises(ValueError, match=r"."):
        dkim.load_key("example.com", "s1", pem)


def test_an_rsa_key_has_at_least_1024_bits():
    with pytest.raises(ValueError, match="1024"):
        dkim.load_key("example.com", "s1", pem_of(TINY_RSA))


def test_our_rsa_keys_have_2048_bits():
    assert RSA.private.key_size == 2048


def test_the_private_key_does_not_show_in_a_repr():
    assert "private" not in repr(RSA)


def test_a_public_record_names_its_key_and_holds_it():
    record = dkim.public_record(ED25519_PEM)
    assert record.startswith("v=DKIM1; k=ed25519; p=")
    assert len(b64decode(record.rpartition("p=")[2])) == 32


# RFC 8463 appendix A: the key, the message, and the signature that it must have.
EXAMPLE_KEY = Ed25519PrivateKey.from_private_bytes(b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="))
EXAMPLE = (
    b"From: Joe SixPack <joe@football.example.com>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\n"
    b"Subject: Is dinner ready?\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    b"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\n"
    b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
)
EXAMPLE_SIGNATURE = (
    b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    b" d=football.example.com; i=@football.example.com;\r\n"
    b" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject : date;\r\n"
    b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b="
)
EXAMPLE_RAW = "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="


def test_the_public_record_of_rfc_8463_is_made():
    assert dkim.public_record(pem_of(EXAMPLE_KEY)).endswith("p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")


def test_the_body_hash_of_rfc_8463_is_made():
    key = dkim.load_key("football.example.com", "brisbane", pem_of(EXAMPLE_KEY))
    assert tags_of(dkim.sign(EXAMPLE, [key], NOW))["bh"] == "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="


def test_the_signature_of_rfc_8463_is_made():
    lines = EXAMPLE.partition(b"\r\n\r\n")[0].split(b"\r\n")
    fields = [b"%b:%b" % dkim.relaxed_header(line) for line in (*lines, EXAMPLE_SIGNATURE)]
    private = dkim.load_key("football.example.com", "brisbane", pem_of(EXAMPLE_KEY)).private
    assert b64encode(dkim.raw_signature(private, b"\r\n".join(fields))).decode() == EXAMPLE_RAW


def test_our_signature_of_the_example_verifies():
    key = dkim.load_key("football.example.com", "brisbane", pem_of(EXAMPLE_KEY))
    records = {b"brisbane._domainkey.football.example.com.": dkim.public_record(pem_of(EXAMPLE_KEY)).encode()}
    assert verified(dkim.sign(EXAMPLE, [key], NOW, LONG) + EXAMPLE, records=records)
