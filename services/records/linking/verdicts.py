"""What may follow from a pair's weight: united by the machine, put before a person, or nothing. Pure.

A false match is far worse than a miss. The weight alone unites nobody: names, the date of birth and one thing more have to agree, and
nothing may speak against it. INVARIANT: a possible sibling of a multiple birth, and two identifiers of one system, are a person's to judge.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import log2

from services.records.linking.given_names import may_be_two
from services.records.linking.persons import LinkedPerson
from services.records.normalisation import same_surname


@dataclass(frozen=True)
class Thresholds:
    """Match weights, as `link_model.json` has them."""

    automatic: float
    """From which nothing but the rules stands against uniting."""
    person: float
    """From which a pair about which there is doubt is worth a person's look. It may be the higher one."""
    pairs: float
    """How many pairs of records there were where the thresholds were found."""

    @property
    def least(self) -> float:
        """Below it nothing follows."""
        return min(self.automatic, self.person)

    def for_pairs(self, pairs: float) -> "Thresholds":
        """Among more pairs a chance agreement is likelier in proportion: the weights rise by as many bits."""
        more = max(0.0, log2(max(pairs, 1.0) / self.pairs))
        return Thresholds(self.automatic + more, self.person + more, max(pairs, self.pairs))


@dataclass(frozen=True)
class Linked:
    """Two records, by key, that are one child's as far as a machine may say."""

    one: str
    other: str
    weight: float


@dataclass(frozen=True)
class ForPerson:
    """Two records that may be one child's. `reasons` are codes, sorted: why the machine does not say so."""

    one: str
    other: str
    weight: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Verdicts:
    """What follows. A pair that is in neither is nobody's."""

    automatic: tuple[Linked, ...]
    for_person: tuple[ForPerson, ...]
    beside: tuple[tuple[ForPerson, ...], ...] = ()
    """Of a child whose records the machine unites, and one more that may be its own: pairs of which one is enough to ask about, the
    likeliest first.
    """


def verdicts(
    scored: Iterable[tuple[str, str, float]],
    people: Mapping[str, LinkedPerson],
    thresholds: Thresholds,
    parted: Collection[frozenset[str]] = frozenset(),
) -> Verdicts:
    """Judge the pairs of a set.

    people  all of its records by key, whether in a pair or not: a twin may be among them
    parted  pairs of which somebody has said that they are two children: the machine unites them no more
    """
    siblings = _Siblings(people.values())
    found: list[tuple[str, str, float, tuple[str, ...]]] = []
    for one, other, weight in scored:
        if weight < thresholds.least:
            continue
        reasons = doubts(people[one], people[other]) | siblings.near(people[one], people[other])
        if weight < thresholds.automatic:
            reasons = reasons | {"weight-below-automatic"}
        if not reasons or weight >= thresholds.person:
            found.append((one, other, weight, tuple(sorted(reasons))))
    several = _in_several(found)
    agree = [Linked(*pair[:3]) for pair in found if not pair[3] and not several & {pair[0], pair[1]}]
    automatic = [pair for pair in agree if frozenset((pair.one, pair.other)) not in parted]
    child_of = _children(automatic)
    unsure = [ForPerson(one, other, weight, reasons or ("several-agree",)) for one, other, weight, reasons in found]
    waiting = [pair for pair in unsure if pair.one not in child_of and pair.other not in child_of]
    return Verdicts(tuple(automatic), tuple(waiting), tuple(_beside(unsure, child_of)))


def _children(automatic: Iterable[Linked]) -> dict[str, str]:
    """Of each record that is united with another, one record that stands for all of the child."""
    records: dict[str, set[str]] = {}
    for pair in automatic:
        together = records.get(pair.one, {pair.one}) | records.get(pair.other, {pair.other})
        records.update(dict.fromkeys(together, together))
    return {key: min(together) for key, together in records.items()}


def _beside(unsure: Iterable[ForPerson], child_of: Mapping[str, str]) -> Iterable[tuple[ForPerson, ...]]:
    """INVARIANT: of two children, or a child and a record, a person is asked once, however many records the machine has united."""
    between: dict[tuple[str, ...], list[ForPerson]] = defaultdict(list)
    for pair in unsure:
        one, other = (child_of.get(key, key) for key in (pair.one, pair.other))
        if one != other and (pair.one in child_of or pair.other in child_of):
            between[tuple(sorted((one, other)))].append(pair)
    return (tuple(sorted(those, key=lambda pair: (-pair.weight, pair.one, pair.other))) for those in between.values())


def doubts(one: LinkedPerson, other: LinkedPerson) -> frozenset[str]:
    """Why these two may not be united by a machine, whatever the weight: codes. Empty: nothing speaks against it."""
    found = set()
    if not same_given(one, other):
        found.add("given-name-near")
    elif not _same_form(one, other) and not _is_called(one, other):
        found.add("nickname")
    if not same_surname(one.surnames, other.surnames) and not (slipped(one.surname, other.surname) and one.guardians & other.guardians):
        found.add("surname-differs")
    if one.birth_date is None or one.birth_date != other.birth_date:
        found.add("birth-date-differs")
    elif one.born_by_default:
        found.add("default-birth-date")
    if not (one.guardians & other.guardians or one.places & other.places or one.state_ids & other.state_ids):
        found.add("name-and-birth-date-only")
    if _contradict(one.middle, other.middle):
        found.add("middle-name-differs")
    if one.suffix is not None and other.suffix is not None and one.suffix != other.suffix:
        found.add("suffix-differs")
    if one.sex is not None and other.sex is not None and one.sex != other.sex:
        found.add("sex-differs")
    if one.multiple_birth or other.multiple_birth:
        found.add("multiple-birth")
    if identifiers_contradict(one, other):
        found.add("identifier-contradicts")
    return frozenset(found)


def same_given(one: LinkedPerson, other: LinkedPerson) -> bool:
    """A form of the given name, or a group of nicknames, is shared."""
    return not one.given_forms.isdisjoint(other.given_forms)


def slipped(one: str | None, other: str | None) -> bool:
    """One slip of the pen apart: a letter left out, put in, changed, or two neighbours exchanged, in a name of four letters or more."""
    if one is None or other is None or one == other or min(len(one), len(other)) < 4 or abs(len(one) - len(other)) > 1:
        return False
    start = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    first, second = one[start:], other[start:]
    if len(first) != len(second):
        longer, shorter = (first, second) if len(first) > len(second) else (second, first)
        return longer[1:] == shorter
    return first[1:] == second[1:] or (first[:2] == second[1::-1] and first[2:] == second[2:])


def _same_form(one: LinkedPerson, other: LinkedPerson) -> bool:
    return any(not form.startswith("group:") for form in one.given_forms & other.given_forms)


def _is_called(one: LinkedPerson, other: LinkedPerson) -> bool:
    """Whether two names of a group are surely one child's: of one home, and, where twins could bear both, with one middle name.

    INVARIANT: of a home's children born on one day only the names tell which is which.
    """
    if not one.guardians & other.guardians:
        return False
    agree = one.middle is not None and other.middle is not None and not _contradict(one.middle, other.middle)
    return agree or not may_be_two(one.given_forms, other.given_forms)


def _may_be_another(one: LinkedPerson, other: LinkedPerson) -> bool:
    """Whether the given names may be those of two children."""
    return not same_given(one, other) or (not _same_form(one, other) and may_be_two(one.given_forms, other.given_forms))


def identifiers_contradict(one: LinkedPerson, other: LinkedPerson) -> bool:
    """One state gave both an id, and not the same."""
    systems = {system for system, _ in one.state_ids} & {system for system, _ in other.state_ids}
    return any(
        {form for system, form in one.state_ids if system == shared}.isdisjoint(
            form for system, form in other.state_ids if system == shared
        )
        for shared in systems
    )


class _Siblings:
    """Who was born on one day with one surname."""

    def __init__(self, people: Iterable[LinkedPerson]) -> None:
        self._held: dict[tuple[date, str], list[LinkedPerson]] = defaultdict(list)
        for one in people:
            if one.birth_date is not None:
                for form in one.surnames:
                    self._held[one.birth_date, form].append(one)

    def near(self, one: LinkedPerson, other: LinkedPerson) -> frozenset[str]:
        """Whether a third record may be of a twin of either."""
        pair = {one.key, other.key}
        for member in (one, other):
            if member.birth_date is None:
                continue
            for form in member.surnames:
                for third in self._held[member.birth_date, form]:
                    if third.key not in pair and _may_be_another(member, third) and (third.multiple_birth or not strangers(member, third)):
                        return frozenset({"multiple-birth"})
        return frozenset()


def strangers(one: LinkedPerson, other: LinkedPerson) -> bool:
    """It is known of both where they live and with whom, and they share nothing of it."""
    first, second = one.guardians | one.places, other.guardians | other.places
    return bool(first) and bool(second) and first.isdisjoint(second)


def _in_several(found: Sequence[tuple[str, str, float, tuple[str, ...]]]) -> set[str]:
    """Keys that agree with more than one record without these agreeing with each other: at most one of them can be right."""
    agreeing: dict[str, set[str]] = defaultdict(set)
    for one, other, _, reasons in found:
        if not reasons:
            agreeing[one].add(other)
            agreeing[other].add(one)
    return {key for key, others in agreeing.items() if any(others - {other} - agreeing[other] for other in others)}


def _contradict(one: str | None, other: str | None) -> bool:
    """Two middle names that are there and differ, an initial being enough to agree."""
    return one is not None and other is not None and not (one.startswith(other) or other.startswith(one))
