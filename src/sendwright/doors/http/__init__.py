"""The HTTP API: HubSpot's wire contract at the door, our own words behind it.

**To add an operation**, write it in the module of its subject and hang it on that module's table::

    operations = Operations("Marketing e-mails")          # the heading in the docs

    class CloneRequest(Taken): ...                        # HubSpot's paths; for /api/v1 OwnTaken, which is strict
    class PublicEmail(Shown): ...                         # answers: camelCase; None fields are left out, but `nulls`

    @operations.on("POST", "/marketing/v3/emails/clone", also=["/marketing/emails/{date}/clone"],
                   scopes=["content"], takes=CloneRequest, gives=PublicEmail)
    async def clone_email(call: Call, body: CloneRequest) -> PublicEmail:
        \"\"\"Copies an e-mail.\"\"\"                          # first line: the summary in the docs
        found = await call.db.write(emails.clone, call.account_id, int(body.id), call.now)
        if found is None:
            raise errors.not_found()
        return PublicEmail(...)

then add the table to ``catalogue.py``. Each path is served with and without a slash at its end; ``{date}`` in a path
is the date-versioned family; other names in braces are in ``call.path`` (``call.number("emailId")`` for numeric ids,
404 for nonsense). ``success`` (default 200; 201, 204) is exact. ``scopes``: any one is enough. ``query`` lists the
parameters for the docs; read them with ``call.query`` (``text texts flag number limit after moment``).
``meter=Meter.SEARCHES`` or ``Meter.EXEMPT`` for another rate limit. Return a ``Shown``, a dict of JSON, None (for 204),
an ``Answer`` with another status (207), or a ``File``. Next page: ``call.next_page(last_id)`` and
``call.query.after("n")``. Raise ``errors.invalid_field(...)``, ``errors.not_found()``, ``errors.conflict(...)``;
anything else that escapes is a 500 and a line in the log. Bodies are bounded, free of NUL and lone surrogates, and
parsed before the function sees them.

It never decides what happens to a mail (the stories do), never logs a body, never believes the Host header.
Start in ``operations.py``; ``app.py`` is the way of a request.
"""

from sendwright.doors.http.app import Api, build_app
from sendwright.doors.http.catalogue import all_operations
from sendwright.doors.http.errors import Fault
from sendwright.doors.http.operations import Answer, Call, File, Meter, Operation, Operations, Parameter
from sendwright.doors.http.services import Caller, Check, Clock, HttpSettings, Services
from sendwright.single_send import Dialect, SendRequest, SentEvent, StatusView

__all__ = [
    "Answer",
    "Api",
    "Call",
    "Caller",
    "Check",
    "Clock",
    "Dialect",
    "Fault",
    "File",
    "HttpSettings",
    "Meter",
    "Operation",
    "Operations",
    "Parameter",
    "SendRequest",
    "SentEvent",
    "Services",
    "StatusView",
    "all_operations",
    "build_app",
]
