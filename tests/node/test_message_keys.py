"""The succession of the keys that sign messages to other nodes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from node.folder import NodeFile
from node.keys import create_node_keys
from node.message_keys import MOST_RETIRED, STILL_COUNTS, prepare_next, published, replace, require_published
from node.statement import sign_statement
from safepassage.node_statement import USED_FOR
from safepassage.suites import MLKEM768_X25519, SUITES
from shared.keys import KeyFileUnusable, SigningKey

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
TODAY = NOW.date()
BOTH = tuple(SUITES)
FILE = NodeFile(entity_id="https://alder.example", name="Alder", state="XA", organisation_id=UUID(int=1), port=8000)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    create_node_keys(tmp_path)
    return tmp_path


def listed(keys: Path, *, suites: tuple[str, ...] = BOTH, after: timedelta = timedelta()) -> list[str]:
    return [jwk.kid for jwk in published(keys / "records", suites, today=(NOW + after).date())]


def test_the_next_keys_are_listed_before_they_sign_and_the_ones_before_until_nothing_of_theirs_is_on_its_way(keys: Path) -> None:
    first = listed(keys)
    assert len(first) == 2
    prepare_next(keys / "records")
    both = listed(keys)
    assert set(first) < set(both)
    assert SigningKey.load(keys / "records" / "exchange-signing.json").kid == first[0]
    replace(keys / "records", today=TODAY)
    assert set(listed(keys)) == set(both)
    assert SigningKey.load(keys / "records" / "exchange-signing.json").kid in set(both) - set(first)
    assert set(listed(keys, after=STILL_COUNTS - timedelta(days=1))) == set(both)
    assert set(listed(keys, after=STILL_COUNTS)) == set(both) - set(first)


def test_of_a_key_that_was_replaced_no_private_half_is_left(keys: Path) -> None:
    before = (keys / "records" / "exchange-signing.json").read_text()
    secret = before.partition('"d": "')[2].partition('"')[0]
    prepare_next(keys / "records")
    replace(keys / "records", today=TODAY)
    assert len(secret) == 43
    assert not [file for file in keys.rglob("*") if file.is_file() and secret in file.read_text()]


def test_a_suite_that_is_not_listed_brings_no_keys(keys: Path) -> None:
    prepare_next(keys / "records")
    replace(keys / "records", today=TODAY)
    assert len(listed(keys, suites=(MLKEM768_X25519.name,))) == 2


def test_next_keys_are_replaced_neither_by_others_nor_twice_a_day_nor_out_of_nothing(keys: Path) -> None:
    prepare_next(keys / "records")
    with pytest.raises(FileExistsError):
        prepare_next(keys / "records")
    replace(keys / "records", today=TODAY)
    with pytest.raises(KeyFileUnusable, match="no next"):
        replace(keys / "records", today=TODAY)
    prepare_next(keys / "records")
    with pytest.raises(KeyFileUnusable, match="once a day"):
        replace(keys / "records", today=TODAY)


def test_what_is_missing_of_the_next_keys_after_an_interruption_is_made(keys: Path) -> None:
    prepare_next(keys / "records")
    waits = (keys / "records" / "exchange-signing-next.json").read_text()
    (keys / "records" / "exchange-signing-p384-next.json").unlink()
    assert prepare_next(keys / "records") == ["exchange-signing-p384.json"]
    assert (keys / "records" / "exchange-signing-next.json").read_text() == waits
    assert len(listed(keys)) == 4


def test_they_take_over_only_once_every_other_node_can_know_them(keys: Path, tmp_path: Path) -> None:
    statement = tmp_path / "trust" / "statement.jws"
    sign_statement(FILE, keys, statement, now=NOW)
    prepare_next(keys / "records")
    with pytest.raises(KeyFileUnusable):
        require_published(statement, keys / "records", now=NOW + 2 * USED_FOR)
    sign_statement(FILE, keys, statement, now=NOW)
    with pytest.raises(KeyFileUnusable):
        require_published(statement, keys / "records", now=NOW + USED_FOR - timedelta(seconds=1))
    require_published(statement, keys / "records", now=NOW + USED_FOR)


def test_a_statement_never_lists_more_than_it_can(keys: Path, tmp_path: Path) -> None:
    for day in range(MOST_RETIRED + 2):
        prepare_next(keys / "records")
        replace(keys / "records", today=TODAY + timedelta(days=day))
    prepare_next(keys / "records")
    assert len(listed(keys)) == 2 * (MOST_RETIRED + 2)
    assert sign_statement(FILE, keys, tmp_path / "trust" / "statement.jws", now=NOW)
