"""A store as it was before later migrations: what each of them made is undone, and it says of itself that it is at an older one."""

from typing import Final

from sqlalchemy import Connection, text

_UNDO: Final = {
    "0022": "DROP TABLE radius_count_part",
    "0021": "ALTER TABLE hold DROP COLUMN destruction_id",
    "0020": "DROP TABLE key_ring",
    "0019": "DROP TABLE known_node",
    "0016": "DROP TABLE radius_count",
}
"""By migration, the newest first. The others change what is kept and not its form, or are of a test's own."""


def back_to(connection: Connection, revision: str) -> None:
    """To the migration before all of these that came after it."""
    for made_by, undo in _UNDO.items():
        if made_by > revision:
            connection.execute(text(undo))
    connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
