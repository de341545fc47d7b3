"""A client need not say beforehand by which key it will use its code (RFC 9449 section 10).

SQLite alters no column in place: there it is copied into one that may be empty, which then takes its name.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    for table in ("pushed_request", "given_authorization"):
        if op.get_bind().dialect.name == "sqlite":
            op.add_column(table, sa.Column("jkt_or_none", sa.String(43)))
            op.execute(f"UPDATE {table} SET jkt_or_none = jkt")
            op.drop_column(table, "jkt")
            op.execute(f"ALTER TABLE {table} RENAME COLUMN jkt_or_none TO jkt")
        else:
            op.alter_column(table, "jkt", nullable=True)
