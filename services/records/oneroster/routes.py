"""The operations of the OneRoster 1.2 rostering service, each a GET: a collection or one object of it, read under the token's agreement.

The answer's objects, its order and its count are made of what was decided and cut; who is in it is on the log before it leaves. Lists of
organisations, sessions, courses and classes tell of no student, and are not in the accounting of any.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from inspect import Parameter, Signature
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Path, Request, Response

from safepassage.problems.oneroster import (
    AgreementNotNamed,
    FilterNotValid,
    NoSuchObject,
    PagingNotValid,
    SelectionNotValid,
    TooManyStudents,
)
from safepassage.problems.privacy import NoSuchAgreement
from safepassage.problems.records import PurposeMissing
from safepassage.problems.requests import LogUnavailable, NotPermitted, TemporarilyUnavailable
from services.records.formats.oneroster_places import PREFIX
from services.records.formats.oneroster_query import Object
from services.records.formats.oneroster_vocabulary import OF_DEMOGRAPHICS, OF_USERS, SINGULAR
from services.records.oneroster import contents as made_of
from services.records.oneroster.asking import Asked, Parameters, Query_
from services.records.oneroster.contents import CLASS, COURSE, SCHOOL, TERM, USER, Made
from services.records.oneroster.narrowing import Narrowed, narrowed
from services.records.oneroster.paging import Find, Paging, page_of
from services.records.oneroster.reading import Reading
from shared.caller import Caller, caller_with
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix=PREFIX, tags=["OneRoster 1.2 rostering"])

SCOPE: Final = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
ALL, CORE, DEMOGRAPHICS = f"{SCOPE}roster.readonly", f"{SCOPE}roster-core.readonly", f"{SCOPE}roster-demographics.readonly"

Roster = Annotated[Caller, caller_with(ALL, CORE)]
Demographer = Annotated[Caller, caller_with(ALL, DEMOGRAPHICS)]
SourcedId = Annotated[str, Path(max_length=255)]

FindOne = Callable[[Reading, str], Awaitable[Made]]

PROBLEMS: Final = responses(
    NotPermitted, PurposeMissing, AgreementNotNamed, NoSuchAgreement, NoSuchObject, FilterNotValid, SelectionNotValid, PagingNotValid,
    TooManyStudents, LogUnavailable, TemporarilyUnavailable,
)  # fmt: skip


class Several(NamedTuple):
    """An operation that reads a collection."""

    name: str
    path: str
    collection: str
    find: Find
    summary: str


class One(NamedTuple):
    """An operation that reads one object."""

    name: str
    path: str
    collection: str
    find: FindOne
    summary: str


def _of(find: Find) -> FindOne:
    async def one(reading: Reading, sourced_id: str) -> Made:
        return made_of.only(await find(reading, {}, None), sourced_id)

    return one


async def _student(reading: Reading, sourced_id: str) -> Made:
    return await made_of.person(reading, sourced_id, with_guardians=False)


async def _user(reading: Reading, sourced_id: str) -> Made:
    return await made_of.person(reading, sourced_id, with_guardians=True)


SCHOOLS, IN_SCHOOL = "/schools", f"/schools/{{{SCHOOL}}}"
IN_CLASS, CLASS_IN_SCHOOL = f"/classes/{{{CLASS}}}", f"{IN_SCHOOL}/classes/{{{CLASS}}}"

SEVERAL: Final = (
    Several("getAllAcademicSessions", "/academicSessions", "academicSessions", made_of.sessions, "Academic sessions."),
    Several("getAllClasses", "/classes", "classes", made_of.classes, "Classes."),
    Several("getAllCourses", "/courses", "courses", made_of.courses, "Courses."),
    Several("getAllDemographics", "/demographics", "demographics", made_of.demographics, "Demographics."),
    Several("getAllEnrollments", "/enrollments", "enrollments", made_of.enrollments, "Students' places in classes."),
    Several("getAllGradingPeriods", "/gradingPeriods", "academicSessions", made_of.grading_periods, "Grading periods."),
    Several("getAllOrgs", "/orgs", "orgs", made_of.orgs, "Organisations."),
    Several("getAllSchools", SCHOOLS, "orgs", made_of.schools, "Schools."),
    Several("getAllStudents", "/students", "users", made_of.students, "Students."),
    Several("getAllTeachers", "/teachers", "users", made_of.teachers, "Teachers."),
    Several("getAllTerms", "/terms", "academicSessions", made_of.terms, "Terms."),
    Several("getAllUsers", "/users", "users", made_of.users, "Students and their guardians."),
    Several("getClassesForCourse", f"/courses/{{{COURSE}}}/classes", "classes", made_of.classes, "Classes of a course."),
    Several("getClassesForSchool", f"{IN_SCHOOL}/classes", "classes", made_of.classes, "Classes of a school."),
    Several("getClassesForStudent", f"/students/{{{USER}}}/classes", "classes", made_of.classes, "Classes of a student."),
    Several("getClassesForTeacher", f"/teachers/{{{USER}}}/classes", "classes", made_of.no_teacher, "Classes of a teacher."),
    Several("getClassesForTerm", f"/terms/{{{TERM}}}/classes", "classes", made_of.classes, "Classes of a term."),
    Several("getClassesForUser", f"/users/{{{USER}}}/classes", "classes", made_of.classes, "Classes of a user."),
    Several("getCoursesForSchool", f"{IN_SCHOOL}/courses", "courses", made_of.courses, "Courses taught at a school."),
    Several("getEnrollmentsForClassInSchool", f"{CLASS_IN_SCHOOL}/enrollments", "enrollments", made_of.enrollments, "Places in a class."),
    Several("getEnrollmentsForSchool", f"{IN_SCHOOL}/enrollments", "enrollments", made_of.enrollments, "Places in a school's classes."),
    Several(
        "getGradingPeriodsForTerm", f"/terms/{{{TERM}}}/gradingPeriods", "academicSessions", made_of.grading_periods, "Grading periods."
    ),
    Several("getStudentsForClass", f"{IN_CLASS}/students", "users", made_of.students, "Students of a class."),
    Several("getStudentsForClassInSchool", f"{CLASS_IN_SCHOOL}/students", "users", made_of.students, "Students of a class."),
    Several("getStudentsForSchool", f"{IN_SCHOOL}/students", "users", made_of.students, "Students enrolled at a school."),
    Several("getTeachersForClass", f"{IN_CLASS}/teachers", "users", made_of.teachers, "Teachers of a class."),
    Several("getTeachersForClassInSchool", f"{CLASS_IN_SCHOOL}/teachers", "users", made_of.teachers, "Teachers of a class."),
    Several("getTeachersForSchool", f"{IN_SCHOOL}/teachers", "users", made_of.teachers, "Teachers of a school."),
    Several("getTermsForSchool", f"{IN_SCHOOL}/terms", "academicSessions", made_of.terms, "Terms of a school."),
)
ONE: Final = (
    One("getAcademicSession", "/academicSessions/{sourced_id}", "academicSessions", _of(made_of.sessions), "An academic session."),
    One("getClass", "/classes/{sourced_id}", "classes", made_of.class_, "A class."),
    One("getCourse", "/courses/{sourced_id}", "courses", made_of.course, "A course."),
    One("getDemographics", "/demographics/{sourced_id}", "demographics", made_of.demographics_of, "A student's demographics."),
    One("getEnrollment", "/enrollments/{sourced_id}", "enrollments", made_of.enrollment, "A student's place in a class."),
    One("getGradingPeriod", "/gradingPeriods/{sourced_id}", "academicSessions", _of(made_of.grading_periods), "A grading period."),
    One("getOrg", "/orgs/{sourced_id}", "orgs", _of(made_of.orgs), "An organization."),
    One("getSchool", "/schools/{sourced_id}", "orgs", _of(made_of.schools), "A school."),
    One("getStudent", "/students/{sourced_id}", "users", _student, "A student."),
    One("getTeacher", "/teachers/{sourced_id}", "users", _of(made_of.teachers), "A teacher."),
    One("getTerm", "/terms/{sourced_id}", "academicSessions", _of(made_of.terms), "A term."),
    One("getUser", "/users/{sourced_id}", "users", _user, "A student or guardian."),
)

OF_EVERYBODY: Final = frozenset(
    {made_of.classes, made_of.courses, made_of.demographics, made_of.enrollments, made_of.students, made_of.users}
)
"""What is made of everybody in reach, or of everybody in a district."""
WINDOWED: Final[Mapping[Any, tuple[str, ...]]] = {made_of.students: OF_USERS, made_of.demographics: OF_DEMOGRAPHICS}
"""Whole collections with an object a student, whose pages are cut in the store: of any number of students."""


async def _several(operation: Several, caller: Caller, request: Request, now: Now, query: Parameters) -> Response:
    asked = Asked.of(query, operation.collection)
    reading = await Reading.of(request, caller, now)
    ids = request.path_params
    narrow = Narrowed(operation.find, asked) if ids else narrowed(operation.find, asked)
    find, asked = narrow.find, narrow.asked
    needed = None if ids else WINDOWED.get(find)
    page: list[Made] = []
    total = 0
    if narrow.is_of_nobody:
        pass
    elif needed is not None and asked.only_since:
        items, total = await reading.window(needed, offset=asked.offset, limit=asked.limit, changed_since=asked.changed_since)
        page = await (made_of.of_demographics(reading, items) if needed is OF_DEMOGRAPHICS else made_of.of_students(reading, items))
    else:
        about: dict[str, Any] = {"find": find, "ids": ids, "asked": asked}
        if narrow.pseudonyms is not None:
            page, total = await page_of(await reading.known_as(narrow.pseudonyms), **about)
        elif find in OF_EVERYBODY and USER not in ids:
            paging = Paging(request.app.state, caller, name=operation.name, now=now, **about)
            page, total = await paging.page(at_school(reading, narrow.school, find))
        else:
            page, total = await page_of(reading, **about)
    await reading.log([one.item for one in page if one.item is not None])
    url = f"{request.app.state.settings.entity_id}{request.url.path}"
    headers = {"x-total-count": str(total), "link": asked.links(url, total)}
    return _answer({operation.collection: [asked.selected(one.value) for one in page]}, headers | await reading.left())


def at_school(reading: Reading, school: str | None, find: Find) -> Reading:
    """The reading of those alone who are at a school; of whose classes are there, its district. All, where it is none in reach."""
    if school is None:
        return reading
    try:
        there = reading.school(school).id
    except NoSuchObject:
        return reading
    return reading.at([there] if find in (made_of.students, made_of.users) else reading.places_of(school))


async def _one(operation: One, caller: Caller, request: Request, now: Now, query: Parameters) -> Response:
    asked = Asked.of(Parameters(fields=query.fields), operation.collection)
    reading = await Reading.of(request, caller, now)
    made = await operation.find(reading, request.path_params["sourced_id"])
    await reading.log([] if made.item is None else [made.item])
    return _answer({SINGULAR[operation.collection]: asked.selected(made.value)}, await reading.left())


def _answer(body: Object, headers: dict[str, str]) -> Response:
    return Response(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(), media_type="application/json", headers=headers)


def _add(operation: Several | One) -> None:
    """Have the router answer the operation. Its parameters are those of its path, whoever calls, and the query."""
    caller = Demographer if operation.collection == "demographics" else Roster
    given: dict[str, Any] = {"caller": caller, "request": Request, "now": Now, "query": Query_}
    given |= dict.fromkeys(re.findall(r"{(\w+)}", operation.path), SourcedId)

    async def endpoint(caller: Caller, request: Request, now: Now, query: Parameters, **_: str) -> Response:
        if isinstance(operation, Several):
            return await _several(operation, caller, request, now, query)
        return await _one(operation, caller, request, now, query)

    keyword = Parameter.KEYWORD_ONLY
    endpoint.__signature__ = Signature([Parameter(name, keyword, annotation=kind) for name, kind in given.items()])  # type: ignore[attr-defined]
    endpoint.__name__, endpoint.__doc__ = operation.name, operation.summary
    member = operation.collection if isinstance(operation, Several) else SINGULAR[operation.collection]
    several = {"type": "array", "items": {"type": "object"}} if isinstance(operation, Several) else {"type": "object"}
    schema = {"type": "object", "required": [member], "properties": {member: several}}
    router.add_api_route(
        operation.path,
        endpoint,
        methods=["GET"],
        name=operation.name,
        response_class=Response,
        responses={200: {"description": operation.summary, "content": {"application/json": {"schema": schema}}}, **PROBLEMS},
    )


for _operation in (*SEVERAL, *ONE):
    _add(_operation)
