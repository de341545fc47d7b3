"""Whether this version can decide by the sets that are, or will be, in force: asked before an upgrade decides nothing unawares."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems import SuiteError
from safepassage.wire import Digest
from services.privacy.policy_schedule import deciding_at, to_come
from services.privacy.policy_sets import restored
from services.privacy.tables import PolicySetRow


@dataclass(frozen=True)
class Examined:
    """One set of the schedule."""

    policy_hash: Digest
    deciding: bool
    """It decides now; else it is to come."""
    fault: str | None
    """Why this version cannot decide by it."""


async def examine_schedule(tx: AsyncSession, now: datetime) -> tuple[Examined, ...]:
    """The set that decides at `now` and those that will, each restored and compiled as the service would. Raises PoliciesUnavailable."""
    hashes = (await deciding_at(tx, now), *await to_come(tx, now))
    stored = {row.policy_hash: row.contents for row in (await tx.execute(_CONTENTS.where(PolicySetRow.policy_hash.in_(hashes)))).all()}
    return tuple(_examined(hashes, stored))


_CONTENTS = select(PolicySetRow.policy_hash, PolicySetRow.contents)


def _examined(hashes: tuple[Digest, ...], stored: dict[Digest, str]) -> Iterator[Examined]:
    for place, policy_hash in enumerate(dict.fromkeys(hashes)):
        fault = None
        try:
            restored(stored.get(policy_hash, ""), policy_hash)
        except SuiteError as error:
            fault = f"{error.title}: {error.detail or error.remedy}"
        yield Examined(policy_hash, deciding=place == 0, fault=fault)
