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
