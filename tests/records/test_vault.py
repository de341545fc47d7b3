"""What is sealed opens in its place only, under its own key only."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from safepassage.problems.records import SealBroken
from services.records.vault import DataKey, Vault
from shared.key_encryption import FileKeyProvider, WrappedKeyRefused
from shared.keys import KeyFileUnusable, new_symmetric_key

STUDENT, OTHER = UUID(int=1), UUID(int=2)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    new_symmetric_key(tmp_path / "key-encryption" / "1.key")
    new_symmetric_key(tmp_path / "lookup.key")
    return tmp_path


def test_a_section_opens_with_the_stored_key(keys: Path) -> None:
    key, wrapped = Vault.of(keys).new_data_key(STUDENT)
    sealed = key.seal("Núñez".encode(), section="identity", source="own", version=3)
    assert "Núñez".encode() not in sealed
    reopened = Vault.of(keys).data_key(STUDENT, wrapped)
    assert reopened.open(sealed, section="identity", source="own", version=3) == "Núñez".encode()


@pytest.mark.parametrize(
    "place",
    [
        {"section": "health", "source": "own", "version": 3},
        {"section": "identity", "source": str(OTHER), "version": 3},
        {"section": "identity", "source": "own", "version": 2},
    ],
    ids=["section", "source", "version"],
)
def test_a_section_moved_elsewhere_does_not_open(keys: Path, place: dict[str, object]) -> None:
    key, _ = Vault.of(keys).new_data_key(STUDENT)
    sealed = key.seal(b"x", section="identity", source="own", version=3)
    with pytest.raises(SealBroken):
        key.open(sealed, **place)  # type: ignore[arg-type]  # the parameters of the case
    with pytest.raises(SealBroken):
        key.open(sealed[:20] + bytes([sealed[20] ^ 1]) + sealed[21:], section="identity", source="own", version=3)
    with pytest.raises(SealBroken):
        key.open(b"", section="identity", source="own", version=3)


def test_one_students_key_is_no_use_for_another(keys: Path) -> None:
    vault = Vault.of(keys)
    _, wrapped = vault.new_data_key(STUDENT)
    with pytest.raises(SealBroken):
        vault.data_key(OTHER, wrapped)


def test_a_section_is_bound_to_its_student_even_under_one_key() -> None:
    sealed = DataKey(STUDENT, b"k" * 32).seal(b"x", section="identity", source="own", version=1)
    with pytest.raises(SealBroken):
        DataKey(OTHER, b"k" * 32).open(sealed, section="identity", source="own", version=1)


def test_after_a_rotation_old_keys_open_and_wrapping_again_needs_the_new_version(keys: Path) -> None:
    vault = Vault.of(keys)
    key, wrapped = vault.new_data_key(STUDENT)
    sealed = key.seal(b"secret", section="identity", source="own", version=1)
    assert vault.provider.rotate() == 2
    again = vault.rewrap(STUDENT, wrapped)
    assert (wrapped[:4], again[:4]) == (b"\0\0\0\1", b"\0\0\0\2")
    for one in (wrapped, again):
        assert Vault.of(keys).data_key(STUDENT, one).open(sealed, section="identity", source="own", version=1) == b"secret"
    (keys / "key-encryption" / "1.key").unlink()
    assert Vault.of(keys).data_key(STUDENT, again)
    with pytest.raises(SealBroken):
        Vault.of(keys).data_key(STUDENT, wrapped)


def test_no_key_or_one_that_others_may_read_is_refused(tmp_path: Path, keys: Path) -> None:
    with pytest.raises(KeyFileUnusable):
        FileKeyProvider(tmp_path / "empty")
    (keys / "key-encryption" / "1.key").chmod(0o640)
    with pytest.raises(KeyFileUnusable):
        FileKeyProvider(keys / "key-encryption")


def test_a_wrapped_key_is_bound_to_its_context(keys: Path) -> None:
    provider = FileKeyProvider(keys / "key-encryption")
    wrapped = provider.wrap(b"k" * 32, context=b"one")
    assert provider.unwrap(wrapped, context=b"one") == b"k" * 32
    for broken, context in ((wrapped, b"two"), (wrapped[:-1], b"one"), (b"\0\0\0\7" + wrapped[4:], b"one"), (b"", b"one")):
        with pytest.raises(WrappedKeyRefused):
            provider.unwrap(broken, context=context)


def test_what_waits_in_the_outbox_is_sealed(keys: Path) -> None:
    vault = Vault.of(keys)
    sealed = vault.seal_text('{"birth_date":"2012-05-06"}')
    assert "2012" not in sealed
    assert vault.open_text(sealed) == '{"birth_date":"2012-05-06"}'
    with pytest.raises(SealBroken):
        vault.open_text(sealed[:-4] + "AAAA")


def test_neither_a_vault_nor_a_key_tells_itself(keys: Path) -> None:
    key, _ = Vault.of(keys).new_data_key(uuid4())
    assert repr(key) == "DataKey()"
