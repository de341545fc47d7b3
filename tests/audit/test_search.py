"""Searching: by student over two school years, by time, narrowed to what the caller may see, and itself on the record."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest

from safepassage.canonical import from_base64url
from safepassage.leaf import parse_leaf, subject_commitment, subject_leaf, verify_commitment
from safepassage.wire_log import FoundEntries, LogEntry
from shared.contracts.audit import Actor, Context, Event
from tests.audit.audit_node import ELM, OAK, STATE, VENDOR, AuditNode, disclosure, event, give_organisations, running
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

JUNE, JULY = datetime(2026, 6, 20, tzinfo=UTC), datetime(2026, 7, 10, tzinfo=UTC)
JANUARY = datetime(2027, 1, 20, tzinfo=UTC)


def district(node: AuditNode, organisation: UUID = OAK, *scopes: str) -> dict[str, str]:
    return node.as_caller(*(scopes or ("audit:search",)), organisation=organisation)


def state(node: AuditNode, purpose: str | None = "audit-evaluation") -> dict[str, str]:
    return node.as_caller("audit:search", "audit:operate", kind="sea", organisation=STATE, purpose=purpose)


async def search(node: AuditNode, headers: dict[str, str], query: str = "", **body: Any) -> FoundEntries:
    answer = await node.send("POST", "/v1/log/searches", headers, body, query)
    assert answer.status == 200, answer.body
    return FoundEntries.model_validate_json(answer.body)


async def test_a_student_is_found_across_two_school_years(store_url: str, node_keys: Path) -> None:
    student, clock, epochs = uuid4(), StandingClock(JUNE), set()
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("match", student=student), event("match", student=uuid4()))
        clock.instant = JULY
        await node.append(event("match", student=student), event("match", student=uuid4()))
        found = await search(node, district(node), student_id=str(student))
        await node.sequencer.publish_now()
        for entry in found.entries:
            answer = await node.send("GET", f"/v1/log/entries/{entry.index}", state(node))
            epochs.add(parse_leaf(from_base64url(json.loads(answer.body)["entry"])).key_epoch)
    assert epochs == {2026, 2027}
    assert [entry.student_ids for entry in found.entries] == [(student,), (student,)]
    assert [entry.logged_at for entry in found.entries] == [JULY, JUNE]


@pytest.mark.requirement("BAD-foreign")
async def test_a_district_sees_its_own_students_and_another_districts_look_absent(node: AuditNode) -> None:
    await give_organisations(node)
    oak, elm, unknown = uuid4(), uuid4(), uuid4()
    await node.append(event(student=oak, custodian=OAK), event(student=elm, custodian=ELM), event(student=uuid4(), custodian=None))
    assert len((await search(node, district(node), student_id=str(oak))).entries) == 1
    foreign = await node.send("POST", "/v1/log/searches", district(node), {"student_id": str(elm)})
    absent = await node.send("POST", "/v1/log/searches", district(node), {"student_id": str(unknown)})
    assert (foreign.status, json.loads(foreign.body)["entries"]) == (absent.status, json.loads(absent.body)["entries"]) == (200, [])
    by_time = await search(node, district(node), classes=["match"])
    assert [entry.student_ids for entry in by_time.entries] == [(oak,)]


@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.requirement("BAD-foreign")
async def test_however_much_there_is_of_another_districts_student_there_is_no_next_page(node: AuditNode, indexed: bool) -> None:
    await give_organisations(node)
    elm = uuid4()
    await node.append(*[event(student=elm, custodian=ELM) for _ in range(3)])
    if indexed:
        await node.app.state.projector.catch_up()
    answer = await node.send("POST", "/v1/log/searches", district(node), {"student_id": str(elm)}, "limit=1")
    assert (answer.status, json.loads(answer.body)["entries"], answer.headers.get("link")) == (200, [], None)


async def test_the_state_sees_all_for_a_purpose_and_nothing_without(node: AuditNode) -> None:
    await give_organisations(node)
    await node.append(event(student=uuid4()), event(student=uuid4(), custodian=ELM), event(custodian=None))
    assert len((await search(node, state(node), classes=["match"])).entries) == 3
    refused = await node.send("POST", "/v1/log/searches", state(node, None), {})
    assert (refused.status, json.loads(refused.body)["code"]) == (403, "purpose-missing")


async def test_a_state_below_which_a_district_stands_is_not_seen_by_it(node: AuditNode) -> None:
    await give_organisations(node)
    await node.append(event(student=uuid4(), custodian=STATE))
    assert (await search(node, district(node), classes=["match"])).entries == ()


async def test_of_a_page_a_district_sees_its_own_students_alone(node: AuditNode) -> None:
    oak, elm = uuid4(), uuid4()
    page = Event(
        class_="read",
        key="page",
        subjects=(oak, elm),
        custodians=(OAK, ELM),
        actor=Actor(kind="client", client_id="vendor"),
        context=Context(operation="roster", recipient_organisation=str(VENDOR), elements=("identity.name",)),
        decision_token=node.decision(None, recipient=str(VENDOR), elements=("identity.name",))[1],
    )
    await node.append(page, headers=node.on_behalf_of("vendor", VENDOR))
    (found,) = (await search(node, district(node), classes=["read"])).entries
    assert found.student_ids == (oak,)
    opened = await opened_entry(node, found.index, district(node), "subject", "context")
    assert [part.payload["student"] for part in opened.subjects] == [str(oak)]
    everything = await opened_entry(node, found.index, state(node), "subject", "actor", "context")
    assert [part.position for part in everything.subjects] == [0, 1]
    leaf = parse_leaf(from_base64url(everything.entry))
    leaves = [subject_leaf(salt=from_base64url(part.salt), payload=part.payload) for part in everything.subjects]
    assert from_base64url(leaf.commitments.subject) == subject_commitment(leaves)
    assert everything.context is not None
    verify_commitment(committed=leaf.commitments.context, salt=from_base64url(everything.context.salt), payload=everything.context.payload)


async def opened_entry(node: AuditNode, index: int, headers: dict[str, str], *groups: str) -> LogEntry:
    answer = await node.send("GET", f"/v1/log/entries/{index}", headers, query="&".join(f"open={group}" for group in groups))
    assert answer.status == 200, answer.body
    return LogEntry.model_validate_json(answer.body)


async def test_another_districts_entry_stays_closed(node: AuditNode) -> None:
    await node.append(disclosure(node, uuid4()))
    closed = await opened_entry(node, 0, district(node, ELM), "subject", "actor", "context")
    assert (closed.subjects, closed.actor, closed.context) == ((), None, None)
    operator = node.as_caller("audit:operate", kind="sea", purpose="audit-evaluation")
    assert (await node.send("GET", "/v1/log/entries/0", operator, query="open=actor")).status == 403
    assert (await node.send("GET", "/v1/log/entries/0", operator)).status == 200


async def test_vendors_and_peers_never_search(node: AuditNode) -> None:
    for kind in ("vendor", "peer", "agency"):
        headers = node.as_caller("audit:search", "audit:accounting", kind=kind)
        assert (await node.send("POST", "/v1/log/searches", headers, {})).status == 403
        assert (await node.send("GET", f"/v1/students/{uuid4()}/disclosure-accounting", headers)).status == 403


async def test_a_search_by_time_finds_what_was_logged_between(node: AuditNode, clock: StandingClock) -> None:
    instants = []
    for minute in range(5):
        clock.instant = datetime(2026, 10, 20, 12, minute, tzinfo=UTC)
        instants.append(clock.instant)
        await node.append(event(student=uuid4()), event("load"))
    clock.advance(hours=1)
    body = {"logged_from": instants[1].isoformat(), "logged_until": instants[4].isoformat(), "classes": ["match"]}
    found = await search(node, district(node), **body)
    assert [entry.logged_at for entry in found.entries] == [instants[3], instants[2], instants[1]]
    future = await search(node, district(node), logged_from="2030-01-01T00:00:00Z")
    assert future.entries == ()
    assert (await search(node, district(node), logged_until="2020-01-01T00:00:00Z")).entries == ()


@pytest.mark.parametrize("indexed", [4, 6])
@pytest.mark.parametrize("sort", ["-logged_at", "logged_at"])
@pytest.mark.parametrize("by_student", [True, False])
async def test_pages_follow_one_another_without_gap_or_overlap(node: AuditNode, by_student: bool, sort: str, indexed: int) -> None:
    student = uuid4()
    await node.append(*[event(student=student) for _ in range(indexed)])
    await node.app.state.projector.catch_up()
    await node.append(*[event(student=student) for _ in range(7 - indexed)])
    body = {"student_id": str(student)} if by_student else {"classes": ["match"]}
    seen: list[int] = []
    path, query = "/v1/log/searches", f"limit=3&sort={sort}"
    while True:
        answer = await node.send("POST", path, district(node), body, query)
        seen += [entry["index"] for entry in json.loads(answer.body)["entries"] if entry["class"] == "match"]
        link = answer.headers.get("link")
        if link is None:
            break
        target = urlsplit(link.partition(">")[0][1:])
        assert target.path == path
        query = target.query
    assert seen == ([6, 5, 4, 3, 2, 1, 0] if sort.startswith("-") else [0, 1, 2, 3, 4, 5, 6])


async def test_the_oldest_between_two_instants_are_found_over_the_change_of_the_year(store_url: str, node_keys: Path) -> None:
    student, clock = uuid4(), StandingClock(JUNE)
    async with running(store_url, node_keys, clock) as node:
        for month in (JUNE, JULY, JANUARY):
            clock.instant = month
            await node.append(*[event("match", student=student) for _ in range(3)])
        await node.sequencer.publish_now()
        between = {"logged_from": JUNE.isoformat(), "logged_until": JULY.isoformat()}
        for body in ({"student_id": str(student)}, {"classes": ["match"]}):
            found = await search(node, district(node), "sort=logged_at&limit=4", **body)
            assert [(one.logged_at, one.index) for one in found.entries] == [(JUNE, 0), (JUNE, 1), (JUNE, 2), (JULY, 3)]
            logs = [one.log for one in (await search(node, district(node), "sort=logged_at", **body)).entries if one.class_ == "match"]
            assert [log.rpartition("/")[2] for log in logs] == ["2026"] * 6 + ["2027"] * 3
            assert [one.index for one in (await search(node, district(node), "sort=logged_at", **body, **between)).entries] == [0, 1, 2]


async def test_a_cursor_of_another_search_or_caller_is_refused(node: AuditNode) -> None:
    await node.append(*[event(student=uuid4()) for _ in range(3)])
    answer = await node.send("POST", "/v1/log/searches", district(node), {"classes": ["match"]}, "limit=1")
    query = urlsplit(answer.headers["link"].partition(">")[0][1:]).query
    assert (await node.send("POST", "/v1/log/searches", district(node), {"classes": ["load"]}, query)).status == 422
    other = node.as_caller("audit:search", client="another")
    assert (await node.send("POST", "/v1/log/searches", other, {"classes": ["match"]}, query)).status == 422
    assert (await node.send("POST", "/v1/log/searches", district(node), {}, "cursor=AAAA")).status == 422
    turned = query.replace("sort=-logged_at", "sort=logged_at")
    assert turned != query
    assert (await node.send("POST", "/v1/log/searches", district(node), {"classes": ["match"]}, turned)).status == 422


async def test_every_search_is_an_entry_and_only_one(node: AuditNode) -> None:
    student = uuid4()
    await node.append(event(student=student))
    size = node.sequencer.size
    await search(node, district(node), student_id=str(student))
    await node.sequencer.publish_now()
    await opened_entry(node, 0, district(node), "context")
    assert node.sequencer.size == size + 2
    found = await search(node, district(node), classes=["search"])
    assert [entry.context["operation"] for entry in found.entries if entry.context] == ["open-entry", "search-log"]
    about = await search(node, district(node), student_id=str(student))
    assert [entry.class_ for entry in about.entries] == ["search", "match"]


async def test_what_a_search_finds_says_whether_it_can_be_proven(node: AuditNode) -> None:
    student = uuid4()
    await node.append(event("request", student=student))
    await node.append(event("match", student=student))
    found = await search(node, district(node), student_id=str(student))
    assert [(entry.index, entry.proof) for entry in found.entries] == [(1, "pending"), (0, "published")]
