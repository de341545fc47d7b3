"""When the receiving organisation's own system first had what an exchange brought."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0018"
down_revision = "0017"

COLLECTED = "collected_at IS NOT NULL"


def upgrade() -> None:
    op.add_column("exchange_request", sa.Column("collected_at", Milliseconds()))
    where = sa.text(COLLECTED)
    op.create_index("ix_exchange_request_collected", "exchange_request", ["id"], sqlite_where=where, postgresql_where=where)
