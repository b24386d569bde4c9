"""A Django project in one file: it mails through the stock SMTP back end and knows nothing of Sendwright."""

from __future__ import annotations

import os
from email.mime.image import MIMEImage
from pathlib import Path

import django
from django.conf import settings
from django.core.mail import EmailMultiAlternatives


def main() -> None:
    """Everything it needs is in the environment."""
    given = os.environ
    settings.configure(
        EMAIL_HOST=given["HOST"],
        EMAIL_PORT=int(given["STARTTLS"]),
        EMAIL_USE_TLS=True,
        EMAIL_HOST_USER=given["LOGIN"],
        EMAIL_HOST_PASSWORD=given["PASSWORD"],
        DEFAULT_FROM_EMAIL="Example Shop <shop@example.com>",
    )
    django.setup()
    mail = EmailMultiAlternatives(given["SUBJECT"], given["TEXT"], to=[given["TO"]])
    mail.attach_alternative(given["HTML"], "text/html")
    folder = Path(given["FOLDER"])
    logo = MIMEImage((folder / "logo.png").read_bytes(), "png")
    logo.add_header("Content-ID", "<logo@example.com>")
    logo.add_header("Content-Disposition", "inline", filename="logo.png")
    mail.attach(logo)
    mail.attach(given["FILE_NAME"], (folder / "file.pdf").read_bytes(), "application/pdf")
    mail.attach("invite.ics", given["INVITATION"], "text/calendar")
    if mail.send() != 1:
        raise SystemExit("nothing was sent")


if __name__ == "__main__":
    main()
