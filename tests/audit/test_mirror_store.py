"""A mirror on each engine: several clients at once bring one copy, and what was verified once is what is served."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from safepassage.bundles import bundle_of
from safepassage.checkpoints import parse_checkpoint, parse_note
from safepassage.proofs import leaf_hash, root_of
from safepassage.tlog_mirror import Upload, package, parse_mirror_info
from safepassage.tlog_witness import origin_digest
from services.audit.mirroring.keys import create_mirror_keys
from shared.in_process import Answer, call
from shared.keys import SigningKey
from tests.audit.audit_node import AuditNode, running
from tests.audit.mirroring_process import SIZE
from tests.audit.peer_log import BIRCH, PeerLog, member, submit, trust_settings
from tests.audit.test_faults import ROOT, _environment
from tests.conftest import StandingClock
from tests.sdk.test_subtrees import subtree_path

pytestmark = pytest.mark.anyio

ENTRIES = [f"entry {n}".encode() for n in range(600)]
"""As PeerLog has them."""


@pytest.fixture
def peer() -> PeerLog:
    return PeerLog()


@pytest.fixture
async def mirror(store_url: str, node_keys: Path, tmp_path: Path, clock: StandingClock, peer: PeerLog) -> AsyncIterator[AuditNode]:
    keys = Path(shutil.copytree(node_keys, tmp_path / "own-keys"))
    create_mirror_keys(keys / "audit")
    trust = trust_settings(tmp_path, member(BIRCH, peer.as_log()), now=clock())
    async with running(store_url, keys, clock, mirror_mib=1, **trust) as node:
        yield node


def upload(peer: PeerLog, start: int, end: int) -> bytes:
    ends = Upload(peer.origin, start, end)
    return ends.head() + b"".join(package(ENTRIES[a:b], subtree_path(a - a % 256, b, ENTRIES[:end])) for a, b in ends.packages())


async def send(node: AuditNode, body: bytes) -> Answer:
    return await call(node.app, "POST", "/v1/mirror/add-entries", headers={"content-length": str(len(body))}, body=body)


async def get(node: AuditNode, peer: PeerLog, path: str) -> bytes:
    answer = await node.send("GET", f"/v1/mirror/{origin_digest(peer.origin)}/{path}", node.as_caller("audit:operate", kind="sea"))
    assert answer.status == 200, answer.body
    return answer.body


@pytest.mark.requirement("LOG-mirror")
async def test_clients_that_upload_at_once_bring_one_copy(mirror: AuditNode, peer: PeerLog) -> None:
    assert (await submit(mirror, peer.request(0, 300))).status == 200
    answers = await asyncio.gather(*(send(mirror, upload(peer, 0, 300)) for _ in range(3)))
    assert [answer.status for answer in answers] == [200] * 3
    assert (await submit(mirror, peer.request(300, 600))).status == 200
    # two are at it when one of them has more than the other: from a place within a bundle, and from its beginning
    answers = await asyncio.gather(*(send(mirror, upload(peer, start, 600)) for start in (300, 256, 0, 299)))
    assert [answer.status for answer in answers] == [200] * 4
    checkpoint = parse_checkpoint(parse_note(await get(mirror, peer, "checkpoint")).text)
    assert (checkpoint.size, checkpoint.root) == (600, peer.root(600))
    assert await get(mirror, peer, "tile/entries/001") == bundle_of(ENTRIES[256:512])
    assert await get(mirror, peer, "tile/entries/002.p/88") == bundle_of(ENTRIES[512:])
    hashes = list(map(leaf_hash, ENTRIES))
    assert await get(mirror, peer, "tile/0/002.p/88") == b"".join(hashes[512:])
    assert await get(mirror, peer, "tile/1/000.p/2") == root_of(hashes[:256]) + root_of(hashes[256:512])
    rows = await mirror.database.read(lambda connection: list(connection.exec_driver_sql("SELECT bytes, next_entry FROM mirrored_log")))
    assert [tuple(row) for row in rows] == [(len(bundle_of(ENTRIES)), 600)]


async def test_what_a_checkpoint_does_not_cover_is_not_served(mirror: AuditNode, peer: PeerLog) -> None:
    assert (await submit(mirror, peer.request(0, 600))).status == 200
    whole = Upload(peer.origin, 0, 600)
    first = package(ENTRIES[:256], subtree_path(0, 256, ENTRIES))
    answer = await send(mirror, whole.head() + first)
    assert answer.status == 202
    info = parse_mirror_info(answer.body)
    assert (info.size, info.next_entry) == (600, 256)
    found = f"/v1/mirror/{origin_digest(peer.origin)}/tile/entries/000"
    assert (await mirror.send("GET", found, mirror.as_caller("audit:operate", kind="sea"))).status == 404
    rest = upload(peer, 256, 600).removeprefix(Upload(peer.origin, 256, 600).head())
    assert (await send(mirror, Upload(peer.origin, 256, 600, info.ticket).head() + rest)).status == 200
    assert await get(mirror, peer, "tile/entries/000") == bundle_of(ENTRIES[:256])


async def test_what_came_before_a_package_that_cannot_be_read_is_kept_and_the_answer_says_so(mirror: AuditNode, peer: PeerLog) -> None:
    assert (await submit(mirror, peer.request(0, 600))).status == 200
    head, first = Upload(peer.origin, 0, 600).head(), package(ENTRIES[:256], subtree_path(0, 256, ENTRIES))
    too_long = package(ENTRIES[256:512], [bytes(32)] * 64)
    answer = await send(mirror, head + first + too_long)
    assert (answer.status, parse_mirror_info(answer.body).next_entry) == (202, 256)
    assert (await send(mirror, Upload(peer.origin, 256, 600).head() + too_long)).status == 400


@pytest.mark.faults
@pytest.mark.requirement("LOG-mirror")
async def test_a_mirror_that_is_killed_goes_on_with_all_that_it_has_answered(store_url: str, node_keys: Path, tmp_path: Path) -> None:
    keys = Path(shutil.copytree(node_keys, tmp_path / "own-keys"))
    create_mirror_keys(keys / "audit")
    SigningKey.generate().save(tmp_path / "log.json")
    command = [sys.executable, "-m", "tests.audit.mirroring_process", store_url, str(keys), str(tmp_path)]
    said = [line for kills_after in (2, 3, None) for line in _run(command, kills_after)]
    assert said[-1] == ("mirrored", SIZE)
    kept = [number for word, number in said if word == "kept"]
    assert kept == sorted(kept)  # what was answered before it was killed is never asked for again
    assert kept[0] == 256


def _run(command: list[str], kills_after: int | None) -> list[tuple[str, int]]:
    """What the process has said, until it ends or is killed after so many lines; what it said until then is still read."""
    said: list[tuple[str, int]] = []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=_environment())
    assert process.stdout is not None
    with process.stdout as output:
        for line in output:
            word, _, number = line.partition(" ")
            said.append((word, int(number)))
            if len(said) == kills_after:
                process.kill()
    assert process.wait() == (0 if kills_after is None else -9)
    return said
