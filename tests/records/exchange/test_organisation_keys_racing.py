"""Several processes make the key of an organisation in the same moment: one is kept, and all of them use it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy import select

from safepassage.suites import MLKEM768_X25519
from services.records.exchange.epochs import KEPT, EpochKeys
from services.records.exchange.organisation_keys import OrganisationKeys, forget_keys
from services.records.tables import LeaseRow, OrganisationKeyRow, OutboxRow
from shared.database import Database
from shared.group_commit import GroupCommit
from shared.key_encryption import FileKeyProvider
from shared.keys import new_symmetric_key
from shared.outbox import Outbox
from tests.conftest import StandingClock
from tests.stores import at_head

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)
ORGANISATIONS = [UUID(int=number) for number in range(1, 9)]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def processes(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[OrganisationKeys]]:
    url = f"sqlite+aiosqlite:///{tmp_path}/records.db" if request.param == "sqlite" else request.getfixturevalue("postgres_place")
    await at_head("records", url)
    new_symmetric_key(tmp_path / "key-encryption" / "1.key")
    databases = [Database(url) for _ in range(3)]
    made = []
    for database in databases:
        epochs = EpochKeys(tmp_path)
        epochs.prepare(NOON)
        outbox = Outbox("records", database, cast("Any", None), StandingClock(NOON), row=OutboxRow, lease=LeaseRow, holder="test")
        provider = FileKeyProvider(tmp_path / "key-encryption")
        made.append(OrganisationKeys(provider, epochs, read=database.read, write=GroupCommit(database, outbox)))
    yield made
    for database in databases:
        await database.close()


async def test_all_use_the_one_that_was_kept(processes: list[OrganisationKeys]) -> None:
    asked = [(keys, organisation) for organisation in ORGANISATIONS for keys in processes]
    made = await asyncio.gather(*(keys.current(organisation, suite=MLKEM768_X25519, now=NOON) for keys, organisation in asked))
    kids = {
        organisation: {key.kid for key, (_, whose) in zip(made, asked, strict=True) if whose == organisation}
        for organisation in ORGANISATIONS
    }
    assert all(len(of) == 1 for of in kids.values())
    assert len(set.union(*kids.values())) == len(ORGANISATIONS)
    for keys in processes:
        for [kid] in kids.values():
            assert (await keys.of(kid, now=NOON)).kid == kid


async def test_what_opens_nothing_any_more_is_deleted_and_nothing_else(processes: list[OrganisationKeys]) -> None:
    keys, database = processes[0], processes[0]._write._database
    week = keys._epochs.current(NOON, suite=MLKEM768_X25519.name)
    made = await keys.current(ORGANISATIONS[0], suite=MLKEM768_X25519, now=NOON)
    assert await forget_keys(database, week.begins + KEPT - (NOON - week.begins) / 1000) == 0
    assert await forget_keys(database, week.begins + KEPT) == 1
    assert await database.read(lambda connection: connection.execute(select(OrganisationKeyRow.kid)).all()) == []
    assert week.kid == made.sealed_to
