"""What is added to a record by itself: each thing with its share, the members that it may touch, and draws of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from typing import TypeVar

from node.synthetic.calendar import SchoolCalendar
from node.synthetic.people import Document, Family
from node.synthetic.states import StatePlan, SyntheticOrganisation

One = TypeVar("One")

BITS = 32


class Draws:
    """A stream of draws that its name alone decides. Opening one costs a hash, an eighth of what seeding a `Random` does."""

    def __init__(self, name: str) -> None:
        self._name, self._turn, self._left, self._bits = name, 0, 0, 0

    def _next(self) -> int:
        if self._left == 0:
            self._bits = int.from_bytes(blake2b(f"{self._name}/{self._turn}".encode(), digest_size=32).digest())
            self._turn, self._left = self._turn + 1, 256
        drawn = self._bits & ((1 << BITS) - 1)
        self._bits >>= BITS
        self._left -= BITS
        return drawn

    def falls(self, share: float) -> bool:
        """True in `share` (0 to 1) of all draws."""
        return self._next() < share * (1 << BITS)

    def below(self, bound: int) -> int:
        """From 0 to `bound` - 1."""
        return self._next() % bound

    def between(self, low: int, high: int) -> int:
        """Both counted."""
        return low + self.below(high - low + 1)

    def one_of(self, those: Sequence[One]) -> One:
        """Each as often; name one twice to have it twice as often."""
        return those[self.below(len(those))]


@dataclass(frozen=True)
class Child:
    """Whose record it is, and where."""

    calendar: SchoolCalendar
    state: StatePlan
    home: Family
    born: date
    girl: bool
    number: int
    """Of the record: incidents are numbered by it."""
    school: SyntheticOrganisation
    districts: tuple[SyntheticOrganisation, ...]
    """Of the state."""
    household: int
    """The number of the family's first record: what is a family's is numbered by it, so that twins have one order and one address."""
    schools_of: Mapping[str, Sequence[SyntheticOrganisation]]
    """By the key of the district, of the state."""

    @property
    def schools(self) -> Sequence[SyntheticOrganisation]:
        """Of the child's district."""
        return self.schools_of[str(self.school.parent)]

    @property
    def age(self) -> int:
        """In years, on the day of the calendar."""
        today = self.calendar.as_of
        return today.year - self.born.year - ((today.month, today.day) < (self.born.month, self.born.day))

    def before_school(self, days: int) -> str:
        """The day that lies so many before the school year."""
        return (self.calendar.begins - timedelta(days=days)).isoformat()


def anybody(document: Document, child: Child) -> bool:
    """Concerns everyone."""
    return True


@dataclass(frozen=True)
class Thing:
    """Something that a record may have."""

    name: str
    share: float
    """Of those whom it concerns, where the rates say nothing else."""
    members: tuple[str, ...]
    """Paths that it adds, or may put another value into; every other member stays as it was."""
    add: Callable[[Document, Draws, Child], None]
    concerns: Callable[[Document, Child], bool] = anybody
    of_household: bool = False
    """Whether it is the family's and not the child's: twins have it alike."""


def coded(system: str, code: str) -> Document:
    """A code in the system of a CEDS element (`000012`), or in one of the source's own."""
    return {"system": f"ceds:{system}" if system.isdigit() else f"local:{system}", "code": code}
