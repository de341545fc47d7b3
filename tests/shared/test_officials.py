"""Whoever signed in is the official that the door knows, whatever an application says of them; a client of its own answers for its word."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from pydantic import ValidationError

from safepassage.canonical import digest_of
from safepassage.problems.requests import NotPermitted
from safepassage.wire_duties import WaivingOfficial
from safepassage.wire_exchange import Official
from safepassage.wire_policy_sets import ActingOfficial
from shared.internal_token import CallerClaims
from shared.officials import as_known, official_of, role_as_known

SINCE = datetime(2026, 10, 20, 11, 58, tzinfo=UTC)
SAID = SINCE - timedelta(days=300)
PERSON = digest_of(b"somebody who signed in")


def caller(person: str | None, since: datetime | None = SINCE) -> CallerClaims:
    return CallerClaims(
        client_id="an-application",
        organisation_id=UUID(int=1),
        organisation_kind="sea",
        role="approver",
        scopes=frozenset({"policies:approve"}),
        person=person,
        authenticated_at=None if person is None else since,
    )


def named(official: str) -> tuple[ActingOfficial, WaivingOfficial, Official]:
    about = {"pairwise_id": official, "role": "superintendent"}
    proven = {"assurance_level": "ial2", "method": "card", "evidence_ref": "file 1", "authenticated_at": SAID}
    return (
        ActingOfficial.model_validate(about | {"authenticated_at": SAID}),
        WaivingOfficial.model_validate(about | proven),
        Official.model_validate(about | {"attested_at": SAID}),
    )


@pytest.mark.requirement("DOOR-person")
def test_of_who_signed_in_the_role_and_the_sign_in_are_those_that_the_door_knows() -> None:
    acting, waiving, official = (as_known(caller(PERSON), one) for one in named(official_of(PERSON)))
    assert {one.role for one in (acting, waiving, official)} == {"approver"}
    assert (acting.authenticated_at, waiving.authenticated_at, official.attested_at) == (SINCE, SINCE, SAID)
    assert role_as_known(caller(PERSON), official_of(PERSON), "superintendent") == "approver"


def test_nobody_who_signed_in_is_another_official() -> None:
    for one in named("o-another"):
        with pytest.raises(NotPermitted):
            as_known(caller(PERSON), one)
    with pytest.raises(NotPermitted):
        role_as_known(caller(PERSON), "o-another", "approver")


def test_a_client_of_its_own_says_for_whom_it_acts() -> None:
    for one in named("o-another"):
        assert as_known(caller(None), one) == one
    assert role_as_known(caller(None), "o-another", "superintendent") == "superintendent"


def test_of_every_person_the_door_says_since_when_they_are_known() -> None:
    with pytest.raises(ValidationError, match="authenticated_at"):
        caller(PERSON, None)
