"""Agreements and vendors: with whom, for what, until when, how much of it is used, and who comes in under them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.wire_agreement_use import AgreementUse
from safepassage.wire_duties import DestructionOwed
from safepassage.wire_evidence import AnyAgreement
from safepassage.wire_lists import AgreementPage
from services.gateway.console.agency_day import agency_day
from services.gateway.console.agreements_shown import (
    PATH,
    Said,
    basis_of,
    destruction_of,
    ending_of,
    last_used,
    path_of,
    share_used,
    standing_of,
    terms_of,
)
from services.gateway.console.exports import Form, exported, rows_of
from services.gateway.console.navigation import OF_THE_STATE
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.organisation_names import named, names_of
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.sorting import Orders
from services.gateway.console.words import word
from services.gateway.people.pages import page_responses
from services.gateway.registry.suspensions import Credential, credentials_of, suspended_since

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

EXPORT: Final = f"{PATH}/export"
ON_A_PAGE: Final = 20
ORDERS: Final = Orders("", "ends_on", "recipient", region="#agreements")
"""By default those that end first, or, where some are over, those that ended last."""
COUNTED: Final = 200
"""Decisions, the newest, by which a row of the list says what is used; the agreement's own page counts more."""
IN_AN_EXPORT: Final = 2_000
AT_ONCE: Final = 100
COLUMNS: Final = (
    "id",
    "kind",
    "recipient_id",
    "recipient",
    "signed_on",
    "starts_on",
    "ends_on",
    "terminated_at",
    "purposes",
    "elements",
    "subprocessors",
    "document",
)

Chosen = Literal["current", "ending", "over", "all"]
STATES: Final[tuple[tuple[Chosen, str], ...]] = (
    ("current", word("In force or to come")),
    ("ending", word("Ending within 90 days")),
    ("over", word("Over or ended early")),
    ("all", word("All")),
)
Party = Annotated[UUID | None, Query()]
After = Annotated[str | None, Query(max_length=2000)]
Sorted = Annotated[str, ORDERS.query]


@dataclass(frozen=True)
class ShownAgreement:
    """A row of the table."""

    href: str
    party: str
    kind: str
    standing: Said
    purposes: list[str]
    ends_on: date
    ending: Said | None
    used: int
    scheduled: int
    width: str
    subprocessors: int
    destruction: Said
    credentials: int
    last_used: str


async def parties_of(
    frame: Frame, organisation_ids: Sequence[UUID]
) -> tuple[Mapping[UUID, str], Mapping[UUID, datetime], Mapping[UUID, list[Credential]] | None]:
    """Their names, those that are suspended and since when, and their credentials: which the state's people see alone (None)."""
    names = await names_of(frame.request, organisation_ids)
    async with frame.request.app.state.database.reading() as tx:
        suspended = await suspended_since(tx, organisation_ids)
        credentials = await credentials_of(tx, organisation_ids) if frame.person.role in OF_THE_STATE else None
    return names, suspended, credentials


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_agreements(
    frame: Framed,
    node: Node,
    state: Annotated[Chosen, Query()] = "current",
    party: Party = None,
    cursor: After = None,
    sort: Sorted = ORDERS.usual,
) -> Response:
    """The agreements of the person's organisation and those below it: those that end first in front."""
    viewing, _ = frame.viewing, frame.translate
    asked = {"state": state, **ORDERS.kept(sort), **({} if party is None else {"recipient_id": str(party)})}
    more = {} if cursor is None else {"cursor": cursor}
    found = await node.read("privacy", "/v1/agreements", AgreementPage, {**asked, **more, "limit": ON_A_PAGE})
    about = await asyncio.gather(*(_measures(node, one) for one in found.agreements))
    parties = [one.recipient_id for one in found.agreements] + ([] if party is None else [party])
    names, suspended, credentials = await parties_of(frame, parties)
    rows, today = [], await agency_day(frame)
    for one, (use, owed) in zip(found.agreements, about, strict=True):
        terms, held = terms_of(one, today), (credentials or {}).get(one.recipient_id, [])
        used, scheduled, width = share_used(use)
        rows.append(
            ShownAgreement(
                href=path_of(one.id),
                party=named(names, one.recipient_id),
                kind=basis_of(one.kind, _)[0],
                standing=standing_of(one, terms, today, suspended=one.recipient_id in suspended, translate=_),
                purposes=[_(PURPOSE_WORDS.get(purpose, purpose)) for purpose in terms.purposes],
                ends_on=terms.ends_on,
                ending=ending_of(one, terms, today, viewing, _),
                used=used,
                scheduled=scheduled,
                width=width,
                subprocessors=len(terms.subprocessors),
                destruction=destruction_of(owed, viewing, _),
                credentials=len(held),
                last_used=last_used(held, viewing, _) if held else "",
            )
        )
    number = len(rows)
    count = _("No agreements") if not number else _("1 agreement") if number == 1 else _("%(n)s agreements") % {"n": viewing.number(number)}
    kept = {"state": state, **({} if party is None else {"party": str(party)}), **ORDERS.kept(sort)}
    return frame.page(
        "agreements.html",
        rows=rows,
        count=_("%(n)s agreements, and more") % {"n": viewing.number(number)} if found.next else count,
        more=None if found.next is None else f"{PATH}?{urlencode({**kept, 'cursor': found.next})}",
        export=f"{EXPORT}?{urlencode(kept)}",
        states=[(code, _(said)) for code, said in STATES],
        chosen=state,
        heads=frame.heads(ORDERS, sort or ("-ends_on" if state in ("over", "all") else "ends_on")),
        order=ORDERS.kept(sort),
        party=party,
        party_name=None if party is None else names.get(party),
        with_credentials=credentials is not None,
    )


async def _measures(node: NodeReader, agreement: AnyAgreement) -> tuple[AgreementUse, DestructionOwed]:
    path = f"/v1/agreements/{agreement.id}"
    use = await node.read("privacy", f"{path}/use", AgreementUse, {"newest": COUNTED})
    return use, await node.read("privacy", f"{path}/destruction", DestructionOwed)


@router.get(EXPORT, response_model=None, responses=page_responses(200))
async def export_agreements(
    frame: Framed,
    node: Node,
    state: Annotated[Chosen, Query()] = "current",
    party: Party = None,
    sort: Sorted = ORDERS.usual,
    form: Form = "csv",
) -> Response:
    """The list as a file, the first 2,000 of its order."""
    asked = {"state": state, **ORDERS.kept(sort), **({} if party is None else {"recipient_id": str(party)})}
    found = await rows_of(
        node, "privacy", "/v1/agreements", AgreementPage, asked, lambda page: page.agreements, most=IN_AN_EXPORT, at_once=AT_ONCE
    )
    names = await names_of(frame.request, [one.recipient_id for one in found])
    today = await agency_day(frame)
    rows = [_row(one, named(names, one.recipient_id), today) for one in found]
    return exported("agreements", form, COLUMNS, rows, most=IN_AN_EXPORT)


def _row(one: AnyAgreement, party: str, today: date) -> dict[str, object]:
    terms = terms_of(one, today)
    return one.model_dump(mode="json") | {
        "recipient": party,
        "ends_on": terms.ends_on.isoformat(),
        "purposes": " ".join(terms.purposes),
        "elements": " ".join(terms.elements),
        "subprocessors": "; ".join(f"{it.name}: {it.service}" for it in terms.subprocessors),
    }
