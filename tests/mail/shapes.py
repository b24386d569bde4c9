"""Reports in the shapes of many mailers, in our own words after what their manuals and reports look like.

Each is (name, head, body, what it says): the head gets a From and a Subject if it has none.
"""

from typing import Final

RETURNED: Final = """Return-Path: <b.1@send.example>
Received: from send.example by mx.test; Mon, 2 Feb 2026 10:00:00 +0000
From: Shop <shop@send.example>
To: Somebody Else <else@other.example>
Cc: third@other.example
Subject: Your order

Please write to help@send.example if user unknown or mailbox full bother you.
"""

Told = tuple[tuple[str, str], ...]
SHAPES: Final[tuple[tuple[str, str, str, Told], ...]] = (
    (
        "james",
        "Subject: [BOUNCE]",
        f"""Hi. This is the James mail server at mx.test.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Below is the list of recipients.

Error message below:
550 - Requested action not taken: no such user here

Message details:
  Subject: Your order
  Sent date: Mon Feb 02 10:00:00 UTC 2026
  MAIL FROM: b.1@send.example
  RCPT TO: ann@example.com
  From: Shop <shop@send.example>
  To: ann@example.com
  Size (in bytes): 1024
  Number of lines: 30

{RETURNED}""",
        (("ann@example.com", "userunknown"),),
    ),
    (
        "biglobe",
        "Subject: Returned mail: see transcript",
        f"""   ----- The following addresses had delivery problems -----
ann@example.com

   ----- Non-delivered information -----
The number of messages in recipient's mailbox exceeded the local limit.

   ----- Original message -----
{RETURNED}""",
        (("ann@example.com", "mailboxfull"),),
    ),
    (
        "smail",
        "Subject: mail failed, returning to sender",
        f"""|------------------------- Message log follows: -------------------------|
 no valid recipients were found for this message
|------------------------- Failed addresses follow: ---------------------|
 <ann@example.com> ... no such user here
 <bob@example.com> ... no such user here
|------------------------- Message text follows: ------------------------|
{RETURNED}""",
        (("ann@example.com", "userunknown"), ("bob@example.com", "userunknown")),
    ),
    (
        "interscan",
        "From: InterScan MSS\nSubject: Mail could not be delivered",
        f"""Sent >>> RCPT TO:<ann@example.com>
Received <<< 550 5.1.1 <ann@example.com>... user unknown
Unable to deliver message to <ann@example.com>

************* Original Mail Header *************
{RETURNED}""",
        (("ann@example.com", "userunknown"),),
    ),
    (
        "mailfoundry",
        "Subject: Message delivery has failed",
        f"""Unable to deliver message to: <ann@example.com>
Delivery failed for the following reason:
Server mx.example.com[192.0.2.1] failed with: 550 <ann@example.com> No such user here

This has been a permanent failure.  No further delivery attempts will be made.

{RETURNED}""",
        (("ann@example.com", "userunknown"),),
    ),
    (
        "mailmarshal",
        'Subject: Undeliverable Mail: "Your order"',
        f"""Your message:
   From:    shop@send.example
   Subject: Your order

Could not be delivered because of

552 5.2.2 mailbox full, try later

The following recipients were affected:
   ann@example.com
   bob@example.com

Additional Information
======================
Original Sender:    <shop@send.example>
Sender-MTA:         <192.0.2.7>
Remote-MTA:         <192.0.2.1>
Reporting-MTA:      <relay.test>
MessageName:        <B549996730000.000000000001.0003.mml>
Last-Attempt-Date:  <16:21:07 Mon, 2 February 2026>

{RETURNED}""",
        (("ann@example.com", "mailboxfull"), ("bob@example.com", "mailboxfull")),
    ),
    (
        "vzw",
        "From: post_master@mobile.test\nSubject: Undeliverable message",
        """Your message could not be delivered to the mobile.
    Error:  No valid recipients in this MM

  Message details:
    Subject: Your order
    Sent date: Mon Feb 02 10:00:00 UTC 2026
    MAIL FROM: shop@send.example
    RCPT TO: 5550001@mobile.test
    From: shop@send.example
""",
        (("5550001@mobile.test", "userunknown"),),
    ),
    (
        "address-not-found",
        "From: Mail Delivery Subsystem <mailer-daemon@googlemail.test>\nX-Failed-Recipients: ann@example.com\n"
        "Auto-Submitted: auto-replied\nSubject: Delivery Status Notification (Failure)",
        """
** Address not found **

Your message wasn't delivered to ann@example.com because the address couldn't be found, or is unable to receive mail.

Learn more here: https://support.mail.test/answer
""",
        (("ann@example.com", "userunknown"),),
    ),
    (
        "message-not-delivered",
        "From: Mail Delivery Subsystem <mailer-daemon@googlemail.test>\nX-Failed-Recipients: ann@example.com\n"
        "Subject: Delivery Status Notification (Failure)",
        """** Message not delivered **

There was a problem delivering your message to ann@example.com. See the technical details below.

The response from the remote server was:
554 5.7.1 <send.example[192.0.2.7]>: Client host rejected: Access denied
""",
        (("ann@example.com", "blocked"),),
    ),
    (
        "exchange5",
        "From: System Administrator <postmaster@example.com>\nSubject: Undeliverable: Your order",
        """Your message

  To:      'else@other.example'
  Subject: Your order
  Sent:    Mon, 2 Feb 2026 10:00:00 -0000

did not reach the following recipient(s):

ann@example.com on Mon, 2 Feb 2026 10:00:05 -0000
    The recipient name is not recognized
        The MTS-ID of the original message is: c=us;a= ;p=example;l=EX-2602021000Z-1
    MSEXCH:IMS:Example:SITE:EX 0 (000C05A6) Unknown Recipient
""",
        (("ann@example.com", "userunknown"),),
    ),
    (
        "outlook-words",
        "From: Microsoft Outlook <postmaster@example.com>\nSubject: Undeliverable: Your order",
        """Delivery has failed to these recipients or groups:

Ann Example (ann@example.com)<mailto:ann@example.com>
The recipient's mailbox is full and can't accept messages now. Please try resending your message later.

Diagnostic information for administrators:

Generating server: ex.example.com

ann@example.com
ex.example.com #554 5.2.2 mailbox full ##

Original message headers:

Received: from send.example (192.0.2.7) by ex.example.com
From: Shop <shop@send.example>
To: else@other.example
""",
        (("ann@example.com", "mailboxfull"),),
    ),
    (
        "domino",
        "Subject: DELIVERY FAILURE: User ann not listed in Domino Directory",
        f"""Your message

  Subject: Your order

was not delivered to:

  ann@example.com

because:

  User ann (ann@example.com) not listed in Domino Directory

{RETURNED}""",
        (("ann@example.com", "userunknown"),),
    ),
    (
        "groupwise",
        "From: Mailer-Daemon@gw.test\nSubject: Message status - undeliverable",
        """The message that you sent was undeliverable to the following:
        ann@example.com (user not found)

Possibly truncated original message follows:
From: shop@send.example
To: else@other.example
""",
        (("ann@example.com", "filtered"),),
    ),
    (
        "mdaemon",
        "From: MDaemon@mx.test\nSubject: Permanent Delivery Failure",
        """The attached message had PERMANENT fatal delivery errors!

After one or more unsuccessful delivery attempts the attached message has
been removed from the mail queue on this server.

Failed address: ann@example.com

--- Session Transcript ---
 Mon 2026-02-02 10:00:00: Connecting to mx.example.com
 Mon 2026-02-02 10:00:00: <-- 220 mx.example.com ESMTP
 Mon 2026-02-02 10:00:00: --> EHLO mx.test
 Mon 2026-02-02 10:00:00: <-- 250 OK
 Mon 2026-02-02 10:00:00: --> MAIL From:<shop@send.example>
 Mon 2026-02-02 10:00:00: <-- 250 OK
 Mon 2026-02-02 10:00:00: --> RCPT To:<ann@example.com>
 Mon 2026-02-02 10:00:00: <-- 550 5.1.1 No such user
--- End Transcript ---
""",
        (("ann@example.com", "userunknown"),),
    ),
    (
        "hmailserver",
        "From: mailer-daemon@mx.test\nSubject: Message undeliverable: Your order",
        """Your message did not reach some or all of the intended recipients.

   Sent: Mon, 2 Feb 2026 10:00:00 +0000
   Subject: Your order

The following recipient(s) could not be reached:

ann@example.com
   Error Type: SMTP
   Remote server (192.0.2.1) issued an error.
   hMailServer sent: RCPT TO:<ann@example.com>
   Remote server replied: 550 5.1.1 User unknown

hMailServer
""",
        (("ann@example.com", "userunknown"),),
    ),
    (
        "mailenable",
        "From: Postmaster <postmaster@mx.test>\nSubject: Message Delivery Failure",
        """Message could not be delivered to some recipients.
The following recipient(s) could not be reached:

\tRecipient: [SMTP:ann@example.com]
\tReason: Remote SMTP Server Returned: 552 The mailbox is full

Message headers follow:
From: shop@send.example
To: else@other.example
""",
        (("ann@example.com", "mailboxfull"),),
    ),
    (
        "courier",
        "From: Courier mail server at mx.test <@>\nSubject: NOTICE: mail delivery status.",
        f"""This is a delivery status notification from mx.test,
running the Courier mail server.

The original message was received on Mon, 2 Feb 2026 10:00:00 +0000
from send.example

---------------------------------------------------------------------------

                           UNDELIVERABLE MAIL

Your message to the following recipients cannot be delivered:

<ann@example.com>:
    mx.example.com [192.0.2.1]:
>>> RCPT TO:<ann@example.com>
<<< 550 User unknown

<bob@example.com>:
    No such domain.

---------------------------------------------------------------------------

If your message was also sent to additional recipients, their delivery
status is not included in this report.

{RETURNED}""",
        (("ann@example.com", "userunknown"), ("bob@example.com", "hostunknown")),
    ),
    (
        "imail",
        "From: <postmaster@mx.test>\nSubject: Undeliverable Mail",
        f"""Unknown user: ann@example.com
Unknown host: bob@nowhere.example

Original message follows.

{RETURNED}""",
        (("ann@example.com", "userunknown"), ("bob@nowhere.example", "hostunknown")),
    ),
    (
        "imail-attempts",
        "From: <postmaster@mx.test>\nSubject: Undeliverable Mail",
        f"""Delivery failed 20 attempts: ann@example.com

Original message follows.

{RETURNED}""",
        (("ann@example.com", "expired"),),
    ),
    (
        "postfix-text",
        "From: MAILER-DAEMON@mx.test (Mail Delivery System)\nSubject: Undelivered Mail Returned to Sender",
        f"""This is the mail system at host mx.test.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

For further assistance, please send mail to postmaster.

                   The mail system

<ann@example.com>: host mx.example.com[192.0.2.1] said: 550 5.1.1
    <ann@example.com>: Recipient address rejected: User unknown (in reply to
    RCPT TO command)

<bob@example.org> (expanded from <list@example.com>): mail for example.org loops back to myself

<"odd name"@example.com>: connect to mx.example.com[192.0.2.1]:25: Connection refused

{RETURNED}""",
        (
            ("ann@example.com", "userunknown"),
            ("bob@example.org", "networkerror"),
            ('"odd name"@example.com', "networkerror"),
        ),
    ),
    (
        "exim-text",
        "From: Mail Delivery System <Mailer-Daemon@mx.test>\nX-Failed-Recipients: ann@example.com,\n bob@example.com\n"
        "Auto-Submitted: auto-replied\nSubject: Mail delivery failed: returning message to sender",
        f"""This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ann@example.com
    host mx.example.com [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<ann@example.com>:
    550 5.1.1 User unknown
  bob@example.com
    (generated from sales@example.com)
    mailbox is full: retry timeout exceeded

------ This is a copy of the message, including all the headers. ------

{RETURNED}""",
        (("ann@example.com", "userunknown"), ("bob@example.com", "mailboxfull")),
    ),
    (
        "exim-relay",
        "From: Mail Delivery System <Mailer-Daemon@mx.test>\nSubject: Mail delivery failed: returning message to sender",
        f"""This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  save to /var/mail/ann
    generated by ann@example.com
    mailbox is full

------ This is a copy of your message, including all the headers. ------

{RETURNED}""",
        (("ann@example.com", "mailboxfull"),),
    ),
    (
        "qmail",
        "From: MAILER-DAEMON@mx.test\nSubject: failure notice",
        f"""Hi. This is the qmail-send program at mx.test.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ann@example.com>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 unknown
Giving up on 192.0.2.1.

<bob@example.com>:
Sorry, I couldn't find any host named example.com. (#5.1.2)

--- Below this line is a copy of the message.

{RETURNED}""",
        (("ann@example.com", "userunknown"), ("bob@example.com", "hostunknown")),
    ),
    (
        "sendmail",
        "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.test>\nSubject: Returned mail: see transcript for details",
        f"""The original message was received at Mon, 2 Feb 2026 10:00:00 GMT
from send.example [192.0.2.7]

   ----- The following addresses had permanent fatal errors -----
<ann@example.com>
    (reason: 550 5.1.1 <ann@example.com>... User unknown)
<bob@example.com>
    (reason: 552 5.2.2 over quota)

   ----- Transcript of session follows -----
... while talking to mx.example.com.:
>>> RCPT To:<ann@example.com>
<<< 550 5.1.1 <ann@example.com>... User unknown
550 5.1.1 <ann@example.com>... User unknown
>>> RCPT To:<bob@example.com>
<<< 552 5.2.2 over quota
552 5.2.2 <bob@example.com>... over quota

   ----- Original message follows -----

{RETURNED}""",
        (("ann@example.com", "userunknown"), ("bob@example.com", "mailboxfull")),
    ),
    (
        "x400",
        "From: postmaster@gateway.test\nSubject: Delivery Report (failure) for ann@example.com",
        f"""This report relates to a message you sent with the following header fields:

  Message-id: <m.1@send.example>
  Date: Mon, 2 Feb 2026 10:00:00 +0000
  From: Shop <shop@send.example>
  To: else@other.example
  Subject: Your order

Your message cannot be delivered to the following recipients:

  Recipient address: ann@example.com
  Reason: Remote SMTP server has rejected address
  Diagnostic code: smtp;550 5.1.1 unknown user
  Remote system: dns;mx.example.com (TCP|192.0.2.7|1|192.0.2.1|25)

{RETURNED}""",
        (("ann@example.com", "userunknown"),),
    ),
    (
        "gmx",
        "From: MAILER-DAEMON@gmx.test\nSubject: Mail delivery failed: returning message to sender",
        f"""This message was created automatically by mail delivery software.

A message that you sent could not be delivered to
one or more of its recipients. The following addresses failed:

"ann@example.com":
SMTP error from remote server after RCPT command:
host: mx.example.com
5.1.1 <ann@example.com> is not known here

"bob@example.com":
delivery retry timeout exceeded

--- The header of the original message is following. ---

{RETURNED}""",
        (("ann@example.com", "userunknown"), ("bob@example.com", "expired")),
    ),
    (
        "yahoo",
        "From: MAILER-DAEMON@yahoo.test\nSubject: Failure Notice",
        """Sorry, we were unable to deliver your message to the following address.

<ann@example.com>:
Remote host said:
550 5.1.1 <ann@example.com>... User Unknown
[RCPT_TO]

--- Below this line is a copy of the message.

To: else@other.example
""",
        (("ann@example.com", "userunknown"),),
    ),
    (
        "zoho",
        "From: mailer-daemon@mail.zoho.test\nSubject: Undelivered Mail Returned to Sender",
        f"""This message was created automatically by mail delivery software.
A message that you sent could not be delivered to one or more of its recipients. This is a permanent error.

ann@example.com Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 No such user
bob@example.com
[Status: Error, Address: <bob@example.com>, ResponseCode 452, 4.2.2, mailbox full.]

Received:from mail.zoho.test by mx.test
{RETURNED}""",
        (("ann@example.com", "userunknown"), ("bob@example.com", "mailboxfull")),
    ),
    (
        "opensmtpd",
        "From: Mailer Daemon <MAILER-DAEMON@mx.test>\nSubject: Delivery status notification: error",
        f"""    Hi!

    This is the MAILER-DAEMON, please DO NOT REPLY to this email.

    An error has occurred while attempting to deliver a message for
    the following list of recipients:

ann@example.com: 550 5.1.1 Invalid recipient
bob@example.com: No route to host

    Below is a copy of the original message:

{RETURNED}""",
        (("ann@example.com", "userunknown"), ("bob@example.com", "networkerror")),
    ),
    (
        "table",
        "From: postmaster@mx.test\nSubject: Nicht zustellbar: Your order",
        f"""Ihre Nachricht konnte nicht zugestellt werden.

Empfänger: ann@example.com
Grund:     550 5.1.1 Benutzer unbekannt

Ursprüngliche Nachricht:
{RETURNED}""",
        (("ann@example.com", "userunknown"),),
    ),
    (
        "french",
        "From: postmaster@mx.test\nSubject: Échec de la remise",
        f"""Votre message n'a pas pu être remis au destinataire suivant :

  ann@example.com
  552 boîte aux lettres pleine

Message d'origine :
{RETURNED}""",
        (("ann@example.com", "mailboxfull"),),
    ),
    (
        "kerio",
        "From: postmaster@mx.test\nSubject: Undeliverable: Your order",
        """Your message could not be delivered to the following recipients:

ann@example.com
Failed to deliver the message: 550 5.1.1 User unknown in local database

Message headers follow:
From: shop@send.example
""",
        (("ann@example.com", "userunknown"),),
    ),
    (
        "barracuda",
        "From: postmaster@barracuda.test\nSubject: **Message you sent blocked by our bulk email filter**",
        """Your message to: ann@example.com
was blocked by our Spam Firewall. The email you sent with the following subject has NOT BEEN DELIVERED:

Subject: Your order
""",
        (("ann@example.com", "spamdetected"),),
    ),
    (
        "ezweb",
        "From: Postmaster@ezweb.test\nSubject: Mail System Error - Returned Mail",
        f"""The user(s) account is disabled.

<ann@ezweb.test>

{RETURNED}""",
        (("ann@ezweb.test", "suspend"),),
    ),
    (
        "source-route",
        "From: MAILER-DAEMON@mx.test\nSubject: Undeliverable mail",
        """The following recipients could not be reached:
 <@relay.example,@hub.example:ann@example.com>: 550 no such user here
""",
        (("ann@example.com", "userunknown"),),
    ),
    (
        "upper",
        "From: MAILER-DAEMON@MX.TEST\nSubject: UNDELIVERABLE MAIL",
        """UNDELIVERABLE MESSAGE TO: ANN@EXAMPLE.COM
REASON: 550 UNKNOWN USER
""",
        (("ANN@EXAMPLE.COM", "filtered"),),
    ),
    (
        "bigfoot",
        "From: Mail Delivery Subsystem <MAILER-DAEMON@bigfoot.test>\nSubject: Returned mail: see transcript for details",
        f"""The original message was received at Mon, 2 Feb 2026 10:00:00 GMT

   ----- The following addresses had permanent fatal errors -----
<ann@example.com>

   ----- Transcript of session follows -----
>>> RCPT To:<ann@example.com>
<<< 552 Exceeded storage allocation of the user, mailbox full

{RETURNED}""",
        (("ann@example.com", "mailboxfull"),),
    ),
)
