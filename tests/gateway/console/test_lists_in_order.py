"""Lists that services give in pages come in the order that they are asked for, whole, and a cursor of one order is none of another."""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from operator import itemgetter
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from safepassage.canonical import canonical_json
from services.gateway.console.node_reader import claims_of, next_query
from services.gateway.people.roles import Role
from services.records.exchange.states import Asked, Letter
from services.records.exchange.states import Request as Taken
from services.records.tables import DeadLetterRow, MatchReviewRow
from shared.in_process import call
from shared.internal_token import HEADER
from shared.who_may_call import ServiceName
from shared.word_order import in_words
from tests.conftest import StandingClock
from tests.gateway.console.agreed import agreed, vendor_of
from tests.gateway.console.alerted import alerted
from tests.gateway.console.consoles import Console
from tests.gateway.console.crossing import BIRCH, sent
from tests.gateway.console.decided import decided, drafted, world_of
from tests.gateway.console.enrolled import child, enrolled, in_doubt
from tests.gateway.console.exchanged import asked, stored, taken
from tests.gateway.console.neighbours import FIR, compared_day
from tests.gateway.people.signing_in import person_of
from tests.privacy.officials import forbid

pytestmark = pytest.mark.anyio

Row = dict[str, Any]


def known(row: Row) -> str:
    """Which one it is."""
    return str([row.get(name) for name in ("id", "policy_hash", "day", "peer", "log", "index")])


async def answered(
    console: Console, role: Role, service: ServiceName, path: str, query: dict[str, Any], body: Row | None
) -> tuple[int, Row, str]:
    """Status, what is answered, and the Link header."""
    claims = claims_of(await person_of(await console.browser(role), console.house.now), address=None)
    headers = {HEADER: console.house.app.state.internal_tokens.for_caller(service, claims, console.house.now)}
    application, said = console.node.applications[service], urlencode(query)
    if body is None:
        answer = await call(application, "GET", path, query=said, headers=headers)
    else:
        headers["content-type"] = "application/json"
        answer = await call(application, "POST", path, query=said, headers=headers, body=canonical_json(body))
    return answer.status, json.loads(answer.body), dict(answer.headers).get("link", "")


async def exchanges(console: Console, clock: StandingClock) -> None:
    now = clock()
    for n, (ours, theirs) in enumerate(
        ((Asked.APPLIED, Taken.WAITING), (Asked.REFUSED, Taken.ANSWERED), (Asked.APPLIED, Taken.WAITING), (Asked.EXPIRED, Taken.ANSWERED))
    ):
        at = now - timedelta(hours=n)
        await stored(console, asked(console, ours, at), taken(theirs, at - timedelta(minutes=7)))


async def letters(console: Console, clock: StandingClock) -> None:
    about = {"kind": "request", "state": Letter.OPEN, "peer": BIRCH, "code": "expired"}
    await stored(console, *(DeadLetterRow(id=uuid4(), since=clock() - timedelta(hours=n // 2), **about) for n in range(6)))


async def matches(console: Console, clock: StandingClock) -> None:
    """What came later ends sooner."""
    for n in range(4):
        match_id = await in_doubt(console, [await enrolled(console, child(n))])
        async with console.node.applications["records"].state.database.transaction() as tx:
            (await tx.get_one(MatchReviewRow, match_id)).expires_at = clock() + timedelta(days=9 - 2 * n)
        clock.advance(minutes=3)


async def duties(console: Console, clock: StandingClock) -> None:
    """Of two kinds, so that what began first does not end first."""
    for n in range(4):
        claims = claims_of(await person_of(await console.browser("privacy-officer"), clock()), address=None)
        headers = {
            HEADER: console.house.app.state.internal_tokens.for_caller("privacy", claims, clock()),
            "content-type": "application/json",
            "idempotency-key": f"this-is-duty-number-{n}",
        }
        new = {
            "kind": ("answer-public-question", "annual-notice")[n % 2],
            "started_at": (clock() - timedelta(days=3 * n)).isoformat(),
            "evidence_ref": "letter 7",
        }
        answer = await call(console.node.applications["privacy"], "POST", "/v1/duties", headers=headers, body=canonical_json(new))
        assert answer.status == 201, answer.body


NAMES = ("acorn", "Élan", "Zebra", "Acorn")


async def agreements(console: Console, clock: StandingClock) -> None:
    for place, days in enumerate((300, 100, 300, 200)):
        ends_on = (clock() + timedelta(days=days)).date().isoformat()
        await agreed(console, await vendor_of(console, NAMES[place]), ends_on=ends_on, signed_on=f"2024-01-0{place + 1}")


def name_of(agreement: Row) -> str:
    """The party's, as people read it."""
    return in_words(NAMES[int(agreement["signed_on"][-1]) - 1])


async def decisions(console: Console, clock: StandingClock) -> None:
    world = await world_of(console)
    for _ in range(4):
        await decided(console, world)
        clock.advance(minutes=3)


async def policy_sets(console: Console, clock: StandingClock) -> None:
    author = await console.browser("privacy-officer")
    for n, element in enumerate(("identity.name", "identity.sex", "academics.transcript")):
        await drafted(author, title=f"Board policy {n}", text=forbid(element=element))
        clock.advance(minutes=3)


async def days(console: Console, clock: StandingClock) -> None:
    await stored(console, *(compared_day(FIR.entity_id, clock() - timedelta(days=n)) for n in range(1, 6)))


async def entries(console: Console, clock: StandingClock) -> None:
    for _ in range(4):
        await sent(console, 1)
        clock.advance(minutes=3)


async def alerts(console: Console, _clock: StandingClock) -> None:
    for days in (2, 0, 1):
        await alerted(console, days_ago=days)


List = tuple[Callable[[Console, StandingClock], Awaitable[None]], Role, ServiceName, str, str, Row | None]
DISCLOSURES = {"classes": ["disclosure"]}
LISTS: dict[str, List] = {
    "exchanges": (exchanges, "auditor", "records", "/v1/exchanges", "requested_at expires_at state", None),
    "letters": (letters, "operator", "records", "/v1/dead-letters", "since", None),
    "matches": (matches, "privacy-officer", "records", "/v1/matches", "opened_at expires_at", None),
    "duties": (duties, "auditor", "privacy", "/v1/duties", "overdue_at begins_at kind", None),
    "agreements": (agreements, "auditor", "privacy", "/v1/agreements", "ends_on recipient", None),
    "decisions": (decisions, "auditor", "privacy", "/v1/decisions", "decided_at", None),
    "policy_sets": (policy_sets, "auditor", "privacy", "/v1/policy-sets", "recorded_at title", None),
    "days": (days, "auditor", "records", "/v1/reconciliations", "day", None),
    "alerts": (alerts, "auditor", "audit", "/v1/log/alerts", "found_at", None),
    "entries": (entries, "auditor", "audit", "/v1/log/searches", "logged_at", DISCLOSURES),
}


@pytest.mark.requirement("CON-tables")
@pytest.mark.parametrize("name", LISTS)
async def test_a_list_comes_whole_in_each_of_its_orders_and_a_cursor_is_of_one_of_them(
    console: Console, clock: StandingClock, name: str
) -> None:
    make, role, service, path, columns, body = LISTS[name]
    await make(console, clock)

    async def page(**query: Any) -> tuple[int, Row, str]:
        return await answered(console, role, service, path, query, body)

    async def whole(sort: str, limit: int) -> tuple[list[Row], str]:
        """Every row, page by page, and the first cursor."""
        found, cursors = list[Row](), list[str]()
        query: dict[str, Any] | None = {"sort": sort, "limit": limit}
        while query is not None:
            status, told, link = await page(**query)
            assert status == 200, told
            found += told[name]
            query = None if not link else dict(next_query(link) or {})
            cursors += [query["cursor"]] if query else []
            assert query is None or query["sort"] == sort
        return found, cursors[0] if cursors else ""

    for column in columns.split():
        of = name_of if column == "recipient" else itemgetter(column)
        (up, cursor), (down, _) = await whole(column, 2), await whole(f"-{column}", 1)
        assert len(up) > 2
        assert sorted(map(known, up)) == sorted(map(known, down)), "none is lost or there twice"
        for rows, is_down in ((up, False), (down, True)):
            keys = [of(row) for row in rows]
            assert keys == sorted(keys, reverse=is_down), column
        if len({of(row) for row in up}) == len(up):
            assert list(map(known, up)) == list(map(known, down))[::-1]
        assert list(map(known, up)) == list(map(known, (await whole(column, 100))[0])), "however long a page is"
        other = next(one for one in (f"-{column}", *columns.split()) if one != column)
        status, refused, _ = await page(sort=other, limit=2, cursor=cursor)
        assert (status, refused["code"], refused.get("field")) == (422, "invalid-request", "cursor")
    assert (await page(sort="nothing"))[0] == 422
