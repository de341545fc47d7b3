"""Who would gain and who would lose: recorded decisions under another set, counted, never told of a student. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from safepassage.wire import Digest
from safepassage.wire_policy_sets import ReplayReport, Shift
from services.privacy.policy import PolicyInput, PolicySet, decide
from services.privacy.policy.outcome import Outcome
from services.privacy.replay_skeletons import Skeleton, Skeletons

SAMPLES: Final = 20
REMEMBERED: Final = 20_000

RawId = UUID | str
"""As the store's driver has it: few are told."""

Answer = Mapping[str, tuple[str, str] | None]
"""Of each element None where it is permitted, else the reason and the policy."""


@dataclass
class _Change:
    """What becomes of every decision with one skeleton, and how many there were."""

    recipient_kind: str
    purpose: str
    groups: list[tuple[list[tuple[str, str, bool]], int, int]]
    """Of each group: (element, policy, gained) for each change; how many answers stay; how many have another reason."""
    only: int | None
    """The group of the one student, or of none; None for a page: each has groups of its own."""
    students: Counter[int] = field(default_factory=Counter)
    """Of pages, by group."""
    decisions: int = 0
    gains: bool = field(init=False)
    loses: bool = field(init=False)

    def __post_init__(self) -> None:
        self.gains = any(gained for changes, _, _ in self.groups for _, _, gained in changes)
        self.loses = any(not gained for changes, _, _ in self.groups for _, _, gained in changes)


class Differences:
    """Takes decisions one by one."""

    def __init__(self, new: PolicySet, skeletons: Skeletons) -> None:
        self._new, self._skeletons = new, skeletons
        self._changes: dict[tuple[Digest, Skeleton], _Change] = {}
        self._totals: Counter[str] = Counter()
        self._shifts: dict[str, Counter[tuple[str, bool]]] = {
            "policy": Counter(),
            "element": Counter(),
            "recipient": Counter(),
            "purpose": Counter(),
        }
        self._samples: dict[bool, list[RawId]] = {False: [], True: []}
        self._samples_wanted = True

    def add(self, decision_id: RawId, policy_hash: Digest, recorded_input: bytes) -> bool:
        """Count one recorded decision. False: none of its skeleton was met before, and it has to be told with its outcome (`meet`)."""
        skeleton, students = self._skeletons.of(recorded_input)
        change = self._changes.get((policy_hash, skeleton))
        if change is None:
            return False
        change.decisions += 1
        if change.only is None or (self._samples_wanted and (change.gains or change.loses)):
            self._note(change, decision_id, students)
        return True

    def meet(
        self, decision_id: UUID, set_of_then: PolicySet | None, policy_hash: Digest, recorded_input: bytes, recorded_outcome: bytes
    ) -> None:
        """As `add`, for the first decision of its skeleton.

        set_of_then       the set that decided, None where it is not held
        recorded_outcome  canonical; for each skeleton it is seen once that it is what the set of then decides
        """
        skeleton, students = self._skeletons.of(recorded_input)
        key = (policy_hash, skeleton)
        change = self._changes.get(key)
        try:
            if change is None:
                change = self._change(set_of_then, recorded_input, students, recorded_outcome)
        except ValueError:
            self._totals["not_replayed"] += 1
            return
        change.decisions += 1
        self._note(change, decision_id, students)
        if set_of_then is not None:
            self._remember(key, change)
        else:
            self._totals["not_reproduced"] += 1
            self._count(change)

    def _note(self, change: _Change, decision_id: RawId, students: bytes) -> None:
        """What is kept of a decision beside that it was one."""
        if change.only is None:
            change.students.update(_groups_of(students))
        if change.gains and len(self._samples[True]) < SAMPLES:
            self._samples[True].append(decision_id)
        if change.loses and len(self._samples[False]) < SAMPLES:
            self._samples[False].append(decision_id)
        self._samples_wanted = any(len(samples) < SAMPLES for samples in self._samples.values())

    def report(self) -> ReplayReport:
        """What was found."""
        for change in self._changes.values():
            self._count(change)
        self._changes.clear()
        totals = self._totals
        return ReplayReport(
            decisions=totals["decisions"] + totals["not_replayed"],
            students=totals["students"],
            decisions_losing=totals["losing"],
            decisions_gaining=totals["gaining"],
            permit_to_deny=totals["permit_to_deny"],
            deny_to_permit=totals["deny_to_permit"],
            unchanged=totals["unchanged"],
            other_reason=totals["other_reason"],
            by_policy=_shifts(self._shifts["policy"]),
            by_element=_shifts(self._shifts["element"]),
            by_recipient_kind=_shifts(self._shifts["recipient"]),
            by_purpose=_shifts(self._shifts["purpose"]),
            samples_losing=tuple(UUID(str(one)) for one in self._samples[False]),
            samples_gaining=tuple(UUID(str(one)) for one in self._samples[True]),
            not_replayed=totals["not_replayed"],
            not_reproduced=totals["not_reproduced"],
        )

    def _change(self, set_of_then: PolicySet | None, recorded_input: bytes, students: bytes, outcome: bytes) -> _Change:
        policy_input = PolicyInput.model_validate_json(recorded_input, strict=True)
        canonical = policy_input.canonical()
        if set_of_then is not None and decide(policy_input, set_of_then, canonical=canonical).canonical() != outcome:
            self._totals["not_reproduced"] += 1
        after = decide(policy_input, self._new, canonical=canonical)
        permit = _permits(self._new, policy_input)
        before = [_recorded(group) for group in json.loads(outcome)["groups"]]
        if len(before) != len(after.groups):
            raise ValueError("the recorded outcome has other groups")
        groups = [_compared(then, _answered(after, number), permit) for number, then in enumerate(before)]
        only = None if b"[" in students else _only_group(students)
        return _Change(policy_input.recipient.kind, policy_input.purpose, groups, only)

    def _remember(self, key: tuple[Digest, Skeleton], change: _Change) -> None:
        if len(self._changes) >= REMEMBERED and key not in self._changes:
            for one in self._changes.values():
                self._count(one)
            self._changes.clear()
        self._changes[key] = change

    def _count(self, change: _Change) -> None:
        totals = self._totals
        totals["decisions"] += change.decisions
        totals["gaining"] += change.decisions * change.gains
        totals["losing"] += change.decisions * change.loses
        by_group = change.students if change.only is None else {change.only: change.decisions}
        for number, students in by_group.items():
            changes, same, other = change.groups[number]
            totals["students"] += students
            totals["unchanged"] += same * students
            totals["other_reason"] += other * students
            for element, policy, gained in changes:
                totals["deny_to_permit" if gained else "permit_to_deny"] += students
                for name, by in (
                    (policy, "policy"),
                    (element, "element"),
                    (change.recipient_kind, "recipient"),
                    (change.purpose, "purpose"),
                ):
                    self._shifts[by][name, gained] += students


def _only_group(student: bytes) -> int:
    """The group of one student; the last where its facts could not be used, the first where there is no student."""
    group = student[student.rfind(b",") + 1 :]
    return int(group or 0) if group != b"null" else -1


def _groups_of(students: bytes) -> Iterable[int]:
    return [-1 if group is None else group for _, _, group in json.loads(b"[[%b]]" % students)]


def _recorded(group: dict[str, list[dict[str, str]]]) -> Answer:
    withheld = {one["element"]: (one["reason"], one.get("policy", "")) for one in group["withheld"]}
    return dict.fromkeys(map(str, group["permitted"])) | withheld


def _answered(outcome: Outcome, number: int) -> Answer:
    group = outcome.groups[number]
    withheld = {one.element: (one.reason, one.policy or "") for one in group.withheld}
    return dict.fromkeys(group.permitted) | withheld


def _permits(policy_set: PolicySet, policy_input: PolicyInput) -> str:
    claimed = policy_set.claims.get((policy_input.basis, policy_input.action))
    return "no policy" if claimed is None else claimed.annotations.id


def _compared(then: Answer, now: Answer, permit: str) -> tuple[list[tuple[str, str, bool]], int, int]:
    changes: list[tuple[str, str, bool]] = []
    same = other = 0
    for element, before in then.items():
        after = now[element]
        if (before is None) == (after is None):
            other += before != after
            same += before == after
        elif after is None:
            changes.append((element, permit, True))
        else:
            changes.append((element, after[1] or "no policy", False))
    return changes, same, other


def _shifts(counts: Counter[tuple[str, bool]]) -> tuple[Shift, ...]:
    names = sorted({name for name, _ in counts})
    return tuple(Shift(name=name, permit_to_deny=counts[name, False], deny_to_permit=counts[name, True]) for name in names)
