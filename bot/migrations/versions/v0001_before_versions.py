"""The tables as they were when versions began to be kept.

A database made before has some of them (which ones tells its age), all as they are here: the others are added.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _index(table: str, *columns: str, name: str = "") -> None:
    op.create_index(name or f"ix_{table}_{columns[0]}", table, list(columns), if_not_exists=True)


def _conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("sender", sa.String(64), primary_key=True),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("last_at", sa.Float, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        if_not_exists=True,
    )
    _index("conversations", "last_at")
    op.create_table(
        "turns",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("sender", sa.String(64), sa.ForeignKey("conversations.sender", ondelete="CASCADE"), nullable=False),
        sa.Column("client_id", sa.String(200)),
        sa.Column("opening", sa.String(64), unique=True),
        sa.Column("asked", sa.Text, nullable=False),
        sa.Column("reply", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.UniqueConstraint("sender", "client_id"),
        if_not_exists=True,
    )
    _index("turns", "sender")
    op.create_table(
        "workshop",
        sa.Column("sender", sa.String(64), sa.ForeignKey("conversations.sender", ondelete="CASCADE"), primary_key=True),
        if_not_exists=True,
    )
    op.create_table(
        "erased",
        sa.Column("opening", sa.String(64), primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        if_not_exists=True,
    )
    _index("erased", "at")
    op.create_table(
        "feedback",
        sa.Column("answer", sa.String(100), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("yes", sa.Integer, nullable=False),
        sa.Column("no", sa.Integer, nullable=False),
        if_not_exists=True,
    )


def _sms() -> None:
    op.create_table(
        "sms_people",
        sa.Column("person", sa.String(64), primary_key=True),
        sa.Column("last_at", sa.Float, nullable=False),
        sa.Column("stopped_at", sa.Float),
        sa.Column("welcomed", sa.Boolean, nullable=False),
        sa.Column("later", sa.Text),
        sa.Column("later_at", sa.Float),
        sa.Column("hour_at", sa.Float, nullable=False),
        sa.Column("hour_count", sa.Integer, nullable=False),
        sa.Column("day_at", sa.Float, nullable=False),
        sa.Column("day_count", sa.Integer, nullable=False),
        sa.Column("capped_until", sa.Float, nullable=False),
        if_not_exists=True,
    )
    _index("sms_people", "last_at")
    op.create_table(
        "sms_inbox",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("message_key", sa.String(64), unique=True),
        sa.Column("content", sa.String(64)),
        sa.Column("shape", sa.String(64)),
        sa.Column("sealed", sa.Text),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(20)),
        sa.Column("received_at", sa.Float, nullable=False),
        sa.Column("next_at", sa.Float, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease", sa.String(32)),
        sa.Column("lease_until", sa.Float),
        sa.Column("ended_at", sa.Float),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    _index("sms_inbox", "ended_at")
    _index("sms_inbox", "state", "next_at", name="sms_inbox_state")
    _index("sms_inbox", "person", "number", name="sms_inbox_person")
    op.create_table(
        "sms_outbox",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("reference", sa.String(32), nullable=False, unique=True),
        sa.Column("provider_id", sa.String(64)),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("answers", sa.Integer, nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("content", sa.String(64)),
        sa.Column("sealed", sa.Text),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("last_word", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.Column("next_at", sa.Float, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("uncertain", sa.Boolean, nullable=False),
        sa.Column("doubles", sa.Integer, nullable=False),
        sa.Column("lease", sa.String(32)),
        sa.Column("lease_until", sa.Float),
        sa.Column("error", sa.String(120)),
        sa.Column("sent_at", sa.Float),
        sa.Column("receipt", sa.String(12)),
        sa.Column("ended_at", sa.Float),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    for column in ("provider_id", "answers", "ended_at"):
        _index("sms_outbox", column)
    _index("sms_outbox", "state", "next_at", name="sms_outbox_state")
    _index("sms_outbox", "person", "number", name="sms_outbox_person")


def upgrade() -> None:
    """Add the tables that are missing."""
    _conversations()
    _sms()
