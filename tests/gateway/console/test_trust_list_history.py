"""Since when a node is on the list: by the lists that were taken, without one between that says otherwise."""

import json
from datetime import datetime, timedelta

import pytest

from safepassage.canonical import canonical_json, digest_of, to_base64url
from services.gateway.console.trust_list_history import on_list_since
from services.gateway.tables import TrustListRow
from tests.gateway.console.consoles import Console

pytestmark = pytest.mark.anyio

BIRCH = "https://birch.example"


def taken(serial: int, at: datetime, *, status: str | None) -> TrustListRow:
    """A list that was verified when it came; None: it does not name the node."""
    members = [{"entity_id": "https://cedar.example", "status": "revoked"}]
    members += [] if status is None else [{"entity_id": BIRCH, "status": status}]
    document = json.dumps({"payload": to_base64url(canonical_json({"members": members})), "signatures": []})
    return TrustListRow(serial=serial, digest=digest_of(document.encode()), document=document, accepted_at=at)


async def test_it_is_since_the_first_list_of_those_without_a_gap_and_its_status_too(console: Console) -> None:
    database, start = console.house.app.state.database, console.house.now

    async def take(*statuses: str | None, first: int) -> None:
        async with database.transaction() as tx:
            for place, status in enumerate(statuses, first):
                tx.add(taken(place, start + timedelta(days=place), status=status))

    assert await on_list_since(database, BIRCH) is None
    await take("active", "suspended", "active", "active", first=1)
    found = await on_list_since(database, BIRCH)
    assert found is not None
    assert (found.listed_at - start, found.status_at - start, found.is_all) == (timedelta(days=1), timedelta(days=3), True)
    await take(None, "active", "suspended", first=5)
    again = await on_list_since(database, BIRCH)
    assert again is not None
    assert (again.listed_at - start, again.status_at - start, again.is_all) == (timedelta(days=6), timedelta(days=7), False)
    await take(None, first=8)
    assert await on_list_since(database, BIRCH) is None
