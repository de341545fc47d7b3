"""People's rights and the law's clocks: requests and what happened to them, opt-outs, duties, waivers, destruction."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0003"
down_revision = "0002"

APPEND_ONLY = ("rights_request", "rights_event", "preference_event", "obligation_waiver", "destruction_attestation", "destruction")


def upgrade() -> None:
    op.add_column("subject", sa.Column("sealed_statements", sa.LargeBinary()))
    op.add_column("obligation", sa.Column("waivers", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("obligation", sa.Column("waived_at", Milliseconds()))
    op.add_column("obligation", sa.Column("attestation_id", sa.Uuid()))
    op.create_index("ix_obligation_attestation_id", "obligation", ["attestation_id"])
    op.create_table(
        "rights_request",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("student_id", sa.Uuid(), sa.ForeignKey("subject.student_id"), nullable=False, index=True),
        sa.Column("custodian_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("taken_by_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("about_id", sa.Uuid(), index=True),
        sa.Column("recorded_at", Milliseconds(), nullable=False),
        sa.Column("overdue_at", Milliseconds(), index=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "rights_event",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("request_id", sa.Uuid(), sa.ForeignKey("rights_request.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("at", Milliseconds(), nullable=False),
        sa.Column("client_id", sa.String(200), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("request_id", "number", name="rights_event_in_order"),
    )
    op.create_table(
        "preference",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("student_id", sa.Uuid(), sa.ForeignKey("subject.student_id"), nullable=False, index=True),
        sa.Column("district_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("recorded_at", Milliseconds(), nullable=False),
        sa.Column("rescinded_at", Milliseconds()),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "preference_event",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("preference_id", sa.Uuid(), sa.ForeignKey("preference.id"), nullable=False, index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", Milliseconds(), nullable=False),
        sa.Column("client_id", sa.String(200), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    _duties()
    for table in APPEND_ONLY:
        _refuse_changes(table)


def _duties() -> None:
    op.create_table(
        "duty",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("key", sa.String(200), nullable=False, unique=True),
        sa.Column("kind", sa.String(64), nullable=False, index=True),
        sa.Column("custodian_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("about", sa.String(128), index=True),
        sa.Column("sealed_details", sa.LargeBinary(), nullable=False),
        sa.Column("begins_at", Milliseconds(), nullable=False),
        sa.Column("due_from", Milliseconds(), nullable=False),
        sa.Column("overdue_at", Milliseconds(), nullable=False, index=True),
        sa.Column("opened_by", sa.String(200)),
        sa.Column("sealed_start", sa.LargeBinary()),
        sa.Column("done_at", Milliseconds()),
        sa.Column("done_by", sa.String(200)),
        sa.Column("sealed_evidence", sa.LargeBinary()),
    )
    op.create_table(
        "obligation_waiver",
        sa.Column("obligation_id", sa.Uuid(), sa.ForeignKey("obligation.id"), primary_key=True),
        sa.Column("official", sa.String(64), primary_key=True),
        sa.Column("at", Milliseconds(), nullable=False),
        sa.Column("client_id", sa.String(200), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "destruction_attestation",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agreement_id", sa.Uuid(), sa.ForeignKey("agreement.id"), nullable=False, index=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.String(200), nullable=False),
        sa.Column("recorded_at", Milliseconds(), nullable=False),
        sa.Column("digest", sa.String(43), nullable=False, unique=True),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("x", sa.String(43), nullable=False),
    )
    op.create_table(
        "destruction",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("student_id", sa.Uuid(), sa.ForeignKey("subject.student_id"), nullable=False, index=True),
        sa.Column("custodian_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("cleared_at", Milliseconds(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
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
