"""Sending domains of the account, under our own prefix: added, looked for in DNS, their keys rotated, removed.

No token connects a domain by decree: that would let it send from a domain that is not its own.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from sendwright import connect_domain, domain_documents
from sendwright.doors.http import errors
from sendwright.doors.http.operations import Answer, Call, Operations
from sendwright.doors.http.shapes import OwnTaken, Shown, When

operations = Operations("Sending domains")

_SCOPES: Final = ["transactional-email", "marketing-email"]
_PATH: Final = "/api/v1/domains"
Host = Annotated[str, Field(min_length=1, max_length=253)]


class NewSendingDomain(OwnTaken):
    """A domain to add. ``returnPathHost`` takes bounces (usually ``bounce.`` and the domain; null: none of its own),
    ``trackingHost`` carries links and pixels (default: the installation's own host)."""

    name: Host
    return_path_host: Host | None = None
    tracking_host: Host | None = None


class NameServerAnswer(Shown):
    """What one name server says. ``alias``: the name is a CNAME for it; ``failure``: why it said nothing."""

    server: str
    values: list[str]
    alias: str | None = None
    failure: str | None = None


class DnsRecord(Shown):
    """A DNS record: as it is wanted, and as the last check found it.

    ``value`` is empty where any sensible value will do. ``state``: found, missing, differs, not_the_same_everywhere,
    no_answer; absent before the first check. ``advice`` says what to do; absent when there is nothing to do.
    """

    name: str
    type: str
    value: str
    purpose: str
    need: str
    about: str
    state: str | None = None
    advice: str | None = None
    note: str | None = None
    found: list[NameServerAnswer] | None = None


class DkimKey(Shown):
    """A signing key. ``state``: pending (waits for its record), active, retiring (keep its record), retired."""

    selector: str
    algorithm: str
    state: str
    created_at: When
    changed_at: When


class SendingDomain(Shown):
    """A domain that mail is sent from once it is connected. ``usable``: the last check found all that is needed."""

    name: str
    state: str
    connected_at: When | None
    connected_how: str | None
    degraded_since: When | None
    tracking_host: str | None
    return_path_host: str | None
    created_at: When
    checked_at: When | None
    usable: bool | None
    warnings: list[str]
    keys: list[DkimKey]
    records: list[DnsRecord]


class SendingDomains(Shown):
    """All domains of the account."""

    results: list[SendingDomain]


@operations.on("GET", _PATH, scopes=_SCOPES, gives=SendingDomains)
async def list_sending_domains(call: Call) -> SendingDomains:
    """Lists the account's sending domains, with the DNS records that each wants."""
    found = await call.db.read(connect_domain.find_all, _desk(call), call.account_id)
    return SendingDomains(results=[_show(known) for known in found])


@operations.on("POST", _PATH, takes=NewSendingDomain, gives=SendingDomain, success=201, scopes=_SCOPES)
async def add_sending_domain(call: Call, body: NewSendingDomain) -> Answer:
    """Adds a sending domain, and says which DNS records to publish.

    It is checked by schedule, and by `POST …/check`; mail can be sent from it the moment its records are right.
    """
    desk = _desk(call)
    try:
        path = body.return_path_host
        if "return_path_host" not in body.model_fields_set:
            path = connect_domain.usual_return_path(desk.place, body.name)
        new = connect_domain.NewDomain(
            account_id=call.account_id, by=call.caller.token_id, name=body.name, tracking_host=body.tracking_host,
            return_path_host=path,
        )  # fmt: skip
        known = await connect_domain.add(desk, new)
    except ValueError as fault:
        raise errors.invalid_field("name", str(fault)) from fault
    where = f"{call.services.public_url}{_PATH}/{known.domain.name}"
    return Answer(body=_show(known), status=201, headers=[("Location", where)])


@operations.on("GET", _PATH + "/{name}", gives=SendingDomain, scopes=_SCOPES)
async def get_sending_domain(call: Call) -> SendingDomain:
    """Reads a sending domain: its records, and what the last check found."""
    return _show(_there(await call.db.read(connect_domain.find, _desk(call), call.account_id, call.path["name"])))


@operations.on("POST", _PATH + "/{name}/check", gives=SendingDomain, scopes=_SCOPES)
async def check_sending_domain(call: Call) -> SendingDomain:
    """Asks the domain's name servers now, and connects it if its records are right.

    Takes some seconds. Within ten seconds of the last check that one is answered.
    """
    return _show(_there(await connect_domain.check_if_rested(_desk(call), call.account_id, call.path["name"])))


@operations.on("POST", _PATH + "/{name}/rotate", gives=SendingDomain, scopes=_SCOPES)
async def rotate_keys_of_sending_domain(call: Call) -> SendingDomain:
    """Makes new DKIM keys, which take over as soon as their records are seen."""
    try:
        known = await connect_domain.rotate(_desk(call), call.account_id, call.caller.token_id, call.path["name"])
    except ValueError as fault:
        raise errors.taken(str(fault)) from fault
    return _show(_there(known))


@operations.on("DELETE", _PATH + "/{name}", success=204, scopes=_SCOPES)
async def remove_sending_domain(call: Call) -> None:
    """Removes a sending domain: it takes no new mail. What was accepted before still leaves, signed with its keys."""
    done = await call.db.write(
        connect_domain.remove, call.account_id, call.caller.token_id, call.path["name"], call.now
    )  # fmt: skip
    if not done:
        raise errors.not_found()


def _desk(call: Call) -> connect_domain.Desk:
    desk = call.services.domain_desk
    if desk is None:
        raise errors.unavailable("This process does not look at sending domains.")
    return desk


def _there(known: connect_domain.Known | None) -> connect_domain.Known:
    if known is None:
        raise errors.not_found()
    return known


def _show(known: connect_domain.Known) -> SendingDomain:
    return SendingDomain.model_validate(domain_documents.domain_document(known))
