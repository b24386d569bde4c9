"""The address of a send's sandbox page, with the key that opens it."""

from __future__ import annotations

from collections.abc import Sequence

from sendwright import tracking


def sandbox_page_url(public_url: str, keys: Sequence[tracking.TrackingKey], account_id: int, send_id: str) -> str:
    """The page's address for somebody without a login. ``public_url`` has no slash at its end."""
    key = tracking.seal_sandbox_page(keys, tracking.SandboxPage(account_id=account_id, send_id=send_id))
    return f"{public_url}/sandbox/s/{send_id}?key={key}"
