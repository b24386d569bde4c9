"""A received mail as the page shows it: taken apart in a reader's thread, bounded, nothing trusted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from sendwright import mail, tracking
from sendwright.doors.web.sandbox_frame import count_remote_images

_RAW_SHOWN: Final = 64 * 1024
_TEXT_SHOWN: Final = 512 * 1024
_CLICK: Final = "/t/c/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link of the HTML. ``url`` is where it leads in the end; ``tracked`` where it leads first, if elsewhere."""

    url: str
    tracked: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What there is to show of a mail."""

    from_: str
    to: str
    cc: str
    subject: str
    message_id: str
    date: str
    has_html: bool
    text: str | None
    headers: tuple[tuple[str, str], ...]
    links: tuple[Link, ...]
    remote_images: int
    attachments: tuple[mail.Attachment, ...]
    raw: str = field(repr=False)
    raw_is_whole: bool
    truncated: bool


def open_mail(raw: bytes, keys: Sequence[tracking.TrackingKey]) -> Opened:
    """Takes the mail apart; never raises. Every text can be written as UTF-8."""
    said = mail.read(raw)
    html = said.html or ""
    return Opened(
        from_=writable(said.from_), to=writable(said.to), cc=writable(said.cc), subject=writable(said.subject),
        message_id=writable(said.root.value("Message-ID")), date=writable(said.root.value("Date")),
        has_html=said.html is not None,
        text=None if said.text is None else writable(said.text[:_TEXT_SHOWN]),
        headers=tuple((header.name, writable(header.value)) for header in said.headers),
        links=tuple(_links(html, keys)), remote_images=count_remote_images(html), attachments=said.attachments,
        raw=raw[:_RAW_SHOWN].decode("utf-8", "replace"), raw_is_whole=len(raw) <= _RAW_SHOWN,
        truncated=said.truncated or len(said.text or "") > _TEXT_SHOWN,
    )  # fmt: skip


def writable(text: str) -> str:
    """Half a surrogate pair, which a stranger's charset may yield, cannot be written as UTF-8."""
    return text.encode("utf-8", "replace").decode()


def _links(html: str, keys: Sequence[tracking.TrackingKey]) -> Iterator[Link]:
    """The http(s) links in their order, as the tracker finds them; ``data-unsubscribe`` would hide some from it."""
    found = tracking.track_html(
        html.replace("data-unsubscribe", "data-left-alone"), click_url=lambda _, url: url, pixel_url=""
    )
    for url in dict.fromkeys(found.links):
        click = tracking.unseal_click(keys, url.rpartition(_CLICK)[2]) if _CLICK in url else None
        yield Link(url=url, tracked=None) if click is None else Link(url=click.url, tracked=url)
