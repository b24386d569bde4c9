"""The mail that every client sends: text, HTML with a link and a picture, an attachment, an invitation.

Clients that make mails themselves are given its parts; the others get it as a file.
"""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

SUBJECT = "Your order 4711 – Übersicht ✓"
SENDER = "shop@example.com"
TEXT = "Thank you, Zoë.\n.\n..\nTwo lines of dots stand above this one.\n" + "word " * 300
LINK = "https://shop.example.com/orders/4711?from=mail&lang=de"
HTML = (
    '<html><body>\n<p>Thank you, Zoë.</p>\n<p><img src="cid:logo@example.com" alt="Example Shop"></p>\n'
    '<p><a href="https://shop.example.com/orders/4711?from=mail&amp;lang=de">Your order</a></p>\n</body></html>'
)
LOGO = bytes.fromhex("89504e470d0a1a0a") + bytes(range(256)) * 8
FILE_NAME = "Rechnung für Zoë.pdf"
FILE = b"%PDF-1.7\n" + bytes(range(255, -1, -1)) * 40
INVITATION = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example Shop//Tests//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
    "UID:4711@example.com\r\nDTSTAMP:20260302T140000Z\r\nDTSTART:20260304T090000Z\r\nDTEND:20260304T100000Z\r\n"
    "SUMMARY:Delivery of order 4711\r\nORGANIZER:mailto:shop@example.com\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def letter(to: str, **headers: str) -> EmailMessage:
    """The whole mail, made by the standard library."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = f"Example Shop <{SENDER}>", to, SUBJECT
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(TEXT)
    mail.add_alternative(HTML, subtype="html")
    html = mail.get_body(("html",))
    assert isinstance(html, EmailMessage)
    html.add_related(LOGO, maintype="image", subtype="png", cid="<logo@example.com>", filename="logo.png")
    mail.add_attachment(FILE, maintype="application", subtype="pdf", filename=FILE_NAME)
    mail.add_attachment(INVITATION.encode(), maintype="text", subtype="calendar", filename="invite.ics")
    return mail
