"""What a record says beyond its bones, thing by thing.

INVARIANT: a thing draws from a stream that only the seed, the person (or the family) and its own name decide, and touches no member but
those that it names. So a thing that comes, goes or changes its share leaves every other member of every record as it was.
"""

from node.synthetic.details.of_academics import OF_ACADEMICS
from node.synthetic.details.of_contacts import OF_CONTACTS
from node.synthetic.details.of_discipline import OF_DISCIPLINE
from node.synthetic.details.of_health import OF_HEALTH
from node.synthetic.details.of_persons import OF_PERSONS
from node.synthetic.details.of_programmes import OF_PROGRAMMES
from node.synthetic.details.of_schooling import OF_SCHOOLING
from node.synthetic.details.of_special_education import OF_SPECIAL_EDUCATION
from node.synthetic.details.of_two_schools import OF_TWO_SCHOOLS
from node.synthetic.details.things import Child, Draws, Thing
from node.synthetic.people import Document
from node.synthetic.rates import Rates

THINGS: tuple[Thing, ...] = (
    *OF_PERSONS, *OF_CONTACTS, *OF_SCHOOLING, *OF_ACADEMICS, *OF_SPECIAL_EDUCATION, *OF_PROGRAMMES, *OF_HEALTH, *OF_DISCIPLINE,
    *OF_TWO_SCHOOLS,
)  # fmt: skip
"""In the order in which they are added."""

__all__ = ["THINGS", "Child", "Thing", "add_details"]


def add_details(document: Document, child: Child, rates: Rates, *, person: str, household: str) -> None:
    """Add to a record's sections what chance gives them.

    person     names the stream of the child: the same in every record of one
    household  names that of the family, which twins share
    """
    for thing in THINGS:
        share = rates.details.get(thing.name, thing.share)
        if share > 0 and thing.concerns(document, child):
            draws = Draws(f"{household if thing.of_household else person}/{thing.name}")
            if draws.falls(share):
                thing.add(document, draws, child)
