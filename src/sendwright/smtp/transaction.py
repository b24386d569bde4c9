"""One envelope on its way through the client: whom the server was asked about, and what it said of each."""

from sendwright.smtp.envelope import Envelope, is_speakable
from sendwright.smtp.events import Answer, Outcome, Stage
from sendwright.smtp.extensions import Extensions
from sendwright.smtp.misuse import Misuse
from sendwright.smtp.replies import Reply, reply
from sendwright.smtp.speech import rcpt_command

_UNSPEAKABLE = reply(553, "5.1.3", "the recipient address cannot be written in an SMTP command")


def refusal_here(envelope: Envelope, extensions: Extensions) -> Reply | None:
    """Our own refusal of what this server cannot take, without asking it; None when it may be asked."""
    limit = extensions.size_limit
    if not is_speakable(envelope.mail_from, smtputf8=envelope.smtputf8):
        return reply(553, "5.1.7", "the sender address cannot be written in an SMTP command")
    if envelope.smtputf8 and "SMTPUTF8" not in extensions:
        return reply(553, "5.6.7", "the next server does not take internationalised addresses (SMTPUTF8)")
    if envelope.body_8bit and "8BITMIME" not in extensions:
        return reply(554, "5.6.3", "the next server does not take 8-bit text (8BITMIME)")
    if limit is not None and envelope.size > limit:
        return reply(552, "5.3.4", f"the message has {envelope.size} octets, the next server takes {limit}")
    return None


class Transaction:
    """Bookkeeping only: an answer per recipient, written once, in the order of the envelope."""

    __slots__ = ("_answers", "_asked", "_dsn", "_pending", "accepted", "envelope", "mail_taken")

    def __init__(self, envelope: Envelope, *, dsn: bool) -> None:
        if not envelope.rcpt_to:
            raise Misuse("an envelope needs a recipient")
        if envelope.wishes and len(envelope.wishes) != len(envelope.rcpt_to):
            raise Misuse("an envelope has a wish for each recipient, or none")
        self.envelope = envelope
        self.mail_taken = False
        self.accepted: list[str] = []
        self._dsn = dsn
        self._answers: list[Answer | None] = [self._checked(recipient) for recipient in envelope.rcpt_to]
        self._pending = [place for place, answer in enumerate(self._answers) if answer is None]
        self._asked = 0

    def _checked(self, recipient: str) -> Answer | None:
        if recipient and is_speakable(recipient, smtputf8=self.envelope.smtputf8):
            return None
        return Answer(recipient=recipient, stage=Stage.RCPT, reply=_UNSPEAKABLE, local=True)

    @property
    def has_more_to_ask(self) -> bool:
        return self._asked < len(self._pending)

    @property
    def questions(self) -> list[str]:
        """The RCPT commands that have no answer yet."""
        return [rcpt_command(self.envelope, place, dsn=self._dsn) for place in self._pending[self._asked :]]

    @property
    def question(self) -> str:
        """The first of them."""
        return rcpt_command(self.envelope, self._pending[self._asked], dsn=self._dsn)

    def answer_rcpt(self, answer: Reply) -> None:
        """Takes the answer to the RCPT that is next in line."""
        place = self._pending[self._asked]
        self._asked += 1
        if not self.mail_taken:
            return
        if answer.code < 300:
            self.accepted.append(self.envelope.rcpt_to[place])
        else:
            self._answers[place] = Answer(recipient=self.envelope.rcpt_to[place], stage=Stage.RCPT, reply=answer)

    def settle(self, stage: Stage, answer: Reply, *, local: bool, in_doubt: bool) -> None:
        """Gives this answer to everybody who has none."""
        for place, recipient in enumerate(self.envelope.rcpt_to):
            if self._answers[place] is None:
                self._answers[place] = Answer(
                    recipient=recipient, stage=stage, reply=answer, local=local, in_doubt=in_doubt
                )

    def outcome(self, *, dot_written: bool) -> Outcome:
        """The outcome; call `settle` first."""
        return Outcome(
            answers=tuple([answer for answer in self._answers if answer]),
            dot_written=dot_written,
            dsn_passed_on=self._dsn and self.mail_taken,
        )
