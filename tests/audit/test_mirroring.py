"""A node keeps another node's log: what it says that it keeps verifies as a whole, and brings back the tiles of a node that is lost."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from safepassage.checkpoints import parse_checkpoint
from safepassage.notes import parse_note
from safepassage.offline.log_folder import LogFolder, tile_path
from safepassage.offline.whole_log import verify_log
from safepassage.tlog_mirror import MirrorInfo, Upload, package, parse_mirror_info
from safepassage.tlog_policy import parse_policy, verify_witnessed
from safepassage.tlog_witness import origin_digest
from services.audit.checkpoints import next_origin
from services.audit.mirroring.keys import create_mirror_keys, mirror_keys
from services.audit.mirroring.routes import MAX_BYTES
from services.audit.mirroring.uploads import Uploads
from services.audit.tiles import width_at
from services.audit.witnessing.door import DoorAnswer, WitnessUnreachable
from shared.in_process import Answer, call
from tests.audit.audit_node import AuditNode
from tests.audit.two_audits import ALDER, BIRCH, ORIGIN, Nodes, findings, grow, publisher, shown
from tests.sdk import rfc9162
from tests.sdk.test_subtrees import subtree_path

pytestmark = pytest.mark.anyio

DIGEST = origin_digest(ORIGIN)


@pytest.fixture
def mirrored(nodes: Nodes) -> Nodes:
    """Birch mirrors; alder has its log mirrored there."""
    folder = nodes.keys[BIRCH] / "audit"
    if mirror_keys(folder, BIRCH) is None:
        create_mirror_keys(folder)
    keys = mirror_keys(folder, BIRCH)
    assert keys is not None
    names = [f"m{key.type}" for key in keys.verifiers]
    lines = [f"witness {name} {key.vkey} https://{BIRCH}/v1/mirror" for name, key in zip(names, keys.verifiers, strict=True)]
    policy = nodes.folder / ALDER / "mirrors.policy"
    policy.write_text("\n".join([*lines, f"group birch all {' '.join(names)}", "quorum birch"]) + "\n")
    nodes.settings[ALDER] |= {"mirror_policy_file": policy, "mirror_seconds": 3600}
    nodes.settings[BIRCH] |= {"mirror_mib": 64}
    return nodes


@asynccontextmanager
async def both(nodes: Nodes, **birch: Any) -> AsyncIterator[tuple[AuditNode, AuditNode]]:
    async with nodes.up(BIRCH, **birch) as other, nodes.up(ALDER) as alder:
        yield alder, other


def uploads(node: AuditNode) -> Uploads:
    found: Uploads = node.app.state.uploads
    return found


async def brought(nodes: Nodes, alder: AuditNode) -> None:
    """The witness learns of the checkpoint, and the mirror gets what belongs to it."""
    nodes.clock.advance(minutes=10)
    await publisher(alder).turn()
    await uploads(alder).turn()


async def get(node: AuditNode, path: str) -> Answer:
    return await node.send("GET", f"/v1/mirror/{DIGEST}/{path}", node.as_caller("audit:operate", kind="sea"))


async def send(node: AuditNode, body: bytes, **headers: str) -> Answer:
    return await call(node.app, "POST", "/v1/mirror/add-entries", headers={"content-length": str(len(body)), **headers}, body=body)


async def mirror_size(node: AuditNode) -> int:
    answer = await get(node, "checkpoint")
    return parse_checkpoint(parse_note(answer.body).text).size if answer.status == 200 else 0


async def copied_to(folder: Path, node: AuditNode) -> Path:
    """What the mirror serves, as a folder of tiles."""
    checkpoint = (await get(node, "checkpoint")).body
    size = parse_checkpoint(parse_note(checkpoint).text).size
    folder.mkdir()  # noqa: ASYNC240 nothing else runs
    (folder / "checkpoint").write_bytes(checkpoint)
    for level in ("entries", 0, 1):
        for n in range(size):
            width = width_at(0 if level == "entries" else int(level), n, size)
            if not width:
                break
            name = tile_path(level, n, width)
            answer = await get(node, name)
            assert answer.status == 200, name
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(answer.body)
    return folder


@pytest.mark.requirement("LOG-mirror")
async def test_what_a_mirror_keeps_verifies_offline_and_is_cosigned(mirrored: Nodes, tmp_path: Path) -> None:
    async with both(mirrored) as (alder, birch):
        await grow(alder, 300)
        await brought(mirrored, alder)
        assert await mirror_size(birch) == 300
        await grow(alder, 250)
        await brought(mirrored, alder)
        await grow(alder, 3)
        await brought(mirrored, alder)
        assert await mirror_size(birch) == 553
        report = verify_log(LogFolder(await copied_to(tmp_path / "copy", birch)), keys=[alder.verifier(ORIGIN)], leaves=True)
        assert (report.size, report.newer) == (553, 0)
        # the log itself shows the mirror's cosignatures, beside the witness's
        policy = parse_policy(Path(mirrored.settings[ALDER]["mirror_policy_file"]).read_bytes())  # noqa: ASYNC240 nothing else runs
        verify_witnessed(await shown(alder), policy=policy, log_keys=[alder.verifier(ORIGIN)])
        assert await findings(alder) == await findings(birch) == {}


@pytest.mark.slow
@pytest.mark.requirement("LOG-mirror")
async def test_a_node_that_is_lost_has_its_tiles_back_from_the_mirror(mirrored: Nodes, tmp_path: Path) -> None:
    async with both(mirrored) as (alder, _):
        await grow(alder, 270)
        await brought(mirrored, alder)
        key = alder.verifier(ORIGIN)
        operator = alder.as_caller("audit:operate", kind="sea")
        ours = {
            name: (await alder.send("GET", f"/v1/log/{name}", operator)).body
            for name in ("tile/entries/000", "tile/0/000", "tile/0/001.p/14", "tile/1/000.p/1", "tile/entries/001.p/14")
        }
    for left in (mirrored.folder / ALDER).glob("audit.db*"):
        left.unlink()
    async with mirrored.up(BIRCH) as birch:
        folder = await copied_to(tmp_path / "copy", birch)
    assert verify_log(LogFolder(folder), keys=[key]).size == 270
    assert {name: (folder / name).read_bytes() for name in ours} == ours


@pytest.mark.slow
@pytest.mark.requirement("LOG-mirror")
async def test_an_upload_that_broke_off_goes_on_where_the_mirror_left_it(mirrored: Nodes, tmp_path: Path) -> None:
    async with both(mirrored) as (alder, birch):
        await grow(alder, 1000)
        await grow(alder, 1000)
        await grow(alder, 400)
        await publisher(alder).turn()
        whole = mirrored.between.post
        kept: list[int] = []

        async def cut(url: str, body: bytes, **more: str) -> Any:
            """The connection breaks within a package, and the mirror is killed before it can answer."""
            if url.endswith("add-entries") and len(kept) < 3:
                answer = await send(birch, body[: len(body) * 2 // 3])
                kept.append(parse_mirror_info(answer.body).next_entry)
                raise WitnessUnreachable("cut")
            return await whole(url, body, **more)

        mirrored.between.post = cut  # type: ignore[method-assign]
        for _ in range(8):
            mirrored.clock.advance(minutes=10)
            await uploads(alder).turn()
        mirrored.between.post = whole  # type: ignore[method-assign]
        assert kept == sorted(kept)
        assert kept[0] > 0
    async with both(mirrored) as (alder, birch):  # nothing of it was in memory alone
        for _ in range(3):
            await brought(mirrored, alder)
        assert await mirror_size(birch) == 2400
        assert verify_log(LogFolder(await copied_to(tmp_path / "copy", birch)), keys=[alder.verifier(ORIGIN)]).size == 2400


@pytest.mark.requirement("LOG-mirror")
async def test_a_compressed_upload_is_kept_as_any_other_and_becomes_no_longer_than_one(mirrored: Nodes) -> None:
    async with both(mirrored) as (alder, birch):
        await grow(alder, 300)
        await publisher(alder).turn()
        sent: list[bytes] = []

        async def compressed(url: str, body: bytes, **more: str) -> Any:
            sent.append(gzip.compress(body))
            answer = await send(birch, sent[-1], **{"content-encoding": "gzip"})
            assert answer.status != 200 or answer.headers["accept-encoding"] == "gzip"
            return DoorAnswer(answer.status, answer.body)

        mirrored.between.post = compressed  # type: ignore[method-assign]
        await uploads(alder).turn()
        assert await mirror_size(birch) == 300
        bomb = gzip.compress(bytes(MAX_BYTES + 1))
        assert len(bomb) < 10_000
        for body, coding, status in (
            (bomb, "gzip", 413),
            (sent[-1][:-1], "gzip", 400),
            (sent[-1] + b"x", "gzip", 400),
            (sent[-1] * 2, "gzip", 400),
            (b"no gzip", "gzip", 400),
            (sent[-1], "br", 415),
            (sent[-1], "gzip, gzip", 415),
        ):
            assert (await send(birch, body, **{"content-encoding": coding})).status == status, (coding, status)


def forged(start: int, end: int, *, entries: list[bytes] | None = None) -> bytes:
    """An upload of entries that were never logged, each package with a path of the tree that they would make."""
    made = [f"forged {n}".encode() for n in range(end)] if entries is None else entries
    upload = Upload(ORIGIN, start, end)
    parts = [package(made[a:b], subtree_path(a - a % 256, b, made)) for a, b in upload.packages()]
    return upload.head() + b"".join(parts)


@pytest.mark.requirement("LOG-mirror")
async def test_what_is_not_of_the_log_is_never_kept(mirrored: Nodes) -> None:
    async with both(mirrored) as (alder, birch):
        assert (await send(birch, forged(0, 5))).status == 422  # there is no checkpoint yet
        await grow(alder, 5)
        await publisher(alder).turn()
        for body, status in {
            forged(0, 5): 422,
            forged(0, 4): 409,
            forged(2, 5): 409,
            Upload("cedar.example/log/2026", 0, 5).head(): 404,
            Upload(f"{BIRCH}/log/2026", 0, 5).head(): 404,
            Upload(ORIGIN, 0, 5).head(): 400,
            forged(0, 5)[:-1]: 400,
            b"": 400,
            Upload(ORIGIN, 5, 4).head(): 400,
            Upload(ORIGIN, 0, 5).head() + b"\0\1": 400,
        }.items():
            answer = await send(birch, body)
            assert answer.status == status, answer.body
        assert await mirror_size(birch) == 0
        assert (await get(birch, "tile/entries/000.p/5")).status == 404
        answer = await send(birch, forged(0, 4))
        assert answer.headers["content-type"] == "text/x.tlog.mirror-info"
        assert (parse_mirror_info(answer.body).size, parse_mirror_info(answer.body).next_entry) == (5, 0)
        assert await findings(birch) == {}  # anybody can send such a thing: it says nothing of the log


@pytest.mark.requirement("LOG-mirror")
async def test_a_ticket_brings_back_an_earlier_checkpoint_and_only_one_that_this_node_has_signed(mirrored: Nodes) -> None:
    async with both(mirrored) as (alder, birch):
        await grow(alder, 5)
        await publisher(alder).turn()
        ticket = parse_mirror_info((await send(birch, forged(0, 4))).body).ticket
        entries = await _entries(alder, 5)
        await grow(alder, 3)
        mirrored.clock.advance(minutes=1)
        await publisher(alder).turn()
        upload = Upload(ORIGIN, 0, 5, ticket)
        whole = package(entries, subtree_path(0, 5, entries))
        bare = "\n".join(line for line in ticket.decode().split("\n") if BIRCH not in line).encode()
        for false in (b"", b"ticket", bare, (await shown(alder)).encode()):
            answer = await send(birch, Upload(ORIGIN, 0, 5, false).head() + whole)
            assert (answer.status, parse_mirror_info(answer.body).size) == (409, 8)
        assert (await send(birch, upload.head() + whole)).status == 200
        assert await mirror_size(birch) == 5
        # once it is ahead, it does not go back
        await uploads(alder).turn()
        assert await mirror_size(birch) == 8
        answer = await send(birch, upload.head() + whole)
        assert answer.status == 409
        assert await mirror_size(birch) == 8


async def _entries(node: AuditNode, size: int) -> list[bytes]:
    from safepassage.bundles import entries_of  # noqa: PLC0415 only here

    answer = await node.send("GET", f"/v1/log/tile/entries/000.p/{size}", node.as_caller("audit:operate", kind="sea"))
    return list(entries_of(answer.body))


@pytest.mark.slow
@pytest.mark.requirement("LOG-mirror")
async def test_a_mirror_keeps_no_more_than_it_has_room_for_and_none_without_keys_or_room(mirrored: Nodes) -> None:
    async with both(mirrored, mirror_mib=1) as (alder, birch):
        for _ in range(4):
            await grow(alder, 1000)
        for _ in range(4):
            await brought(mirrored, alder)
        row = await birch.database.read(lambda connection: list(connection.exec_driver_sql("SELECT bytes, next_entry FROM mirrored_log")))
        assert 0 < row[0][0] <= 2**20
        assert await mirror_size(birch) == 0  # it says nothing of what it does not keep as a whole
        assert await findings(alder) == {}
    async with both(mirrored, mirror_mib=0) as (alder, birch):
        assert (await send(birch, Upload(ORIGIN, 0, 5).head())).status == 404


@pytest.mark.slow
async def test_a_mirror_that_asks_for_what_there_is_not_is_a_finding_and_gets_nothing(mirrored: Nodes) -> None:
    from services.audit.witnessing.door import DoorAnswer  # noqa: PLC0415 only here

    async with both(mirrored) as (alder, _):
        await grow(alder, 5)
        sent: list[bytes] = []

        async def claims(_: str, path: str, body: bytes) -> DoorAnswer | None:
            sent.append(body)
            return DoorAnswer(409, MirrorInfo(7, 6).body()) if path.endswith("add-entries") else None

        mirrored.between.answering[BIRCH] = claims
        await uploads(alder).turn()
        assert set(await findings(alder)) == {"witness-claims-more"}
        assert len(sent) == 1


@pytest.mark.slow
async def test_a_split_view_is_stopped_at_the_mirror_s_witness_with_its_alarm(mirrored: Nodes, sqlite_template: Path) -> None:
    """The mirror stays on the history that it has: of the other one nothing is kept, and both checkpoints are evidence."""
    from tests.audit.audit_node import sqlite_url  # noqa: PLC0415 only here

    second = mirrored.folder / "second"
    mirrored.lose(ALDER, sqlite_template, place=second)
    async with mirrored.up(BIRCH) as birch:
        mirrored.between.down.add(BIRCH)
        async with mirrored.up(ALDER, database_url=sqlite_url(second)) as other, mirrored.up(ALDER) as alder:
            await grow(other, 6)
            await grow(alder, 6)
            mirrored.between.down.clear()
            await brought(mirrored, alder)
            assert await mirror_size(birch) == 6
            before = (await get(birch, "tile/entries/000.p/6")).body
            for address in publisher(other)._rounds.addresses:  # type: ignore[union-attr]
                address.examined, address.due_at = {ORIGIN, next_origin(ORIGIN)}, mirrored.clock()
            await publisher(other).turn()
            assert set(await findings(birch)) == {"peer-log-forked"}
            assert other.sequencer.frozen is not None
            await uploads(other).turn()
            entries = await _entries(other, 6)
            answer = await send(birch, Upload(ORIGIN, 0, 6).head() + package(entries, subtree_path(0, 6, entries)))
            assert answer.status == 422
            assert (await get(birch, "tile/entries/000.p/6")).body == before


async def test_a_copy_is_shown_to_who_may_see_the_log_s_own_tiles_alone(mirrored: Nodes) -> None:
    async with mirrored.up(BIRCH) as birch:
        for path in ("checkpoint", "tile/0/000"):
            assert (await call(birch.app, "GET", f"/v1/mirror/{DIGEST}/{path}", headers={}, body=b"")).status == 401
            assert (await birch.send("GET", f"/v1/mirror/{DIGEST}/{path}", birch.as_caller("audit:search"))).status == 403


def test_the_tree_of_forged_entries_is_a_tree() -> None:
    """The helper makes packages that would be taken for a log with those entries."""
    made = [f"forged {n}".encode() for n in range(5)]
    assert rfc9162.mth(made) != rfc9162.mth(made[:4])
