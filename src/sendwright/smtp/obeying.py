"""One function for each thing a client can bring. Each returns a Turn; none writes, and none moves the state."""

from collections.abc import Callable, Mapping

from sendwright.smtp import server_words as words
from sendwright.smtp.chunks import Chunks
from sendwright.smtp.commands import read_chunk, read_mail, read_name, read_rcpt
from sendwright.smtp.dots import TextReader
from sendwright.smtp.events import Auth, Message, StartTls
from sendwright.smtp.kept import Fault
from sendwright.smtp.line_ends import STEP
from sendwright.smtp.lines import LineFault
from sendwright.smtp.proofs import MECHANISMS, Proof
from sendwright.smtp.replies import Reply
from sendwright.smtp.server_life import COMMANDS, LIFE, Signal, State
from sendwright.smtp.session import LINE_OCTETS, Session, Turn, said

_COMMAND_OCTETS = 512
_LONGER: Mapping[bytes, int] = {b"MAIL": 2_000, b"RCPT": 2_000, b"AUTH": LINE_OCTETS}
_IDLE = frozenset({Signal.NOOP, Signal.RSET, Signal.VRFY, Signal.HELP, Signal.EHLO, Signal.HELO})
_WITHOUT_ARGUMENT = frozenset({Signal.DATA, Signal.RSET, Signal.QUIT, Signal.STARTTLS})

_SEND_MESSAGE = said(words.SEND_MESSAGE, Signal.DATA)
_RESET = said(words.OK, Signal.RSET)
_NOTHING_DONE = said(words.OK)


# --- input: what is read depends on the state; None means that more has to come


def take_command(session: Session, state: State) -> Turn | None:
    line = session.lines.line()
    if line is None:
        return None
    if isinstance(line, LineFault):
        return _counted(session, _line_fault(line))
    verb, _, argument = line.partition(b" ")
    command = COMMANDS.get(verb) or COMMANDS.get(verb.upper())
    if len(line) > _COMMAND_OCTETS - 2 and len(line) + 2 > _LONGER.get(verb.upper(), _COMMAND_OCTETS):
        return _counted(session, said(words.LINE_TOO_LONG))
    return _counted(session, _obey(session, state, command, argument.strip(b" ")))


def take_auth_line(session: Session, state: State) -> Turn | None:
    line = session.lines.line()
    if line is None:
        return None
    if line is LineFault.TOO_LONG:
        return _counted(session, said(words.RESPONSE_TOO_LONG, Signal.NO_CREDENTIALS))
    return _counted(session, _line_fault(line) if isinstance(line, LineFault) else _prove(session, line))


def take_text(session: Session, state: State) -> Turn | None:
    text, lines = session.text, session.lines
    end = text.feed(*lines.unread())
    if text.fault is Fault.BARE_LINE_END:
        # What follows may be the rest of this message or commands that someone smuggled: nothing of it is read.
        return said(words.BY_FAULT[text.fault], Signal.CUT)
    if end is None:
        lines.clear()
        return None
    lines.step_to(end)
    if text.fault is not None:
        return said(words.BY_FAULT[text.fault], Signal.SPOILED)
    return _message(session, text.message())


def take_chunk(session: Session, state: State) -> Turn | None:
    chunks, lines = session.chunks, session.lines
    while chunks.missing and lines.pending:
        chunks.feed(lines.take(min(chunks.missing, STEP)))
    if chunks.missing:
        return None
    if not chunks.last:
        return said(words.chunk_taken(chunks.octets), Signal.CHUNK)
    fault = chunks.fault
    if fault is not None:
        return said(words.BY_FAULT[fault], Signal.SPOILED)
    return _message(session, chunks.message())


READERS: Mapping[State, Callable[[Session, State], Turn | None]] = {
    **dict.fromkeys((state for state, row in LIFE.items() if Signal.NOOP in row), take_command),
    State.AUTH_TALK: take_auth_line,
    State.RECEIVING: take_text,
    State.CHUNK_COMING: take_chunk,
}
"""Who reads in which state. In the others an answer is owed, or the end has come."""


def _message(session: Session, content: bytes) -> Turn:
    return Turn(signal=Signal.MESSAGE, event=Message(envelope=session.envelope(content), content=content))


def _line_fault(fault: LineFault) -> Turn:
    if fault is LineFault.BARE_LINE_END:
        return said(words.BARE_IN_COMMAND, Signal.CUT)
    return said(words.LINE_TOO_LONG)


def _counted(session: Session, turn: Turn) -> Turn:
    """The same turn, or the end when this client has cost too much (attack A10)."""
    limits = session.terms.limits
    refused = turn.reply is not None and turn.reply.code >= 500
    if not refused and session.idle_commands <= limits.idle_commands:
        return turn
    session.errors += 1
    if session.errors < limits.errors or turn.signal in (Signal.QUIT, Signal.CUT):
        return turn
    return said(words.TOO_MANY_ERRORS, Signal.CUT)


# --- commands


def _obey(session: Session, state: State, command: Signal | None, argument: bytes) -> Turn:
    if command is None:
        return said(words.UNKNOWN)
    if command in _IDLE:
        session.idle_commands += 1
    if argument and command in _WITHOUT_ARGUMENT:
        return said(words.NO_ARGUMENT)
    if command is Signal.BDAT:
        return _bdat(session, state, argument)
    if command not in LIFE[state]:
        return said(words.OUT_OF_ORDER)
    return _COMMANDS[command](session, argument)


def _ehlo(session: Session, argument: bytes) -> Turn:
    return _hello(session, argument, Signal.EHLO)


def _helo(session: Session, argument: bytes) -> Turn:
    return _hello(session, argument, Signal.HELO)


def _hello(session: Session, argument: bytes, command: Signal) -> Turn:
    name = read_name(argument)
    if isinstance(name, Reply):
        return said(name)
    session.helo, session.extended = name, command is Signal.EHLO
    offers = _offers(session) if session.extended else ()
    return said(Reply(code=250, lines=(f"{session.terms.hostname} greets {name}", *offers)), command)


def _offers(session: Session) -> tuple[str, ...]:
    terms = session.terms
    tls = ("STARTTLS",) if terms.starttls and not session.secure else ()
    auth = (f"AUTH {' '.join(MECHANISMS)}",) if terms.auth and session.secure else ()
    dsn = ("DSN",) if terms.dsn else ()
    return (*words.OFFERS, *dsn, f"SIZE {terms.limits.message_octets}", *tls, *auth)


def _starttls(session: Session, argument: bytes) -> Turn:
    if session.secure:
        return said(words.OUT_OF_ORDER)
    if not session.terms.starttls:
        return said(words.NO_TLS)
    # Attack A2: what came in the same flight was perhaps written by whoever sits between, and would be read as if it
    # had come inside TLS.
    if session.lines.pending:
        return said(words.INJECTED, Signal.CUT)
    return said(words.GO_TLS, Signal.STARTTLS, StartTls())


def _auth(session: Session, argument: bytes) -> Turn:
    if not session.terms.auth:
        return said(words.NOT_IMPLEMENTED)
    if not session.secure:
        return said(words.AUTH_NEEDS_TLS)
    if session.username is not None:
        return said(words.OUT_OF_ORDER)
    name, _, initial = argument.partition(b" ")
    mechanism = name.decode("latin-1").upper()
    if mechanism not in MECHANISMS:
        return said(words.UNKNOWN_MECHANISM)
    session.proof = Proof(mechanism=mechanism)
    if not initial:
        return said(session.proof.prompt, Signal.AUTH)
    return _prove(session, b"" if initial == b"=" else initial)


def _prove(session: Session, response: bytes) -> Turn:
    proof = session.proof
    result = proof.take(response)
    if result is None:
        return said(proof.prompt, Signal.AUTH)
    if isinstance(result, Reply):
        return said(result, Signal.NO_CREDENTIALS)
    session.claimed = result.username
    return Turn(signal=Signal.CREDENTIALS, event=Auth(username=result.username, password=result.password))


def _mail(session: Session, argument: bytes) -> Turn:
    if session.terms.auth_required and session.username is None:
        return said(words.AUTH_NEEDED)
    mail = read_mail(argument, dsn=session.terms.dsn)
    if isinstance(mail, Reply):
        return said(mail)
    if mail.size > session.terms.limits.message_octets:
        return said(words.TOO_LARGE)
    session.mail = mail
    return Turn(signal=Signal.MAIL, event=mail)


def _rcpt(session: Session, argument: bytes) -> Turn:
    rcpt = read_rcpt(argument, smtputf8=session.mail.smtputf8, dsn=session.terms.dsn)
    if isinstance(rcpt, Reply):
        return said(rcpt)
    if len(session.recipients) >= session.terms.limits.recipients:
        return said(words.TOO_MANY_RECIPIENTS)
    session.asked = rcpt
    return Turn(signal=Signal.RCPT, event=rcpt)


def _data(session: Session, argument: bytes) -> Turn:
    limits = session.terms.limits
    session.text = TextReader(size_limit=limits.message_octets, line_limit=limits.text_line_octets)
    return _SEND_MESSAGE


def _bdat(session: Session, state: State, argument: bytes) -> Turn:
    chunk = read_chunk(argument)
    if isinstance(chunk, Reply):
        # Nobody knows how many octets follow, so nobody knows where the next command is.
        return said(chunk, Signal.CUT)
    if Signal.BDAT not in LIFE[state]:
        session.lines.skip(chunk.octets)
        return said(words.OUT_OF_ORDER)
    limits = session.terms.limits
    chunks = session.chunks
    if state is not State.CHUNKED:
        chunks = Chunks(size_limit=limits.message_octets, line_limit=limits.text_line_octets)
    if not chunks.fits(chunk.octets):
        session.lines.skip(chunk.octets)
        return said(words.TOO_LARGE, Signal.SPOILED)
    chunks.begin(chunk.octets, last=chunk.last)
    session.chunks = chunks
    return Turn(signal=Signal.BDAT)


def _rset(session: Session, argument: bytes) -> Turn:
    return _RESET


def _noop(session: Session, argument: bytes) -> Turn:
    return _NOTHING_DONE


def _vrfy(session: Session, argument: bytes) -> Turn:
    return said(words.CANNOT_VERIFY)


def _expn(session: Session, argument: bytes) -> Turn:
    return said(words.NOT_IMPLEMENTED)


def _help(session: Session, argument: bytes) -> Turn:
    return said(words.HELP)


def _quit(session: Session, argument: bytes) -> Turn:
    return said(words.BYE, Signal.QUIT)


_COMMANDS: Mapping[Signal, Callable[[Session, bytes], Turn]] = {
    Signal.HELO: _helo,
    Signal.EHLO: _ehlo,
    Signal.AUTH: _auth,
    Signal.STARTTLS: _starttls,
    Signal.MAIL: _mail,
    Signal.RCPT: _rcpt,
    Signal.DATA: _data,
    Signal.RSET: _rset,
    Signal.NOOP: _noop,
    Signal.VRFY: _vrfy,
    Signal.EXPN: _expn,
    Signal.HELP: _help,
    Signal.QUIT: _quit,
}
