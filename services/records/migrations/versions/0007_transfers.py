"""Notices between nodes, claims that ended, holds until both sides' evidence agrees."""

import sqlalchemy as sa
from alembic import op

from shared.columns import CanonicalText, Milliseconds

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "outgoing_notice",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("exchange_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("peer", sa.String(200), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("student_id", sa.Uuid()),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("particulars", sa.LargeBinary(), nullable=False),
        sa.Column("event", CanonicalText(), nullable=False),
        sa.Column("claims", CanonicalText()),
        sa.Column("token", sa.Text()),
        sa.Column("taken", sa.Text()),
        sa.Column("made_at", Milliseconds(), nullable=False),
        sa.Column("expires_at", Milliseconds(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Milliseconds(), index=True),
        sa.Column("problem_code", sa.String(64)),
    )
    op.create_table(
        "arrived_notice",
        sa.Column("issuer", sa.String(200), primary_key=True),
        sa.Column("notice_id", sa.Uuid(), primary_key=True),
        sa.Column("id", sa.Uuid(), nullable=False, unique=True),
        sa.Column("exchange_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("student_id", sa.Uuid()),
        sa.Column("digest", sa.String(43), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("particulars", sa.LargeBinary(), nullable=False),
        sa.Column("taken", sa.Text(), nullable=False),
        sa.Column("entry_index", sa.BigInteger(), nullable=False),
        sa.Column("arrived_at", Milliseconds(), nullable=False),
    )
    op.create_table(
        "claim_end",
        sa.Column("request_id", sa.Uuid(), sa.ForeignKey("peer_request.id"), primary_key=True),
        sa.Column("ended_by", sa.String(16), nullable=False),
        sa.Column("ended_at", Milliseconds(), nullable=False),
    )
    op.create_table(
        "ended_enrollment",
        sa.Column("request_id", sa.Uuid(), sa.ForeignKey("peer_request.id"), primary_key=True),
        sa.Column("organisation_id", sa.Uuid(), primary_key=True),
        sa.Column("entry_date", sa.Date(), primary_key=True),
        sa.Column("student_id", sa.Uuid(), sa.ForeignKey("student.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("ended_on", sa.Date(), nullable=False),
    )
    op.create_table(
        "transfer_hold",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("request_id", sa.Uuid(), sa.ForeignKey("peer_request.id"), nullable=False, index=True),
        sa.Column("student_id", sa.Uuid(), sa.ForeignKey("student.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("custodian_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("particulars", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", Milliseconds(), nullable=False),
        sa.Column("expires_at", Milliseconds(), nullable=False),
        sa.Column("outcome", sa.String(16)),
        sa.Column("reason", sa.String(64)),
        sa.Column("resolved_by", sa.String(200)),
        sa.Column("resolved_at", Milliseconds()),
    )
