"""The statistics of an e-mail as the API shows them: counters, and ratios in percent (reference 9)."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from sendwright import ledger


def statistics(tally: ledger.Tally) -> dict[str, JsonValue]:
    """The ``stats`` of an e-mail. All four parts and every counter are there: the clients' model requires them."""
    counters = _counters(tally)
    return {
        "counters": dict(counters),
        "ratios": dict(_ratios(counters)),
        "deviceBreakdown": {
            "open_device_type": _devices(tally.opened_on),
            "click_device_type": _devices(tally.clicked_on),
        },
        "qualifierStats": {},
    }


def _counters(tally: ledger.Tally) -> dict[str, int]:
    """``reply`` and ``suppressed`` are counted by nobody yet."""
    bounced = tally.hard_bounced + tally.soft_bounced
    return {
        "sent": tally.sent,
        "open": tally.opened,
        "delivered": tally.delivered,
        "bounce": bounced,
        "unsubscribed": tally.unsubscribed,
        "click": tally.clicked,
        "reply": 0,
        "dropped": tally.dropped,
        "selected": tally.processed + tally.dropped,
        "spamreport": tally.complained,
        "suppressed": 0,
        "hardbounced": tally.hard_bounced,
        "softbounced": tally.soft_bounced,
        "pending": max(tally.sent - tally.delivered - bounced, 0),
        # a complaint is an unsubscription, too: whoever made both is lost once
        "contactslost": tally.hard_bounced + max(tally.unsubscribed, tally.complained),
        "notsent": tally.dropped,
    }


def _ratios(counters: Mapping[str, int]) -> dict[str, float]:
    def percent(part: str, whole: str) -> float:
        return round(100 * counters[part] / counters[whole], 3) if counters[whole] else 0.0

    return {
        "clickratio": percent("click", "delivered"),
        "clickthroughratio": percent("click", "open"),
        "deliveredratio": percent("delivered", "sent"),
        "openratio": percent("open", "delivered"),
        "replyratio": percent("reply", "delivered"),
        "unsubscribedratio": percent("unsubscribed", "delivered"),
        "spamreportratio": percent("spamreport", "delivered"),
        "bounceratio": percent("bounce", "sent"),
        "hardbounceratio": percent("hardbounced", "sent"),
        "softbounceratio": percent("softbounced", "sent"),
        "contactslostratio": percent("contactslost", "delivered"),
        "pendingratio": percent("pending", "sent"),
        "notsentratio": percent("notsent", "selected"),
    }


def _devices(counted: Mapping[str, int]) -> dict[str, JsonValue]:
    known: dict[str, JsonValue] = {name: counted.get(name.upper(), 0) for name in ("computer", "mobile")}
    others = sum(many for name, many in counted.items() if name.lower() not in known)
    return {**known, "unknown": others}
