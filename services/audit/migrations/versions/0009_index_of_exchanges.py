"""Entries are found by their exchange too: the index is made again from the log.

It is emptied here, and the service fills it behind the log as it always does; until then a search says of how many entries it knows nothing.
"""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("UPDATE index_cursor SET at = 0, corrections = corrections + 1")
    for table in ("posting", "index_term", "activity", "activity_shape", "index_actor"):
        op.execute(f"DELETE FROM {table}")  # noqa: S608 names of ours
