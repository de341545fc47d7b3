"""By which words of the node's own an agency finds the links that wait for a student's family."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("family_link", sa.Column("student_word", sa.String(43), nullable=True))
    op.add_column("family_link", sa.Column("member_word", sa.String(43), nullable=True))
    op.create_index("ix_family_link_student_word", "family_link", ["student_word"])
