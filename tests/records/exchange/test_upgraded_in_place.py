"""Two nodes that a version of 27 November 2026 made, stopped in the middle of an exchange, started by this one.

`tests/older_version/two_nodes.tar.xz` has their folders as that version left them: invented students, keys of nobody. Alder's package was
delivered and Birch had not opened it. Stores of audit were at migration 0015, gateway 0012, privacy 0009, records 0014.
"""

import json
import sqlite3
import tarfile
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from node.folder import NodeFolder
from safepassage.client.calls import disclosure_accounting, search_log
from safepassage.wire_log import EntrySearch
from services.audit.settings import AuditSettings
from services.audit.verification import verify_store
from services.records.tables import IncomingEnvelopeRow, StudentRow
from shared.schema_head import current, head_of
from shared.who_may_call import SERVICES
from tests.conftest import StandingClock
from tests.records.exchange.two_states import Case, TwoStates, running

pytestmark = pytest.mark.anyio

PACKED = Path(__file__).parents[2] / "older_version" / "two_nodes.tar.xz"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with tarfile.open(PACKED) as packed:
        for member in packed:
            content = packed.extractfile(member)
            if content is not None:
                file = tmp_path / member.name
                file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                file.write_bytes(content.read())
                file.chmod(0o600)
    return tmp_path


BEFORE = {"audit": "0015", "gateway": "0012", "privacy": "0009", "records": "0014"}


def test_the_folders_are_as_the_older_version_left_them(folder: Path) -> None:
    for name in ("alder", "birch"):
        for service, revision in BEFORE.items():
            with closing(sqlite3.connect(folder / name / "data" / f"{service}.db")) as store:
                assert store.execute("SELECT version_num FROM alembic_version").fetchall() == [(revision,)]
    with closing(sqlite3.connect(folder / "birch" / "data" / "records.db")) as store:
        assert store.execute(f"SELECT state FROM {IncomingEnvelopeRow.__tablename__}").fetchall() == [("received",)]  # noqa: S608 a table's name


@pytest.fixture
async def upgraded(folder: Path) -> AsyncIterator[tuple[TwoStates, Case]]:
    """Started a minute after they were stopped."""
    made = json.loads((folder / "made.json").read_text())
    clock = StandingClock(datetime.fromisoformat(made["at"]) + timedelta(minutes=1))
    async with running(folder, clock) as states:
        yield states, Case(states, UUID(made["exchange"]))


@pytest.mark.requirement("UPGRADE-in-place")
async def test_what_an_older_version_began_is_finished_and_what_it_sealed_is_read(upgraded: tuple[TwoStates, Case]) -> None:
    states, case = upgraded
    for state in (states.alder, states.birch):
        for service in SERVICES:
            assert await current(state.node.applications[service].state.database) == head_of(service)
    await states.settle()
    assert (await case.told()).state == "applied"
    assert (await case.package()).state == "processed"
    async with states.birch.client("new-district") as client:
        record = await client.read_received_record(case.id)
    assert record.identity is not None
    assert {name for name, _ in record.sections()} == {"identity", "enrollment", "attendance"}
    states.child()  # is there already
    again = await states.queued()  # and another exchange goes from the first step to the last
    await again.finish()
    assert (await again.told()).state == "applied"


@pytest.mark.requirement("UPGRADE-in-place")
async def test_the_log_of_an_older_version_answers_searches_and_accountings(upgraded: tuple[TwoStates, Case]) -> None:
    states, case = upgraded
    await states.settle()
    [student] = await states.alder.rows(StudentRow)
    async with states.alder.client("state-agency") as agency:
        search = EntrySearch(exchange_ids=(case.id,), classes=("disclosure",))
        [entry] = [one async for page in agency.pages(search_log(search)) for one in page.entries]
        decided = EntrySearch(decision_ids=((entry.context or {})["decision_id"],))
        classes = {one.class_ async for page in agency.pages(search_log(decided)) for one in page.entries}
        assert {"decision", "disclosure"} <= classes
        accounted = [one async for page in agency.pages(disclosure_accounting(student.id)) for one in page.entries]
    assert entry.context is not None
    assert tuple(entry.context["elements"]) in [one.elements for one in accounted]


@pytest.mark.requirement("UPGRADE-in-place")
async def test_the_log_still_verifies_entry_by_entry(folder: Path) -> None:
    made = json.loads((folder / "made.json").read_text())
    async with running(folder, StandingClock(datetime.fromisoformat(made["at"]) + timedelta(minutes=1))) as states:
        await states.settle()
    for name in ("alder", "birch"):
        settings = NodeFolder(folder / name).settings("audit")
        assert isinstance(settings, AuditSettings)
        [report] = await verify_store(settings, pinned={})
        assert report.opened == report.log.size > 41
