"""One agreement: its clauses and its clock, agreed against used, who works for the party, what was destroyed, which credentials come in."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.problems.requests import NoSuchRoute
from safepassage.wire_agreement_use import AgreementDocument, AgreementUse
from safepassage.wire_duties import DestructionOwed
from safepassage.wire_evidence import AnyAgreement
from safepassage.wire_lists import DestructionAttestations
from services.gateway.console.agency_day import agency_day
from services.gateway.console.agreement_tables import CLAUSES, CREDENTIALS, ELEMENTS, SUBPROCESSORS
from services.gateway.console.agreements import parties_of
from services.gateway.console.agreements_shown import (
    ONE,
    PATH,
    Terms,
    basis_of,
    destruction_of,
    ending_of,
    share_used,
    shown_credential,
    standing_of,
    terms_of,
    used_elements,
)
from services.gateway.console.charts.strip import Moment, Strip, strip
from services.gateway.console.clause_words import clause_of
from services.gateway.console.exports import Form, filed
from services.gateway.console.node_reader import Node
from services.gateway.console.organisation_names import named
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.read_agreement import agreement_of
from services.gateway.console.suspension import LIFT, MAY_SUSPEND, SUSPEND
from services.gateway.console.whole_tables import Asked
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

COUNTED: Final = 5_000
"""Decisions, the newest: about half a second of unsealing."""

EXPORT: Final = f"{ONE}/export"
Table = Annotated[Literal["elements", "credentials", "subprocessors", "clauses"], Query(description="Which of the page's.")]


@dataclass(frozen=True)
class ShownClause:
    """A row: where the document has what the law asks for."""

    code: str
    name: str
    law: str
    where: str


@router.get(ONE, response_model=None, responses=page_responses(200, 404))
async def show_agreement(
    agreement_id: UUID,
    frame: Framed,
    node: Node,
    elements: Annotated[Asked, ELEMENTS.asked],
    credentials_by: Annotated[Asked, CREDENTIALS.asked],
    subprocessors: Annotated[Asked, SUBPROCESSORS.asked],
    clauses: Annotated[Asked, CLAUSES.asked],
) -> Response:
    """All that is known of an agreement and its party."""
    agreement, path = await agreement_of(node, agreement_id), f"/v1/agreements/{agreement_id}"
    use, owed, attested, document = await asyncio.gather(
        node.read("privacy", f"{path}/use", AgreementUse, {"newest": COUNTED}),
        node.read("privacy", f"{path}/destruction", DestructionOwed),
        node.read("privacy", f"{path}/destruction-attestations", DestructionAttestations),
        node.read("privacy", f"{path}/document", AgreementDocument),
    )
    names, suspended, credentials = await parties_of(frame, [agreement.recipient_id, *agreement.district_ids])
    viewing, _ = frame.viewing, frame.translate
    today = await agency_day(frame)
    terms = terms_of(agreement, today)
    used, scheduled, width = share_used(use)
    held = None if credentials is None else credentials[agreement.recipient_id]
    since, files = suspended.get(agreement.recipient_id), EXPORT.format(agreement_id=agreement_id)
    return frame.page(
        "agreement.html",
        agreement=agreement,
        terms=terms,
        party=named(names, agreement.recipient_id),
        districts=[named(names, one) for one in agreement.district_ids],
        kind=basis_of(agreement.kind, _),
        purposes=[_(PURPOSE_WORDS.get(one, one)) for one in terms.purposes],
        standing=standing_of(agreement, terms, today, suspended=since is not None, translate=_),
        ending=ending_of(agreement, terms, today, viewing, _),
        since=since,
        pictures=_strips(agreement, terms, today, frame),
        moments=[(viewing.day(day), name) for day, name in _days(agreement, terms, frame)],
        use=use,
        used=used,
        scheduled=scheduled,
        width=width,
        elements=frame.table(ELEMENTS, used_elements(use, _), elements, export=files),
        destruction=destruction_of(owed, viewing, _),
        owed=owed,
        attestations=attested.attestations,
        subprocessors=frame.table(SUBPROCESSORS, terms.subprocessors, subprocessors, export=files),
        clauses=frame.table(CLAUSES, _clauses(document, frame), clauses, export=files),
        credentials=None
        if held is None
        else frame.table(CREDENTIALS, [shown_credential(one, viewing, _) for one in held], credentials_by, export=files),
        act=(SUSPEND if since is None else LIFT).format(agreement_id=agreement.id) if frame.person.role in MAY_SUSPEND else None,
        others=f"{PATH}?state=all&party={agreement.recipient_id}",
    )


@router.get(EXPORT, response_model=None, responses=page_responses(200, 404))
async def export_agreement_table(
    agreement_id: UUID,
    frame: Framed,
    node: Node,
    elements: Annotated[Asked, ELEMENTS.asked],
    credentials_by: Annotated[Asked, CREDENTIALS.asked],
    subprocessors: Annotated[Asked, SUBPROCESSORS.asked],
    clauses: Annotated[Asked, CLAUSES.asked],
    table: Table = "elements",
    form: Form = "csv",
) -> Response:
    """One of its tables as a file. Raises NoSuchRoute for the credentials where the page shows none of them."""
    agreement, path = await agreement_of(node, agreement_id), f"/v1/agreements/{agreement_id}"
    viewing, _ = frame.viewing, frame.translate
    if table == "elements":
        use = await node.read("privacy", f"{path}/use", AgreementUse, {"newest": COUNTED})
        return filed(ELEMENTS, used_elements(use, _), elements, form)
    if table == "clauses":
        return filed(CLAUSES, _clauses(await node.read("privacy", f"{path}/document", AgreementDocument), frame), clauses, form)
    if table == "subprocessors":
        return filed(SUBPROCESSORS, terms_of(agreement, await agency_day(frame)).subprocessors, subprocessors, form)
    _names, _suspended, credentials = await parties_of(frame, [agreement.recipient_id])
    if credentials is None:
        raise NoSuchRoute
    held = [shown_credential(one, viewing, _) for one in credentials[agreement.recipient_id]]
    return filed(CREDENTIALS, held, credentials_by, form)


def _clauses(document: AgreementDocument, frame: Frame) -> list[ShownClause]:
    said = [(one, clause_of(one.clause, one.citation, frame.translate)) for one in document.clauses]
    return [ShownClause(one.clause, name, law, one.where) for one, (name, law) in said]


def _days(agreement: AnyAgreement, terms: Terms, frame: Frame) -> list[tuple[date, str]]:
    _ = frame.translate
    days = [(agreement.signed_on, _("Signed")), (agreement.starts_on, _("Begins"))]
    days += [(one.from_, _("Amended")) for one in agreement.amendments]
    if agreement.terminated_at is not None:
        return [*days, (frame.viewing.day_of(agreement.terminated_at), _("Ended early"))]
    return [*days, (terms.ends_on, _("Ends"))]


def _strips(agreement: AnyAgreement, terms: Terms, today: date, frame: Frame) -> list[Strip | None]:
    """Its life, wide and narrow."""
    viewing = frame.viewing
    moments = [Moment(_noon(day), f"{name} {viewing.day(day)}", done=day <= today) for day, name in _days(agreement, terms, frame)]
    return [strip(moments, now=viewing.now, width=width) for width in (720.0, 340.0)]


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=UTC)
