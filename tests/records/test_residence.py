"""In which state a student lives: by addresses that hold today, and not known where that is not certain."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.record.contacts import Address, Guardian
from services.gateway.console.state_names import STATE_NAMES
from services.records.residence import ELSEWHERE, STATES, UNKNOWN, residence_of

TODAY = date(2026, 10, 20)


def at(state: str | None = "XA", **more: Any) -> Address:
    return Address.model_validate({"street": "1 Main St", "city": "Somewhere", **({} if state is None else {"state": state}), **more})


def kind(code: str) -> dict[str, str]:
    return {"system": "ceds:000010", "code": code}


def guardian(*addresses: Address, together: bool | None) -> Guardian:
    said = {"name": {"first": "Ann", "last_1": "Lee"}, "relation": {"system": "ceds:000425", "code": "Mother"}}
    return Guardian.model_validate({**said, "lives_with_student": together, "addresses": [one.model_dump() for one in addresses] or None})


@pytest.mark.parametrize(
    ("addresses", "found"),
    [
        ([], UNKNOWN),
        ([at("XB")], "XB"),
        ([at("Oregon")], "OR"),
        ([at(" new  york ")], "NY"),
        ([at("D.C.")], "DC"),
        ([at(None)], UNKNOWN),
        ([at("Atlantis")], UNKNOWN),
        ([at("XA", country="US")], "XA"),
        ([at("ON", country="CA")], ELSEWHERE),
        ([at(None, country="PR")], "PR"),
        ([at("XB", end_date="2026-10-19"), at("XA", begin_date="2026-10-20")], "XA"),
        ([at("XB", end_date="2026-10-20")], "XB"),
        ([at("XB", begin_date="2026-10-21")], UNKNOWN),
        ([at("XA"), at("XA", street="2 Main St")], "XA"),
        ([at("XA"), at("XB")], UNKNOWN),
        ([at("XA"), at(None)], UNKNOWN),
        ([at("XA", kind=kind("PermanentStudent")), at("XB", kind=kind("Mailing"))], "XA"),
        ([at("XB", kind=kind("Mailing"))], "XB"),
        ([at("XA", protected=True)], UNKNOWN),
        ([at("XA"), at("XA", protected=True)], UNKNOWN),
        ([at("XA"), at("XB", protected=True, end_date="2026-01-01")], "XA"),
    ],
)
def test_it_is_that_of_the_homes_that_hold_today_and_not_known_where_they_differ(addresses: list[Address], found: str) -> None:
    assert residence_of(addresses, [], TODAY) == found


def test_without_an_address_of_its_own_a_child_lives_where_the_guardians_do_with_whom_it_lives() -> None:
    mother, father = guardian(at("XA"), together=True), guardian(at("XB"), together=False)
    assert residence_of([], [mother, father], TODAY) == "XA"
    assert residence_of([at("XB", end_date="2026-01-01")], [mother, father], TODAY) == "XA"
    assert residence_of([at("XB")], [mother, father], TODAY) == "XB"
    assert residence_of([], [father, guardian(at("XB"), together=None), guardian(together=True)], TODAY) == UNKNOWN
    assert residence_of([], [mother, guardian(at("XB"), together=True)], TODAY) == UNKNOWN
    assert residence_of([], [guardian(at("XA", protected=True), together=True)], TODAY) == UNKNOWN


def test_every_state_that_has_a_name_is_known_by_it_and_by_its_code() -> None:
    assert set(STATE_NAMES) == STATES
    for code, name in STATE_NAMES.items():
        assert residence_of([at(code.lower())], [], TODAY) == code
        assert residence_of([at(name)], [], TODAY) == code, name


@given(state=st.text(min_size=1, max_size=64).filter(str.strip), country=st.sampled_from([None, "US", "CA", "GU"]))
def test_whatever_stands_in_a_record_it_is_a_state_or_not_known_and_never_those_words(state: str, country: str | None) -> None:
    address = Address.model_construct(state=state, country=country)
    assert residence_of([address], [], TODAY) in STATES | {UNKNOWN, ELSEWHERE}
