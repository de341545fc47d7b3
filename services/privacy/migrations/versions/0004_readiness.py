"""The readiness scorecard: measures of each service, attestations and their withdrawals, scorecards that are kept."""

import sqlalchemy as sa
from alembic import op

from shared.columns import CanonicalText, Milliseconds

revision = "0004"
down_revision = "0003"

APPEND_ONLY = ("readiness_attestation", "readiness_withdrawal", "readiness_snapshot")


def upgrade() -> None:
    op.create_table(
        "readiness_evidence",
        sa.Column("service", sa.String(16), primary_key=True),
        sa.Column("measured_at", Milliseconds(), nullable=False),
        sa.Column("whole", CanonicalText(), nullable=False),
    )
    op.create_table(
        "readiness_attestation",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("question_id", sa.String(8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("official", sa.String(64), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("client_id", sa.String(200), nullable=False),
        sa.Column("attested_at", Milliseconds(), nullable=False),
        sa.Column("expires_at", Milliseconds(), nullable=False),
        sa.Column("document_digest", sa.String(43)),
        sa.Column("document_reference", sa.String(200)),
        sa.UniqueConstraint("question_id", "version", name="readiness_attestation_version"),
    )
    op.create_table(
        "readiness_withdrawal",
        sa.Column("attestation_id", sa.Uuid(), sa.ForeignKey("readiness_attestation.id"), primary_key=True),
        sa.Column("withdrawn_at", Milliseconds(), nullable=False),
        sa.Column("official", sa.String(64), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("client_id", sa.String(200), nullable=False),
    )
    op.create_table(
        "readiness_snapshot",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("taken_at", Milliseconds(), nullable=False),
        sa.Column("day", sa.Date(), unique=True),
        sa.Column("scores", CanonicalText(), nullable=False),
        sa.Column("whole", CanonicalText(), nullable=False),
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
