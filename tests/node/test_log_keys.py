"""The log's key and its succession: published before it signs, known after it has signed, retired when nothing under it is on its way."""

import asyncio
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from node.commands.keys import app
from node.creation import install_trust_list
from node.demo.network import new_nodes
from node.demo.processes import free_port
from node.embedded import EmbeddedNode
from node.folder import NodeFolder
from node.locks import alone_in
from node.log_keys import CURRENT, NEXT, RETIRED, prepare_next, published, replace
from node.trust import member_of, signed_list
from safepassage.notes import ED25519, VerifierKey, parse_vkey
from safepassage.offline.log_database import LogDatabase
from safepassage.offline.whole_log import verify_log
from services.audit.checkpoints import CheckpointSigner
from shared.clock import system_clock
from shared.keys import KeyFileUnusable, SigningKey

ORIGIN, TODAY = "alder.example/log/2026", date(2026, 10, 20)


@pytest.fixture
def audit(node_keys: Path, tmp_path: Path) -> Path:
    """audit's keys of a node, to change."""
    return Path(shutil.copytree(node_keys / "audit", tmp_path / "audit"))


def vkey(key: SigningKey) -> str:
    return VerifierKey(ORIGIN, ED25519, key.public.public_bytes_raw()).vkey


def named(audit: Path, *, today: date = TODAY) -> list[tuple[str, str]]:
    return [(key.vkey, key.status) for key in published(audit, ORIGIN, today=today).keys]


def test_the_next_key_is_published_beside_the_one_that_signs(audit: Path) -> None:
    first = SigningKey.load(audit / CURRENT)
    following = prepare_next(audit)
    assert named(audit) == [(vkey(first), "active"), (vkey(following), "active")]
    with pytest.raises(FileExistsError):
        prepare_next(audit)


def test_the_key_before_counts_for_two_weeks_and_is_then_retired(audit: Path) -> None:
    first, following = SigningKey.load(audit / CURRENT), prepare_next(audit)
    assert replace(audit, today=TODAY).kid == following.kid
    for days, status in ((13, "active"), (14, "retired")):
        assert named(audit, today=TODAY + timedelta(days=days)) == [(vkey(following), "active"), (vkey(first), status)]
    assert [key.vkey for key in CheckpointSigner.of(audit).verifiers(ORIGIN)] == [vkey(following), vkey(first)]


def test_of_the_key_before_only_the_public_half_is_kept(audit: Path) -> None:
    secret = SigningKey.load(audit / CURRENT)
    prepare_next(audit)
    replace(audit, today=TODAY)
    assert not (audit / NEXT).exists()
    [kept] = (audit / RETIRED).iterdir()
    assert '"d"' not in kept.read_text()
    assert secret.kid != SigningKey.load(audit / CURRENT).kid


def test_an_interrupted_change_is_finished_by_the_same_command(audit: Path) -> None:
    first, following = SigningKey.load(audit / CURRENT), prepare_next(audit)
    (audit / RETIRED).mkdir()
    (audit / RETIRED / f"{TODAY.isoformat()}.json").write_text(str(first.jwk).replace("'", '"'))
    replace(audit, today=TODAY)
    assert SigningKey.load(audit / CURRENT).kid == following.kid


def test_without_a_next_key_and_twice_a_day_nothing_changes(audit: Path) -> None:
    first = SigningKey.load(audit / CURRENT)
    with pytest.raises(KeyFileUnusable):
        replace(audit, today=TODAY)
    assert SigningKey.load(audit / CURRENT).kid == first.kid
    second = prepare_next(audit)
    replace(audit, today=TODAY)
    prepare_next(audit)
    with pytest.raises(KeyFileUnusable, match="once a day"):
        replace(audit, today=TODAY)
    assert SigningKey.load(audit / CURRENT).kid == second.kid


def test_a_node_goes_on_under_the_next_key_and_its_log_verifies_by_what_is_published(tmp_path: Path) -> None:
    node, _ = new_nodes(tmp_path, ports=(free_port(), free_port()), tick_seconds=0.0)
    audit = node.keys / "audit"
    _start_and_stop(node)
    assert CliRunner().invoke(app, ["next-log-key", str(node.path)]).exit_code == 0
    with alone_in(node.path):
        assert CliRunner().invoke(app, ["replace-log-key", str(node.path)]).exit_code == 1
    assert CliRunner().invoke(app, ["replace-log-key", str(node.path), "--unlisted"]).exit_code == 0
    _start_and_stop(node)
    origin = f"{node.file.entity_id.partition('://')[2]}/log/{system_clock().year}"
    keys = [parse_vkey(key.vkey) for key in published(audit, origin, today=system_clock().date()).keys]
    database = LogDatabase(node.store("audit"))
    [stored] = database.logs
    assert verify_log(stored, keys=keys).size > 0
    database.close()


def test_a_key_that_no_list_names_does_not_take_over_by_mistake(tmp_path: Path) -> None:
    nodes = new_nodes(tmp_path, ports=(free_port(), free_port()), tick_seconds=0.0)
    (node, _), now = nodes, system_clock()
    signed = (node.keys / "audit" / CURRENT).read_bytes()
    assert CliRunner().invoke(app, ["next-log-key", str(node.path)]).exit_code == 0
    early = CliRunner().invoke(app, ["replace-log-key", str(node.path)])
    assert early.exit_code == 1
    assert "does not name the next key" in " ".join(early.output.split())
    assert (node.keys / "audit" / CURRENT).read_bytes() == signed
    members = [member_of(one.file, one.keys, today=now.date()) for one in nodes]
    following = signed_list(network="One", roots=[SigningKey.generate()], threshold=1, members=members, previous=None, now=now)
    install_trust_list(node, following, first_digest="")
    assert CliRunner().invoke(app, ["replace-log-key", str(node.path)]).exit_code == 0
    assert (node.keys / "audit" / CURRENT).read_bytes() != signed


def _start_and_stop(node: NodeFolder) -> None:
    async def run() -> None:
        async with EmbeddedNode(node).running():
            pass

    asyncio.run(run())
