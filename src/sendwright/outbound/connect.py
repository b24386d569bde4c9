"""From an address to a conversation that is ready: connection, greeting, TLS as the route wants it, AUTH."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable
from functools import cached_property
from typing import Literal

from sendwright import smtp
from sendwright.outbound.converse import Errand
from sendwright.outbound.dial import Conversation
from sendwright.outbound.model import Answered, DirectMx, Peer, Route, Sandbox, SmartHost, Tls, Trouble, Unreachable
from sendwright.outbound.proxies import ProxyFailed, open_connection
from sendwright.outbound.routes import is_loopback
from sendwright.outbound.rules import may_go_in_clear
from sendwright.outbound.settings import PostSettings

TlsWish = Literal["never", "opportunistic", "required"]

_NO_TLS = "4.7.4"  # the enhanced code the client core gives when it may not go on in clear


class Connector:
    """Knows what the route demands of a connection."""

    def __init__(self, route: Route, settings: PostSettings, *, on_open: Callable[[Conversation], None]) -> None:
        self._settings = settings
        self._on_open = on_open
        self._called = "The sandbox" if isinstance(route, Sandbox) else None  # as people read it
        self._relay = route if isinstance(route, SmartHost) else SmartHost(host="", port=0)
        self._ours = not isinstance(route, DirectMx) and is_loopback(route.host)
        user = self._relay.user
        self._credentials = smtp.Credentials(username=user, password=self._relay.password) if user else None

    async def connect(self, errand: Errand, host: str, ip: str, port: int) -> Conversation | Answered | Unreachable:
        """A conversation that is ready; or what the server said instead; or why there is none."""
        wish: TlsWish = "required" if errand.parcel.tls_required or self._relay.tls is Tls.REQUIRED else "opportunistic"
        found = await self._attempt(errand, Peer(host=self._called or host, ip=ip, port=port), wish)
        if isinstance(found, Unreachable) and found.trouble is Trouble.TLS and self.allows_clear(errand):
            errand.note(f"{found.detail}; now in clear")
            found = await self._attempt(errand, Peer(host=self._called or host, ip=ip, port=port), "never")
        return found

    def allows_clear(self, errand: Errand) -> bool:
        """Whether a server that offers TLS and fails at it may be given the message, and the password, in clear."""
        if errand.parcel.tls_required or self._relay.tls is not Tls.OPPORTUNISTIC:
            return False
        return self._ours or (self._credentials is None and may_go_in_clear(errand.tries))

    async def _attempt(self, errand: Errand, peer: Peer, wish: TlsWish) -> Conversation | Answered | Unreachable:
        talk = self._new_conversation(errand, peer, wish)
        try:
            trouble = await self._open(talk)
            if trouble is not None:
                return trouble
            self._on_open(talk)
            errand.sessions += 1
            return await self._greet(talk, errand, wish)
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
        errand.note(f"connecting to {_shown(peer)}")
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
            talk.note_tls()
        return None

    async def _greet(self, talk: Conversation, errand: Errand, wish: TlsWish) -> Conversation | Answered | Unreachable:
        while True:
            match await talk.next():
                case smtp.events.StartTls() if not talk.closed:
                    try:
                        await talk.start_tls(self._context)
                    except (OSError, TimeoutError) as fault:
                        talk.abort()
                        return self._unreachable(talk, Trouble.TLS, _handshake(fault))
                case smtp.events.Ready(secure=secure, extensions=extensions):
                    if wish == "opportunistic" and not secure and "STARTTLS" in extensions:
                        return self._refused_tls(talk, errand)
                    return talk
                case smtp.events.Unusable(stage=stage, reply=reply, local=local):
                    return self._unusable(talk, Answered(stage=stage, reply=reply, local=local))
                case smtp.events.Closed(why=why):
                    return self._unreachable(talk, Trouble.SPEECH, why)
                case _:
                    pass

    def _refused_tls(self, talk: Conversation, errand: Errand) -> Conversation | Unreachable:
        """The server offered STARTTLS and then would not: the same as a handshake that fails."""
        if self.allows_clear(errand):
            return talk
        talk.retire()
        return self._unreachable(talk, Trouble.TLS, "the server offers STARTTLS and then refuses it")

    def _unusable(self, talk: Conversation, said: Answered) -> Answered | Unreachable:
        if not said.local:
            return said
        about_tls = said.reply.enhanced == _NO_TLS or said.stage is smtp.Stage.TLS
        trouble = Trouble.TLS if about_tls else Trouble.SPEECH
        return self._unreachable(talk, trouble, said.reply.text)

    def _unreachable(self, talk: Conversation, trouble: Trouble, detail: str) -> Unreachable:
        if talk.dialogue is not None:
            talk.dialogue.note(detail)
        return Unreachable(who=_shown(talk.peer), trouble=trouble, detail=detail)

    @property
    def _implicit(self) -> bool:
        return self._relay.tls is Tls.IMPLICIT

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """A relay that is trusted with a password, or asked for TLS by name, has to prove who it is.

        Anybody else's certificate is not looked at: without MTA-STS or DANE there is nothing to hold it against, and a
        message sent in clear instead would be worse off (RFC 7435).
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


def _plain(fault: OSError) -> str:
    """What the system calls the error: the event loops word it differently."""
    return os.strerror(fault.errno) if fault.errno and fault.errno > 0 else str(fault) or type(fault).__name__


def _handshake(fault: Exception) -> str:
    why = fault.reason if isinstance(fault, ssl.SSLError) and fault.reason else str(fault) or type(fault).__name__
    return f"the TLS handshake failed ({why[:200]})"
