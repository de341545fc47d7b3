"""Every version of a student's facts as it came, and the key that names duties and exchanges, whatever key signs decisions."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0007"
down_revision = "0006"

NOW = {
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
    "postgresql": "(extract(epoch from clock_timestamp()) * 1000)::bigint",
}


def upgrade() -> None:
    op.create_table(
        "subject_version",
        sa.Column("student_id", sa.Uuid(), sa.ForeignKey("subject.student_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("facts_version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("custodian_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("known_from", Milliseconds(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    # What is held is known from now on at the latest; of what was before nothing is left but in the decisions that saw it.
    dialect = op.get_bind().dialect.name
    op.execute(
        "INSERT INTO subject_version (student_id, facts_version, custodian_id, known_from, sealed) "
        f"SELECT student_id, facts_version, custodian_id, {NOW[dialect]}, sealed FROM subject"  # noqa: S608 of this file
    )
    _refuse_changes(dialect)
    op.create_table(
        "naming_key",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )


def _refuse_changes(dialect: str) -> None:
    """A version is never altered. It may be removed, with its student."""
    if dialect == "sqlite":
        op.execute(
            "CREATE TRIGGER subject_version_refuses_update BEFORE UPDATE ON subject_version BEGIN SELECT RAISE(ABORT, 'append-only'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION subject_version_is_never_altered() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER subject_version_refuses_update BEFORE UPDATE ON subject_version "
        "FOR EACH STATEMENT EXECUTE FUNCTION subject_version_is_never_altered()"
    )
