"""SMTP tokens: user names and passwords for programs that send by SMTP, v3, dated and v1 (reference 6, 8).

The id is the user name. The password is in the answer that makes it, and in no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, TypedDict
from urllib.parse import quote

from pydantic import AfterValidator, RootModel, StrictBool, StringConstraints

from sendwright import accounts, mail, smtp_tokens
from sendwright.doors.http import errors
from sendwright.doors.http.operations import Answer, Call, Operations, Parameter
from sendwright.doors.http.shapes import Paging, Shown, Taken, When, milliseconds

operations = Operations("SMTP tokens")

_CLASSIC, _DATED = "/marketing/v3/transactional/smtp-tokens", "/marketing/transactional/{date}/smtp-tokens"
_V1: Final = "/email/public/v1/smtpapi/tokens"
_APP_ID: Final = 22709
"""The "SMTP API" application, as the events of mail that comes by SMTP name it, too."""
_PAGE_DEFAULT, _PAGE_MOST = 100, 1000
_V1_MOST: Final = 10_000
_BIGGEST: Final = 10**18 - 1


def _address(text: str) -> str:
    address = mail.parse_address(text)
    if isinstance(address, mail.Malformed):
        raise errors.invalid_field("createdBy", f"must be an e-mail address: {address.reason}")
    return address.spec


CampaignName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class SmtpApiTokenRequestEgg(Taken):
    """A new token: whether its recipients become contacts, and what its mail is called in lists and statistics."""

    create_contact: StrictBool
    campaign_name: CampaignName


class LegacyTokenRequest(Taken):
    """A new token, v1. ``createContact`` is v3's; v1 alone makes no contacts."""

    campaign_name: CampaignName
    created_by: Annotated[str, AfterValidator(_address)] | None = None
    create_contact: StrictBool = False


class SmtpApiTokenView(Shown):
    """A token. ``password`` only when it was made just now; ``expiresAt`` and ``lastUsedAt`` are ours."""

    id: str
    campaign_name: str
    create_contact: bool
    created_at: When
    created_by: str
    email_campaign_id: str
    password: str | None = None
    expires_at: When | None = None
    last_used_at: When | None = None


class SmtpApiTokenPage(Shown):
    """One page of tokens, the oldest first."""

    results: list[SmtpApiTokenView]
    paging: Paging | None = None


class LegacyToken(Shown):
    """A token, v1: numbers and milliseconds. ``password`` only when it was made just now."""

    portal_id: int
    user_name: str
    password: str | None = None
    email_campaign_id: int
    created_at: int
    deleted: bool = False
    created_by: str
    app_id: int = _APP_ID
    campaign_name: str


class LegacyTokens(RootModel[list[LegacyToken]]):
    """All tokens, v1: a bare list."""


class _Door(TypedDict):
    also: Sequence[str]
    scopes: Sequence[str]


_SCOPES: Final = ["transactional-email"]


def _under(tail: str) -> _Door:
    """The dated path beside the classic one."""
    return {"also": [_DATED + tail], "scopes": _SCOPES}


@operations.on("POST", _CLASSIC, takes=SmtpApiTokenRequestEgg, gives=SmtpApiTokenView, success=201, **_under(""))
async def create_smtp_token(call: Call, body: SmtpApiTokenRequestEgg) -> Answer:
    """Creates an SMTP token. It expires after twelve months."""
    wanted = _wanted(call, body.campaign_name, create_contact=body.create_contact)
    token, password = await call.db.write(smtp_tokens.create_by_api, wanted, call.now)
    return Answer(body=_show(token, password), status=201, headers=[_location(call, token)])


@operations.on(
    "GET", _CLASSIC, gives=SmtpApiTokenPage, **_under(""),
    query=[
        Parameter(name="campaignName", about="Only tokens of exactly this campaign name."),
        Parameter(name="emailCampaignId", about="Only the token of this campaign."),
        Parameter(name="after", about="paging.next.after of the page before."),
        Parameter(name="limit", kind="integer", about="1 to 1000, default 100."),
    ],
)  # fmt: skip
async def list_smtp_tokens(call: Call) -> SmtpApiTokenPage:
    """Lists SMTP tokens, the oldest first, without their passwords."""
    limit = call.query.limit(default=_PAGE_DEFAULT, most=_PAGE_MOST)
    after = call.query.after()
    found = await _list(call, _filter(call), None if after is None else int(after[0]), limit + 1)
    page = found[:limit]
    more = len(found) > limit
    return SmtpApiTokenPage(
        results=[_show(token) for token in page], paging=call.next_page(page[-1].email_id) if more else None
    )


@operations.on("GET", _CLASSIC + "/{tokenId}", gives=SmtpApiTokenView, **_under("/{tokenId}"))
async def get_smtp_token(call: Call) -> SmtpApiTokenView:
    """Reads an SMTP token, without its password."""
    return _show(await _find(call, "tokenId"))


@operations.on(
    "POST", _CLASSIC + "/{tokenId}/password-reset", gives=SmtpApiTokenView, **_under("/{tokenId}/password-reset")
)
async def reset_smtp_token(call: Call) -> SmtpApiTokenView:
    """Gives an SMTP token a new password. The old one opens nothing from then on."""
    return _show(*await _reset(call, "tokenId"))


@operations.on("DELETE", _CLASSIC + "/{tokenId}", success=204, **_under("/{tokenId}"))
async def archive_smtp_token(call: Call) -> None:
    """Deletes an SMTP token. Its campaign stays among the e-mails."""
    await _delete(call, "tokenId")


@operations.on("POST", _V1, takes=LegacyTokenRequest, gives=LegacyToken, success=201, scopes=_SCOPES)
async def create_smtp_token_v1(call: Call, body: LegacyTokenRequest) -> LegacyToken:
    """Creates an SMTP token, v1."""
    wanted = _wanted(call, body.campaign_name, create_contact=body.create_contact, created_by=body.created_by)
    return _show_v1(*await call.db.write(smtp_tokens.create_by_api, wanted, call.now))


@operations.on("GET", _V1, gives=LegacyTokens, scopes=_SCOPES)
async def list_smtp_tokens_v1(call: Call) -> LegacyTokens:
    """Lists all SMTP tokens, v1."""
    found = await _list(call, accounts.SmtpTokenFilter(), None, _V1_MOST)
    return LegacyTokens([_show_v1(token) for token in found])


@operations.on("GET", _V1 + "/{userName}", gives=LegacyToken, scopes=_SCOPES)
async def get_smtp_token_v1(call: Call) -> LegacyToken:
    """Reads an SMTP token, v1."""
    return _show_v1(await _find(call, "userName"))


@operations.on("POST", _V1 + "/{userName}/password-reset", gives=LegacyToken, scopes=_SCOPES)
async def reset_smtp_token_v1(call: Call) -> LegacyToken:
    """Gives an SMTP token a new password, v1."""
    return _show_v1(*await _reset(call, "userName"))


@operations.on("DELETE", _V1 + "/{userName}", success=204, scopes=_SCOPES)
async def archive_smtp_token_v1(call: Call) -> None:
    """Deletes an SMTP token, v1."""
    await _delete(call, "userName")


def _wanted(
    call: Call, campaign_name: str, *, create_contact: bool, created_by: str | None = None
) -> smtp_tokens.Wanted:
    return smtp_tokens.Wanted(
        account_id=call.account_id, campaign_name=campaign_name, create_contact=create_contact,
        host=call.services.smtp_host, by=call.caller.token_id, created_by=created_by,
    )  # fmt: skip


def _filter(call: Call) -> accounts.SmtpTokenFilter:
    return accounts.SmtpTokenFilter(
        campaign_name=call.query.text("campaignName"),
        campaign_id=call.query.number("emailCampaignId", least=0, most=_BIGGEST),
    )


async def _list(
    call: Call, wanted: accounts.SmtpTokenFilter, after: int | None, limit: int
) -> list[accounts.SmtpToken]:
    return await call.db.read(
        lambda conn: accounts.list_smtp_tokens(conn, call.account_id, wanted, after=after, limit=limit)
    )


async def _find(call: Call, name: str) -> accounts.SmtpToken:
    token = await call.db.read(accounts.find_smtp_token, call.account_id, call.path[name])
    if token is None:
        raise errors.not_found()
    return token


async def _reset(call: Call, name: str) -> smtp_tokens.Made:
    made = await call.db.write(
        accounts.reset_smtp_token, call.account_id, call.path[name], call.now, call.caller.token_id
    )  # fmt: skip
    if made is None:
        raise errors.not_found()
    return made


async def _delete(call: Call, name: str) -> None:
    done = await call.db.write(
        accounts.delete_smtp_token, call.account_id, call.path[name], call.now, call.caller.token_id
    )  # fmt: skip
    if not done:
        raise errors.not_found()


def _location(call: Call, token: accounts.SmtpToken) -> tuple[str, str]:
    """Where the token is read, in the family that was called."""
    return "Location", f"{call.services.public_url}{call.url_path.rstrip('/')}/{quote(token.id, safe='@')}"


def _show(token: accounts.SmtpToken, password: str | None = None) -> SmtpApiTokenView:
    return SmtpApiTokenView(
        id=token.id, campaign_name=token.campaign_name, create_contact=token.create_contact,
        created_at=token.created_at, created_by=token.created_by, email_campaign_id=str(token.campaign_id),
        password=password, expires_at=token.expires_at, last_used_at=token.last_used_at,
    )  # fmt: skip


def _show_v1(token: accounts.SmtpToken, password: str | None = None) -> LegacyToken:
    return LegacyToken(
        portal_id=token.account_id, user_name=token.id, password=password, email_campaign_id=token.campaign_id,
        created_at=milliseconds(token.created_at), created_by=token.created_by, campaign_name=token.campaign_name,
    )  # fmt: skip
