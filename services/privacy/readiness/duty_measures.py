"""What the clocks show: questions of the public, notices of breaches, children for whom the day counts; and understandings on record."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from safepassage.wire_organisations import Organisation
from safepassage.wire_programmes import InterstateUnderstanding
from services.privacy.clocks import DUTY_RULES
from services.privacy.duties import details_of
from services.privacy.evidence_records import COLUMNS, open_evidence
from services.privacy.policy.calendar_days import day_in, zone_of
from services.privacy.readiness.people_measures import in_force
from services.privacy.sealing import Sealer
from services.privacy.tables import DutyRow, EvidenceRow, OrganisationRow

YEAR: Final = timedelta(days=365)
SAMPLE: Final = 500
PUBLIC: Final = "answer-public-question"
BREACH: Final = tuple(kind for kind in DUTY_RULES if kind.startswith("breach-"))
URGENT: Final = frozenset({"mckinney-vento-send-records", "mckinney-vento-contact-school", "foster-send-records", "foster-contact-school"})


def duty_measures(connection: Connection, sealer: Sealer, *, now: datetime) -> dict[str, int]:
    """Raises SealBroken where a duty does not open."""
    return {
        **_kept("public_questions", connection, (PUBLIC,), now),
        "breach_clocks": len(BREACH),
        **_kept("breach_duties", connection, BREACH, now),
        **_urgent(connection, sealer, now),
    }


def understanding_measures(connection: Connection, sealer: Sealer, *, now: datetime) -> dict[str, int]:
    """Other states' nodes with which an understanding is on record and in force."""
    row = EvidenceRow
    held = select(*COLUMNS).where(
        row.kind == "interstate-understanding", row.revoked_at.is_(None), row.valid_from <= now, row.valid_until > now
    )
    opened = (open_evidence(sealer, one).of for one in connection.execute(held))
    understood = {of.node for of in opened if isinstance(of, InterstateUnderstanding)}
    there = select(OrganisationRow.entity_id).where(OrganisationRow.kind == "peer", in_force(connection, now))
    partners = connection.execute(there).scalars()
    return {"partners_with_understanding": len(understood.intersection(partners))}


def _kept(name: str, connection: Connection, kinds: tuple[str, ...], now: datetime) -> dict[str, int]:
    """Duties of a year that were done or are overdue, and those that were done in time. Of one without a date nobody can say; one that was
    waived was owed by nobody."""
    owed = and_(DutyRow.overdue_at.is_not(None), DutyRow.waived_at.is_(None))
    of_a_year = and_(DutyRow.kind.in_(kinds), DutyRow.begins_at >= now - YEAR, owed)
    ended = _count(connection, of_a_year, or_(DutyRow.done_at.is_not(None), DutyRow.overdue_at <= now))
    return {name: ended, f"{name}_in_time": _count(connection, of_a_year, DutyRow.done_at < DutyRow.overdue_at)}


def _urgent(connection: Connection, sealer: Sealer, now: datetime) -> dict[str, int]:
    """The day is the agency's own. What came today and is not done yet may still be."""
    rows = select(DutyRow.__table__, OrganisationRow.whole).join(OrganisationRow, OrganisationRow.id == DutyRow.custodian_id)
    rows = rows.where(DutyRow.kind == "of-a-child", DutyRow.begins_at >= now - YEAR).order_by(DutyRow.begins_at.desc()).limit(SAMPLE)
    asked = same_day = 0
    for row in connection.execute(rows):
        if details_of(sealer, row).kind not in URGENT:
            continue
        zone = zone_of(Organisation.model_validate_json(row.whole).time_zone)
        day = day_in(row.begins_at, zone)
        if row.done_at is not None or day < now.astimezone(zone).date():
            asked += 1
            same_day += row.done_at is not None and row.done_at.astimezone(zone).date() == day
    return {"urgent_requests": asked, "urgent_answered_same_day": same_day}


def _count(connection: Connection, *conditions: ColumnElement[bool] | Any) -> int:
    return connection.execute(select(func.count()).select_from(DutyRow).where(*conditions)).scalar_one()
