"""Seeds: a bounce in parts, a bounce in words, a complaint, an automatic reply."""

from __future__ import annotations

_IN_PARTS = b"""\
From: MAILER-DAEMON@mx.example.org
To: b.token@bounces.example.com
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=us-ascii

<ann@example.org>: host mx.example.org[192.0.2.1] said: 550 5.1.1 <ann@example.org>: Recipient address rejected: \
User unknown in virtual mailbox table (in reply to RCPT TO command)

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
X-Postfix-Queue-ID: 4F2A
Arrival-Date: Mon,  2 Mar 2026 14:02:07 +0000 (UTC)

Final-Recipient: rfc822; ann@example.org
Original-Recipient: rfc822;ann@example.org
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; 550 5.1.1 <ann@example.org>: Recipient address rejected: User unknown

--b1
Content-Type: message/rfc822

From: Shop <shop@example.com>
To: ann@example.org
Message-ID: <1@example.com>
Subject: Your order

Hello
--b1--
"""
_IN_WORDS = b"""\
From: MAILER-DAEMON@example.net
To: b.token@bounces.example.com
Subject: failure notice

Hi. This is the mail program at example.net.
I could not deliver your message to the addresses below. I give up.

<bob@example.net>:
192.0.2.7 does not like the recipient.
Remote host said: 552 5.2.2 mailbox is full

--- Below this line is a copy of the message.

Return-Path: <b.token@bounces.example.com>
Subject: Your order
"""
_COMPLAINT = b"""\
From: feedback@example.org
To: fbl@bounces.example.com
Subject: FW: Your order
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="f1"

--f1
Content-Type: text/plain

This is an abuse report.
--f1
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Example/1.0
Version: 1
Original-Rcpt-To: <ann@example.org>
--f1
Content-Type: message/rfc822

From: shop@example.com
To: ann@example.org
Message-ID: <1@example.com>

Hello
--f1--
"""
_REPLY = b"""\
From: ann@example.org
To: shop@example.com
Subject: Automatic reply: Your order
Auto-Submitted: auto-replied

I am away until Monday.
"""
REPORTS = (_IN_PARTS, _IN_WORDS, _COMPLAINT, _REPLY)
