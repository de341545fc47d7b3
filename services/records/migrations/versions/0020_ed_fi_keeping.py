"""What is kept of what a district's Ed-Fi system has: the record, or what finds the child."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0020"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "ed_fi_keeping",
        sa.Column("organisation_id", sa.Uuid(), primary_key=True),
        sa.Column("system", sa.String(64), primary_key=True),
        sa.Column("keeps", sa.String(16), nullable=False),
        sa.Column("said_at", Milliseconds(), nullable=False),
    )
    op.add_column("ed_fi_pull", sa.Column("keeps", sa.String(16), nullable=False, server_default="record"))
