"""`safepassage-node policies`: every step on the store itself, with what an operator has at hand: settings and key files."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from node.commands.policies import app
from services.privacy import policy_administration, policy_sets
from services.privacy.policy import PolicySet
from services.privacy.policy import policy_set as policy_set_module
from services.privacy.policy.policy_set import ENGINE
from services.privacy.policy_schedule import activations
from shared.database import Database
from tests.privacy.node import ENTITY_ID, NODE_ORGANISATION
from tests.privacy.officials import forbid

pytestmark = pytest.mark.usefixtures("small_table")

QUIET = "assessments.results"


@pytest.fixture
def store(tmp_path: Path, node_keys: Path, empty_store: Path, policy_set: PolicySet, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store at head on which no service has started yet, and the variables that name it."""
    monkeypatch.setattr(policy_administration, "load_policy_set", lambda: policy_set)
    shutil.copy(empty_store, tmp_path / "privacy.db")
    url = f"sqlite+inline:///{tmp_path}/privacy.db"
    values = {"ENTITY_ID": ENTITY_ID, "DATABASE_URL": url, "KEYS_DIRECTORY": str(node_keys / "privacy")}
    for name, value in {**values, "NODE_ORGANISATION_ID": str(NODE_ORGANISATION)}.items():
        monkeypatch.setenv(f"SAFE_PASSAGE_{name}", value)
    return url


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, [*arguments])
    assert result.exit_code == code, result.output
    return result


def drafted(folder: Path, *texts: str) -> str:
    rules = folder / "rules"
    rules.mkdir()
    (rules / "us-xa.forbids.cedar").write_text("\n".join(texts))
    return run("draft", str(rules), "--title", "Board policy 7", "--official", "o-17").output.strip()


def test_a_set_goes_its_whole_way_at_the_command_line(store: str, tmp_path: Path) -> None:
    new = drafted(tmp_path, forbid(element=QUIET))
    assert [line.split()[1:3] for line in run("list").output.splitlines()] == [["draft", "o-17"], ["active", "release"]]
    assert run("validate", "--set", new, "--official", "o-17").output.startswith("passed: ")
    table = tmp_path / "table.json"
    row = {"citation": "Board policy 7", "situation": "transfer", "element": QUIET}
    table.write_text(json.dumps({"cases": [row | {"permitted": False, "policy": "xa-transcripts-stay", "reason": "kept-at-home"}]}))
    assert "1 cases of its own" in run("test", "--set", new[:12], "--official", "o-17", "--table", str(table)).output
    replayed = run("replay", "--set", new, "--official", "o-17", "--from", "2026-01-01T00:00:00+0000").output
    assert json.loads(replayed)["decisions"] == 0
    shown = json.loads(run("show", "--set", new, "--texts", str(tmp_path / "read")).output)
    assert (shown["stage"], shown["needs"]) == ("replayed", [])
    assert (tmp_path / "read" / "us-xa.forbids.cedar").read_text() == forbid(element=QUIET)
    refused = run("approve", "--set", new, "--official", "o-17", code=1)
    assert "The author does not approve" in refused.output
    for official in ("o-21", "o-34"):
        run("approve", "--set", new, "--official", official)
    assert "is in the past" in run("activate", "--set", new, "--official", "o-21", "--from", "2026-01-01T00:00:00+0000", code=1).output
    run("activate", "--set", new, "--official", "o-21", "--from", "2999-01-01T00:00:00+0000")
    assert "called off" in run("call-off", "2", "--official", "o-21").output
    assert "Two approvals" in run("roll-back", "--set", new, "--official", "o-21", code=1).output
    assert [line.split()[0] for line in run("activations").output.splitlines()] == ["2", "1"]


def test_what_is_wrong_is_said_with_what_to_do_and_changes_nothing(store: str, tmp_path: Path) -> None:
    new = drafted(tmp_path, forbid(effect="permit"))
    found = run("validate", "--set", new, "--official", "o-17", code=1).output
    assert "has nothing but forbids" in found
    assert "draft it again" in found
    assert "No such policy set" in run("show", "--set", "AAAAAAAA", code=1).output
    assert "first eight characters" in run("show", "--set", "x", code=1).output
    assert "acting_official.pairwise_id" in run("validate", "--set", new, "--official", "Jane Doe", code=2).output
    assert "Jane" not in run("validate", "--set", new, "--official", "Jane Doe", code=2).output
    (tmp_path / "rules" / "us-xa.forbids.cedar").write_text("permit (")
    again = run("draft", str(tmp_path / "rules"), "--title", "x", "--official", "o-17", code=1)
    assert "was not parsed" in again.output


@pytest.mark.anyio
async def test_on_a_new_store_the_releases_own_set_decides_from_the_first_command_on(store: str) -> None:
    for _ in range(2):
        await asyncio.to_thread(run, "list")
    database = Database(store)
    async with database.reading() as tx:
        assert [(one.number, one.reason) for one in await activations(tx)] == [(1, "release")]
    await database.close()


def decided_through(folder: Path, table: Path, name: str) -> str:
    """A set from the rules in a folder, all its way until two officials have approved it."""
    new = run("draft", str(folder), "--title", name, "--official", "o-17").output.strip()
    run("validate", "--set", new, "--official", "o-17")
    run("test", "--set", new, "--official", "o-17", "--table", str(table))
    run("replay", "--set", new, "--official", "o-17", "--from", "2026-01-01T00:00:00+0000")
    for official in ("o-21", "o-34"):
        run("approve", "--set", new, "--official", official)
    return new


@pytest.mark.slow
@pytest.mark.requirement("SETS-upgrade")
def test_after_an_upgrade_the_way_out_of_the_page_leads_to_a_set_that_decides(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """docs/policy-sets.md, "After an upgrade": its last steps, on the store and before the service starts."""
    rules, table, texts = tmp_path / "rules", tmp_path / "table.json", tmp_path / "texts"
    rules.mkdir()
    (rules / "us-xa.forbids.cedar").write_text(forbid(element=QUIET))
    row = {"citation": "Board policy 7", "situation": "transfer", "element": QUIET}
    table.write_text(json.dumps({"cases": [row | {"permitted": False, "policy": "xa-transcripts-stay", "reason": "kept-at-home"}]}))
    old = decided_through(rules, table, "Board policy 7")
    run("activate", "--set", old, "--official", "o-21")
    for module in (policy_sets, policy_set_module):
        monkeypatch.setattr(module, "ENGINE", ENGINE + 1)
    assert "drafted for another version of the node" in run("validate", "--set", old, "--official", "o-17", code=1).output
    run("show", "--set", old, "--texts", str(texts))
    new = decided_through(texts, table, "Board policy 7, engine 3")
    assert new != old
    run("activate", "--set", new, "--official", "o-21", "--replaces", old)
    newest = run("activations").output.splitlines()[0]
    assert newest.split()[0] == "3"
    assert new[:12] in newest
