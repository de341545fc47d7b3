"""What consents, the facts of students and the organisations show, in counts. Samples are opened in memory and nothing of them is kept."""

import json
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, func, or_, select

from safepassage.wire_policy import Consent
from services.privacy.consent_records import open_grant
from services.privacy.policy import rights_role
from services.privacy.sealing import Sealer
from services.privacy.subjects import FORGOTTEN, open_facts
from services.privacy.tables import ConsentRow, DebarmentRow, OrganisationRow, SubjectRow
from shared.contracts.privacy import SubjectFacts

YEAR: Final = timedelta(days=365)
SAMPLE: Final = 50


def consent_measures(connection: Connection, sealer: Sealer, *, now: datetime) -> dict[str, int]:
    """Raises SealBroken where a consent does not open."""
    columns = (ConsentRow.id, ConsentRow.student_id, ConsentRow.recipient_id, ConsentRow.sealed)
    rows = connection.execute(select(*columns).order_by(ConsentRow.id.desc()).limit(SAMPLE)).all()
    consents = [open_grant(sealer, row) for row in rows]
    withdrawn = select(func.count()).select_from(ConsentRow).where(ConsentRow.withdrawn_at >= now - YEAR)
    return {
        "consents_sampled": len(consents),
        "consents_complete": sum(_is_complete(one) for one in consents),
        "consents_electronic": sum(one.signature == "electronic" for one in consents),
        "consents_withdrawn": connection.execute(withdrawn).scalar_one(),
    }


def subject_measures(connection: Connection, sealer: Sealer, *, now: datetime) -> dict[str, int]:
    """A sample by the order of random ids. Raises SealBroken where facts do not open."""
    columns = (SubjectRow.student_id, SubjectRow.custodian_id, SubjectRow.facts_version, SubjectRow.sealed)
    rows = connection.execute(select(*columns).where(SubjectRow.sealed != FORGOTTEN).order_by(SubjectRow.student_id).limit(SAMPLE)).all()
    subjects = [open_facts(sealer, row) for row in rows]
    return {
        "subjects_sampled": len(subjects),
        "subjects_decidable": sum(_is_decidable(one) for one in subjects),
        "subjects_of_age": sum(_is_decidable(one) and rights_role(one, one.student_id, now=now) == "student" for one in subjects),
    }


def organisation_measures(connection: Connection, *, now: datetime) -> dict[str, int]:
    """Partners and districts that there are, by the state agency's day, and the findings on record."""
    there = in_force(connection, now)
    every = select(OrganisationRow.whole).where(OrganisationRow.kind == "lea", there)
    districts = [json.loads(whole) for whole in connection.execute(every).scalars()]
    return {
        "partners": _count(connection, OrganisationRow, (OrganisationRow.kind == "peer") & there),
        "districts": len(districts),
        "districts_agreeing_onward": sum(bool(one.get("onward_transfer_agreed")) for one in districts),
        "debarments": _count(connection, DebarmentRow, DebarmentRow.id.is_not(None)),
    }


def in_force(connection: Connection, now: datetime) -> ColumnElement[bool]:
    """Of an organisation: it has begun and has not ended, on the day that it is at the state agency."""
    agency = connection.execute(select(OrganisationRow.whole).where(OrganisationRow.kind == "sea")).scalar()
    zone = ZoneInfo("UTC" if agency is None else json.loads(agency)["time_zone"])
    today = now.astimezone(zone).date()
    return (OrganisationRow.valid_from <= today) & or_(OrganisationRow.valid_until.is_(None), OrganisationRow.valid_until > today)


def _is_complete(consent: Consent) -> bool:
    """34 CFR 99.30(b), and (d) for an electronic one."""
    written = bool(consent.signed_on and consent.document and consent.elements and consent.purposes and consent.recipient_id)
    electronic = consent.signature == "electronic"
    identified = consent.acting_for.assurance_level in ("ial2", "ial3") and bool(consent.electronic_approval)
    return written and (identified or not electronic)


def _is_decidable(facts: SubjectFacts) -> bool:
    try:
        ZoneInfo(facts.time_zone)
    except (ValueError, OSError, KeyError):
        return False
    return facts.birth_date is not None


def _count(connection: Connection, row: type[Any], where: Any) -> int:
    return connection.execute(select(func.count()).select_from(row).where(where)).scalar_one()
