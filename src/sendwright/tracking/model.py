"""The words of tracking: what a token says, what a hit was, who asked."""

from dataclasses import dataclass, field
from enum import Enum

MIN_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class TrackingKey:
    """A secret under which tokens are sealed: 32 random bytes by preference, 16 at least. It never shows in a repr."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < MIN_KEY_BYTES:
            raise ValueError(f"a tracking key has at least {MIN_KEY_BYTES} bytes, this one has {len(self.secret)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A link in a message. `link` counts its tracked links from 0; `url` is http or https, all printable ASCII."""

    account_id: int
    send_id: str
    link: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """The pixel of a message."""

    account_id: int
    send_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebVersion:
    """The page that shows a message in a browser."""

    account_id: int
    send_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe:
    """The page, or the one-click POST, by which the recipient of a send leaves."""

    account_id: int
    send_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxPage:
    """The page that shows what the sandbox kept of a send."""

    account_id: int
    send_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """HTML with its links wrapped and its pixel in place; `links[n]` is the address that link `n` leads to."""

    html: str
    links: tuple[str, ...]


class HitKind(Enum):
    """Who loaded the pixel or followed the link."""

    PERSON = "person"
    PROXY = "proxy"
    SCANNER = "scanner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """What a hit was taken for, and the stable word for why (`tracking.rules` lists them), kept with the raw hit."""

    kind: HitKind
    reason: str


class Device(Enum):
    """HubSpot's `deviceType`."""

    COMPUTER = "COMPUTER"
    MOBILE = "MOBILE"
    UNKNOWN = "UNKNOWN"


class AgentType(Enum):
    """HubSpot's `browser.type`."""

    BROWSER = "Browser"
    MOBILE_BROWSER = "Mobile Browser"
    EMAIL_CLIENT = "Email client"
    PROXY = "Proxy"
    ROBOT = "Robot"
    LIBRARY = "Library"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A user agent as HubSpot's `browser` object tells it; `version` holds at most one text, such as `Chrome 131.0`."""

    name: str
    family: str
    producer: str
    type: AgentType
    version: tuple[str, ...]
    device: Device
