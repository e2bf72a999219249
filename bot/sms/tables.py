"""The tables of SMS, in the gateway's database: what came in, what goes out, and what must be known of a person.

No number and no text in clear: `sealed` holds both (see `bot.sms.sealed`) until the message reaches its end, then NULL.
`person` is a keyed digest of the number. Times are seconds since 1970.
"""

import sqlalchemy as sa

from bot.store import METADATA

#: States of a message that came in: waiting → answering → answered; or set aside at once.
WAITING, ANSWERING, ANSWERED, IGNORED, DUPLICATE = "waiting", "answering", "answered", "ignored", "duplicate"
#: States of a message that goes out: waiting → sending → sent, or dead; "cancelled" when the person said STOP.
SENDING, SENT, DEAD, CANCELLED = "sending", "sent", "dead", "cancelled"

PEOPLE = sa.Table(
    "sms_people",
    METADATA,
    sa.Column("person", sa.String(64), primary_key=True),
    sa.Column("last_at", sa.Float, nullable=False, index=True),
    sa.Column("stopped_at", sa.Float),
    sa.Column("welcomed", sa.Boolean, nullable=False, default=False),
    # What did not fit in the last answer, for SUITE.
    sa.Column("later", sa.Text),
    sa.Column("later_at", sa.Float),
    # Answers given in the hour and in the day under way, each begun by the first message answered in it.
    sa.Column("hour_at", sa.Float, nullable=False, default=0.0),
    sa.Column("hour_count", sa.Integer, nullable=False, default=0),
    sa.Column("day_at", sa.Float, nullable=False, default=0.0),
    sa.Column("day_count", sa.Integer, nullable=False, default=0),
    # Until when the last word over a cap holds: it is said once.
    sa.Column("capped_until", sa.Float, nullable=False, default=0.0),
)

INBOX = sa.Table(
    "sms_inbox",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("person", sa.String(64), nullable=False),
    sa.Column("message_key", sa.String(64), unique=True),  # digest of the provider's id: the same one never twice
    sa.Column("content", sa.String(64)),  # digest of person and text: the same text again
    sa.Column("shape", sa.String(64)),  # the same without its digits: a machine that counts
    sa.Column("sealed", sa.Text),
    # 1: danger or STOP, which pass before what waits for another try.
    sa.Column("priority", sa.Integer, nullable=False, default=0),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("reason", sa.String(20)),
    sa.Column("received_at", sa.Float, nullable=False),
    sa.Column("next_at", sa.Float, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("lease", sa.String(32)),
    sa.Column("lease_until", sa.Float),
    sa.Column("ended_at", sa.Float, index=True),
    sa.Index("sms_inbox_state", "state", "next_at"),
    sa.Index("sms_inbox_person", "person", "number"),
    sqlite_autoincrement=True,  # a number that was erased is never given again
)

OUTBOX = sa.Table(
    "sms_outbox",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("reference", sa.String(32), nullable=False, unique=True),  # ours, given to the provider
    sa.Column("provider_id", sa.String(64), index=True),  # digest of the id that the provider returned
    sa.Column("person", sa.String(64), nullable=False),
    sa.Column("answers", sa.Integer, nullable=False, index=True),  # the number in the inbox
    sa.Column("part", sa.Integer, nullable=False),
    sa.Column("parts", sa.Integer, nullable=False),
    sa.Column("content", sa.String(64)),  # digest of its text: a machine that sends it back
    sa.Column("sealed", sa.Text),
    sa.Column("priority", sa.Integer, nullable=False, default=0),
    sa.Column("last_word", sa.Boolean, nullable=False, default=False),  # of a person who is forgotten once it left
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False),
    sa.Column("next_at", sa.Float, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("uncertain", sa.Boolean, nullable=False, default=False),  # sent already, for all we know
    sa.Column("doubles", sa.Integer, nullable=False, default=0),  # tries made although it was uncertain
    sa.Column("lease", sa.String(32)),
    sa.Column("lease_until", sa.Float),
    sa.Column("error", sa.String(120)),
    sa.Column("sent_at", sa.Float),
    sa.Column("receipt", sa.String(12)),
    sa.Column("ended_at", sa.Float, index=True),
    sa.Index("sms_outbox_state", "state", "next_at"),
    sa.Index("sms_outbox_person", "person", "number"),
    sqlite_autoincrement=True,
)
