"""Officials of the state agency, what they do about destructions, and a student whose records have ended."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from safepassage.canonical import digest_of
from safepassage.wire_retention import LegalHold, LogDestruction
from services.audit.retention.carrying_out import carry_out
from services.audit.retention.destructions import WAITS
from services.audit.tables import DestructionRow
from shared.in_process import Answer
from tests.audit.audit_node import OAK, STATE, AuditNode, event, give_organisations
from tests.conftest import StandingClock

THEN = datetime(2025, 10, 20, 12, tzinfo=UTC)
"""In school year 2026."""
LATER = datetime(2033, 9, 1, 12, tzinfo=UTC)
"""When every period of it is over."""
SCHOOL_YEAR = 2026
PERSON = digest_of(b"somebody who signed in")


def acting(official: str) -> dict[str, str]:
    return {"pairwise_id": official, "role": "records-officer", "authenticated_at": "2025-01-01T00:00:00Z"}


def state_client(node: AuditNode, *, person: str | None = None) -> dict[str, str]:
    """`person`: who signed in, and lets it act for them."""
    caller = node.as_caller("retention:hold", "retention:destroy", "retention:approve", kind="sea", organisation=STATE, person=person)
    return caller | {"idempotency-key": str(uuid4())}


async def clear(node: AuditNode, student: UUID) -> UUID:
    """privacy's clearance to destroy the records, in the log."""
    clearance = uuid4()
    said = event("rights", student=student, operation="destruction-cleared", about=f"destruction:{clearance}")
    await node.append(said, service="privacy")
    return clearance


async def ask(node: AuditNode, official: str = "asker", **named: Any) -> Answer:
    body = {"basis": "retention-schedule", "reference": "schedule-7", "acting_official": acting(official), **named}
    return await node.send("POST", "/v1/log/destructions", state_client(node), body)


async def asked(node: AuditNode, student: UUID | None, **named: Any) -> LogDestruction:
    """A destruction that was asked for; of a student whose records ended today."""
    if student is not None:
        today = node.clock().date().isoformat()
        named = {"student_id": str(student), "clearance_id": str(await clear(node, student)), "records_ended_on": today} | named
    answer = await ask(node, **named)
    assert answer.status == 201, answer.body
    return LogDestruction.model_validate_json(answer.body)


async def approve(node: AuditNode, destruction: LogDestruction, official: str, *, person: str | None = None, **more: Any) -> Answer:
    body = {"preview": destruction.preview.digest, "acting_official": acting(official), **more}
    return await node.send("POST", f"/v1/log/destructions/{destruction.id}/approvals", state_client(node, person=person), body)


async def approved(node: AuditNode, student: UUID | None, **named: Any) -> LogDestruction:
    """A destruction that two others have approved."""
    destruction = await asked(node, student, **named)
    for official in ("first", "second"):
        answer = await approve(node, destruction, official)
        assert answer.status == 201, answer.body
    return await read(node, destruction.id)


async def read(node: AuditNode, destruction_id: UUID) -> LogDestruction:
    answer = await node.send("GET", f"/v1/log/destructions/{destruction_id}", state_client(node))
    assert answer.status == 200, answer.body
    return LogDestruction.model_validate_json(answer.body)


async def is_done(node: AuditNode, destruction_id: UUID) -> bool:
    """By the store: whoever reads it by the API writes an entry."""
    async with node.database.reading() as tx:
        return (await tx.get_one(DestructionRow, destruction_id)).state == "done"


async def carried_out(node: AuditNode, destruction: LogDestruction, clock: StandingClock) -> LogDestruction:
    """What became of it a day later."""
    clock.instant += WAITS + timedelta(seconds=1)
    await carry_out(node.app.state)
    return await read(node, destruction.id)


async def hold(node: AuditNode, **named: Any) -> LegalHold:
    body = {"reason": "litigation", "reference": "case-12", "acting_official": acting("counsel"), **named}
    answer = await node.send("POST", "/v1/log/holds", state_client(node), body)
    assert answer.status == 201, answer.body
    return LegalHold.model_validate_json(answer.body)


async def lift(node: AuditNode, placed: LegalHold) -> LegalHold:
    body = {"reason": "matter-ended", "acting_official": acting("counsel")}
    answer = await node.send("POST", f"/v1/log/holds/{placed.id}/lift", state_client(node), body)
    assert answer.status == 200, answer.body
    return LegalHold.model_validate_json(answer.body)


async def found(node: AuditNode, **search: Any) -> dict[str, Any]:
    """What the state finds."""
    headers = node.as_caller("audit:search", "audit:operate", kind="sea", organisation=STATE, purpose="audit-evaluation")
    answer = await node.send("POST", "/v1/log/searches", headers, search)
    assert answer.status == 200, answer.body
    page: dict[str, Any] = json.loads(answer.body)
    return page


async def years_later(node: AuditNode, clock: StandingClock) -> None:
    """The log goes on in another school year, and knows the organisations."""
    clock.instant = LATER
    await node.append(event("request", student=uuid4(), custodian=OAK))
    await give_organisations(node)
