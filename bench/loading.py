"""Loading rosters: one upload of 1,000 students as OneRoster CSV, as Ed-Fi API JSON and as Ed-Fi interchange files, new and unchanged, on
SQLite and PostgreSQL.

The node is in this process and its outbox rests until it is asked, so that the CPU of each stage is told apart; PostgreSQL's own is stated
beside it. Of Ed-Fi JSON bodies are read once it is known who is as before: reading them counts as storing.
"""

import asyncio
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
import psutil

from bench.exchange_nodes import OnPostgresql, cluster
from bench.figures import Figure, as_served
from node.demo.network import new_node, seed_node, trust_each_other
from node.embedded import EmbeddedNode
from node.folder import NodeFolder
from node.synthetic import ALDER, SyntheticStudent, students
from node.synthetic.edfi_writer import write_edfi
from node.synthetic.oneroster_writer import write_oneroster
from safepassage.record.loads import LoadReport
from services.records.formats.edfi_documents import MEDIA_TYPE as EDFI
from services.records.formats.edfi_json import edfi_resources
from services.records.loading_students import as_record
from services.records.rosters import ZIP, parsed
from shared.clock import system_clock
from shared.database import Database
from shared.garbage import without_collection
from shared.in_process import call
from shared.internal_token import HEADER, CallerClaims, InternalTokens
from shared.keys import SigningKey
from shared.migrations import create_schema
from shared.who_may_call import SERVICES
from tests.records.formats.test_edfi_round_trip import schools_of_alder

TITLE = "Loading rosters"

STUDENTS: Final = 1_000
BEFORE: Final = 60
"""Loaded first, so that no figure holds what a process does once."""
GOAL: Final = 3_000


class NotLoaded(RuntimeError):
    """The node did not do what is measured."""


@dataclass(frozen=True)
class Upload:
    """A roster of one format."""

    name: str
    media_type: str
    body: bytes
    students: int


@dataclass(frozen=True)
class Seconds:
    """CPU of this process by stage, and of the database server."""

    parsed: float
    stored: float
    told: float
    server: float


def run() -> list[Figure]:
    """Each format on both engines."""
    figures = []
    for engine in ("SQLite", "PostgreSQL"):
        with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
            figures += asyncio.run(_run(Path(name), engine, stack))
    return figures


async def _run(folder: Path, engine: str, stack: ExitStack) -> list[Figure]:
    now = system_clock()
    alder, server = new_node(folder / "alder", ALDER, port=9, now=now), None
    trust_each_other((alder,), root_file=folder / "root.json", now=now)
    if engine == "PostgreSQL":
        dsn, data = stack.enter_context(cluster())
        alder, server = await _on_postgresql(alder, dsn), psutil.Process(int((Path(data) / "postmaster.pid").read_text().split()[0]))
    await seed_node(alder, ALDER)
    every = list(students(ALDER, as_of=now.date(), count=BEFORE + STUDENTS))
    figures = []
    async with EmbeddedNode(alder).running() as node:
        await _resting(node)
        for make in (_oneroster, _edfi, _interchange):
            first, upload = make(folder, every[:BEFORE]), make(folder, every[BEFORE:])
            for one in (first, first):
                await _measured(node, one, server)
            as_served()
            new = await _measured(node, upload, server, created=upload.students)
            again = await _measured(node, upload, server, unchanged=upload.students)
            figures += [*_figures(f"{upload.name}, {engine}", new), *_figures("  the same again, unchanged", again)]
    return figures


async def _on_postgresql(node: NodeFolder, dsn: str) -> OnPostgresql:
    url = dsn.replace("postgresql://", "postgresql+asyncpg://").rsplit("/", 1)[0] + "/alder"
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE DATABASE alder")
    await connection.close()
    database = Database(url)
    for service in SERVICES:
        await create_schema(database, service)
    await database.close()
    (node.path / "processes.json").write_text(json.dumps({"database": url, "ports": {}}))
    return OnPostgresql(node.path)


async def _resting(node: EmbeddedNode) -> None:
    """Every organisation is known everywhere; from now on what is told waits."""
    for app in node.applications.values():
        for task in app.state.tasks:
            if task.get_coro().__qualname__ == "_send_outbox":
                task.cancel()
    await node.applications["gateway"].state.outbox.drain()


async def _measured(node: EmbeddedNode, upload: Upload, server: psutil.Process | None, **expected: int) -> Seconds:
    records, at_first = node.applications["records"], _cpu_of(server)
    started = time.process_time()
    with without_collection():
        parsed(upload.media_type, upload.body, system_clock().date())
    read = time.process_time()
    report = await _loaded(node, upload)
    stored = time.process_time()
    await records.state.outbox.drain()
    told = time.process_time()
    if not expected.items() <= report.counts.items():
        raise NotLoaded(f"{report.counts} {report.reasons}")
    each = upload.students
    return Seconds(
        (read - started) / each, (stored - read - (read - started)) / each, (told - stored) / each, (_cpu_of(server) - at_first) / each
    )


async def _loaded(node: EmbeddedNode, upload: Upload) -> LoadReport:
    file = node.folder.file
    claims = CallerClaims(
        client_id="bench",
        organisation_id=file.organisation_id,
        organisation_kind="sea",
        role="information-system",
        scopes=frozenset({"records:load"}),
    )
    tokens = InternalTokens("gateway", SigningKey.load(node.folder.keys / "gateway" / "internal.json"), {})
    headers = {"content-type": upload.media_type, "idempotency-key": str(uuid4())}
    headers[HEADER] = tokens.for_caller("records", claims, system_clock())
    answer = await call(node.applications["records"], "POST", "/v1/rosters", headers=headers, body=upload.body)
    if answer.status != 200:
        raise NotLoaded(answer.body.decode())
    return LoadReport.model_validate_json(answer.body)


def _cpu_of(server: psutil.Process | None) -> float:
    if server is None:
        return 0.0
    times = [one.cpu_times() for one in (server, *server.children(recursive=True))]
    return float(sum(one.user + one.system for one in times))


def _figures(name: str, one: Seconds) -> Iterator[Figure]:
    whole = one.parsed + one.stored + one.told
    stages = f"µs of CPU each: {one.parsed * 1e6:.0f} parsing, {one.stored * 1e6:.0f} storing, {one.told * 1e6:.0f} telling"
    server = f"; {one.server * 1e6:.0f} of PostgreSQL's" if one.server else ""
    yield Figure(name, 1 / whole, "students/s per core", f">= {GOAL}", stages + server)


def _oneroster(folder: Path, every: Iterable[SyntheticStudent]) -> Upload:
    those, path = list(every), folder / f"{uuid4()}.zip"
    write_oneroster(path, ALDER, those, as_of=system_clock().date())
    return Upload("OneRoster 1.2 CSV", ZIP, path.read_bytes(), len(those))


def _edfi(_: Path, every: Iterable[SyntheticStudent]) -> Upload:
    those, resources = list(every), defaultdict[str, list[Any]](list)
    for one in those:
        record = as_record(one.load.record, originating_agency="A", source_system="SIS", as_of=one.load.as_of)
        for resource, bodies in edfi_resources(record, student_unique_id=one.source_id)["resources"].items():
            resources[resource] += bodies
    body = json.dumps({"resources": resources | schools_of_alder()}, separators=(",", ":")).encode()
    return Upload("Ed-Fi API JSON", EDFI, body, len(those))


def _interchange(folder: Path, every: Iterable[SyntheticStudent]) -> Upload:
    """Each element is held to the published schema as it is read."""
    those, path = list(every), folder / f"{uuid4()}.zip"
    write_edfi(path, ALDER, those, as_of=system_clock().date())
    return Upload("Ed-Fi 5.2 interchange files", ZIP, path.read_bytes(), len(those))
