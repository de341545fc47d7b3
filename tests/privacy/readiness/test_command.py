"""`safepassage-node readiness` prints the scorecard of a node from its own store, of one that is stopped too."""

import asyncio
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from node.command import app
from services.privacy.readiness.evidence import keep_evidence
from services.privacy.readiness.measures import MODELS
from services.privacy.readiness.questions import QUESTIONS
from shared.database import Database
from tests.privacy.node import NODE_ORGANISATION
from tests.privacy.readiness.reported import NOW, report


@pytest.fixture
def store(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """privacy's store at head, and the variables that name it."""
    shutil.copy(empty_store, tmp_path / "privacy.db")
    url = f"sqlite+inline:///{tmp_path}/privacy.db"
    values = {
        "ENTITY_ID": "https://alder.example",
        "DATABASE_URL": url,
        "KEYS_DIRECTORY": tmp_path,
        "NODE_ORGANISATION_ID": NODE_ORGANISATION,
    }
    for name, value in values.items():
        monkeypatch.setenv(f"SAFE_PASSAGE_{name}", str(value))
    monkeypatch.setenv("COLUMNS", "160")
    return url


async def _reported_once(url: str) -> None:
    database = Database(url)
    async with database.transaction() as tx:
        for service in MODELS:
            await keep_evidence(tx, service, report(service).of, measured_at=NOW, now=NOW)
    await database.close()


def test_a_node_that_never_reported_is_at_0(store: str) -> None:
    result = CliRunner().invoke(app, ["readiness"])
    assert result.exit_code == 0, result.output
    assert all(question.id.upper() in result.output for question in QUESTIONS)
    assert "All                                0 of 304" in result.output
    assert "Not reporting: gateway, privacy, records, audit" in result.output


def test_a_node_that_is_stopped_is_shown_as_of_its_last_report(store: str, tmp_path: Path) -> None:
    asyncio.run(_reported_once(store))
    page, table = tmp_path / "card.html", tmp_path / "card.csv"
    result = CliRunner().invoke(app, ["readiness", "--page", str(page), "--csv", str(table)])
    assert result.exit_code == 0, result.output
    assert "this is the scorecard of 2026-11-24 09:30 UTC" in result.output
    assert "All                              206 of 304  (206 shown, 0 attested)" in result.output
    assert page.read_text().startswith("<!doctype html>")
    assert table.read_text().count("\n") == 77


def test_a_store_of_another_version_is_refused(tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAFE_PASSAGE_DATABASE_URL", f"sqlite+inline:///{tmp_path}/other.db")
    result = CliRunner().invoke(app, ["readiness"])
    assert result.exit_code == 1
