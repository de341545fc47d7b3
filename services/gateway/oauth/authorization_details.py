"""`authorization_details` (RFC 9396): what a token is for. One type, one entry, one purpose; a token is narrowed, never widened.

What is granted is the intersection of what is asked for, the client's registration and, where one is named, the agreement
(services.gateway.oauth.agreed). Whether a student's element may leave is decided anew at each use, by privacy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from safepassage.elements import BY_ID, SECTIONS
from safepassage.wire import Code, Wire
from safepassage.wire_clients import Resource
from services.gateway.oauth.oauth_errors import DetailsRefused

TYPE: Final = "student_data_access"
MAX_LENGTH: Final = 8 * 1024
MOST_ENTRIES: Final = 16
"""Of what is sent; more is not even looked at. A token has one."""

Action = Literal["read", "load", "request"]
"""Read records that are here; load records; ask another state for a child's record and follow the request (Route.action)."""

Datatype = Annotated[str, StringConstraints(pattern=r"^[a-z_0-9]+(\.[a-z_0-9]+)?$", max_length=64)]
"""A section of the record, or one of its elements."""

DATATYPES: Final = frozenset(BY_ID) | frozenset(SECTIONS)


class Requestor(Wire):
    """For whom the token is asked, as UDAP's `hl7-b2b` has it: the client's own organisation and role, and no other's."""

    organization_id: UUID
    subject_role: Code


class StudentDataAccess(Wire):
    """Access to student data for one purpose. What is left out is not narrowed beyond the client's registration and the agreement."""

    type: Literal["student_data_access"]
    purpose: Code
    actions: Annotated[tuple[Action, ...], Field(min_length=1, max_length=3)] | None = None
    datatypes: Annotated[tuple[Datatype, ...], Field(min_length=1, max_length=200)] | None = None
    legal_basis: Code | None = None
    """The kind of the agreement, or the basis on which the services decide; they release on no other."""
    agreement_id: UUID | None = None
    districts: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=100)] | None = None
    """Organisations of kind `lea`: students who are enrolled there."""
    locations: Annotated[tuple[Resource, ...], Field(min_length=1, max_length=1)] | None = None
    """The server that the token is for, RFC 9396 section 2.2."""
    requestor: Requestor | None = None
    expires: date | None = None
    """The first day, where the state agency is, on which it holds no more; the token ends before."""

    def claims(self) -> dict[str, Any]:
        """As it stands in a token."""
        return self.model_dump(mode="json", exclude_none=True)

    def ends_at(self, zone: ZoneInfo) -> int | None:
        """Seconds since the epoch at which `expires` begins in a time zone."""
        return None if self.expires is None else int(datetime.combine(self.expires, time.min, tzinfo=zone).timestamp())

    def is_over(self, zone: ZoneInfo, now: datetime) -> bool:
        """Whether that day has come."""
        return (ends := self.ends_at(zone)) is not None and now.timestamp() >= ends


_ENTRIES: Final[TypeAdapter[tuple[StudentDataAccess, ...]]] = TypeAdapter(
    Annotated[tuple[StudentDataAccess, ...], Field(min_length=1, max_length=MOST_ENTRIES)], config={"hide_input_in_errors": True}
)


@dataclass(frozen=True)
class Registered:
    """What a client's registration has to say of the details of its tokens."""

    purposes: tuple[str, ...]
    organisation_id: UUID
    role: str
    agreement_id: UUID | None = None
    """What a token is for where none is asked for."""


def grant_details(requested: str | None, *, registered: Registered, audience: str, today: date) -> StudentDataAccess | None:
    """What a token of a client is for, as far as its registration tells.

    requested  the parameter as sent. Without it, a client with one purpose gets a token for that; one with several a token for none;
               and for the agreement that it is registered with, if it is
    audience   whom the token is for

    Raises DetailsRefused for anything malformed, unknown, or not registered: never a token for something else than was asked.
    """
    if requested is None:
        if len(registered.purposes) != 1:
            return None
        return StudentDataAccess(type=TYPE, purpose=registered.purposes[0], agreement_id=registered.agreement_id)
    details = read_details(requested)
    if details.purpose not in registered.purposes:
        raise DetailsRefused("the client is not registered for that purpose")
    requestor = details.requestor
    if requestor is not None and (requestor.organization_id, requestor.subject_role) != (registered.organisation_id, registered.role):
        raise DetailsRefused("the requestor is the client's own organization and role")
    require_possible(details, audience=audience, today=today)
    return details


def read_details(requested: str) -> StudentDataAccess:
    """The one entry of the parameter as sent. Raises DetailsRefused."""
    if len(requested) > MAX_LENGTH:
        raise DetailsRefused("authorization_details is too long")
    try:
        entries = _ENTRIES.validate_json(requested)
    except (ValidationError, RecursionError) as error:
        raise DetailsRefused("authorization_details is an array of one student_data_access with one purpose") from error
    if len(entries) != 1:
        raise DetailsRefused("authorization_details is an array of one student_data_access with one purpose")
    [details] = entries
    for said in (details.actions, details.datatypes, details.districts):
        if said is not None and len(set(said)) != len(said):
            raise DetailsRefused("nothing is said twice")
    if not DATATYPES.issuperset(details.datatypes or ()):
        raise DetailsRefused("a datatype is a section or an element of the record")
    return details


def require_possible(details: StudentDataAccess, *, audience: str, today: date) -> None:
    """Raises DetailsRefused for another location than the token's, or a day that has come."""
    if details.locations is not None and details.locations != (audience,):
        raise DetailsRefused("the location is the server that the token is for")
    if details.expires is not None and details.expires <= today:
        raise DetailsRefused("expires has passed")


def narrowed(held: StudentDataAccess | None, requested: StudentDataAccess | None) -> StudentDataAccess | None:
    """What is left of `held` when `requested` is asked of it: each member is the same or less, and what is left out stays as it is.

    Raises DetailsRefused where something is asked that `held` has not: never more, and never something else.
    """
    if requested is None:
        return held
    if held is None or requested.purpose != held.purpose:
        raise DetailsRefused("a token is exchanged for the purpose that it has")
    said: dict[str, Any] = {}
    for member in ("legal_basis", "agreement_id", "locations", "requestor"):
        own, asked = getattr(held, member), getattr(requested, member)
        if own is not None and asked not in (None, own):
            raise DetailsRefused("a token is exchanged for the same basis, agreement, location and requestor")
        said[member] = asked if own is None else own
    for member in ("actions", "districts"):
        said[member] = _within(getattr(held, member), getattr(requested, member))
    said["datatypes"] = _datatypes_within(held.datatypes, requested.datatypes)
    ends = [day for day in (held.expires, requested.expires) if day is not None]
    if held.expires is not None and requested.expires is not None and requested.expires > held.expires:
        raise DetailsRefused("a token is not exchanged for a longer time")
    return StudentDataAccess(type=TYPE, purpose=held.purpose, expires=min(ends, default=None), **said)


def _within(held: Sequence[Any] | None, asked: Sequence[Any] | None) -> Sequence[Any] | None:
    if held is not None and asked is not None and not set(held).issuperset(asked):
        raise DetailsRefused("a token is exchanged for actions and districts that it has")
    return held if asked is None else asked


def _datatypes_within(held: Sequence[str] | None, asked: Sequence[str] | None) -> Sequence[str] | None:
    """An element is within its section."""
    if held is not None and asked is not None and not all(one in held or one.partition(".")[0] in held for one in asked):
        raise DetailsRefused("a token is exchanged for datatypes that it has")
    return held if asked is None else asked
