"""The provider table: ours, and an operator's own."""

from datetime import timedelta

import pytest

from sendwright.outbound.manners import Manners
from sendwright.outbound.providers import BadProviders, Providers, read_providers, shipped

STRANGERS = Manners(most=7)
MINE = """
[default]
connections = 3

[[provider]]
name = "Google"
exchangers = [".google.com"]
connections = 1
per_minute = 30
idle_seconds = 5
slow_words = ["Too FAST"]
slow_minutes = 45

[[provider]]
name = "Ours"
exchangers = ["mx.example.net"]
"""


@pytest.mark.parametrize(
    ("hosts", "provider"),
    [
        (["gmail-smtp-in.l.google.com", "alt1.gmail-smtp-in.l.google.com"], "Google"),
        (["aspmx.l.google.com", "aspmx2.googlemail.com"], "Google"),
        (["example-com.mail.protection.outlook.com"], "Microsoft"),
        (["mta5.am0.yahoodns.net"], "Yahoo"),
        (["mx01.mail.icloud.com"], "Apple"),
        (["mx1.comcast.net"], "Comcast"),
        (["smtp-in.orange.fr"], "Orange"),
        (["mx00.gmx.net", "mx01.gmx.net"], "GMX"),
        (["mx.example.org"], ""),
        (["aspmx.l.google.com", "mx.example.org"], ""),
        (["notgoogle.com"], ""),
        ([], ""),
    ],
)
def test_a_provider_is_known_by_all_its_exchangers(hosts: list[str], provider: str):
    assert shipped().manners(hosts, STRANGERS).name == provider


@pytest.mark.parametrize(
    ("provider", "connections", "messages", "tls"),
    [
        ("Google", 5, 50, True), ("Microsoft", 5, 50, False), ("Yahoo", 10, 20, False), ("Apple", 10, 5, False),
        ("Comcast", 10, 100, True), ("Orange", 2, 100, True), ("GMX", 10, 100, True),
    ],
)  # fmt: skip
def test_the_shipped_figures_are_those_of_the_plan(provider: str, connections: int, messages: int, tls: bool):
    (manners,) = (known.manners for known in shipped().known if known.manners.name == provider)
    assert (manners.most, manners.messages, manners.tls, manners.start) == (connections, messages, tls, 2)


def test_strangers_get_the_manners_of_the_plan():
    usual = Manners()
    assert (usual.start, usual.most, usual.messages, usual.per_minute) == (2, 10, 100, None)
    assert (usual.slow_per_minute, usual.slow_for, usual.slow_most) == (1, timedelta(minutes=30), timedelta(hours=2))


def test_an_entry_of_the_operator_replaces_ours_of_the_same_name():
    table = shipped().under(read_providers(MINE))
    google = table.manners(["aspmx.l.google.com"], STRANGERS)
    assert (google.most, google.start, google.per_minute, google.idle, google.tls) == (1, 1, 30, 5, False)
    assert (google.slow_words, google.slow_for) == (("too fast",), timedelta(minutes=45))
    assert table.manners(["mx.example.net"], STRANGERS).name == "Ours"
    assert table.manners(["mx1.comcast.net"], STRANGERS).name == "Comcast"


def test_the_operator_says_how_strangers_are_treated():
    assert shipped().under(read_providers(MINE)).manners(["mx.example.org"], STRANGERS).most == 3
    assert Providers().manners(["mx.example.org"], STRANGERS) is STRANGERS


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("not toml", "not TOML"),
        ("[provider]\nname = 'x'", "two brackets"),
        ("[[providers]]\nname = 'x'", "providers is not known"),
        ("default = 3", r"\[default\] has to be a table"),
        ("[[provider]]\nexchangers = ['a.example']", "provider 1: name"),
        ("[[provider]]\nname = 'A'", "A: exchangers"),
        ("[[provider]]\nname = 'A'\nexchangers = ['.']", "A: exchangers"),
        ("[[provider]]\nname = 'A'\nexchangers = 'a.example'", "A: exchangers has to be a list"),
        ("[[provider]]\nname = 'A'\nexchangers = ['a.example']\nconnections = 0", "connections has to be a number"),
        ("[[provider]]\nname = 'A'\nexchangers = ['a.example']\nconnections = true", "connections has to be a number"),
        ("[[provider]]\nname = 'A'\nexchangers = ['a.example']\ntls = 'yes'", "tls has to be true or false"),
        ("[[provider]]\nname = 'A'\nexchangers = ['a.example']\nconections = 3", "conections is not known"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used_says_why(text: str, complaint: str):
    with pytest.raises(BadProviders, match=complaint):
        read_providers(text)
