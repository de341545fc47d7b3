"""The part of a SIF xSre (North American data model 3) that this node writes and reads. Pure.

A model of our own. Names and order are those of the published xStudent object and of xSre documents in use; the enrolment names its school
as a transcript's term does, since a record has no RefIds of schools and a receiver could not resolve one.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from xml.etree.ElementTree import Element

from services.records.formats.xml_structure import MANY, Child, NotOfStructure, Text, require

NAMESPACE: Final = "http://www.sifassociation.org/datamodel/na/3.3"
NAMESPACES: Final = "http://www.sifassociation.org/datamodel/na/3."
EXTENDED: Final = "urn:safepassage:xsre:1"
"""Name of the extended elements that hold what the standard cannot say."""

_DATE: Final = r"\d{4}-\d{2}-\d{2}"
TEXTS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "token": Text(),
        "json": Text(longest=1 << 30),
        "Date": Text(pattern=_DATE),
        "Boolean": Text(words=frozenset({"true", "false"})),
        "Decimal": Text(pattern=r"\d{1,12}(\.\d{1,4})?"),
        "Country": Text(pattern="[A-Z]{2}"),
        "Year": Text(pattern=r"\d{4}"),
    }
)


def _texts(*names: str, **others: str) -> tuple[Child, ...]:
    return tuple(Child(name, others.get(name, "token")) for name in (*names, *(one for one in others if one not in names)))


TYPES: Final[Mapping[str, tuple[Child, ...]]] = MappingProxyType(
    {
        "xSre": (
            Child("name", "name"), Child("otherNames", "otherNames"), Child("localId", "token"), Child("stateProvinceId", "token"),
            Child("otherIds", "otherIds"), Child("address", "address"), Child("otherAddresses", "otherAddresses"),
            Child("phoneNumber", "phoneNumber"), Child("otherPhoneNumbers", "otherPhoneNumbers"), Child("email", "email"),
            Child("otherEmails", "otherEmails"), Child("demographics", "demographics"), Child("enrollment", "enrollment"),
            Child("otherEnrollments", "otherEnrollments"), Child("reportDate", "Date"), Child("transcriptTerm", "transcriptTerm"),
            Child("otherTranscriptTerms", "otherTranscriptTerms"), Child("SIF_ExtendedElements", "SIF_ExtendedElements"),
        ),
        "name": _texts("type", "prefix", "familyName", "givenName", "middleName", "suffix"),
        "otherNames": (Child("name", "name", 1, MANY),),
        "otherIds": (Child("otherId", "otherId", 1, MANY),),
        "otherId": (Child("type", "token"), Child("id", "token", 1)),
        "address": _texts("addressType", "line1", "line2", "city", "stateProvince", "countryCode", "postalCode", countryCode="Country"),
        "otherAddresses": (Child("address", "address", 1, MANY),),
        "phoneNumber": (Child("phoneNumberType", "token"), Child("number", "token", 1), Child("primaryIndicator", "Boolean")),
        "otherPhoneNumbers": (Child("phoneNumber", "phoneNumber", 1, MANY),),
        "email": (Child("emailType", "token"), Child("emailAddress", "token", 1)),
        "otherEmails": (Child("email", "email", 1, MANY),),
        "demographics": (
            Child("races", "races"), Child("hispanicLatinoEthnicity", "Boolean"), Child("sex", "token"), Child("birthDate", "Date"),
            Child("countryOfBirth", "Country"),
        ),
        "races": (Child("race", "race", 1, MANY),),
        "race": (Child("race", "token", 1),),
        "enrollment": (
            Child("school", "school"), Child("membershipType", "token"), Child("entryDate", "Date", 1), Child("exitDate", "Date"),
            Child("exitOrWithdrawalType", "token"), Child("gradeLevel", "token"),
        ),
        "otherEnrollments": (Child("enrollment", "enrollment", 1, MANY),),
        "school": (
            Child("localId", "token"), Child("stateProvinceId", "token"), Child("otherIds", "otherIds"), Child("schoolName", "token"),
        ),
        "transcriptTerm": (
            Child("school", "school"), Child("schoolYear", "Year", 1), Child("session", "session"), Child("courses", "courses", 1),
        ),
        "session": (Child("sessionType", "token"),),
        "courses": (Child("course", "course", 1, MANY),),
        "course": (
            Child("leaCourseId", "token"), Child("otherIds", "otherIds"), Child("courseTitle", "token", 1),
            Child("creditsAttempted", "Decimal"), Child("creditsEarned", "Decimal"), Child("gradeLevel", "token"),
            Child("finalMarkValue", "token"),
        ),
        "otherTranscriptTerms": (Child("transcriptTerm", "transcriptTerm", 1, MANY),),
        "SIF_ExtendedElements": (Child("SIF_ExtendedElement", "json", 1, 2),),
    }
)  # fmt: skip


def validate(root: Element) -> None:
    """Check an xSre, its tags without their namespace, against the model. Raises NotOfStructure."""
    if root.tag != "xSre" or not root.get("refId"):
        raise NotOfStructure("the root is not an xSre with its refId")
    require(root, "xSre", types=TYPES, texts=TEXTS)
