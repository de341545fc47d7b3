"""A vendor's page of 1,000 students × 10 elements, through the public door: token, decision, sealed sections, log entry, SQLite FULL.

The node is one process; the vendor is the SDK's client in this one. Records are of 10 kB from the seeded generator.
"""

import asyncio
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import psutil

from bench.figures import Figure, percentile
from node.demo.network import new_network
from node.demo.processes import NodeProcess, free_port
from node.demo.seats import READING_VENDOR
from node.folder import NodeFolder
from node.synthetic import ALDER, students
from safepassage.client import Client, ClientFile
from safepassage.client.call import fetching
from safepassage.record.loads import RosterPage
from safepassage.wire_organisations import OrganisationPage
from safepassage.wire_policy import Agreement, NewAgreement
from shared.clock import system_clock

TITLE = "A vendor's page"

STUDENTS, RUNS = 1_000, 7
ELEMENTS = (
    "identity.name",
    "identity.birth_date",
    "identity.sex",
    "identity.identifiers",
    "demographics.languages",
    "contacts.emails",
    "enrollment.enrollments",
    "attendance.summary",
    "academics.current_courses",
    "assessments.results",
)


def run() -> list[Figure]:
    """Load, agree, read the same page several times."""
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(_run(Path(name)))


async def _run(folder: Path) -> list[Figure]:
    alder, _ = await new_network(folder, ports=(free_port(), free_port()))
    process = NodeProcess(alder).start().wait_until_ready()
    try:
        loading = await _load(alder)
        agreement = await _agree(alder)
        milliseconds, cpu, first = await _read(alder, agreement, psutil.Process(process.pid))
    finally:
        process.stop()
    return [
        Figure(
            "page of 1,000 students × 10 elements, p50", percentile(milliseconds, 50), "ms", "<= 500", f"{RUNS} pages, until the last byte"
        ),
        Figure("the slowest of them", max(milliseconds), "ms", ""),
        Figure("the first page", first, "ms", "", "waits for the facts of the roster, makes the pseudonyms"),
        Figure("CPU of the node for a page", cpu, "s", ""),
        Figure("roster of 10 kB records, loaded", STUDENTS / loading, "students/s", "", "JSON lines, one upload"),
    ]


def _client(node: NodeFolder, name: str) -> Client:
    return Client(ClientFile.load(node.path / "clients" / f"{name}.json"))


async def _load(node: NodeFolder) -> float:
    """Seconds for a roster of STUDENTS."""
    everyone = students(ALDER, as_of=system_clock().date(), count=STUDENTS, size_bytes=10_000)
    roster = "\n".join(one.load.model_dump_json(exclude_none=True) for one in everyone).encode()
    async with _client(node, "state-agency") as client:
        started = time.perf_counter()
        report = await client.load_roster(roster, "application/x-ndjson")
    if report.counts.get("created") != STUDENTS:
        raise RuntimeError(f"not every student was loaded: {report.counts} {report.reasons}")
    return time.perf_counter() - started


async def _agree(node: NodeFolder) -> Agreement:
    today: date = system_clock().date()
    async with _client(node, "state-agency") as client:
        everything: OrganisationPage = (await client.list_organisations(limit=1000)).content
        new = NewAgreement(
            kind="contractor",
            recipient_id=next(one.id for one in everything.organisations if one.name == READING_VENDOR.organisation),
            district_ids=tuple(one.id for one in everything.organisations if one.kind == "lea"),
            document="A" * 43,
            signed_on=today - timedelta(days=2),
            starts_on=today - timedelta(days=1),
            ends_on=today + timedelta(days=300),
            elements=ELEMENTS,
            purposes=("instruction",),
            institutional_service="section 2",
            direct_control="section 3",
            redisclosure_limits="section 4",
            legitimate_interest="annual notice",
            destruction="section 9",
            security="section 7",
            breach_notice="section 8",
        )
        return await client.record_agreement(new)


async def _read(node: NodeFolder, agreement: Agreement, process: psutil.Process) -> tuple[list[float], float, float]:
    """Milliseconds of each page, CPU seconds of the node for one, and milliseconds of the very first."""
    query = {"agreement_id": agreement.id, "elements": ",".join(ELEMENTS), "limit": STUDENTS}
    call = fetching("/v1/roster-entries", accept="application/json", query=query)
    async with _client(node, READING_VENDOR.name) as client:
        milliseconds, seconds = [], []
        for _ in range(RUNS + 1):
            before, started = process.cpu_times(), time.perf_counter()
            answer = await client.run(call)
            milliseconds.append((time.perf_counter() - started) * 1000)
            after = process.cpu_times()
            seconds.append(after.user + after.system - before.user - before.system)
            page = RosterPage.model_validate_json(answer)
            if len(page.students) != STUDENTS or not all(set(entry.elements()) <= set(ELEMENTS) for entry in page.students):
                raise RuntimeError("the page is not what was asked for")
    return milliseconds[1:], percentile(seconds[1:], 50), milliseconds[0]
