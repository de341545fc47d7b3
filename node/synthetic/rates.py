"""How often things are so among the invented students: every share is a parameter."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rates:
    """Shares of students, unless a year or births are named."""

    iep: float = 0.15
    section_504: float = 0.03
    english_learner: float = 0.10
    homeless: float = 0.025
    foster: float = 0.006
    migrant: float = 0.005
    military: float = 0.015
    meal_status: float = 0.40
    twins: float = 0.03
    """Of births."""
    gifted: float = 0.06
    title_i: float = 0.20
    tribal: float = 0.015
    suffix: float = 0.03
    """Of boys."""
    alias: float = 0.02
    sealed_name: float = 0.002
    protected_address: float = 0.003
    rights_ended: float = 0.01
    """A parent's rights ended by a court."""
    earlier_address: float = 0.30
    exemption: float = 0.02
    restraint: float = 0.002
    expulsion: float = 0.002
    statement: float = 0.001
    retained: float = 0.02
    """Repeated a grade within the four years."""
    within_district: float = 0.06
    """Moves a year to another school of the district, beside those to the next level."""
    between_districts: float = 0.05
    """Moves a year."""
    interstate: float = 0.018
    """Moves a year to the other state."""
    mid_year: float = 0.4
    """Of moves: in the middle of a school year; the others are in the summer."""
    returning: float = 0.25
    """A year, of those who left their district: back to it."""
    registered_anew: float = 0.03
    """Of moves between districts: the new district does not find the child, and the state has two ids for one."""
    still_claimed: float = 0.15
    """Of moves to the other state in this school year or the summer before it: the state that was left has the child enrolled still."""
    never_there: float = 0.001
    """Of those in school who never were in the other state: a district there has them on its rolls."""
    leaving: float = 0.006
    """A year, in its middle and for good: home schooling, a private school of another state, abroad."""
    dropping_out: float = 0.02
    """A year, from grade 9 on, in its middle: no school at all."""
    details: Mapping[str, float] = field(default_factory=dict)
    """By the name of the thing (node.synthetic.details.THINGS), of those whom it concerns; a thing that is not named has its own share."""


SUPPORT = ("iep", "section_504", "english_learner", "homeless", "foster", "migrant", "military")
"""In the order in which they are drawn."""

DEFAULT = Rates()
