"""Places in status lists on both engines: each once, drawn and not counted, and a second list when the first is half full."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, update

from safepassage.wire_educators import Educator, EducatorId
from services.records.credentials.places import HALF_FULL, Place, revoked_places, take_place
from services.records.educators.kept import KeptContent, keep, kept_of
from services.records.tables import IssuedCredentialRow
from services.records.vault import Vault
from shared.database import Database
from tests.records.conftest import NOON
from tests.stores import at_head

pytestmark = pytest.mark.anyio

DISTRICT = UUID(int=1 << 64)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite+aiosqlite:///{tmp_path}/records.db" if request.param == "sqlite" else request.getfixturevalue("postgres_place")
    await at_head("records", url)
    opened = Database(url)
    yield opened
    await opened.close()


async def taken(database: Database, credential_id: UUID | None = None) -> Place:
    async with database.transaction() as tx:
        id_ = credential_id or uuid4()
        return await take_place(tx, id_, kind="transcript", student_id=None, organisation_id=DISTRICT, now=NOON)


@pytest.mark.requirement("VC-list")
async def test_places_that_are_taken_at_once_are_different(database: Database) -> None:
    places = await asyncio.gather(*(taken(database) for _ in range(30)))
    assert len(set(places)) == 30
    assert {place.list_number for place in places} == {1}
    assert [place.index for place in places] != sorted(place.index for place in places)


async def test_a_list_that_is_half_full_is_followed_by_another_and_none_beyond_is_there(database: Database) -> None:
    rows = [
        {"id": uuid4(), "kind": "transcript", "organisation_id": DISTRICT, "list_number": 1, "place": place, "issued_at": NOON}
        for place in range(HALF_FULL)
    ]
    async with database.transaction() as tx:
        for start in range(0, HALF_FULL, 2048):
            await tx.execute(insert(IssuedCredentialRow), rows[start : start + 2048])
    credential_id = uuid4()
    assert (await taken(database, credential_id)).list_number == 2
    place = await taken(database)
    assert place.list_number == 2
    async with database.transaction() as tx:
        await tx.execute(update(IssuedCredentialRow).where(IssuedCredentialRow.place == 7).values(revoked_at=NOON, reason="x"))
    assert 7 in (await database.read(lambda connection: revoked_places(connection, 1)) or ())
    assert await database.read(lambda connection: revoked_places(connection, 3)) is None


@pytest.mark.requirement("VC-educators")
async def test_an_educators_credential_that_is_filed_by_several_at_once_is_kept_once(database: Database, node_keys: Path) -> None:
    vault = Vault.of(node_keys / "records")
    identifier = EducatorId(system="XB", value="K-12-77")
    content, credential_id = KeptContent(educator=Educator(name="Ines Quiroga", identifier=identifier), credential="{}"), uuid4().urn

    async def file() -> UUID:
        async with database.transaction() as tx:
            about = {"organisation_id": DISTRICT, "node": "https://alder.example", "credential_id": credential_id}
            return await keep(tx, vault, content, id_=uuid4(), now=NOON, **about)  # type: ignore[arg-type]  # as named

    ids = await asyncio.gather(*(file() for _ in range(10)))
    assert len(set(ids)) == 1
    same = EducatorId(system="xb", value="k-12-77")
    [(row, found)] = await database.read(lambda connection: kept_of(connection, vault, DISTRICT, same))
    assert (row.id, found) == (ids[0], content)
    assert await database.read(lambda connection: kept_of(connection, vault, UUID(int=5), same)) == []
