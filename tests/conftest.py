"""What every test may use: a clock that stands still until told, a node's keys, a PostgreSQL schema of its own."""

import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from node.keys import create_node_keys

# The same examples on every machine and at every speed: a test is red because of the code, never because of the day.
settings.register_profile("house", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


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


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A new, empty database on the server that `tests/postgres/with-cluster` started."""
    admin = os.environ.get("SAFE_PASSAGE_TEST_POSTGRES")  # noqa: TID251 how the script tells the tests
    if not admin:
        pytest.skip("needs PostgreSQL: make test-postgres")
    from tests.postgres.databases import temporary_database  # noqa: PLC0415 only where there is a server

    with temporary_database(admin, f"test_{secrets.token_hex(6)}") as url:
        yield url
