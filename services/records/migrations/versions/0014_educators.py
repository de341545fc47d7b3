"""Educators' credentials are asked for by another node: who the educator is, found by one keyed id; and requests about educators."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("educator_credential", sa.Column("educator_id", sa.Uuid()))
    op.create_index("ix_educator_credential_educator_id", "educator_credential", ["educator_id"])
    op.add_column("exchange_request", sa.Column("is_educators", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("peer_request", sa.Column("is_educators", sa.Boolean(), nullable=False, server_default=sa.false()))
