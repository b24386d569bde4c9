"""Domains: what DNS said of their records, and keys that take turns."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Room for checks; a key's flag becomes its state."""
    for name in ("checked_at", "right_at", "degraded_since", "next_check_at", "removed_at"):
        op.add_column("domains", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("domains", sa.Column("last_check", JSON, nullable=True))
    for name in ("next_check_at", "removed_at"):
        op.create_index(
            f"ix_domains_{name}",
            "domains",
            [name],
            unique=False,
            sqlite_where=sa.text(f"{name} IS NOT NULL"),
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )
    op.add_column("dkim_keys", sa.Column("state", sa.String(), server_default=sa.text("'active'"), nullable=False))
    op.add_column("dkim_keys", sa.Column("changed_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    # Nobody noted when a key was taken out of use: it counts from when it was made, and is erased soon.
    op.execute("UPDATE dkim_keys SET changed_at = created_at")
    op.execute("UPDATE dkim_keys SET state = 'retiring' WHERE NOT active")
    op.drop_column("dkim_keys", "active")
    op.create_index(
        "ix_dkim_keys_retiring",
        "dkim_keys",
        ["changed_at"],
        unique=False,
        sqlite_where=sa.text("state = 'retiring'"),
        postgresql_where=sa.text("state = 'retiring'"),
    )
