"""Egresses: source addresses, pools, warm-up plans, relays."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Adds tables."""
    _egresses()
    _pools()
    _warmups()


def _egresses() -> None:
    op.create_table(
        "egresses",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("source_ip", sa.String(length=45), nullable=True),
        sa.Column("ehlo_name", sa.String(), nullable=True),
        sa.Column("machine", sa.String(), nullable=True),
        sa.Column("proxy", sa.String(), nullable=True),
        sa.Column("relay_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("relay_shown", sa.String(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("paused_by", sa.String(), nullable=False),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=True),
        sa.Column("findings", JSON, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "name", name=op.f("pk_egresses")),
    )
    op.create_index(
        "ux_egresses_source_ip",
        "egresses",
        ["source_ip"],
        unique=True,
        sqlite_where=sa.text("source_ip IS NOT NULL AND state <> 'retired'"),
        postgresql_where=sa.text("source_ip IS NOT NULL AND state <> 'retired'"),
    )


def _pools() -> None:
    op.create_table(
        "pools",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("only_own", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "stream", name=op.f("pk_pools")),
    )
    op.create_table(
        "pool_members",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.String(length=16), nullable=False),
        sa.Column("egress", sa.String(length=64), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "stream", "egress", name=op.f("pk_pool_members")),
    )


def _warmups() -> None:
    op.create_table(
        "warmups",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("egress", sa.String(length=64), nullable=False),
        sa.Column("caps", JSON, nullable=False),
        sa.Column("overflow", sa.String(length=8), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "egress", name=op.f("pk_warmups")),
    )
    op.create_table(
        "egress_days",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("egress", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("begun", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("begun_in_part", sa.BigInteger(), nullable=False),
        sa.Column("delivered", sa.BigInteger(), nullable=False),
        sa.Column("deferred", sa.BigInteger(), nullable=False),
        sa.Column("bounced", sa.BigInteger(), nullable=False),
        sa.Column("complained", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "egress", "provider", "day", name=op.f("pk_egress_days")),
    )
