"""Feedback: reports as they came, suppressions with an end."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds tables and a column."""
    op.add_column("suppressions", sa.Column("until", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_suppressions_until", "suppressions", ["until"], unique=False,
        sqlite_where=sa.text("until IS NOT NULL"), postgresql_where=sa.text("until IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "inbound_reports",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("addressed", sa.String(length=12), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("mail_from", sa.String(), nullable=False),
        sa.Column("helo", sa.String(), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("tls", sa.String(length=16), nullable=True),
        sa.Column("delivery_id", sa.String(length=36), nullable=True),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("finding", sa.String(length=12), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("send_id", sa.String(length=36), nullable=True),
        sa.Column("about", sa.String(), nullable=True),
        sa.Column("understood_at", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_inbound_reports")),
    )
    op.create_index(
        "ix_inbound_reports_waiting", "inbound_reports", ["due"], unique=False,
        sqlite_where=sa.text("finding = 'waiting'"), postgresql_where=sa.text("finding = 'waiting'"),
    )  # fmt: skip
    op.create_index("ix_inbound_reports_delivery", "inbound_reports", ["account_id", "delivery_id"], unique=False)
    op.create_index("ix_inbound_reports_received", "inbound_reports", ["received"], unique=False)
    op.create_table(
        "inbound_bodies",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("report_id", sa.String(length=36), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "report_id", name=op.f("pk_inbound_bodies")),
    )
    op.create_table(
        "reported_deliveries",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("delivery_id", sa.String(length=36), nullable=False),
        sa.Column("finding", sa.String(length=12), nullable=False),
        sa.Column("report_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "delivery_id", "finding", name=op.f("pk_reported_deliveries")),
    )
    op.create_table(
        "soft_failures",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("send_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "stream", "key", "send_id", name=op.f("pk_soft_failures")),
    )
    op.create_index("ix_soft_failures_at", "soft_failures", ["at"], unique=False)
