"""For what any signed message between nodes may be refused, and any that proves where it was logged: what OpenAPI says of the routes."""

from typing import Final

from safepassage.problems.envelopes import CheckpointByRetiredKey, ConsistencyNotShown, WithoutProof, WrongLeaf
from safepassage.problems.exchanges import PeerUnavailable
from safepassage.problems.messages import LeafMalformed, MessageNotYetValid, WrongIssuer
from safepassage.problems.problem import SuiteError
from safepassage.problems.proofs import (
    CheckpointNotSigned,
    CheckpointSignatureInvalid,
    ConsistencyNotProven,
    ForeignLog,
    InclusionNotProven,
    IndexBeyondLog,
    NoteMalformed,
    WrongPathLength,
)
from safepassage.problems.pulling import ConsistencyWanted
from safepassage.problems.requests import BodyTooLarge, UnsupportedMediaType, UnsupportedVersion
from safepassage.problems.signatures import BadSignature, MalformedToken, UnexpectedType, UnknownKey, WrongAudience
from safepassage.problems.trust import NotAMember

Problems = tuple[type[SuiteError], ...]

OF_A_MESSAGE: Final[Problems] = (
    MalformedToken,
    UnexpectedType,
    UnsupportedVersion,
    UnknownKey,
    BadSignature,
    WrongIssuer,
    WrongAudience,
    MessageNotYetValid,
    NotAMember,
    UnsupportedMediaType,
    BodyTooLarge,
)
"""In the order of `safepassage.claims.verify_message`, `require_parties` and `require_lifetime`; and what the door would say."""

OF_A_PROOF: Final[Problems] = (
    WithoutProof,
    NoteMalformed,
    ForeignLog,
    CheckpointSignatureInvalid,
    CheckpointByRetiredKey,
    CheckpointNotSigned,
    IndexBeyondLog,
    WrongPathLength,
    InclusionNotProven,
    ConsistencyNotShown,
    ConsistencyNotProven,
    LeafMalformed,
    WrongLeaf,
    PeerUnavailable,
    ConsistencyWanted,
)
"""In the order of `safepassage.logged.verify_logged`; the last two where the sender's log cannot be asked now, or never."""
