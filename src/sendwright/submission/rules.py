"""Decisions about submitted mail: from what is known to a refusal, or to what the mail asks for."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import TypeVar

from sendwright import accounts, ledger, mail
from sendwright.submission.model import NO_REQUESTS, Refusal, Requests, Standing

T = TypeVar("T")
D = TypeVar("D")

MOST_RECEIVED = 100  # RFC 5321 6.3: then it loops
MOST_TAGS = 20
MOST_METADATA = 50
LONGEST_KEEP = timedelta(days=365)
_LONGEST_LABEL = 256
_LONGEST_SEND_ID = 256
_SHOWN = 100

AT_LOG_IN = (535, "5.7.13")  # RFC 5248: the user's account is disabled
AT_MAIL = (550, "5.7.1")

WRONG_PASSWORD = Refusal(
    code=535, enhanced="5.7.8", text="user name or password is not right, or the token has expired"
)
TOKEN_ENDED = Refusal(
    code=535, enhanced="5.7.8", text="this token was reset or deleted, or has expired: log in with its new password"
)

UNSPEAKABLE = Refusal(
    code=553, enhanced="5.1.3", text="this recipient cannot be mailed: no server is asked for an address with a blank"
)

_HEADER = "X-Sendwright-"
_SEND_ID, _TAGS, _METADATA = "send-id", "tags", "metadata"
_OPENS, _CLICKS, _RETENTION = "track-opens", "track-clicks", "retention"
_POLICY, _GIVE_UP = "duplicate-policy", "give-up-after"
_KNOWN = (_SEND_ID, _TAGS, _METADATA, _OPENS, _CLICKS, _RETENTION, _POLICY, _GIVE_UP)
_OURS = frozenset({"mid"})  # of a mail that went through us before: no request
_SWITCH = {"yes": True, "on": True, "true": True, "1": True, "no": False, "off": False, "false": False, "0": False}
_KEEP = re.compile(r"P?(\d{1,4})D", re.IGNORECASE)
_PRINTABLE = re.compile(r"[ -~]+")


def is_the_same(standing: Standing, login: accounts.SmtpLogin | None, now: datetime) -> bool:
    """Whether the token that logged in still stands: not deleted, not reset, not expired."""
    if login is None or login.token.epoch != standing.login.token.epoch:
        return False
    return login.token.expires_at is None or now < login.token.expires_at


def refusal_of_account(standing: Standing, reply: tuple[int, str]) -> Refusal | None:
    """A suspended account sends nothing; it hears why."""
    account = standing.login.account
    if account.state is not accounts.AccountState.SUSPENDED:
        return None
    reason = _shown(account.reason) or "no reason was given"
    text = f"this account is suspended: {reason}. Ask the operator to resume it"
    return Refusal(code=reply[0], enhanced=reply[1], text=text)


def refusal_of_author(standing: Standing, address: mail.Address, what: str, public_url: str) -> Refusal | None:
    """A sender's domain must be a connected one of the account, exactly: a sub-domain or a lookalike is another."""
    domain = address.ascii_domain.lower()
    if domain in standing.domains:
        return None
    text = f"{what} is at {_shown(domain)}, which is no connected sending domain of this account; see {public_url}/docs"
    return Refusal(code=550, enhanced="5.7.1", text=text)


def refusal_of_heading(standing: Standing, heading: mail.Heading, public_url: str) -> Refusal | None:
    """Each author, and the sender, is at a connected domain (attack A5), and the mail does not go round in circles."""
    if heading.received > MOST_RECEIVED:
        return Refusal(code=554, enhanced="5.4.6", text="the mail has passed too many servers: it seems to loop")
    named = [("The From address", box.address) for box in heading.from_]
    if heading.sender is not None:
        named.append(("The Sender address", heading.sender.address))
    refusals = (refusal_of_author(standing, address, what, public_url) for what, address in named)
    return next((refusal for refusal in refusals if refusal is not None), None)


def bad_text(fault: mail.Malformed) -> Refusal:
    """The header cannot be read one way only (attack B6, standards F1)."""
    return Refusal(code=554, enhanced="5.6.0", text=_shown(fault.reason, 300))


def bad_sender(fault: mail.Malformed) -> Refusal:
    """The envelope sender is no address."""
    return Refusal(code=553, enhanced="5.1.7", text=f"the envelope sender cannot be used: {_shown(fault.reason)}")


def bad_recipient(fault: mail.Malformed) -> Refusal:
    """The recipient is no address."""
    return Refusal(code=553, enhanced="5.1.3", text=f"this recipient cannot be mailed: {_shown(fault.reason)}")


def too_fast(wait: timedelta) -> Refusal:
    """The token or its account has had its share."""
    seconds = max(1, math.ceil(wait.total_seconds()))
    return Refusal(code=451, enhanced="4.7.1", text=f"this token or account submits too fast; retry in {seconds} s")


def key_was_used(first: str) -> Refusal:
    """Like 409 at the API."""
    text = f"X-Sendwright-Send-Id was used before, by {first}, for another mail; nothing was sent: use a new one"
    return Refusal(code=554, enhanced="5.6.0", text=text)


def read_requests(fields: Sequence[tuple[str, str]]) -> Requests | Refusal:
    """What the mail's own ``X-Sendwright-…`` fields ask for. A field that is not understood is refused, not ignored."""
    if not fields:
        return NO_REQUESTS
    found: dict[str, str] = {}
    for name, value in fields:
        asked = name[len(_HEADER) :].lower()
        if asked in _OURS:
            continue
        if asked not in _KNOWN:
            return _unknown(name, asked)
        if asked in found:
            return _bad(name, "it stands there twice")
        found[asked] = value.strip()
    try:
        return _requests(found)
    except _Unreadable as fault:
        return _bad(_HEADER + fault.name.title(), fault.why)


class _Unreadable(Exception):
    def __init__(self, name: str, why: str) -> None:
        super().__init__(why)
        self.name, self.why = name, why


def _requests(found: Mapping[str, str]) -> Requests:
    tags: tuple[str, ...] = _read(found, _TAGS, _tags, ())
    metadata: dict[str, str] = _read(found, _METADATA, _metadata, {})
    return Requests(
        send_id=_read(found, _SEND_ID, _send_id, None),
        labels=ledger.Labels(tags=tags, metadata=metadata) if tags or metadata else None,
        opens=_read(found, _OPENS, _switch, True),
        clicks=_read(found, _CLICKS, _switch, True),
        keep=_read(found, _RETENTION, _retention, None),
        terms=ledger.Terms(
            duplicate_policy=_read(found, _POLICY, ledger.read_policy, None),
            give_up_after=_read(found, _GIVE_UP, ledger.read_give_up_after, None),
        ),
    )


def _read(found: Mapping[str, str], name: str, read: Callable[[str], T], default: D) -> T | D:
    if name not in found:
        return default
    try:
        return read(found[name])
    except ValueError as fault:
        raise _Unreadable(name, str(fault)) from fault


def _send_id(text: str) -> str | None:
    if not _PRINTABLE.fullmatch(text) or len(text) > _LONGEST_SEND_ID:
        raise ValueError(f"give 1 to {_LONGEST_SEND_ID} printable ASCII characters")
    return text


def _tags(text: str) -> tuple[str, ...]:
    tags = tuple(dict.fromkeys(tag for part in text.split(",") if (tag := part.strip())))
    if len(tags) > MOST_TAGS or any(_is_bad_label(tag) for tag in tags):
        raise ValueError(f"give at most {MOST_TAGS} tags by commas, each up to {_LONGEST_LABEL} characters")
    return tags


def _metadata(text: str) -> dict[str, str]:
    try:
        kept = json.loads(text)
    except (ValueError, RecursionError):
        kept = None
    if not isinstance(kept, dict) or len(kept) > MOST_METADATA:
        raise ValueError(f'give a JSON object of at most {MOST_METADATA} texts, such as {{"order": "4711"}}')
    for name, value in kept.items():
        if not isinstance(value, str) or _is_bad_label(name) or _is_bad_label(value):
            raise ValueError(f"each name and value is a text of up to {_LONGEST_LABEL} characters")
    return kept


def _is_bad_label(text: str) -> bool:
    return len(text) > _LONGEST_LABEL or not text.isprintable()


def _switch(text: str) -> bool:
    if text.lower() not in _SWITCH:
        raise ValueError("say yes or no")
    return _SWITCH[text.lower()]


def _retention(text: str) -> timedelta | None:
    if text.lower() in ("none", "0"):
        return None
    found = _KEEP.fullmatch(text)
    if found is None or not timedelta() < timedelta(days=int(found[1])) <= LONGEST_KEEP:
        raise ValueError(f"say none, or for how many days, such as 30d; {LONGEST_KEEP.days}d at most")
    return timedelta(days=int(found[1]))


def _unknown(name: str, asked: str) -> Refusal:
    near = get_close_matches(asked, _KNOWN, n=1)
    hint = f"did you mean {_HEADER}{near[0].title()}?" if near else f"there are {', '.join(_KNOWN)}"
    return _bad(name, f"there is no such request; {hint}")


def _bad(name: str, why: str) -> Refusal:
    return Refusal(code=554, enhanced="5.6.0", text=f"{_shown(name, 60)}: {why}")


def _shown(text: str, most: int = _SHOWN) -> str:
    """In a reply: one line of printable ASCII."""
    return "".join(c if " " <= c <= "~" else "?" for c in text[:most])
