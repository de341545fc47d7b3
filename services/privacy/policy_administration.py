"""What officials do at the operator's command line, on the privacy service's store itself: the same functions as behind the routes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage import __version__
from safepassage.problems.policy_sets import NoSuchPolicySet
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_policy_sets import (
    NewCallOff,
    NewPolicyActivation,
    NewPolicyApproval,
    NewPolicyReplay,
    NewPolicySet,
    NewPolicyTests,
    PolicyActivation,
    PolicyApproval,
    PolicyReplay,
    PolicyReportRequest,
    PolicySetDocument,
    PolicySetSummary,
    PolicyTests,
    PolicyValidation,
)
from services.privacy import activation, policy_approvals, policy_replays, replay_requests
from services.privacy.policy import load_policy_set
from services.privacy.policy_checks import tested, validated
from services.privacy.policy_drafts import cedar, drafted, keep_draft
from services.privacy.policy_hand import operators_hand, policy_event
from services.privacy.policy_reports import keep_report, replay_of
from services.privacy.policy_schedule import activations
from services.privacy.policy_set_reading import page_of_sets, policy_set_document, set_row
from services.privacy.policy_sets import PolicySets, keep_built_in
from services.privacy.sealing import Sealer
from services.privacy.settings import PrivacySettings
from services.privacy.tables import LeaseRow, OutboxRow, PolicyActivationRow, PolicyReplayRow, PolicySetRow
from shared.app import internal_tokens
from shared.clock import Clock, system_clock
from shared.database import Database
from shared.key_providers import key_provider_of
from shared.outbox import Outbox
from shared.schema_head import require_head
from shared.siblings import Siblings

LOOKED_AT_EVERY_SECONDS = 1.0


class PolicyAdministration:
    """The operator's hand on the policy sets of one store. Each step is one transaction, its entry for the log included."""

    def __init__(self, settings: PrivacySettings, database: Database, clock: Clock) -> None:
        """Raises KeyFileUnusable, KeysUnavailable, PolicySetBroken."""
        siblings = Siblings("privacy", internal_tokens("privacy", settings), {}, clock)
        sealer = Sealer.of(settings.keys_directory, key_provider_of(settings, "privacy"))
        self._database, self._clock = database, clock
        self._outbox = Outbox("privacy", database, siblings, clock, row=OutboxRow, lease=LeaseRow, holder="command")
        self._outbox.sealing = sealer
        self._sets = PolicySets(database, load_policy_set())
        self._replays = policy_replays.Replays(
            database=database, sets=self._sets, sealer=sealer, outbox=self._outbox, clock=clock, holder="command"
        )

    async def open(self) -> None:
        """Keep the set of this version; on a store that no service has started on yet it decides, as it would at the first start."""
        now = self._clock()
        async with self._database.transaction() as tx:
            await keep_built_in(tx, self._sets.built_in, title=f"Safe Passage {__version__}", now=now)
            if (await tx.scalars(select(PolicyActivationRow.number).limit(1))).first() is None:
                await activation.start_release(tx, self._outbox, self._sets.built_in, now=now)

    async def sets(self) -> tuple[PolicySetSummary, ...]:
        """The newest 1,000."""
        async with self._database.reading() as tx:
            return (await page_of_sets(tx, None, limit=1000, now=self._clock()))[0]

    async def activations(self) -> tuple[PolicyActivation, ...]:
        """The latest 200."""
        async with self._database.reading() as tx:
            return await activations(tx)

    async def read(self, policy_hash: str) -> PolicySetDocument:
        """A set, by its hash or the beginning of it. Raises NoSuchPolicySet, InvalidRequest."""
        async with self._database.reading() as tx:
            return await policy_set_document(tx, await _named(tx, policy_hash), self._clock())

    async def draft(self, new: NewPolicySet) -> PolicySetDocument:
        """Draft a set. Raises as services.privacy.policy_drafts does."""
        hand, now = operators_hand(new.acting_official, self._clock), self._clock()
        async with self._database.reading() as tx:
            base = None if new.based_on is None else await tx.get(PolicySetRow, new.based_on)
        draft = drafted(new, base, parser=cedar())
        async with self._database.transaction() as tx:
            return await policy_set_document(tx, await keep_draft(tx, self._outbox, draft, new, hand, now=now), now)

    async def validate(self, policy_hash: str, asked: PolicyReportRequest) -> PolicyValidation:
        """Check a set. Raises NoSuchPolicySet."""
        hand = operators_hand(asked.acting_official, self._clock)
        async with self._database.transaction() as tx:
            row = await _named(tx, policy_hash)
            report = validated(row, parser=cedar(), now=self._clock())
            keep_report(tx, report, official=hand.official)
            outcome = "passed" if report.passed else "refused"
            event = policy_event("policy-set-validated", str(report.id), hand, row.policy_hash, outcome=outcome, count=len(report.findings))
            self._outbox.record(tx, event)
        return report

    async def test(self, policy_hash: str, asked: NewPolicyTests) -> PolicyTests:
        """Run tables of cases. Raises NoSuchPolicySet, PolicySetNotUsable."""
        hand = operators_hand(asked.acting_official, self._clock)
        policy_set = await self._sets.found((await self.read(policy_hash)).policy_hash)
        report = tested(policy_set, asked, now=self._clock())
        async with self._database.transaction() as tx:
            keep_report(tx, report, official=hand.official)
            outcome = "passed" if report.passed else "refused"
            event = policy_event("policy-set-tested", str(report.id), hand, report.policy_hash, outcome=outcome, count=report.failed_count)
            self._outbox.record(tx, event)
        return report

    async def replay(self, policy_hash: str, asked: NewPolicyReplay) -> PolicyReplay:
        """Run a replay to its end, here or where a service holds the lease. Raises NoSuchPolicySet, PolicySetNotUsable, InvalidRequest."""
        hand = operators_hand(asked.acting_official, self._clock)
        await self._sets.found((await self.read(policy_hash)).policy_hash)
        async with self._database.transaction() as tx:
            row = await _named(tx, policy_hash)
            replay = await replay_requests.request_replay(tx, self._outbox, row, asked, hand, now=self._clock())
        while replay.state in ("queued", "running"):
            await self._replays.drain()
            async with self._database.reading() as tx:
                replay = replay_of(await tx.get_one(PolicyReplayRow, replay.id))
            if replay.state in ("queued", "running"):
                await asyncio.sleep(LOOKED_AT_EVERY_SECONDS)
        return replay

    async def approve(self, policy_hash: str, asked: NewPolicyApproval) -> PolicyApproval:
        """Approve a set. Raises as services.privacy.policy_approvals does."""
        hand = operators_hand(asked.acting_official, self._clock)
        async with self._database.transaction() as tx:
            return await policy_approvals.approve(tx, self._outbox, await _named(tx, policy_hash), asked, hand, now=self._clock())

    async def activate(self, policy_hash: str, asked: NewPolicyActivation) -> PolicyActivation:
        """Let a set decide from an instant on. Raises as services.privacy.activation does."""
        hand = operators_hand(asked.acting_official, self._clock)
        policy_set = await self._sets.found((await self.read(policy_hash)).policy_hash)
        async with self._database.transaction() as tx:
            row = await _named(tx, policy_hash)
            return await activation.activate(tx, self._outbox, row, policy_set, asked, hand, now=self._clock())

    async def call_off(self, number: int, asked: NewCallOff) -> PolicyActivation:
        """Call an activation off. Raises NoSuchActivation, ActivationHasBegun."""
        hand = operators_hand(asked.acting_official, self._clock)
        async with self._database.transaction() as tx:
            return await activation.call_off(tx, self._outbox, number, asked, hand, now=self._clock())


async def _named(tx: AsyncSession, policy_hash: str) -> PolicySetRow:
    """The set of a hash, or of the first eight characters or more."""
    if len(policy_hash) >= 43:
        return await set_row(tx, policy_hash)
    if len(policy_hash) < 8 or not policy_hash.replace("-", "").replace("_", "").isalnum():
        raise InvalidRequest("a policy hash, or its first eight characters", field="set")
    begins = PolicySetRow.policy_hash.startswith(policy_hash, autoescape=True)
    rows = [row for row in (await tx.scalars(select(PolicySetRow).where(begins))).all() if row.policy_hash.startswith(policy_hash)]
    if len(rows) != 1:
        raise NoSuchPolicySet
    return rows[0]


@asynccontextmanager
async def policy_administration(settings: PrivacySettings, *, clock: Clock = system_clock) -> AsyncIterator[PolicyAdministration]:
    """Open a store whose schema is at head; the service may be running. Raises SchemaNotAtHead, KeyFileUnusable, PolicySetBroken."""
    database = Database.of(settings)
    try:
        await require_head("privacy", database)
        administration = PolicyAdministration(settings, database, clock)
        await administration.open()
        yield administration
    finally:
        await database.close()
