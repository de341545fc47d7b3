"""A version of the key-encryption key reaches the processes of a service one after the other. What the first wraps by it meanwhile, the
others cannot open yet: that is no damage, and nobody is refused for good by it.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from safepassage.problems.keys import KeysUnavailable
from safepassage.problems.records import SealBroken
from services.privacy.sealing import Sealer
from services.records.vault import Vault
from shared.key_encryption import FileKeyProvider, KeyProvider
from shared.key_providers import confirm_keys
from shared.keys import new_symmetric_key

CHILD = UUID(int=7)
TEXT = "what waits in the outbox"

Seals = tuple[Callable[[], object], Callable[[object], object]]
"""Seal something, and open it."""


def of_records(provider: KeyProvider) -> Seals:
    vault = Vault(provider, lookup_key=bytes(32))
    return lambda: vault.seal_educator(CHILD, b"a licence"), lambda sealed: vault.open_educator(CHILD, sealed)  # type: ignore[arg-type]


def of_outbox(provider: KeyProvider) -> Seals:
    vault = Vault(provider, lookup_key=bytes(32))
    return lambda: vault.seal_text(TEXT), lambda sealed: vault.open_text(sealed)  # type: ignore[arg-type]


def of_privacy(provider: KeyProvider) -> Seals:
    sealer = Sealer(provider)
    return lambda: sealer.seal_text(TEXT), lambda sealed: sealer.open_text(sealed)  # type: ignore[arg-type]


@pytest.mark.parametrize("service", [of_records, of_outbox, of_privacy])
@pytest.mark.requirement("KEYS-rotation")
def test_what_a_version_wrapped_that_is_yet_to_come_is_put_off_and_what_a_destroyed_one_did_is_not(
    tmp_path: Path, service: Callable[[KeyProvider], Seals]
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    new_symmetric_key(one / "1.key")
    shutil.copytree(one, other)
    ahead, behind = FileKeyProvider(one), FileKeyProvider(other)
    before = service(ahead)[0]()
    ahead.rotate()
    sealed, clear = service(ahead)[0](), service(ahead)[1]
    with pytest.raises(KeysUnavailable):
        service(behind)[1](sealed)
    shutil.copy(one / "2.key", other)
    assert service(behind)[1](sealed) == clear(sealed)
    behind.destroy(1)
    with pytest.raises(SealBroken):
        service(behind)[1](before)


@pytest.mark.anyio
async def test_without_any_key_file_nothing_is_opened_or_sealed_until_one_is_back(tmp_path: Path) -> None:
    new_symmetric_key(tmp_path / "keys" / "1.key")
    provider, forgotten = FileKeyProvider(tmp_path / "keys"), []
    seal, read = of_privacy(provider)
    sealed = seal()
    (tmp_path / "keys" / "1.key").rename(tmp_path / "1.key")
    await confirm_keys(provider, lambda: forgotten.append(True))
    for call in (provider.require_usable, seal, lambda: read(sealed)):
        with pytest.raises(KeysUnavailable):
            call()
    (tmp_path / "1.key").rename(tmp_path / "keys" / "1.key")
    await confirm_keys(provider, lambda: forgotten.append(True))
    assert (read(sealed), forgotten) == (TEXT, [True])
