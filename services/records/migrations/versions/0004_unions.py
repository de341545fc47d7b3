"""Records of one child are united by reference; pairs are proposed to a person."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "record_union",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("leading_id", sa.Uuid(), sa.ForeignKey("student.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("other_id", sa.Uuid(), sa.ForeignKey("student.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("united_at", Milliseconds(), nullable=False),
        sa.Column("united_by", sa.String(200), nullable=False),
        sa.Column("separated_at", Milliseconds()),
        sa.Column("separated_by", sa.String(200)),
    )
    op.create_table(
        "merge_proposal",
        sa.Column("match_id", sa.Uuid(), sa.ForeignKey("match_review.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("one_id", sa.Uuid(), sa.ForeignKey("student.id", ondelete="CASCADE"), nullable=False),
        sa.Column("other_id", sa.Uuid(), sa.ForeignKey("student.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.UniqueConstraint("one_id", "other_id"),
    )
