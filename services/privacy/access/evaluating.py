"""Several questions at one instant, on one snapshot of the facts: decided one by one, kept together, before any is answered."""

import asyncio
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final
from uuid import UUID

from sqlalchemy import Connection
from starlette.requests import Request

from safepassage.wire import Digest
from safepassage.wire_access import AccessDecision
from safepassage.wire_decisions import AccessRecord
from services.privacy.access.answers import Verdict, answer, unseen_input, unseen_outcome, verdict_on
from services.privacy.access.asked import Asked
from services.privacy.access.nobody import Nobody
from services.privacy.access.sight import Sight
from services.privacy.alike_questions import AlikeQuestions
from services.privacy.asked_by import AskedBy
from services.privacy.evaluation import Evaluation, Judge, decision_on, evaluate
from services.privacy.facts import Facts, read_alike, read_facts
from services.privacy.held_students import held_within
from services.privacy.kept_decisions import Kept, keep, kept
from services.privacy.policy_schedule import deciding_hash
from services.privacy.policy_sets import PolicySets
from services.privacy.sealing import Sealer
from shared.caller import Caller
from shared.clock import Clock
from shared.contracts.privacy import Decision, DecisionRequest, SubjectVersion
from shared.database import Database
from shared.outbox import Outbox

NOTHING_NAMED: Final = {"subjects": (), "consent_id": None, "other_consent_ids": (), "agreement_id": None, "evidence_ids": ()}
"""INVARIANT: where no student is seen nothing that the question rests on is read: whether it is there makes no work."""
SLICE = 8
"""Questions that are decided, or sealed, before others get their turn: some ms."""


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
    judge: Judge
    signs: bool
    """What is permitted may be released on it."""

    @cached_property
    def decision(self) -> Decision:
        """The decision that is kept and answered: a search asks for it where the answer is true."""
        return decision_on(self.judge, self.evaluation, granted=self.signs)

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

    @cached_property
    def _alike(self) -> AlikeQuestions:
        return AlikeQuestions(
            self.judge.policy_set,
            node_organisation_id=self.judge.node_organisation_id,
            caller_organisation_id=self.organisation_id,
            now=self.now,
        )

    def judged(self, at: int, *, granted: bool = True) -> Judged:
        """Decide one question. `granted` False: nothing may be released on this decision, a search is no more than a search."""
        asked, seen, judge = self.asked[at], self.seen[at], self.judge
        if seen.request.subjects:
            evaluation = evaluate(
                judge,
                seen.request,
                seen.facts,
                caller_organisation_id=self.organisation_id,
                now=self.now,
                together=(self._alike, asked.request),
            )
        else:
            recorded = unseen_input(seen.request)
            outcome = unseen_outcome(recorded, seen.request.elements, judge.policy_set)
            evaluation = Evaluation(seen.request, seen.facts, outcome, self.now, recorded, outcome.canonical())
        verdict = verdict_on(evaluation.outcome, seen=bool(seen.request.subjects), partial=asked.partial, supported=asked.supported)
        return Judged(seen, evaluation, verdict, judge, signs=granted and verdict.granted)


class Bench:
    """Decides for one caller's request, and keeps what was decided."""

    def __init__(self, request: Request, caller: Caller) -> None:
        state = request.app.state
        self._database: Database = state.database
        self._judge: Judge = state.judge
        self._sets: PolicySets = state.policy_sets
        self._sealer: Sealer = state.sealer
        self._nobody: Nobody = state.nobody
        self._clock: Clock = state.clock
        self._outbox: Outbox = state.outbox
        self._caller = caller

    async def hear(self, asked: Sequence[Asked]) -> Hearing:
        """Read the facts of every question in one snapshot, and find the instant and the policy set that decide them all.

        # INVARIANT: never before a revocation that was seen, for any of them: they are answers of one instant.
        """
        asked_at = self._clock()  # before the snapshot: services.privacy.policy_schedule

        def read(connection: Connection) -> tuple[list[Seen], datetime, Digest]:
            organisation_id = self._caller.organisation_id
            seen = _seen(connection, self._judge, self._sealer, self._nobody, organisation_id, asked, now=asked_at)
            now = max((one.facts.not_before(asked_at) for one in seen), default=asked_at)
            return seen, now, deciding_hash(connection, now)

        seen, now, policy_hash = await self._database.read(read)
        judge = self._judge.under(await self._sets.in_force(policy_hash))
        return Hearing(judge, self._caller.organisation_id, asked, seen, now)

    async def keep(self, judged: Iterable[Judged], *, searched: bool = False) -> None:
        """One row and one entry for each, all in one transaction. Nothing is answered before."""
        asked = "search" if searched else "evaluation"
        by = AskedBy(self._caller.principal)
        rows: list[Kept] = []
        for one in judged:
            access = AccessRecord(asked=asked, granted=one.verdict.granted and not searched, denied_as=one.verdict.denied_as)
            rows.append(kept(self._outbox, self._sealer, self._judge, one.evaluation, one.decision, by, access))
            await turn_for_others(len(rows))
        if rows:
            await self._database.write(lambda connection: keep(connection, self._outbox, rows))
            self._outbox.wake()


async def turn_for_others(done: int) -> None:
    """After each SLICE of many pieces."""
    if done % SLICE == 0:
        await asyncio.sleep(0)


def _seen(
    connection: Connection, judge: Judge, sealer: Sealer, nobody: Nobody, organisation_id: UUID, asked: Sequence[Asked], *, now: datetime
) -> list[Seen]:
    """Each student is read once, and so is the evidence of questions that rest on the same."""
    sight = Sight.of(connection, organisation_id)
    students = list(dict.fromkeys(one.student_id for one in asked if one.student_id is not None))
    # INVARIANT: of a student beyond its caller's sight nothing more is looked for, so that it takes as long as for one who is not there.
    held = held_within(connection, sealer, students, sees=lambda facts: sight.sees(facts, now), nobody=nobody.opened)
    alike: dict[Hashable, list[int]] = {}
    for at, one in enumerate(asked):
        alike.setdefault(read_alike(one.request), []).append(at)
    found: dict[int, Seen] = {}
    for places in alike.values():
        seen = dict.fromkeys(student for at in places if (student := asked[at].student_id) in held)
        subjects = tuple(
            SubjectVersion(student_id=student, facts_version=held[student].facts.facts_version) for student in seen if student is not None
        )
        facts = read_facts(
            connection,
            sealer,
            asked[places[0]].request.model_copy(update={"subjects": subjects} if subjects else NOTHING_NAMED),
            node_organisation_id=judge.node_organisation_id,
            caller_organisation_id=organisation_id,
            held=held,
        )
        place_of = {subject.student_id: place for place, subject in enumerate(subjects)}
        for at in places:
            found[at] = _of_one(asked[at], facts, place_of, sight, subjects, now)
    return [found[at] for at in range(len(asked))]


def _of_one(asked: Asked, facts: Facts, place_of: dict[UUID, int], sight: Sight, subjects: Sequence[SubjectVersion], now: datetime) -> Seen:
    place = None if asked.student_id is None else place_of.get(asked.student_id)
    if place is None or not sight.sees(facts.subjects[place], now):
        return Seen(asked.request, facts.of_nobody(), in_full=True)
    request = asked.request.model_copy(update={"subjects": subjects[place : place + 1]})
    return Seen(request, facts.of_one(place), in_full=sight.keeps(facts.subjects[place]))
