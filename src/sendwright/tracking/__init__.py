"""Opens and clicks: the signed addresses that a mail carries, and what a visit to one of them was.

It never decides what follows from a hit, stores nothing, and asks neither clock nor disk: the doors and stories do.

Start here: `track_html` wraps the links of a body and places the pixel; `seal_…` and `unseal_…` turn a `Click`, `Open`,
`WebVersion`, `Unsubscribe` or `SandboxPage` into a token and back; `judge_hit` and `describe_agent` read what a hit
brought along; `PIXEL_GIF` is what an open is answered with.
"""

from sendwright.tracking.agents import describe_agent
from sendwright.tracking.links import track_html
from sendwright.tracking.model import (
    Agent,
    Click,
    Hit,
    HitKind,
    Open,
    SandboxPage,
    Tracked,
    TrackingKey,
    Unsubscribe,
    WebVersion,
)
from sendwright.tracking.pixel import PIXEL_GIF
from sendwright.tracking.rules import judge_hit
from sendwright.tracking.tokens import (
    click_sealer,
    seal_click,
    seal_open,
    seal_sandbox_page,
    seal_unsubscribe,
    seal_web_version,
    unseal_click,
    unseal_open,
    unseal_sandbox_page,
    unseal_unsubscribe,
    unseal_web_version,
)

__all__ = [
    "PIXEL_GIF",
    "Agent",
    "Click",
    "Hit",
    "HitKind",
    "Open",
    "SandboxPage",
    "Tracked",
    "TrackingKey",
    "Unsubscribe",
    "WebVersion",
    "click_sealer",
    "describe_agent",
    "judge_hit",
    "seal_click",
    "seal_open",
    "seal_sandbox_page",
    "seal_unsubscribe",
    "seal_web_version",
    "track_html",
    "unseal_click",
    "unseal_open",
    "unseal_sandbox_page",
    "unseal_unsubscribe",
    "unseal_web_version",
]
