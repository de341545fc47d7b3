"""What has left once under a request's key is kept, sealed, as long as the key is."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "kept_answer",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("student_id", sa.Uuid(), sa.ForeignKey("student.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("expires_at", Milliseconds(), nullable=False, index=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
