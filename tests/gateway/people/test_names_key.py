"""What people are called rests on a key of its own, and stays what it was in a node that is older than the key's file."""

import hmac
import stat
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from services.gateway.people.names_key import names_key
from services.gateway.people.person import keyed_digest
from shared.keys import new_symmetric_key, read_symmetric_key
from tests.conftest import StandingClock
from tests.gateway.house import claims_of, open_house
from tests.gateway.oauth.codes.flow import application, person
from tests.gateway.people.signing_in import PEOPLE, person_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def older(tmp_path: Path, node_keys: Path) -> Path:
    """The keys of a node that has no file for names."""
    keys = tmp_path / "older"
    copytree(node_keys, keys)
    (keys / "gateway" / "people.key").unlink()
    return keys


async def names(folder: Path, keys: Path, clock: StandingClock, empty_store: Path, settings: Mapping[str, Any]) -> tuple[str, str, str]:
    """What somebody is called by the log and by an application, and that application."""
    folder.mkdir()  # noqa: ASYNC240 nothing else runs here
    async with open_house(folder, keys, clock, template=empty_store, **settings) as house:
        app = await application(house)
        browser = await person(house)
        document = await app.tokens(browser)
        who = await person_of(browser, house.now)
        return who.identifier, str(claims_of(document["access_token"])["sub"]), app.party.client_id


async def test_an_older_node_calls_people_as_it_did(
    tmp_path: Path, older: Path, clock: StandingClock, empty_store: Path, peoples: dict[str, Any]
) -> None:
    before = read_symmetric_key(older / "gateway" / "cursor.key")
    (older / "gateway" / "people.key").unlink(missing_ok=True)
    in_log, by_application, client_id = await names(tmp_path / "one", older, clock, empty_store, peoples)
    of_people = hmac.digest(before, b"safepassage/people/1", sha256)
    assert in_log == keyed_digest(of_people, "person", str(PEOPLE["people_issuer"]), "subject-1")
    assert by_application == keyed_digest(before, "subject", client_id, in_log)
    made = older / "gateway" / "people.key"
    assert (read_symmetric_key(made), stat.S_IMODE(made.stat().st_mode)) == (before, 0o600)


async def test_another_key_of_cursors_changes_no_name(
    tmp_path: Path, older: Path, clock: StandingClock, empty_store: Path, peoples: dict[str, Any]
) -> None:
    first, *_ = await names(tmp_path / "one", older, clock, empty_store, peoples)
    (older / "gateway" / "cursor.key").unlink()
    new_symmetric_key(older / "gateway" / "cursor.key")
    second, by_application, client_id = await names(tmp_path / "two", older, clock, empty_store, peoples)
    assert second == first
    assert by_application == keyed_digest(read_symmetric_key(older / "gateway" / "people.key"), "subject", client_id, first)


def test_a_new_node_has_a_key_for_names_that_is_no_other(node_keys: Path) -> None:
    assert names_key(node_keys / "gateway") != read_symmetric_key(node_keys / "gateway" / "cursor.key")


def test_of_processes_that_begin_at_once_each_has_the_same_key(older: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(names_key, [older / "gateway"] * 32))) == 1
