"""The ledger's tables. Payloads live apart from the sends, so that erasing them leaves the facts."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    and_,
    literal_column,
    text,
)

from sendwright.database import Json, Moment, account_column, metadata
from sendwright.ledger.model import DeliveryState
from sendwright.ledger.rules import OPEN_DELIVERIES

sends = Table(
    "sends",
    metadata,
    account_column(),
    Column("id", String(36), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("result", String(40)),
    Column("explanation", String),
    Column("requested_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("completed_at", Moment),
    Column("stream", String(16), nullable=False),
    Column("email_id", BigInteger, nullable=False),
    Column("campaign_id", BigInteger),
    Column("app_id", Integer, nullable=False),
    Column("token_id", String),
    Column("recipient", String, nullable=False),
    Column("contact_id", BigInteger),
    Column("sender", String),
    Column("subject", String),
    Column("sent_event_id", String(36)),
    Column("sent_event_at", Moment),
    Column("lease_owner", String(64)),
    Column("lease_epoch", Integer, nullable=False, server_default=text("0")),
    Column("lease_until", BigInteger),  # milliseconds of the database's clock
    Column("payload_id", String(36)),  # of the payload that it shares with others; NULL: one of its own, by its own id
    Column("size_bytes", Integer, nullable=False, server_default=text("0")),  # of the payload
    Column("labels", Json),
    Column("duplicate_policy", String(5)),  # NULL: the installation's
    Column("give_up_after", BigInteger),  # milliseconds; NULL: the installation's
    Index(
        "ix_sends_accepted",
        "account_id",
        "id",
        sqlite_where=text("state = 'accepted'"),
        postgresql_where=text("state = 'accepted'"),
    ),
    Index(
        "ix_sends_composing",
        "lease_until",
        sqlite_where=text("state = 'composing'"),
        postgresql_where=text("state = 'composing'"),
    ),
    Index("ix_sends_recipient", "account_id", "recipient", "id"),
    Index(
        "ix_sends_payload",
        "account_id",
        "payload_id",
        sqlite_where=text("payload_id IS NOT NULL"),
        postgresql_where=text("payload_id IS NOT NULL"),
    ),
)

payloads = Table(
    "payloads",
    metadata,
    account_column(),
    Column("send_id", String(36), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("snapshot", LargeBinary),
    Column("pieces", Integer, nullable=False, server_default=text("0")),  # how many pieces follow the body
    Column("keep_until", Moment),  # by the sender's wish; NULL: erased with the last settlement
    Index(
        "ix_payloads_keep_until",
        "keep_until",
        sqlite_where=text("keep_until IS NOT NULL"),
        postgresql_where=text("keep_until IS NOT NULL"),
    ),
)

payload_pieces = Table(
    "payload_pieces",
    metadata,
    account_column(),
    Column("payload_id", String(36), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    account_column(),
    Column("kind", String(4), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("send_id", String(36), nullable=False),
    Column("payload_hash", String(64), nullable=False),
    Column("made_at", Moment, nullable=False),
)

_IN_LINE = "state IN ('waiting', 'in_doubt') AND lane IS NULL"
_ASIDE = "state IN ('waiting', 'in_doubt') AND lane IS NOT NULL"
_OPEN = "state IN ('waiting', 'leased', 'committing', 'in_doubt', 'held')"

deliveries = Table(
    "deliveries",
    metadata,
    account_column(),
    Column("id", String(36), primary_key=True),
    Column("send_id", String(36), nullable=False),
    Column("recipient", String, nullable=False),
    Column("part", String(3), nullable=False),
    Column("domain", String, nullable=False),
    Column("stream", String(16), nullable=False),
    Column("state", String(12), nullable=False),
    Column("due", Moment),
    Column("tries", SmallInteger, nullable=False, server_default=text("0")),
    Column("accepted_at", Moment, nullable=False),
    Column("explanation", String),
    Column("lease_owner", String(64)),
    Column("lease_epoch", Integer, nullable=False, server_default=text("0")),
    Column("lease_until", BigInteger),
    Column("attempt_id", String(36)),
    Column("attempt_host", String),
    Column("attempt_at", Moment),
    Column("egress", String, nullable=False, server_default=text("''")),  # by which it leaves; "": the installation's
    Column("site", String),  # the servers it was last offered to, as outbound names them
    Column("lane", String),  # where it stands aside while it cannot go: account/egress/domain; NULL: in the line
    Column("hold", String(12)),  # why it is held
    Index("ix_deliveries_send", "account_id", "send_id"),
    Index("ix_deliveries_line", "account_id", "due", sqlite_where=text(_IN_LINE), postgresql_where=text(_IN_LINE)),
    Index("ix_deliveries_lane", "lane", "due", sqlite_where=text(_ASIDE), postgresql_where=text(_ASIDE)),
    Index(
        "ix_deliveries_held",
        "hold",
        "account_id",
        sqlite_where=text("state = 'held'"),
        postgresql_where=text("state = 'held'"),
    ),
    Index("ix_deliveries_open", "account_id", "id", sqlite_where=text(_OPEN), postgresql_where=text(_OPEN)),
    Index(
        "ix_deliveries_leased",
        "lease_until",
        sqlite_where=text("state IN ('leased', 'committing')"),
        postgresql_where=text("state IN ('leased', 'committing')"),
    ),
)

attempts = Table(
    "attempts",
    metadata,
    account_column(),
    Column("id", String(36), primary_key=True),
    Column("send_id", String(36), nullable=False),
    Column("delivery_id", String(36), nullable=False),
    Column("recipient", String, nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment, nullable=False),
    Column("host", String),
    Column("ip", String(45)),
    Column("tls", String(16)),
    Column("stage", String(16)),
    Column("code", SmallInteger),
    Column("status", String(12)),
    Column("reply", String),
    Column("explanation", String, nullable=False),
    Column("dialogue", Json, nullable=False),
    Index("ix_attempts_send", "account_id", "send_id"),
)

events = Table(
    "events",
    metadata,
    account_column(),
    Column("id", String(36), primary_key=True),
    Column("type", String(16), nullable=False),
    Column("created", Moment, nullable=False),
    Column("send_id", String(36), nullable=False),
    Column("recipient", String, nullable=False),
    Column("campaign_id", BigInteger),
    Column("app_id", Integer, nullable=False),
    Column("facts", Json, nullable=False),
    Column("sent_id", String(36)),
    Column("sent_at", Moment),
    Index("ix_events_send", "account_id", "send_id"),
    Index("ix_events_recipient", "account_id", "recipient", "id"),
    Index("ix_events_campaign", "account_id", "campaign_id", "type"),
)

pauses = Table(
    "pauses",
    metadata,
    account_column(),  # 0: of all accounts
    Column("kind", String(8), primary_key=True),
    Column("name", String, primary_key=True),
    Column("reason", String, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
)

workers = Table(  # of the installation, like its secret: a worker serves all accounts
    "workers",
    metadata,
    Column("worker", String(64), primary_key=True),
    Column("seen", Moment, nullable=False),
    Column("in_flight", Integer, nullable=False),
    Column("sites", Json, nullable=False),
)


_SHARING_AN_INDEX = (("leased", "committing"), ("waiting", "in_doubt"))


def in_state(table: Table, *states: StrEnum) -> ColumnElement[bool]:
    """The row is in one of these states, said so that a partial index serves it: as literals, and in the index's words.

    SQLite uses such an index only for its very condition: one state is no IN, and one of two is said beside the two.
    """
    wanted = tuple(state.value for state in states)
    wider = next((both for both in _SHARING_AN_INDEX if set(wanted) < set(both)), wanted)
    return and_(*(_among(table, values) for values in dict.fromkeys((wider, wanted))))


def _among(table: Table, values: tuple[str, ...]) -> ColumnElement[bool]:
    literals: list[ColumnElement[str]] = [literal_column(f"'{value}'") for value in values]
    return table.c.state == literals[0] if len(literals) == 1 else table.c.state.in_(literals)


def in_line() -> ColumnElement[bool]:
    """The delivery waits in its account's line, in the words of the index."""
    return and_(in_state(deliveries, DeliveryState.WAITING, DeliveryState.IN_DOUBT), deliveries.c.lane.is_(None))


def aside() -> ColumnElement[bool]:
    """The delivery stands aside in its lane, in the words of the index."""
    return and_(in_state(deliveries, DeliveryState.WAITING, DeliveryState.IN_DOUBT), deliveries.c.lane.is_not(None))


def is_open() -> ColumnElement[bool]:
    """The delivery has no outcome yet, in the words of the index."""
    return in_state(deliveries, *OPEN_DELIVERIES)
