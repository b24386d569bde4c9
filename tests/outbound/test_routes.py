"""Routes as an operator writes them."""

import pytest

from sendwright.outbound.model import DirectMx, Sandbox, SmartHost, Tls
from sendwright.outbound.routes import BadRoute, is_loopback, parse_route


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("sandbox", Sandbox()),
        (" mx ", DirectMx()),
        ("smtp://relay.example.com:2525", SmartHost(host="relay.example.com", port=2525)),
        ("smtp://relay.example.com", SmartHost(host="relay.example.com", port=25)),
        ("smtp://relay.example.com/", SmartHost(host="relay.example.com", port=25)),
        ("smtp://[::1]:2525", SmartHost(host="::1", port=2525)),
        ("smtps://relay.example.com", SmartHost(host="relay.example.com", port=465, tls=Tls.IMPLICIT)),
        (
            "smtp://ada:secret@relay.example.com",
            SmartHost(host="relay.example.com", port=587, user="ada", password="secret", tls=Tls.REQUIRED),
        ),
        (
            "smtp://ada%40example.com:a%2Fb%25c@relay.example.com:26",
            SmartHost(host="relay.example.com", port=26, user="ada@example.com", password="a/b%c", tls=Tls.REQUIRED),
        ),
        ("smtp://ada:x@127.0.0.1:26", SmartHost(host="127.0.0.1", port=26, user="ada", password="x")),
    ],
)
def test_a_route_is_read(text: str, route: object):
    assert parse_route(text) == route


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nowhere",
        "http://relay.example.com",
        "smtp://",
        "smtp://:25",
        "smtp://relay.example.com:0",
        "smtp://relay.example.com:99999",
        "smtp://relay.example.com:port",
        "smtp://relay.example.com:25/path",
        "smtp://relay.example.com?tls=no",
        "smtp://relay.example.com#x",
        "smtp://ada@relay.example.com",
        "smtp://:secret@relay.example.com",
        "smtp://ada:sec%00ret@relay.example.com",
        "smtp://ada:sec%ffret@relay.example.com",
        "smtp://rel ay.example.com",
        "smtp://relay.example.com\r\nQUIT",
        "smtp://bücher.example",
        "smtp://[::1",
    ],
)
def test_what_is_no_route_is_refused_with_what_to_do(text: str):
    with pytest.raises(BadRoute, match=r"write|go together|UTF-8|smtp"):
        parse_route(text)


def test_a_refusal_never_repeats_the_password():
    with pytest.raises(BadRoute) as caught:
        parse_route("smtp://ada:opensesame@relay.example.com:0")
    assert "opensesame" not in str(caught.value)


def test_a_route_does_not_show_its_password():
    assert "opensesame" not in repr(parse_route("smtp://ada:opensesame@relay.example.com"))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.10", "::1"])
def test_our_own_machine_is_known(host: str):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["localhost.example.com", "127.0.0.1.example.com", "10.0.0.1", "::2"])
def test_another_machine_is_not_ours(host: str):
    assert not is_loopback(host)
