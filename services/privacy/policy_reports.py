"""What was found of a policy set, and whether it may be approved: validated, tested, replayed, and what an approver has to name."""

from dataclasses import dataclass
from typing import Literal, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.wire import Digest
from safepassage.wire_policy_sets import Acknowledgement, PolicyReplay, PolicyTests, PolicyValidation, ReplayReport
from services.privacy.tables import PolicyReplayRow, PolicyReportRow

Report = TypeVar("Report", PolicyValidation, PolicyTests)


@dataclass(frozen=True)
class Findings:
    """The latest of each kind."""

    validation: PolicyValidation | None
    tests: PolicyTests | None
    replays: tuple[PolicyReplay, ...]
    """Newest first."""

    @property
    def replay(self) -> PolicyReplay | None:
        """The newest that has ended well."""
        return next((one for one in self.replays if one.state == "done"), None)

    @property
    def needs(self) -> tuple[Literal["validation", "tests", "replay"], ...]:
        """What is missing, or has not passed."""
        missing: list[Literal["validation", "tests", "replay"]] = []
        if self.validation is None or not self.validation.passed:
            missing.append("validation")
        if self.tests is None or not self.tests.passed:
            missing.append("tests")
        if self.replay is None:
            missing.append("replay")
        return tuple(missing)

    @property
    def must_acknowledge(self) -> tuple[Acknowledgement, ...]:
        """What an approver has to name."""
        found: list[Acknowledgement] = []
        replay = self.replay
        if replay is not None and replay.report is not None and replay.report.deny_to_permit:
            found.append("deny-to-permit")
        if self.validation is not None and self.validation.cedar == "not-run":
            found.append("cedar-not-run")
        if self.tests is not None and self.tests.changed:
            found.append("changed-cases")
        return tuple(found)


async def findings_of(tx: AsyncSession, policy_hash: Digest) -> Findings:
    """Everything that was found of a set."""
    query = select(PolicyReplayRow).where(PolicyReplayRow.policy_hash == policy_hash).order_by(PolicyReplayRow.id.desc()).limit(20)
    return Findings(
        validation=await _latest(tx, policy_hash, "validation", PolicyValidation),
        tests=await _latest(tx, policy_hash, "tests", PolicyTests),
        replays=tuple(replay_of(row) for row in (await tx.scalars(query)).all()),
    )


def replay_of(row: PolicyReplayRow) -> PolicyReplay:
    """A replay as it is read."""
    return PolicyReplay.model_validate(
        {
            "id": row.id,
            "policy_hash": row.policy_hash,
            "requested_at": row.requested_at,
            "from": row.from_at,
            "until": row.until_at,
            "state": row.state,
            "done": row.done,
            "total": row.total,
            "finished_at": row.finished_at,
            "report": None if row.report is None else ReplayReport.model_validate_json(row.report),
        }
    )


def keep_report(tx: AsyncSession, report: PolicyValidation | PolicyTests, *, official: str) -> None:
    """Keep what a validation or a test found."""
    tx.add(
        PolicyReportRow(
            id=report.id,
            policy_hash=report.policy_hash,
            kind="validation" if isinstance(report, PolicyValidation) else "tests",
            passed=report.passed,
            at=report.at,
            official=official,
            whole=report.model_dump_json(),
        )
    )


async def report_by_id(tx: AsyncSession, report_id: UUID, kind: type[Report]) -> Report:
    """A report that is there."""
    return kind.model_validate_json((await tx.get_one(PolicyReportRow, report_id)).whole)


async def _latest(tx: AsyncSession, policy_hash: Digest, kind: str, model: type[Report]) -> Report | None:
    query = (
        select(PolicyReportRow.whole)
        .where(PolicyReportRow.policy_hash == policy_hash, PolicyReportRow.kind == kind)
        .order_by(PolicyReportRow.at.desc(), PolicyReportRow.passed, PolicyReportRow.id)
        .limit(1)
    )
    whole = await tx.scalar(query)
    return None if whole is None else model.model_validate_json(whole)
