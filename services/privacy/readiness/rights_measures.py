"""What people asked for and said, in counts: requests to inspect, amendments, hearings, statements, opt-outs, destructions."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Select, Subquery, and_, exists, func, or_, select, type_coerce

from services.privacy.sealing import Sealer
from services.privacy.subjects import FORGOTTEN, open_facts
from services.privacy.tables import DestructionRow, PreferenceRow, RightsEventRow, RightsRequestRow, SubjectRow

OPT_OUT: Final = "directory-opt-out"
COMPLIES: Final = ("copy-given", "inspected")
ENDS: Final = (*COMPLIES, "refused", "withdrawn")
DAY_MILLISECONDS: Final = timedelta(days=1) // timedelta(milliseconds=1)
SAMPLE: Final = 50


def rights_measures(connection: Connection, sealer: Sealer, *, now: datetime) -> dict[str, Any]:
    """Raises SealBroken where the facts of a student do not open."""
    return {
        **_inspections(connection, now),
        **{f"{kind}s": _count(connection, _requests(kind)) for kind in ("amendment", "hearing", "statement")},
        **_opt_outs(connection, sealer, now),
        **_destructions(connection),
    }


def _inspections(connection: Connection, now: datetime) -> dict[str, int | None]:
    complied = _ended(COMPLIES)
    request = RightsRequestRow
    done = select(request.id).join(complied, complied.c.request_id == request.id).where(request.kind == "inspection")
    ended = _ended(ENDS)
    late = (
        select(request.id)
        .outerjoin(ended, ended.c.request_id == request.id)
        .where(request.kind == "inspection", request.overdue_at <= now, ended.c.request_id.is_(None))
    )
    count = _count(connection, done)
    took = type_coerce(complied.c.at, BigInteger) - type_coerce(request.recorded_at, BigInteger)
    middle = select(took).select_from(request).join(complied, complied.c.request_id == request.id).where(request.kind == "inspection")
    median = connection.execute(middle.order_by(took).offset(count // 2).limit(1)).scalar_one() if count else None
    return {
        "inspections": count + _count(connection, late),
        "inspections_in_time": _count(connection, done.where(complied.c.at < request.overdue_at)),
        "inspections_median_days": None if median is None else max(median, 0) // DAY_MILLISECONDS,
    }


def _opt_outs(connection: Connection, sealer: Sealer, now: datetime) -> dict[str, int]:
    row = PreferenceRow
    held = select(row.student_id).where(row.kind == OPT_OUT, row.rescinded_at.is_(None))
    columns = (SubjectRow.student_id, SubjectRow.custodian_id, SubjectRow.facts_version, SubjectRow.sealed)
    known = SubjectRow.student_id.in_(held), SubjectRow.sealed != FORGOTTEN
    sample = select(*columns).where(*known).order_by(SubjectRow.student_id).limit(SAMPLE)
    students = [open_facts(sealer, one) for one in connection.execute(sample)]
    today = now.date()
    former = [one for one in students if all(place.until is not None and place.until < today for place in one.attendances)]
    return {"opt_outs": _count(connection, held), "opt_outs_of_former": len(former)}


def _destructions(connection: Connection) -> dict[str, int]:
    ended = _ended(ENDS)
    request, cleared = RightsRequestRow, DestructionRow
    still_on = or_(ended.c.at.is_(None), ended.c.at > cleared.cleared_at)
    of_same_student = and_(request.kind == "inspection", request.student_id == cleared.student_id)
    hold = select(request.id).outerjoin(ended, ended.c.request_id == request.id)
    hold = hold.where(of_same_student, request.recorded_at <= cleared.cleared_at, still_on)
    return {
        "destructions_cleared": _count(connection, select(cleared.id)),
        "destructions_despite_hold": _count(connection, select(cleared.id).where(exists(hold.correlate(cleared)))),
    }


def _ended(kinds: tuple[str, ...]) -> Subquery:
    """The first event of one of the kinds, for each request that has one."""
    row = RightsEventRow
    return select(row.request_id, func.min(row.at).label("at")).where(row.kind.in_(kinds)).group_by(row.request_id).subquery()


def _requests(kind: str) -> Select[Any]:
    return select(RightsRequestRow.id).where(RightsRequestRow.kind == kind)


def _count(connection: Connection, query: Select[Any]) -> int:
    return connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
