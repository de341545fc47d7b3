"""Root keys in a PKCS#11 token: a hardware security module, or SoftHSM. AES-256-GCM in the token; the keys cannot be taken out of it.

A wrapped key is the object's CKA_ID (16 bytes) ‖ nonce (12) ‖ ciphertext and tag. Objects have the label `<name>/<version>`.
PKCS#11 3.1 sections 6.13.4 (CKM_AES_GCM) and 4.9 (secret keys).
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass, Session
from pkcs11 import exceptions as faults

from shared.keys import read_secret
from shared.root_keys.root_key import KEY_BYTES, Context, Generated, RootKeyRefused, RootKeyUnreachable, context_bytes

ID_BYTES = 16
NONCE_BYTES = 12
TAG_BITS = 128
_SEALED_FROM = ID_BYTES + NONCE_BYTES
_REFUSED = (
    faults.EncryptedDataInvalid,
    faults.EncryptedDataLenRange,
    faults.KeyTypeInconsistent,
    faults.NoSuchKey,
    faults.ObjectHandleInvalid,
    faults.PinIncorrect,
    faults.PinInvalid,
    faults.PinExpired,
    faults.PinLocked,
)
_TEMPLATE = {
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.PRIVATE: True,
    Attribute.ENCRYPT: True,
    Attribute.DECRYPT: True,
    Attribute.WRAP: False,
    Attribute.UNWRAP: False,
    Attribute.DERIVE: False,
    Attribute.SIGN: False,
    Attribute.VERIFY: False,
}

T = TypeVar("T")


class TokenRootKey:
    """The root keys called `name` in one token."""

    def __init__(self, *, module: Path, token_label: str, pin_file: Path, name: str) -> None:
        """Asks the token nothing yet. `module` is the token's PKCS#11 library."""
        self._module, self._token_label, self._pin_file, self._name = module, token_label, pin_file, name
        self._session: Session | None = None
        self._one_at_a_time = RLock()

    def generate(self, version: int, *, context: Context) -> Generated:
        """A new object of its own, which no other process can have made. Raises RootKeyUnreachable, RootKeyRefused, KeyFileUnusable."""

        def make(session: Session) -> Generated:
            identifier, nonce = secrets.token_bytes(ID_BYTES), secrets.token_bytes(NONCE_BYTES)
            root = session.generate_key(KeyType.AES, 256, id=identifier, label=self._label(version), store=True, template=_TEMPLATE)
            key = session.generate_random(KEY_BYTES * 8)
            return Generated(key, identifier + nonce + _encrypted(root, key, nonce, context))

        return self._asked(make)

    def unwrap(self, wrapped: bytes, *, version: int, context: Context) -> bytes:
        """The key. Raises RootKeyUnreachable, RootKeyRefused, KeyFileUnusable."""

        def open_it(session: Session) -> bytes:
            root = self._object(session, version, wrapped[:ID_BYTES])
            parameters = GCMParams(wrapped[ID_BYTES:_SEALED_FROM], context_bytes(context), TAG_BITS)
            try:
                key: bytes = root.decrypt(wrapped[_SEALED_FROM:], mechanism=Mechanism.AES_GCM, mechanism_param=parameters)
            except (faults.GeneralError, faults.FunctionFailed, faults.ArgumentsBad) as error:
                raise RootKeyRefused("the token does not open it") from error  # SoftHSM says so of a tag that is not right
            return key

        return self._asked(open_it)

    def destroy(self, version: int, *, wrapped: bytes) -> None:
        """Destroy each object of the version: a crash, or two processes at once, may have made more than one."""

        def destroy_all(session: Session) -> None:
            for root in list(self._objects(session, version)):
                root.destroy()

        self._asked(destroy_all)

    def close(self) -> None:
        """End the session."""
        with self._one_at_a_time:
            session, self._session = self._session, None
            if session is not None:
                with suppress(faults.PKCS11Error):
                    session.close()

    def _label(self, version: int) -> str:
        return f"{self._name}/{version}"

    def _objects(self, session: Session, version: int) -> Iterator[Any]:
        wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: self._label(version)}
        yield from session.get_objects(wanted)

    def _object(self, session: Session, version: int, identifier: bytes) -> Any:
        for root in self._objects(session, version):
            if root[Attribute.ID] == identifier:
                return root
        raise RootKeyRefused("the token has no such key")

    def _asked(self, question: Callable[[Session], T]) -> T:
        """The answer of a session; one that ended with its token is opened again, once."""
        with self._one_at_a_time, _said():
            fresh = self._session is None
            try:
                return question(self._session or self._opened())
            except (faults.SessionHandleInvalid, faults.SessionClosed, faults.UserNotLoggedIn, faults.DeviceRemoved):
                self._session = None
                if fresh:
                    raise
            return question(self._opened())

    def _opened(self) -> Session:
        try:
            library = pkcs11.lib(str(self._module))
        except (faults.PKCS11Error, RuntimeError) as error:
            raise RootKeyUnreachable("the PKCS#11 library cannot be loaded: SAFE_PASSAGE_PKCS11_MODULE_FILE names it") from error
        token = library.get_token(token_label=self._token_label)
        try:
            session = token.open(rw=True, user_pin=read_secret(self._pin_file, named_by="SAFE_PASSAGE_PKCS11_PIN_FILE").decode().strip())
        except faults.UserAlreadyLoggedIn:  # another session of this process has: the login is the process's
            session = token.open(rw=True)
        self._session = session
        return session


def _encrypted(root: Any, key: bytes, nonce: bytes, context: Context) -> bytes:
    sealed: bytes = root.encrypt(key, mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, context_bytes(context), TAG_BITS))
    return sealed


@contextmanager
def _said() -> Iterator[None]:
    """A token's faults as ours. What is not known to be a refusal may pass: the token is then as good as not there."""
    try:
        yield
    except _REFUSED as error:
        raise RootKeyRefused(f"the token refused: {type(error).__name__}") from error
    except (faults.PKCS11Error, RuntimeError) as error:
        raise RootKeyUnreachable(f"the token does not answer: {type(error).__name__}") from error
