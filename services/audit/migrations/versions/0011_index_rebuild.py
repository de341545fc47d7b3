"""That the index is being made again is on record, so that it goes on after whatever ended it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "index_rebuild",
        sa.Column("id", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("stage", sa.SmallInteger(), nullable=False),
    )
