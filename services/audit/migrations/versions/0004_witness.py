"""Witnessing: trust lists, other nodes' logs that are cosigned here, cosignatures of our own checkpoints, what was wrong."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "trust_list",
        sa.Column("serial", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("digest", sa.String(43), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("accepted_at", Milliseconds(), nullable=False),
    )
    op.create_table(
        "witnessed_log",
        sa.Column("origin_digest", sa.String(64), primary_key=True),
        sa.Column("origin", sa.String(300), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("t", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
    )
    op.create_table(
        "cosignature",
        sa.Column("log", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("witness", sa.String(300), primary_key=True),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("t", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "witness_finding",
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("about", sa.String(300), primary_key=True),
        sa.Column("first_at", Milliseconds(), nullable=False),
        sa.Column("last_at", Milliseconds(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.Text()),
        sa.Column("entered_on", sa.String(10)),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER cosignature_refuses_{verb.lower()} BEFORE {verb} ON cosignature "
                "BEGIN SELECT RAISE(ABORT, 'append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER cosignature_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON cosignature "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON cosignature FROM PUBLIC, CURRENT_USER")
