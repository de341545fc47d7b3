"""Every column of every table of audit: altered, it is found by verification, or it is listed here as nothing that the log proves."""

import asyncio
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Boolean, Column

from safepassage.problems import SuiteError
from services.audit.tables import Base
from services.audit.verification import verify_store
from shared.columns import Milliseconds
from tests.audit.audit_node import OAK, disclosure, event, migrated, running, settings_of, sqlite_url
from tests.audit.retention.officials import THEN, approved, carried_out, years_later
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

MADE_AGAIN = "the index behind the log: made again from the entries (Projector.rebuild), and I7 compares it"
BY_OTHERS = "a document that somebody else has signed: it is verified when it is used"
OF_THE_ACT = "how an act is being prepared and carried out; the entries of its steps and its certificate say what was done"
OF_THE_NODE = "the node's own affairs, which say nothing of what was disclosed"

WHOLE_TABLES = {
    **dict.fromkeys(("posting", "index_term", "index_cursor", "index_rebuild", "activity", "activity_shape", "index_actor"), MADE_AGAIN),
    **dict.fromkeys(("witnessed_log", "cosignature", "trust_list", "mirrored_log", "mirrored_bundle"), BY_OTHERS),
    **dict.fromkeys(("hold", "disclosure_copy", "alert", "alert_acknowledgement", "alert_review"), OF_THE_ACT),
    **dict.fromkeys(
        (
            "saved_search",
            "radius_count",
            "radius_count_part",
            "idempotency",
            "key_wrapping",
            "witness_finding",
            "organisation",
            "log_destination",
            "known_node",
            "key_ring",
            "alert_cursor",
            "lease",
        ),
        OF_THE_NODE,
    ),
}
"""Tables that verify-log does not read, with the reason."""

NOT_PROVEN = {
    "log.created_at": "when the row was made; the first entry has its own time",
    "tree_state.index_rows": "which block takes the next rows of the index",
    "checkpoint.signed_at": "when it was stored: a checkpoint has no time, and its cosignatures bracket it",
    "appended.event_key": "a digest of the producer's key, which the producer knows: sent again, the event would be another entry",
    "appended.event_digest": "a keyed digest of the event as it came: sent again, it would be refused",
    "subject_entry.block": "where the row lies; a search asks every block",
    "redisclosure.copy_id": OF_THE_ACT,
    "destroyed_key.custodian_id": OF_THE_ACT,
    "destroyed_key.destroyed_at": "the certificate has the time of the whole destruction",
    "destruction.sealed_student": "whose it was: not in the certificate by design, and taken away at the end",
    **{f"destruction.{one}": OF_THE_ACT for one in ("clearance_id", "preview", "called_off_at", "wrapped_by", "plan", "done_at")},
    **{f"destruction_approval.{one}": OF_THE_ACT for one in ("asked_by", "role", "at", "client_id")},
}
"""Columns of the other tables of which the log proves nothing, with the reason."""

_OF_THE_LOG = ("log", "tree_state", "segment", "tile", "edge_tile", "checkpoint", "appended", "sealed", "subject_entry", "subject_key")
_BESIDE_IT = ("log_key", "redisclosure", "destruction", "destruction_approval", "destroyed_key", "destroyed_part")
PROVEN_TABLES = frozenset({*_OF_THE_LOG, *_BESIDE_IT})
"""Tables that verify-log reads: a new table is one of these, and its columns are found, or it is named above with a reason."""

FIELDS = [
    (name, column)
    for name, table in Base.metadata.tables.items()
    if name in PROVEN_TABLES
    for column in table.columns
    if f"{name}.{column.name}" not in NOT_PROVEN
]


async def fill(folder: Path, node_keys: Path) -> None:
    """Two years' logs with a full tile, sealed students, a further disclosure, and a destruction that was carried out."""
    await migrated(sqlite_url(folder))
    clock = StandingClock(THEN)
    async with running(sqlite_url(folder), node_keys, clock) as node:
        student = uuid4()
        await node.append(*[event("request", student=uuid4()) for _ in range(260)])
        await node.append(disclosure(node, uuid4(), originating_organisation=OAK), event("match", student=student))
        await years_later(node, clock)
        done = await carried_out(node, await approved(node, student), clock)
        assert done.state == "destroyed"
        await node.append(disclosure(node, uuid4()))


@pytest.fixture(scope="module")
def filled(node_keys: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A store without its triggers, and its keys."""
    folder = tmp_path_factory.mktemp("fields")
    keys = Path(shutil.copytree(node_keys, folder / "keys"))
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(fill(folder, keys))).result()
    with closing(sqlite3.connect(folder / "audit.db")) as connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.commit()
    return folder / "audit.db", keys


def altered(column: "Column[Any]", value: Any) -> Any:
    """Another value of the column, as near as may be."""
    if isinstance(column.type, Boolean):
        return 1 - value
    if isinstance(value, int):
        return value + (1_000 if isinstance(column.type, Milliseconds) else 1)
    middle = len(value) // 2
    if isinstance(value, bytes):
        return value[:middle] + bytes([value[middle] ^ 1]) + value[middle + 1 :]
    other = "A" if value[middle] not in "aA" else "B"  # an identifier is the same in either case
    return value[:middle] + other + value[middle + 1 :]


def tamper(store: Path, name: str, column: "Column[Any]") -> None:
    """Alter the column in one row, the last in which that can be done: of a primary key, a neighbour may be in the way."""
    keys = [key.name for key in column.table.primary_key]
    with closing(sqlite3.connect(store)) as connection:
        found = f'SELECT {", ".join(keys)}, "{column.name}" FROM {name} WHERE "{column.name}" IS NOT NULL ORDER BY {", ".join(keys)}'  # noqa: S608 own names
        rows = connection.execute(found).fetchall()
        assert rows, "the store has no such value: fill it"
        for *place, value in reversed(rows):
            try:
                statement = f'UPDATE {name} SET "{column.name}" = ? WHERE {" AND ".join(f"{key} = ?" for key in keys)}'  # noqa: S608 own names
                connection.execute(statement, (altered(column, value), *place))
            except sqlite3.IntegrityError:
                continue
            connection.commit()
            return
    raise AssertionError("no row of it can be altered")


def test_every_table_and_column_is_proven_or_listed_with_its_reason() -> None:
    assert PROVEN_TABLES | WHOLE_TABLES.keys() == Base.metadata.tables.keys()
    assert not PROVEN_TABLES & WHOLE_TABLES.keys()
    every = {f"{name}.{column.name}" for name, table in Base.metadata.tables.items() for column in table.columns}
    assert NOT_PROVEN.keys() - every == set()
    assert not [one for one in NOT_PROVEN if one.partition(".")[0] in WHOLE_TABLES]


@pytest.mark.faults
@pytest.mark.requirement("LOG-tampering")
@pytest.mark.requirement("FAULT-tampered")
@pytest.mark.parametrize(("name", "column"), FIELDS, ids=[f"{name}.{column.name}" for name, column in FIELDS])
async def test_an_altered_field_is_found(filled: tuple[Path, Path], tmp_path: Path, name: str, column: "Column[Any]") -> None:
    store, keys = filled
    tamper(Path(shutil.copy(store, tmp_path / "audit.db")), name, column)
    with pytest.raises(SuiteError):
        await verify_store(settings_of(sqlite_url(tmp_path), keys))


@pytest.mark.faults
async def test_the_store_that_is_tampered_with_verifies(filled: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copy(filled[0], tmp_path / "audit.db")
    older, newer = await verify_store(settings_of(sqlite_url(tmp_path), filled[1]))
    assert (older.log.size, older.destroyed) == (262, 1)
    assert newer.destroyed == 0
