"""Submission: SMTP tokens, and sends that share the message they were submitted with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Adds tables and columns; makes room for the user name of an SMTP token."""
    if op.get_bind().dialect.name == "postgresql":  # SQLite does not mind lengths
        op.alter_column("sends", "token_id", type_=sa.String())
    op.add_column("sends", sa.Column("payload_id", sa.String(length=36), nullable=True))
    op.add_column("sends", sa.Column("size_bytes", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("sends", sa.Column("labels", JSON, nullable=True))
    op.create_index(
        "ix_sends_payload",
        "sends",
        ["account_id", "payload_id"],
        unique=False,
        sqlite_where=sa.text("payload_id IS NOT NULL"),
        postgresql_where=sa.text("payload_id IS NOT NULL"),
    )
    op.add_column("payloads", sa.Column("pieces", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("payloads", sa.Column("keep_until", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_payloads_keep_until",
        "payloads",
        ["keep_until"],
        unique=False,
        sqlite_where=sa.text("keep_until IS NOT NULL"),
        postgresql_where=sa.text("keep_until IS NOT NULL"),
    )
    op.create_table(
        "payload_pieces",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("payload_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "payload_id", "number", name=op.f("pk_payload_pieces")),
    )
    op.create_table(
        "smtp_tokens",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token_id", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("campaign_name", sa.String(), nullable=False),
        sa.Column("create_contact", sa.Boolean(), nullable=False),
        sa.Column("email_id", sa.BigInteger(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("warned", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "token_id", name=op.f("pk_smtp_tokens")),
    )
    op.create_index("ux_smtp_tokens_token_id", "smtp_tokens", ["token_id"], unique=True)
    op.create_index("ux_smtp_tokens_email_id", "smtp_tokens", ["account_id", "email_id"], unique=True)
    op.create_index(
        "ix_smtp_tokens_expires_at",
        "smtp_tokens",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("expires_at IS NOT NULL"),
        postgresql_where=sa.text("expires_at IS NOT NULL"),
    )
    op.create_index("ix_events_campaign", "events", ["account_id", "campaign_id", "type"], unique=False)
