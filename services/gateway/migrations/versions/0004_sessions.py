"""Sessions of people."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "session",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("person", sa.String(43), nullable=False, index=True),
        sa.Column("provider_session", sa.String(43), index=True),
        sa.Column("organisation_id", sa.Uuid(), sa.ForeignKey("organisation.id"), nullable=False, index=True),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("granted_by", sa.String(200), nullable=False),
        sa.Column("acr", sa.String(200)),
        sa.Column("authenticated_at", Milliseconds(), nullable=False),
        sa.Column("began_at", Milliseconds(), nullable=False),
        sa.Column("seen_at", Milliseconds(), nullable=False),
        sa.Column("ends_at", Milliseconds(), nullable=False, index=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
