"""Of which of this service's keys the log was last told."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "key_ring",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("mark", sa.String(43), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
    )
