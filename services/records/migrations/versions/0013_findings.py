"""Requests that name nobody and ask whether the holder may have the child."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("exchange_request", sa.Column("finding_id", sa.Uuid()))
    op.add_column("exchange_request", sa.Column("comparisons", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_exchange_request_finding_id", "exchange_request", ["finding_id"])
    op.add_column("peer_request", sa.Column("is_finding", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_peer_request_requester_received_at", "peer_request", ["requester", "received_at"])
