"""Having our own log kept by other nodes: its entries go to each mirror in packages, until its checkpoint covers them.

A mirror is not trusted: what it asks for is answered from our own tree alone, and its cosignature is verified before it is stored.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import select

from safepassage.notes import parse_note
from safepassage.problems.proofs import NoteMalformed
from safepassage.tlog_mirror import ADD_ENTRIES, BODY_TYPE, PACKAGE, MirrorInfo, Upload, package, parse_mirror_info
from safepassage.tlog_policy import Policy, PolicyWitness, submission_urls
from services.audit.driver import Driver
from services.audit.stored_tree import StoredTree
from services.audit.tables import CheckpointRow, LogRow
from services.audit.witnessing.answers import REFUSALS, Unexpected, cosignatures_in, is_no_answer
from services.audit.witnessing.cosignatures import keep
from services.audit.witnessing.door import AnswerUnreadable, DoorAnswer, WitnessDoor, WitnessUnreachable
from services.audit.witnessing.findings import Findings
from shared.clock import EPOCH, Clock
from shared.database import Database

log = logging.getLogger(__name__)

LOGS: Final = 2
"""The newest, and the one before, whose end is to be kept too."""
PACKAGES: Final = 8
"""Of one request: 2,048 entries, some 2 MB."""
REQUESTS: Final = 4
"""Of one log to one mirror in a turn; each answer says where to go on."""
LONGEST_PAUSE_SECONDS: Final = 300.0


@dataclass
class Mirrored:
    """Where a mirror is, and how far it is with each of our logs."""

    url: str
    witnesses: tuple[PolicyWitness, ...]
    infos: dict[int, MirrorInfo] = field(default_factory=dict)
    """By year of the log, where the mirror wants it to go on."""
    kept: dict[int, int] = field(default_factory=dict)
    """By year, the size of which it has said that it keeps it."""
    latest: int = 0
    failures: int = 0
    due_at: datetime = EPOCH


@dataclass(frozen=True)
class Own:
    """The latest checkpoint of one of our logs."""

    year: int
    origin: str
    size: int


class Uploads:
    """Sends the node's logs to the mirrors of a policy.

    is_over  whether the log is frozen: then nothing more of it is shown to anybody
    """

    def __init__(
        self,
        database: Database,
        policy: Policy | None,
        door: WitnessDoor | None,
        *,
        findings: Findings,
        clock: Clock,
        is_over: Callable[[], bool],
        seconds: float,
    ) -> None:
        self._database, self._door, self._findings, self._clock = database, door, findings, clock
        self._is_over, self._seconds = is_over, seconds
        self.mirrors = () if policy is None else tuple(Mirrored(url, witnesses) for url, witnesses in submission_urls(policy))

    async def run(self) -> None:
        """Go round until cancelled. A lifespan task."""
        while self.mirrors:
            await asyncio.sleep(self._seconds)
            try:
                await self.turn()
            except Exception as error:
                log.error("mirrors not asked", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value
        await asyncio.Event().wait()

    async def turn(self) -> None:
        """Send each mirror that is due what it has not, as much as goes in a turn."""
        if self._is_over() or not self.mirrors:
            return
        now, own = self._clock(), await self._own()
        await asyncio.gather(*(self._ask(one, own) for one in self.mirrors if one.due_at <= now))

    async def _own(self) -> list[Own]:
        async with self._database.reading() as tx:
            found = []
            for one in (
                (await tx.execute(select(LogRow).where(LogRow.state != "ended").order_by(LogRow.year.desc()).limit(LOGS))).scalars().all()
            ):
                newest = select(CheckpointRow.size).where(CheckpointRow.log == one.year).order_by(CheckpointRow.size.desc()).limit(1)
                size = await tx.scalar(newest)
                if size:
                    found.append(Own(one.year, one.origin, size))
        return found

    async def _ask(self, mirror: Mirrored, logs: list[Own]) -> None:
        try:
            for own in logs:
                await self._bring(mirror, own)
        except AnswerUnreadable:
            await self._findings.record("answer-unreadable", mirror.url)
        except WitnessUnreachable as error:
            log.warning("mirror does not answer", extra={"peer": mirror.url, "fault": str(error) or type(error).__name__})
        except Unexpected as answer:
            await self._findings.record(answer.kind, mirror.url)
        else:
            mirror.failures, mirror.due_at = 0, EPOCH
            return
        mirror.failures += 1
        pause = min(2.0 ** min(mirror.failures - 1, 10), LONGEST_PAUSE_SECONDS)
        mirror.due_at = self._clock() + timedelta(seconds=pause)

    async def _bring(self, mirror: Mirrored, own: Own) -> None:
        """Entries of one log to one mirror. Raises WitnessUnreachable, Unexpected."""
        for _ in range(REQUESTS):
            if mirror.kept.get(own.year, 0) >= own.size:
                return
            info = mirror.infos.get(own.year, MirrorInfo(own.size, 0))
            note = await self._note(own, info.size)
            if note is None or info.next_entry > own.size:
                # It names a checkpoint that this log has never signed, or entries that it has not.
                mirror.infos.pop(own.year, None)
                raise Unexpected("witness-claims-more")
            upload = Upload(own.origin, min(info.next_entry, info.size), info.size, info.ticket)
            answer = await self._post(mirror, upload, await self._packages(own.year, upload))
            if answer.status == 200:
                await self._take(mirror, own.year, note, upload.end, answer.body)
            elif answer.status in (202, 409):
                if not self._goes_on(mirror, own, info, answer):
                    return
            elif answer.status == 422 and not mirror.kept.get(own.year) and not upload.ticket:
                return  # its witness has not had a checkpoint yet
            elif is_no_answer(answer.status) or (answer.status == 404 and not mirror.kept.get(own.year)):
                raise WitnessUnreachable(f"status {answer.status}")
            else:
                raise Unexpected("witness-refuses" if answer.status in REFUSALS else "answer-unreadable")

    async def _post(self, mirror: Mirrored, upload: Upload, packages: bytes) -> DoorAnswer:
        if self._door is None:
            raise WitnessUnreachable("there is no door")
        return await self._door.post(mirror.url + ADD_ENTRIES, upload.head() + packages, content_type=BODY_TYPE)

    async def _packages(self, year: int, upload: Upload) -> bytes:
        parts = []
        async with self._database.reading() as tx:
            tree = StoredTree(tx, year)
            for start, end in list(upload.packages())[:PACKAGES]:
                path = await tree.subtree_path(start - start % PACKAGE, end, upload.end)
                parts.append(package(await tree.entries(start, end), path))
        return b"".join(parts)

    def _goes_on(self, mirror: Mirrored, own: Own, before: MirrorInfo, answer: DoorAnswer) -> bool:
        """Remember where the mirror wants the upload to go on; False where its witness knows no more than is kept."""
        try:
            info = parse_mirror_info(answer.body)
        except NoteMalformed:
            raise Unexpected("answer-unreadable") from None
        if (info.size, info.next_entry) == (before.size, before.next_entry):
            raise WitnessUnreachable("it asks for the same again")
        if info.size <= mirror.kept.get(own.year, 0):
            return False
        mirror.infos[own.year] = info
        return True

    async def _take(self, mirror: Mirrored, year: int, note: str, size: int, body: bytes) -> None:
        now, keys = int(self._clock().timestamp()), [witness.key for witness in mirror.witnesses]
        found = cosignatures_in(body, text=parse_note(note).text, keys=keys, now=now, latest=dict.fromkeys(keys, mirror.latest))
        await self._database.write(lambda connection: keep(Driver(connection), year, size, found))
        mirror.latest = max(mirror.latest, *(one.timestamp for one in found))
        mirror.kept[year] = size
        # What its witness knows by now is asked for with the next request.
        mirror.infos[year] = MirrorInfo(await self._newest(year), size)

    async def _newest(self, year: int) -> int:
        rows = await self._database.read(partial(_largest, year))
        return rows or 0

    async def _note(self, own: Own, size: int) -> str | None:
        async with self._database.reading() as tx:
            found: str | None = await tx.scalar(select(CheckpointRow.note).where(CheckpointRow.log == own.year, CheckpointRow.size == size))
        return found


def _largest(year: int, connection: object) -> int | None:
    ((size,),) = Driver(connection).rows("SELECT max(size) FROM checkpoint WHERE log = ?", year)  # type: ignore[arg-type]
    return None if size is None else int(size)
