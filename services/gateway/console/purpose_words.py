"""What a purpose is called in a few words. Data; a test compares the list with the vocabulary of the policies."""

from collections.abc import Mapping
from typing import Final

from services.gateway.console.words import word

PURPOSE_WORDS: Final[Mapping[str, str]] = {
    "education": word("Education"),
    "instruction": word("Instruction"),
    "assessment": word("Assessment"),
    "operations": word("School operations"),
    "student-services": word("Services for students"),
    "enrollment": word("Enrollment"),
    "transfer": word("Transfer to another school"),
    "audit-evaluation": word("Audit or evaluation of programs"),
    "study": word("Study for schools"),
    "financial-aid": word("Financial aid"),
    "accreditation": word("Accreditation"),
    "child-nutrition": word("School meals"),
    "safety": word("Health or safety"),
    "recruiting": word("Recruiting"),
    "legal-process": word("Court or legal process"),
    "records-access": word("Access by the family"),
    "transition-services": word("Transition services"),
    "private-school-services": word("Services in private schools"),
    "research": word("Research"),
    "licensure": word("Licensing of educators"),
}
"""By purpose."""
