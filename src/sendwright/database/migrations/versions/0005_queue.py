"""The queue: how each delivery leaves and where it is going, what is held, paused, or stands aside."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Adds columns and tables; a line for each account instead of one for all."""
    op.add_column("deliveries", sa.Column("egress", sa.String(), server_default=sa.text("''"), nullable=False))
    op.add_column("deliveries", sa.Column("site", sa.String(), nullable=True))
    op.add_column("deliveries", sa.Column("lane", sa.String(), nullable=True))
    op.add_column("deliveries", sa.Column("hold", sa.String(length=12), nullable=True))
    op.add_column("sends", sa.Column("duplicate_policy", sa.String(length=5), nullable=True))
    op.add_column("sends", sa.Column("give_up_after", sa.BigInteger(), nullable=True))
    op.drop_index("ix_deliveries_due", "deliveries")
    op.drop_index("ix_sends_accepted", "sends")
    _index("ix_sends_accepted", "sends", ["account_id", "id"], "state = 'accepted'")
    waits = "state IN ('waiting', 'in_doubt')"
    _index("ix_deliveries_line", "deliveries", ["account_id", "due"], f"{waits} AND lane IS NULL")
    _index("ix_deliveries_lane", "deliveries", ["lane", "due"], f"{waits} AND lane IS NOT NULL")
    _index("ix_deliveries_held", "deliveries", ["hold", "account_id"], "state = 'held'")
    is_open = "state IN ('waiting', 'leased', 'committing', 'in_doubt', 'held')"
    _index("ix_deliveries_open", "deliveries", ["account_id", "id"], is_open)
    op.create_table(
        "pauses",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "kind", "name", name=op.f("pk_pauses")),
    )
    op.create_table(
        "workers",
        sa.Column("worker", sa.String(length=64), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("in_flight", sa.Integer(), nullable=False),
        sa.Column("sites", JSON, nullable=False),
        sa.PrimaryKeyConstraint("worker", name=op.f("pk_workers")),
    )
    _what_tls_remembers()


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, table, columns, unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )  # fmt: skip


# what tls remembers


def _what_tls_remembers() -> None:
    op.add_column(
        "smtp_tokens", sa.Column("tls_required", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_table(
        "sts_policies",
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("fetched_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_sts_policies")),
    )
    op.create_table(
        "tls_counts",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("result", sa.String(length=32), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "domain", "type", "result", "host", name=op.f("pk_tls_counts")),
    )
