"""Who else is at work while the program is killed: one who takes mail back, and one whose server sends it back."""

from __future__ import annotations

import json
import queue
import smtplib
from collections.abc import Callable, Iterable, Sequence

from tests.e2e.load import Books, Line, Submitters
from tests.e2e.program import Boot, Program
from tests.e2e.sink import Receipt
from tests.stories.mailroom import dsn

_PAUSE = 0.01
_OF_SO_MANY = 3
_FAULTS = (OSError, smtplib.SMTPException)


class Canceler(Submitters):
    """Takes back every third send right after it was promised, by the API, and asks until it is answered.

    ``promised``: the books of those who submit. A send that a 200 says is canceled stands in ``books.taken_back``.
    """

    def __init__(self, ports: Callable[[], Sequence[int]], boot: Boot, promised: Sequence[Books]) -> None:
        super().__init__(1)
        self._ports, self._boot, self._promised = ports, boot, promised

    def _run(self, which: int) -> None:
        line, seen = Line(self._ports, which), [0] * len(self._promised)
        while not self._done.wait(_PAUSE):
            for n, books in enumerate(self._promised):
                fresh = list(books.promised.values())[seen[n] :]
                seen[n] += len(fresh)
                for ids in fresh[::_OF_SO_MANY]:
                    self._take_back(line, ids[0])
        line.hang_up()

    def _take_back(self, line: Line, id_: str) -> None:
        self.books.asked_back.add(id_)
        status, text = 0, ""
        while status in (0, 503) and not self._done.is_set():
            status, text = line.post(b"", self._boot.token, f"/api/v1/sends/{id_}/cancel")
            if status == 200 and json.loads(text)["send"]["status"] == "CANCELED":
                self.books.taken_back.add(id_)
            elif status not in (0, 409, 503):  # 409: too late, or done before the answer was lost
                self.books.strange.append(f"{status} {text}")


class Bouncer(Submitters):
    """The receiver's server, which has to send back what it took: a report by the book for each mail it is given.

    It tries one door after the other until a report is taken; then its recipient stands in ``books.reported``.
    """

    def __init__(self, programs: Sequence[Program]) -> None:
        super().__init__(1)
        self._programs, self._waiting = programs, queue.SimpleQueue[tuple[Receipt, Program]]()
        self._given = 0

    @property
    def is_done(self) -> bool:
        """Whether all that it was given has been taken."""
        return len(self.books.reported) >= self._given

    def send_back(self, mails: Iterable[Receipt], first: Program) -> None:
        """These as well, by the door of ``first``, and by others where that fails: who takes one reads it first."""
        for mail in mails:
            self._given += 1
            self._waiting.put((mail, first))

    def _run(self, which: int) -> None:
        turn = which
        while not self._done.wait(_PAUSE):
            while not self._waiting.empty() and not self._done.is_set():
                (mail, door), taken = self._waiting.get(), False
                while not taken and not self._done.is_set():
                    turn += 1
                    taken = self._hand_in(door, mail)
                    door = self._programs[turn % len(self._programs)]
                    self._done.wait(0 if taken else _PAUSE)

    def _hand_in(self, program: Program, mail: Receipt) -> bool:
        try:
            with smtplib.SMTP(*_inbound(program), local_hostname="mx.example.org", timeout=30) as line:
                line.sendmail("", mail.mail_from, dsn(mail.recipient))
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as fault:
            self.books.strange += [] if _is_passing(fault) else [str(fault)]
            return False
        except _FAULTS:
            return False
        self.books.reported.add(mail.recipient)
        return True


def _inbound(program: Program) -> tuple[str, int]:
    host, _, port = str(program.ready["inbound"]).rpartition(":")
    return host, int(port)


def _is_passing(fault: smtplib.SMTPException) -> bool:
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        return all(400 <= code < 500 for code, _ in fault.recipients.values())
    return isinstance(fault, smtplib.SMTPResponseException) and 400 <= fault.smtp_code < 500
