"""Duties that an exchange serves end with its receipts: to send a record with the recipient's, to ask for one with the holder's."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.requests import NotPermitted
from services.privacy.duties import details_of, end_duty, evidence_of
from services.privacy.duty_exchanges import exchange_key
from services.privacy.sealing import Sealer
from services.privacy.tables import DutyExchangeRow, DutyRow
from services.privacy.transfer_duties import BY_FLAG
from shared.caller import sibling
from shared.contracts.audit import Actor, Context, Event
from shared.contracts.exchange_milestones import ExchangeMilestone, MilestoneBatch
from shared.database import Transaction
from shared.internal_token import Principal
from shared.keys import SigningKey
from shared.outbox import Outbox
from shared.problems import responses

router = APIRouter(prefix="/internal/exchange-milestones", tags=["internal"])

ENDED_BY: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(BY_FLAG.values(), frozenset({"delivered"})),
    "mic3-request-records": frozenset({"accepted", "filed"}),
    "mckinney-vento-contact-school": frozenset({"accepted", "filed"}),
    "foster-contact-school": frozenset({"accepted", "filed"}),
    "idea-obtain-records": frozenset({"filed"}),
}
"""What ends a duty of each kind. What a person has to do beside it (to immunise, to place) no exchange ends."""

BY: Final = "exchange"
"""Who ended them, in the row; the entry of the log has the job."""


@router.post("", status_code=204, responses=responses(NotPermitted))
async def take_milestones(
    batch: MilestoneBatch, request: Request, by: Annotated[Principal, sibling("records")], tx: Transaction
) -> Response:
    """Take what records says of exchanges, and end the duties that they serve. An exchange that serves none changes nothing."""
    if by.caller is not None:
        raise NotPermitted("a client's request never reaches this")
    sealer: Sealer = request.app.state.sealer
    outbox: Outbox = request.app.state.outbox
    secret: SigningKey = request.app.state.judge.naming
    served = await _served(tx, secret, batch.milestones)
    for milestone in batch.milestones:
        for row in served.get(milestone.exchange_id, ()):
            happened = _step(sealer, row, milestone)
            if happened is not None:
                outbox.record(tx, _event(sealer, row, milestone, happened))
    return Response(status_code=204)


async def _served(tx: AsyncSession, secret: SigningKey, milestones: Sequence[ExchangeMilestone]) -> dict[UUID, list[DutyRow]]:
    """The duties of each exchange, locked."""
    by_key = {exchange_key(secret, one): one for one in {milestone.exchange_id for milestone in milestones}}
    query = (
        select(DutyExchangeRow.exchange_key, DutyRow)
        .join(DutyRow, DutyRow.key == DutyExchangeRow.duty_key)
        .where(DutyExchangeRow.exchange_key.in_(by_key))
        .order_by(DutyRow.id)
        .with_for_update(of=DutyRow)
    )
    served: dict[UUID, list[DutyRow]] = {}
    for key, row in (await tx.execute(query)).all():
        served.setdefault(by_key[key], []).append(row)
    return served


def _step(sealer: Sealer, row: DutyRow, milestone: ExchangeMilestone) -> str | None:
    """End the duty, or open it again; what happened, if anything did. INVARIANT: what staff has ended is not touched."""
    kind = details_of(sealer, row).kind
    if row.done_at is None and milestone.reached in ENDED_BY.get(kind, ()):
        evidence = f"exchange:{milestone.exchange_id}:{milestone.reached}:{milestone.receipt}"
        end_duty(row, sealer, by=BY, evidence_ref=evidence, at=max(milestone.at, row.begins_at))
        return "done"
    sent = f"exchange:{milestone.exchange_id}:delivered:"
    if milestone.reached == "rejected" and row.done_by == BY and (evidence_of(sealer, row) or "").startswith(sent):
        row.done_at, row.done_by, row.sealed_evidence = None, None, None
        return "reopened"
    return None


def _event(sealer: Sealer, row: DutyRow, milestone: ExchangeMilestone, happened: str) -> Event:
    details = details_of(sealer, row)
    context = Context(
        about=f"duty:{row.id}",
        exchange_id=milestone.exchange_id,
        operation=f"duty-{happened}",
        outcome=milestone.reached,
        reason=details.kind,
        recipient_node=milestone.peer,
        request_digest=milestone.receipt,
    )
    event = {
        "class": "duty",
        "key": f"duty:{row.id}:{happened}:{milestone.receipt}",
        "subjects": () if details.student_id is None else (details.student_id,),
        "custodians": (row.custodian_id,),
        "actor": Actor(kind="system", job=BY),
        "context": context,
    }
    return Event.model_validate(event)
