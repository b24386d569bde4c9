"""What HubSpot's `browser` and `deviceType` say of common agents."""

import pytest

from sendwright.tracking import describe_agent
from sendwright.tracking.model import Agent, AgentType, Device

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
BROWSER, MOBILE, CLIENT, PROXY = AgentType.BROWSER, AgentType.MOBILE_BROWSER, AgentType.EMAIL_CLIENT, AgentType.PROXY

KNOWN = [
    (f"{WINDOWS} Chrome/131.0.0.0 Safari/537.36", "Chrome", BROWSER, "Chrome 131.0", Device.COMPUTER),
    (f"{WINDOWS} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.2903.51", "Edge", BROWSER, "Edge 131.0", Device.COMPUTER),
    (f"{WINDOWS} Chrome/131.0.0.0 Safari/537.36 OPR/115.0.0.0", "Opera", BROWSER, "Opera 115.0", Device.COMPUTER),
    (f"{WINDOWS} Chrome/131.0.0.0 Safari/537.36 Vivaldi/7.0", "Vivaldi", BROWSER, "Vivaldi 7.0", Device.COMPUTER),
    (f"{ANDROID} Chrome/131.0.0.0 Mobile Safari/537.36", "Chrome", MOBILE, "Chrome 131.0", Device.MOBILE),
    (
        f"{ANDROID} SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
        "Samsung Internet",
        MOBILE,
        "Samsung Internet 27.0",
        Device.MOBILE,
    ),
    (f"{IPHONE} Version/18.1 Mobile/15E148 Safari/604.1", "Safari", MOBILE, "Safari 18.1", Device.MOBILE),
    (f"{MAC} Version/18.1 Safari/605.1.15", "Safari", BROWSER, "Safari 18.1", Device.COMPUTER),
    (f"{IPHONE} CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1", "Chrome", MOBILE, "Chrome 131.0", Device.MOBILE),
    (
        "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
        "Firefox",
        BROWSER,
        "Firefox 133.0",
        Device.COMPUTER,
    ),
    (
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0",
        "Thunderbird",
        CLIENT,
        "Thunderbird 128.5",
        Device.COMPUTER,
    ),
    (
        "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Trident/7.0; Microsoft Outlook 16.0.17928)",
        "Outlook",
        CLIENT,
        "Outlook 16.0",
        Device.COMPUTER,
    ),
    (
        "Outlook-iOS/723.4027091.prod.iphone (4.28.0)",
        "Outlook Mobile",
        CLIENT,
        "Outlook Mobile 723.4027091",
        Device.MOBILE,
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko",
        "Internet Explorer",
        BROWSER,
        "Internet Explorer 11.0",
        Device.COMPUTER,
    ),
    (MAC, "Apple Mail", CLIENT, None, Device.COMPUTER),
    (f"{IPHONE} Mobile/15E148", "Apple Mail", CLIENT, None, Device.MOBILE),
    ("Mozilla/5.0", "Apple Mail Privacy Protection", PROXY, None, Device.UNKNOWN),
    (
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        "Gmail Image Proxy",
        PROXY,
        None,
        Device.UNKNOWN,
    ),
    ("YahooMailProxy; https://example.com", "Yahoo Mail Proxy", PROXY, None, Device.UNKNOWN),
    ("curl/8.5.0", "HTTP library", AgentType.LIBRARY, None, Device.UNKNOWN),
    ("Mozilla/5.0 (compatible; bingbot/2.0; Linux)", "Robot", AgentType.ROBOT, None, Device.UNKNOWN),
]


@pytest.mark.parametrize(("text", "name", "kind", "version", "device"), KNOWN)
def test_a_common_agent_is_known(text, name, kind, version, device):
    agent = describe_agent(text)
    assert (agent.name, agent.type, agent.device) == (name, kind, device)
    assert agent.version == ((version,) if version else ())


@pytest.mark.parametrize(("text", "device"), [("", Device.UNKNOWN), ("Something (Windows NT 10.0)", Device.COMPUTER),
    ("Something (Android 14)", Device.MOBILE), ("\0\r\n\ud800é", Device.UNKNOWN)])  # fmt: skip
def test_a_strange_agent_has_no_name_but_perhaps_a_device(text, device):
    assert describe_agent(text) == Agent(
        name="", family="", producer="", type=AgentType.UNKNOWN, version=(), device=device
    )


@pytest.mark.parametrize(
    "text", ["MSIE " * 1_000_000, "Trident/" * 1_000_000, "Version/1 " * 1_000_000, "Chrome/" + "1" * 1_000_000]
)
def test_a_hostile_agent_is_read_no_further_than_its_beginning(text):
    assert all(len(version) < 60 for version in describe_agent(text).version)
