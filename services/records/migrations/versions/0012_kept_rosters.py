"""What is kept of rosters that came and of those that were given, so that deltas can follow them."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0012"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "kept_roster",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("source", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "kept_student",
        sa.Column("tag", sa.LargeBinary(16), primary_key=True),
        sa.Column("student_id", sa.Uuid(), sa.ForeignKey("student.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("source", sa.LargeBinary(16), nullable=False, index=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "given_package",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("recipient_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", Milliseconds(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
