"""Whose a body of an Ed-Fi API is, by the members that name somebody."""

from collections.abc import Mapping
from typing import Any, Final

ASSOCIATIONS: Final = "studentContactAssociations"


def contact_of(association: Mapping[str, Any]) -> str:
    """The id of the contact whom a `studentContactAssociations` relates."""
    reference = association.get("contactReference")
    return str(reference.get("contactUniqueId") if isinstance(reference, dict) else None)


def student_of(body: Mapping[str, Any], resource: str = "") -> str | None:
    """The id of the student whose body it is; None for a body of nobody."""
    for reference in ("studentReference", "studentAcademicRecordReference", "studentSectionAssociationReference"):
        named = body.get(reference)
        if isinstance(named, dict) and isinstance(named.get("studentUniqueId"), str):
            return str(named["studentUniqueId"]).strip()
    own = body.get("studentUniqueId")
    return own.strip() if resource == "students" and isinstance(own, str) else None
