"""A transcript as a Comprehensive Learner Record: everything that may leave is in it, nothing else, and it has the standard's form."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from safepassage.credentials.achievements import Profile
from safepassage.credentials.conformance import require_conforming
from safepassage.credentials.issuers import did_of
from safepassage.credentials.securing import secured, with_data_integrity
from safepassage.credentials.status_list import StatusEntry, status_list_credential
from safepassage.credentials.vc_jwt import written
from safepassage.credentials.verification import verify_credential
from safepassage.problems.records import NothingToRelease
from safepassage.record import StudentRecord
from safepassage.record.academics import Competency
from services.records.formats.clr import ELEMENTS, Heading, alignments, transcript
from services.records.release import release
from tests.records.formats.test_msix_unsaid import member, yes_and_no
from tests.records.formats.where_it_went import is_there, leaves, marked, put
from tests.records.whole_record import CANARY, whole_record
from tests.sdk.exchange import ALDER, Signer

KEY, NOW = Signer(21), datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
URL = f"{ALDER}/v1/credential-status-lists/1"
HEADING = Heading(
    credential_id=UUID("0199f000-0000-7000-8000-000000000001"),
    issuer=Profile(id=did_of(ALDER), name="Alder Department of Education"),
    custodian=Profile(id="urn:uuid:0199f000-0000-7000-8000-0000000000aa", name="Oak County"),
    status=StatusEntry(URL, 7),
    issued_at=NOW,
)


def proven(part: dict[str, Any]) -> dict[str, Any]:
    return with_data_integrity(part, key=KEY.public, sign=KEY.private.sign, now=NOW)


def of(record: StudentRecord) -> dict[str, Any]:
    return transcript(record, HEADING, secure=proven)


def texts(value: Any) -> set[str]:
    """Every text in a JSON document."""
    if isinstance(value, dict):
        return set().union(*map(texts, value.values()))
    if isinstance(value, list | tuple):
        return set().union(*map(texts, value)) if value else set()
    return {value} if isinstance(value, str) else set()


@pytest.mark.requirement("VC-transcript")
def test_every_word_of_what_may_leave_goes_along_and_no_other() -> None:
    whole = whole_record()
    leaving = release(whole, ELEMENTS)
    document = json.dumps(of(leaving), ensure_ascii=False)
    identity = leaving.document()["identity"]
    del identity["birth_date"]["verification"]  # how the agency knows has no place: it is named, and not told
    said = texts(leaving.document()["academics"]) | texts(identity)
    origin = leaving.provenance["academics"].source_system
    assert {text for text in said if text.startswith(CANARY) and text not in document} == set()
    assert origin in document
    inside = {name for name in texts(whole.document()) if name.startswith(CANARY)} - said
    assert len(inside) > 100
    assert {text for text in inside if text in document} == set()


@pytest.mark.requirement("VC-transcript")
def test_a_course_has_its_codes_its_competencies_by_case_and_its_credit_unchanged() -> None:
    leaving = release(whole_record(), ELEMENTS)
    assert leaving.academics is not None
    assert leaving.academics.transcript is not None
    course = leaving.academics.transcript[0]
    document = of(leaving)
    require_conforming(document)
    [first, *_] = document["credentialSubject"]["verifiableCredential"]
    achievement, subject = first["credentialSubject"]["achievement"], first["credentialSubject"]
    assert course.course.competencies is not None
    assert course.course.local_code is not None
    [competency] = course.course.competencies
    assert achievement["alignment"] == [
        {
            "type": ["Alignment"],
            "targetName": competency.statement,
            "targetUrl": competency.uri,
            "targetCode": competency.code,
            "targetFramework": competency.framework,
            "targetType": "CFItem",  # its CASE identifier stands beside the course's own codes
        }
    ]
    assert (achievement["achievementType"], achievement["humanCode"]) == ("Course", course.course.local_code.code)
    assert {one["identifierType"]: one["identifier"] for one in achievement["otherIdentifier"]} == {
        "ext:SCED": course.course.sced_code,
        "ext:LocalCourseCode": f"{course.course.local_code.system}#{course.course.local_code.code}",
        "ext:CASE": str(competency.identifier),
    }
    assert course.credit is not None
    assert course.credit.earned is not None
    assert subject["creditsEarned"] == float(course.credit.earned)
    kinds = {one["id"]: one["resultType"] for one in achievement["resultDescription"]}
    results = {kinds[one["resultDescription"]]: one["value"] for one in subject["result"]}
    assert (results["LetterGrade"], results["ext:CreditsEarned"]) == (course.mark, str(course.credit.earned))


@pytest.mark.requirement("VC-transcript")
def test_a_statement_of_disagreement_goes_with_the_transcript_that_it_contests() -> None:
    whole = whole_record().document()
    statement = whole["statements"][0]
    statement["relates_to"] = ["academics.transcript"]
    whole["provenance"]["discipline"].pop("contested_by")
    whole["provenance"]["academics"]["contested_by"] = [statement["id"]]
    document = of(release(StudentRecord.model_validate(whole), ELEMENTS))
    assert statement["statement"] in document["description"]
    assert "about academics.transcript" in document["description"]


def test_a_record_without_courses_is_no_transcript() -> None:
    with pytest.raises(NothingToRelease):
        of(release(whole_record(), ("identity.name",)))


@pytest.mark.requirement("VC-transcript")
def test_a_credential_taken_out_of_a_transcript_is_revoked_with_it() -> None:
    document = of(release(whole_record(), ELEMENTS))
    parts = document["credentialSubject"]["verifiableCredential"]
    assert {json.dumps(one["credentialStatus"]) for one in (document, *parts)} == {json.dumps(HEADING.status.document())}
    whole = secured(document, form="data-integrity", key=KEY.public, sign=KEY.private.sign, now=NOW)
    assert isinstance(whole, dict)
    listed = written(proven(status_list_credential(url=URL, issuer=HEADING.issuer.id, revoked=(), now=NOW)))
    found = verify_credential(written(whole), keys_of=lambda _: KEY.keys, status_list_of={URL: listed}.get, now=NOW)
    assert len(found.parts) == len(parts)


COMPETENCIES = st.from_regex(TypeAdapter(Competency).json_schema()["properties"]["uri"]["pattern"], fullmatch=True)


@given(COMPETENCIES, st.text(min_size=1, max_size=1000))
def test_every_competency_that_a_record_can_have_is_one_that_a_credential_can_name(uri: str, statement: str) -> None:
    [aligned] = alignments([Competency(uri=uri, statement=statement)])
    assert (aligned.target_url, aligned.target_name) == (uri, statement)


UNLIKE = {
    "uri": "https://case.example/Qzx",
    "identifier": "0199f000-0000-7000-8000-0000000000cc",
    "state": "ZW",
    "attempted": "71.25",
    "earned": "72.25",
    "maximum": "73.25",
}
"""By the last name of a path: values that its member can have, of those that cannot have any."""


def plain(document: dict[str, Any]) -> str | None:
    """The transcript as text; None of what is no record."""
    try:
        record = StudentRecord.model_validate(document)
    except ValidationError:
        return None
    return json.dumps(transcript(record, HEADING, secure=lambda part: part), ensure_ascii=False)


@pytest.mark.requirement("VC-transcript")
def test_every_value_of_a_transcript_is_in_it_or_its_member_is_named() -> None:
    leaving, missing, tried = release(whole_record(), ELEMENTS).document(), [], 0
    said = {section: leaving[section] for section in ("identity", "academics")}
    assert {f"{section}.{name}" for section, members in said.items() for name in members} == set(ELEMENTS)
    taken = json.dumps(leaving, ensure_ascii=False)
    for path, value in leaves(said):
        other, mark = marked(value, taken)
        document = plain(put(leaving, path, other))
        if document is None:
            mark = UNLIKE[str(path[-1])]
            document = plain(put(leaving, path, mark))
        assert document is not None, path
        tried += 1
        element, name = member(path)
        told = document.partition(f"more of {element} than this transcript: ")[2].partition('."')[0].split(", ")
        missing += [] if is_there(mark, document) or name in told else [path]
    assert missing == []
    assert tried > 50


@pytest.mark.requirement("VC-transcript")
def test_every_yes_or_no_of_a_transcript_changes_it() -> None:
    leaving = release(whole_record(), ELEMENTS).document()
    tried = 0
    for path, value in yes_and_no({section: leaving[section] for section in ("identity", "academics")}):
        tried += 1
        assert plain(put(leaving, path, value)) != plain(put(leaving, path, not value)), path
    assert tried >= 3


def test_a_transcript_of_which_all_is_said_names_nothing() -> None:
    leaving = release(whole_record(), ELEMENTS).document()
    assert "says more of" in (plain(leaving) or "")
    del leaving["identity"]["birth_date"]["verification"]
    assert "says more of" not in (plain(leaving) or "")
