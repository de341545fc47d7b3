"""Bringing an export into a folder, as `safepassage export-log` does: it says how far it is, and goes on where it was cut off."""

import asyncio
import json
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx2
import pytest

from safepassage.client.call import Call
from safepassage.client.faces import BlockingClient
from safepassage.client.log_export import export_log
from safepassage.offline.export_folder import verify_export
from safepassage.problems.exports import ExportAltered
from safepassage.wire_exports import NewExport, SignedManifest
from safepassage.wire_log import EntrySearch
from tests.audit.audit_node import AuditNode, event
from tests.audit.exports.test_exports import state_of

pytestmark = pytest.mark.anyio


class CutOff(ConnectionError):
    """The line is dead."""


class AtTheNode:
    """A client that calls audit itself, until its line is cut off."""

    def __init__(self, node: AuditNode, loop: asyncio.AbstractEventLoop, *, calls: int | None = None) -> None:
        self._node, self._loop, self._left = node, loop, calls
        self.asked: list[tuple[str, Any]] = []

    def run(self, call: Call[Any]) -> Any:
        if self._left is not None:
            if not self._left:
                raise CutOff
            self._left -= 1
        body = json.loads(call.body or b"null")
        self.asked.append((call.path, body))
        sending = self._node.send(call.method, call.path, state_of(self._node), body)
        answer = asyncio.run_coroutine_threadsafe(sending, self._loop).result()
        return call.read(httpx2.Response(answer.status, headers=dict(answer.headers), content=answer.body))


async def brought(client: AtTheNode, folder: Path, new: NewExport, told: list[tuple[int, int]] | None = None) -> SignedManifest:
    heard = [] if told is None else told
    return await asyncio.to_thread(
        export_log, cast("BlockingClient", client), folder, new, progress=lambda done, parts: heard.append((done, parts))
    )


async def a_log(node: AuditNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of nine entries, which are three parts, each with its proofs."""
    monkeypatch.setattr("services.audit.exports.plan.PART_ENTRIES", 4)
    await node.append(*[event("request", student=uuid4()) for _ in range(9)])


@pytest.mark.requirement("LOG-EXPORTS")
@pytest.mark.parametrize("calls", range(1, 8))
async def test_wherever_it_is_cut_off_it_goes_on_and_asks_for_nothing_twice(
    node: AuditNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    """One call plans it, six bring it, one signs it; between them the log goes on, and the export stays what was planned."""
    await a_log(node, monkeypatch)
    loop, new, told = asyncio.get_running_loop(), NewExport(search=EntrySearch(), format="jsonl"), list[tuple[int, int]]()
    before, after = AtTheNode(node, loop, calls=calls), AtTheNode(node, loop)
    with pytest.raises(CutOff):
        await brought(before, tmp_path, new)
    await node.append(*[event("request", student=uuid4()) for _ in range(3)])
    signed = await brought(after, tmp_path, new, told)
    parts = [(body["kind"], body["part"]) for path, body in before.asked + after.asked if path.endswith("/parts")]
    assert sorted(parts) == sorted({(kind, part) for kind in ("entries", "proofs") for part in range(3)})
    assert [path.rpartition("/")[2] for path, _ in after.asked].count("exports") == 0
    assert told == [(done, 6) for done in range(1, 7)]
    report = verify_export(tmp_path, keys=[node.verifier(one.log) for one in signed.manifest.plan.ranges])
    assert (report.manifest.entries, report.proven) == (9, 9)


async def test_a_file_that_is_gone_is_brought_again_and_another_search_has_another_folder(
    node: AuditNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_log(node, monkeypatch)
    client = AtTheNode(node, asyncio.get_running_loop())
    first = await brought(client, tmp_path, NewExport(search=EntrySearch(), format="jsonl"))
    (tmp_path / "entries-00001.jsonl").unlink()
    again = await brought(client, tmp_path, NewExport(search=EntrySearch(), format="jsonl"))
    assert again.manifest.parts == first.manifest.parts
    verify_export(tmp_path, keys=[node.verifier(one.log) for one in again.manifest.plan.ranges])
    for other in (NewExport(search=EntrySearch(classes=("read",)), format="jsonl"), NewExport(search=EntrySearch(), format="csv")):
        with pytest.raises(ExportAltered):
            await brought(client, tmp_path, other)
