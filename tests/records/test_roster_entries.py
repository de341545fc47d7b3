"""A vendor's page: exactly the scheduled elements, as policies permit them for each student, under pseudonyms of the vendor's own."""

import json
from uuid import UUID, uuid4

import pytest

from node.synthetic import SyntheticStudent
from safepassage.elements import BY_ID
from services.records.tables import PseudonymRow
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, OTHER_VENDOR, OneState, problem, some_students

pytestmark = pytest.mark.anyio

STUDENTS = some_students(60)
OURS = [one for one in STUDENTS if one.district.key == DISTRICT]
THEIRS = [one for one in STUDENTS if one.district.key == OTHER_DISTRICT]
SCHEDULE = ("identity.name", "enrollment.enrollments", "academics.current_courses")


async def loaded(state: OneState, *everyone: SyntheticStudent) -> dict[UUID, SyntheticStudent]:
    found = {(await state.district(one.district.key).load(one.load)).id: one for one in everyone}
    await state.tell()
    return found


async def test_exactly_the_scheduled_elements_of_the_agreements_districts_are_given(alder: OneState) -> None:
    ours = await loaded(alder, *OURS[:4])
    await loaded(alder, *THEIRS[:2])
    page = await alder.vendor().page(await alder.agree(SCHEDULE))
    assert len(page.students) == 4
    assert page.not_scheduled == ()
    expected = sorted(one.load.record.document()["identity"]["name"]["last_1"] for one in ours.values())
    assert sorted(entry.document()["identity"]["name"]["last_1"] for entry in page.students) == expected
    for entry in page.students:
        assert entry.elements() == SCHEDULE
        assert entry.student not in ours


async def test_an_agreement_with_several_districts_reaches_the_students_of_each(alder: OneState) -> None:
    await loaded(alder, *OURS[:2], *THEIRS[:2])
    page = await alder.vendor().page(await alder.agree(SCHEDULE, districts=(DISTRICT, OTHER_DISTRICT)))
    assert len(page.students) == 4


async def test_a_pseudonym_is_the_recipients_own_and_stays(alder: OneState) -> None:
    students = await loaded(alder, *OURS[:3])
    mine, other = await alder.agree(SCHEDULE), await alder.agree(SCHEDULE, recipient_id=OTHER_VENDOR)
    first, again = await alder.vendor().page(mine), await alder.vendor().page(mine)
    elsewhere = await alder.vendor(OTHER_VENDOR).page(other)
    assert {e.student for e in first.students} == {e.student for e in again.students}
    assert not {e.student for e in first.students} & {e.student for e in elsewhere.students}
    assert len(await alder.rows(PseudonymRow)) == 2 * len(students)


async def test_pages_follow_one_another_and_the_cursor_tells_nothing(alder: OneState) -> None:
    students = await loaded(alder, *OURS[:5])
    agreement, vendor = await alder.agree(SCHEDULE), alder.vendor()
    seen: list[str] = []
    query = f"agreement_id={agreement}&limit=2"
    for _ in range(3):
        answer = await vendor.send("GET", "/v1/roster-entries", query=query)
        seen += [entry["student"] for entry in json.loads(answer.body)["students"]]
        link = answer.headers.get("link", "")
        query = link.partition("?")[2].partition(">")[0]
        assert not any(str(student).encode() in answer.body + link.encode() or student.hex in link for student in students)
    assert link == ""
    assert len(seen) == len(set(seen)) == 5


async def test_a_cursor_of_another_agreement_or_a_changed_one_is_refused(alder: OneState) -> None:
    await loaded(alder, *OURS[:3])
    agreement, vendor = await alder.agree(SCHEDULE), alder.vendor()
    answer = await vendor.send("GET", "/v1/roster-entries", query=f"agreement_id={agreement}&limit=1")
    cursor = answer.headers["link"].partition("cursor=")[2].partition(">")[0]
    second = await alder.agree(SCHEDULE)
    assert problem(await vendor.send("GET", "/v1/roster-entries", query=f"agreement_id={second}&cursor={cursor}")) == "invalid-request"
    changed = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    assert problem(await vendor.send("GET", "/v1/roster-entries", query=f"agreement_id={agreement}&cursor={changed}")) == "invalid-request"


async def test_what_is_not_scheduled_is_named_alike_for_everybody_and_not_given(alder: OneState) -> None:
    await loaded(alder, *OURS[:2])
    agreement = await alder.agree(SCHEDULE)
    page = await alder.vendor().page(agreement, "elements=identity.name,identity.ssn,programmes.meal_status")
    assert page.not_scheduled == ("identity.ssn", "programmes.meal_status")
    assert [entry.elements() for entry in page.students] == [("identity.name",)] * 2
    nothing = await alder.vendor().page(agreement, "elements=identity.ssn")
    assert (nothing.students, nothing.decision_id) == ((), None)


async def test_what_a_policy_withholds_of_one_student_looks_like_what_is_not_there(alder: OneState) -> None:
    protected = next(one for one in STUDENTS if one.case == "protected-address")
    ordinary = next(one for one in OURS if one.case is None and one.district.key == protected.district.key) if protected in OURS else None
    everyone = [protected, *([ordinary] if ordinary else [one for one in STUDENTS if one.district.key == protected.district.key][:1])]
    await loaded(alder, *{one.index: one for one in everyone}.values())
    agreement = await alder.agree(("identity.name", "contacts.addresses"), districts=(protected.district.key,))
    page = await alder.vendor().page(agreement)
    name = protected.load.record.identity.name if protected.load.record.identity else None
    [entry] = [entry for entry in page.students if entry.identity and entry.identity.name == name]
    assert entry.elements() == ("identity.name",)
    assert entry.contacts is None
    assert "protected" not in entry.model_dump_json()


async def test_a_scheduled_contested_part_comes_with_its_statement_and_no_other_does(alder: OneState) -> None:
    contested = next(one for one in STUDENTS if one.case == "statement-of-disagreement")
    await loaded(alder, contested)
    districts = (contested.district.key,)
    with_it = await alder.vendor().page(await alder.agree(("identity.name", "discipline.incidents"), districts=districts))
    without = await alder.vendor().page(await alder.agree(("identity.name",), districts=districts))
    assert without.students[0].statements == ()
    if with_it.students[0].discipline is not None:
        assert len(with_it.students[0].statements) == 1


async def test_a_page_is_one_entry_on_the_log_before_it_leaves(alder: OneState) -> None:
    students = await loaded(alder, *OURS[:3])
    agreement = await alder.agree(SCHEDULE)
    before = await alder.logged("read")
    page = await alder.vendor().page(agreement)
    [entry] = (await alder.logged("read"))[len(before) :]
    assert set(entry.student_ids) == set(students)
    assert entry.context is not None
    assert entry.context["decision_id"] == str(page.decision_id)
    assert tuple(entry.context["elements"]) == SCHEDULE
    with alder.audit_gone():
        answer = await alder.vendor().send("GET", "/v1/roster-entries", query=f"agreement_id={agreement}")
    assert problem(answer) == "log-unavailable"
    assert b"identity" not in answer.body


async def test_facts_that_privacy_does_not_have_yet_are_pushed_and_it_is_asked_again(alder: OneState) -> None:
    await alder.district().load(OURS[0].load)
    page = await alder.vendor().page(await alder.agree(SCHEDULE))
    assert len(page.students) == 1


async def test_another_vendors_agreement_and_an_unknown_one_look_alike(alder: OneState) -> None:
    agreement = await alder.agree(SCHEDULE)
    foreign = await alder.vendor(OTHER_VENDOR).send("GET", "/v1/roster-entries", query=f"agreement_id={agreement}")
    unknown = await alder.vendor(OTHER_VENDOR).send("GET", "/v1/roster-entries", query=f"agreement_id={uuid4()}")
    assert problem(foreign) == problem(unknown) == "no-such-agreement"


async def test_a_vendor_reads_for_a_purpose_and_others_do_not_read_here(alder: OneState) -> None:
    agreement = await alder.agree(SCHEDULE)
    query = f"agreement_id={agreement}"
    vendor = alder.vendor()
    vendor.claims = vendor.claims.model_copy(update={"details": {}})
    assert problem(await vendor.send("GET", "/v1/roster-entries", query=query)) == "purpose-missing"
    assert problem(await alder.district().send("GET", "/v1/roster-entries", query=query)) == "not-permitted"
    assert problem(await alder.vendor().send("GET", "/v1/roster-entries", query=f"{query}&elements=identity.shoe")) == "invalid-request"
    assert problem(await alder.vendor().send("GET", "/v1/roster-entries", query=f"{query}&limit=1001")) == "invalid-request"


async def test_a_purpose_that_the_agreement_does_not_name_gives_nothing(alder: OneState) -> None:
    await loaded(alder, OURS[0])
    page = await alder.vendor(purpose="assessment").page(await alder.agree(SCHEDULE))
    assert page.students == ()


async def test_every_scheduled_element_may_be_asked_for_at_once(alder: OneState) -> None:
    await loaded(alder, OURS[0])
    page = await alder.vendor().page(await alder.agree(tuple(BY_ID)))
    [entry] = page.students
    assert OURS[0].load.record.programmes is not None
    assert "programmes.meal_status" not in entry.elements()
    assert set(entry.elements()) >= set(SCHEDULE)
