"""The shapes in which mailers say that a mail did not arrive, each in a mail of its own."""

import pytest

from sendwright import mail

from .returned import ORIGINAL, mailer

COPY = f"\n--- Below this line is a copy of the message.\n\n{ORIGINAL}\nHello"

QMAIL = """Hi. This is the qmail-send program at mx.test.
I'm afraid I wasn't able to deliver your message to the following addresses.

<ann@example.com>:
192.0.2.25 does not like recipient.
Remote host said: 550 sorry, no such user
Giving up on 192.0.2.25.

<bob@example.com>:
Sorry, I couldn't find any host named example.com. (#5.1.2)
"""
EXIM = """This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. The following address(es) failed:

  ann@example.com
    (generated from anne@example.com)
    SMTP error from remote mail server after RCPT TO:<ann@example.com>:
    host mx.example.com [192.0.2.1]: 550 User unknown
  bob@example.com
    retry timeout exceeded
"""
EXIM_SENDER = """A message sent by

  <shop@send.example>

could not be delivered to one or more of its recipients. The following failed:

  ann@example.com
    mailbox is full
"""
POSTFIX = """This is the mail system at host mx.test.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

<ann@example.com> (expanded from <anne@example.com>): host mx.example.com[192.0.2.1] said: 552 5.2.2 Mailbox
    over quota (in reply to RCPT TO command)
"""
SENDMAIL = """   ----- The following addresses had permanent fatal errors -----
<ann@example.com>
    (reason: 550 5.7.1 Service refused, listed at zen.example)

   ----- Transcript of session follows -----
... while talking to mx.example.com.:
>>> RCPT To:<ann@example.com>
<<< 550 5.7.1 Service refused, listed at zen.example
550 5.1.1 <ann@example.com>... User unknown
>>> QUIT
<<< 221 bye
"""
OLD_SENDMAIL = """   ----- Transcript of session follows -----
While talking to example.com:
>>> RCPT To:<ann@example.com>
<<< 550 No such user.
550 <ann@example.com>... User unknown
While talking to example.org:
>>> QUIT
<<< 421 example.org closing
421 example.org (smtp)... Deferred
While talking to example.net:
<<< 554 banned sending IP
554 <bob@example.net>... Service unavailable

   ----- Unsent message follows -----
"""
GMAIL = """Delivery to the following recipient failed permanently:

     ann@example.com

Technical details of permanent failure:
Google tried to deliver your message, but it was rejected by the server.

The error that the other server returned was:
550 5.1.1 <ann@example.com>... User Unknown

----- Original message -----
"""
GMX = """A message that you sent could not be delivered. The following address failed:

"ann@example.com":
SMTP error from remote server after RCPT command:
host: mx.example.com
5.2.2 <ann@example.com>... Mailbox Full
"""
EXCHANGE = """Your message did not reach some or all of the intended recipients.

      To:  shop@send.example
      Sent: 4/29/01 11:34:45 PM

The following recipient(s) could not be reached:

      ann@example.com on 4/29/01 11:34:45 PM
            The recipient name is not recognized
"""
EXCHANGE_2007 = """Delivery has failed to these recipients or groups:

ann@example.com<mailto:ann@example.com>
Your message can't be delivered.

Diagnostic information for administrators:

Generating server: example.com

ann@example.com
#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##
"""
DRAGONFLY = """There was an error delivering your mail to <ann@example.com>.

mx.example.com [192.0.2.1] did not like our RCPT TO:
550 5.1.6 Recipient has moved

Message headers follow.
"""
DOMINO = """Your message

  Subject: Order

was not delivered to:

  ann@example.com

because:

  User ann (ann@example.com) not listed in Domino Directory
"""
TREND = """Sent >>> RCPT TO:<ann@example.com>
Received <<< 550 5.1.1 user unknown

Unable to deliver message to <ann@example.com>
"""
JAMES = """Message details:
  Subject: Order
  MAIL FROM: shop@send.example
  RCPT TO: ann@example.com
Error message below:
550 - Requested action not taken: no such user here
"""
MARSHAL = """Your message:
   From: shop@send.example
Could not be delivered because of

550 5.1.1 User unknown

The following recipients were affected:
    ann@example.com
"""
MCAFEE = """    --- The following addresses had delivery problems ---

<ann@example.com>   (Unknown user ann)
"""
ACTIVE = """  ----- The following addresses had permanent fatal errors -----

>>> ann@example.com <ann@example.com>

  ----- Transcript of session follows -----
550 sorry, no mailbox here by that name (#5.1.1)
"""
SENDGRID = """I'm sorry to have to tell you that your message was not able to be
delivered.

ann:000000:<ann@example.com> : 192.0.2.2 : mx.example.com:[192.0.2.1] : 550 5.1.1 User Unknown  in RCPT TO
"""
ZOHO = """A message that you sent could not be delivered.

ann@example.com Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 <ann@example.com>... User Unknown
bob@example.com Error, ERROR_CODE :421, ERROR_CODE :, Host not reachable.
"""
X1 = """---The following addresses had delivery errors---

ann@example.com [User unknown]
"""
X6 = """1 error(s):

SMTP Server <mx.example.com> rejected recipient <ann@example.com> (Error following RCPT command). It responded
as follows: [550 5.1.1 User unknown]
"""
FILTER_AT_DATA = """These addresses failed:
ann@example.com

-------server message
550 ann@example.com... No such user

-------SMTP command
DATA
"""
POSTFIX_SESSION = """Transcript of session follows.

 Out: 220 mx.test ESMTP
 In:  EHLO localhost
 Out: 250 mx.test
 In:  RCPT TO:<ann@example.com>
 Out: 451 4.3.0 Error: queue file write error
"""
IMAIL = "Unknown user: ann@example.com\n\nOriginal message follows.\n"
KDDI = """Your mail sent on: Thu, 29 Apr 2013
     Could not be delivered to: <ann@example.com>
     As their mailbox is full.
"""
GERMAN = "Ihre Nachricht konnte nicht zugestellt werden:\n\n<ann@example.com>:\n550 Empfänger unbekannt\n"
RUSSIAN = "К сожалению, письмо не может быть доставлено:\n\n  ann@example.com\n    550 нет такого пользователя\n"
DELAY = """Delivery to the following recipient has been delayed:

     ann@example.com

Message will be retried for 2 more day(s)
"""
LOOP = "Duplicated Message-ID in <ann@example.com>.\n\nOriginal mail as follows:\n"

NUMBERS = "Your message could not be delivered:\n\n<ann@example.com>:\nmailbox is full, 500 kb of 499 in 555 messages\n"

SHAPES = {
    "numbers that are no codes": (NUMBERS, ["ann@example.com mailboxfull"]),
    "qmail": (QMAIL, ["ann@example.com 550 userunknown hard", "bob@example.com 5.1.2 hostunknown hard"]),
    "exim": (EXIM, ["ann@example.com 550 userunknown hard", "bob@example.com expired"]),
    "exim-sender": (EXIM_SENDER, ["ann@example.com mailboxfull"]),
    "postfix": (POSTFIX, ["ann@example.com 5.2.2 552 mailboxfull"]),
    "sendmail": (SENDMAIL, ["ann@example.com 5.7.1 550 blocked"]),
    "old-sendmail": (OLD_SENDMAIL, ["ann@example.com 550 userunknown hard", "bob@example.net 554 blocked"]),
    "gmail": (GMAIL, ["ann@example.com 5.1.1 550 userunknown hard"]),
    "gmx": (GMX, ["ann@example.com 5.2.2 mailboxfull"]),
    "exchange": (EXCHANGE, ["ann@example.com userunknown hard"]),
    "exchange-2007": (EXCHANGE_2007, ["ann@example.com 5.1.1 550 userunknown hard"]),
    "dragonfly": (DRAGONFLY, ["ann@example.com 5.1.6 550 hasmoved hard"]),
    "domino": (DOMINO, ["ann@example.com userunknown hard"]),
    "trend": (TREND, ["ann@example.com 5.1.1 550 userunknown hard"]),
    "james": (JAMES, ["ann@example.com 550 userunknown hard"]),
    "marshal": (MARSHAL, ["ann@example.com 5.1.1 550 userunknown hard"]),
    "mcafee": (MCAFEE, ["ann@example.com userunknown hard"]),
    "active": (ACTIVE, ["ann@example.com 5.1.1 550 userunknown hard"]),
    "sendgrid": (SENDGRID, ["ann@example.com 5.1.1 550 userunknown hard"]),
    "zoho": (ZOHO, ["ann@example.com 5.1.1 550 userunknown hard", "bob@example.com 421 expired"]),
    "x1": (X1, ["ann@example.com filtered"]),
    "x6": (X6, ["ann@example.com 5.1.1 550 userunknown hard"]),
    "filter-at-data": (FILTER_AT_DATA, ["ann@example.com 550 filtered"]),
    "postfix-session": (POSTFIX_SESSION, ["ann@example.com 4.3.0 451 systemerror"]),
    "imail": (IMAIL, ["ann@example.com userunknown hard"]),
    "kddi": (KDDI, ["ann@example.com mailboxfull"]),
    "german": (GERMAN, ["ann@example.com 550 userunknown hard"]),
    "russian": (RUSSIAN, ["ann@example.com 550 userunknown hard"]),
    "delay": (DELAY, ["ann@example.com expired"]),
    "loop": (LOOP, ["ann@example.com systemerror"]),
}


def told(report: mail.IncomingReport) -> list[str]:
    lines = []
    for one in report.recipients:
        words = (one.address, one.status, one.reply_code, one.reason.value, "hard" if one.hard else "")
        lines.append(" ".join(word for word in words if word))
    return lines


@pytest.mark.parametrize("name", SHAPES)
def test_the_words_of_a_mailer_name_the_recipients_and_say_why(name):
    words, expected = SHAPES[name]
    report = mail.read_report(mailer(words + COPY))
    assert (report.kind, told(report)) == (mail.ReportKind.BOUNCE, expected)


@pytest.mark.parametrize("name", SHAPES)
def test_the_returned_mail_is_found_below_the_words(name):
    words, _ = SHAPES[name]
    assert mail.read_report(mailer(words + COPY)).original.from_ == "Shop <shop@send.example>"


def test_a_returned_mail_without_a_title_is_known_by_its_first_field():
    read = mail.read_report(mailer(QMAIL + "\n" + ORIGINAL))
    assert (len(read.recipients), read.original.return_path) == (2, "<b.1@send.example>")


def test_line_ends_of_the_wire_change_nothing():
    raw = mailer(EXIM + COPY)
    assert told(mail.read_report(raw.replace(b"\n", b"\r\n"))) == told(mail.read_report(raw))


def test_a_report_in_html_alone_is_read():
    html = mailer("<p>Delivery has failed:</p><p>&lt;ann@example.com&gt;: 550 5.1.1 User unknown</p>")
    raw = html.replace(b"Subject:", b"Content-Type: text/html\nSubject:", 1)
    assert told(mail.read_report(raw)) == ["ann@example.com 5.1.1 550 userunknown hard"]


def test_a_field_of_the_mail_names_recipients_that_the_words_hide():
    raw = mailer(
        "This message could not be delivered:\n\n  save to xxxx\n    mailbox is full",
        head="X-Failed-Recipients: ann@example.com, bob@example.com\n",
    )
    assert [one.address for one in mail.read_report(raw).recipients] == ["ann@example.com", "bob@example.com"]


def test_where_nobody_is_named_it_is_the_one_whom_the_returned_mail_was_to():
    raw = mailer("Your message could not be delivered.\n" + COPY)
    assert [one.address for one in mail.read_report(raw).recipients] == ["ann@example.com"]


def test_where_nobody_at_all_is_named_the_address_is_empty():
    raw = mailer("Your message could not be delivered.\n550 mailbox full\n")
    assert told(mail.read_report(raw)) == ["550 mailboxfull"]


def test_a_group_that_refuses_mail_is_known_by_its_link():
    words = "Dear you,\nvisit https://groups.google.com/support/ for help.\n"
    raw = mailer(
        words, head="X-Failed-Recipients: list@example.com\n", subject="Delivery Status Notification (Failure)"
    )
    assert told(mail.read_report(raw)) == ["list@example.com rejected"]
