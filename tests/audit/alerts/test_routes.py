"""Officials read alerts, and say what came of them: the state's alone, with a reason, of what they have read, and never of themselves."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from safepassage.canonical import digest_of
from services.audit.tables import AlertAcknowledgementRow
from shared.officials import official_of
from tests.audit.alerts.officials import PRIVACY_OFFICE, acknowledge, acting, code, listed, read, said, state_client
from tests.audit.alerts.watched import by, did, entries, read_students, rows, watch
from tests.audit.audit_node import OAK, STATE, VENDOR, AuditNode, event, give_organisations
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


async def test_an_alert_says_who_it_is_about_where_to_look_and_where_it_is_in_the_log(node: AuditNode, clock: StandingClock) -> None:
    await give_organisations(node)
    await node.append(event("request"))
    await read_students(node, 300)
    await watch(node)
    (alert,) = await listed(node, "rule=bulk-read")
    assert alert.actor == {"client_id": "sis-1", "kind": "client", "organisation_id": str(OAK), "role": "registrar"}
    assert (alert.day, alert.state, alert.count, alert.usual, alert.found_at) == ("2026-10-20", "open", 300, 0, clock())
    assert (alert.evidence_log, alert.first, alert.last) == ("alder.example/log/2026", 1, 2)
    (entry,) = [one for one in await entries(node) if one["context"]["reason"] == "bulk-read"]
    assert (alert.log, alert.index) == (entry["log"], entry["index"])
    shown = await read(node, alert.id)
    assert shown.model_copy(update={"proof": alert.proof}) == alert, "but that a checkpoint may cover it by now"


async def test_an_alert_says_whether_its_entry_can_be_proven_yet(node: AuditNode) -> None:
    await read_students(node, 300)
    await watch(node)
    alert = (await listed(node))[0]
    assert alert.proof == "pending", "it is in the log, and no checkpoint covers it yet"
    await node.append(event("request"))
    assert (await read(node, alert.id)).proof == "published"
    assert {one.proof for one in await listed(node)} == {"published"}


async def test_reading_alerts_is_itself_an_entry(node: AuditNode) -> None:
    await read_students(node, 300)
    await watch(node)
    alert = (await listed(node))[0]
    await read(node, alert.id)
    told = await entries(node, classes=["search"])
    assert [one["context"]["operation"] for one in told] == ["alerts-listed", "alert-read"]
    assert told[0]["context"]["count"] == 2


async def test_lists_are_narrowed_and_come_in_pages(node: AuditNode, clock: StandingClock) -> None:
    for client in ("a", "b", "c"):
        await read_students(node, 300, client=client)
        await watch(node)
        clock.advance(days=1)
    assert len(await listed(node)) == 6
    assert {alert.rule for alert in await listed(node, "rule=first-seen-actor")} == {"first-seen-actor"}
    assert [alert.day for alert in await listed(node, "rule=bulk-read")] == ["2026-10-22", "2026-10-21", "2026-10-20"]
    assert [alert.day for alert in await listed(node, "rule=bulk-read&since=2026-10-21&until=2026-10-22")] == ["2026-10-21"]
    assert len(await listed(node, "state=open")) == 6
    assert await listed(node, "state=acknowledged") == ()
    path, headers = "/v1/log/alerts", state_client(node)
    seen: list[str] = []
    query = "limit=4"
    while query:
        answer = await node.send("GET", path, headers, query=query)
        seen += [one["id"] for one in said(answer)["alerts"]]
        link = answer.headers.get("link", "")
        query = link.partition("?")[2].partition(">")[0] if link else ""
    assert seen == [str(alert.id) for alert in await listed(node)]
    answer = await node.send("GET", path, headers, query="since=2026-02-30")
    assert (answer.status, code(answer)) == (422, "invalid-request")


@pytest.mark.requirement("LOG-ALERTS")
async def test_an_alert_is_acknowledged_with_a_reason_in_the_log_and_once(node: AuditNode, clock: StandingClock) -> None:
    await read_students(node, 300)
    await watch(node)
    alert = (await listed(node, "rule=bulk-read"))[0]
    answer = await acknowledge(node, alert, reason="incident", note="file 12, told the district")
    assert answer.status == 201, answer.body
    alert = await read(node, alert.id)
    assert alert.state == "acknowledged"
    (one,) = alert.acknowledgements
    assert one.model_dump() == {
        "at": clock(), "official": "cpo", "role": "privacy-officer",
        "reason": "incident", "note": "file 12, told the district", "count": 300,
    }  # fmt: skip
    entry = (await entries(node))[-1]
    assert entry["actor"]["client_id"] == PRIVACY_OFFICE
    assert entry["context"] == {
        "about": f"alert:{alert.id}:cpo", "count": 300, "operation": "alert-acknowledged", "outcome": "done", "reason": "incident",
    }  # fmt: skip
    again = await acknowledge(node, alert)
    assert (again.status, code(again)) == (409, "alert-acknowledged")


async def test_the_same_request_again_is_one_acknowledgement(node: AuditNode) -> None:
    await read_students(node, 300)
    await watch(node)
    alert = (await listed(node))[0]
    headers = state_client(node)
    first, second = await acknowledge(node, alert, headers=headers), await acknowledge(node, alert, headers=headers)
    assert (first.status, second.status, first.body) == (201, 201, second.body)
    async with node.database.reading() as tx:
        assert len((await tx.scalars(select(AlertAcknowledgementRow))).all()) == 1


async def test_of_two_who_acknowledge_at_once_one_does(node: AuditNode) -> None:
    await read_students(node, 300)
    await watch(node)
    alert = (await listed(node))[0]
    answers = await asyncio.gather(acknowledge(node, alert), acknowledge(node, alert, acting_official=acting("deputy")))
    assert sorted(answer.status for answer in answers) == [201, 409]
    assert len((await read(node, alert.id)).acknowledgements) == 1


async def test_what_was_not_read_is_not_acknowledged(node: AuditNode) -> None:
    await read_students(node, 300)
    await watch(node)
    alert = (await listed(node, "rule=bulk-read"))[0]
    await read_students(node, 10)
    await watch(node)
    answer = await acknowledge(node, alert)
    assert (answer.status, code(answer)) == (409, "alert-has-grown")
    assert (await acknowledge(node, await read(node, alert.id))).status == 201


async def test_what_was_accepted_is_usual_and_what_goes_on_is_open_again(node: AuditNode, clock: StandingClock) -> None:
    await read_students(node, 300)
    await watch(node)
    alert = (await listed(node, "rule=bulk-read"))[0]
    assert (await acknowledge(node, alert, reason="expected")).status == 201
    await read_students(node, 301)
    await watch(node)
    alert = await read(node, alert.id)
    assert (alert.state, alert.seen_count, alert.reopened) == ("open", 601, 1)
    assert (await acknowledge(node, alert, reason="expected")).status == 201
    assert [one.count for one in (await read(node, alert.id)).acknowledgements] == [601, 300]
    clock.advance(days=1)
    await read_students(node, 700)
    await watch(node)
    assert len(await listed(node, "rule=bulk-read")) == 1


async def test_nobody_acknowledges_what_is_about_themselves(node: AuditNode) -> None:
    await read_students(node, 300, client=PRIVACY_OFFICE)
    await watch(node)
    alert = (await listed(node))[0]
    answer = await acknowledge(node, alert)
    assert (answer.status, code(answer)) == (403, "alert-about-you")
    exchanged = state_client(node, client="deputy-office", for_client=PRIVACY_OFFICE)
    answer = await acknowledge(node, alert, headers=exchanged)
    assert (answer.status, code(answer)) == (403, "alert-about-you"), "with the token of whom it is about"
    assert (await acknowledge(node, alert, headers=state_client(node, client="deputy-office"))).status == 201


async def test_what_somebody_did_through_another_client_is_about_them_too(node: AuditNode) -> None:
    themselves, colleague = digest_of(b"who read"), digest_of(b"who did not")
    await read_students(node, 300, client="an-application", person=themselves)
    await watch(node)
    alert = (await listed(node))[0]
    asked = {"acting_official": acting(official_of(themselves))}
    answer = await acknowledge(node, alert, headers=state_client(node, client="console", person=themselves), **asked)
    assert (answer.status, code(answer)) == (403, "alert-about-you")
    asked = {"acting_official": acting(official_of(colleague))}
    assert (await acknowledge(node, alert, headers=state_client(node, client="console", person=colleague), **asked)).status == 201
    assert [one.role for one in (await read(node, alert.id)).acknowledgements] == ["registrar"]
    (entry,) = [one for one in await entries(node) if one["context"]["operation"] == "alert-acknowledged"]
    assert (entry["actor"]["person"], entry["actor"]["role"]) == (colleague, "registrar"), "the role that the door knows, not the one named"


async def test_alerts_are_the_state_agencys(node: AuditNode) -> None:
    await give_organisations(node)
    await read_students(node, 300)
    await watch(node)
    alert = (await listed(node))[0]
    reader = state_client(node, "alerts:read")
    assert (await node.send("GET", f"/v1/log/alerts/{alert.id}", reader)).status == 200
    assert (await acknowledge(node, alert, headers=reader)).status == 403
    for kind, organisation in (("lea", OAK), ("vendor", VENDOR)):
        foreign = node.as_caller("alerts:read", "alerts:review", kind=kind, organisation=organisation) | {"idempotency-key": str(uuid4())}
        for path in ("", f"/{alert.id}"):
            assert (await node.send("GET", f"/v1/log/alerts{path}", foreign)).status == 403
        assert (await acknowledge(node, alert, headers=foreign)).status == 403
    aimless = node.as_caller("alerts:read", kind="sea", organisation=STATE)
    answer = await node.send("GET", "/v1/log/alerts", aimless)
    assert code(answer) == "purpose-missing"
    answer = await node.send("GET", "/v1/log/alerts", state_client(node, "audit:search"))
    assert answer.status == 403


async def test_what_is_not_there_or_not_in_the_log_yet_looks_absent(node: AuditNode) -> None:
    await did(node, by(students=[uuid4()]))
    await node.app.state.projector.catch_up()
    await node.app.state.watcher.look_at_actors()
    (row,) = await rows(node)
    assert await listed(node) == ()
    for missing in (row.id, UUID(int=7)):
        answer = await node.send("GET", f"/v1/log/alerts/{missing}", state_client(node))
        assert (answer.status, code(answer)) == (404, "no-such-alert")


@pytest.mark.parametrize(
    "wrong", [{"reason": "because"}, {"note": "two\nlines"}, {"note": "n" * 201}, {"note": ""}, {"seen_count": -1}, {"more": 1}]
)
async def test_a_reason_is_one_of_the_list_and_a_note_is_short(node: AuditNode, wrong: dict[str, Any]) -> None:
    await read_students(node, 300)
    await watch(node)
    answer = await acknowledge(node, (await listed(node))[0], **wrong)
    assert (answer.status, code(answer)) == (422, "invalid-request")
