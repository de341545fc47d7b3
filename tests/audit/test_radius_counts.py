"""A blast radius of many entries is counted while its asker looks how far it is; what it found is theirs alone, for an hour."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, update

from safepassage.canonical import digest_of
from safepassage.wire_log_radius import BlastRadius, BlastRadiusCount
from services.audit import radius_counts, radius_parts
from services.audit.measured_radius import measured
from services.audit.radius_counts import AT_ONCE, GIVEN_UP_AFTER, KEPT, Place, RadiusCounts, _Progress
from services.audit.search_log import record_search
from services.audit.tables import RadiusCountPartRow, RadiusCountRow
from shared.contracts.radius_students import CountedStudents
from shared.in_process import Answer
from tests.audit.audit_node import OAK, STATE, VENDOR, AuditNode
from tests.audit.test_blast_radius import a_theft, asked, radius, state

pytestmark = pytest.mark.anyio

PATH = "/v1/log/blast-radius/counts"


async def begin(node: AuditNode, count: object, *, wait: int = 5, headers: dict[str, str] | None = None, **about: Any) -> Answer:
    question = asked(node, **(about or {"client_id": "stolen"}))
    return await node.send("PUT", f"{PATH}/{count}", headers or state(node), question, query=f"wait={wait}")


async def read(node: AuditNode, count: object, headers: dict[str, str] | None = None) -> Answer:
    return await node.send("GET", f"{PATH}/{count}", headers or state(node))


def counted(answer: Answer) -> BlastRadiusCount:
    assert answer.status == 200, answer.body
    return BlastRadiusCount.model_validate_json(answer.body)


async def searches(node: AuditNode) -> int:
    """How often it is in the log that somebody looked."""
    return len(await counts_of(node))


async def counts_of(node: AuditNode) -> list[str | None]:
    """What the log's entries are about that say that a blast radius was counted."""
    answer = await node.send("POST", "/v1/log/searches", state(node), {"classes": ["search"]})
    contexts = [one["context"] for one in json.loads(answer.body)["entries"]]
    return [one.get("about") for one in contexts if one["operation"] == "blast-radius"]


async def test_a_count_finds_what_the_question_finds_and_is_logged_once_however_often_it_is_read(node: AuditNode) -> None:
    await a_theft(node)
    at_once = await radius(node, state(node), client_id="stolen")
    count = uuid4()
    first = counted(await begin(node, count))
    assert first.found is not None
    assert first.found.model_dump(exclude={"checkpoint"}) == at_once.model_dump(exclude={"checkpoint"})
    assert first.looked_at == first.of > 0
    before = await searches(node)
    assert counted(await read(node, count)) == counted(await begin(node, count)) == first
    assert await searches(node) == before == 2
    assert set(await counts_of(node)) == {None, f"radius-count:{count}"}, "a duty that rests on it names it"


async def test_the_answer_comes_before_the_end_where_nobody_waits_and_then_the_end_is_there(node: AuditNode) -> None:
    await a_theft(node)
    count = uuid4()
    begun = counted(await begin(node, count, wait=0))
    assert begun.found is None
    waited = await node.send("GET", f"{PATH}/{count}", state(node), query="wait=5")
    assert counted(waited).found is not None


@pytest.mark.requirement("BAD-foreign")
async def test_nobody_else_has_a_count_under_that_id(node: AuditNode) -> None:
    await a_theft(node)
    count = uuid4()
    await begin(node, count)
    others = [
        node.as_caller("audit:search", kind="lea", organisation=OAK),
        node.as_caller("audit:search", kind="sea", organisation=STATE, purpose="breach-response", client="another"),
        node.as_caller("audit:search", kind="sea", organisation=STATE, purpose="breach-response", person=digest_of(b"somebody")),
    ]
    for headers in others:
        foreign, absent = await read(node, count, headers), await read(node, uuid4(), headers)
        assert (foreign.status, json.loads(foreign.body)["code"]) == (404, "no-such-count")
        assert json.loads(foreign.body) | {"request_id": ""} == json.loads(absent.body) | {"request_id": ""}
    # Under the same id it is a count of their own, of what they may see.
    own = counted(await begin(node, count, headers=others[0]))
    assert own.found is not None
    assert own.found.students == 2
    assert [one.organisation_id for one in own.found.custodians] == [OAK]
    vendor = node.as_caller("audit:search", kind="vendor", organisation=VENDOR)
    assert (await read(node, count, vendor)).status == (await begin(node, count, headers=vendor)).status == 403


async def test_an_id_is_of_one_question(node: AuditNode) -> None:
    await a_theft(node)
    count = uuid4()
    await begin(node, count)
    other = await begin(node, count, client_id="honest")
    assert (other.status, json.loads(other.body)["code"]) == (409, "count-id-reused")


async def test_after_an_hour_it_is_gone_and_its_row_with_the_next(node: AuditNode) -> None:
    await a_theft(node)
    count, question = uuid4(), asked(node, client_id="stolen")
    assert counted(await begin(node, count)).found is not None
    node.clock.advance(seconds=KEPT.total_seconds() - 1)  # type: ignore[attr-defined]  # the standing clock of the tests
    assert (await read(node, count)).status == 200
    node.clock.advance(seconds=1)  # type: ignore[attr-defined]  # the standing clock of the tests
    assert (await read(node, count)).status == 404
    await node.send("PUT", f"{PATH}/{uuid4()}", state(node), question, query="wait=5")
    async with node.database.reading() as tx:
        assert count not in list(await tx.scalars(select(RadiusCountRow.id)))
        assert count not in list(await tx.scalars(select(RadiusCountPartRow.id)))


async def test_what_a_process_left_when_it_ended_is_said_to_be_gone_and_is_counted_by_who_is_asked_again(node: AuditNode) -> None:
    await a_theft(node)
    count = uuid4()
    await begin(node, count)
    async with node.database.transaction() as tx:
        await tx.execute(update(RadiusCountRow).values(sealed=None))  # as it was before the end
    assert counted(await begin(node, count)).found is None  # somebody may still be counting it
    node.clock.advance(seconds=GIVEN_UP_AFTER.total_seconds())  # type: ignore[attr-defined]  # the standing clock of the tests
    assert json.loads((await read(node, count)).body)["code"] == "no-such-count"
    assert json.loads((await begin(node, count, client_id="honest")).body)["code"] == "count-id-reused"
    async with node.database.reading() as tx:
        begun_at = await tx.scalar(select(RadiusCountRow.begun_at))
    again = await node.send("PUT", f"{PATH}/{count}", state(node), await _same_question(node, begun_at), query="wait=5")
    assert counted(again).found is not None


async def _same_question(node: AuditNode, begun_at: Any) -> dict[str, Any]:
    """As `asked` made it then."""
    return {
        "client_id": "stolen",
        "touched_from": (begun_at - timedelta(hours=9)).isoformat(),
        "touched_until": (begun_at + timedelta(hours=1)).isoformat(),
    }


async def test_where_the_log_takes_no_entry_nothing_is_counted_nor_told(node: AuditNode) -> None:
    await a_theft(node)
    node.sequencer.frozen = "a test"
    refused = await begin(node, uuid4())
    assert (refused.status, json.loads(refused.body)["code"]) == (503, "log-frozen")
    async with node.database.reading() as tx:
        assert list(await tx.scalars(select(RadiusCountRow))) == []


async def test_where_the_log_stops_while_it_is_counted_nobody_reads_what_was_found(
    node: AuditNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_theft(node)

    async def counted_too_late(*of: Any, **more: Any) -> BlastRadius:
        found = await measured(*of, **more)
        node.sequencer.frozen = "a test"
        return found

    monkeypatch.setattr(radius_counts, "measured", counted_too_late)
    count = uuid4()
    assert json.loads((await begin(node, count)).body)["code"] == "no-such-count"
    assert json.loads((await read(node, count)).body)["code"] == "no-such-count"


async def test_until_the_log_has_who_asked_nobody_reads_what_was_found(node: AuditNode, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_theft(node)
    count, read_before = uuid4(), list[Answer]()

    async def looked_at_first(*of: Any, **more: Any) -> None:
        read_before.append(await read(node, count))
        await record_search(*of, **more)

    monkeypatch.setattr(radius_counts, "record_search", looked_at_first)
    assert counted(await begin(node, count)).found is not None
    assert [counted(one).found for one in read_before] == [None]


async def test_what_is_kept_is_sealed_and_names_nobody(node: AuditNode) -> None:
    who = await a_theft(node)
    await begin(node, uuid4(), client_id="stolen")
    async with node.database.reading() as tx:
        row = (await tx.scalars(select(RadiusCountRow))).one()
        parts = list(await tx.scalars(select(RadiusCountPartRow)))
    kept = b"".join((row.owner, row.asked, row.sealed or b"", *(part.sealed for part in parts)))
    assert row.sealed
    assert parts
    assert not [one for one in who.values() if one.bytes in kept]
    for word in (b"stolen", b"identity.name", str(OAK).encode(), *(str(one).encode() for one in who.values())):
        assert word not in kept


async def test_more_than_a_few_at_once_are_not_begun(node: AuditNode, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_theft(node)
    forever = asyncio.Event()

    async def never(*_: object, **__: object) -> None:
        await forever.wait()

    monkeypatch.setattr(radius_counts, "measured", never)
    counts = [uuid4() for _ in range(AT_ONCE)]
    for count in counts:
        assert counted(await begin(node, count, wait=0)).found is None
    one_more = await begin(node, uuid4(), wait=0)
    assert (one_more.status, json.loads(one_more.body)["code"]) == (503, "temporarily-unavailable")
    assert (await begin(node, counts[0], wait=0)).status == 200  # it is under way already


def through_records(node: AuditNode, **of: Any) -> dict[str, str]:
    """Records asks for who counted."""
    return node.as_caller(
        "audit:search", **{"kind": "sea", "organisation": STATE, "purpose": "breach-response", "through": "records", **of}
    )


async def students(node: AuditNode, count: object, part: int, headers: dict[str, str]) -> Answer:
    return await node.send("GET", f"/internal/radius-counts/{count}/students", headers, query=f"part={part}")


async def test_records_is_told_whom_it_found_part_by_part_and_who_is_not_seen_is_in_none(
    node: AuditNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (radius_counts, radius_parts):
        monkeypatch.setattr(module, "AT_ONCE_IN_A_PART", 2)
    await a_theft(node)
    for headers, asked_by in (
        (state(node), through_records(node)),
        (node.as_caller("audit:search", organisation=OAK), through_records(node, kind="lea", organisation=OAK, purpose=None)),
    ):
        count = uuid4()
        found = counted(await begin(node, count, headers=headers)).found
        assert found is not None
        told: list[Any] = []
        for part in range(-(-found.students // 2) + 1):
            answer = CountedStudents.model_validate_json((await students(node, count, part, asked_by)).body)
            assert (answer.of, answer.parts) == (found.students, -(-found.students // 2))
            told += answer.students
        listed = await node.send("POST", "/v1/log/blast-radius/rows", headers, asked(node, client_id="stolen"))
        assert sorted(told) == sorted({UUID(row["student_id"]) for row in json.loads(listed.body)["rows"]})
        assert len(told) == found.students > 1


async def test_whom_it_found_is_told_to_records_alone_and_for_who_counted(node: AuditNode) -> None:
    await a_theft(node)
    count = uuid4()
    await begin(node, count)
    assert (await students(node, count, 0, through_records(node))).status == 200
    for headers, status in (
        (state(node), 403),
        (node.as_job("records"), 403),
        (through_records(node, through="privacy"), 403),
        (through_records(node, client="another"), 404),
        (through_records(node, person=digest_of(b"somebody")), 404),
        (through_records(node, kind="lea", organisation=OAK), 404),
        (through_records(node, kind="vendor", organisation=VENDOR), 403),
        (node.as_caller("records:residence", kind="sea", organisation=STATE, purpose="breach-response", through="records"), 403),
    ):
        assert (await students(node, count, 0, headers)).status == status, headers
    node.clock.advance(seconds=KEPT.total_seconds())  # type: ignore[attr-defined]  # the standing clock of the tests
    assert (await students(node, count, 0, through_records(node))).status == 404


async def test_while_it_is_counted_nobody_is_told_whom_it_found(node: AuditNode, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_theft(node)

    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(radius_counts, "measured", never)
    count = uuid4()
    await begin(node, count, wait=0)
    assert (await students(node, count, 0, through_records(node))).status == 503


async def test_two_who_counted_the_same_both_keep_it_and_one_of_them_is_read(node: AuditNode) -> None:
    await a_theft(node)
    count = uuid4()
    found = counted(await begin(node, count)).found
    assert found is not None
    counts: RadiusCounts = node.app.state.radius_counts
    async with node.database.reading() as tx:
        row = (await tx.scalars(select(RadiusCountRow))).one()
    place, whom = Place(row.owner, row.id), [uuid4() for _ in range(found.students)]
    await asyncio.gather(*(counts._keep(place, found, whom, _Progress()) for _ in range(4)))
    told = CountedStudents.model_validate_json((await students(node, count, 0, through_records(node))).body)
    assert sorted(told.students) == sorted(whom)


async def test_of_a_count_without_its_students_none_are_told_in_place_of_some(node: AuditNode) -> None:
    await a_theft(node)
    count = uuid4()
    await begin(node, count)
    async with node.database.transaction() as tx:
        await tx.execute(delete(RadiusCountPartRow))
    assert (await students(node, count, 0, through_records(node))).status == 404


async def test_a_part_that_lies_in_anothers_place_does_not_open(node: AuditNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(radius_parts, "AT_ONCE_IN_A_PART", 1)
    await a_theft(node)
    count = uuid4()
    await begin(node, count)
    async with node.database.transaction() as tx:
        first, second = (await tx.scalars(select(RadiusCountPartRow).order_by(RadiusCountPartRow.part))).all()[:2]
        first.sealed, second.sealed = second.sealed, first.sealed
    answer = await students(node, count, 0, through_records(node))
    assert (answer.status, json.loads(answer.body)["code"]) == (500, "internal-fault")
