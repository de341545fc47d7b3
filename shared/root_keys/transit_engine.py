"""Root keys in the transit engine of OpenBao or HashiCorp Vault: one key of type aes256-gcm96, whose versions are the root keys.

A wrapped key is what transit gives, `vault:v<n>:...`; n need not be our version. Destroying raises min_decryption_version and trims the
versions below it: the engine has them no more. The token comes from a file that an agent renews, and is read for each call.
"""

import ssl
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx2

from shared.keys import read_secret
from shared.root_keys.root_key import KEY_BYTES, Context, Generated, RootKeyRefused, RootKeyUnreachable, context_bytes

_REFUSED: Final = frozenset({400, 403, 404, 405, 422})
"""The engine said no. One that is sealed or busy answers 503 or 429."""
_PATIENCE: Final = httpx2.Timeout(5.0, connect=3.0)


class TransitRootKey:
    """The versions of one transit key."""

    def __init__(self, *, url: str, mount: str, name: str, token_file: Path, authorities_file: Path | None = None) -> None:
        """Asks the engine nothing yet."""
        verify = ssl.create_default_context(cafile=None if authorities_file is None else str(authorities_file))
        self._client = httpx2.Client(base_url=f"{url.rstrip('/')}/v1/{mount}/", verify=verify, timeout=_PATIENCE, trust_env=False)
        self._name, self._token_file = name, token_file

    def generate(self, version: int, *, context: Context) -> Generated:
        """A new version of the transit key, and a key wrapped by it. Raises RootKeyUnreachable, RootKeyRefused.

        # INVARIANT: no two of our versions share one of transit's: destroying the older must leave the newer.
        """
        if not self._made():
            self._asked("POST", f"keys/{self._name}/rotate", {})
        made = self._asked("POST", f"datakey/plaintext/{self._name}", {"bits": KEY_BYTES * 8, "associated_data": _encoded(context)})
        return Generated(b64decode(made["plaintext"]), made["ciphertext"].encode("ascii"))

    def unwrap(self, wrapped: bytes, *, version: int, context: Context) -> bytes:
        """Raises RootKeyUnreachable, RootKeyRefused."""
        body = {"ciphertext": wrapped.decode("ascii"), "associated_data": _encoded(context)}
        return b64decode(self._asked("POST", f"decrypt/{self._name}", body)["plaintext"])

    def destroy(self, version: int, *, wrapped: bytes) -> None:
        """The transit key's version that wrapped it, and every one before. Raises RootKeyUnreachable, RootKeyRefused."""
        oldest_kept = _version_of(wrapped) + 1
        about = self._asked("GET", f"keys/{self._name}")
        if about["min_available_version"] >= oldest_kept:
            return
        if about["latest_version"] < oldest_kept:
            raise RootKeyRefused("the newest version of a transit key cannot be destroyed: make the next one first")
        lowest = max(about["min_decryption_version"], oldest_kept)
        self._asked("POST", f"keys/{self._name}/config", {"min_decryption_version": lowest, "min_encryption_version": lowest})
        self._asked("POST", f"keys/{self._name}/trim", {"min_available_version": oldest_kept})

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def _made(self) -> bool:
        """Whether the transit key was not there, and has been made now with its first version."""
        try:
            self._asked("GET", f"keys/{self._name}")
        except RootKeyRefused:
            self._asked("POST", f"keys/{self._name}", {"type": "aes256-gcm96", "exportable": False, "allow_plaintext_backup": False})
            return True
        return False

    def _asked(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        token = read_secret(self._token_file, named_by="SAFE_PASSAGE_TRANSIT_TOKEN_FILE").decode().strip()
        headers = {"X-Vault-Token": token, "X-Vault-Request": "true"}
        try:
            answer = self._client.request(method, path, json=body, headers=headers)
            if answer.status_code in _REFUSED:
                raise RootKeyRefused(f"the transit engine refused: {answer.status_code}")
            if not answer.is_success:
                raise RootKeyUnreachable(f"the transit engine does not answer: {answer.status_code}")
            data: dict[str, Any] = answer.json()["data"] if answer.content else {}
        except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
            raise RootKeyUnreachable(f"the transit engine does not answer: {type(error).__name__}") from error
        return data


def _encoded(context: Context) -> str:
    return b64encode(context_bytes(context)).decode("ascii")


def _version_of(wrapped: bytes) -> int:
    """The transit version in `vault:v<n>:...`. Raises RootKeyRefused for what transit has not made."""
    try:
        return int(wrapped.decode("ascii").split(":")[1].removeprefix("v"))
    except (ValueError, IndexError) as error:
        raise RootKeyRefused("not wrapped by a transit engine") from error
