"""`safepassage-node keys rewrap --service audit`: with what an operator has at hand, the settings and the key files."""

import asyncio
import shutil
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from node.command import app as node_app
from node.commands.keys import app
from services.audit.verification import verify_store
from tests.audit.audit_node import ENTITY, event, running, settings_of, sqlite_url
from tests.conftest import StandingClock
from tests.read_by_all import read_by_all


@pytest.fixture
def url(sqlite_store: Path, own_keys: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = sqlite_url(sqlite_store.parent)
    for name, value in {"ENTITY_ID": ENTITY, "DATABASE_URL": url, "KEYS_DIRECTORY": str(own_keys / "audit")}.items():
        monkeypatch.setenv(f"SAFE_PASSAGE_{name}", value)
    return url


async def filled(url: str, keys: Path, clock: StandingClock) -> None:
    async with running(url, keys, clock) as node:
        await node.append(*[event("request", student=uuid4()) for _ in range(3)])


def test_after_the_command_the_old_file_can_go(url: str, own_keys: Path, clock: StandingClock, sqlite_store: Path, tmp_path: Path) -> None:
    other = sqlite_url(Path(shutil.copytree(sqlite_store.parent, tmp_path / "another")))
    asyncio.run(filled(url, own_keys, clock))
    files = own_keys / "audit" / "key-encryption"
    assert "Version 2 made" in CliRunner().invoke(app, ["next-key-encryption-key", str(own_keys / "audit")]).output
    early = CliRunner().invoke(app, ["destroy-key-encryption-key", "1", "--service", "audit"])
    assert (early.exit_code, early.output.splitlines()[0]) == (1, "Version 1 still wraps what audit stores; nothing was destroyed.")
    blind = CliRunner().invoke(app, ["destroy-key-encryption-key", "1", "--keys", str(own_keys / "audit")])
    assert (blind.exit_code, "does not show" in blind.output, (files / "1.key").exists()) == (1, True, True)
    done = CliRunner().invoke(app, ["rewrap", "--service", "audit"])
    assert (done.exit_code, "wrapped under version 2" in done.output) == (0, True), done.output
    read_by_all(own_keys / "audit")
    elsewhere = CliRunner().invoke(app, ["destroy-key-encryption-key", "1", "--service", "audit"], env={"SAFE_PASSAGE_DATABASE_URL": other})
    assert (elsewhere.exit_code, "Nothing is wrapped in this store" in elsewhere.output) == (1, True), elsewhere.output
    assert (files / "1.key").exists()
    assert CliRunner().invoke(app, ["destroy-key-encryption-key", "1", "--service", "audit"]).exit_code == 0
    assert [path.name for path in files.iterdir()] == ["2.key"]
    assert "keys of what is stored" not in CliRunner().invoke(node_app, ["doctor", "--service", "audit"]).output
    (report,) = asyncio.run(verify_store(settings_of(url, own_keys)))
    assert report.opened == 3


def test_a_missing_version_is_said(url: str, own_keys: Path, clock: StandingClock) -> None:
    asyncio.run(filled(url, own_keys, clock))
    CliRunner().invoke(app, ["next-key-encryption-key", str(own_keys / "audit")])
    (own_keys / "audit" / "key-encryption" / "1.key").unlink()
    said = CliRunner().invoke(node_app, ["doctor", "--service", "audit"], env={"COLUMNS": "400"}).output
    assert "audit: keys of what is stored: of what is stored some is wrapped by version 1 of" in said
    done = CliRunner().invoke(app, ["rewrap", "--service", "audit"])
    assert (done.exit_code, "opens under none of the versions" in done.output) == (1, True), done.output
