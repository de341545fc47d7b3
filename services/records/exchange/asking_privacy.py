"""Asking privacy: may it leave, does it still stand? Questions of one moment in one call, each answered as if it had come alone."""

import asyncio
from collections.abc import Sequence
from itertools import compress
from uuid import UUID

from safepassage.problems import SuiteError, problem_from
from safepassage.problems.requests import NotPermitted, TemporarilyUnavailable
from services.records.disclosure import is_on_the_tokens_basis
from services.records.exchange.own_log import JOB
from shared.contracts.privacy import (
    Decision,
    DecisionAnswer,
    DecisionAnswers,
    DecisionBatch,
    DecisionRequest,
    Standing,
    StandingBatch,
    Standings,
)
from shared.gathered import Gathered
from shared.internal_token import Principal
from shared.siblings import Siblings

MOST = 100
AT_ONCE = 4
COUNTS_SECONDS = 0.5
"""For so long what privacy has said of a decision may be relied on: a commit takes some milliseconds."""


class AskingPrivacy:
    """Of one process."""

    def __init__(self, siblings: Siblings) -> None:
        self._siblings = siblings
        self._decisions: Gathered[None, DecisionRequest, Decision] = Gathered(self._decide, most=MOST, at_once=AT_ONCE)
        self._standings: Gathered[None, UUID, Standing] = Gathered(self._stand, most=MOST, at_once=AT_ONCE)
        self.answers_in_time = True
        """Whether what was asked beside something else last was wanted while its answer counted."""

    async def decision(self, asked: DecisionRequest) -> Decision:
        """privacy's decision on a question of this service's own. Raises its problem, TemporarilyUnavailable."""
        return await self._decisions(None, asked)

    async def standing(self, decision_id: UUID) -> Standing:
        """Whether a decision still stands. Raises TemporarilyUnavailable where privacy does not answer."""
        return await self._standings(None, decision_id)

    def standing_beside(self, decision_id: UUID) -> "AskedStanding":
        """The same question, asked now, while its asker does something else; in a burst, where its answer would be too old, later."""
        return AskedStanding(self, decision_id)

    async def decisions_for(self, principal: Principal, asked: Sequence[DecisionRequest]) -> list[Decision | SuiteError]:
        """The decision on each question of one caller, or its problem; at most 100. Raises TemporarilyUnavailable.

        INVARIANT: privacy is asked nothing on another legal basis than the caller's token is for.
        """
        within = [is_on_the_tokens_basis(principal.caller, one) for one in asked]
        decided = iter(await self._decided_for(principal, list(compress(asked, within))))
        return [next(decided) if one else NotPermitted("the token is for another legal basis") for one in within]

    async def _decided_for(self, principal: Principal, asked: Sequence[DecisionRequest]) -> list[Decision | SuiteError]:
        if len(asked) != 1:
            return await self._decided(asked, by=principal) if asked else []
        try:
            return [await self._siblings.call("privacy", "POST", "/internal/decisions", answer=Decision, by=principal, body=asked[0])]
        except SuiteError as error:
            return [error]

    async def _decide(self, _: None, asked: Sequence[DecisionRequest]) -> Sequence[Decision | Exception]:
        if len(asked) == 1:
            return [await self._siblings.call("privacy", "POST", "/internal/decisions", answer=Decision, by=JOB, body=asked[0])]
        return await self._decided(asked, by=JOB)

    async def _decided(self, asked: Sequence[DecisionRequest], *, by: Principal | str) -> list[Decision | SuiteError]:
        batch = DecisionBatch(requests=tuple(asked))
        given = await self._siblings.call("privacy", "POST", "/internal/decision-batches", answer=DecisionAnswers, by=by, body=batch)
        if len(given.answers) != len(asked):
            raise TemporarilyUnavailable("privacy answers something else")
        return [_of(one) for one in given.answers]

    async def _stand(self, _: None, decision_ids: Sequence[UUID]) -> Sequence[Standing | Exception]:
        if len(decision_ids) > 1:
            batch = StandingBatch(decision_ids=tuple(decision_ids))
            try:
                given = await self._siblings.call("privacy", "POST", "/internal/standing-batches", answer=Standings, by=JOB, body=batch)
            except SuiteError:
                # One that cannot be read must not keep the others waiting for ever: each by itself.
                return [await self._alone(one) for one in decision_ids]
            if len(given.standings) == len(decision_ids):
                return given.standings
        return [await self._alone(one) for one in decision_ids]

    async def _alone(self, decision_id: UUID) -> Standing | Exception:
        try:
            return await self._siblings.call("privacy", "POST", f"/internal/decisions/{decision_id}/standing", answer=Standing, by=JOB)
        except SuiteError as error:
            return error


class AskedStanding:
    """Whether a decision stands, asked while the envelope is being stored: the answer counts for a moment only.

    Where that takes longer than a moment, as among a hundred, it is asked once the answer is wanted, and not twice.
    """

    def __init__(self, privacy: AskingPrivacy, decision_id: UUID) -> None:
        self._privacy, self._decision_id = privacy, decision_id
        self._asked_at = asyncio.get_running_loop().time()
        self._answer = asyncio.create_task(self._ask()) if privacy.answers_in_time else None

    async def _ask(self) -> Standing | SuiteError:
        try:
            return await self._privacy.standing(self._decision_id)
        except SuiteError as error:
            return error

    async def answer(self) -> Standing:
        """What privacy says. INVARIANT: not what it said a while ago; then it is asked again. Raises TemporarilyUnavailable."""
        said = None if self._answer is None else await self._answer
        self._privacy.answers_in_time = asyncio.get_running_loop().time() - self._asked_at <= COUNTS_SECONDS
        if said is None or not self._privacy.answers_in_time:
            return await self._privacy.standing(self._decision_id)
        if isinstance(said, SuiteError):
            raise said
        return said


def _of(answer: DecisionAnswer) -> Decision | SuiteError:
    """INVARIANT: what is neither is no permission."""
    if answer.decision is not None and answer.problem is None:
        return answer.decision
    return TemporarilyUnavailable("privacy answers something else") if answer.problem is None else problem_from(answer.problem)
