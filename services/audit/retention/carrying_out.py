"""Carrying destructions out: each step is one transaction, and whoever was killed, or comes second, goes on with the next one.

approved → destroying: behind the lock of the log the rules are asked again, and the data keys go (a student's rows with them)
destroying → destroyed: the rows of the node's own key, piece by piece; the certificate; its entry of the log
destroyed → done: every key is wrapped again, and the version of the key-encryption key before is destroyed (docs/decisions/0017)
"""

import asyncio
import json
import logging
from typing import Any, Final
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import digest_of
from safepassage.problems import SuiteError
from safepassage.wire_retention import DestructionPreview
from services.audit.retention.acts import record_act
from services.audit.retention.assessing import Assessed, Named, assess
from services.audit.retention.certificate import PartsDigest, certificate_of, key_digest
from services.audit.retention.classes import periods
from services.audit.retention.destructions import APPROVALS, WAITS, approvals_of
from services.audit.retention.holds import lock_logs
from services.audit.retention.named import forget_namings
from services.audit.retention.sealed_students import student_of
from services.audit.retention.shredding import destroy_key, destroy_node_rows, destroy_student_rows
from services.audit.retention.units import NodeYear, StudentYear
from services.audit.retention.wrapping import begin, destroy_retired, rewrap, wrapping_of
from services.audit.tables import DestroyedPartRow, DestructionRow, KeyWrappingRow
from shared.contracts.audit import Actor, Digests
from shared.key_encryption import KeyProvider

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 60.0
ENTRIES_OF_A_STEP: Final = 5_000
JOB: Final = "destruction"


async def keep_carrying_out(app: FastAPI) -> None:
    """Carry out what is due, until cancelled. A lifespan task; several replicas do no harm."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await carry_out(app.state)
        except SuiteError as error:
            log.warning("destruction not carried out", extra={"code": error.code})
        except Exception as error:
            log.error("destruction not carried out", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value


async def carry_out(state: Any) -> None:
    """Bring every destruction as far as it goes now. Raises LogFrozen, LogUnavailable; what is left is done at the next call.

    # INVARIANT: one that cannot be carried out, as its row was altered, keeps no other from what the law or a schedule wants; it is said.
    """
    due = or_(
        DestructionRow.state == "destroying",
        (DestructionRow.state == "approved") & (DestructionRow.approved_at <= state.clock() - WAITS),
    )
    async with state.database.reading() as tx:
        ids = (await tx.scalars(select(DestructionRow.id).where(due).order_by(DestructionRow.id))).all()
    failed: Exception | None = None
    for destruction_id in ids:
        try:
            await _carry_out(state, destruction_id)
        except SuiteError:  # the log takes nothing, of none of them
            raise
        except Exception as error:
            failed = failed or error
    await _retire_versions(state)
    if failed is not None:
        raise failed


async def _carry_out(state: Any, destruction_id: UUID) -> None:
    async with state.database.transaction() as tx:
        await _destroy_keys(tx, state, destruction_id)
    await _destroy_node_rows(state, destruction_id)
    await _certify(state, destruction_id)
    await _record(state, destruction_id)


async def _destroy_keys(tx: AsyncSession, state: Any, destruction_id: UUID) -> None:
    """# INVARIANT: only what the approved preview did not keep, and nothing that is kept at this instant: behind the lock of the log."""
    last_t, now = await lock_logs(tx), state.clock()
    row = await tx.get_one(DestructionRow, destruction_id, with_for_update=True)
    if row.state != "approved" or row.approved_at is None or row.approved_at + WAITS > now:
        return
    if len({one.official for one in await approvals_of(tx, row)}) < APPROVALS:
        return
    preview = DestructionPreview.model_validate_json(row.preview)
    student = await student_of(tx, state.keys, row)
    named = Named(student, [year.school_year for year in preview.years], row.records_ended_on, row.clearance_id)
    assessed = await assess(tx, state.keys, named, years=periods(state.settings.retention_years), last_t=last_t, now=now)
    approved = {year.school_year for year in preview.years if not year.kept_because}
    chosen = [one for one in assessed if not one.kept and one.said.school_year in approved]
    for one in chosen:
        await destroy_key(tx, one.there, destruction_id=row.id, now=now)
        if isinstance(one.there, StudentYear):
            await destroy_student_rows(tx, state.keys, one.there, destruction_id=row.id)
    wrapping = await tx.get_one(KeyWrappingRow, 1)
    row.state, row.destroyed_at, row.wrapped_by = "destroying", now, wrapping.version
    row.plan = json.dumps(
        {
            "destroyed": [_destroyed(one) for one in chosen],
            "kept": [{"school_year": one.said.school_year, "because": one.said.kept_because} for one in assessed if one not in chosen],
        }
    )


def _destroyed(one: Assessed) -> dict[str, Any]:
    ranges = {str(year): span for year, span in one.there.ranges.items()} if isinstance(one.there, NodeYear) else {}
    return {
        "school_year": one.said.school_year,
        "key_id": one.there.key_id.hex(),
        "entries": one.said.entries,
        "index_rows": one.said.index_rows,
        "ranges": ranges,
    }


async def _destroy_node_rows(state: Any, destruction_id: UUID) -> None:
    plan = await _plan(state, destruction_id)
    for year in plan.get("destroyed", ()):
        for in_log, (start, end) in year["ranges"].items():
            for first in range(start, end, ENTRIES_OF_A_STEP):
                async with state.database.transaction() as tx:
                    await destroy_node_rows(
                        tx,
                        state.keys,
                        key_id=bytes.fromhex(year["key_id"]),
                        log=int(in_log),
                        start=first,
                        end=min(first + ENTRIES_OF_A_STEP, end),
                        destruction_id=destruction_id,
                    )


async def _plan(state: Any, destruction_id: UUID) -> dict[str, Any]:
    """The plan of a destruction that is under way; empty for any other."""
    async with state.database.reading() as tx:
        row = await tx.get_one(DestructionRow, destruction_id)
    plan: dict[str, Any] = json.loads(row.plan) if row.state == "destroying" and row.plan is not None else {}
    return plan


async def _certify(state: Any, destruction_id: UUID) -> None:
    """Write the certificate, once: it is the same whoever writes it, from what is stored."""
    plan = await _plan(state, destruction_id)
    if not plan.get("destroyed"):
        return
    async with state.database.transaction() as tx:
        row = await tx.get_one(DestructionRow, destruction_id, with_for_update=True)
        if row.certificate is not None or row.approved_at is None or row.destroyed_at is None:
            return
        parts = await parts_digest(tx, destruction_id)
        shown = ("school_year", "entries", "index_rows")
        certificate = certificate_of(
            node=state.settings.entity_id,
            destruction_id=row.id,
            of_student=row.of_student,
            basis=row.basis,
            reference=row.reference,
            records_ended_on=row.records_ended_on,
            asked_by=row.asked_by,
            asked_at=row.asked_at,
            approved_by=[one.official for one in await approvals_of(tx, row)],
            approved_at=row.approved_at,
            destroyed_at=row.destroyed_at,
            destroyed=[
                {"key": key_digest(bytes.fromhex(year["key_id"])), **{name: year[name] for name in shown}} for year in plan["destroyed"]
            ],
            kept=plan["kept"],
            parts=parts,
        )
        row.certificate = certificate.decode("ascii")


async def parts_digest(tx: AsyncSession, destruction_id: UUID) -> PartsDigest:
    """Of everything in whose place the destruction stands."""
    row, digest = DestroyedPartRow, PartsDigest()
    query = select(row.log, row.idx, row.part).where(row.destruction_id == destruction_id).order_by(row.log, row.idx, row.part)
    async for places in (await tx.stream(query)).partitions(ENTRIES_OF_A_STEP):
        digest.take((log, idx, part) for log, idx, part in places)
    return digest


async def _record(state: Any, destruction_id: UUID) -> None:
    """The entry of the log. Afterwards nothing in the row tells whose it was."""
    async with state.database.reading() as tx:
        row = await tx.get_one(DestructionRow, destruction_id)
        student = await student_of(tx, state.keys, row)
    if row.state != "destroying" or row.plan is None:
        return
    plan = json.loads(row.plan)
    done = "destroyed" if plan["destroyed"] else "kept"
    if student is not None and plan["destroyed"]:
        await forget_namings(state, student, destruction_id=destruction_id)
    receipt = await record_act(
        state.sequencer,
        Actor(kind="system", job=JOB),
        key=f"destruction:{row.id}:{done}",
        operation=f"destruction-{done}",
        about=f"destruction:{row.id}",
        student=student,
        reason=row.basis,
        count=sum(year["entries"] for year in plan["destroyed"]),
        digests=Digests(ct=None if row.certificate is None else digest_of(row.certificate.encode())),
    )
    place = receipt.places[0]
    values = {"state": done, "sealed_student": None, "entry_log": place.log, "entry_idx": place.at}
    async with state.database.transaction() as tx:
        await tx.execute(update(DestructionRow).where(DestructionRow.id == row.id, DestructionRow.state == "destroying").values(**values))


async def _retire_versions(state: Any) -> None:
    """Destroy the versions of the key-encryption key that wrapped what was destroyed, or see that somebody has."""
    provider: KeyProvider = state.keys.provider
    wrapping = await wrapping_of(state.database)
    if wrapping is None:
        return
    async with state.database.reading() as tx:
        query = select(DestructionRow.id, DestructionRow.wrapped_by).where(DestructionRow.state == "destroyed")
        waiting = {row.id: row.wrapped_by or 0 for row in await tx.execute(query.order_by(DestructionRow.id))}
    rotates = state.settings.rotates_key_encryption_key
    if waiting and rotates and wrapping.version <= max(waiting.values()):
        provider.load()
        if provider.version <= max(waiting.values()):
            await asyncio.to_thread(provider.rotate)
        await begin(state.database, provider.version)
    await rewrap(state.database, provider)
    wrapping = await wrapping_of(state.database)
    if not waiting or wrapping is None:
        return
    if rotates:
        await asyncio.to_thread(destroy_retired, provider, wrapping)
    provider.load()
    for destruction_id, wrapped_by in waiting.items():
        if wrapped_by < min(wrapping.oldest, *provider.versions):
            await _finish(state, destruction_id)


async def _finish(state: Any, destruction_id: UUID) -> None:
    await record_act(
        state.sequencer,
        Actor(kind="system", job=JOB),
        key=f"destruction:{destruction_id}:done",
        operation="destruction-done",
        about=f"destruction:{destruction_id}",
        student=None,
    )
    values = {"state": "done", "done_at": state.clock()}
    async with state.database.transaction() as tx:
        await tx.execute(
            update(DestructionRow).where(DestructionRow.id == destruction_id, DestructionRow.state == "destroyed").values(**values)
        )
