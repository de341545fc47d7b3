"""Exchanges are listed by when they can be answered no longer, and matches that wait are found without those that are decided."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

WAITING = "outcome IS NULL"


def upgrade() -> None:
    op.create_index("ix_exchange_request_state_expires_at", "exchange_request", ["state", "expires_at", "id"])
    op.create_index("ix_peer_request_state_expires_at", "peer_request", ["state", "expires_at", "id"])
    op.create_index("ix_match_review_waiting", "match_review", ["id"], sqlite_where=sa.text(WAITING), postgresql_where=sa.text(WAITING))
