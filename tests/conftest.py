"""What every test may use: a clock that stands still until told, a node's keys, a PostgreSQL schema of its own."""

import asyncio
import gc
import os
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from node.keys import create_node_keys
from shared.garbage import COLLECTED_AFTER
from tests.postgres.databases import create_database, place_for_database
from tests.stores import drop_templates

# The same examples on every machine and at every speed: a test is red because of the code, never because of the day.
settings.register_profile("house", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_collection_finish() -> None:
    """Look for cycles as seldom as a served process does: what was imported and collected stays, and a tenth of the time went into it."""
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class StandingClock:
    """A clock that moves only when it is told to."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def __call__(self) -> datetime:
        return self.instant

    def advance(self, **by: float) -> None:
        """Move forward (or, for a fault, back)."""
        self.instant += timedelta(**by)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def node_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key files of one node, a folder per service; for reading only."""
    folder = tmp_path_factory.mktemp("keys")
    create_node_keys(folder)
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The server that `tests/postgres/with-cluster` started."""
    admin = os.environ.get("SAFE_PASSAGE_TEST_POSTGRES")  # noqa: TID251 how the script tells the tests
    if not admin:
        pytest.skip("needs PostgreSQL: make test-postgres")
    yield admin
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, drop_templates(admin)).result()


@pytest.fixture
def postgres_place(postgres_server: str) -> Iterator[str]:
    """The URL of a database on that server that is not there yet: `at_head` makes it. Dropped at the end."""
    with place_for_database(postgres_server, f"test_{secrets.token_hex(6)}") as url:
        yield url


@pytest.fixture
def postgres_url(postgres_place: str) -> str:
    """A new, empty database on that server."""
    create_database(postgres_place)
    return postgres_place
