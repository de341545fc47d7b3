"""An xSre that is loaded replaces what it says and leaves what it does not; what is not read of it stands beside the record."""

import io
import zipfile

import pytest

from node.synthetic import ALDER, organisations
from safepassage.record.loads import LoadReport
from services.records.formats.xsre_structure import NAMESPACE
from services.records.tables import StudentRow
from tests.records.one_state import DISTRICT, OneState

pytestmark = pytest.mark.anyio

SCHOOL = next(one for one in organisations(ALDER) if one.kind == "school" and one.parent == DISTRICT)
NAME = "<name><familyName>{}</familyName><givenName>Ana</givenName></name>"
BORN = "<demographics><birthDate>2012-02-03</birthDate></demographics>"
ENROLLED = (
    f"<enrollment><school><otherIds><otherId><type>NCES</type><id>{SCHOOL.nces_id}</id></otherId></otherIds></school>"
    "<entryDate>2026-08-24</entryDate></enrollment>"
)
TERM = (
    "<transcriptTerm><schoolYear>2026</schoolYear><courses><course><courseTitle>Algebra I</courseTitle></course></courses></transcriptTerm>"
)


def package(*elements: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as zipped:
        zipped.writestr("one.xml", f'<xSre xmlns="{NAMESPACE}" refId="r-1"><localId>L1</localId>{"".join(elements)}</xSre>')
    return target.getvalue()


async def test_a_document_that_says_less_leaves_what_it_does_not_say(alder: OneState) -> None:
    sis = alder.district()
    first = await sis.load_roster(package(NAME.format("García"), BORN, ENROLLED, TERM))
    assert LoadReport.model_validate_json(first.body).counts["created"] == 1
    second = LoadReport.model_validate_json((await sis.load_roster(package(NAME.format("Nouveau"), ENROLLED))).body)
    assert (second.counts["changed"], second.reasons) == (1, {})
    [student] = await alder.rows(StudentRow)
    record = (await sis.read(student.id)).record.document()
    assert record["identity"]["name"]["last_1"] == "Nouveau"
    assert record["identity"]["birth_date"] == {"birth_date": "2012-02-03"}
    assert record["academics"]["transcript"] == [{"course": {"title": "Algebra I"}, "school_year": 2026}]


async def test_what_is_not_read_is_reported_and_kept_as_it_came(alder: OneState) -> None:
    sis = alder.district()
    odd = "<attendance><summaries><summary><daysAbsent>9</daysAbsent></summary></summaries></attendance>"
    report = LoadReport.model_validate_json((await sis.load_roster(package(NAME.format("García"), BORN, ENROLLED, odd))).body)
    assert report.reasons == {"element-not-read": 1}
    [student] = await alder.rows(StudentRow)
    kept = await sis.send("GET", f"/v1/students/{student.id}/kept-resources")
    assert b"<daysAbsent>9</daysAbsent>" in kept.body
    assert b"daysAbsent" not in (await sis.send("GET", f"/v1/students/{student.id}")).body
