"""How the HTML of a send is tracked: its links and its pixel carry signed tokens that name the send."""

from __future__ import annotations

from dataclasses import dataclass

from sendwright import domains, ledger, tracking
from sendwright.composing.workshop import Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """Whose hits these will be, and at which host they arrive."""

    account_id: int
    send_id: ledger.SendId
    domain: domains.Domain


def tracked(
    html: str, trail: Trail, tools: Tools, *, clicks: bool = True, opens: bool = True, first_link: int = 0
) -> tracking.Tracked:
    """The same HTML with its links led through us (``clicks``, from ``first_link`` on), and a pixel (``opens``)."""
    base = tools.tracking_base(trail.domain)
    account_id, send_id, keys = trail.account_id, trail.send_id, tools.tracking_keys
    seal = tracking.click_sealer(keys, account_id, send_id)

    def click_url(link: int, url: str) -> str:
        return f"{base}/t/c/{seal(first_link + link, url)}"

    pixel = f"{base}/t/o/{tracking.seal_open(keys, tracking.Open(account_id=account_id, send_id=send_id))}"
    ours = (f"{base}/t/", f"{tools.public_url}/t/")
    return tracking.track_html(
        html, click_url=click_url if clicks else None, pixel_url=pixel if opens else None, untouched=ours
    )
