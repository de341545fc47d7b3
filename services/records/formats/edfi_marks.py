"""Final marks. Of a finished course Ed-Fi has a member for letters and one for numbers (CourseTranscript of Data Standard 5,
`FinalLetterGradeEarned` and `FinalNumericGradeEarned`); the record has one text for both (CEDS 000124).
"""

import re
from decimal import Decimal
from typing import Any, Final

NUMBER: Final = re.compile(r"(0|[1-9][0-9]{0,6})(\.[0-9]?[1-9])?")
"""What a number of nine digits, two of them after the point, says without another spelling: `95`, `89.5`, not `095` or `89.50`."""


def final_marks(mark: str | None) -> dict[str, Any]:
    """The members of an API resource for a mark, None for the one that it does not have."""
    if mark is None or NUMBER.fullmatch(mark) is None:
        return {"finalLetterGradeEarned": mark, "finalNumericGradeEarned": None}
    return {"finalLetterGradeEarned": None, "finalNumericGradeEarned": float(mark) if "." in mark else int(mark)}


def mark_of_number(number: Decimal | None) -> str | None:
    """As `final_marks` takes it: APIs say 95 as 95.0 too."""
    return None if number is None else f"{number.normalize():f}"
