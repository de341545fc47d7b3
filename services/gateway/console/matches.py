"""Matches that need a person: which child a request means, or whether two records are of one child."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from safepassage.problems.requests import InvalidRequest
from safepassage.record.loads import MatchKind, MatchPage, MatchReview
from services.gateway.console.match_words import DOUBTS
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Framed
from services.gateway.console.sorting import Orders
from services.gateway.console.words import spaced, word
from services.gateway.people.pages import page_responses
from services.gateway.people.roles import Role

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = "/console/matches"
EXPORT: Final = f"{PATH}/export"
API: Final = "/v1/matches"
ROLES: Final[tuple[Role, ...]] = ("privacy-officer", "district-officer")
ON_A_PAGE: Final = 50
ORDERS: Final = Orders("opened_at", "expires_at", region="#matches")

ENDS: Final[Mapping[str, str]] = {"3": word("Within 3 days"), "7": word("Within a week"), "30": word("Within 30 days")}
"""Within how many days one can be decided no longer."""

KINDS: Final[Mapping[MatchKind, str]] = {
    "request": word("Another state’s request, or a record that came: which child is it?"),
    "records": word("Two records here: are they of one child?"),
}


async def _chosen(
    kind: Annotated[MatchKind | Literal[""], Query()] = "",
    doubt: Annotated[str, Query(max_length=64)] = "",
    ends: Annotated[Literal["", "3", "7", "30"], Query(description="Within so many days.")] = "",
) -> Mapping[str, str]:
    """The filters that are set. Raises InvalidRequest for what is of no list."""
    if doubt and doubt not in DOUBTS:
        raise InvalidRequest("none of the list", field="doubt")
    return {name: value for name, value in (("kind", kind), ("doubt", doubt), ("ends", ends)) if value}


Chosen = Annotated[Mapping[str, str], Depends(_chosen)]


def asked_of(chosen: Mapping[str, str]) -> dict[str, str]:
    """The same as the service is asked for it."""
    return {"ends_within_days" if name == "ends" else name: value for name, value in chosen.items()}


@dataclass(frozen=True)
class ShownMatch:
    """A row of the table."""

    href: str
    opened_at: datetime
    question: str
    candidates: int
    doubts: tuple[str, ...]
    until: datetime


def shown_match(review: MatchReview, translate: Callable[[str], str]) -> ShownMatch:
    """A match in a row."""
    return ShownMatch(
        href=f"{PATH}/{review.id}",
        opened_at=review.opened_at,
        question=translate(KINDS[review.kind]),
        candidates=len(review.candidates),
        doubts=doubts_of(review, translate),
        until=review.expires_at,
    )


def doubts_of(review: MatchReview, translate: Callable[[str], str]) -> tuple[str, ...]:
    """Why a machine may not decide it, in words."""
    return tuple(translate(DOUBTS[one]) if one in DOUBTS else spaced(one) for one in review.reasons)


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_matches(
    frame: Framed,
    node: Node,
    chosen: Chosen,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    sort: Annotated[str, ORDERS.query] = ORDERS.usual,
) -> Response:
    """The matches that wait for a person of the organisation, the oldest first."""
    _, viewing = frame.translate, frame.viewing
    asked: dict[str, str | int] = {**asked_of(chosen), "limit": ON_A_PAGE, "sort": sort, **({} if cursor is None else {"cursor": cursor})}
    found, following = await node.page("records", API, MatchPage, asked)
    number = len(found.matches)
    count = _("No matches") if not number else _("1 match") if number == 1 else _("%(n)s matches") % {"n": viewing.number(number)}
    return frame.page(
        "matches.html",
        rows=[shown_match(review, _) for review in found.matches],
        count=_("%(n)s matches, and more") % {"n": viewing.number(number)} if following else count,
        more=None if following is None else f"{PATH}?{urlencode({**chosen, **ORDERS.kept(sort), 'cursor': following['cursor']})}",
        heads=frame.heads(ORDERS, sort),
        export=ORDERS.address(EXPORT, sort, **chosen),
        order=ORDERS.kept(sort),
        kinds=[(code, _(name)) for code, name in KINDS.items()],
        doubts=sorted(((code, _(said)) for code, said in DOUBTS.items()), key=lambda one: one[1]),
        ends=[(code, _(said)) for code, said in ENDS.items()],
        chosen=chosen,
    )
