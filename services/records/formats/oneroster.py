"""OneRoster 1.2 CSV → our record: who is where, no more. Transcript, special education, discipline and health are not in the format."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, timedelta, tzinfo
from typing import Any, Final

from safepassage.record.academics import Academics, CurrentCourse
from safepassage.record.contacts import Contacts, Guardian
from safepassage.record.demographics import Demographics
from safepassage.record.enrollment import Enrollment, Enrollments
from safepassage.record.identity import Identity
from safepassage.record.loads import LoadedRecord
from services.records.formats import oneroster_people as people
from services.records.formats.archive import Archive
from services.records.formats.made_once import code_of
from services.records.formats.oneroster_csv import SCED
from services.records.formats.oneroster_gathered import GatheredRoster, Readable, RosterClass, gathered
from services.records.formats.oneroster_kept import Keeping
from services.records.formats.oneroster_tables import Row, Tables
from services.records.formats.parsed import Draft, KeptRoster, KeptStudent, ParsedRoster, ParsedStudent

FORMAT: Final = "oneroster-1.2-csv"
CARRIES: Final = frozenset(
    {
        "identity.name", "identity.preferred_name", "identity.birth_date", "identity.birth_place", "identity.sex", "identity.identifiers",
        "demographics.race_ethnicity", "contacts.telephones", "contacts.emails", "enrollment.enrollments", "academics.current_courses",
    }
)  # fmt: skip
"""Guardians are not among them: OneRoster knows no ended rights, so it may add a guardian and never replace one."""

GUARDIAN_ROLES: Final = frozenset({"parent", "guardian"})
CONTACT_ROLES: Final = GUARDIAN_ROLES | {"relative"}
DAY: Final = timedelta(days=1)

Span = tuple[date | None, date | None, Row]
"""First and last day at a school, and the row that says so."""


def read_oneroster(archive: Archive, *, today: date, zone: tzinfo = UTC) -> ParsedRoster:
    """Read a whole package. Membership of who is to be deleted ends on the day that the row says, or `today`. Raises UnreadableRoster.

    zone  where the days are days
    """
    tables = Tables(archive)
    parsed = ParsedRoster(FORMAT, tables.source_system, CARRIES)
    keeping = Keeping(tables, parsed.findings)
    read_students(keeping, parsed, today=today, zone=zone)
    keeping.read_others()
    kept = {one.source_id: KeptStudent.of(one.source_id, keeping.of_student(one.source_id)) for one in parsed.students}
    parsed.kept = KeptRoster(keeping.frame, kept, files=keeping.files)
    keeping.say_left(kept)
    for reason, position in tables.not_read():
        parsed.findings.missed(reason, position)
    return parsed


def read_students(tables: Readable, parsed: ParsedRoster, *, today: date, zone: tzinfo = UTC) -> None:
    """The students of the tables, into `parsed`."""
    roster = gathered(tables, parsed.findings)
    for identifier, user in roster.users.items():
        if "student" not in roster.roles_of(identifier):
            continue
        parsed.findings.counts["students"] += 1
        if not identifier:
            parsed.findings.missed("student-id-missing", user.position)
            continue
        if user.to_be_deleted:
            parsed.findings.counts["to-be-deleted"] += 1
            parsed.students.append(
                ParsedStudent(identifier, user.position, None, ended_on=user.day_there("dateLastModified", zone) or today)
            )
            continue
        record = _record(user, roster, today)
        if record is not None:
            parsed.students.append(ParsedStudent(identifier, user.position, record))


def _record(user: Row, roster: GatheredRoster, today: date) -> LoadedRecord | None:
    findings, identifier = roster.findings, user["sourcedId"]
    about = roster.demographics.get(identifier)
    if about is None or about.day("birthDate") is None:
        findings.missed("birth-date-missing", user.position)
    enrolled = _enrollments(user, roster)
    if not enrolled:
        findings.missed("enrollment-missing", user.position)
    contacts = people.reached_at(user) | {"guardians": _guardians(user, roster)}
    sections = {
        "identity": Draft(Identity, people.identity(user, about), user.position, optional=True),
        "demographics": Draft(Demographics, people.demographics(about), about.position, optional=True) if about else None,
        "contacts": Draft(Contacts, contacts, user.position, optional=True),
        "enrollment": Draft(Enrollments, {"enrollments": enrolled}, user.position, optional=True),
        "academics": Draft(Academics, {"current_courses": _courses(user, roster, today)}, user.position, optional=True),
    }
    return findings.made_of(LoadedRecord, Draft(LoadedRecord, sections, user.position))


def _enrollments(user: Row, roster: GatheredRoster) -> list[Draft] | list[Enrollment]:
    """Of each school: from the student's roles there, or else from the classes; a school that orgs.csv lacks is reported.

    What all who have such roles and grades have in common is made once.
    """
    roles, places = roster.roles.get(user["sourcedId"], ()), roster.enrollments.get(user["sourcedId"], ())
    for row in places:
        if row["classSourcedId"] not in roster.classes:
            roster.findings.missed("class-unknown", row.position)
    alike = (user["grades"], *[tuple(map(role.values.get, _OF_STAYS)) for role in roles])
    known = roster.stays.get(alike)
    if known is not None:
        return known
    dated, undated = _dated(roles)
    stays = _stays(dated, undated, places, roster)
    made = _drafts_of(stays, user.list("grades"), _second_schools(roles) if dated else frozenset(), roster)
    if undated or not dated:  # it goes by the classes of each
        return made
    valid = [one for draft in made if (one := draft.instance(Enrollment)) is not None]
    if len(valid) < len(stays):  # there is something to say of it, where each has it
        return made
    roster.stays[alike] = valid
    return valid


_OF_STAYS: Final = ("role", "roleType", "orgSourcedId", "beginDate", "endDate")
"""What of a role says where a student is, and when."""


def _dated(roles: Sequence[Row]) -> tuple[dict[str, list[Span]], dict[str, Row]]:
    """The student's roles by school: spans of those that have days, and of those that have none the first."""
    dated: dict[str, list[Span]] = defaultdict(list)
    undated: dict[str, Row] = {}
    for role in roles:
        if role["role"] == "student":
            begins = role.day("beginDate")
            if begins is None:
                undated.setdefault(role["orgSourcedId"], role)
            else:
                dated[role["orgSourcedId"]].append((begins, _last_day(role), role))
    return dated, undated


def _stays(
    dated: Mapping[str, Sequence[Span]], undated: Mapping[str, Row], places: Sequence[Row], roster: GatheredRoster
) -> list[tuple[str, Span]]:
    """Stays with their schools. `places`: in classes.

    Roles with days are stays of their own, apart where there are days between them. Of classes there is one stay: between two terms
    nobody has left. Where some roles have days, one at another school that has none is dated by the classes there.
    """
    of_classes: dict[str, list[Span]] = defaultdict(list)
    for row in places:
        if not dated or (row["schoolSourcedId"] in undated and row["schoolSourcedId"] not in dated):
            held = roster.classes.get(row["classSourcedId"])
            begins = row.day("beginDate") or (held.begins if held else None)
            of_classes[row["schoolSourcedId"]].append((begins, _last_day(row), row))
    stays = [(school, stay) for school, spans in dated.items() for stay in stays_of(spans)]
    stays += [(school, _one_stay(spans)) for school, spans in of_classes.items()]
    if dated:
        stays += [(school, (None, None, row)) for school, row in undated.items() if school not in dated and school not in of_classes]
    return stays


def _drafts_of(stays: Sequence[tuple[str, Span]], grades: Sequence[str], second: Collection[str], roster: GatheredRoster) -> list[Draft]:
    """The enrolments that these stays are. `second`: schools beside which there is another."""
    last = {school: max(begins or date.min for at, (begins, _, _) in stays if at == school) for school, _ in stays}
    made = []
    for school, (begins, ends, row) in stays:
        where = roster.organisation(school)
        if where is None or begins is None:
            roster.findings.missed("org-unknown" if where is None else "entry-date-missing", row.position)
            continue
        values = {
            "school": where,
            "district": roster.district(school),
            "entry_date": begins,
            "exit_date": ends,
            "grade": code_of("ceds:000100", grades[-1]) if grades and begins == last[school] else None,  # it is told of today
            "primary": school not in second,
        }
        made.append(Draft(Enrollment, values, row.position))
    return made


def stays_of(spans: Sequence[Span]) -> list[Span]:
    """The same days in as few spans as there are: those that meet or overlap are one, and say so with the row of the first."""
    made: list[Span] = []
    for begins, ends, row in sorted(spans, key=lambda span: span[0] or date.min):
        ends = None if ends is None else max(ends, begins or ends)
        before = made[-1] if made else None
        if before is not None and begins is not None and (before[1] is None or begins <= before[1] + DAY):
            made[-1] = (before[0], None if None in (before[1], ends) else max(before[1] or date.min, ends or date.min), before[2])
        else:
            made.append((begins, ends, row))
    return made


def _one_stay(spans: Sequence[Span]) -> Span:
    begun, ends = [begins for begins, _, _ in spans if begins is not None], [end for _, end, _ in spans]
    last = None if None in ends else max(end for end in ends if end is not None)
    return (min(begun), None if last is None else max(last, min(begun)), spans[0][2]) if begun else (None, last, spans[0][2])


def _second_schools(roles: Sequence[Row]) -> frozenset[str]:
    """Schools where the user is a student beside another school: `roleType` is secondary there, and at another one it is not.

    Where no role but the student's is the user's first one: a type is said of one organisation, at which an aide may be a student too.
    """
    first = {role["orgSourcedId"] for role in roles if role["roleType"].casefold() != "secondary"}
    theirs = {role["orgSourcedId"] for role in roles if role["role"] == "student"}
    return frozenset(theirs - first) if theirs & first else frozenset()


def _last_day(row: Row) -> date | None:
    """The last day of membership: `endDate` is the first after it (1EdTech OneRoster 1.2 CSV binding, roles and enrollments)."""
    end = row.day("endDate")
    return None if end is None else end - DAY


def _courses(user: Row, roster: GatheredRoster, today: date) -> list[CurrentCourse | Draft]:
    """Those in progress. Many a system gives each enrolment an end: the class's, which is to come."""
    made: list[CurrentCourse | Draft] = []
    for row in roster.enrollments.get(user["sourcedId"], ()):
        held = roster.classes.get(row["classSourcedId"])
        last = _last_day(row)
        if held is None or (last is not None and last < today):
            continue
        begins = row.day("beginDate") or held.begins
        sced = row[SCED] or held.sced
        course = held.courses.get((begins, sced))
        if course is None:
            draft = _course(held, begins, sced, roster, row.position)
            course = draft.instance(CurrentCourse)
            if course is None:
                made.append(draft)
                continue
            held.courses[begins, sced] = course
        made.append(course)
    return made


def _course(held: RosterClass, begins: date | None, sced: str, roster: GatheredRoster, position: str) -> Draft:
    code: dict[str, Any] = {"local_code": {"system": "oneroster:courseCode", "code": held.course_code}} if held.course_code else {}
    code |= {"sced_code": sced} if sced else {}
    values = {
        "section": held.code,
        "course": {"title": held.title, **code},
        "term": {"system": "oneroster:term", "code": held.term} if held.term else None,
        "school": roster.organisation(held.school),
        "begin_date": begins,
    }
    return Draft(CurrentCourse, values, position)


def _guardians(user: Row, roster: GatheredRoster) -> list[Draft]:
    """Agents who are parents, guardians or relatives. Who is parent or guardian holds full rights until a document ends them (99.4)."""
    made = []
    for place, agent_id in enumerate(user.list("agentSourcedIds"), start=1):
        agent = roster.users.get(agent_id)
        if agent is None:
            roster.findings.missed("agent-unknown", user.position)
            continue
        roles = roster.roles_of(agent_id) & CONTACT_ROLES
        if not roles or agent.to_be_deleted:
            continue
        values = people.guardian(agent, sorted(roles)[0], place)
        values["rights"] = {} if roles & GUARDIAN_ROLES else None
        made.append(Draft(Guardian, values, agent.position))
    return made
