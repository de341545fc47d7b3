"""A false match is far worse than a miss: certain needs name, date of birth and one thing more, and no twin in sight."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from safepassage.wire_exchange import PersonSelector
from services.records.matching import Certain, NeedsPerson, NoCandidate, match, transposed
from services.records.matching_person import Candidate, candidate_of
from services.records.normalisation import surname_forms
from tests.records.whole_record import whole_record

BORN = date(2012, 5, 20)
SCHOOL = "030001000012"
JAYDEN = Candidate(
    student_id=UUID(int=1),
    given=frozenset({"jayden"}),
    middle=None,
    surnames=surname_forms("García", "López"),
    suffix=None,
    birth_date=BORN,
    multiple_birth=False,
    state_ids=frozenset({"1234567897"}),
    schools=frozenset({SCHOOL}),
    districts=frozenset({SCHOOL[:7]}),
    guardian_surnames=frozenset({"okafor"}),
    household=frozenset({"address:12elm:00011"}),
)
JAYLEN = replace(JAYDEN, student_id=UUID(int=2), given=frozenset({"jaylen"}), state_ids=frozenset({"9876543213"}))
STRANGER = replace(JAYLEN, student_id=UUID(int=3), household=frozenset({"address:99oak:00022"}), schools=frozenset(), districts=frozenset())


def asked(**changes: Any) -> PersonSelector:
    return PersonSelector(**{"first_name": "Jayden", "last_name": "García López", "birth_date": BORN, **changes})


@pytest.mark.parametrize(
    "one_more",
    [
        {"state_student_id": "1234-567-897"},
        {"former_school_nces_id": SCHOOL},
        {"former_district_nces_id": SCHOOL[:7]},
        {"guardian_last_name": "Okafor"},
    ],
    ids=["state id", "school", "district", "guardian"],
)
@pytest.mark.parametrize("name", ["García-López", "Garcia", "LOPEZ GARCIA", "García López"])
def test_name_and_birth_date_and_one_more_are_certain(one_more: dict[str, str], name: str) -> None:
    assert match(asked(last_name=name, **one_more), [JAYDEN]) == Certain(JAYDEN.student_id)


def test_name_and_birth_date_alone_need_a_person() -> None:
    assert match(asked(), [JAYDEN]) == NeedsPerson((JAYDEN.student_id,), ("name-and-birth-date-only",))
    own_surname = asked(guardian_last_name="López")
    assert match(own_surname, [replace(JAYDEN, guardian_surnames=frozenset({"lopez"}))]) == NeedsPerson(
        (JAYDEN.student_id,), ("name-and-birth-date-only",)
    )


def test_a_twin_in_the_candidate_set_needs_a_person_whatever_agrees() -> None:
    whole = asked(state_student_id="1234567897", former_school_nces_id=SCHOOL, guardian_last_name="Okafor")
    assert match(whole, [JAYDEN, JAYLEN]) == NeedsPerson((JAYDEN.student_id, JAYLEN.student_id), ("multiple-birth",))
    alone = replace(JAYDEN, multiple_birth=True)
    assert match(whole, [alone]) == NeedsPerson((JAYDEN.student_id,), ("multiple-birth",))


def test_a_sibling_of_whom_no_home_is_known_may_be_a_twin() -> None:
    unknown = replace(STRANGER, household=frozenset())
    assert match(asked(former_school_nces_id=SCHOOL), [JAYDEN, unknown]) == NeedsPerson(
        (JAYDEN.student_id, unknown.student_id), ("multiple-birth",)
    )


def test_the_person_who_decides_sees_the_twin_whose_name_is_not_near() -> None:
    robert = replace(JAYLEN, given=frozenset({"robert"}))
    found = match(asked(former_school_nces_id=SCHOOL), [JAYDEN, robert])
    assert found == NeedsPerson((JAYDEN.student_id, robert.student_id), ("multiple-birth",))


def test_a_stranger_of_the_same_surname_and_birth_date_does_not_hinder() -> None:
    stranger = replace(STRANGER, given=frozenset({"robert"}))
    assert match(asked(former_school_nces_id=SCHOOL), [JAYDEN, stranger]) == Certain(JAYDEN.student_id)


def test_an_identifier_that_says_somebody_else_needs_a_person() -> None:
    swapped = asked(state_student_id="9876543213", former_school_nces_id=SCHOOL)
    for candidates in ([JAYDEN, STRANGER], [JAYDEN]):
        found = match(swapped, candidates)
        assert isinstance(found, NeedsPerson)
        assert "identifier-contradicts" in found.reasons


def test_an_identifier_of_somebody_with_another_name_is_never_certain() -> None:
    found = match(asked(first_name="Marisol", state_student_id="1234567897"), [JAYDEN])
    assert found == NeedsPerson((JAYDEN.student_id,), ("identifier-contradicts", "none-agrees-fully"))


@pytest.mark.parametrize(
    "change",
    [
        {"birth_date": date(2012, 5, 21)},
        {"first_name": "Robert"},
        {"last_name": "Ng"},
    ],
)
def test_who_does_not_agree_and_has_nothing_more_in_common_is_no_candidate(change: dict[str, Any]) -> None:
    assert match(asked(**change), [JAYDEN]) == NoCandidate()
    assert match(asked(), []) == NoCandidate()


def test_two_who_agree_need_a_person() -> None:
    double = replace(JAYDEN, student_id=UUID(int=4), household=frozenset({"address:1far:00033"}))
    found = match(asked(former_district_nces_id=SCHOOL[:7]), [JAYDEN, double])
    assert found == NeedsPerson((JAYDEN.student_id, double.student_id), ("several-agree",))


def test_near_names_and_exchanged_month_and_day_need_a_person() -> None:
    early = replace(JAYDEN, birth_date=date(2012, 3, 4))
    assert isinstance(match(asked(birth_date=date(2012, 4, 3)), [early]), NeedsPerson)
    assert isinstance(match(asked(first_name="Jay", former_school_nces_id=SCHOOL), [JAYDEN]), NeedsPerson)
    assert isinstance(match(asked(last_name="Okafor", former_school_nces_id=SCHOOL), [JAYDEN]), NeedsPerson)
    assert transposed(date(2012, 4, 4)) is transposed(date(2012, 4, 13)) is None


def test_the_first_of_january_carries_no_weight_without_an_identifier() -> None:
    refugee = replace(JAYDEN, birth_date=date(2012, 1, 1))
    by_school = match(asked(birth_date=date(2012, 1, 1), former_school_nces_id=SCHOOL), [refugee])
    assert by_school == NeedsPerson((JAYDEN.student_id,), ("default-birth-date",))
    assert match(asked(birth_date=date(2012, 1, 1), state_student_id="1234567897"), [refugee]) == Certain(JAYDEN.student_id)


def test_middle_names_that_differ_are_not_one_child_and_an_initial_agrees() -> None:
    andrew = replace(JAYDEN, middle="andrew")
    assert match(asked(middle_name="A.", former_school_nces_id=SCHOOL), [andrew]) == Certain(JAYDEN.student_id)
    assert isinstance(match(asked(middle_name="Luis", former_school_nces_id=SCHOOL), [andrew]), NeedsPerson)


def test_placeholders_never_agree() -> None:
    nameless = replace(JAYDEN, given=frozenset())
    assert match(asked(first_name="FNU", former_school_nces_id=SCHOOL), [nameless]) == NeedsPerson(
        (JAYDEN.student_id,), ("none-agrees-fully",)
    )


def test_a_sealed_name_is_not_matched_by() -> None:
    document = whole_record().document()
    other = document["identity"]["other_names"][0] | {"first": "Formerly", "last": "Known"}
    for sealed in (False, True):
        document["identity"]["other_names"] = [other | {"sealed": sealed}]
        candidate = candidate_of(UUID(int=9), type(whole_record()).model_validate(document))
        assert ("formerly" in candidate.given) is ("known" in candidate.surnames) is not sealed
