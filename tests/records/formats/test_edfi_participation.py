"""How a student stood to a programme, and from when to when each service was had, are in the record and come out of it."""

from typing import Any

import pytest
from pydantic import ValidationError

from safepassage.record.loads import LoadedRecord
from safepassage.record.programmes import DatedService, NeglectedDelinquent
from services.records.formats.edfi_api import read_edfi_api
from services.records.formats.edfi_json import edfi_resources
from services.records.formats.edfi_xml import read_edfi_xml
from tests.records.formats.edfi_bodies import bodies
from tests.records.formats.edfi_files import FILES
from tests.records.formats.test_edfi_json import from_load
from tests.records.formats.test_edfi_round_trip import out, read
from tests.records.formats.test_edfi_xml import archive

STATUS = {"system": "uri://ed-fi.org/ParticipationStatusDescriptor", "code": "Active"}
ACTIVE = [{"status": STATUS, "begin_date": "2025-08-26", "end_date": "2026-05-28"}]
MENTORING = {"system": "uri://ed-fi.org/NeglectedOrDelinquentProgramServiceDescriptor", "code": "Mentoring Programs"}
SERVED = [{**MENTORING, "begin_date": "2025-09-15", "end_date": "2026-03-31"}]
PROGRAMMES = {"homeless", "migrant", "english_learner", "title_i", "meal_status", "career_technical", "neglected_delinquent", "gifted"}


def from_api() -> LoadedRecord:
    return read(bodies())


def from_xml() -> LoadedRecord:
    [student] = [one for one in read_edfi_xml(archive(**FILES)).students if one.source_id == "604821"]
    assert student.record is not None
    return student.record


@pytest.mark.requirement("FORM-edfi")
@pytest.mark.parametrize("read_all", [from_api, from_xml], ids=["JSON", "XML"])
def test_statuses_and_days_of_services_are_in_the_record(read_all: Any) -> None:
    programmes = read_all().document()["programmes"]
    told = {name: held["participation"] for name, held in programmes.items() if "participation" in held}
    assert told == dict.fromkeys(PROGRAMMES & set(programmes), ACTIVE)
    assert {"career_technical", "neglected_delinquent"} <= set(told)
    assert programmes["neglected_delinquent"]["services"] == SERVED


@pytest.mark.requirement("FORM-edfi")
def test_they_go_out_as_they_came() -> None:
    resources, missing = out(read(bodies()), "604821", {})
    for resource, those in bodies().items():
        if resource.endswith("ProgramAssociations") and resource in resources and "Special" not in resource and "504" not in resource:
            assert resources[resource][0]["programParticipationStatuses"] == those[0]["programParticipationStatuses"], resource
    [before], [after] = (one["studentNeglectedOrDelinquentProgramAssociations"] for one in (bodies(), resources))
    assert after["neglectedOrDelinquentProgramServices"] == before["neglectedOrDelinquentProgramServices"]
    assert not missing & {f"programmes.{name}" for name in PROGRAMMES - {"meal_status"}}


def test_a_status_without_its_first_day_has_no_place_in_ed_fi_and_is_named() -> None:
    document = read(bodies()).document()
    document["programmes"]["career_technical"]["participation"].append({"status": STATUS})
    made = edfi_resources(from_load({name: value for name, value in document.items() if name != "statements"}), student_unique_id="1")
    assert "programmes.career_technical" in made["not_expressed"]
    before, after = (one["studentCTEProgramAssociations"][-1] for one in (bodies(), made["resources"]))
    assert after["programParticipationStatuses"] == before["programParticipationStatuses"]


def test_who_designated_a_status_is_kept_beside() -> None:
    said = bodies()
    [association] = said["studentNeglectedOrDelinquentProgramAssociations"]
    association["programParticipationStatuses"][0]["designatedBy"] = "the counsellor"
    [student] = read_edfi_api(said).students
    assert student.beside is not None
    assert "the counsellor" in str(student.beside["studentNeglectedOrDelinquentProgramAssociations"])


def test_a_service_as_it_was_said_before_its_days_had_a_place_is_read() -> None:
    held = NeglectedDelinquent.model_validate({"status": {"system": "ceds:000193", "code": "Yes"}, "services": [MENTORING]})
    assert held.services == (DatedService(**MENTORING),)


def test_a_service_that_ends_before_it_begins_is_none() -> None:
    with pytest.raises(ValidationError, match="end_date is before begin_date"):
        DatedService.model_validate({**MENTORING, "begin_date": "2026-02-01", "end_date": "2026-01-01"})
