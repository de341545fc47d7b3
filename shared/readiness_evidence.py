"""What every service measures of itself for the readiness scorecard, and how gateway and records tell privacy once a minute."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import Connection, func, select

from safepassage.problems import SuiteError
from shared.contracts.readiness import KeyEncryption, Waiting
from shared.key_encryption import WRAPPED
from shared.leases import LeaseColumns, take_lease

log = logging.getLogger(__name__)

FIRST_SECONDS: Final = 5.0
"""After a start the others are there too."""
EVERY_SECONDS: Final = 60.0
LOOK_AGAIN_SECONDS: Final = 15.0
"""While another process holds the lease: it may be one that has just ended."""
LEASE_NAME: Final = "readiness"
LEASE: Final = timedelta(seconds=90)

Step = Callable[[FastAPI], Awaitable[None]]


def entries_waiting(connection: Connection, row: type[Any], *, now: datetime) -> Waiting:
    """What the outbox `row` still owes the log."""
    of_audit = row.sibling == "audit"
    waiting = select(func.count(), func.min(row.next_attempt_at)).where(of_audit, row.refused_as.is_(None))
    rows, oldest = connection.execute(waiting).one()
    refused = connection.execute(select(func.count()).select_from(row).where(of_audit, row.refused_as.is_not(None))).scalar_one()
    late = 0 if oldest is None else max(int((now - oldest).total_seconds()), 0)
    return Waiting(rows=rows, refused=refused, oldest_seconds=late)


def key_encryption_in(keys_directory: Path, *, now: datetime) -> KeyEncryption:
    """The key files that seal a service's store: how many versions, and how old the newest is by the file's own time."""
    folder = keys_directory / "key-encryption"
    made = [path.stat().st_mtime for ending in ("*.key", f"*{WRAPPED}") for path in folder.glob(ending)]
    age = now - datetime.fromtimestamp(max(made), UTC) if made else timedelta()
    return KeyEncryption(versions=len(made), newest_age_days=max(age.days, 0))


async def keep_doing(app: FastAPI, step: Step, *, lease: type[LeaseColumns]) -> None:
    """Do `step` every minute until cancelled; of several replicas the holder of the lease does. A failure is said, and tried again."""
    state = app.state
    await asyncio.sleep(FIRST_SECONDS)
    while True:
        pause = EVERY_SECONDS
        try:
            fence = await take_lease(state.database, lease, name=LEASE_NAME, holder=state.holder, now=state.clock(), lasts=LEASE)
            if fence is None:
                pause = LOOK_AGAIN_SECONDS
            else:
                await step(app)
        except SuiteError as error:
            log.warning("readiness evidence was not taken", extra={"code": error.code})
        except Exception as error:
            log.error("readiness evidence failed", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value
        await asyncio.sleep(pause)


async def tell_privacy(app: FastAPI, service: str, report: BaseModel) -> None:
    """Push a service's report. Raises TemporarilyUnavailable, or the problem that privacy answered."""
    content = report.model_dump_json(by_alias=True, exclude_none=True).encode()
    await app.state.siblings.send("privacy", "PUT", f"/internal/readiness-evidence/{service}", by="readiness", content=content)
