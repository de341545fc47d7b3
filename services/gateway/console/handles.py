"""What stands for a student, or whatever else is nobody else's business, in the address of a page: a word that this session alone can read.

A handle is sealed under the session's secret, which the store has only sealed under the browser's cookie: nobody learns from an address, a
log of addresses and the store together what it stands for, and once the session has ended it stands for nothing.
"""

from typing import Annotated, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import Depends

from safepassage.canonical import from_base64url, to_base64url
from safepassage.problems.people import HandleUnknown
from services.gateway.people.signed_in import SignedInPerson

_INFO: Final = b"safepassage/console-handle/1"
LONGEST: Final = 1024
"""Characters of a handle."""


class Handles:
    """Of one session. `secret`: the session's. The same text has the same handle in it (AES-SIV, RFC 5297), so that Back finds its page."""

    def __init__(self, secret: str) -> None:
        self._aead = AESSIV(HKDF(SHA256(), 64, salt=None, info=_INFO).derive(secret.encode("ascii")))

    def seal(self, kind: str, text: str) -> str:
        """The handle of `text`, good where a `kind` is asked for and nowhere else."""
        return to_base64url(self._aead.encrypt(text.encode(), [kind.encode()]))

    def open(self, kind: str, handle: str) -> str:
        """The text. Raises HandleUnknown for anything that this session has not sealed as a `kind`."""
        if len(handle) > LONGEST:
            raise HandleUnknown
        try:
            return self._aead.decrypt(from_base64url(handle), [kind.encode()]).decode()
        except (InvalidTag, ValueError) as error:
            raise HandleUnknown from error


async def _handles(person: SignedInPerson) -> Handles:
    return Handles(person.secret)


SessionHandles = Annotated[Handles, Depends(_handles)]
"""Those of the person who asks."""
