"""Whom we believe."""

from __future__ import annotations

FEEDBACK_DOMAINS = (
    "abusix.com", "aol.com", "arf.mail.yahoo.com", "cloudmark.com", "comcast.net", "fastmail.com", "fbl.arf.org",
    "gmx.net", "hotmail.com", "icloud.com", "laposte.net", "libero.it", "live.com", "mail.ru", "mailru.com",
    "messagingengine.com", "microsoft.com", "naver.com", "office365.com", "outlook.com", "rackspace.com",
    "returnpath.net", "rolandmail.com", "senderscore.net", "signal-spam.fr", "synacor.com", "t-online.de",
    "telenor.com", "telenor.net", "terra.com", "validity.com", "web.de", "yahoo.com", "yahoo-inc.com",
    "yahooinc.com", "yandex.ru", "ziggo.nl", "zoho.com",
)  # fmt: skip
"""Whose signature makes a complaint believed: providers with feedback loops, and services that run them for others."""
