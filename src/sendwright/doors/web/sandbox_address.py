"""The addresses of the sandbox pages of one send."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from sendwright import tracking

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def sandbox_page_url(public_url: str, keys: Sequence[tracking.TrackingKey], account_id: int, send_id: str) -> str:
    """The page's address for somebody without a login. ``public_url`` has no slash at its end."""
    key = tracking.seal_sandbox_page(keys, tracking.SandboxPage(account_id=account_id, send_id=send_id))
    return public_url + SendPlace(send_id=send_id, key=key).page()


def is_id(text: str) -> bool:
    """Whether it is spelt like an id of a send or of a mail."""
    return _ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPlace:
    """Where a visitor is: the send, and the key that goes along with every link (empty for one who is logged in)."""

    send_id: str
    key: str

    @property
    def path(self) -> str:
        """The page's path."""
        return f"/sandbox/s/{self.send_id}"

    def page(self, *, mail: str = "", tab: str = "") -> str:
        """The page, with a mail and a tab chosen."""
        return self._address(self.path, mail=mail, tab=tab)

    def part(self, name: str, *, mail: str, n: str = "") -> str:
        """``html``, ``raw`` or ``attachment`` of a mail."""
        return self._address(f"{self.path}/{name}", mail=mail, n=n)

    def _address(self, path: str, **asked: str) -> str:
        query = urlencode({name: value for name, value in {**asked, "key": self.key}.items() if value})
        return f"{path}?{query}" if query else path
