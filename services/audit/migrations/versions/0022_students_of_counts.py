"""The students of a counted blast radius, for an hour, sealed: records counts them by where they live."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Their table."""
    op.create_table(
        "radius_count_part",
        sa.Column("owner", sa.LargeBinary(32), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("part", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["owner", "id"], ["radius_count.owner", "radius_count.id"], ondelete="CASCADE"),
    )
