"""A page of a collection that is made of everybody in reach: found by the plan of an earlier page where there is one that holds.

A read of many pages goes on as it began, whatever else changes in the node meanwhile: in the order and with the count of its first page.

# INVARIANT: what a plan places on a page is decided on, cut and made anew for it. Where one of these objects is not there any more, or is
not what was asked for, the page is what looking through everybody gives.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

from safepassage.problems import SuiteError
from safepassage.problems.oneroster import NoSuchObject
from services.records.formats.oneroster_query import Object
from services.records.oneroster.asking import Asked
from services.records.oneroster.contents import Ids, Made
from services.records.oneroster.plans import Mark, Plan, Plans
from services.records.oneroster.reading import PLANNED, Reading
from shared.caller import Caller
from shared.contracts.privacy import FactsMark
from shared.turns import in_turns

Find = Callable[[Reading, Ids, Any], Awaitable[list[Made]]]

FILTERED_AT_ONCE: Final = 1_000
JOB: Final = "oneroster-pages"
"""Asks privacy whether anything changed: for no caller, and of no student."""


class Paging:
    """One request for a page."""

    def __init__(self, state: Any, caller: Caller, *, name: str, find: Find, ids: Ids, asked: Asked, now: datetime) -> None:
        self._state, self._find, self._ids, self._asked, self._now = state, find, ids, asked, now
        self._plans: Plans = state.oneroster_plans
        query = asked.parameters
        about = (caller.organisation_id, caller.kind, caller.purpose, caller.claims.details.get("legal_basis"))
        self._of_question = (name, sorted(ids.items()), query.filter, query.sort, query.orderBy, *about)

    async def page(self, reading: Reading) -> tuple[list[Made], int]:
        """The objects of the page, and how many there are in all."""
        key = self._plans.key(*self._of_question, *reading.asked_of)
        plan = self._plans.find(key, self._now)
        if plan is not None and (self._goes_on_in(plan) or await self._mark(reading) == plan.mark):
            found = await self._by_plan(reading, plan)
            if found is not None:
                return found, plan.total
        return await self._looked_for(reading, key)

    def _goes_on_in(self, plan: Plan) -> bool:
        """Whether it is a page behind the first one of a read that began with the plan. Of what was empty there is none."""
        return self._asked.offset > 0 and plan.total > 0

    async def _looked_for(self, reading: Reading, key: bytes) -> tuple[list[Made], int]:
        """The page by a look through everybody, of which the plan is kept if nothing changed meanwhile."""
        self._plans.drop(key)
        before = await self._mark(reading)
        reading.valid_for = PLANNED
        made = await everything(reading, find=self._find, ids=self._ids, asked=self._asked)
        if before is not None and await self._mark(reading) == before:
            places = [(self._plans.digest(one.value), one.students) async for one in in_turns(made)]
            self._plans.keep(key, Plan(before, min(reading.valid_until, self._now + PLANNED), places))
        return _cut(made, self._asked), len(made)

    async def _by_plan(self, reading: Reading, plan: Plan) -> list[Made] | None:
        """None where anything is not as the plan says."""
        place = plan.at(self._asked.offset, self._asked.limit)
        if not place.students:
            return []
        try:
            made = await self._find(reading.among(place.students), self._ids, self._asked.changed_since)
        except NoSuchObject:
            return None
        by_digest = {self._plans.digest(one.value): one async for one in in_turns(made)}
        page = [by_digest[digest] for digest in place.digests if digest in by_digest]
        return page if made and len(page) == len(place.digests) and self._as_asked([one.value for one in page]) else None

    def _as_asked(self, values: list[Object]) -> bool:
        """Whether objects that may have changed are still those that were asked for, in their order."""
        return all(map(self._asked.holds, values)) and self._asked.ordered(values) == values

    async def _mark(self, reading: Reading) -> Mark | None:
        """None where privacy does not tell, as one of an earlier version does not."""
        try:
            privacy = await self._state.siblings.call("privacy", "GET", "/internal/facts-mark", answer=FactsMark, by=JOB)
        except SuiteError:
            return None
        return Mark(await reading.changes(), privacy)


async def page_of(reading: Reading, *, find: Find, ids: Ids, asked: Asked) -> tuple[list[Made], int]:
    """A page without a plan: the objects, and how many there are in all."""
    made = await everything(reading, find=find, ids=ids, asked=asked)
    return _cut(made, asked), len(made)


async def everything(reading: Reading, *, find: Find, ids: Ids, asked: Asked) -> list[Made]:
    """Every object that the filter holds of, in the order asked for."""
    made = await find(reading, ids, asked.changed_since)
    by_object = {id(one.value): one for one in made}
    found = [one.value async for one in in_turns(made, at_once=FILTERED_AT_ONCE) if asked.holds(one.value)]
    return [by_object[id(value)] for value in asked.ordered(found)]


def _cut(made: list[Made], asked: Asked) -> list[Made]:
    return made[asked.offset : asked.offset + asked.limit]
