"""Alerts, what officials say of them, and their weekly review; and who does the work that one process does at a time.

The rules begin with what is logged from now on: what the log has already is not told of afterwards.
"""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("expires_at", Milliseconds(), nullable=False),
    )
    op.create_table(
        "alert",
        sa.Column("rule", sa.String(32), primary_key=True),
        sa.Column("subject", sa.LargeBinary(17), primary_key=True),
        sa.Column("day", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("found_at", Milliseconds(), nullable=False),
        sa.Column("log", sa.SmallInteger()),
        sa.Column("first", sa.BigInteger()),
        sa.Column("last", sa.BigInteger()),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("usual", sa.BigInteger(), nullable=False),
        sa.Column("seen_count", sa.BigInteger(), nullable=False),
        sa.Column("about", sa.String(300)),
        sa.Column("acknowledged_count", sa.BigInteger()),
        sa.Column("acknowledged_as", sa.String(16)),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("reopened_entered", sa.Integer(), nullable=False),
        sa.Column("entry_log", sa.SmallInteger()),
        sa.Column("entry_idx", sa.BigInteger()),
        sa.UniqueConstraint("id", name="alert_id"),
    )
    op.create_index("ix_alert_entry", "alert", ["entry_idx", "entry_log"])
    op.create_index("ix_alert_day", "alert", ["day", "rule"])
    op.create_table(
        "alert_cursor",
        sa.Column("log", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
    )
    op.execute("INSERT INTO alert_cursor (log, at, day) SELECT log, size, last_t / 86400 FROM tree_state")
    op.create_table(
        "alert_acknowledgement",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("alert_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("at", Milliseconds(), nullable=False),
        sa.Column("official", sa.String(64), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("sealed_note", sa.LargeBinary()),
        sa.Column("count", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "alert_review",
        sa.Column("monday", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("id", sa.Uuid(), nullable=False, unique=True),
        sa.Column("signed_at", Milliseconds(), nullable=False),
        sa.Column("official", sa.String(64), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("alerts", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(43), nullable=False),
        sa.Column("entry_log", sa.SmallInteger(), nullable=False),
        sa.Column("entry_idx", sa.BigInteger(), nullable=False),
    )
