"""Searching by who, to whom, why and what: alone and combined, with and without the index, and never beyond what the caller may see."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from safepassage.canonical import digest_of
from safepassage.wire_log import EntrySearch, FoundEntries
from services.audit.index.bitmaps import stored
from services.audit.index.lookup import has
from services.audit.index.terms import Facts, Kind, TermKeys, term_of, terms_of, values_of
from services.audit.search_clauses import clauses_of
from services.audit.tables import PostingRow
from shared.contracts.audit import Actor, Context, Event
from tests.audit.audit_node import ELM, OAK, STATE, VENDOR, AuditNode, disclosure, event, give_organisations

pytestmark = pytest.mark.anyio

PARENT, DECIDED = uuid4(), uuid4()


def state(node: AuditNode, *scopes: str) -> dict[str, str]:
    return node.as_caller("audit:search", *scopes, kind="sea", organisation=STATE, purpose="audit-evaluation")


async def search(node: AuditNode, headers: dict[str, str], query: str = "", **body: Any) -> FoundEntries:
    answer = await node.send("POST", "/v1/log/searches", headers, body, query)
    assert answer.status == 200, answer.body
    return FoundEntries.model_validate_json(answer.body)


def rights_of_a_parent(student: UUID, custodian: UUID = OAK) -> Event:
    return Event(
        class_="rights",
        key=f"right:{uuid4()}",
        subjects=(student,),
        custodians=(custodian,),
        actor=Actor(kind="client", client_id="portal", organisation_id=OAK, acting_for=PARENT),
        context=Context(operation="inspect", outcome="opened", purpose="parent-access"),
    )


async def a_log(node: AuditNode) -> dict[str, int]:
    """One entry of each kind, by name its index."""
    await give_organisations(node)
    names = ("disclosure", "elm", "read", "right", "denied", "job")
    await node.append(disclosure(node, uuid4(), elements=("identity.name", "health.alerts")), disclosure(node, uuid4(), custodian=ELM))
    read = Event(
        class_="read",
        key="read",
        subjects=(uuid4(),),
        custodians=(OAK,),
        actor=Actor(kind="client", client_id="vendor-7"),
        context=Context(
            operation="roster-entries-read", basis="contractor", recipient_organisation=str(VENDOR), elements=("identity.name",)
        ),
        decision_token=node.decision(None, recipient=str(VENDOR), elements=("identity.name",))[1],
    )
    await node.append(read, headers=node.on_behalf_of("vendor", VENDOR))
    await node.append(rights_of_a_parent(uuid4()), service="privacy")
    denied = event(
        "decision", student=uuid4(), outcome="deny", operation="disclose", purpose="enrollment", reason="no-basis", decision_id=DECIDED
    )
    await node.append(denied, service="privacy")
    await node.append(event("load", custodian=None).model_copy(update={"actor": Actor(kind="system", job="nightly")}))
    return {name: at for at, name in enumerate(names)}


FILTERS: list[tuple[dict[str, Any], set[str]]] = [
    ({"client_ids": ["portal"]}, {"right"}),
    ({"client_ids": ["portal", "vendor-7"]}, {"right", "read"}),
    ({"jobs": ["nightly"]}, {"job"}),
    ({"jobs": ["exchange"], "custodian_ids": [str(ELM)]}, {"elm"}),
    ({"acting_for": [str(PARENT)]}, {"right"}),
    ({"organisation_ids": [str(OAK)], "purposes": ["enrollment"]}, {"denied"}),
    ({"recipient_organisations": [str(VENDOR)]}, {"read"}),
    ({"recipient_organisations": ["https://birch.example#school-7"]}, {"disclosure", "elm"}),
    ({"operations": ["inspect", "disclose"]}, {"right", "denied"}),
    ({"purposes": ["enrollment"], "outcomes": ["permit"]}, {"disclosure", "elm"}),
    ({"bases": ["contractor"]}, {"read"}),
    ({"outcomes": ["deny"]}, {"denied"}),
    ({"reasons": ["no-basis"]}, {"denied"}),
    ({"policy_hashes": [digest_of(b"policy")]}, {"disclosure", "elm", "read"}),
    ({"policy_hashes": [digest_of(b"another")]}, set()),
    ({"decision_ids": [str(DECIDED)]}, {"denied"}),
    ({"elements": ["health.alerts"]}, {"disclosure"}),
    ({"categories": ["identity"]}, {"disclosure", "elm", "read"}),
    ({"categories": ["health"], "bases": ["contractor"]}, set()),
    ({"classes": ["read", "decision"], "categories": ["identity"]}, {"read"}),
]


@pytest.mark.parametrize("indexed", [True, False])
async def test_each_filter_finds_its_entries_and_no_others(node: AuditNode, indexed: bool) -> None:
    places = await a_log(node)
    if indexed:
        await node.app.state.projector.catch_up()
    for body, names in FILTERS:
        found = await search(node, state(node), **body)
        assert {entry.index for entry in found.entries} == {places[name] for name in names}, body
        assert found.not_looked_at == 0


@pytest.mark.parametrize("indexed", [True, False])
async def test_the_entries_of_an_exchange_are_found_by_its_id(node: AuditNode, indexed: bool) -> None:
    await give_organisations(node)
    one, other = disclosure(node, uuid4()), disclosure(node, uuid4(), custodian=ELM)
    received = event("receipt", exchange_id=one.context.exchange_id)
    await node.append(one, other, received, event("match", student=uuid4()))
    if indexed:
        await node.app.state.projector.catch_up()
    asked = {"exchange_ids": [str(one.context.exchange_id)]}
    assert [entry.index for entry in (await search(node, state(node), **asked)).entries] == [2, 0]
    foreign = node.as_caller("audit:search", organisation=ELM)
    assert (await search(node, foreign, **asked)).entries == ()
    assert (await search(node, state(node), exchange_ids=[str(uuid4())])).entries == ()


@pytest.mark.parametrize("indexed", [True, False])
async def test_the_entries_of_a_decision_are_found_by_its_id(node: AuditNode, indexed: bool) -> None:
    """That it was decided, with those who were denied all beside others, and what was disclosed by it."""
    await give_organisations(node)
    one, other = disclosure(node, uuid4()), disclosure(node, uuid4(), custodian=ELM)
    told = [event("decision", student=uuid4(), outcome=outcome, decision_id=one.context.decision_id) for outcome in ("permit", "deny")]
    await node.append(*told, event("decision", student=uuid4(), decision_id=other.context.decision_id), service="privacy")
    await node.append(one, other, event("match", student=uuid4()))
    if indexed:
        await node.app.state.projector.catch_up()
    asked = {"decision_ids": [str(one.context.decision_id)]}
    assert [entry.index for entry in (await search(node, state(node), **asked)).entries] == [3, 1, 0]
    both = {"decision_ids": [str(one.context.decision_id), str(other.context.decision_id)], "classes": ["disclosure"]}
    assert [entry.index for entry in (await search(node, state(node), **both)).entries] == [4, 3]
    foreign = node.as_caller("audit:search", organisation=ELM)
    assert (await search(node, foreign, **asked)).entries == ()
    assert (await search(node, state(node), decision_ids=[str(uuid4())])).entries == ()


@pytest.mark.requirement("BAD-foreign")
async def test_a_filter_never_shows_a_district_another_districts_entry(node: AuditNode) -> None:
    places = await a_log(node)
    await node.app.state.projector.catch_up()
    own = node.as_caller("audit:search", organisation=OAK)
    for body, names in FILTERS:
        found = await search(node, own, **body)
        assert {entry.index for entry in found.entries} == {places[name] for name in names - {"elm", "job"}}, body
    for kind in ("vendor", "agency", "peer"):
        refused = await node.send("POST", "/v1/log/searches", node.as_caller("audit:search", kind=kind), {"client_ids": ["portal"]})
        assert refused.status == 403


async def test_an_entry_is_shown_for_what_it_says_whatever_the_index_says_of_it(node: AuditNode) -> None:
    """Whoever can write the index gains nothing by it: bits of one district's entries under another's name show nothing."""
    places = await a_log(node)
    await node.app.state.projector.catch_up()
    async with node.database.transaction() as tx:
        everything = stored((1 << len(places)) - 1)
        await tx.execute(update(PostingRow).where(PostingRow.level == 0).values(bits=everything))
    own = node.as_caller("audit:search", organisation=OAK)
    found = await search(node, own, bases=["transfer"])
    assert [entry.index for entry in found.entries] == [places["disclosure"]]


async def test_a_students_entries_are_narrowed_by_the_same_filters(node: AuditNode) -> None:
    student = uuid4()
    await node.append(*[event("match", student=student, outcome=f"o{at % 5}") for at in range(20)])
    found = await search(node, state(node), student_id=str(student), outcomes=["o3"])
    assert [entry.index for entry in found.entries] == [18, 13, 8, 3]
    assert (await search(node, state(node), student_id=str(uuid4()), outcomes=["o3"])).entries == ()


@pytest.mark.parametrize("by_student", [True, False])
async def test_pages_of_a_filter_follow_one_another_without_gap_or_overlap(node: AuditNode, by_student: bool) -> None:
    student = uuid4()
    await node.append(*[event("match", student=student, outcome=f"o{at % 2}") for at in range(30)])
    await node.app.state.projector.catch_up()
    await node.append(*[event("match", student=student, outcome=f"o{at % 2}") for at in range(30, 40)])
    body: dict[str, Any] = {"outcomes": ["o1"]} | ({"student_id": str(student)} if by_student else {})
    seen, query = list[int](), "limit=3"
    while True:
        answer = await node.send("POST", "/v1/log/searches", state(node), body, query)
        seen += [entry["index"] for entry in json.loads(answer.body)["entries"]]
        if "link" not in answer.headers:
            break
        query = answer.headers["link"].partition("?")[2].partition(">")[0]
    assert seen == list(range(39, 0, -2))


async def test_what_the_index_has_not_and_nobody_looked_at_is_told(node: AuditNode) -> None:
    (task,) = [task for task in node.app.state.tasks if task.get_coro().__name__ == "_keep_index"]
    task.cancel()
    await node.append(*[event("match", student=uuid4()) for _ in range(1000)])
    await node.app.state.projector.catch_up()
    for _ in range(3):
        await node.append(*[event("load", custodian=None) for _ in range(700)])
    found = await search(node, state(node), classes=["match"])
    assert (len(found.entries), found.not_looked_at) == (100, 2100)


async def test_a_filtered_search_is_one_entry_and_holds_no_value_of_the_filter(node: AuditNode) -> None:
    await a_log(node)
    size = node.sequencer.size
    await search(node, state(node), client_ids=["portal"], acting_for=[str(PARENT)])
    assert node.sequencer.size == size + 1
    (logged,) = (await search(node, state(node), classes=["search"])).entries
    assert "portal" not in str(logged.context)
    assert str(PARENT) not in str(logged.context)


def test_a_state_without_a_node_finds_nothing() -> None:
    (clause,) = clauses_of(EntrySearch(recipient_states=("XC",)), nodes_of=lambda _: set())
    assert not has(Facts("read", node="https://birch.example"), [clause])


words = st.sampled_from(["", "a", "b"])


@given(st.builds(Facts, class_=st.sampled_from(["read", "load"]), purpose=words, actor=words, recipient=words, node=words), st.data())
def test_terms_and_values_agree_on_what_a_query_finds(facts: Facts, data: st.DataObject) -> None:
    keys = TermKeys(b"i" * 32, {2026: b"k" * 32})
    pairs = st.tuples(st.sampled_from([Kind.PURPOSE, Kind.ACTOR, Kind.RECIPIENT, Kind.NODE]), st.sampled_from(["a", "b"]))
    clause = frozenset(data.draw(st.sets(pairs, min_size=1)))
    by_terms = not terms_of(facts, keys, 2026).isdisjoint(term_of(kind, value, keys, 2026) for kind, value in clause)
    assert has(facts, [clause]) == by_terms == (not clause.isdisjoint(values_of(facts)))
