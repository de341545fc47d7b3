"""How the last pulls from each Ed-Fi system, and pushes to it, ended."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "ed_fi_standing",
        sa.Column("organisation_id", sa.Uuid(), primary_key=True),
        sa.Column("system", sa.String(64), primary_key=True),
        sa.Column("direction", sa.String(8), primary_key=True),
        sa.Column("attempted_at", Milliseconds(), nullable=False),
        sa.Column("ended_at", Milliseconds()),
        sa.Column("succeeded_at", Milliseconds()),
        sa.Column("fault", sa.String(64)),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("failing_since", Milliseconds()),
        sa.Column("next_at", Milliseconds()),
        sa.Column("counts", sa.String(1000), nullable=False),
    )
