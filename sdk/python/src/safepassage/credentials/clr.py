"""Comprehensive Learner Record 2.0: the credentials of one learner, in one that its issuer signs as a whole.

https://www.imsglobal.org/spec/clr/v2p0.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from safepassage.credentials.achievements import Credential, IdentityObject, Iri, OpenBadgesPart
from safepassage.credentials.linked_data import CLR_2, CREDENTIALS_2, OPEN_BADGES_3


class ClrSubject(OpenBadgesPart):
    """The learner, and what was achieved: each credential secured by itself."""

    id: Iri
    type: tuple[Literal["ClrSubject"]] = ("ClrSubject",)
    identifier: tuple[IdentityObject, ...] | None = None
    verifiable_credential: Annotated[tuple[dict[str, Any], ...], Field(min_length=1)]


class ClrCredential(Credential):
    """A learner record. `partial`: the issuer has left something out of it."""

    context: Annotated[tuple[str, ...], Field(alias="@context")] = (CREDENTIALS_2, CLR_2, OPEN_BADGES_3)
    type: tuple[str, ...] = ("VerifiableCredential", "ClrCredential")
    partial: bool | None = None
    credential_subject: ClrSubject
