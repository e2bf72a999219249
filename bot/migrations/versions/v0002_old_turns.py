"""Find the old turns without reading them all: the purge does, every hour."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_turns_at", "turns", ["at"], if_not_exists=True)
