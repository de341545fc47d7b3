"""That the log tells less, keeps shorter, goes elsewhere or has other witnesses is an entry, once, at the start with which it begins."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from safepassage.canonical import digest_of, digest_of_json, from_base64url
from safepassage.leaf import parse_leaf
from services.audit.alerts.thresholds import Thresholds
from services.audit.key_rings import OWN
from services.audit.settings import AuditSettings
from services.audit.stored_tree import StoredTree
from services.audit.tables import KeyRingRow
from services.audit.told_settings import CHANGED, setting_rings
from services.audit.verification import verify_store
from shared.key_providers import look_at_keys
from tests.audit.alerts.watched import entries
from tests.audit.audit_node import AuditNode, running, settings_of
from tests.audit.two_audits import nodes_that_witness
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

EVERY: dict[str, dict[str, Any]] = {
    "alert_thresholds": {"alert_thresholds": Thresholds(bulk_students=1_000_000, bulk_factor=3.5)},
    "retention_years": {"retention_years": {"accounting": 30}},
    "disclosure_copy_days": {"disclosure_copy_days": 29},
    "destination_hosts": {"destination_hosts": ("siem.internal",)},
}
OF_HOW_IT_WORKS = {
    *("checkpoint_seconds", "destination_seconds", "mirror_seconds", "witness_seconds", "max_append_bytes", "preparing_processes"),
    *("mirror_mib", "retired_log_keys_directory", "rotates_key_encryption_key"),
}
"""How soon and with how much of the machine; and whose copies are kept, and where keys are, which the log tells of itself."""
CLASSES = ["alert", "destruction", "export", "witness"]


async def told(node: AuditNode) -> list[tuple[str, str, str]]:
    """Class, setting and job of each entry about a setting."""
    await look_at_keys(node.app.state.key_rings)  # it does so itself, beside its first requests
    found = await entries(node, classes=CLASSES, operations=[CHANGED])
    return [(one["class"], one["context"]["about"], one["actor"]["job"]) for one in found]


@pytest.mark.requirement("LOG-settings-told")
@pytest.mark.parametrize("name", EVERY)
async def test_a_setting_that_is_another_at_a_start_is_an_entry_once(
    store_url: str, node_keys: Path, clock: StandingClock, name: str
) -> None:
    for settings, count in (({}, 0), ({}, 0), (EVERY[name], 1), (EVERY[name], 1), ({}, 2)):
        async with running(store_url, node_keys, clock, **settings) as node:
            said = await told(node)
            assert (len(said), {about for _, about, _ in said}) == (count, {f"settings:audit:{name}"} if count else set())
            assert {job for _, _, job in said} == ({name} if count else set())
    await verify_store(settings_of(store_url, node_keys))


async def test_the_entry_pins_what_the_setting_says_now(store_url: str, node_keys: Path, clock: StandingClock) -> None:
    async with running(store_url, node_keys, clock) as node:
        await told(node)
    async with running(store_url, node_keys, clock, **EVERY["retention_years"]) as node:
        await told(node)
        (entry,) = await entries(node, classes=CLASSES, operations=[CHANGED])
        async with node.database.reading() as tx:
            (leaf,) = await StoredTree(tx, clock().year).entries(entry["index"], entry["index"] + 1)
        assert (entry["class"], parse_leaf(leaf).digests.ct) == ("destruction", digest_of_json({"accounting": 30}))
        assert len(from_base64url(str(parse_leaf(leaf).digests.ct))) == 32


@pytest.mark.requirement("LOG-settings-told")
async def test_who_witnesses_the_log_is_told_where_the_policy_is_another(
    tmp_path: Path, sqlite_template: Path, three_keys: list[Path], clock: StandingClock
) -> None:
    nodes = nodes_that_witness(tmp_path, sqlite_template, three_keys[:2], clock)
    host = "alder.example"
    policy = Path(nodes.settings[host]["witness_policy_file"])
    async with nodes.up(host) as node:
        assert await told(node) == []
    say_more(policy)
    for _ in range(2):
        async with nodes.up(host) as node:
            assert await told(node) == [("witness", "settings:audit:witness_policy", "witness_policy")]
    async with nodes.up(host, witness_policy_file=None) as node:
        assert len(await told(node)) == 2


def say_more(policy: Path) -> None:
    policy.write_text(policy.read_text() + "# and nobody else\n")


async def test_killed_between_the_log_and_its_row_it_is_the_same_entry(store_url: str, node_keys: Path, clock: StandingClock) -> None:
    async with running(store_url, node_keys, clock) as node:
        await told(node)
        async with node.database.reading() as tx:
            first = (await tx.get_one(KeyRingRow, "alert_thresholds")).mark
    for _ in range(2):
        async with running(store_url, node_keys, clock, **EVERY["alert_thresholds"]) as node:
            assert len(await told(node)) == 1
            async with node.database.transaction() as tx:
                await tx.execute(update(KeyRingRow).where(KeyRingRow.name == "alert_thresholds").values(mark=first, changes=0))


def test_files_count_by_what_is_in_them(node_keys: Path, tmp_path: Path) -> None:
    file = tmp_path / "authorities.pem"
    file.write_bytes(b"one")
    named = {"destination_authorities_file": file, "mirror_policy_file": file}
    marks = {ring.name: ring.mark for ring in setting_rings(settings_of("sqlite+aiosqlite:///none.sqlite", node_keys, **named))}
    assert {marks[name] for name in ("destination_authorities", "mirror_policy")} == {digest_of(b"one")}
    assert marks["witness_policy"] == digest_of(b"")


def test_each_setting_of_the_log_is_told_or_changes_nothing_of_what_it_tells(node_keys: Path) -> None:
    told_of = {ring.name.removesuffix("_file") for ring in setting_rings(settings_of("sqlite+aiosqlite:///none.sqlite", node_keys))}
    own = {name.removesuffix("_file") for name in set(AuditSettings.model_fields) - set(AuditSettings.__mro__[1].model_fields)}
    assert own - told_of == OF_HOW_IT_WORKS
    assert not told_of & set(OWN), "a key of the folder and a setting of one name would be one row"
