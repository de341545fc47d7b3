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
    "American Indian or Alaska Native": "americanIndianOrAlaskaNative",
    "Black or African American": "blackOrAfricanAmerican",
    "Native Hawaiian or Pacific Islander": "nativeHawaiianOrOtherPacificIslander",
}
"""CEDS 001943, and Ed-Fi's RaceDescriptor where it has other words → field."""

GRADES: Final = {
    "Preschool/Prekindergarten": "PK", "Prekindergarten": "PK", "Transitional Kindergarten": "TK", "Kindergarten": "KG",
    "First grade": "01", "Second grade": "02", "Third grade": "03", "Fourth grade": "04", "Fifth grade": "05", "Sixth grade": "06",
    "Seventh grade": "07", "Eighth grade": "08", "Ninth grade": "09", "Tenth grade": "10", "Eleventh grade": "11", "Twelfth grade": "12",
    "Grade 13": "13", "Postsecondary": "PS", "Ungraded": "UG",
}  # fmt: skip
"""Ed-Fi's GradeLevelDescriptor → CEDS 000100, which the standard wants (1EdTech OneRoster 1.2, `grades`). Any other code is as it is."""

SEXES: Final = {"male": "male", "female": "female", "notselected": "unspecified", "not selected": "unspecified"}
"""CEDS 000255, and Ed-Fi's SexDescriptor, in lower case → field; any other is `other`."""

MOBILE: Final = frozenset({"mobile", "cell", "sms"})
"""Kinds of telephone that take text messages."""
