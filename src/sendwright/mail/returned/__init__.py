"""Mail that comes back: whom it is about, what it means, and why.

Start with `reading.read_report`, which goes through it in this order:

1. `pieces` takes the mail apart: words for people, fields for programs, the returned mail;
2. `notices`, `fields` and `sentences` each read one of these, with `lines` for what is the same in all and `phrases`
   for the words of mailers;
3. `recipients` puts together what they found about each recipient;
4. `reasons` says why, from codes (`reason_codes`) and words (`reason_users`, `reason_words`). What each reason means is
   told in `bounce_reasons`.

To teach it a mailer or a provider, add its words to `phrases` or to a table of reasons. It never says that a report is
true, and has no parser for a single product.
"""

from .bounce_reasons import BounceReason
from .incoming import IncomingReport, ReportedAddress, ReportKind, ReturnedMail
from .reading import read_report
from .reasons import is_hard, reason_of

__all__ = [
    "BounceReason",
    "IncomingReport",
    "ReportKind",
    "ReportedAddress",
    "ReturnedMail",
    "is_hard",
    "read_report",
    "reason_of",
]
