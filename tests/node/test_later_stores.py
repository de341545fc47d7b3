"""A node of a version before finds stores that a later one has migrated: it says so, and changes nothing."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from node.command import app
from node.embedded import EmbeddedNode
from node.folder import NodeFolder
from shared.schema_head import StoreOfLaterVersion, head_of
from shared.who_may_call import SERVICES, ServiceName

LATER = "9999"
NEW = ("--name", "Agency", "--state", "XA", "--insecure-development")


@pytest.fixture
def node(tmp_path: Path) -> NodeFolder:
    folder = tmp_path / "node"
    assert CliRunner().invoke(app, ["new", str(folder), *NEW]).exit_code == 0
    return NodeFolder(folder)


def _said(service: ServiceName) -> str:
    return (
        f"{service}: the store was migrated by a later version (its schema is at {LATER}, this version knows {head_of(service)} at most): "
        "run that version, or restore the backup that was made before the upgrade"
    )


def _put(node: NodeFolder, service: ServiceName, statement: str, *values: str) -> None:
    with closing(sqlite3.connect(node.store(service))) as store, store:
        store.execute(statement, values)


def _all_of(node: NodeFolder) -> dict[str, list[str]]:
    found = {}
    for service in SERVICES:
        with closing(sqlite3.connect(f"file:{node.store(service)}?mode=ro", uri=True)) as store:
            found[service] = list(store.iterdump())
    return found


@pytest.mark.requirement("UPGRADE-later-store")
@pytest.mark.parametrize("service", SERVICES)
def test_a_store_of_a_later_version_stops_the_start_before_any_store_is_changed(node: NodeFolder, service: ServiceName) -> None:
    _put(node, service, "UPDATE alembic_version SET version_num = ?", LATER)
    for other in set(SERVICES) - {service}:  # as of a version before: it would be migrated
        _put(node, other, "DROP TABLE alembic_version")
    before = _all_of(node)
    said = CliRunner().invoke(app, ["up", str(node.path)])
    assert (said.exit_code, type(said.exception)) == (1, SystemExit)
    assert said.output == f"{_said(service)}.\nNothing was changed. docs/upgrading.md says what goes back and what does not.\n"

    async def start() -> None:
        async with EmbeddedNode(node).running():
            raise AssertionError("it runs")

    with pytest.raises(StoreOfLaterVersion):
        asyncio.run(start())
    assert _all_of(node) == before


def test_migrate_and_doctor_say_the_same_and_do_not_advise_to_migrate(node: NodeFolder) -> None:
    _put(node, "audit", "UPDATE alembic_version SET version_num = ?", LATER)
    before = _all_of(node)
    settings = node.settings("audit")
    names = {
        "ENTITY_ID": settings.entity_id,
        "DATABASE_URL": settings.database_url,
        "KEYS_DIRECTORY": str(settings.keys_directory),
        "INSECURE_DEVELOPMENT": "true",
    }
    said = CliRunner().invoke(app, ["migrate", "audit"], env={f"SAFE_PASSAGE_{name}": value for name, value in names.items()})
    assert (said.exit_code, type(said.exception)) == (1, SystemExit)
    assert said.output.splitlines()[0] == f"{_said('audit')}."
    found = CliRunner().invoke(app, ["doctor", str(node.path)])
    assert found.exit_code == 1
    assert f"audit: store: {_said('audit')}\n    docs/upgrading.md" in found.output
    assert "safepassage-node migrate" not in found.output
    assert _all_of(node) == before
