"""Another district's student with thousands of entries is as much work as one who is not there, counted in calls (tests.isolation.work)."""

import json
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.audit.index.terms import Kind
from services.audit.openings import Sight
from services.audit.own_entries import FILLED
from services.audit.search_clauses import narrowed
from shared.in_process import Answer
from tests.audit.audit_node import ELM, OAK, AuditNode, event, give_organisations
from tests.isolation.work import Counted

pytestmark = pytest.mark.anyio

MANY, AT_ONCE, TURNS = 2_000, 500, 7
MOST = 500
"""Calls, some 0.3 ms: what a search finds of earlier ones makes a difference of 200. An entry that is looked at is 5, all are 10,000."""
SCOPES = ("audit:accounting", "audit:search")


async def _with_many(node: AuditNode) -> UUID:
    """A student of Oak's."""
    await give_organisations(node)
    student = uuid4()
    for _ in range(0, MANY, AT_ONCE):
        await node.append(*[event("match", student=student) for _ in range(AT_ONCE)])
    await node.app.state.projector.catch_up()
    return student


async def _asked(node: AuditNode, what: str, student: UUID) -> Answer:
    headers = node.as_caller(*SCOPES, organisation=ELM)
    if what == "accounting":
        return await node.send("GET", f"/v1/students/{student}/disclosure-accounting", headers)
    search: dict[str, Any] = {"student_id": str(student), **({"classes": ["match"]} if what == "search with a clause" else {})}
    return await node.send("POST", "/v1/log/searches", headers, search)


@pytest.mark.requirement("BAD-foreign")
async def test_thousands_of_entries_make_no_more_work_than_none(node: AuditNode) -> None:
    student, door = await _with_many(node), Counted(node.app)
    through = AuditNode(door, node.node_keys, node.clock)  # type: ignore[arg-type]  # an application, as far as is asked of it here
    faults, nobody = [], uuid4()
    for what in ("accounting", "search", "search with a clause"):
        counts: dict[bool, list[int]] = {True: [], False: []}
        for turn in range(TURNS + 1):
            for there in (True, False) if turn % 2 else (False, True):
                await node.app.state.projector.catch_up()
                answer = await _asked(through, what, student if there else nobody)
                told = [entry["class"] for entry in json.loads(answer.body)["entries"]]
                assert (answer.status, set(told) - {"search"}, answer.headers.get("link")) == (200, set(), None), "its own looks alone"
                counts[there].append(door.calls)
        # Each search is an entry that the next one finds: the middle one of as many, without the first, which finds nothing in memory.
        usual = {there: median(made[1:]) for there, made in counts.items()}
        if abs(usual[True] - usual[False]) > MOST:
            faults.append(f"{what}: {usual[True] - usual[False]:+} of {usual[False]} calls")
    assert not faults, "\n".join(faults)
    assert MANY < FILLED


async def test_a_custodian_beyond_the_callers_sight_is_not_looked_up() -> None:
    oaks, elms, matches = (Kind.CUSTODIAN, str(OAK)), (Kind.CUSTODIAN, str(ELM)), frozenset({(Kind.CLASS, "match")})
    asked = [frozenset({oaks, elms}), matches, frozenset({oaks})]
    assert narrowed(asked, Sight(False, frozenset({ELM}))) == [frozenset({elms}), matches, frozenset(), frozenset({elms})]
    assert narrowed(asked, Sight(True, frozenset())) == asked


async def test_a_student_who_was_the_callers_before_thousands_of_others_entries_is_found(node: AuditNode) -> None:
    await give_organisations(node)
    student = uuid4()
    await node.append(event("match", student=student, custodian=ELM), event("match", student=student, custodian=ELM))
    for _ in range(0, MANY, AT_ONCE):
        await node.append(*[event("match", student=student, custodian=OAK) for _ in range(AT_ONCE)])
    await node.app.state.projector.catch_up()
    answer = await _asked(node, "search", student)
    assert [entry["index"] for entry in json.loads(answer.body)["entries"]] == [1, 0]
