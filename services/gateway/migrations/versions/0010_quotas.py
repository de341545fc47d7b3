"""Daily quotas: what clients and organisations have had in a day, and whose limit is another one."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "quota_use",
        sa.Column("holder_id", sa.Uuid(), primary_key=True),
        sa.Column("quota", sa.String(32), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True, index=True),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("reached", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "quota_limit",
        sa.Column("holder_id", sa.Uuid(), primary_key=True),
        sa.Column("quota", sa.String(32), primary_key=True),
        sa.Column("per_day", sa.BigInteger(), nullable=False),
    )
