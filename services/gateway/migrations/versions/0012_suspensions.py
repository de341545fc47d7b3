"""Parties that are suspended: which of their clients are out by it, since when and why."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "suspension",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("organisation_id", sa.Uuid(), sa.ForeignKey("organisation.id"), nullable=False, index=True),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("reference", sa.String(200), nullable=False),
        sa.Column("client_ids", sa.Text(), nullable=False),
        sa.Column("suspended_at", Milliseconds(), nullable=False),
        sa.Column("lifted_at", Milliseconds()),
        sa.Column("lifted_reference", sa.String(200), nullable=True),
    )
