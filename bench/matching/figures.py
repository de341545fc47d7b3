"""What verdicts are worth where the truth is known: precision, recall, people's share, by group. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.matching.sets import MatchingSet
from services.records.linking.verdicts import Verdicts


@dataclass
class Group:
    """Children of one kind whom both sides know."""

    children: int = 0
    automatic: int = 0
    """United by the machine, rightly."""
    person: int = 0
    """Before a person, who is shown the right record."""

    def add(self, other: "Group") -> None:
        """Count the children of another set too."""
        self.children += other.children
        self.automatic += other.automatic
        self.person += other.person

    @property
    def recall(self) -> float:
        """By the machine alone."""
        return self.automatic / self.children if self.children else 1.0

    @property
    def found(self) -> float:
        """By the machine or before a person."""
        return (self.automatic + self.person) / self.children if self.children else 1.0


@dataclass
class Figures:
    """Of one set, or of several together."""

    records: int
    """On the side for which records were looked for."""
    right: int = 0
    wrong: int = 0
    twins_united: int = 0
    to_people: int = 0
    """Records of that side that a person is shown."""
    all_children: Group = field(default_factory=Group)
    by_origin: dict[str, Group] = field(default_factory=dict)
    by_written: dict[str, Group] = field(default_factory=dict)
    by_kind: dict[str, Group] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def precision(self) -> float:
        """Of what the machine united."""
        united = self.right + self.wrong
        return self.right / united if united else 1.0

    @property
    def gap(self) -> float:
        """The largest difference of recall, by the machine and people, between naming traditions. Twins are left out."""
        found = [group.found for group in self.by_origin.values()]
        return max(found) - min(found)

    @property
    def gap_of_the_machine(self) -> float:
        """The same of what the machine does alone: how much more often people are asked about children of one tradition."""
        recalls = [group.recall for group in self.by_origin.values()]
        return max(recalls) - min(recalls)

    def summary(self) -> dict[str, Any]:
        """The figures that are asked for."""
        return {
            "precision_automatic": round(self.precision, 6),
            "recall_automatic": round(self.all_children.recall, 4),
            "recall_with_people": round(self.all_children.found, 4),
            "to_people": round(self.to_people / self.records, 4),
            "twins_united": self.twins_united,
            "gap_between_origins": round(self.gap, 4),
            "gap_of_the_machine_alone": round(self.gap_of_the_machine, 4),
        }


def pooled(sets: Sequence[Figures]) -> Figures:
    """The figures of several sets as those of one."""
    whole = Figures(records=sum(one.records for one in sets))
    for one in sets:
        whole.right += one.right
        whole.wrong += one.wrong
        whole.twins_united += one.twins_united
        whole.to_people += one.to_people
        whole.all_children.add(one.all_children)
        whole.reasons.update(one.reasons)
        for mine, others in ((whole.by_origin, one.by_origin), (whole.by_written, one.by_written), (whole.by_kind, one.by_kind)):
            for name, group in others.items():
                mine.setdefault(name, Group()).add(group)
    return whole


def figures_of(known: MatchingSet, found: Verdicts) -> Figures:
    """Count."""
    pairs, truth = known.pairs(), known.truth
    figures = Figures(records=len(known.right))
    united: dict[str, str] = {}
    for one in found.automatic:
        united[one.one] = one.other
        if pairs.get(one.one) == one.other:
            figures.right += 1
        else:
            figures.wrong += 1
        figures.twins_united += truth[one.one].twin or truth[one.other].twin
    shown = {(one.one, one.other) for one in found.for_person}
    figures.to_people = len({one.other for one in found.for_person})
    figures.reasons.update(reason for one in found.for_person for reason in one.reasons)
    for left, right in pairs.items():
        about, written = truth[left], truth[right].written
        groups = [figures.all_children, figures.by_kind.setdefault("twins" if about.twin else "not twins", Group())]
        if not about.twin:
            groups.append(figures.by_origin.setdefault(about.origin, Group()))
            groups += [figures.by_written.setdefault(what, Group()) for what in written or ("as in the other",)]
        _count(groups, united.get(left) == right, (left, right) in shown)
    return figures


def _count(groups: list[Group], automatic: bool, person: bool) -> None:
    for group in groups:
        group.children += 1
        group.automatic += automatic
        group.person += person and not automatic
