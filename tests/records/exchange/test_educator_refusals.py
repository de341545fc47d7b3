"""Without the educator's application in force nothing leaves, and what the asker hears does not tell why."""

import json
from collections import Counter
from datetime import date, timedelta
from uuid import uuid4

import pytest

from safepassage.compact import split
from safepassage.problems.requests import NotPermitted
from safepassage.wire_licensure import NewCredentialRequest
from tests.records.exchange.educators import Applicant, applicant, ask, educator, state_of
from tests.records.exchange.test_nobody import DIFFER, OF_AN_EXCHANGE, rows_of
from tests.records.exchange.two_states import TwoStates
from tests.soak.holdings import leaves_of

pytestmark = pytest.mark.anyio


async def without_application(states: TwoStates) -> NewCredentialRequest:
    return (await applicant(states)).request(uuid4())


async def taken_back(states: TwoStates) -> NewCredentialRequest:
    one = await applicant(states)
    application_id = await one.applies()
    await one.takes_back(application_id)
    return one.request(application_id)


async def over(states: TwoStates) -> NewCredentialRequest:
    one = await applicant(states)
    application_id = await one.applies(valid_until=states.clock() + timedelta(minutes=1))
    await states.advance(minutes=2)
    return one.request(application_id)


async def not_begun(states: TwoStates) -> NewCredentialRequest:
    one = await applicant(states)
    return one.request(await one.applies(valid_from=states.clock() + timedelta(days=1)))


async def for_another_party(states: TwoStates) -> NewCredentialRequest:
    one = await applicant(states)
    return one.request(await one.applies(recipient_id=f"{states.birch.entity_id}#{uuid4()}"))


async def of_another_educator(states: TwoStates) -> NewCredentialRequest:
    one, other = await applicant(states), await applicant(states)
    return one.request(await other.applies())


async def of_another_agency(states: TwoStates) -> NewCredentialRequest:
    one = await applicant(states)
    async with states.alder.client("state-agency") as session:
        with pytest.raises(NotPermitted):  # whose staff has no such scope
            await session.search_educator_credentials(one.educator.identifier)
    return one.request(await one.applies(), authority=states.alder.exchange.settings.node_organisation_id)


async def other_birth_date(states: TwoStates) -> NewCredentialRequest:
    one = await applicant(states)
    return one.request(await one.applies(), birth_date=date(1984, 9, 3))


async def other_name(states: TwoStates) -> NewCredentialRequest:
    one = await applicant(states)
    return one.request(await one.applies(), name="Ines Quiroga")


async def other_number(states: TwoStates) -> NewCredentialRequest:
    one = await applicant(states)
    return one.request(await one.applies(), identifier=educator().identifier)


async def absent(states: TwoStates) -> NewCredentialRequest:
    one = await applicant(states)
    stranger = Applicant(states, educator(), uuid4())
    return stranger.request(await one.applies())


REFUSED = (
    absent, without_application, taken_back, over, not_begun, for_another_party, of_another_educator, of_another_agency,
    other_birth_date, other_name, other_number,
)  # fmt: skip


@pytest.mark.requirement("VC-educators-cross", "EX-6", "EX-7")
async def test_without_the_educators_application_in_force_nothing_leaves_and_no_two_reasons_look_different(states: TwoStates) -> None:
    said = []
    for asks in REFUSED:
        case = await ask(states, await asks(states))
        await states.settle()
        assert await state_of(case) == "not-provided", asks.__name__
        [answer] = await case.envelopes()
        assert answer.kind == "not-provided"
        claims = split(answer.jws or "")[1]
        same = {name: value for name, value in claims.items() if name not in {*DIFFER, "iat", "exp", "trust_serial"}}
        lengths = {name: len(str(claims[name])) for name in DIFFER - {"index", "path", "checkpoint", "consistency"}}
        said.append((same, lengths, claims.keys()))
    assert all(one == said[0] for one in said)


@pytest.mark.requirement("VC-educators-cross", "EX-7")
async def test_an_educator_who_is_not_here_and_one_who_is_refused_leave_as_many_entries_and_rows(states: TwoStates) -> None:
    left = []
    for asks in (taken_back, absent, taken_back, absent):  # the first of each makes what is made once
        for _ in range(5):
            new = await asks(states)
            await states.settle()
            before, rows = await leaves_of(states.alder.folder), await rows_of(states.alder)
            await ask(states, new)
            await states.settle()
            await states.alder.tell()
            leaves = [leaf for place, leaf in (await leaves_of(states.alder.folder)).items() if place not in before]
            if {leaf.class_ for leaf in leaves} <= OF_AN_EXCHANGE:
                break  # no worker of the node has said something else in between
        sizes = sorted((leaf.class_, len(json.dumps(vars(leaf), default=str))) for leaf in leaves)
        left.append((Counter(leaf.class_ for leaf in leaves), await rows_of(states.alder) - rows, sizes))
    assert left[2] == left[3]
    assert left[2][0] == {"request": 2, "match": 1, "decision": 1, "receipt": 2}


async def test_an_application_of_a_day_that_has_not_come_is_no_evidence(states: TwoStates) -> None:
    one = await applicant(states)
    new = one.request(await one.applies())
    for days, state in ((1, "applied"), (2, "refused")):  # somewhere it is tomorrow
        evidence = new.evidence.model_copy(update={"applied_on": states.clock().date() + timedelta(days=days)})
        case = await ask(states, new.model_copy(update={"evidence": evidence}))
        await states.settle()
        assert await state_of(case) == state
