"""The trust list as one service of the node knows it: verified by itself, the highest serial kept, never a lower one (decisions 6).

Whoever controls a threshold of the list's roots decides who is a member; whoever controls this service's store can make it forget a list,
and then only the one whose digest the settings name is accepted anew.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String, Text, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from safepassage.problems import SuiteError
from safepassage.problems.messages import MessageNotYetValid
from safepassage.problems.trust import NotAMember, TrustListDigestDiffers, TrustListRolledBack
from safepassage.trust_list import (
    TrustList,
    VerifiedTrustList,
    read_trust_list,
    require_fresh,
    require_in_force,
    verify_first_trust_list,
    verify_next_trust_lists,
)
from safepassage.trust_list_steps import steps_to
from safepassage.trust_members import Member
from shared.clock import Clock
from shared.columns import Milliseconds
from shared.database import Database
from shared.inserts import insert_into
from shared.settings import ServiceSettings
from shared.trust_list_files import beginning_of, earlier_lists, put_list

log = logging.getLogger(__name__)

OnAccepted = Callable[[AsyncSession, VerifiedTrustList], Awaitable[None]]
"""Runs in the transaction that stores a newly accepted list."""


class TrustListColumns:
    """A service's TrustListRow has these columns: each list that was accepted, or led to one that was, as its document."""

    __tablename__ = "trust_list"

    serial: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(43))
    document: Mapped[str] = mapped_column(Text)
    accepted_at: Mapped[datetime] = mapped_column(Milliseconds)


@dataclass(frozen=True)
class RefusedList:
    """The list that lies in the file of the settings and was not taken."""

    code: str
    """Of the problem."""
    serial: int | None
    """As it says itself; None where it cannot be read. Nothing of it is verified."""


class Trust:
    """The list in force. Without one, nobody is a member."""

    refused: RefusedList | None = None
    """What the file last showed, where this service did not take it."""
    accepted_at: datetime | None = None
    """When the list held was taken."""

    def __init__(
        self, database: Database, settings: ServiceSettings, clock: Clock, *, row: type[Any], on_accepted: OnAccepted | None = None
    ) -> None:
        self._database, self._settings, self._clock = database, settings, clock
        self._row, self._on_accepted = row, on_accepted
        self._held: VerifiedTrustList | None = None
        self._seen: tuple[int, int] | None = None
        self._accepting = asyncio.Lock()

    async def open(self) -> None:
        """Load the list held, then look at the file. A list that fails is said and not used; the process runs, without peers."""
        await self.catch_up()
        await self.refresh()

    async def catch_up(self) -> None:
        """Hold what another process of the service has taken since, from a file or from another node."""
        async with self._accepting:
            await self._catch_up()

    async def _catch_up(self) -> None:
        async with self._database.reading() as tx:
            row = (await tx.execute(select(self._row).order_by(self._row.serial.desc()).limit(1))).scalar_one_or_none()
        if row is None or (self._held is not None and row.serial <= self._held.content.serial):
            return
        self.accepted_at = row.accepted_at
        self._held = verify_first_trust_list(
            row.document.encode(), digest=row.digest, now=row.accepted_at, development=self._settings.insecure_development
        )

    async def refresh(self) -> bool:
        """Look at the file of the settings; True if a newer list was accepted. A list that fails leaves the one held in force."""
        document = self._changed_file()
        if document is None:
            return False
        try:
            accepted = await self.accept(document, earlier=earlier_lists(self._settings.trust_list_file))
        except SuiteError as error:
            refused = RefusedList(error.code, self._serial_of(document))
            is_early = isinstance(error, MessageNotYetValid)
            if not is_early or refused != self.refused:
                log.error("trust list refused", extra={"code": error.code})  # noqa: TRY400 the code says it
            self.refused = refused
            if is_early:
                self._seen = None  # by this clock it is of a time to come: it is looked at again
            return False
        except BaseException:  # a step that was broken off, too
            self._seen = None  # nothing was wrong with the list: it is looked at again
            raise
        self.refused = None
        return accepted

    async def accept(self, document: bytes, *, earlier: Iterable[bytes] = ()) -> bool:
        """Verify and store a list: the first by the digest of the settings, each other by the one held. True if it is a new one.

        earlier  lists of before, for a node that has missed one: those that lead from the one held to `document` are verified first

        Raises the problems of safepassage.trust_list.
        """
        # INVARIANT: one list after the other: what is held while one is stored, and set only then, would else go back to an older one.
        async with self._accepting:
            return await self._accept(document, earlier)

    async def _accept(self, document: bytes, earlier: Iterable[bytes]) -> bool:
        now, development = self._clock(), self._settings.insecure_development
        between: Sequence[bytes] = ()
        if self._held is None:
            if self._settings.trust_list_digest is None:
                raise TrustListDigestDiffers("no digest is set for the first list (trust_list_digest)")
            accepted = verify_first_trust_list(document, digest=self._settings.trust_list_digest, now=now, development=development)
        elif document == self._held.document:
            return False
        else:
            steps = steps_to(document, held=self._held, others=earlier, development=development)
            accepted = verify_next_trust_lists(steps, held=self._held, now=now, development=development)
            between = steps[:-1]
        if await self._store(accepted, now, between):
            self._held, self.accepted_at = accepted, now
            log.info("trust list accepted", extra={"serial": accepted.content.serial})
            return True
        log.info("trust list was stored by another process", extra={"serial": accepted.content.serial})
        await self._catch_up()
        if not await self._is_taken(accepted.digest):  # the roots have signed two of one serial, and the store has the other one
            raise TrustListRolledBack("another process took another list of this serial")
        return True

    async def passed_on(self, document: bytes) -> bool:
        """A list that another service of the node has taken: verified here as one from the file is.

        True if it is a new one; one that was taken before changes nothing. Raises as `accept`.
        """
        if await self._is_taken(read_trust_list(document, development=self._settings.insecure_development).digest):
            return False
        return await self.accept(document, earlier=earlier_lists(self._settings.trust_list_file))

    async def brought(self, document: bytes) -> bool:
        """A list that another node has brought: as `passed_on`, and put where the file is for the node's other services."""
        if not await self.passed_on(document):
            return False
        is_newest = self._held is not None and self._held.document == document
        if is_newest and put_list(self._settings.trust_list_file, document, development=self._settings.insecure_development):
            self._changed_file()  # it is what is held
        return True

    async def newest(self, most: int) -> list[bytes]:
        """The lists that were taken last, the newest first."""
        async with self._database.reading() as tx:
            query = select(self._row.document).order_by(self._row.serial.desc()).limit(most)
            return [document.encode() for document in await tx.scalars(query)]

    async def following(self, serial: int, most: int) -> list[bytes]:
        """The lists that were taken after the one of a serial, from the next one on, the oldest first."""
        async with self._database.reading() as tx:
            query = select(self._row.document).where(self._row.serial > serial).order_by(self._row.serial).limit(most)
            return [document.encode() for document in await tx.scalars(query)]

    async def _is_taken(self, digest: str) -> bool:
        async with self._database.reading() as tx:
            return (await tx.scalars(select(self._row.serial).where(self._row.digest == digest))).first() is not None

    async def _store(self, accepted: VerifiedTrustList, now: datetime, between: Sequence[bytes]) -> bool:
        """False if another process was first. `between`: the lists that led to it, which may be stored already."""
        passed = [read_trust_list(one, development=self._settings.insecure_development) for one in between]
        row = self._row(serial=accepted.content.serial, digest=accepted.digest, document=accepted.document.decode(), accepted_at=now)
        try:
            async with self._database.transaction() as tx:
                for one in passed:
                    members = {"serial": one.content.serial, "digest": one.digest, "document": one.document.decode(), "accepted_at": now}
                    await tx.execute(insert_into(tx, self._row).values(**members).on_conflict_do_nothing())
                tx.add(row)
                await tx.flush()
                if self._on_accepted is not None:
                    await self._on_accepted(tx, accepted)
        except IntegrityError:
            return False
        return True

    def _changed_file(self) -> bytes | None:
        path = self._settings.trust_list_file
        if path is None:
            return None
        try:
            status = path.stat()
            seen = (status.st_mtime_ns, status.st_size)
            if seen == self._seen:
                return None
            document = beginning_of(path)
        except OSError:
            if self._seen is not None:
                log.warning("trust list file cannot be read")
            self._seen = None
            return None
        self._seen = seen
        return document

    def _serial_of(self, document: bytes) -> int | None:
        try:
            return read_trust_list(document, development=self._settings.insecure_development).content.serial
        except SuiteError:
            return None

    @property
    def held(self) -> TrustList | None:
        """The list held, in force or not."""
        return None if self._held is None else self._held.content

    @property
    def verified(self) -> VerifiedTrustList | None:
        """The list held with its digest and its document."""
        return self._held

    @property
    def is_in_development(self) -> bool:
        """Whether members may be reached by http on the loopback."""
        return self._settings.insecure_development

    def current(self) -> TrustList:
        """The list in force. Raises NotAMember if there is none, TrustListExpired."""
        if self._held is None:
            raise NotAMember("this node holds no trust list")
        require_in_force(self._held.content, now=self._clock())
        return self._held.content

    def member(self, entity_id: str) -> Member:
        """The active member. Raises NotAMember, TrustListExpired.

        INVARIANT: asked at every use; what is kept elsewhere of a member counts only while this does not raise.
        """
        return self.current().member(entity_id)

    def may_come_back(self, entity_id: str) -> bool:
        """Whether it is a member that is suspended: one that was expelled, or is unknown, never is one again under this entity id."""
        held = self.held
        return held is not None and any(one.entity_id == entity_id and one.status == "suspended" for one in held.members)

    def require_fresh(self) -> TrustList:
        """The list, young enough to let records out. Raises TrustListStale, TrustListExpired, NotAMember."""
        current = self.current()
        require_fresh(current, now=self._clock())
        return current
