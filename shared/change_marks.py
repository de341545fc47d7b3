"""How often the rows of some tables changed: a number that is another one after each commit that changed any of them, whoever wrote it.

The store itself counts, by triggers that a migration makes (`counting`), so that no way of writing can forget to. Who has seen one number
twice has seen everything that was committed in between, which is nothing.
"""

from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Select, SmallInteger, cast, func, select
from sqlalchemy.orm import Mapped, mapped_column

SLOTS: Final = 16
"""Rows of PostgreSQL's count: who commits waits for nobody but who has the same row."""


class ChangeMarkColumns:
    """A service's ChangeMarkRow has these columns."""

    __tablename__ = "change_mark"

    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    changes: Mapped[int] = mapped_column(BigInteger)


def changes_of(row: type[Any]) -> Select[int]:
    """The number, to be read in the snapshot of which it is to say something."""
    return select(cast(func.sum(row.changes), BigInteger))


def changes_in(connection: Connection, row: type[Any]) -> int:
    """The number in this snapshot."""
    return connection.execute(changes_of(row)).scalar_one()


def counting(dialect: str, *tables: str) -> list[str]:
    """Statements of a migration: rows of the count, and what counts each table's changes.

    PostgreSQL counts at the commit, once for each transaction: a row of the count is held no longer than the commit takes, and whoever
    holds it waits for nothing else. A later migration that changes rows of such a table and then alters it says SET CONSTRAINTS ALL
    IMMEDIATE in between.
    """
    if dialect == "sqlite":
        counted = "BEGIN UPDATE change_mark SET changes = changes + 1; END"
        made = [
            f"CREATE TRIGGER {table}_counts_{change.lower()} AFTER {change} ON {table} {counted}"
            for table in tables
            for change in ("INSERT", "UPDATE", "DELETE")
        ]
        return ["INSERT INTO change_mark (slot, changes) VALUES (0, 0)", *made]
    made = [
        f'CREATE CONSTRAINT TRIGGER {table}_counts AFTER INSERT OR UPDATE OR DELETE ON "{table}" '
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION count_change()"
        for table in tables
    ]
    return [_ROWS.replace("SLOTS", str(SLOTS)), _FUNCTION.replace("SLOTS", str(SLOTS)), *made]


_FUNCTION: Final = """CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF COALESCE(current_setting('safepassage.counted', true), '') = '' THEN
    EXECUTE format('UPDATE %I.change_mark SET changes = changes + 1 WHERE slot = mod(pg_backend_pid(), $1)', TG_TABLE_SCHEMA) USING SLOTS;
    PERFORM set_config('safepassage.counted', 'yes', true);
  END IF;
  RETURN NULL;
END $$"""
_ROWS: Final = "INSERT INTO change_mark (slot, changes) SELECT slot, 0 FROM generate_series(0, SLOTS - 1) AS slot"
