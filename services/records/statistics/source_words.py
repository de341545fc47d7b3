"""How sources spell what statistics count by: CEDS option sets, and the standard lists of Ed-Fi, which have other words for the same.

Folded: in lower case, without blanks, hyphens and underscores. Whatever is none of these is counted as said otherwise, and never guessed.
"""

from typing import Final

_NUMBERED: Final = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth",
)  # fmt: skip
GRADES: Final = {
    "prekindergarten": "pk",
    "preschool": "pk",
    "preschool/prekindergarten": "pk",
    "kindergarten": "kg",
    "transitionalkindergarten": "kg",
    "tk": "kg",
    **{f"{name}grade": f"{number:02d}" for number, name in enumerate(_NUMBERED, start=1)},
}
"""CEDS 000100, and Ed-Fi's GradeLevelDescriptor (`Ninth grade`)."""
RACES: Final = {
    "hispanic": "hispanic",
    "hispanicorlatino": "hispanic",
    "americanindianoralaskanative": "american-indian",
    "asian": "asian",
    "blackorafricanamerican": "black",
    "nativehawaiianorotherpacificislander": "pacific-islander",
    "nativehawaiianorpacificislander": "pacific-islander",
    "white": "white",
    "demographicracetwoormoreraces": "two-or-more",
    "twoormoreraces": "two-or-more",
}
"""CEDS 001943, and Ed-Fi's RaceDescriptor."""
ENTERED_FROM_ANOTHER_STATE: Final = frozenset({"01823", "01826", "01829"})
ENTERED_WITHIN_THE_STATE: Final = frozenset({"nextyearschool", "reentry"})
"""Of words that are no codes of CEDS 000099. Ed-Fi's `Transfer` does not say from where."""
LEFT_FOR_ANOTHER_STATE: Final = frozenset({"01909", "01912", "01915", "73063"})
LEFT_WITHIN_THE_STATE: Final = frozenset({"01907", "01908", "01910", "01911", "01913", "01914"})
LEFT_FOR_SOMEWHERE: Final = frozenset({"transferred", "withdrawn"})
"""Ed-Fi's words that do not say for where."""
ADVANCED: Final = frozenset({"advancedplacement", "internationalbaccalaureate", "dual", "dualcredit", "collegelevel"})
"""CEDS 000061, and Ed-Fi's CourseLevelCharacteristicDescriptor."""
MATHEMATICS: Final = frozenset({"01166", "mathematics"})
ENGLISH: Final = frozenset({"13373", "01156", "english", "englishlanguagearts", "reading"})
"""CEDS 000021, and Ed-Fi's AcademicSubjectDescriptor."""
