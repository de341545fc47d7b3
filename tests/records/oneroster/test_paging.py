"""Later pages open those alone who are on them, and are what looking through everybody gives, whatever changed since the first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from services.records.oneroster import counts, reading
from shared.in_process import Answer
from tests.records.oneroster.conftest import STUDENTS, Consumer, Roster

pytestmark = pytest.mark.anyio

QUERIES: tuple[dict[str, str], ...] = (
    {},
    {"sort": "sourcedId", "orderBy": "desc"},
    {"filter": "dateLastModified>'2020-01-01' AND status='active'"},
)
COLLECTIONS = ("users", "enrollments", "classes", "courses", "demographics", "students")


@contextmanager
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many students were decided on and opened, page by page of the store."""
    counted: list[int] = []
    released: Callable[..., Any] = vars(reading)["released"]

    def through(vault: Any, decision: Any, students: Any, **about: Any) -> Any:
        counted.append(len(students))
        return released(vault, decision, students, **about)

    with monkeypatch.context() as patched:
        patched.setattr(reading, "released", through)
        yield counted


async def pages(consumer: Consumer, path: str, limit: int, **query: str) -> tuple[list[Any], list[Answer]]:
    """Every page, by its `next`."""
    objects: list[Any] = []
    answers: list[Answer] = []
    offset = 0
    while True:
        answer = await consumer.send(path, limit=limit, offset=offset, **query)
        [found] = (await consumer.get(path, limit=limit, offset=offset, **query)).values()
        objects += found
        answers.append(answer)
        following = [one for one in answer.headers["link"].split(", ") if 'rel="next"' in one]
        if not following:
            return objects, answers
        [text] = parse_qs(urlsplit(following[0].partition(">")[0].removeprefix("<")).query)["offset"]
        offset = int(text)


@pytest.mark.parametrize("path", COLLECTIONS)
@pytest.mark.parametrize(
    "query", [{}, {"sort": "sourcedId", "orderBy": "desc"}, {"filter": "dateLastModified>'2020-01-01' AND status='active'"}]
)
async def test_pages_together_are_what_one_page_has_with_its_count(roster: Roster, path: str, query: dict[str, str]) -> None:
    [whole] = (await roster.consumer.get(path, limit=1000, **query)).values()
    limit = max(2, len(whole) // 4)
    objects, answers = await pages(roster.consumer, path, limit, **query)
    assert objects == whole
    assert {answer.headers["x-total-count"] for answer in answers} == {str(len(whole))}
    beyond = await roster.consumer.send(path, limit=limit, offset=len(whole) + 5, **query)
    assert (beyond.status, beyond.headers["x-total-count"]) == (200, str(len(whole)))


@pytest.mark.requirement("FORM-oneroster-mask")
@pytest.mark.parametrize("path", ["users", "enrollments", "students"])
async def test_a_whole_read_opens_everybody_once_and_then_those_of_each_page(
    roster: Roster, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two pages may have the same student at their ends: so one more for each."""
    sort = {"sort": "sourcedId"} if path == "students" else {}
    consumer = await roster.under("identity.name", "contacts.guardians", "enrollment.enrollments", "academics.current_courses")
    [whole] = (await consumer.get(path, limit=1000, offset=1000, **sort)).values()
    assert whole == []
    before = await roster.state.logged("read")
    with opened(monkeypatch) as counted:
        total = int((await consumer.send(path, limit=1, **sort)).headers["x-total-count"])
        assert counted == [1]
        for offset in range(0, total, 2):
            await consumer.send(path, limit=2, offset=offset, **sort)
        assert max(counted) <= 2
    entries = (await roster.state.logged("read"))[len(before) :]
    assert len(entries) == 1 + (total + 1) // 2
    assert {one for entry in entries for one in entry.student_ids} == set(roster.students)


async def test_a_page_of_classes_opens_those_who_are_in_them(roster: Roster, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = (await roster.consumer.get("classes", limit=1000))["classes"]
    places = (await roster.consumer.get("enrollments", limit=1000))["enrollments"]
    page = {one["sourcedId"] for one in whole[:3]}
    with opened(monkeypatch) as counted:
        assert (await roster.consumer.get("classes", limit=3))["classes"] == whole[:3]
    assert counted == [len({one["user"]["sourcedId"] for one in places if one["class"]["sourcedId"] in page})]
    assert counted < [len(STUDENTS)]


async def test_students_are_counted_once_while_nothing_changes(roster: Roster, monkeypatch: pytest.MonkeyPatch) -> None:
    await roster.consumer.get("students", limit=2)

    def counted_again(reach: Any) -> Any:
        raise AssertionError("counted again")

    monkeypatch.setattr(counts, "counting", counted_again)
    answer = await roster.consumer.send("students", limit=2, offset=3)
    assert answer.headers["x-total-count"] == str(len(STUDENTS))
