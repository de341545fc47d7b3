"""Lists of agreements, and of the attestations of destruction under one; to whom each alone would be shown."""

from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import ColumnElement, and_, or_, select

from safepassage.problems.privacy import NoSuchAgreement
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_lists import AgreementOrder, AgreementPage, DestructionAttestations
from services.privacy.agreement_records import agreement_by_id, is_visible, visible_agreement
from services.privacy.agreements import Reader
from services.privacy.destructions import Reader as DestructionReader
from services.privacy.destructions import attestation_of
from services.privacy.rights import zone_name_of
from services.privacy.tables import AgreementDistrictRow, AgreementRow, DestructionAttestationRow, ObligationRow, OrganisationRow
from shared.caller import Caller
from shared.cursors import Cursor, Cursors, next_link
from shared.database import ReadOnly
from shared.keyset import behind
from shared.problems import responses
from shared.request_clock import Now
from shared.tenancy import within

router = APIRouter(prefix="/v1/agreements", tags=["agreements"])

ENDING: Final = timedelta(days=90)
MOST: Final = 100

State = Literal["current", "ending", "over", "all"]
Few = Annotated[int, Query(ge=1, le=MOST, description="Agreements of a page at the most.")]


@router.get("", responses=responses(InvalidRequest))
async def list_agreements(
    caller: Reader,
    request: Request,
    response: Response,
    tx: ReadOnly,
    now: Now,
    limit: Few = 50,
    cursor: Cursor = None,
    state: Annotated[State, Query(description="ending: within 90 days. over: ended, or terminated for all.")] = "current",
    recipient_id: Annotated[UUID | None, Query(description="With one party only.")] = None,
    sort: Annotated[
        AgreementOrder | None,
        Query(description="With a minus from the end. If left out: the latest end first where some are over, otherwise the earliest."),
    ] = None,
) -> AgreementPage:
    """The agreements to which the caller's organisation, one of its districts, or the vendor itself is a party."""
    cursors: Cursors = request.app.state.cursors
    order = sort or ("-ends_on" if state in ("over", "all") else "ends_on")
    bound_to = f"list_agreements:{caller.client_id}:{state}:{recipient_id}:{order}"
    position = cursors.read(cursor, bound_to=bound_to)
    today = now.astimezone(ZoneInfo(await zone_name_of(tx, request.app.state.settings.node_organisation_id))).date()
    column = _COLUMNS[order.lstrip("-")]
    visible = _visible(caller) if recipient_id is None else is_visible(caller)
    query = select(AgreementRow.id, column.label("at")).where(visible, *_in_state(state, today))
    if recipient_id is not None:
        query = query.where(AgreementRow.recipient_id == recipient_id)
    read = None if position is None else (_read(position["at"], order), UUID(position["id"]))
    rows = (await tx.execute(behind(query, (column, AgreementRow.id), read, sort=order).limit(limit + 1))).all()
    agreements = tuple([await agreement_by_id(tx, row.id) for row in rows[:limit]])
    if len(rows) <= limit:
        return AgreementPage(agreements=agreements)
    last = rows[limit - 1]
    following = cursors.sign({"at": str(last.at), "id": str(last.id)}, bound_to=bound_to)
    asked: dict[str, Any] = {"limit": limit, "state": state, "recipient_id": recipient_id, "sort": sort, "cursor": following}
    response.headers["link"] = next_link(request.url.path, {name: str(value) for name, value in asked.items() if value is not None})
    return AgreementPage(agreements=agreements, next=following)


_COLUMNS: Final[dict[str, Any]] = {"ends_on": AgreementRow.ends_on, "recipient": AgreementRow.recipient_name}


def _read(text: str, order: AgreementOrder) -> date | str:
    """What a cursor says of the last row before."""
    return date.fromisoformat(text) if order.endswith("ends_on") else text


@router.get("/{agreement_id}/destruction-attestations", responses=responses(NoSuchAgreement))
async def list_destruction_attestations(agreement_id: UUID, caller: DestructionReader, tx: ReadOnly) -> DestructionAttestations:
    """The party's signed word that it destroyed what it held under the agreement: to itself, and to the agencies that it was owed to."""
    agreement = await visible_agreement(tx, caller, agreement_id)
    query = select(DestructionAttestationRow).where(DestructionAttestationRow.agreement_id == agreement_id)
    if caller.organisation_id != agreement.recipient_id:
        own = within(OrganisationRow, caller.organisation_id)
        discharged = select(ObligationRow.attestation_id).where(
            ObligationRow.agreement_id == agreement_id, ObligationRow.custodian_id.in_(own)
        )
        query = query.where(DestructionAttestationRow.id.in_(discharged))
    rows = (await tx.scalars(query.order_by(DestructionAttestationRow.id.desc()).limit(MOST))).all()
    return DestructionAttestations(attestations=tuple([await attestation_of(tx, row) for row in rows]))


def _visible(caller: Caller) -> ColumnElement[bool]:
    """As `visible_agreement` has it for one."""
    own = within(OrganisationRow, caller.organisation_id)
    parts = select(AgreementDistrictRow.agreement_id).where(AgreementDistrictRow.district_id.in_(own))
    return or_(AgreementRow.id.in_(parts), AgreementRow.recipient_id == caller.organisation_id)


def _in_state(state: State, today: date) -> list[ColumnElement[bool]]:
    """It stands until its end, or until nobody is left whom it stands for."""
    if state == "all":
        return []
    standing = select(AgreementDistrictRow.agreement_id).where(AgreementDistrictRow.terminated_at.is_(None))
    stands = and_(AgreementRow.ends_on > today, AgreementRow.id.in_(standing))
    if state == "over":
        return [~stands]
    return [stands] if state == "current" else [stands, AgreementRow.ends_on <= today + ENDING]
