"""Of which of this service's keys the log was last told."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "key_ring",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("mark", sa.String(43), nullable=False),
    )
