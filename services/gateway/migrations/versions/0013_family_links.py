"""One-time links to the family's page, and the visits that come of them."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "family_link",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("organisation_id", sa.Uuid(), sa.ForeignKey("organisation.id"), nullable=False, index=True),
        sa.Column("evidence_ref", sa.String(200), nullable=False),
        sa.Column("made_at", Milliseconds(), nullable=False),
        sa.Column("expires_at", Milliseconds(), nullable=False, index=True),
        sa.Column("used_at", Milliseconds(), nullable=True),
        sa.Column("withdrawn_at", Milliseconds(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "family_session",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("link_id", sa.Uuid(), sa.ForeignKey("family_link.id"), nullable=False, index=True),
        sa.Column("began_at", Milliseconds(), nullable=False),
        sa.Column("seen_at", Milliseconds(), nullable=False),
        sa.Column("ends_at", Milliseconds(), nullable=False, index=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
