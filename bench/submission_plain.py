"""``sendwright`` as it is, but its submission believes that every connection is inside TLS.

For the bench alone: it compares accepting with AUTH and without TLS, which the product refuses. Nothing else differs.
"""

from __future__ import annotations

from typing import Any

from sendwright import smtp

_Server = smtp.Server


def _believing(**terms: Any) -> smtp.Server:
    """A server core that is told so, if it offers AUTH; doors ask for it by this name whenever somebody connects."""
    if terms.get("auth"):
        terms |= {"secure": True, "starttls": False}
    return _Server(**terms)


if __name__ == "__main__":
    smtp.Server = _believing  # type: ignore[assignment, misc]
    from sendwright.run.cli import main

    main()
