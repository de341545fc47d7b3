"""The key of the organisation that is to receive: an answer is sealed to it, and to no key of its node's."""

from typing import Self

from pydantic import model_validator

from safepassage.canonical import from_base64url
from safepassage.sealing import encryption_kid
from safepassage.suites import SUITES
from safepassage.wire import Base64Url, Code, Digest, Wire


class RecipientKey(Wire):
    """An HPKE public key of a school's, district's or agency's own, as its node says it in a signed message about one exchange.

    Whoever answers the exchange seals to it until the request expires; it has no other term.
    """

    suite: Code
    public_key: Base64Url
    """1,216 or 1,665 bytes, by the suite."""

    @model_validator(mode="after")
    def _of_its_suite(self) -> Self:
        suite = SUITES.get(self.suite)
        if suite is not None and len(from_base64url(self.public_key)) != suite.public_key_bytes:
            raise ValueError("the key has not the length of its suite")
        return self

    @property
    def kid(self) -> Digest:
        """Its name in an envelope: the SHA-256 of its bytes."""
        return encryption_kid(from_base64url(self.public_key))
