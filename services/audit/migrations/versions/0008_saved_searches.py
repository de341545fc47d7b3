"""Searches that organisations keep, sealed."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "saved_search",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("saved_at", Milliseconds(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
