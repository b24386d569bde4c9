"""AUTH as the server hears it: PLAIN (RFC 4616) and LOGIN (never an RFC, still what half of the clients speak)."""

import base64
import binascii
from dataclasses import dataclass, field

from sendwright.smtp.replies import Reply, reply
from sendwright.smtp.speech import Credentials

_PROMPTS = {"PLAIN": ("",), "LOGIN": ("VXNlcm5hbWU6", "UGFzc3dvcmQ6")}
MECHANISMS = tuple(_PROMPTS)

_BAD_RESPONSE = reply(501, "5.5.2", "the response is not valid for this mechanism")
_CANCELLED = reply(501, "5.7.0", "authentication cancelled")


@dataclass(slots=True, kw_only=True)
class Proof:
    """One AUTH under way: which mechanism, and what the client has answered so far."""

    mechanism: str
    given: list[str] = field(default_factory=list, repr=False)

    @property
    def prompt(self) -> Reply:
        """The question that comes next."""
        return Reply(code=334, lines=(_PROMPTS[self.mechanism][len(self.given)],))

    def take(self, response: bytes) -> Credentials | Reply | None:
        """Takes one line: the credentials when they are complete, a refusal, or None when more has to be asked."""
        if response == b"*":
            return _CANCELLED
        try:
            self.given.append(base64.b64decode(response, validate=True).decode())
        except (binascii.Error, UnicodeDecodeError):
            return _BAD_RESPONSE
        if len(self.given) < len(_PROMPTS[self.mechanism]):
            return None
        return self._credentials()

    def _credentials(self) -> Credentials | Reply:
        parts = self.given if self.mechanism == "LOGIN" else self.given[0].split("\0")
        if self.mechanism == "PLAIN":
            # Nobody acts for another here: an authorisation identity, when given, is the user.
            if len(parts) != 3 or parts[0] not in ("", parts[1]):
                return _BAD_RESPONSE
            parts = parts[1:]
        username, password = parts
        if not username or "\0" in username + password:
            return _BAD_RESPONSE
        return Credentials(username=username, password=password)
