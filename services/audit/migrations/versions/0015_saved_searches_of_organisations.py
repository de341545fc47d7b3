"""A saved search is its organisation's under its id: the same id of another organisation is another search."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0015"
down_revision = "0014"

COLUMNS = "organisation_id, id, saved_at, sealed"


def upgrade() -> None:
    """Put what is saved aside and back: SQLite changes the key of no table."""
    op.execute(f"CREATE TABLE saved_search_aside AS SELECT {COLUMNS} FROM saved_search")  # noqa: S608 no value is in it
    op.drop_table("saved_search")
    op.create_table(
        "saved_search",
        sa.Column("organisation_id", sa.Uuid(), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("saved_at", Milliseconds(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.execute(f"INSERT INTO saved_search ({COLUMNS}) SELECT {COLUMNS} FROM saved_search_aside")  # noqa: S608 no value is in it
    op.drop_table("saved_search_aside")
