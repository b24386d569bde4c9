"""The report of a stranger as it is read, and whom we believe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

FEEDBACK_DOMAINS = (
    "abusix.com", "aol.com", "arf.mail.yahoo.com", "cloudmark.com", "comcast.net", "fastmail.com", "fbl.arf.org",
    "gmx.net", "hotmail.com", "icloud.com", "laposte.net", "libero.it", "live.com", "mail.ru", "mailru.com",
    "messagingengine.com", "microsoft.com", "naver.com", "office365.com", "outlook.com", "rackspace.com",
    "returnpath.net", "rolandmail.com", "senderscore.net", "signal-spam.fr", "synacor.com", "t-online.de",
    "telenor.com", "telenor.net", "terra.com", "validity.com", "web.de", "yahoo.com", "yahoo-inc.com",
    "yahooinc.com", "yandex.ru", "ziggo.nl", "zoho.com",
)  # fmt: skip
"""Whose signature makes a complaint believed: providers with feedback loops, and services that run them for others."""


class Reported(Protocol):
    """One recipient that a report names (``mail.ReportedAddress``)."""

    @property
    def address(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def reply_code(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def hard(self) -> bool: ...
    @property
    def diagnostic(self) -> str: ...
    @property
    def action(self) -> str: ...


class Incoming(Protocol):
    """A mail that came back, as it was read (``mail.IncomingReport``).

    ``kind``: bounce, complaint, auto_reply or other.
    """

    @property
    def kind(self) -> str: ...
    @property
    def recipients(self) -> Sequence[Reported]: ...
    @property
    def delivered(self) -> Sequence[str]: ...
    @property
    def original_recipients(self) -> Sequence[str]: ...
    @property
    def feedback_type(self) -> str: ...
    @property
    def is_abuse(self) -> bool: ...
