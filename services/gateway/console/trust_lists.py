"""The trust list's history: each list that this node took, and what changed with it. Each was verified before it was stored."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from sqlalchemy import select
from starlette.responses import Response

from safepassage.canonical import from_base64url
from services.gateway.console.exports import Form, exported
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.sorting import CURSOR, Orders
from services.gateway.console.state_names import STATE_NAMES
from services.gateway.console.state_rows import PATH as STATES
from services.gateway.console.state_words import STATUSES
from services.gateway.console.viewing import utc
from services.gateway.people.pages import page_responses
from services.gateway.tables import TrustListRow
from shared.database import Database
from shared.keyset import behind, is_down

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = f"{STATES}/lists"
EXPORT: Final = f"{PATH}/export"
ON_A_PAGE: Final = 50
IN_AN_EXPORT: Final = 1_000
"""Lists: one a week for nineteen years."""
ORDERS: Final = Orders("-serial", region="#lists")
COLUMNS: Final = ("serial", "accepted_at", "issued_at", "expires_at", "digest", "members", "joined", "left", "status_changed")

Year = Annotated[str, Query(pattern=r"^(20[2-9][0-9])?$", description="In which this node took them (UTC).")]


@dataclass(frozen=True)
class TakenList:
    """A list that this node took."""

    serial: int
    accepted_at: datetime
    digest: str
    issued_at: str | None
    expires_at: str | None
    members: Mapping[str, tuple[str, str]]
    """By entity id: the state, and the status."""


@dataclass(frozen=True)
class Change:
    """What a list says otherwise than the one before it: states, by their codes."""

    joined: tuple[str, ...]
    left: tuple[str, ...]
    status: tuple[tuple[str, str], ...]
    """Whose, and what it is now."""


def taken_list(row: Any) -> TakenList:
    """As its document says."""
    content: dict[str, Any] = json.loads(from_base64url(json.loads(row.document)["payload"]))
    members = {str(one["entity_id"]): (str(one.get("state", "")), str(one.get("status", "active"))) for one in content["members"]}
    return TakenList(row.serial, row.accepted_at, row.digest, content.get("issued_at"), content.get("expires_at"), members)


def change(before: TakenList | None, now: TakenList) -> Change:
    """From one list to the next; of the first of all everybody has joined."""
    earlier = {} if before is None else before.members
    return Change(
        joined=tuple(sorted(_said(now, one) for one in now.members.keys() - earlier.keys())),
        left=() if before is None else tuple(sorted(_said(before, one) for one in earlier.keys() - now.members.keys())),
        status=tuple(
            sorted(
                (_said(now, one), now.members[one][1])
                for one in now.members.keys() & earlier.keys()
                if now.members[one][1] != earlier[one][1]
            )
        ),
    )


def _said(taken: TakenList, entity_id: str) -> str:
    return taken.members[entity_id][0] or entity_id


async def _chosen(year: Year = "") -> Mapping[str, str]:
    return {"year": year} if year else {}


Chosen = Annotated[Mapping[str, str], Depends(_chosen)]
"""The filter, where it is set."""


async def lists_of(
    database: Database, chosen: Mapping[str, str], *, after: int | None, sort: str, limit: int
) -> tuple[list[tuple[TakenList, Change]], bool]:
    """Those behind a serial, in order, each with what it changed; and whether there are more."""
    query = select(TrustListRow)
    if chosen:
        year = int(chosen["year"])
        query = query.where(TrustListRow.accepted_at >= datetime(year, 1, 1, tzinfo=UTC))
        query = query.where(TrustListRow.accepted_at < datetime(year + 1, 1, 1, tzinfo=UTC))
    query = behind(query, (TrustListRow.serial,), None if after is None else (after,), sort=sort)
    async with database.reading() as tx:
        rows = [taken_list(row) for row in await tx.scalars(query.limit(limit + 1))]
        shown = rows[:limit]
        first = min((one.serial for one in shown), default=0)
        before = await tx.scalar(select(TrustListRow).where(TrustListRow.serial < first).order_by(TrustListRow.serial.desc()).limit(1))
    rising = [*([] if before is None else [taken_list(before)]), *(reversed(shown) if is_down(sort) else shown)]
    changes = {one.serial: change(rising[place - 1] if place else None, one) for place, one in enumerate(rising)}
    return [(one, changes[one.serial]) for one in shown], len(rows) > limit


async def _years(database: Database, now: datetime) -> Sequence[str]:
    async with database.reading() as tx:
        first = await tx.scalar(select(TrustListRow.accepted_at).order_by(TrustListRow.serial).limit(1))
    return [str(year) for year in range(now.year, (now if first is None else first).year - 1, -1)]


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_trust_lists(
    frame: Framed,
    chosen: Chosen,
    cursor: Annotated[int | None, Query(ge=0, le=2**62, description="Serial of the last list of the page before.")] = None,
    sort: Annotated[str, ORDERS.query] = ORDERS.usual,
) -> Response:
    """The lists, the newest first."""
    _, viewing, database = frame.translate, frame.viewing, frame.request.app.state.database
    found, more = await lists_of(database, chosen, after=cursor, sort=sort, limit=ON_A_PAGE)
    number = len(found)
    count = _("No lists") if not number else _("1 list") if number == 1 else _("%(n)s lists") % {"n": viewing.number(number)}
    return frame.page(
        "trust_lists.html",
        rows=[(one, _in_words(changed, frame)) for one, changed in found],
        count=_("%(n)s lists, and more") % {"n": viewing.number(number)} if more else count,
        more=ORDERS.address(PATH, sort, **chosen, **{CURSOR: str(found[-1][0].serial)}) if more else None,
        heads=frame.heads(ORDERS, sort),
        export=ORDERS.address(EXPORT, sort, **chosen),
        order=ORDERS.kept(sort),
        years=[(year, year) for year in await _years(database, viewing.now)],
        chosen=chosen,
        back=STATES,
    )


def _in_words(changed: Change, frame: Frame) -> list[str]:
    _ = frame.translate

    def names(codes: Sequence[str]) -> str:
        return ", ".join(_(STATE_NAMES.get(code, code)) for code in codes)

    said = [_("Joined: %(states)s") % {"states": names(changed.joined)}] if changed.joined else []
    said += [_("Left: %(states)s") % {"states": names(changed.left)}] if changed.left else []
    words = {str(code): said for code, (_tone, _mark, said) in STATUSES.items()}
    return [*said, *(f"{names([code])}: {_(words[status]) if status in words else status}" for code, status in changed.status)]


@router.get(EXPORT, response_model=None, responses=page_responses(200))
async def export_trust_lists(
    frame: Framed, chosen: Chosen, sort: Annotated[str, ORDERS.query] = ORDERS.usual, form: Form = "csv"
) -> Response:
    """The lists as a file: the first 1,000 of the order."""
    found, _more = await lists_of(frame.request.app.state.database, chosen, after=None, sort=sort, limit=IN_AN_EXPORT + 1)
    return exported("trust-lists", form, COLUMNS, [_row(*one) for one in found], most=IN_AN_EXPORT)


def _row(taken: TakenList, changed: Change) -> dict[str, object]:
    return {
        "serial": taken.serial,
        "accepted_at": utc(taken.accepted_at),
        "issued_at": taken.issued_at,
        "expires_at": taken.expires_at,
        "digest": taken.digest,
        "members": len(taken.members),
        "joined": list(changed.joined),
        "left": list(changed.left),
        "status_changed": [f"{code}:{status}" for code, status in changed.status],
    }
