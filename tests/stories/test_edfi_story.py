"""The demo's story with the Ed-Fi sample district as Alder's data: two nodes as two processes, real sockets between them."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from node.demo.chapters.both_logs import both_logs
from node.demo.chapters.consent import consent
from node.demo.chapters.decision import decision
from node.demo.chapters.loading import load, load_synthetic
from node.demo.chapters.refusals import refusals
from node.demo.chapters.tampering import tampering
from node.demo.chapters.transfer import transfer
from node.demo.chapters.vendor import vendor
from node.demo.doors import opened
from node.demo.narration import Narrator
from node.demo.network import new_nodes, seed_node
from node.demo.processes import NodeProcess, free_port
from node.demo.story import Story, tell, trust_list_in
from node.demo.telling import NodeOutage
from node.folder import NodeFolder
from node.synthetic import ALDER, BIRCH
from safepassage.record.loads import LoadReport
from safepassage.record.student_record import StudentRecord
from shared.clock import system_clock
from tests.stories.edfi_district import DISTRICT, SCHOOL, SCHOOL_ID, children_of, seed_district, zipped

SAMPLE = Path(__file__).parents[2].parent / "shared" / "data" / "edfi-sample"
BIRCHS_STUDENTS = 24


@asynccontextmanager
async def two_nodes(folder: Path, package: Path, told: StringIO) -> AsyncIterator[tuple[Story, NodeFolder]]:
    """The Ed-Fi district in Alder, a few fictional students' state in Birch, both running."""
    alder, birch = new_nodes(folder, ports=(free_port(), free_port()))
    await seed_district(alder, package)
    await seed_node(birch, BIRCH)
    processes = {"Alder": NodeProcess(alder), "Birch": NodeProcess(birch)}
    try:
        for process in processes.values():
            process.start()
        for process in processes.values():
            process.wait_until_ready()
        async with AsyncExitStack() as stack:
            yield (
                Story(
                    narrator=Narrator(Console(file=told, width=120)),
                    alder=await stack.enter_async_context(opened(ALDER, alder.path / "clients")),
                    birch=await stack.enter_async_context(opened(BIRCH, birch.path / "clients")),
                    trust_list=trust_list_in(alder.trust_list),
                    as_of=system_clock().date(),
                    students_per_state=BIRCHS_STUDENTS,
                    outages={name: NodeOutage(process, rudely=name == "Birch") for name, process in processes.items()},
                ),
                alder,
            )
    finally:
        for process in processes.values():
            process.stop()


@pytest.mark.requirement("ALL-story")
@pytest.mark.slow
@pytest.mark.skipif(not SAMPLE.is_dir(), reason="needs the Ed-Fi sample files in ../shared/data/edfi-sample")
@pytest.mark.anyio
async def test_the_story_is_true_of_the_ed_fi_sample_district(tmp_path: Path) -> None:
    package, told = zipped(SAMPLE, tmp_path / "district.zip"), StringIO()
    roster = package.read_bytes()
    try:
        async with two_nodes(tmp_path / "network", package, told) as (story, alder):
            await load_synthetic(story, story.birch)
            assert_nobody_is_dropped_or_invented(
                await load(
                    story.alder.client("former-district"),
                    roster,
                    "application/zip",
                    complete=lambda report: "enrollment-not-resolved" not in report.reasons,
                )
            )
            story.loaded = await children_of(story.alder, roster)
            await tell(story, (transfer,))
            assert_the_childs_own_record_came(story, await record_that_came(story))
            await tell(story, (decision, both_logs, vendor, refusals, consent))
            await tampering(story, alder)
            assert story.narrator.verified >= 20
            # To the vendor, the children whose school nobody knows are in no school of the district.
            assert "227 students came, each with scheduled elements and no other" in told.getvalue()
    finally:
        print(told.getvalue())  # noqa: T201 what was told, for whoever reads why it failed
    assert_withdrawn_ciphertext_is_gone(alder)


def assert_nobody_is_dropped_or_invented(report: LoadReport) -> None:
    assert report.counts["students"] == report.counts["created"] + report.counts.get("unchanged", 0) == 960
    assert report.counts["enrollments-derived-from-attendance"] == 227
    kept = {"member-kept": report.counts["kept-beside-the-record"]}
    left = {"of-no-student-alone": 247}  # staff, a contact of nobody, and what is said of incidents and schools
    assert report.reasons == kept | left | {"enrollment-missing": 733, "programme-not-in-the-record": 40}
    assert len([one for one in report.unresolved if one.reason == "enrollment-missing"]) == 733


async def record_that_came(story: Story) -> StudentRecord:
    assert story.transfer is not None
    return await story.birch.client("new-district").read_received_record(story.transfer.id)


def assert_the_childs_own_record_came(story: Story, record: StudentRecord) -> None:
    selector = story.children.mover.selector
    assert record.identity is not None
    assert record.identity.name is not None
    assert record.identity.birth_date is not None
    assert (record.identity.name.first, record.identity.name.last_1) == (selector.first_name, selector.last_name)
    assert record.identity.birth_date.birth_date == selector.birth_date
    assert record.identity.ssn is None
    assert record.contacts is not None
    assert record.contacts.guardians
    assert record.enrollment is not None
    (enrolment,) = record.enrollment.enrollments or ()
    assert (enrolment.school.name, enrolment.school.state_id) == (SCHOOL, SCHOOL_ID)
    assert enrolment.district is not None
    assert enrolment.district.name == DISTRICT
    assert enrolment.derived_from is not None
    assert enrolment.derived_from.code == "school-of-attendance-events"
    assert record.attendance is not None
    assert record.attendance.events


def assert_withdrawn_ciphertext_is_gone(alder: NodeFolder) -> None:
    connection = sqlite3.connect(alder.store("records"))
    try:
        rows = connection.execute("SELECT state, ciphertext FROM outgoing_envelope WHERE problem_code = 'consent-withdrawn'").fetchall()
    finally:
        connection.close()
    assert rows == [("withdrawn", None)]
