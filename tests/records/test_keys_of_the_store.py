"""A store and a folder of keys that are not each other's: nothing is served, and so nothing is sealed that nobody could open later."""

import shutil
from pathlib import Path

import pytest

from node.health import Finding, examine_service
from services.records.own_keys import finds_whom_it_holds, strange_versions
from services.records.tables import StudentRow
from services.records.vault import Vault
from shared.key_encryption import FileKeyProvider, KeysOfAnotherStore
from shared.keys import new_symmetric_key, read_symmetric_key
from shared.who_may_call import ServiceName
from tests.conftest import StandingClock
from tests.records.both_engines import running  # noqa: F401  every test with a node that runs is on both engines
from tests.records.one_state import OneState, one_state, some_students
from tests.records.whole_record import whole_record

pytestmark = pytest.mark.anyio


async def told_by_doctor(state: OneState, service: ServiceName) -> list[Finding]:
    found = [one async for one in examine_service(service, state.node.folder.settings(service), now=state.clock())]
    return [one for one in found if one.state == "bad" and one.what == f"{service}: keys of what is stored"]


@pytest.fixture
async def lived_in(made_state: Path, tmp_path: Path, clock: StandingClock) -> Path:
    """The folder of a node that holds students and is stopped."""
    folder = Path(shutil.copytree(made_state, tmp_path / "alder"))
    async with one_state(folder, clock) as state:
        for one in [student for student in some_students(20) if student.district.key == "0300001"][:3]:
            await state.district().load(one.load)
        await state.tell()
        assert [found for service in ("records", "privacy", "audit") for found in await told_by_doctor(state, service)] == []
    return folder


@pytest.mark.requirement("KEYS-of-the-store")
@pytest.mark.parametrize(
    ("service", "key", "said"),
    [
        ("records", "key-encryption/1.key", "version 1 of the key-encryption key of records did not wrap what its store holds"),
        ("records", "lookup.key", "lookup.key is not the one by which this store finds its students"),
        ("privacy", "key-encryption/1.key", "version 1 of the key-encryption key of privacy did not wrap what its store holds"),
        ("audit", "key-encryption/1.key", "version 1 of the key-encryption key of audit did not wrap what its store holds"),
    ],
)
async def test_a_node_does_not_start_with_a_key_of_another_store_and_doctor_says_which(
    lived_in: Path, clock: StandingClock, tmp_path: Path, service: ServiceName, key: str, said: str
) -> None:
    right = lived_in / "keys" / service / key
    kept = right.rename(tmp_path / "kept")
    new_symmetric_key(right)
    with pytest.raises(KeysOfAnotherStore, match=said):
        async with one_state(lived_in, clock):
            pass
    kept.replace(right)
    async with one_state(lived_in, clock) as state:
        right.rename(kept)
        new_symmetric_key(right)  # a process that runs has read the right one
        [found] = await told_by_doctor(state, service)
        assert found.detail.startswith(said)
        assert "docs/deployment.md" in found.remedy


async def test_a_store_without_a_student_takes_any_keys(made_state: Path, tmp_path: Path, clock: StandingClock) -> None:
    folder = Path(shutil.copytree(made_state, tmp_path / "alder"))
    for name in ("lookup.key", "key-encryption/1.key"):
        (folder / "keys" / "records" / name).unlink()
        new_symmetric_key(folder / "keys" / "records" / name)
    async with one_state(folder, clock) as state:
        assert await told_by_doctor(state, "records") == []


async def test_a_name_that_a_family_contests_is_looked_at_as_any_other(alder: OneState) -> None:
    one = next(student for student in some_students(20) if student.district.key == "0300001")
    record = whole_record()
    assert record.statements
    await alder.district().load(one.load.model_copy(update={"record": record}))
    state = alder.records.state
    assert await finds_whom_it_holds(state.database, state.vault)
    assert not await finds_whom_it_holds(state.database, Vault(state.key_provider, lookup_key=b"\1" * 32))


async def test_each_version_is_tried_by_what_it_wrapped(alder: OneState, tmp_path: Path) -> None:
    students = [one for one in some_students(20) if one.district.key == "0300001"]
    await alder.district().load(students[0].load)
    database, folder = alder.records.state.database, alder.node.folder.settings("records").keys_directory
    copy = Path(shutil.copytree(folder / "key-encryption", tmp_path / "key-encryption"))
    lookup = read_symmetric_key(folder / "lookup.key")
    of_this_store = Vault(FileKeyProvider(copy), lookup_key=lookup)
    assert await strange_versions(database, of_this_store) == frozenset()
    assert await finds_whom_it_holds(database, of_this_store)
    assert not await finds_whom_it_holds(database, Vault(FileKeyProvider(copy), lookup_key=b"\1" * 32))
    FileKeyProvider(copy).rotate()
    assert await strange_versions(database, Vault(FileKeyProvider(copy), lookup_key=lookup)) == frozenset()  # it has wrapped nothing yet
    (copy / "1.key").unlink()
    assert (
        await strange_versions(database, Vault(FileKeyProvider(copy), lookup_key=lookup)) == frozenset()
    )  # missing, which is said elsewhere
    new_symmetric_key(copy / "1.key")
    assert await strange_versions(database, Vault(FileKeyProvider(copy), lookup_key=lookup)) == {1}


async def test_a_row_that_is_damaged_is_no_key_of_another_store(alder: OneState) -> None:
    students = [one for one in some_students(20) if one.district.key == "0300001"][:2]
    ids = [(await alder.district().load(one.load)).id for one in students]
    state = alder.records.state
    async with state.database.transaction() as tx:
        row = await tx.get_one(StudentRow, ids[0])
        row.wrapped_key = row.wrapped_key[:-1] + bytes([row.wrapped_key[-1] ^ 1])
    assert await strange_versions(state.database, state.vault) == frozenset()
    assert await finds_whom_it_holds(state.database, state.vault)
