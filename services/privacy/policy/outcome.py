"""What a decision says: per student, element and reason; in a form that two computations of the same input make alike, to the byte."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from safepassage.canonical import canonical_json
from safepassage.wire import Digest
from services.privacy.policy.time_values import instant_of, milliseconds_of
from shared.contracts.privacy import Obligation, SubjectOutcome, Withheld


@dataclass(frozen=True)
class GroupOutcome:
    """The decision for students whose facts are alike. Elements stand in the order of the record, unknown ones last."""

    permitted: tuple[str, ...]
    withheld: tuple[Withheld, ...]


@dataclass(frozen=True)
class Outcome:
    """The answer to a PolicyInput."""

    groups: tuple[GroupOutcome, ...]
    group_of: tuple[tuple[str | None, int], ...]
    """Student id and index of the group, in the order of the input; one without student for the action `request`."""
    policies: tuple[str, ...]
    """Ids of every policy that had a say: that permitted, forbade or obliged."""
    citations: tuple[str, ...]
    obligations: tuple[Obligation, ...]
    reviewed: bool
    alerts: tuple[str, ...]
    """What went wrong and was therefore denied; empty in good order."""
    holds_until_milliseconds: int | None
    policy_hash: Digest
    input_hash: Digest
    required: bool = False
    """The law makes the disclosure a duty, not a permission (34 CFR 99.31(d))."""

    @property
    def outcome(self) -> Literal["permit", "permit-with-redaction", "deny"]:
        """Over every student and element."""
        used = [self.groups[group] for _, group in self.group_of]
        if not any(group.permitted for group in used):
            return "deny"
        return "permit-with-redaction" if any(group.withheld for group in used) else "permit"

    @property
    def holds_until(self) -> datetime | None:
        """The first instant at which a fact changes by time alone."""
        return None if self.holds_until_milliseconds is None else instant_of(self.holds_until_milliseconds)

    @cached_property
    def subjects(self) -> tuple[SubjectOutcome, ...]:
        """In the order of the request."""
        answers = [{"permitted": group.permitted, "withheld": group.withheld} for group in self.groups]
        return tuple(SubjectOutcome.model_validate({"student_id": student} | answers[group]) for student, group in self.group_of)

    def canonical(self) -> bytes:
        """RFC 8785 JSON, to be recorded."""
        return canonical_json(
            {
                "v": 1,
                "outcome": self.outcome,
                "groups": [{"permitted": list(it.permitted), "withheld": [_withheld(one) for one in it.withheld]} for it in self.groups],
                "subjects": [list(pair) for pair in self.group_of],
                "policies": list(self.policies),
                "citations": list(self.citations),
                "obligations": [_obligation(one) for one in self.obligations],
                "required": self.required,
                "reviewed": self.reviewed,
                "alerts": list(self.alerts),
                "holds_until": self.holds_until_milliseconds,
                "policy_hash": self.policy_hash,
                "input_hash": self.input_hash,
            }
        )


def _withheld(one: Withheld) -> Mapping[str, Any]:
    return one.model_dump(mode="json", exclude_none=True)


def _obligation(one: Obligation) -> Mapping[str, Any]:
    due_at = None if one.due_at is None else milliseconds_of(one.due_at)
    return {"kind": one.kind, "argument": one.argument, "citation": one.citation, "due_at": due_at}
