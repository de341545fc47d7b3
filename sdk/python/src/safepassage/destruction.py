"""sp-destruction+jws: a party's signed word that what it held under an agreement is destroyed (34 CFR 99.31(a)(6), 99.35(b)(2))."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from safepassage.claims import EntityId, Message, NumericDate, Verified, require_lifetime, verify_message
from safepassage.compact import PublicKeys
from safepassage.problems.signatures import WrongAudience

MAX_LENGTH = 8192


class Destroyed(Message):
    """What was destroyed, how, and when. Destruction is physical, or the removal of all identifiers (34 CFR 300.611(a))."""

    TYPE: ClassVar[str] = "sp-destruction+jws"

    iss: UUID
    """The party: its organisation's id at the node."""
    aud: EntityId
    """The node."""
    agreement_id: UUID
    method: Literal["erased", "cryptographically-erased", "physically-destroyed", "identifiers-removed"]
    covers_copies: Literal[True]
    """Backups and what subprocessors held are destroyed too; less is no destruction."""
    destroyed_on: date
    iat: NumericDate


def verify_destruction(token: str, *, audience: str, keys: PublicKeys, now: datetime) -> Verified[Destroyed]:
    """The attestation in `token`, signed by one of `keys` for the node `audience`, not from the future.

    Whose keys they are, whether that party is `iss` and owes it, is the caller's to check.
    Raises what `verify_message` raises, WrongAudience, MessageNotYetValid.
    """
    verified = verify_message(token, kind=Destroyed, keys=keys, max_length=MAX_LENGTH)
    if verified.message.aud != audience:
        raise WrongAudience
    require_lifetime(iat=verified.message.iat, exp=None, now=now)
    return verified
