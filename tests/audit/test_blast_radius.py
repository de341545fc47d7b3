"""What a credential, key, person or organisation touched: counted and listed, for whom it concerns and nobody else."""

import csv
import io
import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from safepassage.canonical import digest_of
from safepassage.wire_log_radius import BlastRadius, TouchedStudents
from shared.contracts.audit import Actor, Context, Event
from shared.nobody import nobody_of
from tests.audit.audit_node import ELM, OAK, STATE, VENDOR, AuditNode, disclosure, event, give_organisations

pytestmark = pytest.mark.anyio

KEY = digest_of(b"a key")
ADDRESS = "2001:db8::66"


def state(node: AuditNode) -> dict[str, str]:
    return node.as_caller("audit:search", kind="sea", organisation=STATE, purpose="breach-response")


def read_by(
    node: AuditNode, client: str, students: list[UUID], custodians: list[UUID], elements: tuple[str, ...], outcome: str = "done"
) -> Event:
    return Event(
        class_="read",
        key=f"read:{uuid4()}",
        subjects=tuple(students),
        custodians=tuple(custodians),
        actor=Actor(
            kind="client", client_id=client, organisation_id=VENDOR, **({"key": KEY, "address": ADDRESS} if client == "stolen" else {})
        ),
        context=Context(operation="roster-entries-read", outcome=outcome, recipient_organisation=str(VENDOR), elements=elements),
        decision_token=node.decision(None, recipient=str(VENDOR), elements=elements)[1],
    )


async def a_theft(node: AuditNode) -> dict[str, UUID]:
    """The client `stolen` reads of Ann (twice), Bob (Elm) and Cy; another client reads of Dan."""
    await give_organisations(node)
    who = {name: uuid4() for name in ("ann", "bob", "cy", "dan")}
    await node.append(read_by(node, "stolen", [who["ann"]], [OAK], ("identity.name",)), headers=node.on_behalf_of("vendor", VENDOR))
    node.clock.advance(hours=1)  # type: ignore[attr-defined]  # the standing clock of the tests
    page = read_by(node, "stolen", [who["ann"], who["bob"], who["cy"]], [OAK, ELM, OAK], ("identity.name", "health.alerts"))
    await node.append(page, read_by(node, "honest", [who["dan"]], [OAK], ("identity.name",)), headers=node.on_behalf_of("vendor", VENDOR))
    node.clock.advance(hours=1)  # type: ignore[attr-defined]  # the standing clock of the tests
    await node.append(disclosure(node, who["dan"]))
    await node.app.state.projector.catch_up()
    return who


def asked(node: AuditNode, **more: Any) -> dict[str, Any]:
    until, from_ = node.clock() + timedelta(hours=1), node.clock() - timedelta(hours=9)
    return {"touched_from": from_.isoformat(), "touched_until": until.isoformat(), **more}


async def radius(node: AuditNode, headers: dict[str, str], **more: Any) -> BlastRadius:
    answer = await node.send("POST", "/v1/log/blast-radius", headers, asked(node, **more))
    assert answer.status == 200, answer.body
    return BlastRadius.model_validate_json(answer.body)


async def test_what_a_stolen_credential_touched_is_counted(node: AuditNode) -> None:
    await a_theft(node)
    start = node.clock() - timedelta(hours=2)
    for whose in ({"client_id": "stolen"}, {"key_thumbprint": KEY}, {"address": "2001:DB8:0::66"}):
        it = await radius(node, state(node), **whose)
        assert (it.entries, it.students, it.recipients, it.not_looked_at) == (2, 3, 1, 0)
        assert it.by_class == {"read": 2}
        assert it.elements == {"identity.name": 2, "health.alerts": 1}
        assert {(one.organisation_id, one.entries) for one in it.custodians} == {(OAK, 2), (ELM, 1)}
        assert (it.first_at, it.last_at) == (start, start + timedelta(hours=1))
        assert [(one.node, one.entries) for one in it.nodes] == [("here", 2)]
    assert (await radius(node, state(node), organisation_id=str(VENDOR))).entries == 3
    assert (await radius(node, state(node), recipient=str(VENDOR))).students == 4


async def test_what_a_whole_node_was_given_is_not_nothing_and_a_party_behind_it_is_that_party_alone(node: AuditNode) -> None:
    who = await a_theft(node)
    for party, entries in (("https://birch.example", 1), (f"https://birch.example#{ELM}", 0), ("https://cedar.example", 0), ("here", 0)):
        it = await radius(node, state(node), recipient=party)
        assert (party, it.entries, it.students) == (party, entries, entries)
    answer = await node.send("POST", "/v1/log/searches", state(node), {"recipient_organisations": ["https://birch.example", str(VENDOR)]})
    found = json.loads(answer.body)["entries"]
    assert len(found) == 4
    assert sum(str(who["dan"]) in one["student_ids"] for one in found) == 2


async def test_a_child_who_was_asked_for_and_is_not_here_is_no_student_that_was_touched(node: AuditNode) -> None:
    """Of all who are not here the log has one id, that of nobody at the agency; of another agency it would be somebody."""
    await a_theft(node)
    for absent, custodian in ((nobody_of(STATE), STATE), (nobody_of(STATE), STATE), (nobody_of(OAK), STATE)):
        await node.append(event(student=absent, custodian=custodian))
    await node.app.state.projector.catch_up()
    it = await radius(node, state(node), organisation_id=str(OAK))
    assert (it.entries, it.students) == (3, 1)
    assert (await radius(node, state(node), client_id="nobody")).entries == 0


async def test_only_what_lies_between_the_instants_counts(node: AuditNode) -> None:
    await a_theft(node)
    last_hour = (node.clock() - timedelta(minutes=61)).isoformat()
    it = await radius(node, state(node), client_id="stolen", touched_from=last_hour)
    assert (it.entries, it.students) == (1, 3)
    assert (await radius(node, state(node), client_id="stolen", touched_until=last_hour)).entries == 1


@pytest.mark.requirement("BAD-foreign")
async def test_a_district_is_told_of_its_own_students_alone(node: AuditNode) -> None:
    who = await a_theft(node)
    for district, students, entries in ((OAK, {who["ann"], who["cy"]}, 2), (ELM, {who["bob"]}, 1)):
        headers = node.as_caller("audit:search", organisation=district)
        it = await radius(node, headers, client_id="stolen")
        assert (it.entries, it.students) == (entries, len(students))
        assert [one.organisation_id for one in it.custodians] == [district]
        answer = await node.send("POST", "/v1/log/blast-radius/rows", headers, asked(node, client_id="stolen"))
        rows = TouchedStudents.model_validate_json(answer.body).rows
        assert {row.student_id for row in rows} == students
        assert {row.custodian_id for row in rows} == {district}
    for kind in ("vendor", "agency", "peer"):
        for path in ("/v1/log/blast-radius", "/v1/log/blast-radius/rows"):
            refused = await node.send("POST", path, node.as_caller("audit:search", kind=kind), asked(node, client_id="stolen"))
            assert refused.status == 403


async def test_rows_come_in_pages_and_as_a_table(node: AuditNode) -> None:
    who = await a_theft(node)
    rows: list[dict[str, str]] = []
    query = "format=csv&limit=1"
    while True:
        answer = await node.send("POST", "/v1/log/blast-radius/rows", state(node), asked(node, client_id="stolen"), query)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        rows += csv.DictReader(io.StringIO(answer.body.decode()))
        if "link" not in answer.headers:
            break
        query = answer.headers["link"].partition("?")[2].partition(">")[0]
    assert [row["student_id"] for row in rows] == [str(who[name]) for name in ("ann", "bob", "cy", "ann")]
    assert [row["data_elements"] for row in rows] == ["identity.name health.alerts"] * 3 + ["identity.name"]
    assert {row["proof"] for row in rows} == {"published"}


async def test_a_cell_never_begins_a_formula(node: AuditNode) -> None:
    await give_organisations(node)
    evil = event("match", student=uuid4(), recipient_organisation="=HYPERLINK(1)")
    await node.append(evil)
    await node.app.state.projector.catch_up()
    answer = await node.send("POST", "/v1/log/blast-radius/rows", state(node), asked(node, client_id="sis-1"), "format=csv")
    (row,) = csv.DictReader(io.StringIO(answer.body.decode()))
    assert row["recipient"] == "'=HYPERLINK(1)"


async def test_each_question_is_one_entry_and_names_nobody(node: AuditNode) -> None:
    await a_theft(node)
    size = node.sequencer.size
    await radius(node, state(node), client_id="stolen")
    await node.send("POST", "/v1/log/blast-radius/rows", state(node), asked(node, client_id="stolen"))
    assert node.sequencer.size == size + 2
    answer = await node.send("POST", "/v1/log/searches", state(node), {"classes": ["search"]})
    logged = json.loads(answer.body)["entries"]
    assert [entry["context"]["operation"] for entry in logged] == ["blast-radius-rows", "blast-radius"]
    assert "stolen" not in answer.body.decode()


@pytest.mark.parametrize(
    "more", [{}, {"client_id": "a", "person_id": str(uuid4())}, {"client_id": "a", "touched_until": "2000-01-01T00:00:00Z"}]
)
async def test_a_question_names_one_and_a_time(node: AuditNode, more: dict[str, str]) -> None:
    answer = await node.send("POST", "/v1/log/blast-radius", state(node), asked(node) | more)
    assert answer.status == 422
