"""A seal opens in its own place, under a key that is still there, and nowhere else."""

import shutil
import zlib
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from safepassage.problems.records import SealBroken
from services.privacy import sealing
from services.privacy.sealing import NONCE_BYTES, WRAPPED_BYTES, Sealer, packed, unpacked
from shared.key_encryption import FileKeyProvider
from shared.keys import KeyFileUnusable

ROW = UUID(int=7)


@pytest.fixture
def sealer(node_keys: Path) -> Sealer:
    return Sealer.of(node_keys / "privacy")


def test_a_seal_opens_in_its_place(sealer: Sealer) -> None:
    sealed = sealer.seal(b"born 2012-03-04", table="subject", row=ROW, of="facts:1")
    assert b"2012" not in sealed
    assert sealer.open(sealed, table="subject", row=ROW, of="facts:1") == b"born 2012-03-04"


@pytest.mark.parametrize(
    ("table", "row", "of"), [("consent", ROW, "facts:1"), ("subject", uuid4(), "facts:1"), ("subject", ROW, "facts:2")]
)
def test_a_seal_does_not_open_elsewhere(sealer: Sealer, table: str, row: UUID, of: str) -> None:
    sealed = sealer.seal(b"born 2012-03-04", table="subject", row=ROW, of="facts:1")
    with pytest.raises(SealBroken):
        sealer.open(sealed, table=table, row=row, of=of)


@pytest.mark.parametrize("position", [0, 3, 10, 40, 65, 80, -1])
def test_an_altered_seal_does_not_open(sealer: Sealer, position: int) -> None:
    sealed = bytearray(sealer.seal(b"born 2012-03-04", table="subject", row=ROW, of="facts:1"))
    sealed[position] ^= 1
    with pytest.raises(SealBroken):
        sealer.open(bytes(sealed), table="subject", row=ROW, of="facts:1")


@pytest.mark.parametrize("length", [0, 3, 64, 75, 80])
def test_a_cut_off_seal_does_not_open(sealer: Sealer, length: int) -> None:
    sealed = sealer.seal(b"born 2012-03-04", table="subject", row=ROW, of="facts:1")
    with pytest.raises(SealBroken):
        sealer.open(sealed[:length], table="subject", row=ROW, of="facts:1")


def test_the_same_seals_differently_each_time(sealer: Sealer) -> None:
    once, again = (sealer.seal(b"same", table="t", row=ROW, of="x") for _ in range(2))
    assert once[4:] != again[4:]


def test_after_a_new_key_version_what_was_sealed_before_still_opens(node_keys: Path, tmp_path: Path) -> None:
    shutil.copytree(node_keys / "privacy", tmp_path / "keys")
    sealer = Sealer.of(tmp_path / "keys")
    before = sealer.seal(b"before", table="t", row=ROW, of="x")
    assert sealer.provider.rotate() == 2
    after = sealer.seal(b"after", table="t", row=ROW, of="x")
    assert (before[:4], after[:4]) == (b"\0\0\0\1", b"\0\0\0\2")
    restarted = Sealer.of(tmp_path / "keys")
    assert [restarted.open(one, table="t", row=ROW, of="x") for one in (before, after)] == [b"before", b"after"]
    (tmp_path / "keys" / "key-encryption" / "1.key").unlink()
    with pytest.raises(SealBroken):
        Sealer.of(tmp_path / "keys").open(before, table="t", row=ROW, of="x")


def test_a_data_key_seals_several_values_and_then_another_one_does(sealer: Sealer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "SEALS_OF_A_KEY", 3)
    several = [sealer.seal(b"%d" % number, table="t", row=ROW, of=f"x:{number}") for number in range(7)]
    wrapped = [one[:WRAPPED_BYTES] for one in several]
    assert len(set(wrapped)) == len({one[:WRAPPED_BYTES] for one in several[::3]}) == 3
    assert wrapped == sorted(wrapped, key=wrapped.index)
    assert len({one[WRAPPED_BYTES : WRAPPED_BYTES + NONCE_BYTES] for one in several}) == 7
    opened = Sealer(sealer.provider).open_each([(ROW.bytes, f"x:{number}", one) for number, one in enumerate(several)], table="t")
    assert opened == [b"%d" % number for number in range(7)]


def test_two_values_of_one_data_key_are_not_exchanged(sealer: Sealer) -> None:
    """Neither whole, nor the key of one with the value of another, whether or not the key was met before."""
    one, other = (sealer.seal(b"of %s" % of.encode(), table="t", row=ROW, of=of) for of in ("one", "other"))
    assert one[:WRAPPED_BYTES] == other[:WRAPPED_BYTES]
    for opener in (sealer, Sealer(sealer.provider)):
        for exchanged in (other, one[:WRAPPED_BYTES] + other[WRAPPED_BYTES:]):
            with pytest.raises(SealBroken):
                opener.open(exchanged, table="t", row=ROW, of="one")
            with pytest.raises(SealBroken):
                opener.open_each([(ROW.bytes, "other", other), (ROW.bytes, "one", exchanged)], table="t")


def test_a_value_under_a_key_of_its_own_opens_in_its_place_alone(sealer: Sealer) -> None:
    """As values were sealed before a data key sealed several: the wrapped key is bound to the value's place."""
    place, key, nonce = b"privacy\0t\0" + ROW.bytes + b"\0x", b"k" * 32, b"n" * NONCE_BYTES
    sealed = sealer.provider.wrap(key, context=place) + nonce + AESGCM(key).encrypt(nonce, b"before", place)
    assert sealer.open(sealed, table="t", row=ROW, of="x") == b"before"
    with pytest.raises(SealBroken):
        sealer.open(sealed, table="t", row=ROW, of="y")


def test_a_key_that_was_met_opens_nothing_once_its_version_is_gone(node_keys: Path, tmp_path: Path) -> None:
    shutil.copytree(node_keys / "privacy", tmp_path / "keys")
    provider = FileKeyProvider(tmp_path / "keys" / "key-encryption")
    sealer = Sealer(provider)
    sealed = sealer.seal(b"before", table="t", row=ROW, of="x")
    assert sealer.open(sealed, table="t", row=ROW, of="x") == b"before"
    provider.rotate()
    provider.destroy(1)
    with pytest.raises(SealBroken):
        sealer.open(sealed, table="t", row=ROW, of="x")


def test_of_many_data_keys_the_last_ones_are_known(sealer: Sealer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "KEYS_KNOWN", 2)
    monkeypatch.setattr(sealing, "SEALS_OF_A_KEY", 1)
    several = [(ROW.bytes, "x", sealer.seal(b"%d" % number, table="t", row=ROW, of="x")) for number in range(5)]
    assert sealer.open_each(several, table="t") == [b"%d" % number for number in range(5)]
    assert len(sealer._known) == 2


def test_without_a_key_there_is_no_sealer(tmp_path: Path) -> None:
    with pytest.raises(KeyFileUnusable):
        FileKeyProvider(tmp_path)


def test_outbox_texts_are_sealed(sealer: Sealer) -> None:
    sealed = sealer.seal_text("protected-address")
    assert "protected" not in sealed
    assert sealer.open_text(sealed) == "protected-address"
    with pytest.raises(SealBroken):
        sealer.open_text("not base64url!")


def test_packed_bytes_come_back_and_others_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = b"abc", b"a" * 20_000
    assert (unpacked(packed(few)), unpacked(packed(many))) == (few, many)
    assert len(packed(many)) < 1000
    for bad in (b"", b"x", b"\2abc", packed(many)[:-1], packed(many) + b"more"):
        with pytest.raises(SealBroken):
            unpacked(bad)
    monkeypatch.setattr(sealing, "LONGEST_CLEAR", 1000)
    with pytest.raises(SealBroken):
        unpacked(b"\1" + zlib.compress(many))
