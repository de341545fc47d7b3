"""The purposes that the rules know, for who is registered for some of them. Data; a test compares the list with the policies' vocabulary.

What they are called on pages is the console's to say (purpose_words), which a command does not load.
"""

from typing import Final

PURPOSES: Final = (
    "education",
    "instruction",
    "assessment",
    "operations",
    "student-services",
    "enrollment",
    "transfer",
    "audit-evaluation",
    "study",
    "financial-aid",
    "accreditation",
    "child-nutrition",
    "safety",
    "recruiting",
    "legal-process",
    "records-access",
    "transition-services",
    "private-school-services",
    "research",
    "licensure",
)
