"""What does not start says why, in a sentence where that is the operator's to mend, and with its place where it is ours."""

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette

from node.server import Config
from node.starting import Lifespan, why_no_start
from shared.keys import KeyFileUnusable
from shared.schema_head import SchemaNotAtHead, StoreOfLaterVersion
from tests.node.test_clients import run

pytestmark = pytest.mark.anyio


def served(tmp_path: Path, **about: str) -> subprocess.CompletedProcess[str]:
    told = {"ENTITY_ID": "https://alder.example", "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/audit.db", **about}
    variables = {f"SAFE_PASSAGE_{name}": value for name, value in told.items()}
    typed = [sys.executable, "-m", "node.command", "serve", "audit", "--port", "1"]
    return subprocess.run(typed, capture_output=True, text=True, check=False, env=dict(os.environ) | variables)  # noqa: TID251 a process of its own


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (True, "audit: the store has no schema yet, this version needs "),
        (False, "gateway.json is not there: put it back from the backup of the keys"),
    ],
)
def test_a_service_that_does_not_start_says_why_as_the_last_thing(node_keys: Path, tmp_path: Path, there: bool, said: str) -> None:
    if not there:
        assert run("new", str(tmp_path / "node"), "--name", "A", "--state", "XA", "--entity-id", "https://alder.example")[0] == 0
        shutil.copy(tmp_path / "node" / "data" / "audit.db", tmp_path)
    done = served(tmp_path, KEYS_DIRECTORY=str(node_keys / "audit" if there else tmp_path))
    *_, headline, why, remedy = done.stderr.splitlines()
    assert (done.returncode, headline) == (3, "Not started.")
    assert why.startswith(said)
    assert remedy
    assert "Traceback" not in done.stderr


async def started(failure: Exception, caplog: pytest.LogCaptureFixture) -> Lifespan:
    @asynccontextmanager
    async def failing(_: Starlette) -> AsyncIterator[None]:
        raise failure
        yield

    config = Config(Starlette(lifespan=failing), lifespan="on", log_config=None)
    config.load()
    lifespan = Lifespan(config)
    with caplog.at_level(logging.INFO):
        await lifespan.startup()
    assert (lifespan.should_exit, lifespan.failure) == (True, failure)
    return lifespan


async def test_a_fault_of_the_program_is_logged_with_its_place(caplog: pytest.LogCaptureFixture) -> None:
    await started(RuntimeError("ours"), caplog)
    assert [record.levelname for record in caplog.records if "test_starting.py" in record.getMessage()] == ["ERROR"]


async def test_what_can_be_said_is_logged_without_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    await started(KeyFileUnusable("log.json is not there"), caplog)
    assert not [record for record in caplog.records if "Traceback" in record.getMessage()]


def test_each_cause_has_its_remedy() -> None:
    causes = [
        StoreOfLaterVersion("later"),
        SchemaNotAtHead("behind"),
        KeyFileUnusable("no key"),
        PermissionError(13, "Permission denied", "x"),
    ]
    remedies = [found[1] for cause in causes if (found := why_no_start(cause))]
    assert len(set(remedies)) == len(causes)
    assert why_no_start(RuntimeError("ours")) is None


@pytest.mark.parametrize("url", ["mysql://role@host/database", "nonsense", "sqlite:///x.db", "postgres://role@host/database"])
def test_a_store_of_another_kind_is_refused_by_its_variable(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {"ENTITY_ID": "https://alder.example", "DATABASE_URL": url, "KEYS_DIRECTORY": str(tmp_path)}.items():
        monkeypatch.setenv(f"SAFE_PASSAGE_{name}", value)
    code, said = run("migrate", "audit")
    assert code == 2
    assert "SAFE_PASSAGE_DATABASE_URL: write it as postgresql+asyncpg://role@host/database" in said
    assert url not in said
