"""A student's year is destroyed by as many rows as it has: of the log of a state nobody waits while all of it is looked through."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event as sql_event

from tests.audit.audit_node import disclosure, event, running
from tests.audit.retention.officials import SCHOOL_YEAR, THEN, approved, carried_out, years_later
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

OF_STUDENTS = re.compile(r"SCAN (sealed|subject_entry|redisclosure|destroyed_part)\b(?! USING)")


async def test_no_statement_of_a_destruction_looks_at_every_entry(store_url: str, own_keys: Path) -> None:
    clock, student = StandingClock(THEN), uuid4()
    async with running(store_url, own_keys, clock, rotates_key_encryption_key=True) as node:
        if not node.database.is_sqlite:
            return  # PostgreSQL finds pairs of a log and an index by the key
        await node.append(disclosure(node, student), event("match", student=student), disclosure(node, student))
        await years_later(node, clock)
        made: dict[str, Any] = {}

        def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            made[statement] = parameters

        asked = await approved(node, student, school_years=[SCHOOL_YEAR])
        engines = [node.database.engine.sync_engine, node.database._reader.sync_engine]
        for engine in engines:
            sql_event.listen(engine, "before_cursor_execute", keep)
        try:
            destruction = await carried_out(node, asked, clock)
        finally:
            for engine in engines:
                sql_event.remove(engine, "before_cursor_execute", keep)
        assert destruction.state == "done"
        looked = [(one, given) for one, given in made.items() if re.search(r"\b(sealed|subject_entry|redisclosure)\b", one)]
        assert any(one.startswith("DELETE FROM sealed") for one, _ in looked)
        assert any(one.startswith("DELETE FROM subject_entry") for one, _ in looked)
        whole = []
        with closing(sqlite3.connect(str(node.database.url.database))) as store:
            for statement, given in looked:
                one_row = given[0] if isinstance(given, list) else given
                found = store.execute(f"EXPLAIN QUERY PLAN {statement}", one_row).fetchall()
                whole += [(statement, told) for *_, told in found if OF_STUDENTS.match(told)]
        assert whole == []
