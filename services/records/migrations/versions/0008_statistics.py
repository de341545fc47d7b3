"""Students are coded for statistics; answers are kept, and charged to a budget."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "coded_student",
        sa.Column("student_id", sa.Uuid(), sa.ForeignKey("student.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "statistics_answer",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("question_digest", sa.String(43), nullable=False),
        sa.Column("made_at", Milliseconds(), nullable=False),
        sa.Column("again_on", sa.Date(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
    )
    op.create_index("ix_statistics_answer_question", "statistics_answer", ["organisation_id", "question_digest", "again_on"])
    op.create_table(
        "statistics_budget",
        sa.Column("organisation_id", sa.Uuid(), primary_key=True),
        sa.Column("school_year", sa.Integer(), primary_key=True),
        sa.Column("spent", sa.BigInteger(), nullable=False),
    )
