"""Logs by year, their segments, tiles and checkpoints, what is sealed, and the index; none of the past can be changed or deleted."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0001"
down_revision = None

APPEND_ONLY = ("segment", "tile", "checkpoint", "appended")
BLOBS = {"segment": ("hashes", "data"), "tile": ("hashes",), "edge_tile": ("hashes",), "sealed": ("groups",)}
"""Hashes and ciphertext do not compress."""


def _log() -> sa.Column[int]:
    return sa.Column("log", sa.SmallInteger(), primary_key=True, autoincrement=False)


def _key(name: str, kind: sa.types.TypeEngine[int]) -> sa.Column[int]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


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
        "log",
        _key("year", sa.SmallInteger()),
        sa.Column("origin", sa.String(300), nullable=False),
        sa.Column("vkey", sa.String(400), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("created_at", Milliseconds(), nullable=False),
    )
    op.create_table(
        "tree_state",
        _log(),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("last_t", sa.BigInteger(), nullable=False),
        sa.Column("index_rows", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "segment",
        _log(),
        _key("start", sa.BigInteger()),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("t", sa.BigInteger(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_segment_t", "segment", ["log", "t"])
    op.create_table(
        "tile", _log(), _key("level", sa.SmallInteger()), _key("n", sa.BigInteger()), sa.Column("hashes", sa.LargeBinary(), nullable=False)
    )
    op.create_table("edge_tile", _log(), _key("level", sa.SmallInteger()), sa.Column("hashes", sa.LargeBinary(), nullable=False))
    op.create_table(
        "checkpoint",
        _log(),
        _key("size", sa.BigInteger()),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed_at", Milliseconds(), nullable=False),
    )
    op.create_table(
        "appended",
        sa.Column("event_key", sa.LargeBinary(22), primary_key=True),
        sa.Column("event_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("log", sa.SmallInteger(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sealed",
        _log(),
        _key("idx", sa.BigInteger()),
        _key("part", sa.SmallInteger()),
        sa.Column("key_id", sa.LargeBinary(16), nullable=False),
        sa.Column("groups", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "subject_entry",
        _key("block", sa.Integer()),
        sa.Column("tag", sa.LargeBinary(16), primary_key=True),
        _log(),
        _key("idx", sa.BigInteger()),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("partition", sa.SmallInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subject_key",
        sa.Column("key_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("epoch", sa.SmallInteger(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table("log_key", sa.Column("name", sa.String(32), primary_key=True), sa.Column("wrapped", sa.LargeBinary(), nullable=False))
    if op.get_bind().dialect.name == "sqlite":
        _append_only_on_sqlite()
    else:
        _append_only_on_postgresql()


def _append_only_on_sqlite() -> None:
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, 'append-only'); END"
            )


def _append_only_on_postgresql() -> None:
    for table, columns in BLOBS.items():
        for column in columns:
            op.execute(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" SET STORAGE EXTERNAL')
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'append-only'; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM PUBLIC, CURRENT_USER")
