"""What somebody on the network sees of an exchange, and what is left on the disks of both nodes while one of them dies in the middle of it:
nothing of the child, in any form in which a text may lie there."""

import asyncio
import json
import os
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import make_url

from node.demo.processes import free_port
from safepassage.canonical import to_base64url
from safepassage.packed import PACKED
from safepassage.record.loads import LoadedRecord, NewStudent
from safepassage.wire_exchange import PersonSelector
from services.records.exchange.milestones import Milestone
from tests.records.exchange.recorded_line import RecordedLine
from tests.records.exchange.two_processes import Processes, made, two_databases
from tests.records.test_canaries import forms
from tests.records.whole_record import CANARY, Filler
from tests.stores import execute

MILESTONES: tuple[Milestone, ...] = ("holder after_T1", "holder after_send", "receiver after_T2", "receiver after_open")
"""Where a node is killed, and what it leaves is looked at."""


def hidden_forms(text: str) -> list[bytes]:
    """How a text may lie in a file or go over a line: as `forms`, percent-encoded, and what it alone makes in base64 at each offset."""
    plain = text.encode()
    shifted = [b64encode(b"x" * lead + plain)[-(-8 * lead // 6) : 8 * (lead + len(plain)) // 6] for lead in range(3)]
    return [*forms(text), "".join(f"%{byte:02X}" for byte in plain).encode(), *shifted]


@pytest.fixture(
    scope="module", params=[pytest.param("sqlite", marks=pytest.mark.slow), pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def nodes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Watched"]:
    """Both nodes, running, each behind a recorded line, with a folder of their own for what is temporary."""
    folder = tmp_path_factory.mktemp("watched")
    with ExitStack() as stack:
        made(folder, two_databases(stack) if request.param == "postgresql" else {})
        lines = [stack.enter_context(closing(line_to(folder / name))) for name in ("alder", "birch")]
        temporary = folder / "temporary"
        temporary.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TMPDIR", str(temporary))
            patch.setenv("SQLITE_TMPDIR", str(temporary))
            running = Processes(folder)
            stack.callback(running.stop)
            running.start("alder", "birch")
        running.wait_until_organisations_are_known()
        yield Watched(running, lines, folder, on_postgresql=request.param == "postgresql")


def line_to(folder: Path) -> RecordedLine:
    """The node moves to another port; where it is known, a recorded line listens."""
    file = folder / "node.json"
    told = json.loads(file.read_text())
    known, told["port"] = told["port"], free_port()
    file.write_text(json.dumps(told))
    return RecordedLine(port=known, to=told["port"])


@dataclass
class Watched:
    """Two nodes, and everything that is to be seen from outside them."""

    nodes: Processes
    lines: list[RecordedLine]
    folder: Path
    on_postgresql: bool
    contents: dict[bytes, bytes] = field(default_factory=dict)
    """Each once: from one moment to the next most files stay as they are."""

    def on_disk(self) -> dict[str, bytes]:
        """Every file of both nodes but their keys, what they keep for a moment, what they say, and PostgreSQL's own files and log."""
        places = [self.folder]
        if self.on_postgresql:
            with ThreadPoolExecutor(1) as pool:
                url = os.environ["SAFE_PASSAGE_TEST_POSTGRES"].replace("postgresql://", "postgresql+asyncpg://")  # noqa: TID251 how the script tells the tests
                pool.submit(lambda: asyncio.run(execute(make_url(url), "CHECKPOINT"))).result()
            places.append(Path(os.environ["SAFE_PASSAGE_TEST_POSTGRES_DATA"]))  # noqa: TID251 as above
        held = {}
        for place in places:
            for folder, _, names in os.walk(place):  # which passes over a folder that was there for a moment
                for path in (Path(folder) / name for name in names):
                    try:
                        content = path.read_bytes() if path.is_file() and "keys" not in path.parts else b""
                    except OSError:
                        continue  # as that
                    held[str(path.relative_to(place))] = self.contents.setdefault(content, content)
        return held

    def on_the_lines(self) -> dict[str, bytes]:
        """What the nodes said to each other."""
        flows = [flow for line in self.lines for flow in line.recorded]
        return {f"flow {number}": flow for number, flow in enumerate(flows)}


def whole_child(nodes: Processes, number: int) -> tuple[NewStudent, PersonSelector]:
    """A child with everything filled, at a school of the district that a client may load for, and how a receiving district describes it."""
    document = Filler(number * 100_000).record().document()
    mover = nodes.child().school.key
    document["enrollment"]["enrollments"][0] |= {"school": {"nces_id": mover}, "entry_date": "2026-08-24"}
    del document["enrollment"]["enrollments"][0]["exit_date"]
    del document["identity"]["multiple_birth"]
    sections = {name: part for name, part in document.items() if name not in ("v", "provenance")}
    record = LoadedRecord.model_validate(sections)
    child = NewStudent(source_system="sis", source_id=f"{CANARY}-{number}", as_of=nodes.clock(), record=record)
    name = document["identity"]["name"]
    selector = PersonSelector(
        first_name=name["first"],
        middle_name=name["middle"],
        last_name=f"{name['last_1']} {name['last_2']}",
        birth_date=document["identity"]["birth_date"]["birth_date"],
        former_school_nces_id=mover,
    )
    return child, selector


@pytest.mark.requirement("EX-3")
def test_nothing_of_a_child_is_to_be_seen_on_the_line_or_left_on_a_disk_whenever_a_node_dies(nodes: Watched) -> None:
    running, moments = nodes.nodes, list[dict[str, bytes]]()
    for number, milestone in enumerate(MILESTONES, start=7):
        child, selector = whole_child(running, number)
        running.client("alder", "former-district").load_student(child)
        moments.append(nodes.on_disk())
        name = "alder" if milestone.startswith("holder") else "birch"
        running.die_at(name, milestone)
        asked = running.client("birch", "new-district").create_exchange_request(running.request_for(selector))
        running.wait_for_death(name)
        moments.append(nodes.on_disk())
        running.wait_until_over(asked.id)
        read = running.client("birch", "new-district").read_received_record(asked.id)
        assert read.model_dump_json().count(CANARY) > 50  # it did cross
    flows = nodes.on_the_lines()
    assert sum(flow.count(PACKED.encode()) for flow in flows.values()) >= len(MILESTONES)
    running.stop()
    named = {content: name for moment in (*moments, nodes.on_disk(), flows) for name, content in moment.items()}
    looked_for = hidden_forms(CANARY)
    for content, name in named.items():
        assert not [form for form in looked_for if form in content], name
    assert any(name.endswith("-wal") or "pg_wal" in name for name in moments[0])


def test_what_is_looked_for_would_be_found() -> None:
    for lead in range(3):
        text = b"x" * lead + f"{CANARY}-12".encode()
        for hidden in (text, b64encode(text), to_base64url(text).encode(), text.hex().encode()):
            assert any(form in hidden for form in hidden_forms(CANARY))
