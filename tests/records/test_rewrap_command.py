"""`safepassage-node keys rewrap`: after a rotation, with what an operator has at hand: the settings and the key files."""

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from node.commands.keys import app
from services.records.tables import StudentRow
from services.records.vault import Vault
from shared.database import Database
from shared.migrations import migrate

NOW = datetime(2026, 10, 20, tzinfo=UTC)


async def filled(url: str, vault: Vault, students: list[UUID]) -> None:
    database = Database(url)
    await migrate("records", database)
    async with database.transaction() as tx:
        for student_id in students:
            _, wrapped = vault.new_data_key(student_id)
            tx.add(
                StudentRow(
                    id=student_id,
                    custodian_id=uuid4(),
                    originating_agency="here",
                    wrapped_key=wrapped,
                    version=1,
                    facts_version=0,
                    created_at=NOW,
                    changed_at=NOW,
                )
            )
    await database.close()


async def wrapped_keys(url: str) -> dict[UUID, bytes]:
    database = Database(url)
    async with database.reading() as tx:
        held = {row.id: row.wrapped_key for row in await tx.execute(select(StudentRow.id, StudentRow.wrapped_key))}
    await database.close()
    return held


@pytest.fixture
def keys(tmp_path: Path, node_keys: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "keys"
    shutil.copytree(node_keys / "records", folder)
    values = {"ENTITY_ID": "https://alder.example", "DATABASE_URL": f"sqlite+inline:///{tmp_path}/records.db", "JURISDICTION": "US-XA"}
    values["NODE_ORGANISATION_ID"] = str(uuid4())
    for name, value in {**values, "KEYS_DIRECTORY": str(folder)}.items():
        monkeypatch.setenv(f"SAFE_PASSAGE_{name}", value)
    return folder


def test_every_data_key_opens_under_the_new_version_alone(keys: Path, tmp_path: Path) -> None:
    url, students, vault = f"sqlite+inline:///{tmp_path}/records.db", [uuid4() for _ in range(3)], Vault.of(keys)
    asyncio.run(filled(url, vault, students))
    vault.provider.rotate()
    done = CliRunner().invoke(app, ["rewrap"])
    assert (done.exit_code, "3 data keys wrapped again under version 2" in done.output) == (0, True), done.output
    assert "keys destroy-key-encryption-key VERSION --service records" in " ".join(done.output.split())
    (keys / "key-encryption" / "1.key").unlink()
    for student_id, wrapped in asyncio.run(wrapped_keys(url)).items():
        Vault.of(keys).data_key(student_id, wrapped)
    assert "0 data keys" in CliRunner().invoke(app, ["rewrap"]).output


def test_a_missing_version_is_said_and_nothing_is_changed(keys: Path, tmp_path: Path) -> None:
    url, vault = f"sqlite+inline:///{tmp_path}/records.db", Vault.of(keys)
    asyncio.run(filled(url, vault, [uuid4()]))
    before = asyncio.run(wrapped_keys(url))
    vault.provider.rotate()
    (keys / "key-encryption" / "1.key").unlink()
    done = CliRunner().invoke(app, ["rewrap"])
    assert (done.exit_code, "opens under none of the versions" in done.output) == (1, True), done.output
    assert asyncio.run(wrapped_keys(url)) == before
