"""A pull of several parts, on both engines: cut off between two it goes on, and of two at once each student is there once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import delete, func, insert, select

from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.wire_organisations import Organisation
from services.records.destroying import over
from services.records.ed_fi.api import EdFiApi
from services.records.ed_fi.pulling import PART, Pulled, Store, pull
from services.records.ed_fi.systems import EdFiSystem
from services.records.tables import EdFiPullRow, LeaseRow, LoadRow, OrganisationRow, OutboxRow, StudentRow
from services.records.vault import Vault
from shared.certificates import client_context
from shared.contracts.organisations import OrganisationProjection
from shared.database import Database
from shared.outbox import Outbox
from shared.siblings import client_session
from shared.tenancy import project
from tests.conftest import StandingClock
from tests.records.ed_fi.ods import CLIENT, SECRET, Ods, serving
from tests.records.exchange.two_states import at_once
from tests.records.one_state import STATE_AGENCY
from tests.stores import at_head

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)
MANY = PART + 20


class Puller:
    """A node's store, and a system with more students than go in one transaction."""

    def __init__(self, store: Store, api: EdFiApi, ods: Ods) -> None:
        self.store, self.api, self.ods = store, api, ods

    async def pull(self) -> Pulled:
        return await pull(self.api, self.store, now=NOON)

    async def count(self, row: type[Any]) -> int:
        async with self.store.database.reading() as tx:
            return (await tx.execute(select(func.count()).select_from(row))).scalar_one()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def puller(request: pytest.FixtureRequest, tmp_path: Path, node_keys: Path) -> AsyncIterator[Puller]:
    url = f"sqlite+aiosqlite:///{tmp_path}/records.db" if request.param == "sqlite" else request.getfixturevalue("postgres_place")
    await at_head("records", url)
    database, vault = Database(url), Vault.of(node_keys / "records")
    outbox = Outbox("records", database, cast("Any", None), StandingClock(NOON), row=OutboxRow, lease=LeaseRow, holder="test")
    outbox.sealing = vault
    agency = Organisation(id=STATE_AGENCY, version=1, kind="sea", name="The agency", valid_from=date(2020, 1, 1))
    async with database.transaction() as tx:
        await project(tx, OrganisationRow, OrganisationProjection(version=1, organisation=agency))
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    async with serving(Ods()) as ods, client_session(client_context(None), seconds=10) as session:
        system = EdFiSystem(name="sis", organisation_id=STATE_AGENCY, url=ods.address, client_id=CLIENT, secret_file=secret)
        for number in range(MANY):
            ods.put("students", {"studentUniqueId": str(number), "firstName": "A", "lastSurname": "B", "birthDate": "2012-05-06"})
        api = EdFiApi(system, session, clock=StandingClock(NOON), wait=at_once)
        yield Puller(Store(database, vault, outbox, "US-XA", over(cast("Any", None)), 64 << 20), api, ods)
    await database.close()


@pytest.mark.requirement("FORM-edfi-pull")
async def test_a_pull_that_was_cut_off_between_two_parts_goes_on(puller: Puller) -> None:
    other = {"organisation_id": STATE_AGENCY, "system": "sis", "change_version": 1, "pulled_at": NOON}
    tasks: list[asyncio.Task[None]] = []

    async def be_faster() -> None:
        async with puller.store.database.transaction() as tx:
            await tx.execute(insert(EdFiPullRow).values(other))

    # a fault: the last part does not commit, since another pull wrote its version meanwhile
    puller.ods.while_asked = lambda _: None if tasks else tasks.append(asyncio.create_task(be_faster()))
    with pytest.raises(TemporarilyUnavailable):
        await puller.pull()
    await asyncio.gather(*tasks)
    assert await puller.count(StudentRow) == PART
    async with puller.store.database.transaction() as tx:
        await tx.execute(delete(EdFiPullRow))
    report = (await puller.pull()).report
    assert report is not None
    assert (report.counts["unchanged"], report.counts["created"]) == (PART, 20)
    assert await puller.count(StudentRow) == MANY
    assert (await puller.pull()).report is None


async def test_of_two_first_pulls_at_once_each_student_is_there_once(puller: Puller) -> None:
    outcomes = await asyncio.gather(puller.pull(), puller.pull(), return_exceptions=True)
    assert {type(one) for one in outcomes} <= {Pulled, TemporarilyUnavailable}
    assert Pulled in {type(one) for one in outcomes}
    assert await puller.count(StudentRow) == MANY
    assert await puller.count(EdFiPullRow) == 1
    assert await puller.count(LoadRow) == sum(isinstance(one, Pulled) for one in outcomes)
