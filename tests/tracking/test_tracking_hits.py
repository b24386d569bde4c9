"""Who was it: people, proxies, scanners."""

from datetime import timedelta

import pytest

from sendwright.tracking import Hit, HitKind, judge_hit

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
APPLE_MAIL = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
HOUR = timedelta(hours=1)
HOME = "203.0.113.9"


@pytest.mark.parametrize(
    "agent",
    [
        CHROME,
        APPLE_MAIL,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
        "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; Trident/7.0; Microsoft Outlook 16.0.17928)",
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0",
        "Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 50) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 13; CUBOT) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36",
    ],
)
def test_a_browser_or_mail_client_is_a_person(agent):
    assert judge_hit(agent, HOME, HOUR, "GET") == Hit(kind=HitKind.PERSON, reason="person")


@pytest.mark.parametrize("ip", ["", "nonsense", "2001:db8::1", "1" * 10_000, "203.0.113.9, 17.1.2.3", "fe80::1%eth0"])
def test_an_address_that_says_nothing_is_no_evidence(ip):
    assert judge_hit(CHROME, ip, HOUR, "GET").kind is HitKind.PERSON


@pytest.mark.parametrize(
    ("agent", "reason"),
    [
        (
            "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
            "google-image-proxy",
        ),
        ("YahooMailProxy; https://example.com/mail-proxy", "yahoo-mail-proxy"),
        ("YahooCacheSystem", "yahoo-mail-proxy"),
        ("OutlookImageProxy", "outlook-image-proxy"),
        ("Mozilla/5.0", "apple-mail-privacy"),
        (" Mozilla/5.0 ", "apple-mail-privacy"),
    ],
)
def test_a_proxy_is_known_by_its_agent(agent, reason):
    assert judge_hit(agent, HOME, HOUR, "GET") == Hit(kind=HitKind.PROXY, reason=reason)


@pytest.mark.parametrize("ip", ["17.58.1.2", "::ffff:17.58.1.2"])
def test_apples_network_is_mail_privacy_protection(ip):
    assert judge_hit(APPLE_MAIL, ip, HOUR, "GET") == Hit(kind=HitKind.PROXY, reason="apple-mail-privacy")


def test_a_proxy_that_fetches_at_once_is_still_a_proxy():
    assert judge_hit("Mozilla/5.0", HOME, timedelta(), "GET").kind is HitKind.PROXY


@pytest.mark.parametrize(
    ("agent", "reason"),
    [
        ("BarracudaCentral/1.0", "security-scanner"),
        ("Mimecast-URL-Protect", "security-scanner"),
        ("Mozilla/5.0 Proofpoint", "security-scanner"),
        ("curl/8.5.0", "http-library"),
        ("Wget/1.21", "http-library"),
        ("python-requests/2.32", "http-library"),
        ("Python/3.11 aiohttp/3.9", "http-library"),
        ("python", "http-library"),
        ("Go-http-client/2.0", "http-library"),
        ("Java/17.0.1", "http-library"),
        ("Mozilla/5.0 (X11) HeadlessChrome/120.0", "headless-browser"),
        ("Mozilla/5.0 (compatible; bingbot/2.0)", "bot"),
        ("Slackbot-LinkExpanding 1.0", "bot"),
        ("facebookexternalhit/1.1", "bot"),
        ("Mozilla/5.0 (compatible; SomeBot)", "bot"),
    ],
)
def test_a_machine_is_known_by_its_agent(agent, reason):
    assert judge_hit(agent, HOME, HOUR, "GET") == Hit(kind=HitKind.SCANNER, reason=reason)


@pytest.mark.parametrize("ip", ["209.222.82.1", "67.231.150.7", "40.107.22.5", "104.47.1.1", "::ffff:104.47.1.1"])
def test_a_mail_filters_network_is_a_scanner_whatever_the_agent(ip):
    assert judge_hit(CHROME, ip, HOUR, "GET") == Hit(kind=HitKind.SCANNER, reason="security-scanner")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "", "head"])
def test_a_person_only_gets(method):
    assert judge_hit(CHROME, HOME, HOUR, method) == Hit(kind=HitKind.SCANNER, reason="not-a-get")


@pytest.mark.parametrize("agent", ["", "   ", "\t"])
def test_nobody_comes_without_a_user_agent(agent):
    assert judge_hit(agent, HOME, HOUR, "GET") == Hit(kind=HitKind.SCANNER, reason="no-user-agent")


@pytest.mark.parametrize("age", [timedelta(seconds=-60), timedelta(), timedelta(milliseconds=1999)])
def test_nobody_reads_a_mail_before_two_seconds_after_its_delivery(age):
    assert judge_hit(CHROME, HOME, age, "GET") == Hit(kind=HitKind.SCANNER, reason="too-soon")


def test_two_seconds_after_delivery_it_may_be_a_person():
    assert judge_hit(CHROME, HOME, timedelta(seconds=2), "GET").kind is HitKind.PERSON


@pytest.mark.parametrize("agent", ["a" * 10_000_000, "\0\r\n\ud800", CHROME + " " * 1_000_000])
def test_a_hostile_agent_is_judged_all_the_same(agent):
    assert judge_hit(agent, HOME, HOUR, "GET").kind is HitKind.PERSON
