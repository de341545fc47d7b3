"""A blast radius says who received what was touched: each once, by name where one is known, however many school years it lies in."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete

from safepassage.wire_log_radius import BlastRadius, TouchedRecipient
from services.audit import touched_recipients
from services.audit.tables import SubjectKeyRow
from shared.contracts.audit import Event
from tests.audit.audit_node import ELM, OAK, AuditNode, disclosure, give_organisations, running
from tests.audit.test_blast_radius import state
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

BIRCH = "https://birch.example"
JUNE, JULY = datetime(2026, 6, 20, tzinfo=UTC), datetime(2026, 7, 10, tzinfo=UTC)
SCHOOL = f"{BIRCH}#school-7"


def given(node: AuditNode, student: UUID, **more: Any) -> Event:
    one = disclosure(node, student, **more)
    return one.model_copy(update={"actor": one.actor.model_copy(update={"client_id": "stolen"})})


async def radius(node: AuditNode, headers: dict[str, str]) -> BlastRadius:
    body = {"client_id": "stolen", "touched_from": "2026-01-01T00:00:00Z", "touched_until": "2027-01-01T00:00:00Z"}
    await node.app.state.projector.catch_up()
    answer = await node.send("POST", "/v1/log/blast-radius", headers, body)
    assert answer.status == 200, answer.body
    return BlastRadius.model_validate_json(answer.body)


async def test_who_received_something_in_two_school_years_is_one_recipient(store_url: str, node_keys: Path) -> None:
    clock = StandingClock(JUNE)
    async with running(store_url, node_keys, clock) as node:
        await give_organisations(node)
        await node.append(given(node, uuid4(), recipient_name="Tinsmith"), given(node, uuid4()))
        clock.instant = JULY
        await node.append(given(node, uuid4(), recipient_name="Tinsmith"))
        await node.append(given(node, uuid4(), recipient=str(ELM), recipient_node=None))
        it = await radius(node, state(node))
        assert it.recipients == 2
        assert it.recipients_named == (
            TouchedRecipient(recipient=SCHOOL, node=BIRCH, name="Tinsmith", entries=3),
            TouchedRecipient(recipient=str(ELM), name="lea", entries=1),
        )


@pytest.mark.requirement("BAD-foreign")
async def test_a_district_is_told_of_recipients_of_its_own_students_alone(node: AuditNode) -> None:
    await give_organisations(node)
    await node.append(given(node, uuid4()), given(node, uuid4(), custodian=ELM, recipient=f"{BIRCH}#another"))
    own = await radius(node, node.as_caller("audit:search", organisation=OAK))
    assert [(one.recipient, one.entries) for one in own.recipients_named] == [(SCHOOL, 1)]


async def test_of_whom_nothing_tells_any_more_the_number_stays(node: AuditNode) -> None:
    await give_organisations(node)
    gone = uuid4()
    await node.append(given(node, gone, recipient=f"{BIRCH}#another"), given(node, uuid4()))
    await node.app.state.projector.catch_up()
    async with node.database.transaction() as tx:
        await tx.execute(delete(SubjectKeyRow).where(SubjectKeyRow.key_id.in_(await node.app.state.keys.tags(tx, str(gone)))))
    node.app.state.keys.forget()
    it = await radius(node, state(node))
    assert (it.recipients, [one.recipient for one in it.recipients_named]) == (2, [SCHOOL])


async def test_behind_the_first_thousand_recipients_are_counted_and_not_named(node: AuditNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(touched_recipients, "MOST_NAMED", 1)
    await give_organisations(node)
    await node.append(given(node, uuid4()), given(node, uuid4()), given(node, uuid4(), recipient=f"{BIRCH}#another"))
    it = await radius(node, state(node))
    assert (it.recipients, [(one.recipient, one.entries) for one in it.recipients_named]) == (2, [(SCHOOL, 2)])
