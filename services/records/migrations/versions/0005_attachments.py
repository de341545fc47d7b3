"""Documents of a record, and the chunks of large packages."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "body",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("peer", sa.String(200)),
        sa.Column("envelope_id", sa.Uuid()),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("jws", sa.Text()),
        sa.Column("expires_at", Milliseconds()),
        sa.Column("touched_at", Milliseconds(), nullable=False, index=True),
        sa.UniqueConstraint("kind", "peer", "envelope_id"),
    )
    op.create_table(
        "body_chunk",
        sa.Column("body_id", sa.Uuid(), sa.ForeignKey("body.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("leaf", sa.LargeBinary(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "attachment",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("student_id", sa.Uuid(), sa.ForeignKey("student.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("body_id", sa.Uuid(), sa.ForeignKey("body.id"), nullable=False, index=True),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("loaded_at", Milliseconds(), nullable=False),
    )
