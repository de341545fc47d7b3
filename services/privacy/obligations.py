"""Obligations: what a permission obliges to. Open until discharged with evidence or waived by two officials; they never vanish."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import Connection, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.privacy import NoSuchObligation, ObligationDischarged
from safepassage.problems.rights import InspectionOutstanding, ObligationWaived
from safepassage.wire_policy import Discharge, Obligations, OpenObligation
from services.privacy.behind import event_of
from services.privacy.destruction_holds import suspended
from services.privacy.sealing import Sealer
from services.privacy.tables import ObligationRow, OrganisationRow
from shared import prepared
from shared.caller import Caller, caller_with
from shared.contracts.audit import Context
from shared.contracts.privacy import Obligation
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.inserts import DIALECTS, insert_of
from shared.problems import responses
from shared.request_clock import Now
from shared.tenancy import belongs_to, within

router = APIRouter(prefix="/v1/obligations", tags=["obligations"])

Reader = Annotated[Caller, caller_with("obligations:read", "obligations:discharge")]
Discharger = Annotated[Caller, caller_with("obligations:discharge")]

CONDITIONS_OF_THE_RELEASE: Final = frozenset(
    {
        "no-redisclose",
        "purpose-limit",
        "attach-notice",
        "attach-statement",
        "status-only",
        "record",
        "copy-on-request",
        "destroy-on-request",
        "do-not-notify",
        "hearing-on-request",
        "limit-to-order",
        "no-identify",
        "provide",
        "redact-others",
        "verify-identity",
    }
)
"""Met by the release itself, by its entry in the log, or only when somebody asks (which is a duty): nothing is left to be discharged."""

TRACKED: Final = frozenset({"after-review", "copy-to-district", "destroy-by", "notify-parent", "respond-within", "route-to"})
"""Open until discharged or waived; so is any kind that is in neither list."""


OBLIGATION_OPENED = {dialect: insert_of(dialect, ObligationRow).on_conflict_do_nothing(index_elements=["duty"]) for dialect in DIALECTS}


DUTY: Final = itemgetter("duty")
"""The order in which rows are opened."""


def rows_owed(
    obligations: Iterable[Obligation], *, decision_id: UUID, agreement_id: UUID | None, custodian_ids: Sequence[UUID], now: datetime
) -> list[dict[str, Any]]:
    """The rows of what a decision obliges to, for each custodian."""
    rows: list[dict[str, Any]] = []
    for one in obligations:
        if one.kind in CONDITIONS_OF_THE_RELEASE and one.due_at is None:
            continue
        # what another fact sets the day of is owed by that day, under whatever agreement it was asked for
        of_agreement = agreement_id is not None and one.kind == "destroy-by" and (one.argument or "").startswith("agreement.")
        owed_under = f"agreement:{agreement_id}" if of_agreement else f"decision:{decision_id}"
        for custodian_id in custodian_ids:
            rows.append(
                {
                    "id": uuid7(now),
                    "duty": f"{owed_under}:{custodian_id}:{one.kind}:{one.argument or ''}",
                    "decision_id": decision_id,
                    "custodian_id": custodian_id,
                    "agreement_id": agreement_id if of_agreement else None,
                    "kind": one.kind,
                    "argument": one.argument,
                    "citation": one.citation,
                    "due_at": one.due_at,
                    "waivers": 0,
                }
            )
    return rows


def open_obligations(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Open what is owed. What is owed under the same agreement already is not opened twice.

    In one order: two who open the same at once would else wait for each other.
    """
    prepared.change_each(connection, OBLIGATION_OPENED[connection.dialect.name], sorted(rows, key=DUTY))


def discharge(row: ObligationRow, *, by: str, evidence: str, sealer: Sealer, now: datetime) -> None:
    """Mark an obligation as met, on what shows it. The row is locked.

    # INVARIANT: its duty is free again: what the party receives after that is owed anew, and is not hidden behind what was met.
    """
    row.discharged_at, row.discharged_by = now, by
    row.sealed_evidence = sealer.seal(evidence.encode(), table="obligation", row=row.id, of="evidence")
    row.duty = f"{row.duty}:met:{row.id}"


_IN_STATE: Final[dict[str, tuple[Any, ...]]] = {
    "open": (ObligationRow.discharged_at.is_(None), ObligationRow.waived_at.is_(None)),
    "discharged": (ObligationRow.discharged_at.is_not(None),),
    "waived": (ObligationRow.waived_at.is_not(None),),
    "all": (),
}


@router.get("")
async def list_obligations(
    caller: Reader,
    request: Request,
    response: Response,
    tx: ReadOnly,
    now: Now,
    limit: Limit = 100,
    cursor: Cursor = None,
    state: Annotated[Literal["open", "discharged", "waived", "all"], Query(description="Which ones.")] = "open",
) -> Obligations:
    """The obligations of the caller's organisation and those below it, those due first in front."""
    cursors: Cursors = request.app.state.cursors
    bound_to = f"list_obligations:{caller.client_id}:{state}"
    query = _callers_obligations(caller)
    query = query.where(*_IN_STATE[state])
    position = cursors.read(cursor, bound_to=bound_to)
    if position is not None:
        query = query.where(_after(position))
    query = query.order_by(ObligationRow.due_at.is_(None), ObligationRow.due_at, ObligationRow.id).limit(limit + 1)
    rows = (await tx.execute(query)).scalars().all()
    page = rows[:limit]
    held = await suspended(tx, request.app.state.sealer, [row for row in page if row.due_at is not None and row.due_at <= now])
    obligations = tuple(OpenObligation.model_validate(row).model_copy(update={"suspended": row.id in held}) for row in page)
    if len(rows) <= limit:
        return Obligations(obligations=obligations)
    last = page[-1]
    following = cursors.sign({"due": None if last.due_at is None else last.due_at.isoformat(), "id": str(last.id)}, bound_to=bound_to)
    response.headers["link"] = next_link(request.url.path, {"limit": limit, "state": state, "cursor": following})
    return Obligations(obligations=obligations, next=following)


@router.post(
    "/{obligation_id}/discharge", responses=responses(NoSuchObligation, ObligationDischarged, ObligationWaived, InspectionOutstanding)
)
async def discharge_obligation(
    obligation_id: UUID,
    said: Discharge,
    request: Request,
    caller: Discharger,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> OpenObligation:
    """Say, with the reference of what shows it, that an obligation was met. A destruction waits while somebody waits to inspect."""
    earlier = await once.earlier(tx, caller, "discharge_obligation")
    row = await open_obligation(tx, caller, earlier or obligation_id, repeated=earlier is not None)
    if earlier is not None:
        return OpenObligation.model_validate(row)
    sealer: Sealer = request.app.state.sealer
    if await suspended(tx, sealer, [row]):
        raise InspectionOutstanding
    discharge(row, by=caller.client_id, evidence=said.evidence_ref, sealer=sealer, now=now)
    await once.keep(tx, caller, "discharge_obligation", row.id, now)
    context = Context(operation="obligation-discharged", reason=row.kind, decision_id=row.decision_id, agreement_id=row.agreement_id)
    event = event_of("decision", f"obligation:{row.id}:discharged", caller, context)
    request.app.state.outbox.record(tx, event)
    return OpenObligation.model_validate(row)


async def open_obligation(tx: AsyncSession, caller: Caller, obligation_id: UUID, *, repeated: bool = False) -> ObligationRow:
    """An obligation of the caller's, locked, still to be met unless the call is `repeated`.

    Raises NoSuchObligation, ObligationDischarged, ObligationWaived.
    """
    mine = belongs_to(ObligationRow.custodian_id, OrganisationRow, caller.organisation_id)
    query = select(ObligationRow).where(ObligationRow.id == obligation_id, mine).with_for_update()
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is None:
        raise NoSuchObligation
    if row.discharged_at is not None and not repeated:
        raise ObligationDischarged
    if row.waived_at is not None and not repeated:
        raise ObligationWaived
    return row


def _callers_obligations(caller: Caller) -> Select[ObligationRow]:
    return select(ObligationRow).where(ObligationRow.custodian_id.in_(within(OrganisationRow, caller.organisation_id)))


def _after(position: dict[str, Any]) -> Any:
    """Rows behind `position` in the order of the list: by due date, those without one last, then by id."""
    identifier = UUID(position["id"])
    if position["due"] is None:
        return and_(ObligationRow.due_at.is_(None), ObligationRow.id > identifier)
    due = datetime.fromisoformat(position["due"])
    return or_(ObligationRow.due_at.is_(None), ObligationRow.due_at > due, and_(ObligationRow.due_at == due, ObligationRow.id > identifier))
