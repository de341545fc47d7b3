"""`safepassage-node shred` and the commands after it, as an operator types them, on the files of a store; and what the log has of it."""

import asyncio
import json
import shutil
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from node.commands import keys as keys_command
from node.commands import shred
from node.folder import NodeFolder
from safepassage.problems.records import NoSuchStudent, SealBroken
from safepassage.wire_educators import Educator, EducatorId
from services.audit.settings import AuditSettings
from services.audit.verification import verify_store
from services.privacy.sealing import Sealer
from services.privacy.tables import RightsRequestRow, SubjectRow
from services.records.educators.kept import KeptContent, educator_id, keep, kept_of_id
from services.records.reading import read_record
from services.records.shredding import Shredder
from services.records.tables import ExchangeRequestRow, SectionRow
from services.records.vault import Vault
from shared.clock import system_clock
from shared.database import Database
from shared.migrations import migrate
from tests.gateway.door.production import serving
from tests.read_by_all import read_by_all
from tests.records.one_state import STATE_AGENCY, OneState, some_students
from tests.records.test_destroying import answered, asked_to_inspect, clearance_row, cleared
from tests.records.test_rewrap_command import filled, keys, wrapped_keys

__all__ = ["keys"]


def run(app: object, *arguments: str) -> str:
    done = CliRunner().invoke(app, arguments)  # type: ignore[arg-type]  # a Typer
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def folder(made_state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a stopped embedded node, and variables that say the same of its records."""
    path = tmp_path / "alder"
    shutil.copytree(made_state, path)
    about = {"ENTITY_ID": "https://alder.example", "JURISDICTION": "US-XA", "NODE_ORGANISATION_ID": str(STATE_AGENCY)}
    for name, value in {**about, "DATABASE_URL": url_of(path), "KEYS_DIRECTORY": str(path / "keys" / "records")}.items():
        monkeypatch.setenv(f"SAFE_PASSAGE_{name}", value)
    return path


def url_of(folder: Path) -> str:
    return NodeFolder(folder).settings("records").database_url


async def cleared_in(folder: Path, student_id: UUID, *, awaited: bool = False) -> str:
    """The id of a clearance in the store of privacy; somebody may have asked to inspect since."""
    database, sealer = Database.of(NodeFolder(folder).settings("privacy")), Sealer.of(folder / "keys" / "privacy")
    clearance = clearance_row(sealer, student_id, NOON)
    about: dict[str, Any] = {"student_id": student_id, "custodian_id": DISTRICT_ID}
    identifier = clearance.id
    async with database.transaction() as tx:
        tx.add(SubjectRow(**about, facts_version=1, sealed=b""))
        await tx.flush()
        tx.add(clearance)
        if awaited:
            tx.add(RightsRequestRow(**about, id=uuid4(), kind="inspection", taken_by_id=DISTRICT_ID, recorded_at=NOON, sealed=b"-"))
    await database.close()
    return str(identifier)


@pytest.mark.requirement("KEYS-shredded")
def test_the_oldest_backup_of_the_files_opens_nothing_of_who_was_destroyed(folder: Path, tmp_path: Path) -> None:
    store, url, keys = folder / "data" / "records.db", url_of(folder), folder / "keys" / "records"
    gone, stays = uuid4(), uuid4()
    asyncio.run(filled(url, Vault.of(keys), [gone, stays]))
    clearance = asyncio.run(cleared_in(folder, gone))
    oldest = shutil.copy(store, tmp_path / "oldest.db")
    assert "1 whole records" in run(shred.app, "student", str(gone), "--clearance", clearance, "--node", str(folder))
    run(keys_command.app, "next-key-encryption-key", str(keys))
    early = CliRunner().invoke(keys_command.app, ["destroy-key-encryption-key", "1", "--keys", str(keys)])
    assert (early.exit_code, "Version 1 still wraps what records stores; nothing was destroyed." in early.output) == (1, True), early.output
    assert f"keys rewrap {folder} --service records" in early.output.replace("\n", "")
    assert "1 data keys" in run(keys_command.app, "rewrap")
    refused = CliRunner().invoke(keys_command.app, ["destroy-key-encryption-key", "2", "--keys", str(keys)])
    assert (refused.exit_code, "the version that wraps" in refused.output) == (1, True), refused.output
    too_soon = CliRunner().invoke(keys_command.app, ["destroy-key-encryption-key", "1", "--keys", str(keys)])
    assert (too_soon.exit_code, "Version 2 has just come" in too_soon.output) == (1, True), too_soon.output
    assert (keys / "key-encryption" / "1.key").exists()
    read_by_all(keys)
    run(keys_command.app, "destroy-key-encryption-key", "1", "--keys", str(keys))
    assert [path.name for path in (keys / "key-encryption").iterdir()] == ["2.key"]
    held = asyncio.run(wrapped_keys(url))
    assert list(held) == [stays]
    Vault.of(keys).data_key(stays, held[stays])
    for path in store.parent.glob("records.db*"):
        path.unlink()
    shutil.copy(oldest, store)
    restored = asyncio.run(wrapped_keys(url))
    assert set(restored) == {gone, stays}
    for student_id, wrapped in restored.items():
        with pytest.raises(SealBroken):
            Vault.of(keys).data_key(student_id, wrapped)


async def collected_in(folder: Path, exchange_id: UUID, student_id: UUID, *, days_ago: float) -> None:
    """An exchange that brought a student's record, and when its receiver's system had it, in the store of records."""
    now = system_clock()
    asked = {"state": "applied", "requested_at": now, "expires_at": now, "collected_at": now - timedelta(days=days_ago), "attempts": 1}
    whose = {"client_id": "sis", "caller_organisation_id": DISTRICT_ID, "receiving_organisation_id": DISTRICT_ID, "holder": "birch"}
    signed = {"token": "-", "request_digest": "-", "subject_commit": "-", "particulars": b"-", "event": "-"}
    database = Database(url_of(folder))
    async with database.transaction() as tx:
        tx.add(ExchangeRequestRow(id=exchange_id, student_id=student_id, **asked, **whose, **signed))
        tx.add(SectionRow(student_id=student_id, section="identity", source=str(exchange_id), version=1, sealed=b"-"))
    await database.close()


@pytest.mark.requirement("KEYS-collected")
def test_an_operator_has_what_was_collected_destroyed_by_its_days(folder: Path) -> None:
    student, asked = uuid4(), uuid4()
    asyncio.run(filled(url_of(folder), Vault.of(folder / "keys" / "records"), [student]))
    asyncio.run(collected_in(folder, asked, student, days_ago=29.5))
    assert "0 whole records" in run(shred.app, "collected", "--node", str(folder))
    assert "1 whole records" in run(shred.app, "collected", "--days", "29", "--node", str(folder))
    assert "0 whole records" in run(shred.app, "collected", "--days", "1", "--node", str(folder))
    assert CliRunner().invoke(shred.app, ["collected", "--days", "0", "--node", str(folder)]).exit_code == 2


def test_an_operator_is_told_that_nothing_came_by_such_an_exchange(folder: Path) -> None:
    """A mistyped id would else look like a copy that is gone."""
    student, asked = uuid4(), uuid4()
    asyncio.run(filled(url_of(folder), Vault.of(folder / "keys" / "records"), [student]))
    asyncio.run(collected_in(folder, asked, student, days_ago=1))
    assert "No such exchange request" in refusal("copy", str(uuid4()), "--node", str(folder))
    assert "1 whole records" in run(shred.app, "copy", str(asked), "--node", str(folder))
    assert "0 whole records, 0 parts" in run(shred.app, "copy", str(asked), "--node", str(folder))


def refusal(*arguments: str) -> str:
    """What an operator reads of a refusal, on one line."""
    done = CliRunner().invoke(shred.app, arguments)
    assert done.exit_code == 1, done.output
    return " ".join(done.output.split())


@pytest.mark.requirement("FERPA-99.10")
def test_an_operator_reads_why_a_record_is_not_destroyed(folder: Path) -> None:
    url, keys = url_of(folder), folder / "keys" / "records"
    awaited, never = uuid4(), uuid4()
    asyncio.run(filled(url, Vault.of(keys), [awaited]))
    clearance = asyncio.run(cleared_in(folder, awaited, awaited=True))
    where = ("--node", str(folder))
    assert "A request to inspect is outstanding" in refusal("student", str(awaited), "--clearance", clearance, *where)
    assert "No such clearance" in refusal("student", str(awaited), "--clearance", str(uuid4()), *where)
    assert "No such clearance" in refusal("student", str(never), "--clearance", clearance, *where)
    assert "No such student" in refusal("student", str(never), "--clearance", asyncio.run(cleared_in(folder, never)), *where)
    # Of a production node its privacy service is asked; where none is named, or none answers, nothing is destroyed.
    assert "privacy is not configured" in refusal("student", str(awaited), "--clearance", clearance)
    assert list(asyncio.run(wrapped_keys(url))) == [awaited]


@pytest.mark.anyio
async def test_of_a_production_node_the_privacy_service_is_asked(alder: OneState, monkeypatch: pytest.MonkeyPatch) -> None:
    one = next(student for student in some_students() if student.district.key == "0300001")
    student_id = (await alder.district().load(one.load)).id
    await alder.tell()
    monkeypatch.setattr(type(alder.clock), "__call__", lambda _: system_clock())  # the command's tokens are of now, however long it takes
    request = await asked_to_inspect(alder, student_id)
    clearance = str(await cleared(alder, student_id, keeps_permanent_record=True))
    settings = alder.records.state.settings
    about = {"ENTITY_ID": "https://alder.example", "JURISDICTION": "US-XA", "NODE_ORGANISATION_ID": str(settings.node_organisation_id)}
    about |= {"DATABASE_URL": settings.database_url, "KEYS_DIRECTORY": str(settings.keys_directory)}
    async with serving(alder.node.applications["privacy"]) as port:
        about["SIBLING_URLS"] = json.dumps({"privacy": f"http://127.0.0.1:{port}"})
        for name, value in about.items():
            monkeypatch.setenv(f"SAFE_PASSAGE_{name}", value)
        arguments = ("student", str(student_id), "--clearance", clearance)
        assert "A request to inspect is outstanding" in await asyncio.to_thread(refusal, *arguments)
        await answered(alder, request)
        said = await asyncio.to_thread(run, shred.app, *arguments)
        assert "0 whole records" in said
        assert "The permanent record stays" in said
    assert "privacy does not answer" in await asyncio.to_thread(refusal, *arguments)


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
    read_by_all(keys)
    run(keys_command.app, "destroy-key-encryption-key", "1")
    assert asyncio.run(opened(url, Vault.of(keys), [gone, stays])) == [0, 1]
    for path in tmp_path.glob("records.db*"):
        path.unlink()
    shutil.copy(oldest, store)
    assert asyncio.run(opened(url, Vault.of(keys), [gone, stays])) == [None, None]


@pytest.mark.anyio
async def test_the_log_has_the_destruction_and_still_verifies(alder: OneState) -> None:
    one = next(student for student in some_students() if student.district.key == "0300001")
    loaded = await alder.district().load(one.load)
    state, clearance = alder.records.state, UUID(int=7)
    shredder = Shredder(state.vault, state.outbox, alder.clock, about=f"destruction:{clearance}", jurisdiction="US-XA")
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
