"""Which organisation a record names by a number: none where it may be another one. Pure.

In some states a school's number is its own within its district alone; a number may go from an organisation that ends to the one that
follows it; a district and its only school may share one.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID


class Numbered(Protocol):
    """What is looked at of an organisation."""

    @property
    def id(self) -> UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def parent_id(self) -> UUID | None: ...
    @property
    def nces_id(self) -> str | None: ...
    @property
    def state_id(self) -> str | None: ...
    @property
    def valid_from(self) -> date: ...
    @property
    def valid_until(self) -> date | None: ...


class Numbers(NamedTuple):
    """The numbers of a reference."""

    nces_id: str | None
    state_id: str | None
    local_id: str | None


One = TypeVar("One", bound=Numbered)


class NumberedOrganisations(Generic[One]):
    """Of those that are known, by their numbers."""

    def __init__(self, every: Iterable[One]) -> None:
        self._by_nces_id, self._by_state_id = defaultdict[str, list[One]](list), defaultdict[str, list[One]](list)
        for one in every:
            self._by_nces_id[one.nces_id or ""].append(one)
            self._by_state_id[one.state_id or ""].append(one)

    @property
    def shared(self) -> list[One]:
        """Those whose state's number another one has, too."""
        return [one for number, several in self._by_state_id.items() if number and len(several) > 1 for one in several]

    def find(self, named: Numbers, on: date, *, within: Numbers | None = None) -> One | None:
        """The organisation; None where there is none, or several.

        on      of those that follow one another with one number that of this day
        within  the district that is named with a school: of several schools with the number its own
        """
        district = None if within is None else self.find(within, on)
        by_nces_id, by_state_id = self._by_nces_id, self._by_state_id
        for number, tables in (
            (named.nces_id, (by_nces_id, by_state_id)),
            (named.state_id, (by_state_id, by_nces_id)),
            (named.local_id, (by_state_id, by_nces_id)),
        ):
            for table in tables:
                found = _the_one(table.get(number, ()), on, district) if number else None
                if found is not None:
                    return found
        return None


def _the_one(several: Sequence[One], on: date, district: Numbered | None) -> One | None:
    if len(several) == 1:
        return several[0]
    there = [one for one in several if one.valid_from <= on and (one.valid_until is None or on < one.valid_until)]
    schools = [one for one in there or several if one.kind == "school"]
    own = [] if district is None else [one for one in schools if district.id in (one.id, one.parent_id)]
    return next((those[0] for those in (there, schools, own) if len(those) == 1), None)
