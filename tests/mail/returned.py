"""Mails that came back, written for these tests in the shapes of many mailers."""

ORIGINAL = "Return-Path: <b.1@send.example>\nFrom: Shop <shop@send.example>\nTo: ann@example.com\nSubject: Order\n"


def mailer(
    body: str, *, subject: str = "Undelivered mail", sender: str = "MAILER-DAEMON@mx.test", head: str = ""
) -> bytes:
    """A mail of one text part from a mail system."""
    return f"{head}From: {sender}\nTo: b.1@send.example\nSubject: {subject}\n\n{body}".encode()


def report(*parts: tuple[str, str], kind: str = "report; report-type=delivery-status", head: str = "") -> bytes:
    """A multipart of (content type, content)."""
    joined = "".join(f"--b\nContent-Type: {content_type}\n\n{content}\n" for content_type, content in parts)
    block = f"{head}From: postmaster@mx.test\nSubject: x\nContent-Type: multipart/{kind}; boundary=b\n"
    return f"{block}\n{joined}--b--\n".encode()


def status(fields: str, words: str = "It was not delivered.") -> bytes:
    """A delivery status report with these fields for programs."""
    return report(("text/plain", words), ("message/delivery-status", fields), ("text/rfc822-headers", ORIGINAL))


def complaint(fields: str, returned: str = ORIGINAL) -> bytes:
    return report(
        ("text/plain", "This is a report."),
        ("message/feedback-report", fields),
        ("message/rfc822", returned + "\nHello"),
        kind="report; report-type=feedback-report",
    )
