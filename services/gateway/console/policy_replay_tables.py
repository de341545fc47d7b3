"""The tables of a replay's page: what each is narrowed and sorted by, and what its file has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends

from safepassage.wire_policy_sets import Shift
from services.gateway.console.whole_tables import Asked, Filter, WholeTable
from services.gateway.console.words import word
from shared.word_order import in_words

WAYS: Final = {"losing": word("Would lose"), "gaining": word("Would gain")}


def _ways(row: tuple[str, Shift], translate: Callable[[str], str]) -> list[tuple[str, str]]:
    counts = {"losing": row[1].permit_to_deny, "gaining": row[1].deny_to_permit}
    return [(way, translate(WAYS[way])) for way, count in counts.items() if count]


def _shifts(name: str, *, is_first: bool = False) -> WholeTable:
    """Those with most changes in front, until somebody asks otherwise."""
    return WholeTable(
        name,
        {
            "": None,
            "what": lambda row: in_words(row[0]),
            "-losing": lambda row: row[1].permit_to_deny,
            "-gaining": lambda row: row[1].deny_to_permit,
        },
        filters={"way": Filter(word("What would change"), _ways, WAYS)},
        file={
            "what": lambda row: row[1].name,
            "permit_to_deny": lambda row: row[1].permit_to_deny,
            "deny_to_permit": lambda row: row[1].deny_to_permit,
        },
        region="#replay",
        is_first=is_first,
    )


PURPOSES, RECIPIENTS = _shifts("purpose", is_first=True), _shifts("recipient")
ELEMENTS, RULES = _shifts("element"), _shifts("rule")


@dataclass(frozen=True)
class AskedOfShifts:
    """What an address says of each of the tables."""

    by: Mapping[str, Asked]


def _asked(
    purpose: Annotated[Asked, PURPOSES.asked],
    recipient: Annotated[Asked, RECIPIENTS.asked],
    element: Annotated[Asked, ELEMENTS.asked],
    rule: Annotated[Asked, RULES.asked],
) -> AskedOfShifts:
    return AskedOfShifts({"purpose": purpose, "recipient": recipient, "element": element, "rule": rule})


Shifted = Annotated[AskedOfShifts, Depends(_asked)]
