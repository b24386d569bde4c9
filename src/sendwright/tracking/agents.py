"""A small table of the programs that load mail, for HubSpot's `browser` and `deviceType` fields.

Agents say more than one name (all browsers claim to be Mozilla, Edge to be Chrome): the first row that fits wins.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from sendwright.tracking.model import Agent, AgentType, Device

_AGENT_CHARS_READ = 512


class _Program(NamedTuple):
    pattern: re.Pattern[str]  # group 1, if any, is the version
    name: str
    producer: str
    type: AgentType


def _program(pattern: str, name: str, producer: str, kind: AgentType = AgentType.BROWSER) -> _Program:
    return _Program(re.compile(pattern, re.IGNORECASE | re.ASCII), name, producer, kind)


_VERSION = r"[/ ]?v?([0-9]{1,8}(?:\.[0-9]{1,8})?)?"
_PROGRAMS = (
    _program("GoogleImageProxy", "Gmail Image Proxy", "Google Inc.", AgentType.PROXY),
    _program("YahooMailProxy|YahooCacheSystem|Yahoo! Mail Proxy", "Yahoo Mail Proxy", "Yahoo! Inc.", AgentType.PROXY),
    _program("OutlookImageProxy", "Outlook Image Proxy", "Microsoft Corporation", AgentType.PROXY),
    _program(r"\AMozilla/5\.0\Z", "Apple Mail Privacy Protection", "Apple Inc.", AgentType.PROXY),
    _program(
        r"\A(?:curl|wget|python|java|php|ruby|go-http|okhttp|axios|node)\b", "HTTP library", "", AgentType.LIBRARY
    ),
    _program(r"(?<!cu)bot\b|crawler|spider", "Robot", "", AgentType.ROBOT),
    _program(f"Outlook-(?:iOS|Android){_VERSION}", "Outlook Mobile", "Microsoft Corporation", AgentType.EMAIL_CLIENT),
    _program(
        f"(?:Microsoft Outlook|MSOffice|ms-office|Outlook){_VERSION}",
        "Outlook",
        "Microsoft Corporation",
        AgentType.EMAIL_CLIENT,
    ),
    _program(f"Thunderbird{_VERSION}", "Thunderbird", "Mozilla Foundation", AgentType.EMAIL_CLIENT),
    _program(f"(?:Airmail|Spark|Postbox|eM ?Client|Mailbird){_VERSION}", "Mail client", "", AgentType.EMAIL_CLIENT),
    _program(f"(?:Edge|EdgA|EdgiOS|Edg){_VERSION}", "Edge", "Microsoft Corporation"),
    _program(f"(?:OPR|OPiOS|Opera){_VERSION}", "Opera", "Opera Software"),
    _program(f"SamsungBrowser{_VERSION}", "Samsung Internet", "Samsung"),
    _program(f"Vivaldi{_VERSION}", "Vivaldi", "Vivaldi Technologies"),
    _program(f"(?:Firefox|FxiOS){_VERSION}", "Firefox", "Mozilla Foundation"),
    _program(f"(?:Chrome|CriOS|Chromium){_VERSION}", "Chrome", "Google Inc."),
    _program(f"Version/{_VERSION}.{{0,60}}Safari", "Safari", "Apple Inc."),
    _program(
        r"(?:MSIE |Trident/.{0,60}rv:)([0-9]{1,8}(?:\.[0-9]{1,8})?)", "Internet Explorer", "Microsoft Corporation"
    ),
    # WebKit with no browser's name behind it is Apple's own mail program.
    _program(
        r"\AMozilla/5\.0 \((?:Macintosh|iPhone|iPad).{0,120}"
        r"AppleWebKit/[0-9.]{1,20} \(KHTML, like Gecko\)(?: Mobile/\w{1,12})?\Z",
        "Apple Mail",
        "Apple Inc.",
        AgentType.EMAIL_CLIENT,
    ),
)
_MOBILE = re.compile(r"iPhone|iPad|iPod|Android|Windows Phone|Mobile|Outlook-iOS", re.IGNORECASE)
_COMPUTER = re.compile(r"Windows NT|Macintosh|Mac OS X|X11|Linux|CrOS|Windows", re.IGNORECASE)
# What these say of the device is their own or made up: Google's proxy poses as Windows XP.
_NO_DEVICE = frozenset({AgentType.PROXY, AgentType.ROBOT, AgentType.LIBRARY})


def describe_agent(user_agent: str) -> Agent:
    """The program and device behind a User-Agent header, as far as a short table can tell; empty names if it cannot."""
    return _looked_up(user_agent[:_AGENT_CHARS_READ].strip())


@lru_cache(maxsize=1024)  # a few agents make most hits; what is kept of a hostile one is short
def _looked_up(text: str) -> Agent:
    for program in _PROGRAMS:
        found = program.pattern.search(text)
        if found is not None:
            return _describe(program, found, text)
    return Agent(name="", family="", producer="", type=AgentType.UNKNOWN, version=(), device=_device(text))


def _describe(program: _Program, found: re.Match[str], text: str) -> Agent:
    device = Device.UNKNOWN if program.type in _NO_DEVICE else _device(text)
    mobile_browser = program.type is AgentType.BROWSER and device is Device.MOBILE
    version = found[1] if found.lastindex else None
    return Agent(
        name=program.name,
        family=program.name,
        producer=program.producer,
        type=AgentType.MOBILE_BROWSER if mobile_browser else program.type,
        version=(f"{program.name} {version}",) if version else (),
        device=device,
    )


def _device(text: str) -> Device:
    if _MOBILE.search(text):
        return Device.MOBILE
    return Device.COMPUTER if _COMPUTER.search(text) else Device.UNKNOWN
