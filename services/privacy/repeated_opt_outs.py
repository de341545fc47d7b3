"""Opt-outs that would be lost with a record: said about it, and about no other record of the child that stays (docs/decisions/0066)."""

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.wire_directory import Preference
from services.privacy.opt_outs import open_preference
from services.privacy.rights import agency_of
from services.privacy.sealing import Sealer
from services.privacy.subjects import FORGOTTEN, open_facts
from services.privacy.tables import PreferenceRow, SubjectRow

PASSING_OVER: Final = ("directory-opt-out", "recruiter-opt-out")
"""What counts for each record of the child; a refusal counts by who holds the rights over the record it was said about."""


async def said_here_alone(tx: AsyncSession, sealer: Sealer, students: Collection[UUID]) -> tuple[UUID, ...]:
    """Of the students whose records go, those about whom an opt-out stands that another record of the child, at that district, has not."""
    found = set()
    for row in await _standing(tx, students):
        others = await _staying(tx, sealer, row, students)
        repeated = {other.student_id for other in await _standing(tx, others) if _same(sealer, row, other)}
        if set(others) - repeated:
            found.add(row.student_id)
    return tuple(sorted(found))


async def _standing(tx: AsyncSession, students: Collection[UUID]) -> Sequence[PreferenceRow]:
    if not students:
        return ()
    query = select(PreferenceRow).where(
        PreferenceRow.student_id.in_(students), PreferenceRow.kind.in_(PASSING_OVER), PreferenceRow.rescinded_at.is_(None)
    )
    return (await tx.scalars(query)).all()


async def _staying(tx: AsyncSession, sealer: Sealer, said: PreferenceRow, going: Collection[UUID]) -> list[UUID]:
    """Other records of the child that are kept at the district to which it was said, and do not go."""
    subject = await tx.get_one(SubjectRow, said.student_id)
    if subject.sealed == FORGOTTEN:
        return []
    others = [one for one in open_facts(sealer, subject).same_child if one not in going]
    query = select(SubjectRow).where(SubjectRow.student_id.in_(others), SubjectRow.sealed != FORGOTTEN)
    staying = []
    for other in (await tx.scalars(query)).all() if others else ():
        district = await agency_of(tx, str(other.custodian_id))
        if said.district_id == (other.custodian_id if district is None else district.id):
            staying.append(other.student_id)
    return staying


def _same(sealer: Sealer, one: PreferenceRow, other: PreferenceRow) -> bool:
    """Whether both say the same, whoever said it and when."""
    return one.district_id == other.district_id and _words(open_preference(sealer, one)) == _words(open_preference(sealer, other))


def _words(preference: Preference) -> dict[str, Any]:
    return preference.of.model_dump(exclude={"student_id", "acting_for", "document", "received_at"})
