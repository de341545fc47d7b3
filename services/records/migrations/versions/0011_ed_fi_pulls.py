"""How far the node is with each Ed-Fi system that it pulls from."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0011"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "ed_fi_pull",
        sa.Column("organisation_id", sa.Uuid(), primary_key=True),
        sa.Column("system", sa.String(64), primary_key=True),
        sa.Column("change_version", sa.BigInteger(), nullable=False),
        sa.Column("pulled_at", Milliseconds(), nullable=False),
    )
