"""`safepassage-node shred` and the commands after it, as an operator types them, on the files of a store; and what the log has of it."""

import asyncio
import shutil
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from node.commands import keys as keys_command
from node.commands import shred
from safepassage.problems.records import NoSuchStudent, SealBroken
from safepassage.wire_educators import Educator, EducatorId
from services.audit.settings import AuditSettings
from services.audit.verification import verify_store
from services.records.educators.kept import KeptContent, educator_id, keep, kept_of_id
from services.records.reading import read_record
from services.records.shredding import Shredder
from services.records.vault import Vault
from shared.database import Database
from shared.migrations import migrate
from tests.records.one_state import OneState, some_students
from tests.records.test_rewrap_command import filled, keys, wrapped_keys

__all__ = ["keys"]


def run(app: object, *arguments: str) -> str:
    done = CliRunner().invoke(app, arguments)  # type: ignore[arg-type]  # a Typer
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.requirement("KEYS-shredded")
def test_the_oldest_backup_of_the_files_opens_nothing_of_who_was_destroyed(keys: Path, tmp_path: Path) -> None:
    store, url = tmp_path / "records.db", f"sqlite+inline:///{tmp_path}/records.db"
    gone, stays = uuid4(), uuid4()
    asyncio.run(filled(url, Vault.of(keys), [gone, stays]))
    oldest = shutil.copy(store, tmp_path / "oldest.db")
    assert "1 whole records" in run(shred.app, "student", str(gone), "--clearance", str(uuid4()))
    run(keys_command.app, "next-key-encryption-key", str(keys))
    assert "1 data keys" in run(keys_command.app, "rewrap")
    refused = CliRunner().invoke(keys_command.app, ["destroy-key-encryption-key", "2", "--keys", str(keys)])
    assert (refused.exit_code, "the version that wraps" in refused.output) == (1, True), refused.output
    run(keys_command.app, "destroy-key-encryption-key", "1", "--keys", str(keys))
    assert [path.name for path in (keys / "key-encryption").iterdir()] == ["2.key"]
    held = asyncio.run(wrapped_keys(url))
    assert list(held) == [stays]
    Vault.of(keys).data_key(stays, held[stays])
    for path in tmp_path.glob("records.db*"):
        path.unlink()
    shutil.copy(oldest, store)
    restored = asyncio.run(wrapped_keys(url))
    assert set(restored) == {gone, stays}
    for student_id, wrapped in restored.items():
        with pytest.raises(SealBroken):
            Vault.of(keys).data_key(student_id, wrapped)


NOON, DISTRICT_ID = datetime(2026, 10, 20, 12, tzinfo=UTC), UUID("01980000-0000-7000-8000-00000000000a")


async def kept_by_two(url: str, vault: Vault) -> list[UUID]:
    """Two educators, with a credential each. Gives their ids."""
    database = Database(url)
    await migrate("records", database)
    ids = []
    for number in range(2):
        of = Educator(name="Ines Quiroga", identifier=EducatorId(system="XA", value=f"T-{number}"), birth_date=date(1984, 3, 9))
        identifier = educator_id(vault, DISTRICT_ID, of)
        assert identifier is not None
        ids.append(identifier)
        content = KeptContent(educator=of, credential="{}")
        about: dict[str, Any] = {"organisation_id": DISTRICT_ID, "node": "https://alder.example", "credential_id": uuid4().urn, "now": NOON}
        async with database.transaction() as tx:
            await keep(tx, vault, content, id_=uuid4(), **about)
    await database.close()
    return ids


async def opened(url: str, vault: Vault, educators: list[UUID]) -> list[int | None]:
    """How many credentials of each open; None where they are there and do not."""
    database, found = Database(url), list[int | None]()
    for one in educators:
        try:
            found.append(len(await database.read(partial(kept_of_id, vault=vault, identifier=one))))
        except SealBroken:
            found.append(None)
    await database.close()
    return found


@pytest.mark.requirement("KEYS-shredded")
def test_of_an_educator_who_was_destroyed_the_oldest_backup_opens_nothing(keys: Path, tmp_path: Path) -> None:
    store, url = tmp_path / "records.db", f"sqlite+inline:///{tmp_path}/records.db"
    gone, stays = asyncio.run(kept_by_two(url, Vault.of(keys)))
    oldest = shutil.copy(store, tmp_path / "oldest.db")
    assert "1 credentials of an educator" in run(shred.app, "educator", str(gone), "--decision", str(uuid4()))
    again = CliRunner().invoke(shred.app, ["educator", str(gone), "--decision", str(uuid4())])
    assert (again.exit_code, "No such educator" in again.output) == (1, True), again.output
    assert asyncio.run(opened(url, Vault.of(keys), [gone, stays])) == [0, 1]
    run(keys_command.app, "next-key-encryption-key", str(keys))
    run(keys_command.app, "rewrap")
    run(keys_command.app, "destroy-key-encryption-key", "1", "--keys", str(keys))
    assert asyncio.run(opened(url, Vault.of(keys), [gone, stays])) == [0, 1]
    for path in tmp_path.glob("records.db*"):
        path.unlink()
    shutil.copy(oldest, store)
    assert asyncio.run(opened(url, Vault.of(keys), [gone, stays])) == [None, None]


def test_who_is_not_there_is_said(keys: Path, tmp_path: Path) -> None:
    asyncio.run(filled(f"sqlite+inline:///{tmp_path}/records.db", Vault.of(keys), []))
    done = CliRunner().invoke(shred.app, ["student", str(uuid4()), "--clearance", str(uuid4())])
    assert (done.exit_code, "No such student" in done.output) == (1, True), done.output


@pytest.mark.anyio
async def test_the_log_has_the_destruction_and_still_verifies(alder: OneState) -> None:
    one = next(student for student in some_students() if student.district.key == "0300001")
    loaded = await alder.district().load(one.load)
    state, clearance = alder.records.state, UUID(int=7)
    shredder = Shredder(state.vault, state.outbox, alder.clock, about=f"destruction:{clearance}")
    async with state.database.transaction() as tx:
        await shredder.student(tx, loaded.id)
    await alder.tell()
    told = [(entry.context or {}, entry.student_ids) for entry in await alder.logged("load")]
    destroyed = [(context["about"], ids) for context, ids in told if context.get("operation") == "record-destroyed"]
    assert destroyed == [(f"destruction:{clearance}", (loaded.id,))]
    async with state.database.reading() as tx:
        with pytest.raises(NoSuchStudent):
            await read_record(tx, state.vault, loaded.id)
    settings: AuditSettings = alder.node.applications["audit"].state.settings
    assert [report.log.size for report in await verify_store(settings)]
