"""What a decision says: per student, element and reason; in a form that two computations of the same input make alike, to the byte."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, Final, Literal

from safepassage.canonical import canonical_json, digest_of
from safepassage.wire import Digest
from services.privacy.policy.time_values import instant_of, milliseconds_of
from shared.contracts.privacy import Obligation, SubjectOutcome, Withheld


@dataclass(frozen=True)
class GroupOutcome:
    """The decision for students whose facts are alike. Elements stand in the order of the record, unknown ones last."""

    permitted: tuple[str, ...]
    withheld: tuple[Withheld, ...]

    @cached_property
    def canonical(self) -> bytes:
        """RFC 8785 JSON: a member of every outcome that has this group."""
        return canonical_json({"permitted": list(self.permitted), "withheld": [_withheld(one) for one in self.withheld]})


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

    @cached_property
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

    def for_another(self, student_id: str, *, holds_until: int | None, canonical: bytes) -> "Outcome":
        """What was decided for one student, for another whose input is the same but for its student, until when it holds and evidence.

        canonical  the other's input
        """
        ((_, group),) = self.group_of
        other = replace(self, group_of=((student_id, group),), holds_until_milliseconds=holds_until, input_hash=digest_of(canonical))
        other.__dict__["outcome"], other.__dict__["_written"] = self.outcome, self._written
        return other

    def canonical(self) -> bytes:
        """RFC 8785 JSON, to be recorded. Groups are written once and kept: what stands before and after them is written around them."""
        before, between = self._written
        holds_until = b"null" if self.holds_until_milliseconds is None else b"%d" % self.holds_until_milliseconds
        last = canonical_json({"subjects": [list(pair) for pair in self.group_of], "v": 1})
        # INVARIANT: "alerts", "citations" < "groups" < "holds_until", "input_hash" < all that follows < "subjects", "v", so that the whole
        # is the RFC 8785 form (a test compares).
        groups = b",".join([group.canonical for group in self.groups])
        input_hash = self.input_hash.encode()  # a Digest: nothing in it is escaped
        return b'%b,"groups":[%b],"holds_until":%b,"input_hash":"%b",%b,%b' % (before, groups, holds_until, input_hash, between, last[1:])

    @cached_property
    def _written(self) -> tuple[bytes, bytes]:
        """What is not of one student: before the groups, and between the hash of the input and the students."""
        before = b'{"alerts":%b,"citations":%b' % (_listed(self.alerts), _listed(self.citations))
        between = b'"obligations":[%b],"outcome":"%b","policies":%b,"policy_hash":"%b","required":%b,"reviewed":%b' % (
            b",".join([_obligation(one) for one in self.obligations]),
            self.outcome.encode(),
            _listed(self.policies),
            self.policy_hash.encode(),
            _TRUTH[self.required],
            _TRUTH[self.reviewed],
        )
        return before, between


_TRUTH: Final = (b"false", b"true")


def _withheld(one: Withheld) -> Mapping[str, Any]:
    return one.model_dump(mode="json", exclude_none=True)


def _obligation(one: Obligation) -> bytes:
    first, last = _around_due_at(one.kind, one.argument, one.citation)
    return b'%b,"due_at":%b,%b' % (first, b"null" if one.due_at is None else b"%d" % milliseconds_of(one.due_at), last)


@lru_cache(maxsize=1024)
def _around_due_at(kind: str, argument: str | None, citation: str | None) -> tuple[bytes, bytes]:
    """What rules say of an obligation; few say it, many times. It is no fact of a student."""
    return canonical_json({"argument": argument, "citation": citation})[:-1], canonical_json({"kind": kind})[1:]


@lru_cache(maxsize=1024)
def _listed(words: tuple[str, ...]) -> bytes:
    """Ids and citations of rules, as JSON."""
    return canonical_json(list(words))
