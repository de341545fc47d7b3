"""What OneRoster 1.2 objects have: the fields of each collection, and which elements of our record they are made of."""

from typing import Final

Collection = str
"""Its name in an answer: students and teachers are `users`, terms and grading periods `academicSessions`, schools `orgs`."""

RECORD: Final = ("sourcedId", "status", "dateLastModified", "metadata")

FIELDS: Final[dict[Collection, frozenset[str]]] = {
    "orgs": frozenset({*RECORD, "name", "type", "identifier", "parent", "children"}),
    "academicSessions": frozenset({*RECORD, "title", "startDate", "endDate", "type", "parent", "children", "schoolYear"}),
    "courses": frozenset(
        {*RECORD, "title", "schoolYear", "courseCode", "grades", "subjects", "org", "subjectCodes", "resources"}
    ),
    "classes": frozenset(
        {
            *RECORD, "title", "classCode", "classType", "location", "grades", "subjects", "course", "school", "terms", "subjectCodes",
            "periods", "resources",
        }
    ),
    "users": frozenset(
        {
            *RECORD, "userMasterIdentifier", "username", "userIds", "enabledUser", "givenName", "familyName", "middleName",
            "preferredFirstName", "preferredMiddleName", "preferredLastName", "pronouns", "roles", "userProfiles", "primaryOrg",
            "identifier", "email", "sms", "phone", "agents", "grades", "password", "resources",
        }
    ),
    "demographics": frozenset(
        {
            *RECORD, "birthDate", "sex", "americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican",
            "nativeHawaiianOrOtherPacificIslander", "white", "demographicRaceTwoOrMoreRaces", "hispanicOrLatinoEthnicity",
            "countryOfBirthCode", "stateOfBirthAbbreviation", "cityOfBirth", "publicSchoolResidenceStatus",
        }
    ),
    "enrollments": frozenset({*RECORD, "user", "class", "school", "role", "primary", "beginDate", "endDate"}),
}  # fmt: skip
"""The fields that the standard gives an object of each collection, whether this node ever fills them or not."""

SINGULAR: Final[dict[Collection, str]] = {
    "orgs": "org",
    "academicSessions": "academicSession",
    "courses": "course",
    "classes": "class",
    "users": "user",
    "demographics": "demographics",
    "enrollments": "enrollment",
}

COURSES: Final = "academics.current_courses"
ENROLLMENTS: Final = "enrollment.enrollments"
GUARDIANS: Final = "contacts.guardians"

OF_USERS: Final = (
    "identity.name", "identity.preferred_name", "identity.identifiers", "contacts.telephones", "contacts.emails", GUARDIANS, ENROLLMENTS,
    COURSES,
)  # fmt: skip
"""What makes a student a user. Of the sections in progress a user shows nothing but that the student is there."""
OF_DEMOGRAPHICS: Final = ("identity.birth_date", "identity.birth_place", "identity.sex", "demographics.race_ethnicity")
OF_CLASSES: Final = (COURSES, ENROLLMENTS)

RELEVANT: Final = (*OF_USERS, *OF_DEMOGRAPHICS)
"""Every element that the rostering service can carry."""

RACES: Final = {
    "AmericanIndianOrAlaskaNative": "americanIndianOrAlaskaNative",
    "Asian": "asian",
    "BlackOrAfricanAmerican": "blackOrAfricanAmerican",
    "NativeHawaiianOrOtherPacificIslander": "nativeHawaiianOrOtherPacificIslander",
    "White": "white",
    "DemographicRaceTwoOrMoreRaces": "demographicRaceTwoOrMoreRaces",
}
"""CEDS 001943 → field."""

SEXES: Final = {"male": "male", "female": "female"}
"""CEDS 000255, in lower case → field; any other is `other`, not selected `unspecified`."""

MOBILE: Final = frozenset({"mobile", "cell", "sms"})
"""Kinds of telephone that take text messages."""
