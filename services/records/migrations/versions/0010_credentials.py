"""Credentials are issued, and revoked by status lists."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0010"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "issued_credential",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("student_id", sa.Uuid(), sa.ForeignKey("student.id", ondelete="SET NULL"), index=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("list_number", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("issued_at", Milliseconds(), nullable=False),
        sa.Column("revoked_at", Milliseconds()),
        sa.Column("reason", sa.String(64)),
        sa.Column("revoked_by", sa.String(200)),
        sa.UniqueConstraint("list_number", "place"),
    )
    op.create_table(
        "educator_credential",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("node", sa.String(200), nullable=False),
        sa.Column("educator", sa.LargeBinary(16), nullable=False, index=True),
        sa.Column("credential", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("kept_at", Milliseconds(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "credential_key",
        sa.Column("kid", sa.String(43), primary_key=True),
        sa.Column("jwk", sa.Text(), nullable=False),
        sa.Column("first_used_at", Milliseconds(), nullable=False),
    )
