"""Legal holds, destructions with their approvals, what stands in the place of what was destroyed; and clients' keys for their acts."""

import sqlalchemy as sa
from alembic import op

from shared.columns import CanonicalText, Milliseconds

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "idempotency",
        sa.Column("client_id", sa.String(200), primary_key=True),
        sa.Column("operation", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("request_digest", sa.String(43), nullable=False),
        sa.Column("effect_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", Milliseconds(), nullable=False, index=True),
    )
    op.create_table(
        "hold",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("sealed_student", sa.LargeBinary()),
        sa.Column("organisation_id", sa.Uuid()),
        sa.Column("logged_from", Milliseconds()),
        sa.Column("logged_until", Milliseconds()),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("placed_at", Milliseconds(), nullable=False),
        sa.Column("placed_by", sa.String(64), nullable=False),
        sa.Column("lifted_at", Milliseconds()),
        sa.Column("lifted_by", sa.String(64)),
        sa.Column("lifted_because", sa.String(64)),
    )
    op.create_table(
        "destruction",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("state", sa.String(12), nullable=False, index=True),
        sa.Column("of_student", sa.Boolean(), nullable=False),
        sa.Column("sealed_student", sa.LargeBinary()),
        sa.Column("basis", sa.String(64), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("records_ended_on", sa.Date()),
        sa.Column("clearance_id", sa.Uuid()),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("asked_at", Milliseconds(), nullable=False),
        sa.Column("preview", CanonicalText(), nullable=False),
        sa.Column("approved_at", Milliseconds()),
        sa.Column("called_off_at", Milliseconds()),
        sa.Column("destroyed_at", Milliseconds()),
        sa.Column("wrapped_by", sa.Integer()),
        sa.Column("plan", sa.Text()),
        sa.Column("certificate", CanonicalText()),
        sa.Column("entry_log", sa.SmallInteger()),
        sa.Column("entry_idx", sa.BigInteger()),
        sa.Column("done_at", Milliseconds()),
        sa.UniqueConstraint("id", "asked_by", name="destruction_asker"),
    )
    op.create_table(
        "destruction_approval",
        sa.Column("destruction_id", sa.Uuid(), primary_key=True),
        sa.Column("official", sa.String(64), primary_key=True),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("at", Milliseconds(), nullable=False),
        sa.Column("client_id", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["destruction_id", "asked_by"], ["destruction.id", "destruction.asked_by"]),
        sa.CheckConstraint("official <> asked_by", name="destruction_approval_not_by_the_asker"),
    )
    op.create_table(
        "destroyed_key",
        sa.Column("key_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("epoch", sa.SmallInteger(), nullable=False),
        sa.Column("destruction_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("custodian_id", sa.Uuid()),
        sa.Column("destroyed_at", Milliseconds(), nullable=False),
    )
    op.create_table(
        "destroyed_part",
        sa.Column("log", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("idx", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("part", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("destruction_id", sa.Uuid(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_destroyed_part_destruction", "destroyed_part", ["destruction_id", "log", "idx", "part"])
