"""The node's statement when its file was lost, or comes from a backup: others have seen a higher serial, and take none that is lower."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from node.command import app
from node.folder import NodeFolder
from node.statement import sign_statement
from safepassage.compact import split
from tests.node.test_clients import run

NOW = datetime.fromisoformat("2026-12-01T12:00:00+00:00")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nodes") / "alder"
    assert run("new", str(folder), "--name", "A", "--state", "XA", "--entity-id", "https://alder.example")[0] == 0
    return folder


@pytest.fixture
def node(made: Path, tmp_path: Path) -> NodeFolder:
    return NodeFolder(Path(shutil.copytree(made, tmp_path / "alder")))


def signed(node: NodeFolder, now: datetime) -> int:
    return sign_statement(node.file, node.keys, node.statement, now=now)


@pytest.mark.parametrize("left", ["nothing", "an older one"])
def test_a_statement_that_is_signed_after_a_restore_is_above_all_that_others_have_seen(node: NodeFolder, left: str) -> None:
    older = node.statement.read_bytes()
    seen = [signed(node, NOW + timedelta(days=7 * week)) for week in range(3)]
    seen.append(signed(node, NOW + timedelta(days=14)))  # twice in a second
    assert seen == sorted(set(seen))
    if left == "nothing":
        node.statement.unlink()
    else:
        node.statement.write_bytes(older)
    assert signed(node, NOW + timedelta(days=14, hours=1)) > max(seen)


def test_a_clock_that_was_ahead_does_not_hold_up_the_next_statement(node: NodeFolder) -> None:
    ahead = signed(node, NOW + timedelta(days=4000))
    assert signed(node, NOW) == ahead + 1


def test_doctor_says_that_the_keys_of_the_week_did_not_come_with_the_backup(node: NodeFolder) -> None:
    shutil.rmtree(node.keys / "records" / "hpke")
    said = CliRunner().invoke(app, ["doctor", str(node.path)])
    assert said.exit_code == 1
    assert "keys of the week: the node statement names 4 that are not here" in " ".join(said.output.split())
    assert "safepassage-node keys statement" in said.output
    assert run("keys", "statement", str(node.path))[0] == 0
    said = CliRunner().invoke(app, ["doctor", str(node.path)])
    assert "✓ keys of the week" in said.output
    assert len(split(node.statement.read_text().strip())[1]["encryption"]) == 4
