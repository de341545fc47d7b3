"""Cosignatures of the node's own checkpoints, as stored: kept once, shown under the checkpoint that they are of.

Each is 3.5 kB, and a log in use has a new checkpoint each second. A later one covers every earlier entry, so of the past one an hour stays.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.cosignatures import Cosignature
from safepassage.notes import VerifierKey
from safepassage.tlog_policy import Policy
from services.audit.driver import Driver
from services.audit.tables import CheckpointRow, CosignatureRow

SIZES_LOOKED_AT: Final = 256
"""Of the newest cosigned sizes: below them no quorum is looked for."""


class WitnessedCheckpoint(NamedTuple):
    """A checkpoint that the policy's quorum has cosigned."""

    size: int
    note: str
    """With the log's signature and the cosignatures."""


def stored_name(key: VerifierKey) -> str:
    """Under which name a key's cosignatures are stored."""
    return f"{key.name}+{key.key_id.hex()}"


def keep(driver: Driver, year: int, size: int, cosignatures: Iterable[Cosignature]) -> None:
    """Store them; who has cosigned this size before is not asked again, and its first word stays."""
    for one in cosignatures:
        driver.change(
            "INSERT INTO cosignature (log, size, witness, line, t) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            year,
            size,
            stored_name(one.key),
            str(one.line),
            one.timestamp,
        )


def prune(driver: Driver, year: int) -> int:
    """Let go of cosignatures below the newest sizes, but for the last of each hour. Gives how many went."""
    query = "SELECT DISTINCT size FROM cosignature WHERE log = ? ORDER BY size DESC LIMIT 1 OFFSET ?"
    rows = driver.rows(query, year, SIZES_LOOKED_AT - 1)
    if not rows:
        return 0
    return driver.change(
        "DELETE FROM cosignature WHERE log = ? AND size < ? AND size NOT IN "
        "(SELECT max(size) FROM cosignature WHERE log = ? GROUP BY witness, t / 3600)",
        year,
        rows[0][0],
        year,
    )


async def with_cosignatures(tx: AsyncSession, year: int, size: int, note: str) -> str:
    """The note with every line that is stored for its size."""
    query = select(CosignatureRow.line).where(CosignatureRow.log == year, CosignatureRow.size == size).order_by(CosignatureRow.witness)
    return note + "".join((await tx.execute(query)).scalars())


async def cosigners(tx: AsyncSession, year: int, size: int, keys: Sequence[VerifierKey]) -> list[VerifierKey]:
    """Those of `keys` that have cosigned this size."""
    query = select(CosignatureRow.witness).where(CosignatureRow.log == year, CosignatureRow.size == size)
    names = set((await tx.execute(query)).scalars())
    return [key for key in keys if stored_name(key) in names]


async def largest_cosigned(tx: AsyncSession, year: int, keys: Iterable[VerifierKey], *, beyond: int = 0) -> tuple[int, int]:
    """The largest size that one of `keys` has cosigned, and the latest time of a cosignature of theirs; zeros for none. `beyond`: of sizes
    that are larger than this.
    """
    names = [stored_name(key) for key in keys]
    query = select(func.max(CosignatureRow.size), func.max(CosignatureRow.t)).where(
        CosignatureRow.log == year, CosignatureRow.size > beyond, CosignatureRow.witness.in_(names)
    )
    size, t = (await tx.execute(query)).one()
    return size or 0, t or 0


async def witnesses_since(tx: AsyncSession, year: int, since: int) -> int:
    """How many witnesses have cosigned one of the log's newest checkpoints since then (seconds since the epoch)."""
    row = CosignatureRow
    newest = select(row.witness, row.t).where(row.log == year).order_by(row.size.desc()).limit(SIZES_LOOKED_AT)
    return len({witness.partition("+")[0] for witness, t in await tx.execute(newest) if t >= since})


async def largest_witnessed(tx: AsyncSession, year: int, policy: Policy) -> WitnessedCheckpoint | None:
    """The largest checkpoint of a log that the quorum has cosigned, as far as it is among the newest; None where there is none."""
    row = CosignatureRow
    newest = select(row.size).where(row.log == year).distinct().order_by(row.size.desc()).limit(SIZES_LOOKED_AT)
    sizes = (await tx.execute(newest)).scalars().all()
    if not sizes:
        return None
    names: dict[int, set[str]] = {}
    for size, witness in await tx.execute(select(row.size, row.witness).where(row.log == year, row.size >= sizes[-1])):
        names.setdefault(size, set()).add(witness)
    keys = policy.witness_keys
    for size in sizes:
        if policy.is_reached_by([key for key in keys if stored_name(key) in names[size]]):
            note = await tx.scalar(select(CheckpointRow.note).where(CheckpointRow.log == year, CheckpointRow.size == size))
            return None if note is None else WitnessedCheckpoint(size, await with_cosignatures(tx, year, size, note))
    return None
