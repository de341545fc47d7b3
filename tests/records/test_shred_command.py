"""`safepassage-node shred` and the commands after it, as an operator types them, on the files of a store; and what the log has of it."""

import asyncio
import shutil
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from node.commands import keys as keys_command
from node.commands import shred
from safepassage.problems.records import NoSuchStudent, SealBroken
from services.audit.settings import AuditSettings
from services.audit.verification import verify_store
from services.records.reading import read_record
from services.records.shredding import Shredder
from services.records.vault import Vault
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
