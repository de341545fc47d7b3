"""`authorization_details` (RFC 9396): what a token is not made for."""

import json
from typing import Any, Final

from tests.gateway.negatives.asked import Change, parameters
from tests.gateway.negatives.negative import Negative, Refusal, table

ONE: Final = {"type": "student_data_access", "purpose": "assessment"}
ID: Final = "019a0000-0000-7000-8000-000000000000"
MALFORMED = Refusal(
    400, "invalid_authorization_details", "authorization-details", "is an array of one student_data_access with one purpose"
)
PURPOSE = Refusal(400, "invalid_authorization_details", "authorization-details", "the client is not registered for that purpose")
TWICE = Refusal(400, "invalid_authorization_details", "authorization-details", "nothing is said twice")
NO_DATATYPE = Refusal(400, "invalid_authorization_details", "authorization-details", "a datatype is a section or an element of the record")
LOCATION = Refusal(400, "invalid_authorization_details", "authorization-details", "the location is the server that the token is for")
REQUESTOR = Refusal(
    400, "invalid_authorization_details", "authorization-details", "the requestor is the client's own organization and role"
)
PASSED = Refusal(400, "invalid_authorization_details", "authorization-details", "expires has passed")
TOO_LONG = Refusal(400, "invalid_authorization_details", "authorization-details", "authorization_details is too long")


def _text(value: str) -> Change:
    return parameters(authorization_details=value)


def _entries(*entries: Any) -> Change:
    return _text(json.dumps(entries))


def _one(**members: Any) -> Change:
    """The right entry with other members; None leaves one out."""
    return _entries({name: value for name, value in {**ONE, **members}.items() if value is not None})


DETAILS: Final[list[Negative]] = table(
    "details",
    MALFORMED,
    [
        ("no JSON", _text("[{")),
        ("an entry that is in no array", _text(json.dumps(ONE))),
        ("an entry that is text", _entries("student_data_access")),
        ("null", _text("null")),
        ("an array of null", _text("[null]")),
        ("an empty array", _text("[]")),
        ("an array in an array", _entries([ONE])),
        ("something after the array", _text(json.dumps([ONE]) + "x")),
        ("two purposes", _entries(ONE, {**ONE, "purpose": "instruction"})),
        ("the same entry twice", _entries(ONE, ONE)),
        ("no type", _one(type=None)),
        ("another type", _one(type="payment_initiation")),
        ("a type that is a list", _one(type=["student_data_access"])),
        ("no purpose", _one(purpose=None)),
        ("a list of purposes", _one(purpose=["assessment"])),
        ("a purpose that is a number", _one(purpose=7)),
        ("an unknown member", _one(colour="blue")),
        ("a member in upper case", _one(PURPOSE="assessment")),
        ("an action that does not exist", _one(actions=["write"])),
        ("no action", _one(actions=[])),
        ("an action twice", _one(actions=["read", "read"]), TWICE),
        ("actions that are text", _one(actions="read")),
        ("no datatype", _one(datatypes=[])),
        ("a datatype that is none", _one(datatypes=["SSN; DROP"])),
        ("every datatype", _one(datatypes=["*"])),
        ("a datatype that is a number", _one(datatypes=[7])),
        ("201 datatypes", _one(datatypes=[f"a{number}" for number in range(201)])),
        ("a datatype that does not exist", _one(datatypes=["identity.shoe_size"]), NO_DATATYPE),
        ("a datatype twice", _one(datatypes=["identity", "identity"]), TWICE),
        ("a district that is no id", _one(districts=["oak"])),
        ("a district twice", _one(districts=[ID, ID]), TWICE),
        ("another location", _one(locations=["https://other.example"]), LOCATION),
        ("two locations", _one(locations=["https://other.example", "https://ods.example"])),
        ("another's organisation", _one(requestor={"organization_id": ID, "subject_role": "registrar"}), REQUESTOR),
        ("a requestor without a role", _one(requestor={"organization_id": ID})),
        ("a basis that is a list", _one(legal_basis=["contractor"])),
        ("a day that has passed", _one(expires="2020-01-01"), PASSED),
        ("a day that is none", _one(expires="2027-02-30")),
        ("an agreement that is no id", _one(agreement_id="x")),
        ("an agreement that is a list", _one(agreement_id=[ID])),
        ("no number", _text('[{"type": "student_data_access", "purpose": "assessment", "actions": NaN}]')),
        ("a thousand brackets", _text("[" * 1000)),
        ("a purpose that is not registered", _one(purpose="recruiting"), PURPOSE),
        ("a purpose in upper case", _one(purpose="ASSESSMENT")),
        ("longer than 8 KiB", _one(datatypes=["a" * 60] * 150), TOO_LONG),
    ],
)
