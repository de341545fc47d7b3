"""`authorization_details` (RFC 9396): what a token is for. One type, one entry, one purpose; a token is narrowed, never widened."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from safepassage.wire import Code, Wire
from services.gateway.oauth.oauth_errors import DetailsRefused

TYPE: Final = "student_data_access"
MAX_LENGTH: Final = 8 * 1024

Datatype = Annotated[str, StringConstraints(pattern=r"^[a-z_0-9]+(\.[a-z_0-9]+)?$", max_length=64)]
"""A section of the record, or one of its elements."""


class StudentDataAccess(Wire):
    """Access to student data for one purpose. What is left out is not narrowed beyond the client's registration."""

    type: Literal["student_data_access"]
    purpose: Code
    actions: Annotated[tuple[Literal["read"], ...], Field(min_length=1, max_length=1)] | None = None
    datatypes: Annotated[tuple[Datatype, ...], Field(min_length=1, max_length=200)] | None = None
    agreement_id: UUID | None = None

    def claims(self) -> dict[str, Any]:
        """As it stands in a token."""
        return self.model_dump(mode="json", exclude_none=True)


_ONE: Final[TypeAdapter[tuple[StudentDataAccess, ...]]] = TypeAdapter(
    Annotated[tuple[StudentDataAccess, ...], Field(min_length=1, max_length=1)], config={"hide_input_in_errors": True}
)


def grant_details(requested: str | None, *, purposes: tuple[str, ...]) -> StudentDataAccess | None:
    """What a token of a client registered for `purposes` is for.

    requested  the parameter as sent. Without it, a client with one purpose gets a token for that; one with several a token for none.

    Raises DetailsRefused for anything malformed, unknown, or not registered: never a token for something else than was asked.
    """
    if requested is None:
        return StudentDataAccess(type=TYPE, purpose=purposes[0]) if len(purposes) == 1 else None
    if len(requested) > MAX_LENGTH:
        raise DetailsRefused("authorization_details is too long")
    try:
        details = _ONE.validate_json(requested)[0]
    except ValidationError as error:
        raise DetailsRefused("authorization_details is an array of one student_data_access with one purpose") from error
    if details.purpose not in purposes:
        raise DetailsRefused("the client is not registered for that purpose")
    return details
