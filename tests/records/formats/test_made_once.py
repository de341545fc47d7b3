"""Codes and organisations that are made once are those that each record would have made; what is not valid is found where it stands."""

import pytest
from pydantic import ValidationError

from safepassage.record import Coded, OrganisationReference
from safepassage.record.enrollment import Enrollment
from services.records.formats.edfi_members import Members
from services.records.formats.edfi_organizations import Organizations
from services.records.formats.made_once import code_of, reference_of, system_and_code

SCHOOL = {"schoolId": 100, "nameOfInstitution": "Oak School"}


def test_a_code_is_made_once() -> None:
    made = code_of("ceds:000255", "Female")
    assert made == Coded(system="ceds:000255", code="Female")
    assert code_of("ceds:000255", "Female") is made
    assert system_and_code(made) == ("ceds:000255", "Female")


def test_a_code_that_is_too_long_is_not_valid_where_it_is_used() -> None:
    made = code_of("s", "x" * 201)
    assert system_and_code(made) == ("s", "x" * 201)
    with pytest.raises(ValidationError):
        Enrollment.model_validate({"school": {"name": "Oak"}, "entry_date": "2026-09-01", "grade": made})


def test_a_descriptor_is_the_code_that_it_says_and_an_empty_one_is_none() -> None:
    members = Members({"sexDescriptor": " uri://ed-fi.org/SexDescriptor#Female ", "other": "  "}, "students:1")
    assert members.coded("sexDescriptor") == Coded(system="uri://ed-fi.org/SexDescriptor", code="Female")
    assert members.coded("other") is None
    assert members.coded("absent") is None


def test_an_organisation_that_is_not_valid_is_not_valid_where_it_is_used() -> None:
    assert reference_of({"name": "Oak"}) == OrganisationReference(name="Oak")
    made = reference_of({"nces_id": "1"})
    with pytest.raises(ValidationError):
        Enrollment.model_validate({"school": made, "entry_date": "2026-09-01"})


def test_a_school_that_is_described_again_is_as_it_was_described_last() -> None:
    organizations = Organizations()
    organizations.take_resource("schools", Members(SCHOOL, "schools:1"))
    first = organizations.school("100")
    organizations.take_resource("schools", Members({**SCHOOL, "nameOfInstitution": "Elm School"}, "schools:2"))
    second = organizations.school("100")
    assert isinstance(first, OrganisationReference)
    assert isinstance(second, OrganisationReference)
    assert (first.name, second.name) == ("Oak School", "Elm School")
    assert organizations.school("200") is None


def test_a_member_that_is_not_as_its_schema_says_reads_as_absent_and_is_left() -> None:
    members = Members({"a": "x", "b": "y"}, "students:1", refused=frozenset({"b"}))
    assert (members.text("a"), members.text("b"), members.peek("b")) == ("x", None, None)
    assert members.left() == {"b": "y"}
