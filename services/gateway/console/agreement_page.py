"""One agreement: its clauses and its clock, agreed against used, who works for the party, what was destroyed, which credentials come in."""

import asyncio
from datetime import UTC, date, datetime, time
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from safepassage.wire_agreement_use import AgreementDocument, AgreementUse
from safepassage.wire_duties import DestructionOwed
from safepassage.wire_evidence import AnyAgreement
from safepassage.wire_lists import DestructionAttestations
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
from services.gateway.console.node_reader import Node
from services.gateway.console.organisation_names import named
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.read_agreement import agreement_of
from services.gateway.console.sorting import Columns, in_words
from services.gateway.console.suspension import LIFT, MAY_SUSPEND, SUSPEND
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

COUNTED: Final = 5_000
"""Decisions, the newest: about half a second of unsealing."""

ELEMENTS: Final = Columns(
    {"-decisions": lambda one: one.count, "element": lambda one: in_words(one.name), "use": lambda one: in_words(one.said.word)},
    region="#main",
)
CREDENTIALS: Final = Columns(
    {
        "": None,
        "name": lambda one: in_words(one.name),
        "state": lambda one: in_words(one.said.word),
        "kind": lambda one: in_words(one.kind),
        "-registered": lambda one: one.created_at,
        "-used": lambda one: one.last_used_on,
    },
    parameter="sort-credentials",
    region="#main",
)
SUBPROCESSORS: Final = Columns(
    {"": None, "name": lambda one: in_words(one.name), "service": lambda one: in_words(one.service)},
    parameter="sort-subprocessors",
    region="#main",
)
CLAUSES: Final = Columns(
    {"": None, "clause": lambda one: in_words(one[0]), "law": lambda one: one[1] or None},
    parameter="sort-clauses",
    region="#main",
)


@router.get(ONE, response_model=None, responses=page_responses(200, 404))
async def show_agreement(
    agreement_id: UUID,
    frame: Framed,
    node: Node,
    elements: Annotated[str, ELEMENTS.query] = ELEMENTS.usual,
    credentials_by: Annotated[str, CREDENTIALS.query] = CREDENTIALS.usual,
    subprocessors: Annotated[str, SUBPROCESSORS.query] = SUBPROCESSORS.usual,
    clauses: Annotated[str, CLAUSES.query] = CLAUSES.usual,
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
    terms = terms_of(agreement, viewing.today)
    used, scheduled, width = share_used(use)
    held = None if credentials is None else credentials[agreement.recipient_id]
    since = suspended.get(agreement.recipient_id)
    return frame.page(
        "agreement.html",
        agreement=agreement,
        terms=terms,
        party=named(names, agreement.recipient_id),
        districts=[named(names, one) for one in agreement.district_ids],
        kind=basis_of(agreement.kind, _),
        purposes=[_(PURPOSE_WORDS.get(one, one)) for one in terms.purposes],
        standing=standing_of(agreement, terms, viewing.today, suspended=since is not None, translate=_),
        ending=ending_of(agreement, terms, viewing, _),
        since=since,
        pictures=_strips(agreement, terms, frame),
        moments=[(viewing.day(day), name) for day, name in _days(agreement, terms, frame)],
        use=use,
        used=used,
        scheduled=scheduled,
        width=width,
        elements=ELEMENTS.rows(used_elements(use, _), elements),
        element_heads=frame.heads(ELEMENTS, elements),
        destruction=destruction_of(owed, viewing, _),
        owed=owed,
        attestations=attested.attestations,
        subprocessors=SUBPROCESSORS.rows(terms.subprocessors, subprocessors),
        subprocessor_heads=frame.heads(SUBPROCESSORS, subprocessors),
        clauses=CLAUSES.rows([(*clause_of(one.clause, one.citation, _), one.where) for one in document.clauses], clauses),
        clause_heads=frame.heads(CLAUSES, clauses),
        credentials=None if held is None else CREDENTIALS.rows([shown_credential(one, viewing, _) for one in held], credentials_by),
        credential_heads=frame.heads(CREDENTIALS, credentials_by),
        act=(SUSPEND if since is None else LIFT).format(agreement_id=agreement.id) if frame.person.role in MAY_SUSPEND else None,
        others=f"{PATH}?state=all&party={agreement.recipient_id}",
    )


def _days(agreement: AnyAgreement, terms: Terms, frame: Frame) -> list[tuple[date, str]]:
    _ = frame.translate
    days = [(agreement.signed_on, _("Signed")), (agreement.starts_on, _("Begins"))]
    days += [(one.from_, _("Amended")) for one in agreement.amendments]
    if agreement.terminated_at is not None:
        return [*days, (agreement.terminated_at.date(), _("Ended early"))]
    return [*days, (terms.ends_on, _("Ends"))]


def _strips(agreement: AnyAgreement, terms: Terms, frame: Frame) -> list[Strip | None]:
    """Its life, wide and narrow."""
    viewing = frame.viewing
    moments = [Moment(_noon(day), f"{name} {viewing.day(day)}", done=day <= viewing.today) for day, name in _days(agreement, terms, frame)]
    return [strip(moments, now=viewing.now, width=width) for width in (720.0, 340.0)]


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=UTC)
