"""What the first district has in records, and what its vendor has by their agreement."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from safepassage.wire_statistics import StatisticsQuestion
from services.records.attachments.scanner import Scanner
from services.records.formats.pesc import RELEVANT
from services.records.match_reviews import open_review
from tests.isolation.of_privacy import Named
from tests.isolation.two_districts import Request, TwoDistricts
from tests.records.attachments.clamd_double import clamd_double
from tests.records.attachments.files import IEP
from tests.records.one_state import DISTRICT, some_students


async def of_records(two: TwoDistricts) -> AsyncIterator[Named]:
    """Each operation that names a student, or something that was made of one."""
    for part in (_students, _kept, _reviews, _statistics, _rosters):
        async for named in part(two):
            yield named


def _ours() -> list[Any]:
    return [one for one in some_students(60) if one.district.key == DISTRICT]


async def _students(two: TwoDistricts) -> AsyncIterator[Named]:
    sis, one = two.state.district(DISTRICT), next(one for one in _ours() if "academics.transcript" in one.load.record.elements())
    student = str((await sis.load(one.load)).id)
    await two.state.tell()
    path, ids = f"/v1/students/{student}", (student,)
    yield "read_student", "district", Request("GET", path, ids)
    document = json.loads(one.load.model_dump_json(exclude_none=True))
    changed = {name: value for name, value in document.items() if name in ("record", "source_system", "as_of")} | {"version": 1}
    yield "change_student", "district", Request("PUT", path, ids, changed)
    yield "read_kept_resources", "district", Request("GET", f"{path}/kept-resources", ids)
    yield "list_attachments", "district", Request("GET", f"{path}/attachments", ids)
    guardians = (await sis.read(UUID(student))).record.document()["contacts"]["guardians"]
    acting = two.privacy.acting_for(UUID(guardians[0]["person_id"])).model_dump(mode="json")
    yield "make_hand_carry_copy", "district", Request("POST", f"{path}/hand-carry-copies", ids, {"acting_for": acting})
    transcript = {"acting_for": acting}
    yield "issue_transcript", "district", Request("POST", f"{path}/transcripts", ids, transcript)


async def _kept(two: TwoDistricts) -> AsyncIterator[Named]:
    records = two.state.records.state
    child = next(one for one in _ours() if "special_education.iep" in one.load.record.elements())
    student, attachment = str((await two.state.district(DISTRICT).load(child.load)).id), str(uuid4())
    path, query, typed = f"/v1/students/{student}/attachments", "element=special_education.iep&dated=2026-09-15", "application/pdf"
    async with clamd_double() as scanner:
        kept, records.scanner = records.scanner, Scanner(scanner.address)
        answer = await two.state.district(DISTRICT).send("PUT", f"{path}/{attachment}", IEP, query=query, content_type=typed)
        assert answer.status == 201, answer.body
        yield "read_attachment", "district", Request("GET", f"{path}/{attachment}", (student,))
        yield "read_attachment", "district", Request("GET", f"{path}/{attachment}", (attachment,))
        other = f"{path}/{uuid4()}"
        headers = (("content-type", typed),)
        yield "load_attachment", "district", Request("PUT", other, (student,), IEP, query, headers)
        records.scanner = kept


async def _reviews(two: TwoDistricts) -> AsyncIterator[Named]:
    sis, now = two.state.district(DISTRICT), two.state.clock()
    first = (await sis.load(_ours()[1].load)).id
    about: dict[str, Any] = {"reasons": ("multiple-birth",), "expires_at": now + timedelta(days=14), "now": now}
    database = two.state.records.state.database
    match: UUID = await database.write(partial(open_review, request_id=uuid4(), student_ids=(first,), **about))
    resolution = {"student_id": str(first)}
    yield "read_match", "district", Request("GET", f"/v1/matches/{match}", (str(match),))
    yield "resolve_match", "district", Request("POST", f"/v1/matches/{match}/resolution", (str(match),), resolution)


async def _statistics(two: TwoDistricts) -> AsyncIterator[Named]:
    question = StatisticsQuestion(by=("sex",), measures=("chronically-absent",), epsilon=2.0).model_dump(mode="json")
    district = two.state.district(DISTRICT, "records:statistics", "records:load", "records:read")
    answer = await district.send("POST", "/v1/statistics", question)
    assert answer.status == 200, answer.body
    made = str(json.loads(answer.body)["id"])
    path = f"/v1/statistics/{made}"
    yield "read_statistics", "district", Request("GET", path, (made,))
    yield "export_statistics_page", "district", Request("GET", f"{path}/page", (made,))
    yield "export_statistics_table", "district", Request("GET", f"{path}/table", (made,))


async def _rosters(two: TwoDistricts) -> AsyncIterator[Named]:
    sis, one = (
        two.state.district(DISTRICT),
        next(one for one in _ours() if one.load.record.academics and one.load.record.academics.transcript),
    )
    answer = await sis.load_roster(one.load.model_dump_json(exclude_none=True).encode(), "application/x-ndjson")
    assert answer.status == 200, answer.body
    loaded = str(json.loads(answer.body)["id"])
    yield "read_load_report", "district", Request("GET", f"/v1/load-reports/{loaded}", (loaded,))
    await two.state.tell()
    agreement = await two.state.agree(RELEVANT)
    page = await two.state.vendor().page(agreement)
    student, under = str(page.students[0].student), str(agreement)
    yield "read_roster_entries", "vendor", Request("GET", "/v1/roster-entries", (under,), query=f"agreement_id={under}")
    path, query = f"/v1/roster-entries/{student}/document", f"agreement_id={under}&format=pesc"
    for ids in ((student,), (under,)):
        yield "read_roster_document", "vendor", Request("GET", path, ids, query=query)
