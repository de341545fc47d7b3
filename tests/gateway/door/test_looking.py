"""What a running gateway notices by itself, each second: keys, clients changed by another process, refusals of a minute that is over."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from safepassage.canonical import digest_of
from safepassage.wire_clients import ClientKeys, JwkSet
from services.gateway import app as gateway_app
from services.gateway.oauth.signing_keys import activate, prepare
from services.gateway.tables import SpentRow, TrustListRow
from tests.conftest import StandingClock
from tests.gateway.becoming import becomes
from tests.gateway.by_hand import Party, ask
from tests.gateway.house import House, open_house

PATH = "/v1/decisions/019a0000-0000-7000-8000-000000000000"


async def spent(house: House) -> int:
    async with house.app.state.database.reading() as tx:
        return int((await tx.execute(select(func.count()).select_from(SpentRow))).scalar_one())


async def nothing_spent(house: House) -> bool:
    return await spent(house) == 0


@pytest.mark.anyio
async def test_a_running_gateway_notices(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_app, "LOOK_SECONDS", 0.01)
    keys = tmp_path / "keys"
    shutil.copytree(node_keys, keys)
    folder = keys / "gateway" / "token-signing"
    async with open_house(tmp_path, keys, clock, template=empty_store) as house:
        party = await house.sea_party("decisions:read")
        token = await house.token(party)
        kid = prepare(folder)
        await becomes(lambda: kid in house.app.state.token_keys.current.verifying)
        activate(folder, now=datetime.fromtimestamp((folder / "pending.json").stat().st_mtime, UTC) + timedelta(minutes=1))
        await becomes(lambda: house.app.state.token_keys.current.active.kid == kid)
        assert (await house.call(party, token, "GET", PATH)).status == 200
        await house.hand.disable_client(UUID(party.client_id))
        await becomes(lambda: house.app.state.standing._changed[party.client_id].kids == frozenset())
        assert (await house.call(party, token, "GET", PATH)).status == 401
        await ask(house.app, "GET", PATH)
        assert await spent(house) == 2
        clock.advance(minutes=3)
        await becomes(lambda: any(event.class_ == "refusal" for event in house.behind["audit"].events))
        await becomes(lambda: nothing_spent(house))
        counted = {event.context.reason for event in house.behind["audit"].events if event.class_ == "refusal"}
        assert counted == {"access-token-not-valid", "not-authenticated"}


@pytest.mark.requirement("DOOR-taken-back")
@pytest.mark.anyio
async def test_a_list_that_cannot_be_read_keeps_nobody_out_and_lets_nobody_stay(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a process of a later version has taken a list that this one does not know."""
    monkeypatch.setattr(gateway_app, "LOOK_SECONDS", 0.01)
    async with open_house(tmp_path, node_keys, clock, template=empty_store) as house:
        stays, leaves = [await house.sea_party("decisions:read") for _ in range(2)]
        tokens = [await house.token(party) for party in (stays, leaves)]
        async with house.app.state.database.transaction() as tx:
            document = '{"payload":"eyJ2IjoyfQ","signatures":[]}'
            tx.add(TrustListRow(serial=9, digest=digest_of(document.encode()), document=document, accepted_at=clock()))
        await ask(house.app, "GET", PATH)
        await house.hand.disable_client(UUID(leaves.client_id))
        clock.advance(seconds=30)  # what was loaded before counts no more, and may be from before that
        await becomes(lambda: house.app.state.standing._loaded_at == clock())
        answers = [await house.call(party, token, "GET", PATH) for party, token in zip((stays, leaves), tokens, strict=True)]
        assert [answer.status for answer in answers] == [200, 401]
        clock.advance(minutes=2)
        await becomes(lambda: any(event.class_ == "refusal" for event in house.behind["audit"].events))


@pytest.mark.anyio
async def test_a_key_that_another_process_registered_a_moment_ago_is_believed_at_once(house: House) -> None:
    party = await house.sea_party("decisions:read")
    newer = Party(party.client_id, party.issuer, kid="two")
    jwks = JwkSet.model_validate({"keys": [party.jwk, newer.jwk]})
    await house.hand.replace_client_keys(UUID(party.client_id), ClientKeys(version=1, jwks=jwks))
    token = await house.token(newer)
    assert (await house.call(newer, token, "GET", PATH)).status == 200


@pytest.mark.anyio
async def test_what_was_counted_outlives_a_stop(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> None:
    async with open_house(tmp_path, node_keys, clock, template=empty_store) as house:
        await ask(house.app, "GET", PATH)
    async with open_house(tmp_path, node_keys, clock) as house:
        counted = [(event.context.reason, event.context.count) for event in await house.entries() if event.class_ == "refusal"]
    assert counted == [("not-authenticated", 1)]
