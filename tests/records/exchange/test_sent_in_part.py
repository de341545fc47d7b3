"""What a node has in part of a record of a later version it sends on as a part, and whoever is given it there reads that it is one."""

import json
from uuid import UUID

import pytest

from safepassage.client.exchange_calls import read_exchange
from safepassage.unread import Unread
from services.records.reading import document_at
from services.records.record_sources import SENT_IN_PART, UNREAD
from services.records.tables import OWN, SectionRow, StudentRow
from services.records.unread_parts import part_unread
from tests.records.exchange.other_claimants import notices
from tests.records.exchange.test_later_peers import CANARY, answered
from tests.records.exchange.two_states import Case, State, TwoStates

pytestmark = pytest.mark.anyio

LATER = "programmes.bright_futures"
ADDRESSES = "contacts.addresses"
SECTIONS = ("identity", "contacts", "enrollment")
IN_PART = Unread(
    (LATER,),
    ("identity.name", ADDRESSES),
    json.dumps(
        {"programmes": {"bright_futures": CANARY}, "identity": {"name": {"spoken_as": CANARY}}, "contacts": {"addresses": []}}
    ).encode(),
)


async def keeps(state: State, student_id: UUID, unread: Unread, *, source: str = OWN) -> None:
    """The node has the record's sections as it could read them, from a node of a later version."""
    async with state.exchange.database.transaction() as tx:
        student = await tx.get(StudentRow, student_id)
        assert student is not None
        key = state.exchange.vault.data_key(student_id, student.wrapped_key)
        for part in part_unread(unread, source=source, version=student.version):
            sealed = key.seal(part.encoded(), section=part.section, source=part.source, version=part.version)
            tx.add(SectionRow(student_id=student_id, section=part.section, source=part.source, version=part.version, sealed=sealed))


async def went_on(states: TwoStates, *, sections: tuple[str, ...] = SECTIONS) -> Case:
    child = states.child()
    before = {row.id for row in await states.alder.rows(StudentRow)}
    await states.alder.load(child)
    [student_id] = {row.id for row in await states.alder.rows(StudentRow)} - before
    await keeps(states.alder, student_id, IN_PART)
    case = await states.ask(child.selector, sections=sections)
    await states.settle()
    assert (await case.told()).state == "applied"
    return case


async def parts(states: TwoStates, case: Case, name: str) -> list[SectionRow]:
    return [row for row in await states.birch.rows(SectionRow) if row.section == name and row.source == str(case.id)]


@pytest.mark.requirement("UPGRADE-onward")
async def test_who_is_given_the_record_at_the_next_node_reads_what_of_it_is_a_part(states: TwoStates) -> None:
    case = await went_on(states)
    for form in ("own", "edfi", "sif"):
        unread, content = await answered(states, case, form)
        assert unread == f"{ADDRESSES}, identity.name"
        assert CANARY.encode() not in content
        assert b"read_in_part" not in content
        if form == "edfi":
            assert {ADDRESSES, "identity.name"} <= set(json.loads(content)["not_expressed"])
    student_id = (await case.asked()).student_id
    assert student_id is not None
    exchange = states.birch.exchange
    held = await exchange.read(lambda connection: document_at(connection, exchange.vault, student_id, sections=SECTIONS))
    assert held.in_part == {"identity.name", ADDRESSES}  # so that it says so in each of its forms, and where it sends it on


@pytest.mark.requirement("UPGRADE-onward")
async def test_nobody_waits_for_a_version_that_reads_more_of_it(states: TwoStates) -> None:
    """The next node knows all that came: it keeps nothing unread, tells nobody that it does, and the record is collected."""
    case = await went_on(states)
    assert await parts(states, case, UNREAD) == []
    assert len(await parts(states, case, SENT_IN_PART)) == 1
    assert await notices(states.birch, "new-district", case) == {}
    async with states.birch.client("state-agency") as agency:
        assert not (await agency.run(read_exchange(case.id))).read_in_part
    await answered(states, case, "own")
    assert (await case.asked()).collected_at is not None


async def test_what_is_not_released_is_not_marked_and_of_a_whole_record_nothing_is(states: TwoStates) -> None:
    case = await went_on(states, sections=("identity",))
    assert (await answered(states, case, "own"))[0] == "identity.name"
    child = states.child()
    await states.alder.load(child)
    whole = await states.ask(child.selector, sections=SECTIONS)
    await states.settle()
    assert (await answered(states, whole, "own"))[0] is None


@pytest.mark.requirement("UPGRADE-onward")
async def test_a_node_from_before_the_mark_files_the_record_and_says_that_it_is_not_whole(
    states: TwoStates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safepassage.unread.without_marks", lambda document: set())
    case = await went_on(states)
    assert (await answered(states, case, "own"))[0] == f"{ADDRESSES}, identity.name"
    [told] = (await notices(states.birch, "new-district", case)).values()
    assert (told.state, told.unread_elements) == ("delivered", (ADDRESSES, "identity.name"))
