"""The keys that sign this node's messages: one for the signature of each suite that it lists.

Messages of one moment share a signature of Ed25519 (safepassage.batch_signatures); one alone, and each of ES384, is signed by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from safepassage.batch_signatures import LARGEST
from safepassage.claims import Message
from safepassage.compact import ALGORITHM, PublicKeys, algorithm_in, algorithm_of
from safepassage.es384 import ES384
from safepassage.problems.signatures import MalformedToken
from safepassage.public_keys import P384Jwk, PublicJwk, by_kid
from safepassage.request import MAX_LENGTH
from safepassage.suites import SUITES, Suite
from shared.gathered import Gathered
from shared.keys import KeyFileUnusable, SigningKey
from shared.p384_keys import P384SigningKey

KEY_FILES: Final[Mapping[str, str]] = {ALGORITHM: "exchange-signing.json", ES384: "exchange-signing-p384.json"}


class MessageKey(Protocol):
    """A private key of one algorithm."""

    def sign_compact(self, *, typ: str, payload: dict[str, Any]) -> str:
        """A compact JWS of `payload`."""
        ...

    @property
    def jwk(self) -> dict[str, str]:
        """The public key as a JWK."""
        ...


class ExchangeSigner:
    """Signs what this node says to others, each message with the algorithm of its exchange's suite.

    INVARIANT: a node signs with, and believes, the algorithms of the suites that it lists and no others: an agency that lists only the
    one of FIPS algorithms never meets another.
    """

    def __init__(self, keys: Mapping[str, MessageKey], suites: Sequence[str]) -> None:
        """`keys` by algorithm. `suites` are names, the first preferred. Raises KeyFileUnusable where none is left that has its key."""
        self.suites: tuple[str, ...] = tuple(name for name in suites if SUITES[name].signature in keys)
        if not self.suites:
            raise KeyFileUnusable("no suite of this node has its exchange signing key: create it with `safepassage-node keys`")
        self._preferred = SUITES[self.suites[0]].signature
        self.keys = {algorithm: keys[algorithm] for algorithm in (SUITES[name].signature for name in self.suites)}
        self._gathered: Gathered[None, Message, str] = Gathered(self._together, most=LARGEST)

    @classmethod
    def load(cls, folder: Path, suites: Sequence[str]) -> "ExchangeSigner":
        """The keys of a service's folder. A suite whose key was never made is left out. Raises KeyFileUnusable."""
        keys: dict[str, MessageKey] = {}
        for algorithm in {SUITES[name].signature for name in suites}:
            path = folder / KEY_FILES[algorithm]
            if path.exists():
                keys[algorithm] = SigningKey.load(path) if algorithm == ALGORITHM else P384SigningKey.load(path)
        return cls(keys, suites)

    async def sign(self, message: Message, *, suite: Suite | None = None, answers: str | None = None) -> str:
        """The compact JWS of `message`, of a kind that may share its signature. `suite` and `answers` as for `sign_compact`.

        Raises TypeError for a kind that is signed by itself.
        """
        if not message.BATCHED:
            raise TypeError(f"{message.TYPE} is signed by itself")
        wanted = self._wanted(suite, answers)
        if wanted == ALGORITHM:
            return await self._gathered(None, message)
        return self.keys[wanted].sign_compact(typ=message.TYPE, payload=message.claims())

    def sign_compact(self, *, typ: str, payload: dict[str, Any], suite: Suite | None = None, answers: str | None = None) -> str:
        """A compact JWS of `payload`, signed by itself.

        suite    of the message itself: its signature is used
        answers  the compact JWS that is answered: with the same algorithm, so that its sender can verify it
        Neither: with the signature of the node's first suite.
        """
        return self.keys[self._wanted(suite, answers)].sign_compact(typ=typ, payload=payload)

    def believed(self, keys: Iterable[PublicJwk | P384Jwk]) -> PublicKeys:
        """Of a peer's keys, those of the algorithms of this node's suites."""
        return {kid: key for kid, key in by_kid(keys).items() if algorithm_of(key) in self.keys}

    def public_keys(self) -> list[PublicJwk | P384Jwk]:
        """What the node's statement lists."""
        jwks = {algorithm: key.jwk for algorithm, key in self.keys.items()}
        return [(PublicJwk if algorithm == ALGORITHM else P384Jwk).model_validate(jwk) for algorithm, jwk in jwks.items()]

    async def _together(self, _: None, messages: Sequence[Message]) -> list[str]:
        key = self.keys[ALGORITHM]
        if not isinstance(key, SigningKey):
            raise TypeError("a key of Ed25519 is a SigningKey")
        return key.sign_together([(message.TYPE, message.claims()) for message in messages])

    def _wanted(self, suite: Suite | None, answers: str | None) -> str:
        return suite.signature if suite is not None else self._algorithm_of(answers)

    def _algorithm_of(self, answered: str | None) -> str:
        try:
            algorithm = self._preferred if answered is None else algorithm_in(answered, max_length=MAX_LENGTH)
        except MalformedToken:  # it is refused: nobody knows who sent it
            algorithm = self._preferred
        return algorithm if algorithm in self.keys else self._preferred
