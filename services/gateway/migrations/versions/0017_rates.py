"""Rates of other nodes and of addresses, summed up over all processes."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "rate_use",
        sa.Column("holder", sa.String(64), primary_key=True),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", Milliseconds(), nullable=False),
    )
    op.create_index("ix_rate_use_changed_at", "rate_use", ["changed_at"])
