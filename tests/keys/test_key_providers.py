"""What every key provider does, whoever holds the keys: files, and each holder of root keys that this machine has."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from safepassage.problems.keys import KeysUnavailable
from shared.key_encryption import FileKeyProvider, KeyProvider, WrappedKeyRefused, version_of
from shared.keys import KeyFileUnusable, new_symmetric_key
from shared.wrapped_key_encryption import WrappedKeyProvider
from tests.keys.holders import HOLDERS, Holder, MemoryRootKey, memory, params

HERE = {"safepassage-entity": "https://alder.example", "safepassage-service": "records"}
KEY = secrets.token_bytes(32)

Started = Callable[[], KeyProvider]
"""Another process of the same service."""


class Passed:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def wrapped_by(holder: Holder, folder: Path, *, passed: Passed | None = None, context: dict[str, str] | None = None) -> WrappedKeyProvider:
    return WrappedKeyProvider(folder, holder.root, context=context or HERE, lease_seconds=300.0, passed=passed or Passed())


@pytest.fixture(params=["file", *params()])
def started(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Started]:
    folder = tmp_path / "key-encryption"
    if request.param == "file":
        new_symmetric_key(folder / "1.key")
        yield lambda: FileKeyProvider(folder)
        return
    folder.mkdir()
    holder = HOLDERS[request.param][1](tmp_path)
    wrapped_by(holder, folder).rotate()
    yield lambda: wrapped_by(holder, folder)
    holder.root.close()


@pytest.mark.requirement("KEYS-contract")
def test_what_one_process_wraps_another_unwraps(started: Started) -> None:
    wrapped = started().wrap(KEY, context=b"one")
    assert started().unwrap(wrapped, context=b"one") == KEY
    with pytest.raises(WrappedKeyRefused):
        started().unwrap(wrapped, context=b"other")


def test_rotation_wraps_anew_and_leaves_what_was_wrapped(started: Started) -> None:
    provider = started()
    before = provider.wrap(KEY, context=b"one")
    assert provider.rotate() == provider.version == 2
    after = provider.wrap(provider.unwrap(before, context=b"one"), context=b"one")
    assert (version_of(before), version_of(after)) == (1, 2)
    assert [started().unwrap(one, context=b"one") for one in (before, after)] == [KEY, KEY]
    assert version_of(provider.wrap(KEY, context=b"one", version=1)) == 1
    with pytest.raises(WrappedKeyRefused):
        provider.wrap(KEY, context=b"one", version=3)


@pytest.mark.requirement("KEYS-contract")
def test_a_destroyed_version_opens_nothing_in_any_process(started: Started) -> None:
    provider = started()
    before = provider.wrap(KEY, context=b"one")
    provider.rotate()
    after = provider.wrap(KEY, context=b"one")
    provider.destroy(1)
    for one in (provider, started()):
        assert one.versions == {2}
        assert one.unwrap(after, context=b"one") == KEY
        with pytest.raises(WrappedKeyRefused):
            one.unwrap(before, context=b"one")


@pytest.fixture(params=params())
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Holder, Path]]:
    holder, folder = HOLDERS[request.param][1](tmp_path), tmp_path / "key-encryption"
    folder.mkdir()
    yield holder, folder
    holder.root.close()


def test_the_file_of_a_destroyed_version_is_worth_nothing_when_it_is_put_back(held: tuple[Holder, Path]) -> None:
    holder, folder = held
    provider = wrapped_by(holder, folder)
    provider.rotate()
    backup = (folder / "1.wrapped").read_bytes()
    wrapped = provider.wrap(KEY, context=b"one")
    provider.rotate()
    provider.destroy(1)
    (folder / "1.wrapped").touch(mode=0o600)
    (folder / "1.wrapped").write_bytes(backup)
    restored = wrapped_by(holder, folder)
    assert restored.versions == {2}
    with pytest.raises(WrappedKeyRefused):
        restored.unwrap(wrapped, context=b"one")


@pytest.mark.requirement("KEYS-contract")
def test_no_file_holds_a_key(held: tuple[Holder, Path]) -> None:
    holder, folder = held
    provider = wrapped_by(holder, folder)
    provider.rotate()
    stored = b"".join(path.read_bytes() for path in folder.iterdir())
    assert [path.stat().st_mode & 0o077 for path in folder.iterdir()] == [0]
    with pytest.raises(KeyFileUnusable):
        FileKeyProvider(folder)
    with pytest.raises(KeysUnavailable):  # another service's, with the same rights at the holder
        wrapped_by(holder, folder, context={**HERE, "safepassage-service": "audit"})
    assert KEY not in stored


@pytest.mark.requirement("KEYS-none")
def test_a_disabled_key_stops_everything_until_it_is_granted_again(tmp_path: Path) -> None:
    root, provider, wrapped = of_memory(tmp_path)
    root.refuses.add(1)
    provider.confirm()
    for call in (lambda: provider.unwrap(wrapped, context=b"one"), lambda: provider.wrap(KEY, context=b"one"), lambda: provider.versions):
        with pytest.raises(KeysUnavailable):
            call()
    assert provider.trouble is not None
    root.refuses.clear()
    provider.confirm()
    assert provider.trouble is None
    assert provider.unwrap(wrapped, context=b"one") == KEY


def test_without_an_answer_the_keys_are_used_as_long_as_the_lease_lasts(tmp_path: Path) -> None:
    passed = Passed()
    root, provider, wrapped = of_memory(tmp_path, passed)
    root.away = True
    passed.seconds = 299
    provider.confirm()
    assert provider.unwrap(wrapped, context=b"one") == KEY
    assert provider.trouble is not None
    passed.seconds = 300
    with pytest.raises(KeysUnavailable):
        provider.unwrap(wrapped, context=b"one")
    provider.confirm()
    root.away = False
    provider.confirm()
    assert provider.unwrap(wrapped, context=b"one") == KEY


@pytest.mark.requirement("KEYS-none")
def test_a_file_without_which_the_holder_is_not_asked_is_told_at_once_and_counts_as_no_answer(tmp_path: Path) -> None:
    """As where an agent wrote the holder's token so that others may read it, or not at all."""
    passed = Passed()
    _, provider, wrapped = of_memory(tmp_path, passed)
    (tmp_path / "1.wrapped").chmod(0o644)
    passed.seconds = 299
    provider.confirm()
    assert provider.unwrap(wrapped, context=b"one") == KEY
    assert "1.wrapped can be read by others" in str(provider.trouble)
    passed.seconds = 300
    provider.confirm()
    assert not any(isinstance(one, AESGCM) for held in vars(provider).values() if isinstance(held, dict) for one in held.values())
    (tmp_path / "1.wrapped").chmod(0o600)
    provider.confirm()
    assert (provider.trouble, provider.unwrap(wrapped, context=b"one")) == (None, KEY)


def test_without_any_wrapped_file_the_keys_are_used_as_long_as_the_lease_lasts_and_are_back_with_it(tmp_path: Path) -> None:
    """As where a Secret is made anew without them. Whoever was refused meanwhile was refused for good."""
    passed = Passed()
    _, provider, wrapped = of_memory(tmp_path, passed)
    (tmp_path / "1.wrapped").rename(tmp_path / "away")
    passed.seconds = 299
    provider.confirm()
    assert (provider.unwrap(wrapped, context=b"one"), "put its file back" in str(provider.trouble)) == (KEY, True)
    passed.seconds = 300
    provider.confirm()
    with pytest.raises(KeysUnavailable):
        provider.unwrap(wrapped, context=b"one")
    (tmp_path / "away").rename(tmp_path / "1.wrapped")
    provider.confirm()
    assert (provider.trouble, provider.unwrap(wrapped, context=b"one")) == (None, KEY)


def test_an_answer_prolongs_the_lease(tmp_path: Path) -> None:
    passed = Passed()
    _, provider, wrapped = of_memory(tmp_path, passed)
    for passed.seconds in (200, 400, 600):
        provider.confirm()
    passed.seconds = 899
    assert provider.unwrap(wrapped, context=b"one") == KEY


@pytest.mark.requirement("KEYS-cost")
def test_the_holder_is_asked_at_the_start_and_never_for_a_data_key(tmp_path: Path) -> None:
    root, provider, wrapped = of_memory(tmp_path)
    asked = root.asked
    for _ in range(1000):
        provider.unwrap(provider.wrap(KEY, context=b"one"), context=b"one")
    provider.unwrap(wrapped, context=b"one")
    assert root.asked == asked
    provider.confirm()
    assert root.asked == asked + 1


def test_a_service_does_not_start_without_its_holder(tmp_path: Path) -> None:
    root, _, _ = of_memory(tmp_path)
    holder = Holder(root, lambda: root, root.refuses.add)
    root.away = True
    with pytest.raises(KeysUnavailable):
        wrapped_by(holder, tmp_path)
    root.away = False
    root.refuses.add(1)
    with pytest.raises(KeysUnavailable):
        wrapped_by(holder, tmp_path)


def test_a_refused_older_version_is_gone_alone(tmp_path: Path) -> None:
    root, provider, wrapped = of_memory(tmp_path)
    provider.rotate()
    newer = provider.wrap(KEY, context=b"one")
    root.refuses.add(1)
    provider.confirm()
    assert provider.unwrap(newer, context=b"one") == KEY
    with pytest.raises(WrappedKeyRefused):
        provider.unwrap(wrapped, context=b"one")
    assert wrapped_by(Holder(root, lambda: root, root.refuses.add), tmp_path).versions == {2}


def test_the_next_version_is_no_file_where_a_provider_wraps_the_newest(tmp_path: Path) -> None:
    """Two keys under one number: what one wrapped, the other does not open."""
    new_symmetric_key(tmp_path / "1.key")
    wrapped_by(memory(), tmp_path).rotate()
    with pytest.raises(KeyFileUnusable, match="a key provider wraps"):
        FileKeyProvider(tmp_path).rotate()
    (tmp_path / "1.key").unlink()
    with pytest.raises(KeyFileUnusable, match="SAFE_PASSAGE_KEY_PROVIDER"):
        FileKeyProvider(tmp_path)


def test_a_version_that_is_a_file_still_opens_and_wraps_nothing_any_more(tmp_path: Path) -> None:
    new_symmetric_key(tmp_path / "1.key")
    before = FileKeyProvider(tmp_path).wrap(KEY, context=b"one")
    provider = wrapped_by(memory(), tmp_path)
    with pytest.raises(KeyFileUnusable):
        _ = provider.version
    assert provider.rotate() == 2
    assert provider.unwrap(before, context=b"one") == KEY
    assert version_of(provider.wrap(KEY, context=b"one")) == 2
    with pytest.raises(WrappedKeyRefused):
        provider.wrap(KEY, context=b"one", version=1)
    provider.confirm()
    assert provider.versions == {1, 2}
    provider.destroy(1)
    assert not (tmp_path / "1.key").exists()


def test_a_rotation_that_was_cut_short_or_came_twice_leaves_one_version_that_opens(tmp_path: Path) -> None:
    root, provider, wrapped = of_memory(tmp_path)
    root.generate(2, context=HERE)  # a process was killed after this
    assert provider.rotate() == 2
    other = wrapped_by(Holder(root, lambda: root, root.refuses.add), tmp_path)
    root.away = True
    with pytest.raises(KeysUnavailable):
        provider.rotate()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.wrapped", "2.wrapped"]
    root.away = False
    assert other.unwrap(provider.wrap(KEY, context=b"one"), context=b"one") == KEY
    assert other.unwrap(wrapped, context=b"one") == KEY


def test_what_the_holder_wraps_otherwise_than_it_said_is_not_stored(tmp_path: Path) -> None:
    provider = WrappedKeyProvider(tmp_path, _Liar(), context=HERE, lease_seconds=300.0)
    with pytest.raises(KeysUnavailable):
        provider.rotate()
    assert list(tmp_path.iterdir()) == []


class _Liar(MemoryRootKey):
    """Opens another key than it made."""

    def unwrap(self, wrapped: bytes, *, version: int, context: object) -> bytes:
        return bytes(32)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"v":1,"version":2,"wrapped":"AA"}', b'{"v":2,"version":1,"wrapped":"AA"}'])
def test_a_file_that_is_no_wrapped_key_stops_the_start(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "1.wrapped"
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(KeyFileUnusable):
        wrapped_by(memory(), tmp_path)


def of_memory(folder: Path, passed: Passed | None = None) -> tuple[MemoryRootKey, WrappedKeyProvider, bytes]:
    """A holder in memory, a provider with version 1 of it, and a key that it wrapped."""
    root = MemoryRootKey()
    provider = wrapped_by(Holder(root, lambda: root, root.refuses.add), folder, passed=passed)
    provider.rotate()
    return root, provider, provider.wrap(KEY, context=b"one")
