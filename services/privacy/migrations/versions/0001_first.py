"""Facts of students, consents, agreements, debarments, decisions, obligations; what the foundation asks for."""

import sqlalchemy as sa
from alembic import op

from shared.columns import CanonicalText, Milliseconds

revision = "0001"
down_revision = None

APPEND_ONLY = ("consent_event", "decision", "decision_custodian", "decision_fall", "policy_activation")


def upgrade() -> None:
    _foundation()
    op.create_table(
        "subject",
        sa.Column("student_id", sa.Uuid(), primary_key=True),
        sa.Column("custodian_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("facts_version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("student_id", sa.Uuid(), sa.ForeignKey("subject.student_id"), nullable=False, index=True),
        sa.Column("recipient_id", sa.String(200), nullable=False),
        sa.Column("granted_at", Milliseconds(), nullable=False),
        sa.Column("withdrawn_at", Milliseconds()),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "consent_event",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("consent_id", sa.Uuid(), sa.ForeignKey("consent.id"), nullable=False, index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", Milliseconds(), nullable=False),
        sa.Column("client_id", sa.String(200), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "agreement",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("recipient_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", Milliseconds(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("whole", CanonicalText(), nullable=False),
    )
    op.create_table(
        "agreement_district",
        sa.Column("agreement_id", sa.Uuid(), sa.ForeignKey("agreement.id"), primary_key=True),
        sa.Column("district_id", sa.Uuid(), primary_key=True, index=True),
        sa.Column("terminated_at", Milliseconds()),
        sa.Column("termination_reason", sa.String(64)),
    )
    op.create_table(
        "debarment",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("party", sa.String(200), nullable=False, index=True),
        sa.Column("begins_at", Milliseconds(), nullable=False),
        sa.Column("until", Milliseconds(), nullable=False),
        sa.Column("recorded_at", Milliseconds(), nullable=False),
        sa.Column("whole", CanonicalText(), nullable=False),
    )
    _decisions()
    for table in APPEND_ONLY:
        _refuse_changes(table)


def _decisions() -> None:
    op.create_table(
        "policy_activation",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("policy_hash", sa.String(43), nullable=False),
        sa.Column("activated_at", Milliseconds(), nullable=False),
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("decided_at", Milliseconds(), nullable=False),
        sa.Column("valid_until", Milliseconds(), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("exchange_id", sa.Uuid(), index=True),
        sa.Column("policy_hash", sa.String(43), nullable=False),
        sa.Column("sealed_record", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_input", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_outcome", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "decision_custodian",
        sa.Column("decision_id", sa.Uuid(), sa.ForeignKey("decision.id"), primary_key=True),
        sa.Column("custodian_id", sa.Uuid(), primary_key=True, index=True),
    )
    op.create_table(
        "decision_fall",
        sa.Column("decision_id", sa.Uuid(), sa.ForeignKey("decision.id"), primary_key=True),
        sa.Column("fallen_at", Milliseconds(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "obligation",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("duty", sa.String(400), nullable=False, unique=True),
        sa.Column("decision_id", sa.Uuid(), sa.ForeignKey("decision.id"), nullable=False, index=True),
        sa.Column("custodian_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("agreement_id", sa.Uuid(), index=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("argument", sa.String(200)),
        sa.Column("citation", sa.String(200)),
        sa.Column("due_at", Milliseconds(), index=True),
        sa.Column("discharged_at", Milliseconds()),
        sa.Column("discharged_by", sa.String(200)),
        sa.Column("sealed_evidence", sa.LargeBinary()),
    )


def _foundation() -> None:
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


def _refuse_changes(table: str) -> None:
    """A row of `table` is neither altered nor removed, whatever a later version of the service tries."""
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{change.lower()} BEFORE {change} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_refuses_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only()"
    )
