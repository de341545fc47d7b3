"""The accounting of disclosures: what 34 CFR 99.32 asks for, nothing of another student, nothing that a court keeps secret."""

import json
import re
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete

from safepassage.wire_log import AccountedEntry, DisclosureAccounting
from services.audit import own_entries
from services.audit.disclosures.disclosure_record import EXEMPT, accounted, phase_of
from services.audit.index.rebuilding import begin
from services.audit.tables import SubjectKeyRow
from services.privacy.policy.law_document import DOCUMENT
from shared.contracts.audit import Actor, Context
from tests.audit.audit_node import ELM, OAK, VENDOR, AuditNode, disclosure, event
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


async def account(node: AuditNode, student: UUID, organisation: UUID = OAK, query: str = "") -> tuple[AccountedEntry, ...]:
    headers = node.as_caller("audit:accounting", organisation=organisation)
    answer = await node.send("GET", f"/v1/students/{student}/disclosure-accounting", headers, query=query)
    assert answer.status == 200, answer.body
    return DisclosureAccounting.model_validate_json(answer.body).entries


async def test_a_redisclosed_transfer_shows_request_disclosure_and_receipt(node: AuditNode, clock: StandingClock) -> None:
    student = uuid4()
    one = disclosure(
        node,
        student,
        elements=("identity.name", "special_education.iep"),
        originating_organisation=OAK,
        citations=("34 CFR 99.31(a)(2)", "34 CFR 99.33(b)"),
    )
    exchange = one.context.exchange_id
    await node.append(
        event("match", student=student, operation="exchange-match", exchange_id=exchange, recipient_node="https://birch.example")
    )
    await node.append(one)
    await node.append(event("receipt", student=student, operation="exchange-receipt", exchange_id=exchange))
    receipt, disclosed, request = await account(node, student)
    assert [entry.phase for entry in (receipt, disclosed, request)] == ["receipt", "disclosure", "request"]
    assert {entry.exchange_id for entry in (receipt, disclosed, request)} == {exchange}
    assert disclosed.party.organisation == "https://birch.example#school-7"
    assert disclosed.party.node == "https://birch.example"
    assert (disclosed.interest.purpose, disclosed.interest.basis) == ("enrollment", "transfer")
    assert disclosed.interest.citations == ("34 CFR 99.31(a)(2)", "34 CFR 99.33(b)")
    assert (disclosed.on, disclosed.at) == (date(2026, 10, 20), datetime(2026, 10, 20, 12, tzinfo=UTC))
    assert (disclosed.on_behalf_of, disclosed.copy_due_on) == (OAK, date(2026, 11, 19))
    assert [further.party for further in disclosed.further_parties] == [disclosed.party]
    assert (disclosed.ferpa_recordable, disclosed.idea_recordable, disclosed.proof) == (True, True, "published")
    assert (request.ferpa_recordable, receipt.ferpa_recordable) == (True, False)


async def test_denied_requests_are_accounted_and_permissions_not_yet_used_are_not(node: AuditNode) -> None:
    student = uuid4()
    denied = event(
        "decision", student=student, operation="disclose", outcome="deny", basis="contractor", recipient_organisation=str(VENDOR)
    )
    permitted = event("decision", student=student, operation="disclose", outcome="permit")
    await node.append(denied, permitted, service="privacy")
    (entry,) = await account(node, student)
    assert (entry.phase, entry.outcome, entry.exempt_by) == ("request", "deny", "34 CFR 99.32(d)(2)")


async def test_a_vendors_read_is_a_disclosure_and_a_districts_own_is_none(node: AuditNode) -> None:
    student = uuid4()
    await node.append(event("read", student=student, recipient_organisation=str(OAK)), headers=node.on_behalf_of("lea", OAK))
    _, token = node.decision(None, recipient=str(VENDOR), elements=("identity.name",))
    read = event("read", student=student, recipient_organisation=str(VENDOR), elements=("identity.name",), basis="contractor")
    await node.append(read.model_copy(update={"decision_token": token}), headers=node.on_behalf_of("vendor", VENDOR))
    (entry,) = await account(node, student)
    assert (entry.phase, entry.party.organisation, entry.ferpa_recordable) == ("disclosure", str(VENDOR), False)
    assert await account(node, student, query="recordable_only=true") == ()


async def test_what_only_idea_asks_to_be_recorded_is_recordable(node: AuditNode) -> None:
    student = uuid4()
    await node.append(disclosure(node, student, basis="contractor", elements=("special_education.iep",)))
    (entry,) = await account(node, student, query="recordable_only=true")
    assert (entry.ferpa_recordable, entry.idea_recordable) == (False, True)


async def test_an_entry_that_no_checkpoint_covers_yet_is_said_to_be_logged_alone(node: AuditNode) -> None:
    student = uuid4()
    await node.append(disclosure(node, student))
    await node.append(event("match", student=student, operation="exchange-match"))
    assert [entry.proof for entry in await account(node, student)] == ["pending", "published"]


async def test_what_an_official_says_of_whose_a_record_is_is_nobodys_request(node: AuditNode) -> None:
    student = uuid4()
    for operation in ("exchange-match", "match-resolution", "records-united", "records-separated"):
        await node.append(event("match", student=student, operation=operation))
    assert [entry.operation for entry in await account(node, student)] == ["exchange-match"]


async def test_of_entries_whose_key_was_destroyed_nothing_is_told(node: AuditNode) -> None:
    gone, kept = uuid4(), uuid4()
    await node.append(disclosure(node, gone))
    async with node.database.transaction() as tx:
        await tx.execute(delete(SubjectKeyRow).where(SubjectKeyRow.key_id.in_(await node.app.state.keys.tags(tx, str(gone)))))
    node.app.state.keys.forget()
    await node.append(disclosure(node, kept))
    assert await account(node, gone) == ()
    assert len(await account(node, kept)) == 1


async def test_another_districts_and_unknown_students_have_the_same_empty_accounting(node: AuditNode) -> None:
    student = uuid4()
    await node.append(disclosure(node, student))
    bodies = []
    for one, organisation in ((student, ELM), (uuid4(), ELM)):
        headers = node.as_caller("audit:accounting", organisation=organisation)
        answer = await node.send("GET", f"/v1/students/{one}/disclosure-accounting", headers)
        bodies.append((answer.status, json.loads(answer.body)["entries"], answer.headers.get("link")))
    assert bodies[0] == bodies[1] == (200, [], None)


@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.requirement("BAD-foreign")
async def test_however_much_is_on_record_another_districts_student_has_no_next_page(node: AuditNode, indexed: bool) -> None:
    student = uuid4()
    await node.append(*[disclosure(node, student) for _ in range(3)])
    if indexed:
        await node.app.state.projector.catch_up()
    headers = node.as_caller("audit:accounting", organisation=ELM)
    answer = await node.send("GET", f"/v1/students/{student}/disclosure-accounting", headers, query="limit=1")
    assert (answer.status, json.loads(answer.body)["entries"], answer.headers.get("link")) == (200, [], None)


@pytest.mark.parametrize(("size", "filled"), [(512, 2_048), (2, 3), (1, 2), (2, 1)])
async def test_of_a_student_who_moved_each_district_is_told_its_own_part_in_full(
    node: AuditNode, monkeypatch: pytest.MonkeyPatch, size: int, filled: int
) -> None:
    """Whether the index has it, has half of it, or is being made again."""
    monkeypatch.setattr(own_entries, "LOOKED_AT_ONCE", size)
    monkeypatch.setattr(own_entries, "FILLED", filled)
    student, projector = uuid4(), node.app.state.projector
    await node.append(*[disclosure(node, student, custodian=custodian) for custodian in (OAK, ELM, OAK)])
    await projector.catch_up()
    await node.append(*[disclosure(node, student, custodian=custodian) for custodian in (ELM, OAK, ELM, ELM)])
    for change in (None, projector.catch_up, partial(node.database.write, begin), projector.catch_up):
        if change is not None:
            await change()
        for limit in (1, 2, 100):
            assert await in_pages(node, student, OAK, limit) == [4, 2, 0]
            assert await in_pages(node, student, ELM, limit) == [6, 5, 3, 1]


async def in_pages(node: AuditNode, student: UUID, organisation: UUID, limit: int) -> list[int]:
    """The entries of every page; none but the last is short."""
    headers = node.as_caller("audit:accounting", organisation=organisation)
    path, query, seen = f"/v1/students/{student}/disclosure-accounting", f"limit={limit}", list[int]()
    while query:
        answer = await node.send("GET", path, headers, query=query)
        page = [entry["index"] for entry in json.loads(answer.body)["entries"]]
        query = urlsplit(answer.headers.get("link", "").partition(">")[0][1:]).query
        assert len(page) == limit or not query
        seen += page
    return seen


async def test_what_a_court_keeps_secret_is_not_in_the_accounting(node: AuditNode) -> None:
    student = uuid4()
    secret = disclosure(node, student, basis="subpoena-grand-jury")
    await node.append(secret, disclosure(node, student))
    assert [entry.interest.basis for entry in await account(node, student)] == ["transfer"]


async def test_the_accounting_is_itself_on_the_record(node: AuditNode) -> None:
    student = uuid4()
    before = node.sequencer.size
    await account(node, student)
    assert node.sequencer.size == before + 1


async def test_a_long_accounting_comes_in_pages(node: AuditNode) -> None:
    student = uuid4()
    await node.append(*[disclosure(node, student) for _ in range(5)])
    assert await in_pages(node, student, OAK, 2) == [4, 3, 2, 1, 0]
    path = f"/v1/students/{student}/disclosure-accounting"
    assert (await node.send("GET", path, node.as_caller("audit:accounting"), query="limit=5")).headers.get("link") is None


def rule(class_: str, **context: Any) -> AccountedEntry | None:
    what = Context(**{"operation": "disclose"} | context)
    phase = phase_of(class_, what, OAK)
    if phase is None:
        return None
    return accounted(
        phase,
        Actor(kind="system"),
        what,
        logged_at=datetime(2026, 10, 20, tzinfo=UTC),
        log="l",
        index=0,
        published=True,
        zone=ZoneInfo("UTC"),
    )


@pytest.mark.parametrize("basis", sorted(EXEMPT))
def test_each_exempt_basis_names_its_exemption(basis: str) -> None:
    entry = rule("disclosure", basis=basis)
    assert entry is not None
    assert (entry.ferpa_recordable, entry.exempt_by) == (False, EXEMPT[basis])


def test_no_record_is_asked_for_where_the_rule_that_permits_it_says_so() -> None:
    said = re.findall(r"^\| `([a-z-]+)` .*`record:exempt-(99\.32\(d\)\(\d\))`", DOCUMENT.read_text(), re.MULTILINE)
    left_out_altogether = ("sealed-order", "99.32(d)(5)")
    assert {*EXEMPT.items()} == {(basis, f"34 CFR {paragraph}") for basis, paragraph in {*said} - {left_out_altogether}}
    assert left_out_altogether in said


@pytest.mark.parametrize("basis", ["transfer", "emergency", "study", "audit", "something-new", None])
def test_every_other_basis_is_recordable(basis: str | None) -> None:
    entry = rule("disclosure", basis=basis)
    assert entry is not None
    assert (entry.ferpa_recordable, entry.exempt_by) == (True, None)


def test_idea_asks_for_special_education_to_anybody_but_parents() -> None:
    for basis, elements, expected in (
        ("contractor", ("special_education.iep",), True),
        ("rights-holder", ("special_education.iep",), False),
        ("contractor", ("identity.name",), False),
    ):
        entry = rule("disclosure", basis=basis, elements=elements)
        assert entry is not None
        assert entry.idea_recordable is expected


def test_classes_that_are_no_part_of_the_record_are_left_out() -> None:
    for class_ in ("load", "consent", "search", "trust", "received"):
        assert rule(class_) is None


THREAT = "A threat was written on a wall: =1+1 #text"


async def with_an_emergency(node: AuditNode, student: UUID) -> None:
    emergency = event(
        "decision", student=student, operation="evidence-recorded", basis="emergency", recipient_organisation=str(VENDOR), threat=THREAT
    )
    await node.append(emergency, service="privacy")
    await node.append(disclosure(node, student, basis="emergency", elements=("health.alerts",)))


async def test_an_emergency_is_accounted_with_its_threat(node: AuditNode) -> None:
    student = uuid4()
    await with_an_emergency(node, student)
    told, declared = await account(node, student, query="recordable_only=true")
    assert (told.phase, told.interest.basis, told.threat) == ("disclosure", "emergency", None)
    assert (declared.phase, declared.threat, declared.party.organisation) == ("emergency", THREAT, str(VENDOR))


async def test_elsewhere_a_threat_is_read_by_few(node: AuditNode) -> None:
    student = uuid4()
    await with_an_emergency(node, student)
    for scopes, read in (((), False), (("evidence:sealed",), True)):
        headers = node.as_caller("audit:search", *scopes)
        found = await node.send("POST", "/v1/log/searches", headers, {"student_id": str(student)})
        opened = await node.send("GET", "/v1/log/entries/0", headers, query="open=context&open=actor")
        for answer in (found, opened):
            assert answer.status == 200
            assert (THREAT.encode() in answer.body) is read
        assert (json.loads(opened.body)["context"] is not None) is read
        assert json.loads(opened.body)["actor"] is not None
