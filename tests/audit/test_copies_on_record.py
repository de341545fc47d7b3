"""What is kept of a copy for a district: who may list it, in which pages, what the log has of it, and when it was handed over."""

import json
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, update

from safepassage.wire_log import DisclosureCopy
from services.audit.disclosures import copies
from services.audit.tables import DisclosureCopyRow, SubjectKeyRow
from shared.contracts.audit import Actor
from tests.audit.audit_node import ELM, OAK, STATE, AuditNode, disclosure, give_organisations
from tests.audit.test_disclosure_copies import district, listed, read, redisclose, state
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

LIST = "/v1/disclosure-copies"


async def made(node: AuditNode, clock: StandingClock, *students: UUID) -> tuple[DisclosureCopy, ...]:
    """The copies of a district, the newest first."""
    await give_organisations(node)
    await redisclose(node, *(students or (uuid4(),)))
    clock.advance(days=8)
    await copies.make_due(node.app, now=clock())
    return await listed(node, district(node))


async def test_the_oldest_disclosures_are_in_the_first_of_several_copies(
    node: AuditNode, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "MOST_OF_A_COPY", 2)
    students = [uuid4() for _ in range(5)]
    for one in students:
        await redisclose(node, one)
        clock.advance(hours=1)
    whole = [await read(node, one, district(node)) for one in await made(node, clock)]
    in_time = sorted(whole, key=lambda one: one.copy_.first_at)
    assert [student for copy in in_time for one in copy.disclosures for student in one.student_ids][:5] == students
    assert [one.copy_.entries for one in in_time] == [2, 2, 2]


async def test_copies_come_in_pages_that_are_ones_own(node: AuditNode, clock: StandingClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "MOST_OF_A_COPY", 1)
    whole = await made(node, clock, *(uuid4() for _ in range(5)))
    await read(node, whole[0], district(node))
    for asked, expected in (("ungiven=false", whole), ("ungiven=true", whole[1:])):
        query, seen = f"{asked}&limit=2", list[UUID]()
        while query:
            answer = await node.send("GET", LIST, district(node), query=query)
            seen += [UUID(one["id"]) for one in json.loads(answer.body)["copies"]]
            following = urlsplit(answer.headers.get("link", "").partition(">")[0][1:]).query
            if following:
                assert (await node.send("GET", LIST, state(node), query=following)).status == 422
                other = following.replace("ungiven=true", "ungiven=x").replace("ungiven=false", "ungiven=true").replace("=x", "=false")
                assert (await node.send("GET", LIST, district(node), query=other)).status == 422
            query = following
        assert seen == [one.id for one in expected]


async def test_the_log_has_of_a_copy_whose_it_is_and_how_many_it_tells_of(node: AuditNode, clock: StandingClock) -> None:
    (copy,) = await made(node, clock, uuid4(), uuid4())
    await read(node, copy, district(node))
    await node.app.state.projector.catch_up()
    for organisation, expected in ((OAK, ["given", "made"]), (ELM, [])):
        headers = node.as_caller("audit:search", organisation=organisation)
        answer = await node.send("POST", "/v1/log/searches", headers, {"operations": ["disclosure-copy"], "classes": ["export"]})
        told = [one["context"] for one in json.loads(answer.body)["entries"]]
        assert [one["outcome"] for one in told] == expected
        assert all(
            (one["count"], one["recipient_organisation"], one["about"]) == (2, str(OAK), f"disclosure-copy:{copy.id}") for one in told
        )


async def test_who_handed_a_copy_over_says_when_not_before_it_was_made_and_not_in_advance(node: AuditNode, clock: StandingClock) -> None:
    (copy,) = await made(node, clock)
    path, when = f"{LIST}/{copy.id}/delivery", clock() + timedelta(hours=3)
    clock.advance(days=2)
    for wrong in (copy.made_at - timedelta(seconds=1), clock() + timedelta(seconds=1)):
        body = {"handed_over_at": wrong.isoformat(), "evidence_ref": "letter-17"}
        answer = await node.send("POST", path, state(node), body)
        assert (answer.status, json.loads(answer.body)["field"]) == (422, "handed_over_at")
    answer = await node.send("POST", path, state(node), {"handed_over_at": when.isoformat(), "evidence_ref": "letter-17"})
    given = DisclosureCopy.model_validate_json(answer.body)
    assert (given.given_at, given.given_to, given.state) == (when, "letter-17", "given")


async def test_a_copy_says_how_many_of_its_entries_cannot_be_opened_any_more(node: AuditNode, clock: StandingClock) -> None:
    gone, kept = uuid4(), uuid4()
    (copy,) = await made(node, clock, gone, kept)
    async with node.database.transaction() as tx:
        await tx.execute(delete(SubjectKeyRow).where(SubjectKeyRow.key_id.in_(await node.app.state.keys.tags(tx, str(gone)))))
    node.app.state.keys.forget()
    content = await read(node, copy, district(node))
    assert ([one.student_ids for one in content.disclosures], content.closed) == ([(kept,)], 1)


async def test_reading_an_accounting_is_an_entry_about_the_student(node: AuditNode) -> None:
    student = uuid4()
    await node.append(disclosure(node, student))
    path = f"/v1/students/{student}/disclosure-accounting"
    assert (await node.send("GET", path, node.as_caller("audit:accounting"))).status == 200
    headers = node.as_caller("audit:search", kind="sea", organisation=STATE, purpose="audit-evaluation")
    answer = await node.send("POST", "/v1/log/searches", headers, {"student_id": str(student)})
    operations = [one["context"]["operation"] for one in json.loads(answer.body)["entries"]]
    assert operations == ["disclosure-accounting", "exchange"]


async def test_pages_of_an_accounting_go_on_as_they_were_asked_for_and_for_who_asked(node: AuditNode) -> None:
    student, other = uuid4(), uuid4()
    await node.append(*[disclosure(node, one) for one in (student, student, student, other, other)])
    caller = node.as_caller("audit:accounting", client="sis")

    async def page(of: UUID, query: str, headers: dict[str, str] = caller) -> tuple[int, list[int], str]:
        answer = await node.send("GET", f"/v1/students/{of}/disclosure-accounting", headers, query=query)
        indices = [one["index"] for one in json.loads(answer.body).get("entries", ())]
        return answer.status, indices, urlsplit(answer.headers.get("link", "").partition(">")[0][1:]).query

    for sort, expected in (("-logged_at", [2, 1, 0]), ("logged_at", [0, 1, 2])):
        status, first, following = await page(student, f"limit=2&sort={sort}")
        assert (status, first) == (200, expected[:2])
        assert (await page(student, following))[:2] == (200, expected[2:])
        assert (await page(other, following))[0] == 422
        assert (await page(student, following, node.as_caller("audit:accounting", client="another")))[0] == 422
        assert (await page(student, following.replace("recordable_only=false", "recordable_only=true")))[0] == 422
        turned = following.replace(f"sort={sort}", f"sort={'logged_at' if sort.startswith('-') else '-logged_at'}")
        assert (await page(student, turned))[0] == 422


async def test_the_table_is_in_the_order_that_was_asked_for(node: AuditNode) -> None:
    student = uuid4()
    await node.append(*[disclosure(node, student) for _ in range(3)])
    for query, expected in (("", [2, 1, 0]), ("sort=logged_at&", [0, 1, 2])):
        path = f"/v1/students/{student}/disclosure-accounting/table"
        answer = await node.send("GET", path, node.as_caller("audit:accounting"), query=f"{query}form=json")
        assert [one["index"] for one in json.loads(answer.body)] == expected


async def test_who_gives_what_another_has_given_changes_nothing_and_what_is_not_logged_yet_is_absent(
    node: AuditNode, clock: StandingClock
) -> None:
    (copy,) = await made(node, clock)
    async with node.database.reading() as tx:
        row = await tx.get_one(DisclosureCopyRow, copy.id)
    await copies.give(node.app, row, copies.JOB, to="the first", at=clock())
    await copies.give(node.app, row, Actor(kind="client", client_id="another"), to="the second", at=clock())
    assert [one.given_to for one in await listed(node, district(node))] == ["the first"]
    async with node.database.transaction() as tx:
        await tx.execute(update(DisclosureCopyRow).values(logged=False))
    assert (await node.send("GET", f"{LIST}/{copy.id}", state(node))).status == 404
