"""Students, their sealed sections, tags, enrolments, pseudonyms, loads and matches; what the foundation asks for."""

from uuid import UUID

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0001"
down_revision = None


def _student() -> sa.Column[UUID]:
    return sa.Column("student_id", sa.Uuid(), sa.ForeignKey("student.id", ondelete="CASCADE"), primary_key=True)


def upgrade() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("parent_id", sa.Uuid(), index=True),
        sa.Column("nces_id", sa.String(12), index=True),
        sa.Column("state_id", sa.String(64), index=True),
        sa.Column("entity_id", sa.String(200), index=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Text(), nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("lane", sa.String(), nullable=False, index=True),
        sa.Column("sibling", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Milliseconds(), nullable=False),
        sa.Column("refused_as", sa.String()),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("expires_at", Milliseconds(), nullable=False),
    )
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
        "student",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("custodian_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("originating_agency", sa.String(200), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("facts_version", sa.Integer(), nullable=False),
        sa.Column("created_at", Milliseconds(), nullable=False),
        sa.Column("changed_at", Milliseconds(), nullable=False),
    )
    op.create_table(
        "section",
        _student(),
        sa.Column("section", sa.String(32), primary_key=True),
        sa.Column("source", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "tag",
        sa.Column("tag", sa.LargeBinary(16), primary_key=True),
        _student(),
        sa.Column("source", sa.String(64), primary_key=True),
    )
    op.create_index("ix_tag_student_id", "tag", ["student_id"])
    op.create_table(
        "source_id",
        sa.Column("tag", sa.LargeBinary(16), primary_key=True),
        sa.Column("student_id", sa.Uuid(), sa.ForeignKey("student.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("content_tag", sa.LargeBinary(16), nullable=False),
    )
    op.create_table(
        "enrollment",
        _student(),
        sa.Column("organisation_id", sa.Uuid(), primary_key=True),
        sa.Column("entry_date", sa.Date(), primary_key=True),
        sa.Column("exit_date", sa.Date()),
    )
    op.create_index("ix_enrollment_organisation_student", "enrollment", ["organisation_id", "student_id"])
    op.create_table(
        "pseudonym",
        sa.Column("recipient_id", sa.Uuid(), primary_key=True),
        _student(),
        sa.Column("pseudonym", sa.Uuid(), nullable=False),
        sa.UniqueConstraint("pseudonym"),
    )
    op.create_table(
        "load",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("client_id", sa.String(200), nullable=False),
        sa.Column("format", sa.String(32), nullable=False),
        sa.Column("loaded_at", Milliseconds(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
    )
    op.create_table(
        "match_review",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("reasons", sa.String(500), nullable=False),
        sa.Column("opened_at", Milliseconds(), nullable=False),
        sa.Column("expires_at", Milliseconds(), nullable=False),
        sa.Column("outcome", sa.String(16)),
        sa.Column("student_id", sa.Uuid()),
        sa.Column("resolved_by", sa.String(200)),
        sa.Column("resolved_at", Milliseconds()),
        sa.UniqueConstraint("request_id"),
    )
    op.create_table(
        "match_candidate",
        sa.Column("match_id", sa.Uuid(), sa.ForeignKey("match_review.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("student_id", sa.Uuid(), sa.ForeignKey("student.id", ondelete="CASCADE"), primary_key=True, index=True),
    )
