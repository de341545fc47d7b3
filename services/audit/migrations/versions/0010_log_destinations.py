"""Where the log is sent as it grows, and how far each destination has got."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "log_destination",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", Milliseconds(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("disabled_because", sa.String(16)),
        sa.Column("log", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger()),
        sa.Column("holder", sa.String(32), nullable=False),
        sa.Column("leased_until", Milliseconds(), nullable=False),
        sa.Column("due_at", Milliseconds(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", Milliseconds()),
        sa.Column("attempted_at", Milliseconds()),
        sa.Column("delivered_at", Milliseconds()),
        sa.Column("last_status", sa.Integer()),
        sa.Column("last_fault", sa.String(32)),
        sa.Column("replay_id", sa.Uuid()),
        sa.Column("replay_asked_at", Milliseconds()),
        sa.Column("replay_log", sa.SmallInteger()),
        sa.Column("replay_at", sa.BigInteger()),
        sa.Column("replay_until", sa.BigInteger()),
        sa.Column("replay_end_log", sa.SmallInteger()),
        sa.Column("replay_end_at", sa.BigInteger()),
    )
