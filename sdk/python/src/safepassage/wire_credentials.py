"""Credentials that a node issues: to whom, in which form, and that one was revoked."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from safepassage.credentials.securing import Form
from safepassage.wire import Code, Instant, Wire
from safepassage.wire_policy import ActingFor


class Identified(Wire):
    """How staff authenticated a party that does not call itself, 34 CFR 99.31(c)."""

    assurance_level: Literal["ial1", "ial2", "ial3"]
    method: Code
    evidence_ref: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    authenticated_at: Instant


class ConsentedRecipient(Wire):
    """A party that a signed and dated written consent names, 34 CFR 99.30: a college, an employer."""

    kind: Literal["vendor", "school", "lea", "sea", "agency"]
    id: UUID
    """An organisation of this node: the operator puts a college or employer on record as an `agency`, so that it is a known party."""
    consent_id: UUID
    purpose: Code
    identified: Identified


class NewTranscript(Wire):
    """`POST /v1/students/{id}/transcripts`: either to the student or a parent, or to a party with their consent."""

    acting_for: ActingFor | None = None
    recipient: ConsentedRecipient | None = None
    form: Form = "data-integrity"

    @model_validator(mode="after")
    def _to_one(self) -> Self:
        if (self.acting_for is None) == (self.recipient is None):
            raise ValueError("acting_for or recipient: one of them says to whom")
        return self


class IssuedCredential(Wire):
    """A credential as it was issued. The node keeps no copy: what is lost is issued anew."""

    id: UUID
    """By which it is revoked. Its id as a credential is `urn:uuid:` and this."""
    issued_at: Instant
    form: Form
    document: Annotated[dict[str, Any] | None, Field(description="The credential, in the form data-integrity.")] = None
    jwt: Annotated[str | None, Field(description="The credential, in the form jwt.")] = None
    status_list: str
    """Where everybody reads whether it was revoked."""


class CredentialRevocation(Wire):
    """`POST /v1/credentials/{id}/revocation`. It cannot be taken back."""

    reason: Code


class RevokedCredential(Wire):
    """A credential that no verifier takes any more, once it has read the status list again."""

    id: UUID
    issued_at: Instant
    revoked_at: Instant
    reason: Code
