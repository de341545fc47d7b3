"""Policy sets over the API: drafted, validated, tested, replayed, and approved by two."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from safepassage.canonical import from_base64url
from safepassage.problems.policy_sets import (
    ApprovedAlready,
    ApproverIsAuthor,
    NoSuchPolicySet,
    NoSuchReplay,
    NotAcknowledged,
    ParsedFormDiffers,
    ParsedFormMissing,
    PolicySetEmpty,
    PolicySetHeldAlready,
    PolicySetNotReady,
    PolicySetNotUsable,
    PolicyTextNotParsed,
)
from safepassage.problems.requests import NotPermitted
from safepassage.wire import Digest
from safepassage.wire_policy_sets import (
    NewPolicyApproval,
    NewPolicyReplay,
    NewPolicySet,
    NewPolicyTests,
    PolicyApproval,
    PolicyReplay,
    PolicyReportRequest,
    PolicySetDocument,
    PolicySetOrder,
    PolicySetOrigin,
    PolicySetPage,
    PolicyTests,
    PolicyValidation,
)
from services.privacy import policy_approvals, replay_requests
from services.privacy.policy_checks import tested, validated
from services.privacy.policy_drafts import cedar, drafted, keep_draft
from services.privacy.policy_hand import hand_of, policy_event
from services.privacy.policy_reports import keep_report, replay_of, report_by_id
from services.privacy.policy_set_reading import page_of_sets, policy_set_document, set_row
from services.privacy.tables import PolicyApprovalRow, PolicyReplayRow, PolicySetRow
from shared.caller import Caller, caller_with
from shared.cursors import Cursor, Limit, next_link
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.officials import as_known
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/policy-sets", tags=["policy sets"])

Reader = Annotated[Caller, caller_with("policies:draft", "policies:approve", "policies:activate", "policies:simulate")]
Drafter = Annotated[Caller, caller_with("policies:draft")]
Approver = Annotated[Caller, caller_with("policies:approve")]
Hash = Annotated[Digest, Path(description="The policy hash.")]
OnceOnly = Annotated[Once, Depends()]


@router.post(
    "",
    status_code=201,
    responses=responses(
        NoSuchPolicySet, PolicySetEmpty, PolicyTextNotParsed, ParsedFormMissing, ParsedFormDiffers, PolicySetHeldAlready, NotPermitted
    ),
)
async def draft_policy_set(
    new: NewPolicySet, request: Request, caller: Drafter, tx: Transaction, now: Now, once: OnceOnly
) -> PolicySetDocument:
    """Draft a policy set. It decides nothing until two other officials have approved it and it is activated."""
    state = request.app.state
    hand = hand_of(caller, new.acting_official, state.clock)
    async with state.database.reading() as reading:
        base = None if new.based_on is None else await reading.get(PolicySetRow, new.based_on)
    draft = await asyncio.to_thread(drafted, new, base, parser=cedar())
    if await once.earlier(tx, caller, "draft_policy_set") is not None:
        row = await set_row(tx, draft.policy_hash)
    else:
        row = await keep_draft(tx, state.outbox, draft, new, hand, now=now)
        await once.keep(tx, caller, "draft_policy_set", UUID(bytes=from_base64url(row.policy_hash)[:16]), now)
    return await policy_set_document(tx, row, now)


@router.get("", responses=responses(NotPermitted))
async def list_policy_sets(
    caller: Reader,
    request: Request,
    response: Response,
    tx: ReadOnly,
    now: Now,
    limit: Limit = 100,
    cursor: Cursor = None,
    origin: Annotated[PolicySetOrigin | None, Query(description="Only those of the release, or those drafted here.")] = None,
    activated: Annotated[bool | None, Query(description="Only those with an activation that holds, or without one.")] = None,
    sort: Annotated[PolicySetOrder, Query(description="With a minus from the end.")] = "-recorded_at",
) -> PolicySetPage:
    """The policy sets that the node holds, newest first unless asked otherwise."""
    require_state_agency(caller)
    bound_to = f"list_policy_sets:{caller.client_id}:{origin}:{activated}:{sort}"
    position = request.app.state.cursors.read(cursor, bound_to=bound_to)
    sets, following = await page_of_sets(tx, position, origin=origin, activated=activated, sort=sort, limit=limit, now=now)
    if following is None:
        return PolicySetPage(policy_sets=sets)
    signed = request.app.state.cursors.sign(following, bound_to=bound_to)
    chosen = {"origin": origin, "activated": None if activated is None else str(activated).lower()}
    asked = {**{name: value for name, value in chosen.items() if value is not None}, "limit": limit, "sort": sort, "cursor": signed}
    response.headers["link"] = next_link(request.url.path, asked)
    return PolicySetPage(policy_sets=sets, next=signed)


@router.get("/{policy_hash}", responses=responses(NoSuchPolicySet, NotPermitted))
async def read_policy_set(policy_hash: Hash, caller: Reader, tx: ReadOnly, now: Now) -> PolicySetDocument:
    """A set as an approver reads it: texts, what it changes, what was found, and what is missing."""
    require_state_agency(caller)
    return await policy_set_document(tx, await set_row(tx, policy_hash), now)


@router.post("/{policy_hash}/validation", responses=responses(NoSuchPolicySet, NotPermitted))
async def validate_policy_set(
    policy_hash: Hash, asked: PolicyReportRequest, request: Request, caller: Drafter, tx: Transaction, now: Now, once: OnceOnly
) -> PolicyValidation:
    """Check a set: Cedar's own validator where it is installed, every rule of the lint, and that a state's packs only narrow."""
    state = request.app.state
    hand = hand_of(caller, asked.acting_official, state.clock)
    async with state.database.reading() as reading:
        row = await set_row(reading, policy_hash)
    report = await asyncio.to_thread(validated, row, parser=cedar(), now=now)
    earlier = await once.earlier(tx, caller, "validate_policy_set")
    if earlier is not None:
        return await report_by_id(tx, earlier, PolicyValidation)
    keep_report(tx, report, official=hand.official)
    await once.keep(tx, caller, "validate_policy_set", report.id, now)
    outcome = "passed" if report.passed else "refused"
    event = policy_event("policy-set-validated", str(report.id), hand, policy_hash, outcome=outcome, count=len(report.findings))
    state.outbox.record(tx, event)
    return report


@router.post("/{policy_hash}/tests", responses=responses(NoSuchPolicySet, PolicySetNotUsable, NotPermitted))
async def run_policy_tests(
    policy_hash: Hash, asked: NewPolicyTests, request: Request, caller: Drafter, tx: Transaction, now: Now, once: OnceOnly
) -> PolicyTests:
    """Run the set's own table of cases, and the built-in one, which has to stay true but for the rows that are named."""
    state = request.app.state
    hand = hand_of(caller, asked.acting_official, state.clock)
    policy_set = await state.policy_sets.found(policy_hash)
    report = await asyncio.to_thread(tested, policy_set, asked, now=now)
    earlier = await once.earlier(tx, caller, "run_policy_tests")
    if earlier is not None:
        return await report_by_id(tx, earlier, PolicyTests)
    keep_report(tx, report, official=hand.official)
    await once.keep(tx, caller, "run_policy_tests", report.id, now)
    outcome = "passed" if report.passed else "refused"
    event = policy_event("policy-set-tested", str(report.id), hand, policy_hash, outcome=outcome, count=report.failed_count)
    state.outbox.record(tx, event)
    return report


@router.post("/{policy_hash}/replays", status_code=202, responses=responses(NoSuchPolicySet, PolicySetNotUsable, NotPermitted))
async def start_policy_replay(
    policy_hash: Hash, asked: NewPolicyReplay, request: Request, caller: Drafter, tx: Transaction, now: Now, once: OnceOnly
) -> PolicyReplay:
    """Run the decisions of a time under the set, as a job, and count who would gain and who would lose."""
    state = request.app.state
    hand = hand_of(caller, asked.acting_official, state.clock)
    await state.policy_sets.found(policy_hash)
    earlier = await once.earlier(tx, caller, "start_policy_replay")
    if earlier is not None:
        return replay_of(await tx.get_one(PolicyReplayRow, earlier))
    replay = await replay_requests.request_replay(tx, state.outbox, await set_row(tx, policy_hash), asked, hand, now=now)
    await once.keep(tx, caller, "start_policy_replay", replay.id, now)
    replay_requests.wake_after_commit(tx, state.replays)
    return replay


@router.get("/{policy_hash}/replays/{replay_id}", responses=responses(NoSuchReplay, NotPermitted))
async def read_policy_replay(policy_hash: Hash, replay_id: UUID, caller: Reader, tx: ReadOnly) -> PolicyReplay:
    """A replay: its progress, then what it found."""
    require_state_agency(caller)
    row = await tx.get(PolicyReplayRow, replay_id)
    if row is None or row.policy_hash != policy_hash:
        raise NoSuchReplay
    return replay_of(row)


@router.post(
    "/{policy_hash}/approvals",
    status_code=201,
    responses=responses(NoSuchPolicySet, ApproverIsAuthor, ApprovedAlready, PolicySetNotReady, NotAcknowledged, NotPermitted),
)
async def approve_policy_set(
    policy_hash: Hash, asked: NewPolicyApproval, request: Request, caller: Approver, tx: Transaction, now: Now, once: OnceOnly
) -> PolicyApproval:
    """Approve a set for its next activation, as an official who did not draft it."""
    state = request.app.state
    hand = hand_of(caller, asked.acting_official, state.clock)
    earlier = await once.earlier(tx, caller, "approve_policy_set")
    if earlier is not None:
        return PolicyApproval.model_validate_json((await tx.get_one(PolicyApprovalRow, earlier)).whole)
    asked = asked.model_copy(update={"acting_official": as_known(caller.claims, asked.acting_official)})
    approval = await policy_approvals.approve(tx, state.outbox, await set_row(tx, policy_hash), asked, hand, now=now)
    await once.keep(tx, caller, "approve_policy_set", approval.id, now)
    return approval


def require_state_agency(caller: Caller) -> None:
    """Raises NotPermitted for anybody else."""
    if caller.kind != "sea":
        raise NotPermitted("the state agency's officials read the node's policies")
