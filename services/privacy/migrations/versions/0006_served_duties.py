"""Which exchange serves a duty, so that its receipt ends it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "duty_exchange",
        sa.Column("exchange_key", sa.String(43), primary_key=True),
        sa.Column("duty_key", sa.String(200), sa.ForeignKey("duty.key"), primary_key=True),
    )
