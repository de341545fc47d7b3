"""On which day a client last used each scope that it has."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "scope_use",
        sa.Column("client_id", sa.Uuid(), sa.ForeignKey("client.id"), primary_key=True),
        sa.Column("scope", sa.String(64), primary_key=True),
        sa.Column("used_on", sa.Date(), nullable=False),
    )
