import asyncio
import os
import shutil
import stat
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.gateway.oauth.signing_keys import RotationTooEarly, WatchedTokenKeys, activate, load_token_keys, prepare, remove_expired
from shared.keys import KeyFileUnusable, SigningKey
from tests.conftest import StandingClock
from tests.gateway.by_hand import ask, ask_token
from tests.gateway.house import open_house

PATH = "/v1/decisions/019a0000-0000-7000-8000-000000000000"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    SigningKey.generate().save(tmp_path / "token-signing" / "active.json")
    return tmp_path / "token-signing"


def published_long_ago(folder: Path) -> datetime:
    """Now, a minute after the pending key was published."""
    return datetime.fromtimestamp((folder / "pending.json").stat().st_mtime, UTC) + timedelta(minutes=1)


def test_a_key_is_published_before_it_signs_and_verifies_after_it_has_signed(folder: Path) -> None:
    first = load_token_keys(folder).active.kid
    second = prepare(folder)
    pending = load_token_keys(folder)
    assert (pending.active.kid, set(pending.verifying)) == (first, {first, second})
    now = published_long_ago(folder)
    assert activate(folder, now=now) == second
    retiring = load_token_keys(folder)
    assert (retiring.active.kid, set(retiring.verifying)) == (second, {first, second})
    assert [jwk["kid"] for jwk in retiring.jwks] == [second, first]
    assert remove_expired(folder, now=now + timedelta(hours=1)) == []
    assert remove_expired(folder, now=now + timedelta(hours=2)) == [first]
    assert set(load_token_keys(folder).verifying) == {second}


def test_a_retiring_key_can_sign_nothing_any_more(folder: Path) -> None:
    prepare(folder)
    activate(folder, now=published_long_ago(folder))
    (file,) = (folder / "retiring").glob("*.json")
    assert '"d"' not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_nothing_is_rushed_and_nothing_overwritten(folder: Path) -> None:
    with pytest.raises(RotationTooEarly):
        activate(folder, now=datetime(2100, 1, 1, tzinfo=UTC))
    prepare(folder)
    with pytest.raises(FileExistsError):
        prepare(folder)
    with pytest.raises(RotationTooEarly):
        activate(folder, now=published_long_ago(folder) - timedelta(seconds=56))


def test_a_broken_file_leaves_the_last_good_keys(folder: Path) -> None:
    watched = WatchedTokenKeys(folder)
    good = watched.current
    (folder / "active.json").write_text("{")
    watched.refresh()
    assert watched.current is good
    with pytest.raises(KeyFileUnusable):
        WatchedTokenKeys(folder)


def test_a_key_that_others_can_read_is_no_key(folder: Path) -> None:
    os.chmod(folder / "active.json", 0o644)
    with pytest.raises(KeyFileUnusable):
        WatchedTokenKeys(folder)


@pytest.mark.requirement("DOOR-rotation")
@pytest.mark.anyio
async def test_keys_rotate_under_load_without_one_failed_request(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path
) -> None:
    """Clients ask for tokens and use old and new ones all the while; three whole rotations happen meanwhile."""
    keys = tmp_path / "keys"
    shutil.copytree(node_keys, keys)
    folder = keys / "gateway" / "token-signing"
    statuses: Counter[int] = Counter()
    kids: set[str] = set()
    async with open_house(tmp_path, keys, clock, template=empty_store) as house:
        watched: WatchedTokenKeys = house.app.state.token_keys
        parties = [await house.sea_party("decisions:read") for _ in range(3)]
        going = True

        async def use(number: int) -> None:
            party, tokens = parties[number], [await house.token(parties[number])]
            while going:
                answer = await ask_token(house.app, party, house.now)
                statuses[answer.status] += 1
                tokens.append(answer.json["access_token"])
                for token in (tokens[0], tokens[-1], tokens[len(tokens) // 2]):
                    called = await house.call(party, token, "GET", PATH)
                    statuses[called.status] += 1
                await asyncio.sleep(0)

        users = [asyncio.create_task(use(number)) for number in range(len(parties))]
        for _ in range(3):
            prepare(folder)
            await _a_while(statuses)
            watched.refresh()
            await _a_while(statuses)
            kids.add(activate(folder, now=published_long_ago(folder)))
            await _a_while(statuses)
            watched.refresh()
            await _a_while(statuses)
            published = {jwk["kid"] for jwk in (await ask(house.app, "GET", "/oauth/jwks")).json["keys"]}
            assert kids <= published
        going = False
        await asyncio.gather(*users)
    assert set(statuses) == {200}, statuses
    assert statuses[200] > 100
    assert len(kids) == 3


async def _a_while(statuses: Counter[int]) -> None:
    """Until ten more requests have been answered."""
    until = statuses.total() + 10
    while statuses.total() < until:  # noqa: ASYNC110 lets the others run
        await asyncio.sleep(0)


@pytest.mark.anyio
async def test_another_process_accepts_what_a_new_key_signed_before_it_looked_at_the_files(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path
) -> None:
    keys = tmp_path / "keys"
    shutil.copytree(node_keys, keys)
    folder = keys / "gateway" / "token-signing"
    async with open_house(tmp_path, keys, clock, template=empty_store) as house:
        party = await house.sea_party("decisions:read")
        claims = house.app.state.door.authentication.tokens
        token = await house.token(party)
        prepare(folder)
        activate(folder, now=published_long_ago(folder))
        payload = claims.verify(token, house.now).claims.model_dump(mode="json", exclude_none=True)
        of_the_new_key = SigningKey.load(folder / "active.json").sign_compact(typ="at+jwt", payload=payload)
        assert (await house.call(party, of_the_new_key, "GET", PATH)).status == 200


@pytest.mark.anyio
async def test_a_key_that_is_gone_opens_nothing(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> None:
    keys = tmp_path / "keys"
    shutil.copytree(node_keys, keys)
    folder = keys / "gateway" / "token-signing"
    async with open_house(tmp_path, keys, clock, template=empty_store) as house:
        party = await house.sea_party("decisions:read")
        token = await house.token(party)
        assert (await house.call(party, token, "GET", PATH)).status == 200
        prepare(folder)
        now = published_long_ago(folder)
        activate(folder, now=now)
        remove_expired(folder, now=now + timedelta(hours=2))
        house.app.state.token_keys.refresh()
        answer = await house.call(party, token, "GET", PATH)
        assert (answer.status, answer.code) == (401, "access-token-not-valid")
