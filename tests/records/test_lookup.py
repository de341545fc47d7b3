"""Look-ups: specific, in the caller's own organisation, counted, and on the log whether or not they find somebody."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from safepassage.problems.requests import TooManyRequests
from services.records.lookup import A_MINUTE, LookupLimit
from tests.records.conftest import NOON
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, Caller, OneState, problem, some_students

pytestmark = pytest.mark.anyio

STUDENTS = some_students()
OURS = [one for one in STUDENTS if one.district.key == DISTRICT]


async def looked_up(caller: Caller, **lookup: Any) -> list[UUID]:
    answer = await caller.send("POST", "/v1/students/lookup", lookup)
    assert answer.status == 200, answer.body
    return [UUID(one) for one in json.loads(answer.body)["students"]]


async def test_a_student_is_found_by_identifier_and_by_name_and_birth_date(alder: OneState) -> None:
    one = OURS[0]
    loaded = await alder.district().load(one.load)
    born = str(one.selector.birth_date)
    state_id = {"kind": "state", "system": "xa", "value": one.true_state_id}
    assert await looked_up(alder.district(), identifier=state_id) == [loaded.id]
    for first, last in (("Lucía", "García López"), ("LUCIA", "garcia-lopez"), ("Lucia", "López")):
        assert await looked_up(alder.district(), first_name=first, last_name=last, birth_date=born) == [loaded.id]
    assert await looked_up(alder.district(), first_name="Lucía", last_name="Nadie", birth_date=born) == []


async def test_another_districts_student_is_not_found(alder: OneState) -> None:
    one = OURS[0]
    await alder.district().load(one.load)
    identifier = {"kind": "state", "system": "XA", "value": one.true_state_id}
    assert await looked_up(alder.district(OTHER_DISTRICT), identifier=identifier) == []
    answer = await alder.vendor().send("POST", "/v1/students/lookup", {"identifier": identifier})
    assert problem(answer) == "no-such-student"


@pytest.mark.parametrize(
    "lookup",
    [
        {},
        {"last_name": "García", "birth_date": "2012-05-06"},
        {"first_name": "Ana", "birth_date": "2012-05-06"},
        {"first_name": "Ana", "last_name": "García"},
        {"first_name": "FNU", "last_name": "LNU", "birth_date": "2012-05-06"},
        {"identifier": {"kind": "state", "system": "XA", "value": "000-000"}},
        {"identifier": {"kind": "state", "system": "XA", "value": "1"}, "first_name": "Ana"},
    ],
)
async def test_what_is_not_specific_is_refused(alder: OneState, lookup: dict[str, Any]) -> None:
    answer = await alder.district().send("POST", "/v1/students/lookup", lookup)
    assert problem(answer) == "lookup-not-specific"


async def test_a_look_up_is_on_the_log_even_if_nobody_is_found(alder: OneState) -> None:
    before = len(await alder.logged("read"))
    await looked_up(alder.district(), first_name="No", last_name="Body", birth_date="2012-05-06")
    entries = (await alder.logged("read"))[before:]
    assert [(one.context or {})["operation"] for one in entries] == ["student-lookup"]
    assert "Body" not in repr(entries)
    with alder.audit_gone():
        answer = await alder.district().send(
            "POST", "/v1/students/lookup", {"first_name": "A", "last_name": "B", "birth_date": "2012-05-06"}
        )
    assert problem(answer) == "log-unavailable"


@pytest.mark.requirement("HARD-23")
async def test_a_sweep_of_birth_dates_is_throttled(alder: OneState) -> None:
    alder.records.state.lookup_limit = LookupLimit(2)
    lookup = {"first_name": "Ana", "last_name": "García"}
    codes = [await alder.district().send("POST", "/v1/students/lookup", lookup | {"birth_date": f"2012-05-0{day}"}) for day in (1, 2, 3)]
    assert [one.status for one in codes] == [200, 200, 429]
    assert int(codes[2].headers["retry-after"]) >= 1


def test_the_limit_is_for_each_client_and_a_minute() -> None:
    limit = LookupLimit()
    for _ in range(A_MINUTE):
        limit.count("one", NOON)
    limit.count("other", NOON)
    with pytest.raises(TooManyRequests):
        limit.count("one", NOON + timedelta(seconds=59))
    limit.count("one", NOON + timedelta(seconds=61))
