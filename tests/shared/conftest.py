"""A store of the tests' own tables, on each engine."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from shared import app as foundation
from shared.database import Database
from tests.conftest import StandingClock
from tests.shared.tables import Base
from tests.shared.tiny import Tiny, TinyAudit, create_tables, in_process, records_app, settings_of


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """The tables, and nothing in them."""
    url = f"sqlite+aiosqlite:///{tmp_path}/test.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = Database(url)
    async with database.transaction() as tx:
        await (await tx.connection()).run_sync(Base.metadata.create_all)
    yield database
    await database.close()


@pytest.fixture
async def tiny(tmp_path: Path, node_keys: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Tiny]:
    async def at_head(*_: object) -> None:
        """The tiny service has no history of migrations."""

    monkeypatch.setattr(foundation, "require_head", at_head)
    audit = TinyAudit()
    audit_app = audit.app(settings_of("audit", node_keys, tmp_path), clock)
    settings = settings_of("records", node_keys, tmp_path)
    await create_tables(settings)
    records = records_app(settings, {"audit": in_process(audit_app)}, clock)
    async with AsyncExitStack() as stack:
        for app in (audit_app, records):
            await stack.enter_async_context(app.router.lifespan_context(app))
        yield Tiny(records, audit, node_keys, clock)
