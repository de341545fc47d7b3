"""torchwood's litewitness, as it is, witnesses our log: what it takes, what it refuses, and what our node then says."""

import base64
import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from safepassage.checkpoints import parse_checkpoint
from safepassage.notes import ED25519_COSIGNATURE, VerifierKey, parse_note
from safepassage.tlog_policy import parse_policy, verify_witnessed
from services.audit.checkpoints import CheckpointSigner, origin_of
from shared.clock import system_clock
from tests.audit.audit_node import AuditNode, running, sqlite_url
from tests.audit.two_audits import findings, grow, publisher, shown

BINARY = os.environ.get("SAFE_PASSAGE_TEST_LITEWITNESS")  # noqa: TID251 how the script tells the tests
KEYGEN, ADD, AGENT = (shutil.which(name) or name for name in ("ssh-keygen", "ssh-add", "ssh-agent"))

pytestmark = [
    pytest.mark.long,
    pytest.mark.anyio,
    pytest.mark.skipif(BINARY is None, reason="needs Go and ssh-agent: tests/audit/with-other-makers"),
]

NAME = "witness.example/lite"


class Lite(NamedTuple):
    """The witness, which knows our log, and the settings by which our node asks it."""

    settings: dict[str, Any]
    policy: str


@pytest.fixture
def lite(tmp_path: Path, node_keys: Path) -> Iterator[Lite]:
    key, agent, database = tmp_path / "key", tmp_path / "agent", tmp_path / "lite.db"
    subprocess.run([KEYGEN, "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    public = base64.b64decode(Path(f"{key}.pub").read_text().split()[1])[-32:]
    fingerprint = subprocess.run([KEYGEN, "-l", "-f", key], check=True, capture_output=True, text=True).stdout.split()[1]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    origin = origin_of("alder.example", system_clock().year)
    with closing(sqlite3.connect(database)) as known:
        known.execute("CREATE TABLE log (origin TEXT PRIMARY KEY, tree_size INTEGER NOT NULL, tree_hash TEXT NOT NULL)")
        known.execute("CREATE TABLE key (origin TEXT NOT NULL, key TEXT NOT NULL)")
        empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
        known.execute("INSERT INTO log VALUES (?, 0, ?)", (origin, empty))
        known.execute("INSERT INTO key VALUES (?, ?)", (origin, CheckpointSigner.of(node_keys / "audit").verifier(origin).vkey))
        known.commit()
    command = [
        str(BINARY),
        "-name",
        NAME,
        "-key",
        fingerprint,
        "-db",
        str(database),
        "-ssh-agent",
        str(agent),
        "-listen",
        f"127.0.0.1:{port}",
    ]
    with subprocess.Popen([AGENT, "-D", "-a", agent], stdout=subprocess.DEVNULL) as holder:
        _until(lambda: agent.exists())
        subprocess.run([ADD, "-q", key], check=True, env={"PATH": os.defpath, "SSH_AUTH_SOCK": str(agent)})
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                _until(lambda: _listens(port))
                policy = f"witness lite {VerifierKey(NAME, ED25519_COSIGNATURE, public).vkey} http://127.0.0.1:{port}\nquorum lite\n"
                file = tmp_path / "witnesses.policy"
                file.write_text(policy)
                yield Lite({"witness_policy_file": file, "witness_seconds": 3600, "insecure_development": True}, policy)
            finally:
                process.terminate()
                holder.terminate()


def _until(holds: Any) -> None:
    for _ in range(400):
        if holds():
            return
        time.sleep(0.02)
    raise TimeoutError


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
async def alder(sqlite_store: Path, node_keys: Path, lite: Lite) -> AsyncIterator[AuditNode]:
    async with running(sqlite_url(sqlite_store.parent), node_keys, system_clock, **lite.settings) as node:
        yield node


def origin(node: AuditNode) -> str:
    return origin_of("alder.example", node.clock().year)


async def witnessed_size(node: AuditNode) -> int:
    return parse_checkpoint(parse_note(await shown(node, "witnessed=true")).text).size


@pytest.mark.requirement("LOG-witnessed")
async def test_it_cosigns_what_our_log_shows_it_step_by_step(alder: AuditNode, lite: Lite) -> None:
    size = 0
    for count in (1, 2, 5, 300, 700, 1):
        size = await grow(alder, count)
        await publisher(alder).turn()
        await publisher(alder).until_witnessed(alder.clock().year, size, seconds=0)
        policy, keys = parse_policy(lite.policy.encode()), [alder.verifier(origin(alder))]
        assert verify_witnessed(await shown(alder), policy=policy, log_keys=keys).checkpoint.size == size
    assert size == 1009
    assert await findings(alder) == {}


@pytest.mark.requirement("FAULT-rollback")
@pytest.mark.requirement("FAULT-fork")
async def test_an_older_copy_and_a_fork_are_refused_by_it_and_our_node_says_so(
    sqlite_store: Path, sqlite_template: Path, node_keys: Path, lite: Lite, tmp_path: Path
) -> None:
    async with running(sqlite_url(sqlite_store.parent), node_keys, system_clock, **lite.settings) as node:
        await grow(node, 5)
    copy = Path(shutil.copy(sqlite_store, tmp_path / "copy"))
    async with running(sqlite_url(sqlite_store.parent), node_keys, system_clock, **lite.settings) as node:
        await grow(node, 4)
        await publisher(node).turn()
        assert await witnessed_size(node) == 9
    (tmp_path / "older").mkdir()
    shutil.copy(copy, tmp_path / "older" / "audit.db")
    async with running(sqlite_url(tmp_path / "older"), node_keys, system_clock, **lite.settings) as node:
        await publisher(node).turn()
        # it has no address that shows what it holds: its word alone stops nothing, and is an alarm
        assert set(await findings(node)) == {"witness-claims-more"}
        await grow(node, 20)
        for address in publisher(node)._rounds.addresses:  # type: ignore[union-attr]
            address.due_at = node.clock()
        await publisher(node).turn()
        assert "witness-refuses" in await findings(node)
    (tmp_path / "forked").mkdir()
    shutil.copy(sqlite_template, tmp_path / "forked" / "audit.db")
    async with running(sqlite_url(tmp_path / "forked"), node_keys, system_clock, **lite.settings) as node:
        await grow(node, 9)
        await publisher(node).turn()
        assert set(await findings(node)) == {"witness-refuses"}
