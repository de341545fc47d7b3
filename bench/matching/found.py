"""How many children a finding finds, and how many others: what is compared, held against the truth of the matching sets. Pure.

Points are equal exactly where texts are, so that the texts are compared here and no curve is needed.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from bench.matching.sets import MatchingSet
from safepassage.record.identity import Identity
from safepassage.wire_exchange import PersonSelector
from services.records.finding.tokens import held_texts, sought_texts


@dataclass
class Share:
    """Of some children."""

    children: int = 0
    found: int = 0

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.found / self.children if self.children else 0.0


@dataclass
class Found:
    """Of one set, or of several together."""

    there: Share = field(default_factory=Share)
    """Children whom both sides know; found: the right record is among those that meet."""
    absent: Share = field(default_factory=Share)
    """Children whom one side alone knows; found: some record meets, and "perhaps" is said of a child who is not there."""
    by_origin: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    """Of those who are there and no twins."""
    points: int = 0
    """Of all records of the side that is asked."""
    records: int = 0

    def count(self, known: MatchingSet) -> None:
        """Seek each child of the right side at the left one."""
        held: dict[str, set[str]] = defaultdict(set)
        for one in known.left:
            texts = held_texts(known.identities[one.key])
            self.points, self.records = self.points + len(texts), self.records + 1
            for text in texts:
                held[text].add(one.key)
        left = {right: one for one, right in known.pairs().items()}
        for one in known.right:
            met = set().union(*(held[text] for text in sought_texts(person_of(known.identities[one.key])) if text in held))
            there, truth = left.get(one.key), known.truth[one.key]
            shares = [self.absent] if there is None else [self.there]
            if there is not None and not truth.twin:
                shares.append(self.by_origin[truth.origin])
            for share in shares:
                share.children += 1
                share.found += bool(met) if there is None else there in met

    @property
    def gap(self) -> float:
        """The largest difference between naming traditions, of those who are there."""
        shares = [one.share for one in self.by_origin.values()]
        return max(shares) - min(shares)


def person_of(identity: Identity) -> PersonSelector:
    """As the family says it at the new school. A first name that is not known is a placeholder."""
    name, born = identity.name, identity.birth_date
    if name is None or born is None:
        raise ValueError("a record of the sets has a name and a birth date")
    last = " ".join(part for part in (name.last_1, name.last_2) if part)
    return PersonSelector(first_name=name.first or "FNU", last_name=last, birth_date=born.birth_date)
