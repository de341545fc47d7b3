"""Sealing between nodes, and the keys of each week."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from safepassage.canonical import from_base64url
from safepassage.node_statement import key_to_seal_to
from safepassage.problems.exchanges import CiphertextUnopened
from safepassage.problems.messages import EncryptionKeyUnknown
from safepassage.public_keys import PublicJwk
from safepassage.suites import MLKEM768_X25519, SUITES, Suite
from services.records.exchange.epochs import DOOMED, KEPT, LASTS, EpochKeys, epoch_of
from services.records.exchange.seals import SUPPORTED, PrivateKey, seal
from services.records.exchange.statement import statement_payload
from shared.keys import KeyFileUnusable, SigningKey
from tests.sdk.vectors import vectors

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
SUITE = MLKEM768_X25519.name


@pytest.mark.parametrize("vector", vectors("xwing")["xwing"]["vectors"])
def test_a_seed_gives_the_published_public_key(vector: dict[str, str]) -> None:
    assert PrivateKey(bytes.fromhex(vector["seed"])).public_bytes.hex() == vector["pk"]


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUPPORTED)
def test_what_is_sealed_opens_with_its_key_and_context_and_with_no_other(suite: Suite) -> None:
    key, other = PrivateKey(b"\x01" * 32, suite=suite.name), PrivateKey(b"\x02" * 32, suite=suite.name)
    sealed = seal(b"a record", public_key=key.public_bytes, suite=suite, info=b"context")
    assert len(sealed) == len(b"a record") + suite.overhead_bytes
    assert key.open(sealed, suite=suite.name, info=b"context") == b"a record"
    for holder, data, info in (
        (other, sealed, b"context"),
        (key, sealed, b"another"),
        (key, sealed[:-1] + bytes([sealed[-1] ^ 1]), b"context"),
        (key, b"", b""),
    ):
        with pytest.raises(CiphertextUnopened):
            holder.open(data, suite=suite.name, info=info)
    for another in {"rot13", *SUITES} - {suite.name}:
        with pytest.raises(CiphertextUnopened):
            key.open(sealed, suite=another, info=b"context")


def test_nothing_is_sealed_to_what_is_no_key() -> None:
    with pytest.raises(EncryptionKeyUnknown):
        seal(b"", public_key=b"\0" * 1215, suite=MLKEM768_X25519, info=b"")


def test_a_week_has_one_key_which_is_published_for_its_week_opens_for_three_and_is_then_gone(tmp_path: Path) -> None:
    keys = EpochKeys(tmp_path)
    keys.prepare(NOW)
    [this, following] = keys.published(NOW)
    assert (this.epoch, following.epoch) == (epoch_of(NOW), epoch_of(NOW) + 1)
    assert this.not_before <= NOW.timestamp() < this.not_after == following.not_before
    begins = datetime.fromtimestamp(this.not_before, tz=UTC)
    keys.private(this.kid, now=begins + KEPT - timedelta(seconds=1))
    with pytest.raises(EncryptionKeyUnknown):
        keys.private(this.kid, now=begins + KEPT)
    assert this.kid not in keys.kids(begins + KEPT)
    assert keys.destroy_expired(begins + KEPT - timedelta(seconds=1)) == ()
    assert keys.destroy_expired(begins + KEPT) == (this.epoch,)
    assert [path.stem for path in (tmp_path / "hpke").iterdir()] == [str(following.epoch)]
    assert EpochKeys(tmp_path).kids(NOW) == {following.kid}


def test_a_key_whose_destruction_was_cut_short_stops_no_start_and_is_destroyed_after_all(tmp_path: Path) -> None:
    keys = EpochKeys(tmp_path)
    keys.prepare(NOW)
    [this, following] = keys.published(NOW)
    over = datetime.fromtimestamp(this.not_before, tz=UTC) + KEPT
    file = tmp_path / "hpke" / f"{this.epoch}.json"
    file.write_bytes(b"\0" * file.stat().st_size)
    file.rename(file.with_suffix(DOOMED))
    again = EpochKeys(tmp_path)
    assert again.kids(NOW) == {following.kid}
    assert again.destroy_expired(over) == ()
    assert [path.stem for path in (tmp_path / "hpke").iterdir()] == [str(following.epoch)]


def test_two_replicas_destroy_one_key(tmp_path: Path) -> None:
    first, second = EpochKeys(tmp_path), EpochKeys(tmp_path)
    first.prepare(NOW)
    second.load()
    [this, following] = first.published(NOW)
    over = datetime.fromtimestamp(this.not_before, tz=UTC) + KEPT
    assert first.destroy_expired(over) == second.destroy_expired(over) == (this.epoch,)
    assert [path.stem for path in (tmp_path / "hpke").iterdir()] == [str(following.epoch)]


def test_preparing_again_changes_no_key(tmp_path: Path) -> None:
    first, second = EpochKeys(tmp_path), EpochKeys(tmp_path)
    first.prepare(NOW)
    second.prepare(NOW)
    assert first.published(NOW) == second.published(NOW)
    assert [key.epoch for key in first.published(NOW + LASTS)] == [epoch_of(NOW) + 1]


def test_a_key_file_that_others_may_read_stops_the_service(tmp_path: Path) -> None:
    EpochKeys(tmp_path).prepare(NOW)
    next((tmp_path / "hpke").iterdir()).chmod(0o644)
    with pytest.raises(KeyFileUnusable):
        EpochKeys(tmp_path)


def test_a_sender_finds_the_key_of_the_week_in_the_statement(tmp_path: Path) -> None:
    keys = EpochKeys(tmp_path)
    keys.prepare(NOW)
    signing, client = SigningKey.generate(), SigningKey.generate()
    statement = statement_payload(
        entity_id="https://birch.example",
        serial=7,
        exchange_signing=[PublicJwk.model_validate(signing.jwk)],
        suites=SUPPORTED,
        client_authentication=[client.public],
        encryption=keys.published(NOW),
        organisation_id=None,
        now=NOW,
    )
    suite, key = key_to_seal_to(statement, supported=SUPPORTED, now=NOW)
    sealed = seal(b"x", public_key=from_base64url(key.public_key), suite=suite, info=b"")
    assert keys.private(key.kid, now=NOW).open(sealed, suite=suite.name, info=b"") == b"x"
    assert key_to_seal_to(statement, supported=SUPPORTED, now=NOW + LASTS)[1].epoch == key.epoch + 1


def test_each_suite_has_a_key_of_its_own_each_week_and_an_old_suite_s_key_opens_until_its_time_is_over(tmp_path: Path) -> None:
    both = EpochKeys(tmp_path, suites=SUPPORTED)
    both.prepare(NOW)
    published = both.published(NOW)
    assert sorted((key.epoch, key.suite) for key in published) == sorted(
        (epoch_of(NOW) + week, name) for week in (0, 1) for name in SUPPORTED
    )
    assert len({key.kid for key in published}) == 4
    one = EpochKeys(tmp_path, suites=SUPPORTED[1:])  # the operator takes the first suite out of the list
    assert {key.suite for key in one.published(NOW)} == {SUPPORTED[1]}
    assert one.kids(NOW) == {key.kid for key in published}
    begins = datetime.fromtimestamp(min(key.not_before for key in published), tz=UTC)
    assert one.destroy_expired(begins + KEPT) == (epoch_of(NOW),)
    assert len(list((tmp_path / "hpke").iterdir())) == 2
