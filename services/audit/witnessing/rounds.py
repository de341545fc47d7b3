"""Having our own log cosigned: each new checkpoint goes to every witness of the policy at once, and what comes back is verified and stored.

A witness is not trusted: whoever controls one can refuse, and can keep a quorum from being reached that needs it. It cannot make this log
stop: for that it would have to show a checkpoint under the log's own key which this log does not have, and then something is wrong here.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from safepassage.canonical import from_base64url
from safepassage.notes import parse_note
from safepassage.problems import SuiteError
from safepassage.problems.proofs import NoteMalformed
from safepassage.tlog_policy import Policy, PolicyWitness, submission_urls
from safepassage.tlog_witness import ADD_CHECKPOINT, AddCheckpoint, origin_digest, parse_size_answer
from services.audit.checkpoints import CheckpointSigner, next_origin
from services.audit.consistency import Consistency
from services.audit.driver import Driver
from services.audit.heads import LogDamaged
from services.audit.witnessing.answers import REFUSALS, Unexpected, cosignatures_in, is_no_answer
from services.audit.witnessing.cosignatures import cosigners, keep, largest_cosigned
from services.audit.witnessing.door import AnswerUnreadable, DoorAnswer, WitnessDoor, WitnessUnreachable
from services.audit.witnessing.findings import KINDS, Findings, Kind
from services.audit.witnessing.own_history import contradiction, own_checkpoint
from shared.clock import EPOCH, Clock
from shared.database import Database

log = logging.getLogger(__name__)

ATTEMPTS: Final = 3
"""Of one request: each 409 names another size to begin from."""
LONGEST_PAUSE_SECONDS: Final = 60.0

Freeze = Callable[[LogDamaged], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class OwnCheckpoint:
    """A checkpoint of one of our logs, as it was signed."""

    year: int
    origin: str
    size: int
    note: str


@dataclass
class Address:
    """Where a witness is, and what this process knows of it."""

    url: str
    witnesses: tuple[PolicyWitness, ...]
    cosigned: dict[int, int] = field(default_factory=dict)
    """By year of the log, the largest size that it has cosigned and that is stored here."""
    latest: int = 0
    """Of its cosignatures, the latest time."""
    failures: int = 0
    due_at: datetime = EPOCH
    examined: set[str] = field(default_factory=set)
    """Origins of which it was asked once what it holds, and nothing of it contradicts ours."""


class Rounds:
    """Asks the witnesses of a policy."""

    def __init__(
        self,
        database: Database,
        policy: Policy,
        door: WitnessDoor,
        *,
        signer: CheckpointSigner,
        consistency: Consistency,
        findings: Findings,
        freeze: Freeze,
        clock: Clock,
    ) -> None:
        self._database, self._policy, self._door, self._signer = database, policy, door, signer
        self._consistency, self._findings, self._freeze, self._clock = consistency, findings, freeze, clock
        self.addresses = tuple(Address(url, witnesses) for url, witnesses in submission_urls(policy))

    async def load(self, years: Sequence[int]) -> None:
        """Learn from the store what each witness has cosigned, whichever process of the node asked for it."""
        async with self._database.reading() as tx:
            for address in self.addresses:
                for year in years:
                    known, keys = address.cosigned.get(year, 0), [witness.key for witness in address.witnesses]
                    size, t = await largest_cosigned(tx, year, keys, beyond=known)
                    address.cosigned[year], address.latest = max(known, size), max(address.latest, t)

    async def examine(self, origin: str) -> Kind | None:
        """Ask every witness what it holds of our log; the log is frozen if one proves that it is not what it was. Gives what was found.

        Who does not answer is asked again in each round, until it has answered once.
        """
        found = await asyncio.gather(*(self._examine_once(address, origin) for address in self.addresses))
        return next((kind for kind in found if kind is not None), None)

    async def ask(self, own: OwnCheckpoint) -> bool:
        """Send a checkpoint to every witness that has not cosigned it and is due. True once the policy's quorum has cosigned it."""
        if self._behind(own):
            await self.load([own.year])
        now = self._clock()
        await asyncio.gather(*(self._ask(address, own) for address in self._behind(own) if address.due_at <= now))
        return await self.is_witnessed(own)

    def _behind(self, own: OwnCheckpoint) -> list[Address]:
        return [one for one in self.addresses if one.cosigned.get(own.year, 0) < own.size]

    async def is_witnessed(self, own: OwnCheckpoint) -> bool:
        """Whether the quorum has cosigned this very size, whichever process asked for it."""
        async with self._database.reading() as tx:
            keys = await cosigners(tx, own.year, own.size, self._policy.witness_keys)
        return bool(keys) and self._policy.is_reached_by(keys)

    async def _ask(self, address: Address, own: OwnCheckpoint) -> None:
        try:
            if await self._examine_once(address, own.origin) is not None:
                return
            await self._submit(address, own)
        except AnswerUnreadable:
            await self._findings.record("answer-unreadable", address.url)
        except WitnessUnreachable as error:
            log.warning("witness does not answer", extra={"peer": address.url, "fault": str(error) or type(error).__name__})
        except Unexpected as answer:
            await self._findings.record(answer.kind, address.url)
        except SuiteError as error:
            log.error("witness not asked", extra={"peer": address.url, "code": error.code})  # noqa: TRY400 the code says it
        else:
            address.failures, address.due_at = 0, EPOCH
            return
        address.failures += 1
        pause = min(2.0 ** min(address.failures - 1, 10), LONGEST_PAUSE_SECONDS)
        address.due_at = self._clock() + timedelta(seconds=pause)

    async def _submit(self, address: Address, own: OwnCheckpoint) -> None:
        """One checkpoint to one witness. Raises Unexpected, WitnessUnreachable."""
        old, proven = address.cosigned.get(own.year, 0), address.cosigned.get(own.year, 0)
        for _ in range(ATTEMPTS):
            path = () if old in (0, own.size) else await self._consistency.path(own.origin, old, own.size)
            request = AddCheckpoint(old, tuple(map(from_base64url, path)), own.note)
            answer = await self._door.post(address.url + ADD_CHECKPOINT, request.body())
            if answer.status == 200:
                await self._take(address, own, answer.body)
                return
            if answer.status != 409:
                await self._refused(address, own, answer)
            try:
                known = parse_size_answer(answer.body)
            except NoteMalformed:
                raise Unexpected("answer-unreadable") from None
            if known > own.size:
                if await self._examine(address, own.origin) is None and known > await self._stored_size(own.year):
                    raise Unexpected("witness-claims-more")
                return  # another process of this node has had a larger one cosigned
            if known < proven:
                await self._findings.record("witness-forgot", address.url)
                proven = 0
            if known == old:
                raise Unexpected("witness-refuses")
            old = known
        raise WitnessUnreachable("it names one size after another")

    async def _take(self, address: Address, own: OwnCheckpoint, body: bytes) -> None:
        now = int(self._clock().timestamp())
        keys = [witness.key for witness in address.witnesses]
        latest = dict.fromkeys(keys, address.latest)
        found = cosignatures_in(body, text=parse_note(own.note).text, keys=keys, now=now, latest=latest)
        await self._database.write(lambda connection: keep(Driver(connection), own.year, own.size, found))
        address.latest = max(address.latest, *(one.timestamp for one in found))
        address.cosigned[own.year] = max(own.size, address.cosigned.get(own.year, 0))

    async def _refused(self, address: Address, own: OwnCheckpoint, answer: DoorAnswer) -> None:
        """Always raises."""
        is_unknown_there = answer.status == 404 and not address.cosigned.get(own.year)  # its trust list may not name the log yet
        if is_no_answer(answer.status) or is_unknown_there:
            raise WitnessUnreachable(f"status {answer.status}")
        if answer.status not in REFUSALS:
            raise Unexpected("answer-unreadable")
        # It may hold another history of this log than we have: then that is what is to be said.
        if await self._examine(address, own.origin) is not None:
            raise WitnessUnreachable("it holds another history")
        raise Unexpected("witness-refuses")

    async def _examine_once(self, address: Address, origin: str) -> Kind | None:
        """What the witness shows of a log of ours, and of the one after it: a copy from before New Year does not know that there is one."""
        for one in (origin, next_origin(origin)):
            if one not in address.examined and (kind := await self._examine(address, one)) is not None:
                return kind
        return None

    async def _examine(self, address: Address, origin: str) -> Kind | None:
        """What the witness shows of our log, against the store. Freezes the log on a proof; a witness's bare word is none.

        Who does not answer stays unexamined.
        """
        try:
            answer = await self._door.get(f"{address.url}/{origin_digest(origin)}/checkpoint")
        except AnswerUnreadable:
            await self._findings.record("answer-unreadable", address.url)
            return None
        except WitnessUnreachable as error:
            log.warning("witness not examined", extra={"peer": address.url, "fault": str(error) or type(error).__name__})
            return None
        if is_no_answer(answer.status):
            log.warning("witness not examined", extra={"peer": address.url, "fault": f"status {answer.status}"})
            return None
        if answer.status not in (200, 404):
            await self._findings.record("answer-unreadable", address.url)
            return None
        address.examined.add(origin)
        if answer.status == 404:
            return None
        shown = own_checkpoint(answer.body, origin=origin, signer=self._signer)
        if shown is None:
            await self._findings.record("answer-unreadable", address.url)
            return None
        kind = await contradiction(self._database, shown)
        if kind is None:
            return None
        # Frozen first: whatever else fails, nothing more is appended to a log that others know differently.
        await self._freeze(LogDamaged(f"{KINDS[kind]} ({address.url})"))
        await self._findings.record(kind, address.url, evidence=answer.body.decode())
        return kind

    async def _stored_size(self, year: int) -> int:
        own = await self._database.read(partial(_largest, year))
        return own or 0


def _largest(year: int, connection: Any) -> int | None:
    ((size,),) = Driver(connection).rows("SELECT max(size) FROM checkpoint WHERE log = ?", year)
    return None if size is None else int(size)
