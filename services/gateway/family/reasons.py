"""Why the law lets somebody have a record, said to a family: by basis, in short words. Data."""

from collections.abc import Mapping
from typing import Final

from services.gateway.console.words import word

REASONS: Final[Mapping[str, str]] = {
    "consent": word("Somebody with rights to the record said yes in writing."),
    "school-official": word("School staff needed it for their work with the student."),
    "contractor": word("A company that works for the district needed it for that work only."),
    "transfer": word("The student is moving to another school, or wants to."),
    "audit-authority": word("A public agency checks how well a school program works."),
    "audit-representative": word("Somebody checks a school program for a public agency."),
    "financial-aid": word("The student asked for money for college, or gets it."),
    "juvenile-justice-before-1974": word("A state law lets the juvenile courts have it."),
    "juvenile-justice": word("A state law lets the juvenile courts have it, to help the student."),
    "study": word("A study that helps schools. It may not show who the student is."),
    "accreditation": word("A group that checks the quality of schools needed it."),
    "dependent-student": word("A parent of a student who is a dependent for taxes."),
    "judicial-order": word("A court ordered it."),
    "child-protection-order": word("A court ordered it in a case to protect the child."),
    "litigation": word("A court case between the school and the family."),
    "emergency": word("An emergency: somebody had to know it to keep people safe."),
    "conduct-risk": word("Another school had to know about a risk to safety."),
    "directory": word("It is basic information that the school may give out. Nobody had opted out."),
    "rights-holder": word("A person with rights to the record asked to see it."),
    "crime-victim": word("The victim of a crime was told how the case ended."),
    "disciplinary-results": word("The result of a case about a violent crime at a college."),
    "substance-violation": word("A college told a parent about alcohol or drugs."),
    "registered-offender": word("It is about a registered offender."),
    "child-welfare": word("The child welfare agency that cares for the student."),
    "meal-evaluation": word("The government checks the school meal program."),
    "military-recruiter": word("The military asked for name, address and phone. Nobody had opted out."),
    "higher-education-recruiter": word("A college asked for name, address and phone. Nobody had opted out."),
}
"""By basis (services.privacy.policy.taxonomy has the law)."""
