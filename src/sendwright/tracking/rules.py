"""Who was it: the recipient, a proxy that loads images for them, or a machine that inspects mail.

A verdict is never thrown away with the hit: the raw hit is kept beside it, so that these tables may change later.
Reasons are stable words: they are stored, counted and filtered by.

- SCANNER, `not-a-get`: a method other than GET; link checkers ask for HEAD.
- SCANNER, `no-user-agent`: every browser and mail client names itself.
- PROXY, `google-image-proxy`, `yahoo-mail-proxy`, `outlook-image-proxy`: the proxy names itself. The recipient did
  look, but address and device are not theirs.
- PROXY, `apple-mail-privacy`: the bare agent that Apple's Mail Privacy Protection shows, or an address of Apple's. It
  loads the pictures of every mail, read or not: no evidence of an open.
- SCANNER, `security-scanner`: a mail filter names itself, or the hit comes from a mail filter's network.
- SCANNER, `headless-browser`, `http-library`, `bot`: the program names itself.
- SCANNER, `too-soon`: before the mail was delivered or within two seconds after.
- PERSON, `person`: none of these.
"""

import re
from datetime import timedelta
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address

from sendwright.tracking.model import Hit, HitKind

SOONEST_PERSON = timedelta(seconds=2)
_AGENT_CHARS_READ = 512
_ADDRESS_CHARS = 45  # the longest text of an IPv6 address
_APPLE_BARE_AGENT = "Mozilla/5.0"

_PROXIES = (
    ("googleimageproxy", "google-image-proxy"),
    ("yahoomailproxy", "yahoo-mail-proxy"),
    ("yahoo! mail proxy", "yahoo-mail-proxy"),
    ("yahoocachesystem", "yahoo-mail-proxy"),
    ("outlookimageproxy", "outlook-image-proxy"),
)

# The order counts: the narrower word first.
_MACHINES = (
    (
        "security-scanner",
        r"barracuda|mimecast|proofpoint|safelinks|messagelabs|symantec|fireeye|trellix|trend ?micro|ironport|forcepoint"
        r"|zscaler|sophos|fortiguard|urlscan|virustotal|spamassassin|rspamd|cloudmark|vade|checkpoint|skypeuripreview",
    ),
    ("headless-browser", r"headless|phantomjs|puppeteer|playwright|selenium|webdriver"),
    (
        "http-library",
        r"^(?:curl|wget|python|java|php|ruby|perl|lua|node|deno|bun|go|rust)(?:[-/ _]|$)|go-http-client|python-|aiohttp"
        r"|httpx|okhttp|apache-httpclient|libwww|lwp::|node-fetch|axios|undici|guzzle|postman|insomnia"
        r"|httpie|scrapy|winhttp|faraday|reqwest",
    ),
    # Cubot is a make of telephones.
    ("bot", r"(?<!cu)bot\b|crawl|spider|slurp|linkexpanding|facebookexternalhit|preview|monitor|link ?check|validator"),
)
_MACHINE = tuple((reason, re.compile(pattern)) for reason, pattern in _MACHINES)

_APPLE_NETWORK = IPv4Network("17.0.0.0/8")
# Where these filters deliver and inspect mail from, as their owners' SPF records and firewall pages say.
_FILTER_NETWORKS = tuple(
    IPv4Network(network)
    for network in (
        "64.235.144.0/20", "209.222.80.0/21",  # Barracuda
        "67.231.144.0/20", "148.163.128.0/19",  # Proofpoint
        "40.92.0.0/15", "40.107.0.0/16", "52.100.0.0/14", "104.47.0.0/17",  # Exchange Online Protection
        "91.220.42.0/24", "195.130.217.0/24", "207.211.30.0/24",  # Mimecast
    )
)  # fmt: skip


def judge_hit(user_agent: str, ip: str, age: timedelta, method: str) -> Hit:
    """What a hit on a pixel or link was.

    `age` is the time since delivery, negative if the mail was still on its way. Source: what proxies and scanners send,
    as their makers document it or as it is widely observed; where the maker is silent, the tables are a guess.
    """
    if method.upper() != "GET":
        return _scanner("not-a-get")
    agent = user_agent[:_AGENT_CHARS_READ].strip()
    if not agent:
        return _scanner("no-user-agent")
    known = _known(agent, ip[:_ADDRESS_CHARS])
    if known is not None:
        return known
    return _scanner("too-soon") if age < SOONEST_PERSON else Hit(kind=HitKind.PERSON, reason="person")


@lru_cache(maxsize=8192)  # a few agents and addresses make most hits; what is kept of a hostile one is short
def _known(agent: str, ip: str) -> Hit | None:
    """What the agent and the address tell, whenever they come."""
    address = _address(ip)
    proxy = _proxy(agent, address)
    if proxy is not None:
        return Hit(kind=HitKind.PROXY, reason=proxy)
    machine = "security-scanner" if _is_mail_filter(address) else _machine(agent.lower())
    return None if machine is None else _scanner(machine)


def _scanner(reason: str) -> Hit:
    return Hit(kind=HitKind.SCANNER, reason=reason)


def _proxy(agent: str, address: IPv4Address | None) -> str | None:
    lowered = agent.lower()
    for word, reason in _PROXIES:
        if word in lowered:
            return reason
    if agent == _APPLE_BARE_AGENT or (address is not None and address in _APPLE_NETWORK):
        return "apple-mail-privacy"
    return None


def _is_mail_filter(address: IPv4Address | None) -> bool:
    return address is not None and any(address in network for network in _FILTER_NETWORKS)


def _machine(agent: str) -> str | None:
    return next((reason for reason, pattern in _MACHINE if pattern.search(agent)), None)


def _address(ip: str) -> IPv4Address | None:
    """The IPv4 address, also from its IPv6-mapped form (RFC 4291 section 2.5.5.2): the tables know no others."""
    try:
        address = ip_address(ip)
    except ValueError:
        return None
    return address.ipv4_mapped if isinstance(address, IPv6Address) else address
