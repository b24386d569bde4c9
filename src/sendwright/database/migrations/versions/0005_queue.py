"""The queue: how each delivery leaves, and where it is going."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds columns."""
    op.add_column("deliveries", sa.Column("egress", sa.String(), server_default=sa.text("''"), nullable=False))
    op.add_column("deliveries", sa.Column("site", sa.String(), nullable=True))
    _what_tls_remembers()


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
