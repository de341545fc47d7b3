"""Who waits together becomes one transaction, up to as many entries and students as go into one; first come, first served."""

import asyncio
from uuid import UUID

import pytest

from services.audit.drafts import Draft, draft_of
from services.audit.group_commit import Submission
from services.audit.waiting import MAX_GROUP_ENTRIES, MAX_GROUP_SUBJECTS, Queue
from shared.contracts.audit import Actor, Context, Event

pytestmark = pytest.mark.anyio


def draft(*subjects: UUID) -> Draft:
    custodians = (UUID(int=1),) if subjects else ()
    event = Event(
        class_="match",
        key="k",
        subjects=subjects,
        custodians=custodians,
        actor=Actor(kind="system", job="j"),
        context=Context(operation="o"),
    )
    return draft_of(event, producer="records", digest_key=bytes(32))


async def groups_of(*sizes: int, each: Draft) -> list[list[int]]:
    """How many drafts each submission of each group has, where submissions of these sizes wait."""
    queue = Queue()
    waiting = [asyncio.ensure_future(queue.add(Submission.of([each] * size))) for size in sizes]
    await asyncio.sleep(0)
    groups = []
    while queue.is_busy:
        groups.append([len(one.submission.outlines) for one in queue.next_group()])
        assert groups[-1], "where anybody waits there is a group"
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    return groups


async def test_large_requests_that_wait_together_are_one_group_up_to_its_entries() -> None:
    assert MAX_GROUP_ENTRIES == 4_096
    assert await groups_of(1_000, 1_000, 1_000, 1_000, 1_000, 3, each=draft()) == [[1_000] * 4, [1_000, 3]]


async def test_what_is_larger_than_a_group_goes_alone() -> None:
    assert await groups_of(1, MAX_GROUP_ENTRIES + 1, 1, each=draft()) == [[1], [MAX_GROUP_ENTRIES + 1], [1]]


async def test_pages_of_many_students_count_by_their_students() -> None:
    assert MAX_GROUP_SUBJECTS == 4_096
    page = draft(*(UUID(int=one) for one in range(1, 1_001)))
    assert await groups_of(1, 2, 1, 1, each=page) == [[1, 2, 1], [1]]
