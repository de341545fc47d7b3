"""Who is counted, read a page at a time: in memory is one byte a word of each student, and nothing that says who it is.

Each page looks at about PAGE students and lets the others of the process go on; all pages are of one snapshot.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, select, type_coerce, union
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from safepassage.wire_statistics import Population
from services.records.statistics.coded_students import CODED, code_of_record, opened_code
from services.records.statistics.codes_kept import MOST_KEPT, MadeAnew, keep_codes
from services.records.statistics.coding import A_YEAR
from services.records.stretches import Stretch, even, in_stretch
from services.records.tables import CodedStudentRow, EnrollmentRow, OrganisationRow, StudentRow, UnionRow
from services.records.vault import Vault
from services.records.visibility import enrolled_on
from shared.database import Database
from shared.tenancy import within
from shared.turns import in_turns

PAGE: Final = 500
"""Of all of the node, whether they are in reach or not: to look for the next of few takes as long as to read many."""


@dataclass
class Coded:
    """Codes one behind the other, and for each student the place of the district in the list; -1 for one of no district of it."""

    codes: bytearray = field(default_factory=bytearray)
    districts: list[int] = field(default_factory=list)
    made_anew: list[MadeAnew] = field(default_factory=list)
    """Of those whose code was not there, or of another version or layout, `MOST_KEPT` at the most."""


@dataclass(frozen=True)
class Reach:
    """Whose students: those of an organisation and of all below it, or of the whole node."""

    organisation_id: UUID | None
    """None: the whole node."""
    population: Population
    today: date

    def condition(self) -> ColumnElement[bool]:
        """On StudentRow."""
        here = exists().where(EnrollmentRow.student_id == StudentRow.id)
        if self.organisation_id is not None:
            here = here.where(EnrollmentRow.organisation_id.in_(within(OrganisationRow, self.organisation_id)))
        if self.population == "enrolled":
            return here.where(enrolled_on(self.today))
        # Two conditions, each by an index, instead of one with an OR. Whoever asks has lost a student who goes on elsewhere.
        goes_on, later = here.where(EnrollmentRow.exit_date.is_(None)), here.where(EnrollmentRow.exit_date >= self.today)
        return and_(here.where(EnrollmentRow.exit_date > self.today - A_YEAR, EnrollmentRow.exit_date < self.today), ~goes_on, ~later)


async def coded_students(database: Database, vault: Vault, reach: Reach, districts: Sequence[UUID]) -> Coded:
    """Everybody in reach, each child once: of united records the leading one counts, or else one. Raises SealBroken, KeysUnavailable."""
    made, places = Coded(), _Places({district: place for place, district in enumerate(districts)})
    async with database.reading() as tx:
        doubles = await tx.run_sync(lambda session: _doubles(session.connection(), reach))
        everybody = (await tx.execute(select(func.count()).select_from(StudentRow))).scalar_one()
        query = _query(reach)
        async for stretch in in_turns(even(1 + everybody // PAGE), at_once=1):
            page = partial(_page, vault=vault, query=query, stretch=stretch, places=places, doubles=doubles, today=reach.today, into=made)
            await tx.run_sync(page)
    await keep_codes(database, made.made_anew)
    return made


class _Places(dict[Any, int]):
    """The place of a district by its id, as the engine gives it: there are few districts and many students, and making an id takes a µs."""

    def __init__(self, places: dict[UUID, int]) -> None:
        super().__init__()
        self._places = places

    def __missing__(self, raw: Any) -> int:
        place = self[raw] = self._places.get(_uuid(raw), -1)
        return place


def _page(
    session: Session,
    *,
    vault: Vault,
    query: Select[*tuple[Any, ...]],
    stretch: Stretch,
    places: "_Places",
    doubles: set[UUID],
    today: date,
    into: Coded,
) -> None:
    """Adds one page."""
    connection = session.connection()
    for row in connection.execute(query, stretch.values).all():
        student_id = _uuid(row.raw_id)
        if student_id in doubles:
            continue
        key = vault.data_key(student_id, row.wrapped_key)
        code = opened_code(key, row)
        if code is None:
            code = code_of_record(connection, key, student_id, today=today)
            if len(into.made_anew) < MOST_KEPT:
                sealed = key.seal(code, section=CODED, source=CODED, version=row.student_version)
                into.made_anew.append(MadeAnew(student_id, row.student_version, bytes(row.wrapped_key), sealed))
        into.codes += code
        into.districts.append(places[row.raw_custodian])


def _query(reach: Reach) -> Select[*tuple[Any, ...]]:
    raw_id = type_coerce(StudentRow.id, NullType()).label("raw_id")
    raw_custodian = type_coerce(StudentRow.custodian_id, NullType()).label("raw_custodian")
    columns = (raw_id, raw_custodian, StudentRow.wrapped_key, StudentRow.version.label("student_version"))
    query = select(*columns, CodedStudentRow.version, CodedStudentRow.sealed)
    query = query.outerjoin_from(StudentRow, CodedStudentRow, CodedStudentRow.student_id == StudentRow.id)
    return query.where(reach.condition(), in_stretch(StudentRow.id)).order_by(StudentRow.id)


def _uuid(raw: Any) -> UUID:
    return raw if isinstance(raw, UUID) else UUID(raw)


def _doubles(connection: Connection, reach: Reach) -> set[UUID]:
    """Records that do not count: of each child's records in reach all but one, the leading one where it is among them.

    # INVARIANT: the noise is made for a child who counts once, however many records of it were united, and by whatever chain.
    """
    pairs = connection.execute(select(UnionRow.leading_id, UnionRow.other_id).where(UnionRow.separated_at.is_(None))).all()
    if not pairs:
        return set()
    united = union(*(select(one).where(UnionRow.separated_at.is_(None)) for one in (UnionRow.leading_id, UnionRow.other_id)))
    in_reach = set(connection.execute(select(StudentRow.id).where(reach.condition(), StudentRow.id.in_(united))).scalars())
    led = {other for _, other in pairs}
    doubles = set[UUID]()
    for child in _children((one, other) for one, other in pairs):
        counting = sorted(child & in_reach, key=lambda one: (one in led, one))
        doubles.update(counting[1:])
    return doubles


def _children(pairs: Iterable[tuple[UUID, UUID]]) -> list[set[UUID]]:
    """The records of each child, as far as chains of pairs reach."""
    held: dict[UUID, set[UUID]] = {}
    for one, other in pairs:
        first, second = held.get(one, {one}), held.get(other, {other})
        if first is not second:
            larger, smaller = (first, second) if len(first) >= len(second) else (second, first)
            larger |= smaller
            held |= dict.fromkeys(smaller, larger)
            held[one] = held[other] = larger
    return list({id(child): child for child in held.values()}.values())
