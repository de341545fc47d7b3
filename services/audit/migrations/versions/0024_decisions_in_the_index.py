"""Entries are found by their decision: the running service makes the index again from the log."""

from alembic import op

revision = "0024"
down_revision = "0023"

EMPTYING = 1


def upgrade() -> None:
    """As services.audit.index.rebuilding.begin does it; a store whose index is empty has nothing to make again."""
    there = "EXISTS (SELECT 1 FROM posting)"
    op.execute(f"INSERT INTO index_rebuild (id, stage) SELECT 1, {EMPTYING} WHERE {there} AND NOT EXISTS (SELECT 1 FROM index_rebuild)")
    op.execute(f"UPDATE index_rebuild SET stage = {EMPTYING}")
    op.execute(f"UPDATE index_cursor SET at = 0, corrections = corrections + 1 WHERE {there}")
