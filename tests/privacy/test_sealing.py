"""A seal opens in its own place, under a key that is still there, and nowhere else."""

import shutil
import zlib
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from safepassage.problems.records import SealBroken
from services.privacy import sealing
from services.privacy.sealing import Sealer, packed, unpacked
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
