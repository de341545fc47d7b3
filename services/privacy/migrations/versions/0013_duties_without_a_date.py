"""A duty whose law names no number of days has no date; and a notice that does not bind is waived, with a reason.

SQLite alters no column in place: there each of the two is copied into one that may be empty, which then takes its name.
"""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("duty", sa.Column("waived_at", Milliseconds(), nullable=True))
    op.add_column("duty", sa.Column("waived_by", sa.String(200), nullable=True))
    op.add_column("duty", sa.Column("waived_because", sa.String(64), nullable=True))
    op.add_column("duty", sa.Column("ranked_at", Milliseconds(), nullable=False, server_default="0"))
    op.execute("UPDATE duty SET ranked_at = overdue_at")
    op.drop_index("ix_duty_kind_overdue_at", "duty")
    op.drop_index("ix_duty_overdue_at", "duty")
    for name in ("due_from", "overdue_at"):
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"ALTER TABLE duty ADD COLUMN {name}_or_none BIGINT")
            op.execute(f"UPDATE duty SET {name}_or_none = {name}")
            op.execute(f"ALTER TABLE duty DROP COLUMN {name}")
            op.execute(f"ALTER TABLE duty RENAME COLUMN {name}_or_none TO {name}")
        else:
            op.alter_column("duty", name, nullable=True)
    op.create_index("ix_duty_ranked_at", "duty", ["ranked_at"])
    op.create_index("ix_duty_kind_ranked_at", "duty", ["kind", "ranked_at", "id"])
