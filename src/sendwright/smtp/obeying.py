"""One function for each thing a client can bring. Each returns a Turn; none writes, and none moves the state."""

from collections.abc import Callable, Mapping

from sendwright.smtp import server_words as words
from sendwright.smtp.chunks import Chunks
from sendwright.smtp.commands import read_chunk, read_mail, read_name, read_rcpt
from sendwright.smtp.dots import Fault, TextReader
from sendwright.smtp.events import Auth, Mail, Message, Rcpt, StartTls
from sendwright.smtp.lines import LineFault
from sendwright.smtp.proofs import MECHANISMS, Proof
from sendwright.smtp.replies import Kind, Reply
from sendwright.smtp.server_life import COMMANDS, LIFE, Signal, State
from sendwright.smtp.session import LINE_OCTETS, Session, Turn

_COMMAND_OCTETS = 512
_LONGER: Mapping[bytes, int] = {b"MAIL": 2_000, b"RCPT": 2_000, b"AUTH": LINE_OCTETS}
_IDLE = frozenset({Signal.NOOP, Signal.RSET, Signal.VRFY, Signal.HELP, Signal.EHLO, Signal.HELO})
_WITHOUT_ARGUMENT = frozenset({Signal.DATA, Signal.RSET, Signal.QUIT, Signal.STARTTLS})


# --- input: what is read depends on the state; None means that more has to come


def take_command(session: Session, state: State) -> Turn | None:
    line = session.lines.line()
    if line is None:
        return None
    if isinstance(line, LineFault):
        return _counted(session, _line_fault(line))
    verb, _, argument = line.partition(b" ")
    verb = verb.upper()
    if len(line) + 2 > _LONGER.get(verb, _COMMAND_OCTETS):
        return _counted(session, Turn(reply=words.LINE_TOO_LONG))
    return _counted(session, _obey(session, state, COMMANDS.get(verb), argument.strip(b" ")))


def take_auth_line(session: Session, proof: Proof) -> Turn | None:
    line = session.lines.line()
    if line is None:
        return None
    if line is LineFault.TOO_LONG:
        return _counted(session, Turn(reply=words.LINE_TOO_LONG, signal=Signal.NO_CREDENTIALS))
    return _counted(session, _line_fault(line) if isinstance(line, LineFault) else _prove(session, proof, line))


def take_text(session: Session, text: TextReader) -> Turn | None:
    piece = session.lines.take_all()
    rest = text.feed(piece) if piece else None
    if text.fault is Fault.BARE_LINE_END:
        # What follows may be the rest of this message or commands that someone smuggled: nothing of it is read.
        return Turn(reply=words.BY_FAULT[text.fault], signal=Signal.CUT)
    if rest is None:
        return None
    session.lines.feed(rest)
    if text.fault is not None:
        return Turn(reply=words.BY_FAULT[text.fault], signal=Signal.SPOILED)
    return _message(session, text.message())


def take_chunk(session: Session, chunks: Chunks) -> Turn | None:
    chunks.feed(session.lines.take(chunks.missing))
    if chunks.missing:
        return None
    if not chunks.last:
        return Turn(reply=words.chunk_taken(chunks.octets), signal=Signal.CHUNK)
    fault = chunks.fault
    if fault is not None:
        return Turn(reply=words.BY_FAULT[fault], signal=Signal.SPOILED)
    return _message(session, chunks.message())


def _message(session: Session, content: bytes) -> Turn:
    return Turn(signal=Signal.MESSAGE, event=Message(envelope=session.envelope(content), content=content))


def _line_fault(fault: LineFault) -> Turn:
    if fault is LineFault.BARE_LINE_END:
        return Turn(reply=words.BARE_IN_COMMAND, signal=Signal.CUT)
    return Turn(reply=words.LINE_TOO_LONG)


def _counted(session: Session, turn: Turn) -> Turn:
    """The same turn, or the end when this client has cost too much (attack A10)."""
    limits = session.terms.limits
    refused = turn.reply is not None and turn.reply.kind is Kind.PERMANENT
    if refused or session.idle_commands > limits.idle_commands:
        session.errors += 1
    if session.errors < limits.errors or turn.signal in (Signal.QUIT, Signal.CUT):
        return turn
    return Turn(reply=words.TOO_MANY_ERRORS, signal=Signal.CUT)


# --- commands


def _obey(session: Session, state: State, command: Signal | None, argument: bytes) -> Turn:
    if command is None:
        return Turn(reply=words.UNKNOWN)
    if command in _IDLE:
        session.idle_commands += 1
    if argument and command in _WITHOUT_ARGUMENT:
        return Turn(reply=words.NO_ARGUMENT)
    if command is Signal.BDAT:
        return _bdat(session, state, argument)
    if command not in LIFE[state]:
        return Turn(reply=words.OUT_OF_ORDER)
    return _COMMANDS[command](session, argument)


def _ehlo(session: Session, argument: bytes) -> Turn:
    return _hello(session, argument, Signal.EHLO)


def _helo(session: Session, argument: bytes) -> Turn:
    return _hello(session, argument, Signal.HELO)


def _hello(session: Session, argument: bytes, command: Signal) -> Turn:
    name = read_name(argument)
    if isinstance(name, Reply):
        return Turn(reply=name)
    session.helo, session.extended = name, command is Signal.EHLO
    offers = _offers(session) if session.extended else ()
    return Turn(reply=Reply(code=250, lines=(f"{session.terms.hostname} greets {name}", *offers)), signal=command)


def _offers(session: Session) -> tuple[str, ...]:
    terms = session.terms
    tls = ("STARTTLS",) if terms.starttls and not session.secure else ()
    auth = (f"AUTH {' '.join(MECHANISMS)}",) if terms.auth and session.secure else ()
    return (*words.OFFERS, f"SIZE {terms.limits.message_octets}", *tls, *auth)


def _starttls(session: Session, argument: bytes) -> Turn:
    if session.secure:
        return Turn(reply=words.OUT_OF_ORDER)
    if not session.terms.starttls:
        return Turn(reply=words.NO_TLS)
    # Attack A2: what came in the same flight was perhaps written by whoever sits between, and would be read as if it
    # had come inside TLS.
    if session.lines.pending:
        return Turn(reply=words.INJECTED, signal=Signal.CUT)
    return Turn(reply=words.GO_TLS, signal=Signal.STARTTLS, event=StartTls())


def _auth(session: Session, argument: bytes) -> Turn:
    if not session.terms.auth:
        return Turn(reply=words.NOT_IMPLEMENTED)
    if not session.secure:
        return Turn(reply=words.AUTH_NEEDS_TLS)
    if session.username is not None:
        return Turn(reply=words.OUT_OF_ORDER)
    name, _, initial = argument.partition(b" ")
    mechanism = name.decode("latin-1").upper()
    if mechanism not in MECHANISMS:
        return Turn(reply=words.UNKNOWN_MECHANISM)
    session.proof = proof = Proof(mechanism=mechanism)
    if not initial:
        return Turn(reply=proof.prompt, signal=Signal.AUTH)
    return _prove(session, proof, b"" if initial == b"=" else initial)


def _prove(session: Session, proof: Proof, response: bytes) -> Turn:
    result = proof.take(response)
    if result is None:
        return Turn(reply=proof.prompt, signal=Signal.AUTH)
    if isinstance(result, Reply):
        return Turn(reply=result, signal=Signal.NO_CREDENTIALS)
    session.claimed = result.username
    return Turn(signal=Signal.CREDENTIALS, event=Auth(username=result.username, password=result.password))


def _mail(session: Session, argument: bytes) -> Turn:
    if session.terms.auth_required and session.username is None:
        return Turn(reply=words.AUTH_NEEDED)
    mail = read_mail(argument)
    if isinstance(mail, Reply):
        return Turn(reply=mail)
    if mail.size > session.terms.limits.message_octets:
        return Turn(reply=words.TOO_LARGE)
    session.mail = mail
    event = Mail(sender=mail.sender, size=mail.size, body_8bit=mail.body_8bit, smtputf8=mail.smtputf8)
    return Turn(signal=Signal.MAIL, event=event)


def _rcpt(session: Session, argument: bytes) -> Turn:
    recipient = read_rcpt(argument, smtputf8=session.mail.smtputf8)
    if isinstance(recipient, Reply):
        return Turn(reply=recipient)
    if len(session.recipients) >= session.terms.limits.recipients:
        return Turn(reply=words.TOO_MANY_RECIPIENTS)
    session.asked_rcpt = recipient
    return Turn(signal=Signal.RCPT, event=Rcpt(recipient=recipient))


def _data(session: Session, argument: bytes) -> Turn:
    limits = session.terms.limits
    session.text = TextReader(size_limit=limits.message_octets, line_limit=limits.text_line_octets)
    return Turn(reply=words.SEND_MESSAGE, signal=Signal.DATA)


def _bdat(session: Session, state: State, argument: bytes) -> Turn:
    chunk = read_chunk(argument)
    if isinstance(chunk, Reply):
        # Nobody knows how many octets follow, so nobody knows where the next command is.
        return Turn(reply=chunk, signal=Signal.CUT)
    if Signal.BDAT not in LIFE[state]:
        session.lines.skip(chunk.octets)
        return Turn(reply=words.OUT_OF_ORDER)
    limits = session.terms.limits
    chunks = session.chunks or Chunks(size_limit=limits.message_octets, line_limit=limits.text_line_octets)
    if not chunks.fits(chunk.octets):
        session.lines.skip(chunk.octets)
        return Turn(reply=words.TOO_LARGE, signal=Signal.SPOILED)
    chunks.begin(chunk.octets, last=chunk.last)
    session.chunks = chunks
    return Turn(signal=Signal.BDAT)


def _rset(session: Session, argument: bytes) -> Turn:
    return Turn(reply=words.OK, signal=Signal.RSET)


def _noop(session: Session, argument: bytes) -> Turn:
    return Turn(reply=words.OK)


def _vrfy(session: Session, argument: bytes) -> Turn:
    return Turn(reply=words.CANNOT_VERIFY)


def _expn(session: Session, argument: bytes) -> Turn:
    return Turn(reply=words.NOT_IMPLEMENTED)


def _help(session: Session, argument: bytes) -> Turn:
    return Turn(reply=words.HELP)


def _quit(session: Session, argument: bytes) -> Turn:
    return Turn(reply=words.BYE, signal=Signal.QUIT)


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
