"""Authored e-mails: their documents and versions, their publishing, and what a template and one reader's values make.

It never stores what was sent, never knows how mail travels, and never looks a contact or a domain up: the caller gives
what a template sees.

* To send: ``published`` finds what may be sent (``shelf.py``), ``context`` makes the values (``names.py``), ``render``
  makes the mail (``rendering.py``).
* To author: ``authoring.create``, ``authoring.publish`` and so on; ``listing`` gives pages of e-mails and revisions;
  ``previewing.preview`` shows an author what a reader would get.

Start in ``model.py``; what each act does to an e-mail is in ``plans.py``, what may go live in ``rules.py``.
"""

from sendwright.emails import authoring, kinds, listing, model, previewing
from sendwright.emails.content import field_of
from sendwright.emails.kinds import EmailType
from sendwright.emails.model import (
    FaultKind,
    MissingProperties,
    PublishedVersion,
    RenderedMail,
    RenderFault,
)
from sendwright.emails.names import context
from sendwright.emails.rendering import render, render_page
from sendwright.emails.shelf import published, sent_version

__all__ = [
    "EmailType",
    "FaultKind",
    "MissingProperties",
    "PublishedVersion",
    "RenderFault",
    "RenderedMail",
    "authoring",
    "context",
    "field_of",
    "kinds",
    "listing",
    "model",
    "previewing",
    "published",
    "render",
    "render_page",
    "sent_version",
]
