"""A log of Tessera's publishes what our node cosigns, step by step, and nothing once it has gone back to an older copy of itself."""

import asyncio
import base64
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from node.server import server
from safepassage.canonical import from_base64url
from safepassage.checkpoints import ED25519, VerifierKey, parse_checkpoint
from safepassage.cosignatures import verified_cosignatures
from safepassage.notes import ED25519_COSIGNATURE, parse_note
from safepassage.trust_members import Log, LogKey
from services.audit.witnessing.keys import WitnessKeys
from shared.clock import system_clock
from shared.keys import SigningKey
from tests.audit.audit_node import AuditNode, running, sqlite_url
from tests.audit.peer_log import member, trust_settings
from tests.audit.two_audits import ALDER, findings

BINARY = os.environ.get("SAFE_PASSAGE_TEST_RIVALS")  # noqa: TID251 how the script tells the tests

pytestmark = [pytest.mark.long, pytest.mark.anyio, pytest.mark.skipif(BINARY is None, reason="needs Go: tests/audit/with-other-makers")]

ORIGIN = "tessera.example/log/2026"


class Tessera(NamedTuple):
    """Its log, and the node that witnesses it."""

    folder: Path
    key: str
    policy: Path
    node: AuditNode

    async def append(self, count: int, *, folder: Path | None = None) -> "subprocess.CompletedProcess[str]":
        """Entries one by one; each is published once it is cosigned."""
        command = [str(BINARY), "witnessed", str(folder or self.folder), self.key, str(self.policy), str(count)]
        return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
async def tessera(sqlite_store: Path, node_keys: Path, tmp_path: Path) -> AsyncIterator[Tessera]:
    signing = SigningKey.generate()
    verifier = VerifierKey(ORIGIN, ED25519, signing.public.public_bytes_raw())
    signing.save(tmp_path / "key.json")
    secret = from_base64url(json.loads((tmp_path / "key.json").read_text())["d"])
    seed = base64.b64encode(bytes([ED25519]) + secret).decode()
    other = member("https://tessera.example", Log(origin=ORIGIN, keys=(LogKey(vkey=verifier.vkey),)))
    settings: dict[str, Any] = trust_settings(tmp_path, other, now=system_clock())
    async with running(sqlite_url(sqlite_store.parent), node_keys, system_clock, **settings) as node:
        serving = server(node.app, host="127.0.0.1", port=0, grace_seconds=1)
        serving.config.lifespan = "off"
        task = asyncio.create_task(serving.serve())
        while not serving.started:  # noqa: ASYNC110 it has no event
            await asyncio.sleep(0)
        port = serving.servers[0].sockets[0].getsockname()[1]
        keys = WitnessKeys.of(node_keys / "audit", ALDER)
        assert keys is not None
        (ed25519,) = (key for key in keys.verifiers if key.type == ED25519_COSIGNATURE)
        policy = tmp_path / "policy"
        policy.write_text(f"witness alder {ed25519.vkey} http://127.0.0.1:{port}/v1/witness\nquorum alder\n")
        (tmp_path / "log").mkdir()
        yield Tessera(tmp_path / "log", f"PRIVATE+KEY+{ORIGIN}+{verifier.key_id.hex()}+{seed}", policy, node)
        serving.should_exit = True
        await task


@pytest.mark.requirement("LOG-witness")
async def test_it_is_cosigned_step_by_step_and_no_older_copy_of_it_goes_on(tessera: Tessera, node_keys: Path, tmp_path: Path) -> None:
    first = await tessera.append(5)
    assert first.returncode == 0, first.stderr
    copy = tmp_path / "copy"
    shutil.copytree(tessera.folder, copy)
    second = await tessera.append(9)
    assert second.returncode == 0, second.stderr
    note = parse_note(second.stdout)
    assert (parse_checkpoint(note.text).origin, parse_checkpoint(note.text).size) == (ORIGIN, 14)
    keys = WitnessKeys.of(node_keys / "audit", ALDER)
    assert keys is not None
    assert {one.key.type for one in verified_cosignatures(note, keys=keys.verifiers)} >= {ED25519_COSIGNATURE}
    assert await findings(tessera.node) == {}
    third = await tessera.append(2, folder=copy)  # its own past once more: two entries at other places than the five that followed
    assert third.returncode != 0
    assert set(await findings(tessera.node)) <= {"peer-log-forked", "peer-log-not-continued"}
