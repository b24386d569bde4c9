"""The next hop, which tells afterwards every octet it heard."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import cast

from tests.e2e.sink import Sink

_LONE = re.compile(rb"\r(?!\n)|(?<!\r)\n|\0")


class Witness(Sink):
    """Keeps what it heard, commands and messages alike. ``refused``: replies to RCPT, by a word in the command.

    ``commands`` and ``mails`` are in the order in which they came; a mail is its envelope's RCPT commands and its text.
    """

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self.conversations: list[bytearray] = []
        self.commands: list[bytes] = []
        self.mails: list[tuple[list[bytes], bytes]] = []
        self.refused: dict[bytes, str] = {}

    @property
    def unclean(self) -> list[bytes]:
        """Bare CR, bare LF and NUL, each with its neighbourhood."""
        return [
            bytes(heard[max(0, found.start() - 30) : found.end() + 30])
            for heard in self.conversations
            for found in _LONE.finditer(heard)
        ]

    def message_to(self, recipient: str) -> bytes:
        """The one message with this recipient in its envelope."""
        found = self.messages_to(recipient)
        assert len(found) == 1, f"{len(found)} messages to {recipient}"
        return found[0]

    def messages_to(self, recipient: str) -> list[bytes]:
        """As they came over the wire, dots still doubled, without the last one."""
        named = f"RCPT TO:<{recipient}>".encode()
        return [text for envelope, text in self.mails if any(one.startswith(named) for one in envelope)]

    def note(self, command: bytes) -> None:
        """What is answered depends on who is named."""
        self.commands.append(command)
        if command[:4].upper() == b"RCPT":
            self.script.pop("RCPT", None)
            for word, reply in self.refused.items():
                if word in command:
                    self.script["RCPT"] = reply

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await super()._session(cast(asyncio.StreamReader, _Overheard(reader, self)), writer)


class _Overheard:
    """One conversation's reader, which notes what it read."""

    def __init__(self, reader: asyncio.StreamReader, witness: Witness) -> None:
        self._reader, self._witness = reader, witness
        self._heard, self._envelope = bytearray(), list[bytes]()
        witness.conversations.append(self._heard)

    async def readline(self) -> bytes:
        command = await self._reader.readline()
        self._heard += command
        self._witness.note(command)
        if command[:4] == b"MAIL":
            self._envelope = []
        elif command[:4] == b"RCPT":
            self._envelope.append(command)
        return command

    async def readuntil(self, end: bytes) -> bytes:
        text = await self._reader.readuntil(end)
        self._heard += text
        self._witness.mails.append((self._envelope, text.removesuffix(b".\r\n")))
        return text

    async def read(self) -> bytes:
        return await self._reader.read()
