"""Proofs that were used at a resource, in a table of their own, which on PostgreSQL is not written ahead: no proof waits for the disk."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    unlogged = ["UNLOGGED"] if op.get_bind().dialect.name == "postgresql" else []
    op.create_table(
        "used_proof",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("expires_at", Milliseconds(), nullable=False),
        sa.Column("since", Milliseconds(), nullable=False),
        prefixes=unlogged,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "proof_memory",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("since", Milliseconds(), nullable=False),
        prefixes=unlogged,
    )
    # What was used is still used.
    op.execute("INSERT INTO used_proof (digest, expires_at, since) SELECT digest, expires_at, 0 FROM spent")
    op.execute("INSERT INTO proof_memory (id, since) VALUES (1, 0)")
