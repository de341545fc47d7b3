"""Reading under an agreement for the rostering service: who is in reach, decided, cut and put under the recipient's own ids."""

from collections.abc import Collection, Iterable, Sequence
from copy import copy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from fastapi import Request
from sqlalchemy import select

from safepassage.problems.oneroster import AgreementNotNamed, NoSuchObject, TooManyStudents
from safepassage.problems.privacy import NoSuchAgreement
from safepassage.problems.records import PurposeMissing
from safepassage.problems.requests import NotPermitted
from safepassage.wire_organisations import Organisation
from safepassage.wire_policy import Agreement
from services.records.disclosure import USUAL, Released, agreement_of, decide, read_by_party, released, within_token
from services.records.formats.oneroster_classes import WITHIN
from services.records.formats.oneroster_objects import Shapes
from services.records.formats.oneroster_places import Directory, Links
from services.records.formats.oneroster_vocabulary import RELEVANT
from services.records.logged import log_all_ahead
from services.records.oneroster.counts import Counts, changes_of, place_of
from services.records.oneroster.item import Item, item_of
from services.records.pseudonyms import pseudonyms_of, student_of, students_of
from services.records.reach import Reach, SealedStudent, districts_with_the_rest, last_before, left_among, students_in_reach
from services.records.tables import OrganisationRow
from shared.caller import Caller
from shared.contracts.privacy import Decision
from shared.left_with_districts import FIELD as LEFT_WITH
from shared.tenancy import above, within_any
from shared.turns import in_turns

BATCH: Final = 1000
"""Students of one decision."""
MOST_GATHERED: Final = 50_000
OPERATION: Final = "oneroster-read"
PLANNED: Final = timedelta(minutes=15)
"""How long a look through everybody is gone by (services.records.oneroster.plans), and its decisions are asked to hold."""


class Reading:
    """One request under one agreement."""

    def __init__(
        self, request: Request, caller: Caller, agreement: Agreement, directory: Directory, links: Links, now: datetime, today: date
    ) -> None:
        self._request, self._caller, self._agreement = request, caller, agreement
        self._now, self._today = now, today
        self._state = request.app.state
        self._counts: Counts = self._state.oneroster_counts
        self._among: Sequence[UUID] | None = None
        self._at: Sequence[UUID] = agreement.district_ids
        self.valid_for = USUAL
        """How long decisions are asked to hold."""
        self.valid_until = datetime.max.replace(tzinfo=UTC)
        """How long all that were made hold."""
        scheduled = agreement.elements if caller.purpose in agreement.purposes else ()
        self.wanted = within_token(caller, [element for element in RELEVANT if element in scheduled])
        self.directory = directory
        pairwise = partial(self._state.vault.tags.pairwise, caller.organisation_id)
        self.shapes = Shapes(directory, pairwise, links=links, top=directory.top(agreement.district_ids), today=today)

    @classmethod
    async def of(cls, request: Request, caller: Caller, now: datetime, *, agreement_id: UUID | None = None) -> "Reading":
        """Under `agreement_id`, or the one that the token names.

        Raises NotPermitted, PurposeMissing, AgreementNotNamed, NoSuchAgreement.
        """
        if caller.kind not in ("vendor", "agency"):
            raise NotPermitted("the rostering service is for parties to an agreement")
        if caller.purpose is None:
            raise PurposeMissing
        named = caller.claims.details.get("agreement_id") if agreement_id is None else agreement_id
        if named is None:
            raise AgreementNotNamed
        agreement = await agreement_of(request, caller, UUID(str(named)))
        today = request.app.state.days.today(now)
        # What has no student in it has no decision, so it is asked here whether the agreement holds.
        if agreement.terminated_at is not None or not agreement.starts_on <= today < agreement.ends_on:
            raise NoSuchAgreement
        links = Links(request.app.state.settings.entity_id)
        return cls(request, caller, agreement, Directory(await _organisations(request, agreement), links=links), links, now, today)

    def among(self, student_ids: Sequence[UUID]) -> "Reading":
        """The same of these students alone, as far as they are in reach."""
        narrowed = copy(self)
        narrowed._among = sorted(student_ids)
        return narrowed

    def at(self, places: Sequence[UUID]) -> "Reading":
        """The same of those alone who are enrolled there, within the agreement's districts."""
        narrowed = copy(self)
        narrowed._at = places
        return narrowed

    async def known_as(self, pseudonyms: Collection[UUID]) -> "Reading":
        """The same of the students alone whom the caller's organisation knows by these."""
        return self.among(await students_of(self._state.database, self._caller.organisation_id, pseudonyms))

    @property
    def asked_of(self) -> tuple[Any, ...]:
        """All of the agreement and of the token by which the objects of one reading are others than those of another."""
        return self._agreement.id, self._today, self.places(), self.wanted

    def school(self, sourced_id: str) -> Organisation:
        """A school in reach. Raises NoSuchObject."""
        found = next((one for one in self.directory.by_id.values() if str(one.id) == sourced_id and one.kind == "school"), None)
        if found is None:
            raise NoSuchObject
        return found

    def places(self) -> list[UUID]:
        """Where everybody is: the agreement's districts, or what was narrowed to."""
        return list(self._at)

    def places_of(self, sourced_id: str) -> list[UUID]:
        """Where the students of an organisation's classes are: in its district, for a class of one school has students of another.

        Raises NoSuchObject.
        """
        found = next((one for one in self.directory.by_id.values() if str(one.id) == sourced_id), None)
        if found is None:
            raise NoSuchObject
        return self.places() if found.kind == "sea" else [self.directory.district_of(found).id]

    async def changes(self) -> int:
        """How often what rosters are made of has changed (shared.change_marks)."""
        return await changes_of(self._state.database)

    async def gather(
        self, needed: Sequence[str], places: Sequence[UUID], *, changed_since: datetime | None = None, most: int = MOST_GATHERED
    ) -> list[Item]:
        """Every student in reach of whom something is permitted. Raises TooManyStudents where more than `most` are in reach."""
        if self._among is not None:
            return await self._gather_among(self._among, needed, Reach(places, self._today, changed_since=changed_since))
        reach = Reach(places, self._today, changed_since=changed_since)
        if sum(count for _, count in await self._counts.counted(self._state.database, reach)) > most:
            raise TooManyStudents
        items: list[Item] = []
        after: UUID | None = None
        while True:
            students = await self._page(reach, needed, after=after, limit=BATCH)
            items += await self._items(needed, students)
            if len(students) < BATCH:
                return items
            after = students[-1].student_id

    async def _gather_among(self, student_ids: Sequence[UUID], needed: Sequence[str], reach: Reach) -> list[Item]:
        items: list[Item] = []
        for start in range(0, len(student_ids), BATCH):
            some = replace(reach, student_ids=student_ids[start : start + BATCH])
            items += await self._items(needed, await self._page(some, needed, limit=BATCH))
        return items

    async def window(self, needed: Sequence[str], *, offset: int, limit: int, changed_since: datetime | None) -> tuple[list[Item], int]:
        """The students at these places of the order, of whom something is permitted, and how many are in reach.

        None, where nothing that is needed is scheduled.
        """
        if not set(self.wanted) & set(needed):
            return [], 0
        reach = Reach(self.places(), self._today, changed_since=changed_since)
        counted = await self._counts.counted(self._state.database, reach)
        total = sum(count for _, count in counted)
        if offset >= total:
            return [], total
        stretch, place = place_of(counted, offset)
        after = await self._state.database.read(partial(last_before, reach=reach, stretch=stretch, place=place))
        items: list[Item] = []
        for start in range(0, limit, BATCH):
            most = min(BATCH, limit - start)
            students = await self._page(reach, needed, after=after, limit=most)
            items += await self._items(needed, students)
            if len(students) < most:
                break
            after = students[-1].student_id
        return items, total

    async def one(self, needed: Sequence[str], sourced_id: str) -> Item:
        """The student whose user, or whose own object, has this id. Raises NoSuchObject."""
        try:
            pseudonym = UUID(sourced_id.partition(WITHIN)[0])
        except ValueError as error:
            raise NoSuchObject from error
        student_id = await student_of(self._state.database, self._caller.organisation_id, pseudonym)
        if student_id is None:
            raise NoSuchObject
        reach = Reach(self.places(), self._today, student_ids=[student_id])
        items = await self._items(needed, await self._page(reach, needed, limit=1))
        if not items:
            raise NoSuchObject
        return items[0]

    async def _page(self, reach: Reach, needed: Sequence[str], *, after: UUID | None = None, limit: int) -> list[SealedStudent]:
        found: list[SealedStudent] = await self._state.database.read(
            lambda connection: students_in_reach(connection, reach, needed, after=after, limit=limit)
        )
        return found

    async def _items(self, needed: Sequence[str], students: Sequence[SealedStudent]) -> list[Item]:
        """What is permitted of them. # INVARIANT: what a filter, a sort or a count looks at was decided on and cut first."""
        if not students or not set(self.wanted) & set(needed):
            return []
        decision = await decide(self._request, self._caller, self._agreement, self.wanted, students, valid_for=self.valid_for)
        self.valid_until = min(self.valid_until, decision.valid_until)
        leaving = released(self._state.vault, decision, students, needed=frozenset(needed))
        left = set(left_among(self._state.vault, decision, students, wanted=self.wanted))
        ids = [one.student.student_id for one in leaving]
        pseudonyms = await pseudonyms_of(self._state.database, self._caller.organisation_id, ids) if ids else {}
        return [
            item_of(one, decision, pseudonyms[one.student.student_id], is_left=one.student.student_id in left)
            async for one in in_turns(leaving)
        ]

    async def left(self) -> dict[str, str]:
        """A header that names those who keep their students' records themselves; none where nobody does."""
        districts = await self._state.database.read(lambda connection: districts_with_the_rest(connection, self._agreement.district_ids))
        return {LEFT_WITH: ", ".join(map(str, districts))} if districts else {}

    async def log(self, items: Iterable[Item]) -> None:
        """Have the log know of the students in the answer, before it leaves: an entry for each decision. Raises LogUnavailable."""
        by_decision: dict[UUID, tuple[Decision, dict[UUID, Released]]] = {}
        for item in items:
            _, leaving = by_decision.setdefault(item.decision.id, (item.decision, {}))
            leaving[item.rostered.student_id] = item.released
        events = [
            read_by_party(self._caller, self._agreement, decision, list(leaving.values()), operation=OPERATION, now=self._now)
            for decision, leaving in by_decision.values()
        ]
        if events:
            await log_all_ahead(self._request.app, self._caller, events, self._request.scope)


async def _organisations(request: Request, agreement: Agreement) -> list[Organisation]:
    """The agreement's districts with their schools, and the state agency."""
    async with request.app.state.database.reading() as tx:
        below = select(OrganisationRow).where(OrganisationRow.id.in_(within_any(OrganisationRow, agreement.district_ids)))
        rows = {row.id: row for row in (await tx.execute(below)).scalars()}
        up = select(OrganisationRow).where(OrganisationRow.id.in_(above(OrganisationRow, agreement.district_ids[0])))
        rows |= {row.id: row for row in (await tx.execute(up)).scalars()}
    return [row.organisation for row in rows.values()]
