"""A large package between processes: both are killed while its chunks travel, only what is missing travels again, and memory stays flat."""

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import psutil
import pytest

from safepassage.wire_attachments import ATTACHABLE
from safepassage.wire_exchange import ExchangeRequest
from services.records.exchange.body_sending import AT_ONCE
from tests.records.attachments.clamd_double import clamd_double
from tests.records.attachments.files import pdf
from tests.records.exchange.requests_for import SECTIONS
from tests.records.exchange.two_processes import Processes, made, two_databases

CHUNKS = 48
DOCUMENT = pdf(b"<< >> %" + b"x" * ((CHUNKS - 1) * 1024 * 1024))
FLAT_BYTES = 96 * 1024 * 1024
"""By how much a node may grow while it takes or sends the document: less than twice its length, of which nothing is needed at once."""
SECONDS = 120


def scanner(stack: ExitStack) -> str:
    """The address of a daemon's double in a thread of its own."""
    address, ready, over = list[str](), threading.Event(), threading.Event()

    async def serve() -> None:
        async with clamd_double() as double:
            address.append(double.address)
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    stack.callback(thread.join)
    stack.callback(over.set)
    ready.wait()
    return address[0]


@pytest.fixture(params=[pytest.param("sqlite", marks=pytest.mark.slow), pytest.param("postgresql", marks=pytest.mark.postgres)])
def nodes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Processes]:
    """Both nodes, running, with a scanner."""
    with ExitStack() as stack:
        made(tmp_path, two_databases(stack) if request.param == "postgresql" else {})
        address = scanner(stack)
        for name in ("alder", "birch"):
            told = tmp_path / name / "test.json"
            told.write_text(json.dumps({**json.loads(told.read_text()), "scanner": address}))
        running = Processes(tmp_path)
        stack.callback(running.stop)
        running.start("alder", "birch")
        running.wait_until_organisations_are_known()
        yield running


def life(nodes: Processes, name: str) -> psutil.Process:
    """The node's process, below its supervisor."""
    [child] = psutil.Process(nodes.processes[name].pid).children()
    return child


def most_bytes(process: psutil.Process) -> int:
    """The most memory that the process ever had resident."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def chunks_taken(nodes: Processes) -> int:
    """How many chunks Birch's door has taken, in all of its lives."""
    lines = nodes.processes["birch"].log_file.read_text().splitlines()
    said = [json.loads(line) for line in lines if line.startswith("{")]
    route = "/v1/peer/bodies/{envelope_id}/chunks/{number}"
    return len([one for one in said if one.get("route") == route and one["service"] == "gateway" and one["status"] == 204])


def kill_when(nodes: Processes, name: str, *, taken: int) -> None:
    """End the node as by a power cut once so many chunks have arrived; its supervisor gives it another life."""
    until = time.monotonic() + SECONDS
    while chunks_taken(nodes) < taken:
        assert time.monotonic() < until, "the chunks do not come"
        time.sleep(0.02)
    victim = life(nodes, name)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait(10)
    nodes.processes[name].wait_until_ready()


def load(nodes: Processes) -> tuple[ExchangeRequest, bytes]:
    """A child's record at Alder with the document, and Birch's request for both."""
    child = next(one for one in nodes._children if any(element in ATTACHABLE for element in one.load.record.elements()))
    element = next(one for one in child.load.record.elements() if one in ATTACHABLE and one.partition(".")[0] in SECTIONS)
    student_id = nodes.client("alder", "former-district").load_student(child.load).id
    nodes.client("alder", "former-district").load_attachment(student_id, DOCUMENT, "application/pdf", element)
    request = nodes._request(child).model_copy(update={"attachments": True})
    return nodes.client("birch", "new-district").create_exchange_request(request), DOCUMENT


@pytest.mark.requirement("EX-large", "EX-kill")
def test_killed_at_both_ends_only_what_is_missing_travels_again_and_memory_stays_flat(nodes: Processes) -> None:
    before = {name: most_bytes(life(nodes, name)) for name in ("alder", "birch")}
    asked, document = load(nodes)
    grown = [most_bytes(life(nodes, "alder")) - before["alder"]]
    kill_when(nodes, "birch", taken=8)
    kill_when(nodes, "alder", taken=24)
    nodes.wait_until_over(asked.id)
    taken = chunks_taken(nodes)
    assert taken + 2 * AT_ONCE >= CHUNKS
    assert taken <= CHUNKS + 2 * AT_ONCE  # those on their way at either death may have been stored, or may have come twice
    told = nodes.client("birch", "new-district").read_exchange_request(asked.id)
    assert isinstance(told.student_id, UUID)
    [listed] = nodes.client("birch", "new-district").list_attachments(told.student_id).attachments
    assert nodes.client("birch", "new-district").read_attachment(told.student_id, listed.id) == document
    grown += [most_bytes(life(nodes, name)) - before[name] for name in ("alder", "birch")]
    assert max(grown) < FLAT_BYTES, [round(one / 2**20) for one in grown]
