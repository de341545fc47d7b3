"""The lists of records and of who has access to them."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "safeguard",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date()),
        sa.Column("recorded_at", Milliseconds(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
