"""The index of entries by everything but the student, activity by day."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def _key(name: str, kind: sa.types.TypeEngine[int]) -> sa.Column[int]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _term(name: str, *, primary_key: bool = True) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(17), primary_key=primary_key, nullable=not primary_key)


def upgrade() -> None:
    op.create_table(
        "posting",
        _key("log", sa.SmallInteger()),
        _key("level", sa.SmallInteger()),
        _key("block", sa.Integer()),
        _term("term"),
        sa.Column("bits", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table("index_term", _term("term"), sa.Column("words", sa.LargeBinary(), nullable=False), sqlite_with_rowid=False)
    op.create_table(
        "index_cursor",
        _key("log", sa.SmallInteger()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("corrections", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "activity",
        _key("day", sa.Integer()),
        _term("actor"),
        _term("shape"),
        _key("log", sa.SmallInteger()),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("subjects", sa.BigInteger(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_activity_actor", "activity", ["actor", "day"])
    op.create_table(
        "activity_shape",
        _term("shape"),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "index_actor",
        _term("actor"),
        _term("former", primary_key=False),
        sa.Column("is_client", sa.Boolean(), nullable=False),
        sqlite_with_rowid=False,
    )
