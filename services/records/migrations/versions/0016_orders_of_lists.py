"""Exchanges are listed by their state, and matches by when they end: an index in each order."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_index("ix_exchange_request_state", "exchange_request", ["state", "id"])
    op.create_index("ix_peer_request_state", "peer_request", ["state", "id"])
    op.create_index("ix_match_review_expires_at", "match_review", ["expires_at", "id"])
