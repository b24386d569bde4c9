import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendwright import mail
from tests.mail.work import is_linear

LETTERS = st.text("abcXYZ019!#$%&'*+/=^_`{|}~-éüñ漢字", min_size=1, max_size=10)
DOMAINS = st.sampled_from(["example.com", "Mail.Example.COM", "bücher.example", "a-b.test", "xn--bcher-kva.example"])


def address(text: str) -> mail.Address:
    found = mail.parse_address(text)
    assert isinstance(found, mail.Address), found
    return found


def mailbox(text: str) -> mail.Mailbox:
    found = mail.parse_mailbox(text)
    assert isinstance(found, mail.Mailbox), found
    return found


def reason(found: object) -> str:
    assert isinstance(found, mail.Malformed), found
    return found.reason


def test_an_address_has_a_local_part_and_a_domain():
    assert address("Ann.Lee+x@Example.com") == mail.Address(local="Ann.Lee+x", domain="Example.com")


def test_spaces_around_an_address_are_forgiven():
    assert address(" \tann@example.com ").spec == "ann@example.com"


def test_the_key_is_in_lower_case():
    assert address("Ann@EXAMPLE.com").key == "ann@example.com"


def test_the_key_of_an_idn_domain_is_its_a_label():
    assert address("ann@BÜCHER.example").key == address("ann@xn--bcher-kva.example").key


def test_the_key_does_not_depend_on_how_an_accent_is_composed():
    assert address("jose\u0301@example.com").key == address("jos\u00e9@example.com").key


def test_the_wire_form_has_a_labels():
    assert address("ann@bücher.example").wire == "ann@xn--bcher-kva.example"


def test_the_spec_keeps_the_domain_as_given():
    assert address("ann@Bücher.example").spec == "ann@Bücher.example"


def test_an_idn_domain_alone_needs_no_smtputf8():
    assert not address("ann@bücher.example").needs_smtputf8


def test_a_utf8_local_part_needs_smtputf8():
    assert address("jürgen@example.com").needs_smtputf8


def test_a_needlessly_quoted_local_part_is_the_plain_one():
    assert address('"ann"@example.com') == address("ann@example.com")


@pytest.mark.parametrize("local", ['"ann lee"', r'"a\"b"', r'"a\\b"', '"a@b"', '".a"', '"a,b"', '"a..b"', '"ü ü"'])
def test_a_quoted_local_part_comes_back_as_it_was(local):
    assert address(f"{local}@example.com").spec == f"{local}@example.com"


@pytest.mark.parametrize(
    "domain", ["example.test", "a.invalid", "x.example", "m.localhost.test", "3com.com", "a.b.c.d.example"]
)
def test_a_reserved_or_unusual_domain_is_allowed(domain):
    assert address(f"ann@{domain}").domain == domain


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "@",
            "ann",
            "ann@",
            "@example.com",
            "ann@localhost",
            "ann@com",
            "ann@example.com.",
            "ann@.example.com",
        ),
        *(
            "ann@exa..mple.com",
            "ann@-a.test",
            "ann@a-.test",
            "ann@a_b.test",
            "ann@a b.test",
            "ann@1.2.3.4",
            "ann@１.２.３.４",
        ),
        *("ann@[1.2.3.4]", "ann@[IPv6:::1]", "ann@good.test@evil.test", ".ann@example.com", "ann.@example.com"),
        *("a..b@example.com", "a b@example.com", "ann@example.com, bob@example.com", "ann@example.com;bob@example.com"),
        *(
            "ann(x)@example.com",
            "(x)ann@example.com",
            "ann@example.com (x)",
            "Group: ann@example.com;",
            "<ann@example.com>",
        ),
        *(
            "@a.test,@b.test:ann@example.com",
            "=?utf-8?q?a?=@example.com",
            '"=?utf-8?q?a?="@example.com',
            "a\\@b@example.com",
        ),
        *('"ann"bob@example.com', '"ann@example.com', '"a"."b"@example.com', '""@example.com', "ann@exam\u00adple.com"),
        *(
            "ann＠evil.test@example.com",
            "a％b@example.com",
            "ann\u200b@example.com",
            "\u202eann@example.com",
            "ann@☃.example",
        ),
        *(
            "ann@xn--.example",
            "ann@ex%41mple.com",
            "ann@example.com\n",
            "ann\r\n@example.com",
            '"a\nb"@example.com',
            "a\ud800@example.com",
        ),
        *(
            '"a\tb"@example.com',
            "ann@example.com\0",
            "ann@\u2028example.com",
            "\u0085ann@example.com",
            "ann@" + "é" * 300,
        ),
    ],
)
def test_what_is_not_plainly_one_address_is_refused_with_a_sentence(text):
    said = reason(mail.parse_address(text))
    assert re.fullmatch(r"[A-Z][ -~]+\.", said)


@pytest.mark.parametrize("hidden", "\r\n\0\x0b\x1b\x7f\x80\x85\u2028\u2029\u200e\ufeff\ud800")
@pytest.mark.parametrize(
    "form", ["a{}@example.com", "a@exa{}mple.com", "{}a@example.com", "a@example.com{}", '"a{}"@example.com']
)
def test_an_address_never_holds_a_line_break_a_control_or_an_invisible_character(hidden, form):
    assert isinstance(mail.parse_address(form.format(hidden)), mail.Malformed)


def test_a_local_part_may_have_64_octets():
    assert address("a" * 64 + "@example.com")


def test_a_local_part_of_65_octets_is_refused():
    assert "64" in reason(mail.parse_address("a" * 65 + "@example.com"))


def test_a_local_part_is_measured_in_octets():
    assert "64" in reason(mail.parse_address("é" * 33 + "@example.com"))


def test_an_address_may_have_254_octets():
    assert address("a" * 64 + "@" + ".".join(["b" * 46] * 4) + ".c")


def test_an_address_of_255_octets_is_refused():
    assert "254" in reason(mail.parse_address("a" * 64 + "@" + ".".join(["b" * 46] * 4) + ".cc"))


def test_an_idn_address_is_measured_as_it_goes_over_the_wire():
    assert "254" in reason(mail.parse_address("a" * 64 + "@" + ".".join(["é" + "b" * 38] * 4) + ".cc"))


def test_a_label_has_at_most_63_characters():
    assert "domain" in reason(mail.parse_address("a@" + "b" * 64 + ".test"))


def test_very_long_text_is_refused_before_it_is_read():
    assert "1,000" in reason(mail.parse_address("a" * 10_000_000))


def test_an_address_cannot_be_made_against_the_rules():
    with pytest.raises(ValueError, match="line break"):
        mail.Address(local="ann\r\nBcc: bob", domain="example.com")


def test_a_local_part_with_unusual_signs_is_allowed():
    assert address("!#$%&'*+-/=?^_`{|}~@example.com").local == "!#$%&'*+-/=?^_`{|}~"


@given(local=LETTERS, domain=DOMAINS)
def test_an_address_reads_back_from_its_spec(local, domain):
    made = mail.Address(local=local, domain=domain)
    assert mail.parse_address(made.spec) == made


@given(local=LETTERS, domain=DOMAINS)
def test_the_wire_form_is_the_same_address(local, domain):
    made = mail.Address(local=local, domain=domain)
    assert address(made.wire).key == made.key


@given(st.text(max_size=300))
def test_reading_never_raises(text):
    mail.parse_address(text)
    mail.parse_mailbox(text)
    mail.parse_mailboxes(text)


@given(st.text('a@<>,"\\ .\n()', max_size=40))
def test_reading_a_heap_of_specials_never_raises(text):
    mail.parse_mailboxes(text)


@pytest.mark.parametrize(
    ("text", "name", "spec"),
    [
        ("ann@example.com", "", "ann@example.com"),
        ("<ann@example.com>", "", "ann@example.com"),
        ("Ann Lee <ann@example.com>", "Ann Lee", "ann@example.com"),
        ("Ann Lee<ann@example.com>", "Ann Lee", "ann@example.com"),
        ("Acme Inc. <ann@example.com>", "Acme Inc.", "ann@example.com"),
        ('"Lee, Ann" <ann@example.com>', "Lee, Ann", "ann@example.com"),
        (r'"Ann \"A\" Lee" <ann@example.com>', 'Ann "A" Lee', "ann@example.com"),
        ('"Ann"<ann@example.com>', "Ann", "ann@example.com"),
        ("Zoë 👩‍🚀 <zoe@example.com>", "Zoë 👩‍🚀", "zoe@example.com"),
        ('"ann lee"@example.com', "", '"ann lee"@example.com'),
        ('X <"a<b"@example.com>', "X", '"a<b"@example.com'),
        ("=?utf-8?q?Ann?= <ann@example.com>", "=?utf-8?q?Ann?=", "ann@example.com"),
    ],
)
def test_a_mailbox_is_read_with_its_name(text, name, spec):
    assert (mailbox(text).name, mailbox(text).address.spec) == (name, spec)


@pytest.mark.parametrize(
    "text",
    [
        *("", "Ann", "Ann <>", "Ann <ann>", "Ann <ann@example.com", "Ann <ann@example.com> x", "Ann ann@example.com"),
        *(
            "ann@good.test <bob@evil.test>",
            "Lee, Ann <ann@example.com>",
            "Ann (x) <ann@example.com>",
            '"Ann <ann@example.com>',
        ),
        *(
            "Team: ann@example.com;",
            "Ann <@a.test:ann@example.com>",
            "Ann << ann@example.com>>",
            "<a@b.test><c@d.test>",
        ),
        *("Ann <ann@example.com>, Bob <bob@example.com>", '"Ann" Lee <ann@example.com>', "Ann < ann@example.com >"),
        *(
            "Ann\n <ann@example.com>",
            '"Ann\r\nBcc: x" <ann@example.com>',
            "Ann\u2028 <ann@example.com>",
            "A\ud800 <a@b.test>",
        ),
    ],
)
def test_what_is_not_plainly_one_mailbox_is_refused(text):
    assert reason(mail.parse_mailbox(text))


@given(name=st.text('abc XYZ,."\\<>@()é漢:;[]', max_size=20).map(str.strip), local=LETTERS)
def test_a_mailbox_reads_back_from_its_spec(name, local):
    made = mail.Mailbox(name=name, address=mail.Address(local=local, domain="example.com"))
    assert mail.parse_mailbox(made.spec) == made


def test_mailboxes_stand_between_commas():
    found = mail.parse_mailboxes('"Lee, Ann" <ann@example.com>, bob@example.com')
    assert found == (mailbox('"Lee, Ann" <ann@example.com>'), mailbox("bob@example.com"))


@pytest.mark.parametrize("text", ["", ",", "a@b.test,", "a@b.test,,c@d.test", "a@b.test, c", '"a, b@c.test'])
def test_one_bad_mailbox_refuses_the_list(text):
    assert reason(mail.parse_mailboxes(text))


def test_a_list_of_more_than_16384_characters_is_refused():
    assert "16,384" in reason(mail.parse_mailboxes("a@b.test," * 2_000))


@pytest.mark.parametrize("piece", ['"', '"\\', ",", "<", '"a"', '\\"', "a@", "(", "a b "])
def test_reading_a_list_is_linear(piece):
    assert is_linear(mail.parse_mailboxes, lambda size: piece * (size // len(piece)), 2_000)


@pytest.mark.parametrize("local", ["abuse", "No-Reply", "noreply", "ROOT", "undisclosed-recipients", "privacy"])
def test_a_role_address_is_known_in_any_case(local):
    assert mail.is_role_address(address(f"{local}@example.com"))


@pytest.mark.parametrize("local", ["ann", "no.reply", "abuse1", "info"])
def test_a_person_is_no_role(local):
    assert not mail.is_role_address(address(f"{local}@example.com"))
