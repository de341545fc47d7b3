"""A child of a state, before anything is written down."""

from dataclasses import dataclass
from datetime import date

from node.synthetic.lives import Life
from node.synthetic.people import Family
from node.synthetic.schooling import Attended, Stay
from node.synthetic.truth import Claim


@dataclass(frozen=True)
class Person:
    """Who it is, and through which schools it went."""

    index: int
    case: str | None
    twin_of: int | None
    home: Family
    born: date
    girl: bool
    given: str | None
    life: Life
    claimed: Stay | None
    """The stay that a state does not know to have ended: the child went to school in the other one then."""
    feigned: Stay | None
    """The stay that the other state says there is, in which the child never was."""

    def claim(self, attended: Attended) -> Claim | None:
        """What the record that tells of these stays is in it."""
        if self.claimed is None and self.feigned is None:
            return None
        if attended[0] is self.claimed:
            return "left"
        if attended[0] is self.feigned:
            return "never-there"
        present = self.life.sojourns[-1].stay
        return "attends" if attended[0] is present and present.exit_date is None else None

    def attended(self, *, home: bool, anew: bool) -> Attended:
        """The stays that one record tells of, the latest first."""
        after = self.life.anew_from
        told = []
        for place, one in enumerate(self.life.sojourns):
            is_anew = after is not None and place >= after and one.home == self.life.sojourns[after].home
            if one.home == home and is_anew == anew:
                told.append(one.stay)
        return told[::-1]
