"""Open Badges 3.0: what was achieved, by whom, with which result, and the credential that says so. The members that this suite issues.

https://www.imsglobal.org/spec/ob/v3p0; verification takes every credential that the standard's schema allows (conformance).
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, PlainSerializer, StringConstraints
from pydantic.alias_generators import to_camel

from safepassage.credentials.linked_data import CREDENTIALS_2, OPEN_BADGES_3
from safepassage.credentials.status_list import StatusEntry
from safepassage.wire import Text, Wire

Iri = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9+.-]*:[^\s<>\"{}|\\^`]+$", max_length=800)]
"""An absolute URI: a relative one would be left out of what is signed."""
Line = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Moment = Annotated[datetime, PlainSerializer(lambda at: f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", when_used="json")]
"""Whole seconds of UTC, since a JWT has no others."""
Number = Annotated[float, PlainSerializer(lambda number: int(number) if number.is_integer() else number, when_used="json")]
"""A whole number without a point, as JavaScript writes it: the two forms are not the same RDF."""


class OpenBadgesPart(Wire):
    """A part of a credential: camelCase on the wire, what is not there has no member."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True)

    def document(self) -> dict[str, Any]:
        """The JSON object."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class IdentifierEntry(OpenBadgesPart):
    """A code or an id in another system."""

    type: Literal["IdentifierEntry"] = "IdentifierEntry"
    identifier: Line
    identifier_type: Annotated[str, StringConstraints(pattern=r"^(identifier|ext:[a-zA-Z0-9._-]+)$")]


class Profile(OpenBadgesPart):
    """An organisation."""

    id: Iri
    type: tuple[Literal["Profile"]] = ("Profile",)
    name: Line | None = None
    url: Iri | None = None
    other_identifier: tuple[IdentifierEntry, ...] | None = None


class Alignment(OpenBadgesPart):
    """A node of a framework: a competency by its CASE URI has the type CFItem."""

    type: tuple[Literal["Alignment"]] = ("Alignment",)
    target_name: Line
    target_url: Iri
    target_code: Line | None = None
    target_framework: Line | None = None
    target_type: Literal["CFItem"] | None = None


class IdentityObject(OpenBadgesPart):
    """Who the learner is: here the name, in clear, since the holder shows the credential to be recognised by it."""

    type: Literal["IdentityObject"] = "IdentityObject"
    hashed: Literal[False] = False
    identity_hash: Line
    """The value itself, as it is not hashed."""
    identity_type: Literal["name", "ext:birthDate"]


class Criteria(OpenBadgesPart):
    """What has to be done for the achievement."""

    narrative: Text


class ResultDescription(OpenBadgesPart):
    """A kind of result."""

    id: Iri
    type: tuple[Literal["ResultDescription"]] = ("ResultDescription",)
    name: Line
    result_type: Annotated[str, StringConstraints(pattern=r"^(GradePointAverage|LetterGrade|Result|ext:[a-zA-Z0-9._-]+)$")]
    value_max: Line | None = None


class Result(OpenBadgesPart):
    """A result, as its source wrote it."""

    type: tuple[Literal["Result"]] = ("Result",)
    result_description: Iri
    value: Line


class Achievement(OpenBadgesPart):
    """What can be achieved: a course, a diploma, a micro-credential."""

    id: Iri
    type: tuple[Literal["Achievement"]] = ("Achievement",)
    achievement_type: Literal["Course", "MicroCredential", "Certification", "License", "LearningProgram"]
    name: Line
    description: Text
    criteria: Criteria
    human_code: Line | None = None
    other_identifier: tuple[IdentifierEntry, ...] | None = None
    alignment: tuple[Alignment, ...] | None = None
    creator: Profile | None = None
    credits_available: Number | None = None
    result_description: tuple[ResultDescription, ...] | None = None


class AchievementSubject(OpenBadgesPart):
    """Who achieved it, and how."""

    id: Iri
    type: tuple[Literal["AchievementSubject"]] = ("AchievementSubject",)
    identifier: tuple[IdentityObject, ...] | None = None
    achievement: Achievement
    credits_earned: Number | None = None
    result: tuple[Result, ...] | None = None
    term: Line | None = None
    source: Profile | None = None
    """The organisation that the issuer speaks for."""


class Credential(OpenBadgesPart):
    """What every credential has. It is not secured yet (securing)."""

    id: Iri
    name: Line
    description: Annotated[str, StringConstraints(min_length=1, max_length=100_000)] | None = None
    issuer: Profile
    valid_from: Moment
    valid_until: Moment | None = None
    status: Annotated[StatusEntry | None, Field(exclude=True)] = None
    """Where its revocation will be told."""

    def document(self) -> dict[str, Any]:
        """The JSON object."""
        whole = super().document()
        return whole if self.status is None else {**whole, "credentialStatus": self.status.document()}


class AchievementCredential(Credential):
    """An Open Badge."""

    context: Annotated[tuple[str, ...], Field(alias="@context")] = (CREDENTIALS_2, OPEN_BADGES_3)
    type: tuple[str, ...] = ("VerifiableCredential", "AchievementCredential")
    credential_subject: AchievementSubject
