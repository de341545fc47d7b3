"""Evidence of legal bases, amendments of agreements, and what tells a decision under an agreement or a secret order."""

import sqlalchemy as sa
from alembic import op

from shared.columns import CanonicalText, Milliseconds

revision = "0005"
down_revision = "0004"

APPEND_ONLY = ("evidence_event", "agreement_amendment")


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("operator_id", sa.String(200)),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("valid_from", Milliseconds(), nullable=False),
        sa.Column("valid_until", Milliseconds(), nullable=False),
        sa.Column("recorded_at", Milliseconds(), nullable=False),
        sa.Column("revoked_at", Milliseconds()),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "evidence_event",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("evidence_id", sa.Uuid(), sa.ForeignKey("evidence.id"), nullable=False, index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", Milliseconds(), nullable=False),
        sa.Column("client_id", sa.String(200), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "agreement_amendment",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agreement_id", sa.Uuid(), sa.ForeignKey("agreement.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("in_force_from", sa.Date(), nullable=False),
        sa.Column("recorded_at", Milliseconds(), nullable=False),
        sa.Column("whole", CanonicalText(), nullable=False),
        sa.UniqueConstraint("agreement_id", "number", name="agreement_amendment_in_order"),
    )
    op.add_column("decision", sa.Column("agreement_id", sa.Uuid()))
    op.add_column("decision", sa.Column("secret", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_decision_agreement_id",
        "decision",
        ["agreement_id", "id"],
        sqlite_where=sa.text("agreement_id IS NOT NULL"),
        postgresql_where=sa.text("agreement_id IS NOT NULL"),
    )
    for table in APPEND_ONLY:
        _refuse_changes(table)


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
