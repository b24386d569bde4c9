"""From an address to a conversation that is ready: connection, greeting, TLS as the route wants it, AUTH."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable
from functools import cached_property, partial
from typing import Literal, TypeGuard

import structlog

from sendwright import smtp
from sendwright.outbound import dane
from sendwright.outbound.converse import Errand
from sendwright.outbound.dial import Conversation
from sendwright.outbound.model import Answered, DirectMx, Peer, Route, Sandbox, SmartHost, Tls, Trouble, Unreachable
from sendwright.outbound.proxies import ProxyFailed, open_connection
from sendwright.outbound.routes import is_loopback
from sendwright.outbound.rules import may_go_in_clear
from sendwright.outbound.settings import PostSettings
from sendwright.outbound.tls_policies import TlsPolicies
from sendwright.outbound.tls_policy import NO_POLICY, Demand, Forbidden, Policy, Result

log = structlog.get_logger()

TlsWish = Literal["never", "opportunistic", "required"]

_NOTHING = Demand()
_NO_TLS = "4.7.4"  # the enhanced code the client core gives when it may not go on in clear


_BY_VERIFY_CODE = {10: Result.EXPIRED, 62: Result.OTHER_HOST}  # OpenSSL's X509_V_ERR_…
_NOT_TRUSTED = frozenset({18, 19, 20, 21})


class Unproven(OSError):
    """The handshake succeeded, and the certificates are not those that DANE names."""


class Connector:
    """Knows what the route and the policy of the recipient's domain demand of a connection."""

    def __init__(
        self,
        route: Route,
        settings: PostSettings,
        *,
        on_open: Callable[[Conversation], None],
        policies: TlsPolicies | None = None,
    ) -> None:
        self._settings = settings
        self._on_open = on_open
        self._policies = policies if isinstance(route, DirectMx) else None
        self._called = "The sandbox" if isinstance(route, Sandbox) else None  # as people read it
        self._relay = route if isinstance(route, SmartHost) else SmartHost(host="", port=0)
        self._ours = not isinstance(route, DirectMx) and is_loopback(route.host)
        user = self._relay.user
        self._credentials = smtp.Credentials(username=user, password=self._relay.password) if user else None

    async def connect(
        self, errand: Errand, host: str, ip: str, port: int, policy: Policy = NO_POLICY
    ) -> Conversation | Answered | Unreachable:
        """A conversation that is ready; or what the server said instead; or why there is none."""
        demand = await self._demand(policy, host, port)
        peer = Peer(host=self._called or host, ip=ip, port=port)
        if isinstance(demand, Forbidden):
            self._count(policy.domain, demand, demand.result, host)
            errand.note(f"{host}: {demand.detail}")
            return Unreachable(who=_shown(peer), trouble=Trouble.TLS, detail=demand.detail)
        found = await self._attempt(errand, peer, demand, policy)
        if _failed_at_tls(found) and demand.trial:
            errand.note("the MTA-STS policy is only being tested: once more without it")
            demand = demand.given_up
            errand.sessions -= 1  # a trial takes no other server its turn
            found = await self._attempt(errand, peer, demand, policy)
        if _failed_at_tls(found) and self.allows_clear(errand, demand):
            found = await self._in_clear(errand, peer, demand, policy, found)
        return found

    async def _demand(self, policy: Policy, host: str, port: int) -> Demand | Forbidden:
        if self._policies is None:
            return Demand(domain=policy.domain)
        return await self._policies.demand(policy, host, port)

    async def _in_clear(
        self, errand: Errand, peer: Peer, demand: Demand, policy: Policy, failed: Unreachable
    ) -> Conversation | Answered | Unreachable:
        """Nothing forbids it, and TLS failed again and again: the mail goes without, and everybody may know."""
        errand.note(f"{failed.detail}; now in clear")
        log.warning("tls_given_up", host=peer.host, ip=peer.ip, domain=policy.domain, reason=failed.detail)
        return await self._attempt(errand, peer, demand, policy, clear=True)

    def allows_clear(self, errand: Errand, demand: Demand = _NOTHING) -> bool:
        """Whether a server that offers TLS and fails at it may be given the message, and the password, in clear."""
        if errand.parcel.tls_required or demand.encrypted or self._relay.tls is not Tls.OPPORTUNISTIC:
            return False
        return self._ours or (self._credentials is None and may_go_in_clear(errand.tries))

    def _wish(self, errand: Errand, demand: Demand) -> TlsWish:
        required = errand.parcel.tls_required or demand.encrypted or self._relay.tls is Tls.REQUIRED
        return "required" if required else "opportunistic"

    async def _attempt(
        self, errand: Errand, peer: Peer, demand: Demand, policy: Policy, *, clear: bool = False
    ) -> Conversation | Answered | Unreachable:
        wish = "never" if clear else self._wish(errand, demand)
        talk = self._new_conversation(errand, peer, wish)
        talk.policy_key = policy.key
        try:
            trouble = await self._open(talk)
            if trouble is not None:
                return trouble
            self._on_open(talk)
            errand.sessions += 1
            return await self._greet(talk, errand, demand, wish)
        except BaseException:
            talk.abort()
            raise
        finally:
            errand.peer = talk.peer
            talk.dialogue = None

    def _new_conversation(self, errand: Errand, peer: Peer, wish: TlsWish) -> Conversation:
        core = smtp.Client(
            ehlo_name=self._settings.ehlo_name,
            starttls="never" if self._implicit else wish,
            secure=self._implicit,
            credentials=self._credentials,
        )
        errand.note(f"connecting to {_shown(peer)}{errand.source}")
        limits = errand.limits.at_the_last() if errand.last_server else errand.limits
        talk = Conversation(core, peer=peer, limits=limits, fell_back=wish == "never")
        talk.dialogue = errand.dialogue
        return talk

    async def _open(self, talk: Conversation) -> Unreachable | None:
        peer, limit = talk.peer, self._settings.limits.connect
        try:
            async with asyncio.timeout(limit):
                await open_connection(
                    lambda: talk, peer, source_ip=self._settings.source_ip, proxy=self._settings.proxy,
                    proxy_limit=self._settings.limits.proxy,
                    ssl_context=self._context if self._implicit else None,
                )  # fmt: skip
        except TimeoutError:
            return self._unreachable(talk, Trouble.CONNECT, f"no connection within {limit:g} s")
        except ssl.SSLError as fault:
            return self._unreachable(talk, Trouble.TLS, _handshake(fault))
        except ProxyFailed as fault:
            return self._unreachable(talk, Trouble.PROXY, str(fault))
        except OSError as fault:
            return self._unreachable(talk, Trouble.CONNECT, _plain(fault))
        if self._implicit:
            talk.note_tls(partial(self._prove, Demand()))
        return None

    async def _greet(
        self, talk: Conversation, errand: Errand, demand: Demand, wish: TlsWish
    ) -> Conversation | Answered | Unreachable:
        while True:
            match await talk.next():
                case smtp.events.StartTls() if not talk.closed:
                    try:
                        await talk.start_tls(self._context_for(demand), partial(self._prove, demand))
                    except (OSError, TimeoutError) as fault:
                        talk.abort()
                        self._tell(talk, demand, _result(fault))
                        return self._unreachable(talk, Trouble.TLS, _handshake(fault))
                case smtp.events.Ready(secure=secure, extensions=extensions):
                    if wish == "opportunistic" and not secure and "STARTTLS" in extensions:
                        return self._refused_tls(talk, errand, demand)
                    if wish != "never":
                        self._tell(talk, demand, (demand.flaw or Result.SUCCESS) if secure else Result.NO_STARTTLS)
                    return talk
                case smtp.events.Unusable(stage=stage, reply=reply, local=local):
                    return self._unusable(talk, demand, Answered(stage=stage, reply=reply, local=local))
                case smtp.events.Closed(why=why):
                    return self._unreachable(talk, Trouble.SPEECH, why)
                case _:
                    pass

    def _refused_tls(self, talk: Conversation, errand: Errand, demand: Demand) -> Conversation | Unreachable:
        """The server offered STARTTLS and then would not: the same as a handshake that fails."""
        self._tell(talk, demand, Result.NO_STARTTLS)
        if self.allows_clear(errand, demand):
            log.warning("tls_given_up", host=talk.peer.host, ip=talk.peer.ip, domain=demand.domain, reason="refused")
            return talk
        talk.retire()
        return self._unreachable(talk, Trouble.TLS, "the server offers STARTTLS and then refuses it")

    def _unusable(self, talk: Conversation, demand: Demand, said: Answered) -> Answered | Unreachable:
        if not said.local:
            return said
        if said.reply.enhanced == _NO_TLS or said.stage is smtp.Stage.TLS:
            self._tell(talk, demand, Result.NO_STARTTLS)
            return self._unreachable(talk, Trouble.TLS, said.reply.text)
        return self._unreachable(talk, Trouble.SPEECH, said.reply.text)

    def _prove(self, demand: Demand, session: ssl.SSLObject) -> str | None:
        """What proves the server: DANE is asked here, certificates were checked in the handshake."""
        if demand.tlsa and self._policies is not None:
            now = self._policies.now()
            if not dane.proves(demand.tlsa, dane.shown_by(session), demand.names, now):
                raise Unproven("its certificate is none of those that its TLSA records name")
        return demand.proof or ("certificate" if self._context.verify_mode is ssl.CERT_REQUIRED else None)

    def _tell(self, talk: Conversation, demand: Demand, result: Result) -> None:
        if demand.counted:
            self._count(demand.domain, demand, result, talk.peer.host)

    def _count(self, domain: str, what: Demand | Forbidden, result: Result, host: str) -> None:
        if self._policies is not None:
            self._policies.count(domain, what.type, result, host)

    def _unreachable(self, talk: Conversation, trouble: Trouble, detail: str) -> Unreachable:
        if talk.dialogue is not None:
            talk.dialogue.note(detail)
        return Unreachable(who=_shown(talk.peer), trouble=trouble, detail=detail)

    @property
    def _implicit(self) -> bool:
        return self._relay.tls is Tls.IMPLICIT

    def _context_for(self, demand: Demand) -> ssl.SSLContext:
        """With DANE the certificates are looked at after the handshake: what it trusts, no authority has to."""
        return self._policies.context if demand.certificate and self._policies is not None else self._context

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """A relay that is trusted with a password, or asked for TLS by name, has to prove who it is.

        Anybody else's certificate is not looked at here: without MTA-STS or DANE there is nothing to hold it against,
        and a message sent in clear instead would be worse off (RFC 7435).
        """
        if not self._ours and self._relay.tls is not Tls.OPPORTUNISTIC:
            return ssl.create_default_context(cafile=self._settings.ca_file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


def _shown(peer: Peer) -> str:
    return f"[{peer.ip}]:{peer.port}" if peer.host == peer.ip else f"{peer.host} [{peer.ip}]:{peer.port}"


def _failed_at_tls(found: Conversation | Answered | Unreachable) -> TypeGuard[Unreachable]:
    return isinstance(found, Unreachable) and found.trouble is Trouble.TLS


def _result(fault: Exception) -> Result:
    if isinstance(fault, ssl.SSLCertVerificationError):
        trusted = Result.NOT_TRUSTED if fault.verify_code in _NOT_TRUSTED else Result.FAILED
        return _BY_VERIFY_CODE.get(fault.verify_code, trusted)
    return Result.FAILED


def _plain(fault: OSError) -> str:
    """What the system calls the error: the event loops word it differently."""
    return os.strerror(fault.errno) if fault.errno and fault.errno > 0 else str(fault) or type(fault).__name__


def _handshake(fault: Exception) -> str:
    if isinstance(fault, Unproven):
        return str(fault)
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {fault.verify_message[:200]}"
    why = fault.reason if isinstance(fault, ssl.SSLError) and fault.reason else str(fault) or type(fault).__name__
    return f"the TLS handshake failed ({why[:200]})"
