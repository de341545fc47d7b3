"""The same request with the same key issues one credential, however often and however closely it comes, on both engines."""

import asyncio
import json
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.records.tables import EducatorCredentialRow, IdempotencyRow
from shared.in_process import Answer
from tests.records.both_engines import running as running
from tests.records.exchange.test_educator_credentials import educator, micro_credential
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, OneState, problem

pytestmark = pytest.mark.anyio

SCOPE = "educators:credentials"
PATH = "/v1/educator-credentials"


async def issued(running: OneState, body: Any, key: str, *, district: str = DISTRICT) -> Answer:
    return await running.district(district, SCOPE).send("POST", PATH, body, **{"idempotency-key": key})


def id_of(answer: Answer) -> UUID:
    return UUID(json.loads(answer.body)["id"])


async def made(running: OneState) -> tuple[int, int]:
    """How many are kept, and how many the log has heard of."""
    await running.tell()
    told = [one for one in await running.logged("load") if one.context and one.context["operation"] == "educator-credential-issued"]
    return len(await running.rows(EducatorCredentialRow)), len(told)


@pytest.mark.parametrize("form", ["data-integrity", "jwt"])
async def test_a_request_that_comes_again_is_answered_with_the_credential_that_it_made(running: OneState, form: Any) -> None:
    body, key, before = micro_credential(educator(), form=form).model_dump(mode="json"), str(uuid4()), await made(running)
    first, again = await issued(running, body, key), await issued(running, body, key)
    assert (first.status, again.status) == (201, 201), again.body
    assert json.loads(first.body) == json.loads(again.body)
    assert await made(running) == (before[0] + 1, before[1] + 1)
    other = await issued(running, body | {"name": "Another"}, key)
    assert (other.status, problem(other)) == (422, "idempotency-key-reused")
    anothers = await issued(running, body, key, district=OTHER_DISTRICT)
    assert (anothers.status, id_of(anothers) != id_of(first)) == (201, True), "a key is of its client"
    assert problem(await running.district(DISTRICT, SCOPE).send("POST", PATH, body)) == "idempotency-key-missing"


async def test_of_many_at_once_one_issues_and_all_are_told_of_it(running: OneState) -> None:
    body, key, before = micro_credential(educator()).model_dump(mode="json"), str(uuid4()), await made(running)
    answers = await asyncio.gather(*(issued(running, body, key) for _ in range(6)))
    assert Counter(one.status for one in answers) == {201: 6}
    assert len({id_of(one) for one in answers}) == 1
    assert await made(running) == (before[0] + 1, before[1] + 1)
    assert sum(one.key == key for one in await running.rows(IdempotencyRow)) == 1


async def test_what_was_destroyed_since_is_not_told_again(running: OneState) -> None:
    body, key = micro_credential(educator()).model_dump(mode="json"), str(uuid4())
    first = await issued(running, body, key)
    async with running.records.state.database.transaction() as tx:
        kept = await tx.get_one(EducatorCredentialRow, id_of(first))
        await tx.delete(kept)
    again = await issued(running, body, key)
    assert (again.status, problem(again)) == (404, "not-found")
