"""Whether a status says that a student is an English learner: CEDS 000180, and what organisations say of it in Ed-Fi. Pure."""

from typing import Final

from safepassage.record import Coded

PROFICIENCY: Final = "/LimitedEnglishProficiencyDescriptor"
"""How the system of Ed-Fi's codes ends, whoever's they are."""
_BETWEEN: Final = str.maketrans("", "", " -_")
_YES: Final = frozenset({"yes", "y", "true", "1"})
_NO: Final = frozenset({"no", "n", "false", "0"})
_NOT_ANY_MORE: Final = frozenset({"notlimited", "limitedmonitored1", "limitedmonitored2"})
"""Whoever is watched after leaving the programme is no English learner any more."""


def is_english_learner(status: Coded) -> bool | None:
    """None: it says neither in words that are known."""
    said = status.code.casefold().translate(_BETWEEN)
    if status.system.endswith(PROFICIENCY):
        return True if said == "limited" else False if said in _NOT_ANY_MORE else None
    return True if said in _YES else False if said in _NO else None
