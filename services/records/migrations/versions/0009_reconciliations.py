"""Each finished day is compared with each other node, once."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "reconciliation",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("peer", sa.String(200), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Milliseconds(), index=True),
        sa.Column("compared_at", Milliseconds()),
        sa.Column("problem_code", sa.String(64)),
        sa.Column("ours", sa.Text()),
        sa.Column("theirs", sa.Text()),
        sa.Column("findings", sa.Text()),
    )
