"""Micro-credentials of educators: issued by an agency, carried by the educator, verified and filed by the agency of another state."""

from datetime import date
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from safepassage.claims import EntityId
from safepassage.credentials.securing import Form
from safepassage.record.academics import Competency
from safepassage.record.codes import Short
from safepassage.wire import Code, Instant, Name, Text, Wire
from safepassage.wire_credentials import Identified
from safepassage.wire_licensure import EducatorId as EducatorId

MOST_HELD = 200
"""Of one educator, in an answer."""


class Educator(Wire):
    """An educator, as the agency that issues or files knows them. No student is meant, and no student's record is touched."""

    name: Name
    identifier: EducatorId
    birth_date: date | None = None
    """Where it is not on record, no other agency can ask for the credentials: they cross in the educator's hand alone."""


class NewMicroCredential(Wire):
    """`POST /v1/educator-credentials`: an Open Badge 3.0 for an educator."""

    educator: Educator
    kind: Literal["MicroCredential", "Certification", "License"] = "MicroCredential"
    name: Name
    description: Text
    criteria: Text
    """What was done for it."""
    code: Short | None = None
    competencies: Annotated[tuple[Competency, ...], Field(max_length=100)] = ()
    """By their CASE ids."""
    valid_until: Instant | None = None
    form: Form = "data-integrity"


class PresentedCredential(Wire):
    """`POST /v1/educator-credentials/receptions`: what an educator of another state has brought."""

    educator: Educator
    """As this agency knows them."""
    identified: Identified
    """How staff made sure that it is this educator's: a credential has a name in it, and no key of its holder."""
    document: dict[str, Any] | None = None
    jwt: Annotated[str, StringConstraints(max_length=200_000)] | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.document is None) == (self.jwt is None):
            raise ValueError("document or jwt: one of them is the credential")
        return self


class HeldMicroCredential(Wire):
    """A credential of an educator that this agency has issued or filed."""

    id: UUID
    """Here; one that was issued here is revoked by it."""
    educator_id: UUID | None = None
    """The educator at this node, to record the application by which another agency may ask; None without a birth date."""
    node: EntityId
    """Whose node issued it."""
    issuer: str
    """The same as a DID."""
    name: str
    holder: str | None
    """The name in the credential."""
    kept_at: Instant
    identified: Identified | None = None
    """Of one that the educator brought: how staff made sure that it is theirs, when it was filed."""
    form: Form
    document: dict[str, Any] | None = None
    jwt: str | None = None
    holds: bool
    """Whether it was verified just now: its proof, its time, and the issuer's status list of this moment."""
    problem_code: Code | None = None
    """Why it does not hold, or why that could not be seen."""


class HeldMicroCredentials(Wire):
    """`POST /v1/educator-credentials/searches`: the oldest first."""

    credentials: Annotated[tuple[HeldMicroCredential, ...], Field(max_length=MOST_HELD)]
    older: Annotated[int, Field(ge=0)] = 0
    """How many more are kept, from before these, and not told."""
