"""A module's node on SQLite and on PostgreSQL: import its fixture `running` in place of the one that all have."""

import json
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from shared.database import Database
from shared.migrations import create_schema
from shared.who_may_call import SERVICES
from tests.conftest import StandingClock
from tests.postgres.databases import temporary_database
from tests.records.conftest import NOON
from tests.records.exchange.dying_node import Folder
from tests.records.one_state import OneState, make_state, one_state


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def running(
    request: pytest.FixtureRequest, made_state: Path, node_keys: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OneState]:
    """Alder's node, running, all of its stores on one engine."""
    folder, clock = tmp_path_factory.mktemp("running") / "alder", StandingClock(NOON)
    with ExitStack() as stack:
        if request.param == "sqlite":
            shutil.copytree(made_state, folder)
            (folder / "test.json").write_text("{}")
        else:
            server = request.getfixturevalue("postgres_server")
            url = stack.enter_context(temporary_database(server, f"alder_{secrets.token_hex(4)}"))
            folder.mkdir()
            (folder / "test.json").write_text(json.dumps({"database": url}))
            database = Database(url)
            for service in SERVICES:
                await create_schema(database, service)
            await database.close()
            await make_state(folder, node_keys, clock, kind=Folder)
        async with one_state(folder, clock, kind=Folder) as state:
            yield state
