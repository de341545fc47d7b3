"""Holders of root keys for the contract: one in memory, and those that tests/keys/with-providers has started."""

import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.root_keys.aws_kms import KmsRootKey
from shared.root_keys.pkcs11_token import TokenRootKey
from shared.root_keys.root_key import Context, Generated, RootKey, RootKeyRefused, RootKeyUnreachable, context_bytes
from shared.root_keys.transit_engine import TransitRootKey

TOKEN, PIN = "safe-passage", "123456"
REGION = "us-east-1"


class MemoryRootKey:
    """A holder in this process, under the same contract as the real ones, which can be told to be away or to refuse."""

    def __init__(self) -> None:
        self.keys: dict[int, AESGCM] = {}
        self.away = False
        self.refuses: set[int] = set()
        self.asked = 0

    def generate(self, version: int, *, context: Context) -> Generated:
        """Raises RootKeyUnreachable."""
        self._ask()
        root = self.keys.setdefault(version, AESGCM(secrets.token_bytes(32)))
        key, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
        return Generated(key, nonce + root.encrypt(nonce, key, context_bytes(context)))

    def unwrap(self, wrapped: bytes, *, version: int, context: Context) -> bytes:
        """Raises RootKeyUnreachable, RootKeyRefused."""
        self._ask()
        if version not in self.keys or version in self.refuses:
            raise RootKeyRefused("refused")
        try:
            return self.keys[version].decrypt(wrapped[:12], wrapped[12:], context_bytes(context))
        except InvalidTag as error:
            raise RootKeyRefused("refused") from error

    def destroy(self, version: int, *, wrapped: bytes) -> None:
        """Raises RootKeyUnreachable."""
        self._ask()
        self.keys.pop(version, None)

    def close(self) -> None:
        """Nothing is open."""

    def _ask(self) -> None:
        self.asked += 1
        if self.away:
            raise RootKeyUnreachable("away")


@dataclass(frozen=True)
class Holder:
    """Root keys of one holder under a name that no other test has."""

    root: RootKey
    away: Callable[[], RootKey]
    """The same root keys, where nobody answers for them."""
    disable: Callable[[int], None]
    """Have the holder refuse a version that it still has."""


def memory() -> Holder:
    root, gone = MemoryRootKey(), MemoryRootKey()
    gone.away = True
    return Holder(root, lambda: gone, root.refuses.add)


def pkcs11(folder: Path) -> Holder:
    pin_file = secret(folder / "pin", PIN)
    name, module = secrets.token_hex(8), Path(told("SAFE_PASSAGE_TEST_PKCS11"))

    def in_token(label: str) -> TokenRootKey:
        return TokenRootKey(module=module, token_label=label, pin_file=pin_file, name=name)

    root = in_token(TOKEN)
    return Holder(root, lambda: in_token("another"), lambda version: root.destroy(version, wrapped=b""))


def aws_kms(_: Path) -> Holder:
    name, credentials = secrets.token_hex(8), Path(told("SAFE_PASSAGE_TEST_KMS_CREDENTIALS"))

    def at(endpoint: str) -> KmsRootKey:
        return KmsRootKey(name=name, region=REGION, endpoint=endpoint, credentials_file=credentials)

    root = at(told("SAFE_PASSAGE_TEST_KMS"))

    def disable(version: int) -> None:
        about = root._kms.describe_key(KeyId=f"alias/{name}/{version}")
        root._kms.disable_key(KeyId=about["KeyMetadata"]["KeyId"])

    return Holder(root, lambda: at("http://127.0.0.1:9"), disable)


def transit(folder: Path) -> Holder:
    name, token_file = secrets.token_hex(8), Path(told("SAFE_PASSAGE_TEST_TRANSIT_TOKEN"))
    mount = f"transit-{name}"
    bao("POST", f"sys/mounts/{mount}", {"type": "transit"})

    def at(url: str) -> TransitRootKey:
        return TransitRootKey(url=url, mount=mount, name=name, token_file=token_file)

    def disable(version: int) -> None:
        bao("POST", f"{mount}/keys/{name}/config", {"min_decryption_version": version + 1})

    return Holder(at(told("SAFE_PASSAGE_TEST_TRANSIT")), lambda: at("http://127.0.0.1:9"), disable)


HOLDERS: dict[str, tuple[str | None, Callable[[Path], Holder]]] = {
    "memory": (None, lambda _: memory()),
    "pkcs11": ("SAFE_PASSAGE_TEST_PKCS11", pkcs11),
    "aws-kms": ("SAFE_PASSAGE_TEST_KMS", aws_kms),
    "transit": ("SAFE_PASSAGE_TEST_TRANSIT", transit),
}
"""By name: the variable by which the script says that it is here, and how it is reached."""


def params() -> list[object]:
    """The holders that this machine has."""
    those = [(name, told_by) for name, (told_by, _) in HOLDERS.items() if told_by is None or here(name)]
    return [pytest.param(name, marks=[pytest.mark.keys] if told_by else []) for name, told_by in those]


def here(*names: str) -> list[str]:
    """Of some holders those that this machine has."""
    return [name for name in names if (HOLDERS[name][0] or "") in os.environ]  # noqa: TID251 as below


def told(name: str) -> str:
    """What the script says."""
    return os.environ[name]  # noqa: TID251 how the script tells the tests


def secret(path: Path, text: str) -> Path:
    """A new file that only its owner reads."""
    path.touch(mode=0o600)
    path.write_text(text)
    return path


def bao(method: str, path: str, body: object) -> None:
    """A call of OpenBao as its administrator."""
    url = f"{told('SAFE_PASSAGE_TEST_TRANSIT')}/v1/{path}"
    headers = {"X-Vault-Token": Path(told("SAFE_PASSAGE_TEST_TRANSIT_TOKEN")).read_text(), "Content-Type": "application/json"}
    with urlopen(Request(url, json.dumps(body).encode(), headers, method=method)) as answer:  # noqa: S310 on loopback
        answer.read()


@contextmanager
def sealed_bao() -> Iterator[None]:
    """OpenBao, sealed: it runs, and answers nothing."""
    bao("POST", "sys/seal", {})
    try:
        yield
    finally:
        bao("POST", "sys/unseal", {"key": Path(told("SAFE_PASSAGE_TEST_TRANSIT_UNSEAL")).read_text().strip()})
