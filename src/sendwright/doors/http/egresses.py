"""The account's own ways out, under our own prefix: source addresses, and the pools of its streams.

Relays and proxies are shown here and made at the command line only: they name hosts for this machine to connect to.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sendwright import dedicated, egresses
from sendwright.doors.http import errors
from sendwright.doors.http.operations import Call, Operations
from sendwright.doors.http.shapes import OwnTaken, Shown, When

operations = Operations("Egresses")

_SCOPES = ("transactional-email",)
_ONE, _POOL = "/api/v1/egresses/{name}", "/api/v1/pools/{stream}"
_INSTALLATION = "installation"


class NewEgress(OwnTaken):
    """A source address. ``machine``: who has it, as that machine's setting says; default: the machine that answers."""

    name: Annotated[str, Field(max_length=63)]
    ip: Annotated[str, Field(max_length=45)]
    ehlo_name: Annotated[str, Field(max_length=253)]
    machine: Annotated[str, Field(max_length=253)] | None = None


class EgressChange(OwnTaken):
    """Whether mail may leave by it."""

    state: Literal["active", "paused"]
    reason: Annotated[str, Field(max_length=500)] = ""


class EgressFinding(Shown):
    """What a check found. ``fatal``: nothing leaves until it is put right."""

    fatal: bool
    text: str


class EgressView(Shown):
    """By what mail leaves: ``ip`` with its ``ehloName`` and ``machine``, or ``relay``."""

    name: str
    state: str
    reason: str | None
    usable: bool
    verified: bool
    ip: str | None = None
    ehlo_name: str | None = None
    machine: str | None = None
    proxy: str | None = None
    relay: str | None = None
    checked_at: When | None
    findings: list[EgressFinding]
    created_at: When


class EgressList(Shown):
    """All egresses of the account."""

    results: list[EgressView]


class PoolMember(OwnTaken):
    """An egress and its share of the mail. ``installation`` is the installation's own way; a share of 0: overflow."""

    egress: Annotated[str, Field(max_length=63)]
    share: Annotated[int, Field(ge=0, le=1_000_000)]


class PoolChange(OwnTaken):
    """The pool of a stream. ``onlyOwn``: mail waits when none of its members may be used."""

    name: Annotated[str, Field(max_length=63)] | None = None
    members: Annotated[list[PoolMember], Field(min_length=1, max_length=100)]
    only_own: bool = False


class PoolMemberView(Shown):
    """An egress and its share of the mail."""

    egress: str
    share: int


class PoolView(Shown):
    """The egresses of a stream."""

    stream: str
    name: str
    only_own: bool
    members: list[PoolMemberView]


class PoolList(Shown):
    """All pools of the account."""

    results: list[PoolView]


@operations.on("GET", "/api/v1/egresses", scopes=_SCOPES, gives=EgressList)
async def list_egresses(call: Call) -> EgressList:
    """Lists the account's egresses, with what their last check found."""
    found = await call.db.read(egresses.list_egresses, _office(call).seal, call.account_id)
    return EgressList(results=[_show(egress) for egress in found])


@operations.on("POST", "/api/v1/egresses", takes=NewEgress, scopes=_SCOPES, gives=EgressView, success=201)
async def add_egress(call: Call, body: NewEgress) -> EgressView:
    """Adds a source address and checks it.

    Its name must be under a connected domain of the account. It is used once DNS is right both ways and a pool has it.
    """
    office = _office(call)
    try:
        means = egresses.OwnAddress(
            ip=egresses.read_address(body.ip), ehlo_name=egresses.read_host(body.ehlo_name),
            machine=egresses.read_machine(body.machine or office.machine),
        )  # fmt: skip
        return _show(await dedicated.add_by_account(office, body.name, means))
    except ValueError as fault:
        raise errors.invalid(str(fault)) from fault


@operations.on("GET", _ONE, scopes=_SCOPES, gives=EgressView)
async def get_egress(call: Call) -> EgressView:
    """Reads an egress."""
    return _show(await _find(call))


@operations.on("POST", _ONE + "/check", scopes=_SCOPES, gives=EgressView)
async def check_egress(call: Call) -> EgressView:
    """Looks at an egress's name in DNS again, both ways."""
    found = await dedicated.check(_office(call), call.path["name"])
    if found is None:
        raise errors.not_found()
    return _show(found)


@operations.on("PATCH", _ONE, takes=EgressChange, scopes=_SCOPES, gives=EgressView)
async def change_egress(call: Call, body: EgressChange) -> EgressView:
    """Pauses an egress, or resumes it.

    Mail that waits for a paused one moves to other members of its pool. What the operator paused stays paused.
    """
    egress, office = await _find(call), _office(call)
    if egress.state.value != body.state:
        paused = body.state == "paused"
        done = await (
            dedicated.pause(office, egress.name, body.reason) if paused else dedicated.resume(office, egress.name)
        )
        if not done:
            raise errors.taken(f"{egress.name} cannot be {body.state} now: ask the operator if they paused it")
    return _show(await _find(call))


@operations.on("DELETE", _ONE, scopes=_SCOPES, success=204)
async def remove_egress(call: Call) -> None:
    """Removes an egress for good, from its pool too. What the operator paused stays."""
    try:
        done = await dedicated.remove(_office(call), call.path["name"])
    except ValueError as fault:
        raise errors.taken(str(fault)) from fault
    if not done:
        raise errors.not_found()


@operations.on("GET", "/api/v1/pools", scopes=_SCOPES, gives=PoolList)
async def list_pools(call: Call) -> PoolList:
    """Lists the pools of the account's streams."""
    found = await call.db.read(egresses.list_pools, call.account_id)
    return PoolList(results=[_show_pool(pool) for pool in found])


@operations.on("PUT", _POOL, takes=PoolChange, scopes=_SCOPES, gives=PoolView)
async def set_pool(call: Call, body: PoolChange) -> PoolView:
    """Sets the pool of a stream: transactional, marketing or one_to_one. An egress serves one stream only."""
    stream = _stream(call)
    try:
        pool = egresses.Pool(
            account_id=call.account_id, stream=stream, only_own=body.only_own,
            name=egresses.read_name((body.name or stream.value).replace("_", "-")),
            members=tuple(_member(member) for member in body.members),
        )  # fmt: skip
        await dedicated.set_pool(_office(call), pool)
    except ValueError as fault:
        raise errors.invalid(str(fault)) from fault
    return _show_pool(pool)


@operations.on("DELETE", _POOL, scopes=_SCOPES, success=204)
async def remove_pool(call: Call) -> None:
    """Lets a stream leave by the installation's own way again."""
    if not await dedicated.remove_pool(_office(call), _stream(call)):
        raise errors.not_found()


def _office(call: Call) -> dedicated.Office:
    made = call.services.office
    if made is None:
        raise errors.unavailable("this process has no way to look at egresses: ask one that serves the API")
    return made(call.caller, call.now)


async def _find(call: Call) -> egresses.Egress:
    found = await call.db.read(egresses.find_egress, _office(call).seal, call.account_id, call.path["name"])
    if found is None or found.state is egresses.EgressState.RETIRED:
        raise errors.not_found()
    return found


def _stream(call: Call) -> egresses.Stream:
    try:
        return egresses.Stream(call.path["stream"])
    except ValueError:
        raise errors.not_found() from None


def _member(member: PoolMember) -> egresses.Member:
    return egresses.Member(egress="" if member.egress == _INSTALLATION else member.egress, weight=member.share)


def _show(egress: egresses.Egress) -> EgressView:
    found = egress.check
    common = EgressView(
        name=egress.name, state=egress.state.value, reason=egress.reason or None, usable=egress.usable,
        verified=egress.verified, checked_at=None if found is None else found.at, created_at=egress.created_at,
        findings=[EgressFinding(fatal=each.fatal, text=each.text) for each in found.findings] if found else [],
    )  # fmt: skip
    match egress.means:
        case egresses.Relay(shown=shown):
            return common.model_copy(update={"relay": shown})
        case egresses.OwnAddress(ip=ip, ehlo_name=name, machine=machine, proxy=proxy):
            return common.model_copy(update={"ip": ip, "ehlo_name": name, "machine": machine, "proxy": proxy})


def _show_pool(pool: egresses.Pool) -> PoolView:
    members = [PoolMemberView(egress=m.egress or _INSTALLATION, share=m.weight) for m in pool.members]
    return PoolView(stream=pool.stream.value, name=pool.name, only_own=pool.only_own, members=members)
