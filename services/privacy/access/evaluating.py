"""Several questions at one instant, on one snapshot of the facts: decided one by one, kept together, before any is answered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select
from starlette.requests import Request

from safepassage.wire import Digest
from safepassage.wire_access import AccessDecision
from safepassage.wire_decisions import AccessRecord
from services.privacy.access.answers import Verdict, answer, unseen_input, unseen_outcome, verdict_on
from services.privacy.access.asked import Asked
from services.privacy.access.sight import Sight
from services.privacy.evaluation import Evaluation, Judge, decision_on, evaluate, keeping
from services.privacy.facts import Facts, read_facts
from services.privacy.policy_schedule import deciding_hash
from services.privacy.policy_sets import PolicySets
from services.privacy.sealing import Sealer
from services.privacy.tables import SubjectRow
from shared.caller import Caller
from shared.clock import Clock
from shared.contracts.privacy import Decision, DecisionRequest, SubjectVersion
from shared.database import Database
from shared.outbox import Outbox

_VERSIONS = select(SubjectRow.student_id, SubjectRow.facts_version).where(
    SubjectRow.student_id.in_(bindparam("student_ids", expanding=True))
)

WHATEVER_IS_ASKED_FOR = {"elements": ("any",)}
"""What has no part in which facts are read: two questions that differ in nothing else rest on the same evidence."""


@dataclass(frozen=True)
class Seen:
    """The facts of one question, at the version that is held, as its caller may use them."""

    request: DecisionRequest
    """With its student, if the caller sees one of this id."""
    facts: Facts
    in_full: bool


@dataclass(frozen=True)
class Judged:
    """One question, decided."""

    seen: Seen
    evaluation: Evaluation
    verdict: Verdict
    decision: Decision

    @property
    def answer(self) -> AccessDecision:
        """What the caller is told."""
        return answer(self.decision, self.verdict, in_full=self.seen.in_full)


@dataclass(frozen=True)
class Hearing:
    """Questions with their facts, and what decides them. Pure from here on."""

    judge: Judge
    organisation_id: UUID
    asked: Sequence[Asked]
    seen: Sequence[Seen]
    now: datetime

    def judged(self, at: int, *, granted: bool = True) -> Judged:
        """Decide one question. `granted` False: nothing may be released on this decision, a search is no more than a search."""
        asked, seen, judge = self.asked[at], self.seen[at], self.judge
        if seen.request.subjects:
            evaluation = evaluate(judge, seen.request, seen.facts, caller_organisation_id=self.organisation_id, now=self.now)
        else:
            recorded = unseen_input(seen.request)
            outcome = unseen_outcome(recorded, seen.request.elements, judge.policy_set)
            evaluation = Evaluation(seen.request, seen.facts, outcome, self.now, recorded, outcome.canonical())
        verdict = verdict_on(evaluation.outcome, seen=bool(seen.request.subjects), partial=asked.partial, supported=asked.supported)
        return Judged(seen, evaluation, verdict, decision_on(judge, evaluation, granted=granted and verdict.granted))


class Bench:
    """Decides for one caller's request, and keeps what was decided."""

    def __init__(self, request: Request, caller: Caller) -> None:
        state = request.app.state
        self._database: Database = state.database
        self._judge: Judge = state.judge
        self._sets: PolicySets = state.policy_sets
        self._sealer: Sealer = state.sealer
        self._clock: Clock = state.clock
        self._outbox: Outbox = state.outbox
        self._caller = caller

    async def hear(self, asked: Sequence[Asked]) -> Hearing:
        """Read the facts of every question in one snapshot, and find the instant and the policy set that decide them all.

        # INVARIANT: never before a revocation that was seen, for any of them: they are answers of one instant.
        """
        asked_at = self._clock()  # before the snapshot: services.privacy.policy_schedule

        def read(connection: Connection) -> tuple[list[Seen], datetime, Digest]:
            seen = _seen(connection, self._judge, self._sealer, self._caller.organisation_id, asked, today=asked_at.date())
            now = max((one.facts.not_before(asked_at) for one in seen), default=asked_at)
            return seen, now, deciding_hash(connection, now)

        seen, now, policy_hash = await self._database.read(read)
        judge = self._judge.under(await self._sets.in_force(policy_hash))
        return Hearing(judge, self._caller.organisation_id, asked, seen, now)

    async def keep(self, judged: Iterable[Judged], *, searched: bool = False) -> None:
        """One row and one entry for each, all in one transaction. Nothing is answered before."""
        asked = "search" if searched else "evaluation"
        kept = [
            keeping(
                self._outbox,
                self._sealer,
                self._judge,
                one.evaluation,
                one.decision,
                self._caller.principal,
                AccessRecord(asked=asked, granted=one.verdict.granted and not searched, denied_as=one.verdict.denied_as),
            )
            for one in judged
        ]
        if not kept:
            return

        def write(connection: Connection) -> None:
            for keep in kept:
                keep(connection)

        await self._database.write(write)
        self._outbox.wake()


def _seen(connection: Connection, judge: Judge, sealer: Sealer, organisation_id: UUID, asked: Sequence[Asked], *, today: Any) -> list[Seen]:
    """Questions on the same evidence are read together: of a hundred students, what they have in common is read once."""
    sight = Sight.of(connection, organisation_id)
    named = {one.student_id for one in asked if one.student_id is not None}
    versions = _versions(connection, named)
    alike: dict[DecisionRequest, list[int]] = {}
    for at, one in enumerate(asked):
        alike.setdefault(one.request.model_copy(update=WHATEVER_IS_ASKED_FOR), []).append(at)
    found: dict[int, Seen] = {}
    for common, places in alike.items():
        students = tuple(dict.fromkeys(student for at in places if (student := asked[at].student_id) in versions))
        subjects = tuple(SubjectVersion(student_id=student, facts_version=versions[student]) for student in students if student is not None)
        facts = read_facts(
            connection,
            sealer,
            common.model_copy(update={"subjects": subjects}),
            node_organisation_id=judge.node_organisation_id,
            caller_organisation_id=organisation_id,
        )
        place_of = {subject.student_id: place for place, subject in enumerate(subjects)}
        for at in places:
            found[at] = _of_one(asked[at], facts, place_of, sight, subjects, today)
    return [found[at] for at in range(len(asked))]


def _versions(connection: Connection, student_ids: set[UUID]) -> dict[UUID, int]:
    """The version of the facts of each student who is held."""
    rows = connection.execute(_VERSIONS, {"student_ids": list(student_ids)}) if student_ids else ()
    return {row.student_id: row.facts_version for row in rows}


def _of_one(asked: Asked, facts: Facts, place_of: dict[UUID, int], sight: Sight, subjects: Sequence[SubjectVersion], today: Any) -> Seen:
    place = None if asked.student_id is None else place_of.get(asked.student_id)
    if place is None or not sight.sees(facts.subjects[place], today):
        return Seen(asked.request, facts.of_nobody(), in_full=True)
    request = asked.request.model_copy(update={"subjects": subjects[place : place + 1]})
    return Seen(request, facts.of_one(place), in_full=sight.keeps(facts.subjects[place]))
