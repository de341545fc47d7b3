"""A record with a document of 1 GiB: loaded, sent to the other node, filed there and read back, as eight processes on PostgreSQL.

The scanner is a server that speaks the ClamAV daemon's protocol and finds nothing: what a daemon takes to scan a gigabyte is its own.
"""

import asyncio
import hashlib
import secrets
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import httpx2

from bench.exchange import SECTIONS, NotComplete, request_for
from bench.exchange_children import children_of, organisations_of
from bench.exchange_nodes import EightProcesses
from bench.figures import Figure, disk_milliseconds, progress
from node.demo.seats import RECEIVING_DISTRICT
from node.folder import NodeFolder
from safepassage.client import Client, ClientFile
from safepassage.wire_attachments import ATTACHABLE

TITLE = "A package of 1 GiB"

MIB: Final = 1024 * 1024
SIZE: Final = 1024 * MIB
GOAL_MB: Final = 200
PATIENCE_SECONDS: Final = 1800


def run() -> list[Figure]:
    """Measure it once."""
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(_run(Path(name)))


async def _run(folder: Path) -> list[Figure]:
    disk, where = disk_milliseconds(folder), "eight processes, PostgreSQL"
    async with AsyncExitStack() as stack:
        server = await asyncio.start_server(_find_nothing, "127.0.0.1", 0)
        stack.callback(server.close)
        address = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        settings = {"scanner_address": address, "max_attachment_bytes": SIZE, "min_free_disk_bytes": 0}
        progress(f"{where}: starting")
        nodes = await EightProcesses.made_in(folder, stack, records=settings)
        loading, asking = (_client(node, seat) for node, seat in ((nodes.alder, "former-district"), (nodes.birch, "new-district")))
        await stack.enter_async_context(loading)
        await stack.enter_async_context(asking)
        child = next(one for one in children_of(nodes.alder, 20) if _element(one.load.record.elements()))
        student = await loading.load_student(child.load)
        idle, cpu = nodes.most_resident_bytes(), nodes.cpu_seconds()
        started = time.perf_counter()
        digest = await _upload(nodes.alder, loading, student.id, _element(child.load.record.elements()) or "")
        loaded = time.perf_counter()
        progress(f"{where}: loaded in {loaded - started:.0f} s")
        district = organisations_of(nodes.birch)[RECEIVING_DISTRICT]
        request = request_for(child, holder=nodes.alder.file.entity_id, district=district)
        asked = await asking.create_exchange_request(request.model_copy(update={"attachments": True}))
        while (told := await asking.read_exchange_request(asked.id)).state not in ("applied", "rejected"):
            if time.perf_counter() > loaded + PATIENCE_SECONDS:
                raise NotComplete(told.state)
            await asyncio.sleep(0.5)
        filed = time.perf_counter()
        progress(f"{where}: filed in {filed - loaded:.0f} s")
        if told.student_id is None or digest != await _downloaded(nodes.birch, asking, told.student_id):
            raise NotComplete("what arrived is not what was loaded")
        peaks, used = nodes.most_resident_bytes(), nodes.cpu_seconds() - cpu
    most = max(peaks, key=lambda name: peaks[name])
    note = f"{where}; {most}, {idle[most] / 1e6:.0f} MB before; the others: {_megabytes(peaks, without=most)}; fdatasync {disk:.2f} ms"
    return [
        Figure("most memory resident in any process", peaks[most] / 1e6, "MB", f"<= {GOAL_MB}", note),
        Figure("loading it, examined and sealed", loaded - started, "s", "", where),
        Figure("from the request until it was filed at the other node", filed - loaded, "s", "", f"{where}, both nodes on this machine"),
        Figure("CPU of all services, with reading it back", used, "s", "", where),
    ]


def _client(node: NodeFolder, seat: str) -> Client:
    return Client(ClientFile.load(node.path / "clients" / f"{seat}.json"))


def _element(elements: tuple[str, ...]) -> str | None:
    return next((one for one in elements if one in ATTACHABLE and one.partition(".")[0] in SECTIONS), None)


def _megabytes(peaks: dict[str, int], *, without: str) -> str:
    return ", ".join(f"{name} {size / 1e6:.0f}" for name, size in peaks.items() if name != without)


async def _upload(node: NodeFolder, client: Client, student_id: UUID, element: str) -> str:
    """PUT the document as it is made. Gives its SHA-256."""
    digest, block = hashlib.sha256(), secrets.token_bytes(MIB)

    async def content() -> AsyncIterator[bytes]:
        head, tail = b"%PDF-1.7\n1 0 obj << >> endobj\n%", b"\n%%EOF\n"
        for part in (head, *(block for _ in range(SIZE // MIB - 1)), block[: MIB - len(head) - len(tail)], tail):
            digest.update(part)
            yield part

    path = f"/v1/students/{student_id}/attachments/{uuid4()}"
    headers = {**await client.headers_for("PUT", path), "content-type": "application/pdf"}
    async with httpx2.AsyncClient(base_url=_base(node), timeout=PATIENCE_SECONDS) as http:
        answer = await http.put(path, params={"element": element}, content=content(), headers=headers)
    if answer.status_code != 201:
        raise NotComplete(f"not loaded: {answer.status_code} {answer.text}")
    return digest.hexdigest()


async def _downloaded(node: NodeFolder, client: Client, student_id: UUID) -> str:
    """The SHA-256 of what the receiving district reads."""
    [document] = (await client.list_attachments(student_id)).attachments
    path, digest = f"/v1/students/{student_id}/attachments/{document.id}", hashlib.sha256()
    async with (
        httpx2.AsyncClient(base_url=_base(node), timeout=PATIENCE_SECONDS) as http,
        http.stream("GET", path, headers=await client.headers_for("GET", path)) as answer,
    ):
        async for part in answer.aiter_bytes():
            digest.update(part)
    return digest.hexdigest()


def _base(node: NodeFolder) -> str:
    return f"http://{node.file.host}:{node.file.port}"


async def _find_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One INSTREAM of clamd(8): everything is taken, nothing is found."""
    await reader.readuntil(b"\0")
    while length := int.from_bytes(await reader.readexactly(4), "big"):
        await reader.readexactly(length)
    writer.write(b"stream: OK\0")
    await writer.drain()
    writer.close()
