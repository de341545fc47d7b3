"""Counts of a blast radius that take longer than a caller waits."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Their table."""
    op.create_table(
        "radius_count",
        sa.Column("owner", sa.LargeBinary(32), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("asked", sa.LargeBinary(32), nullable=False),
        sa.Column("begun_at", Milliseconds(), nullable=False),
        sa.Column("renewed_at", Milliseconds(), nullable=False),
        sa.Column("looked_at", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
    )
