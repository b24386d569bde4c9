"""SMTP as bytes in, events out: a client core and a server core, without a socket.

What it is for: `Client` speaks to a next hop, `Server` to whoever hands us mail. Both are fed what the network
brought (`feed`), tell what happened (a list of `events`), and give what is to be written (`outgoing`). Every call that
can make something happen returns the events that follow from it, in order. After each call the shell writes
`outgoing()` before it feeds again: an answer to a command that was never written is a protocol error.

What it never does: open a connection, upgrade to TLS, look at a clock, wait, log, or decide whether a mail is tried
again. The shell around it owns sockets and time limits (`Client.stage` says which limit applies).

Where to start: `client.py` and the table of its life in `client_life.py`; `server.py` and `server_life.py`; the events
of both in `events.py`. `draw()` gives both tables as Mermaid diagrams.

A client's life, as the shell sees it::

    client = smtp.Client(ehlo_name="mta1.example.com", starttls="opportunistic")
    ... feed until events.Ready (on events.StartTls: upgrade, then client.tls_started())
    client.send(smtp.Envelope(mail_from="a@example.com", rcpt_to=("b@example.org",), size=len(message)))
    ... feed until events.MayTransmit: record the intent, then client.transmit(message), or client.abandon()
    ... feed until events.Outcome: one answer for each recipient; events.Ready follows when more may be sent
    client.quit()

A server's life: `accept()` writes the greeting; then each event that is a question (`Mail`, `Rcpt`, `Message`,
`Auth`) is answered by exactly one `accept()` or `refuse(reply)`; input that came early waits until then. `errors` tells
the shell whom to answer slowly; idle time, data rates and TLS versions are its own.
"""

from sendwright.smtp import events
from sendwright.smtp.client import Client
from sendwright.smtp.dots import BadMessage, Prepared, fault_in, prepare
from sendwright.smtp.drawing import draw
from sendwright.smtp.envelope import Envelope, Wish
from sendwright.smtp.events import Stage
from sendwright.smtp.misuse import Misuse
from sendwright.smtp.replies import Kind, Reply, render_reply
from sendwright.smtp.server import Server
from sendwright.smtp.server_life import State as ServerState
from sendwright.smtp.session import Limits
from sendwright.smtp.speech import Credentials
from sendwright.smtp.transcript import Line

__all__ = [
    "BadMessage",
    "Client",
    "Credentials",
    "Envelope",
    "Kind",
    "Limits",
    "Line",
    "Misuse",
    "Prepared",
    "Reply",
    "Server",
    "ServerState",
    "Stage",
    "Wish",
    "draw",
    "events",
    "fault_in",
    "prepare",
    "render_reply",
]
