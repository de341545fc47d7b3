"""A read of many pages goes on as it began while others change the node: nobody is opened again, and what is told is what is there now."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from node.synthetic import SyntheticStudent
from tests.records.one_state import DISTRICT, OneState, some_students
from tests.records.oneroster.conftest import Consumer
from tests.records.oneroster.test_paging import opened

pytestmark = pytest.mark.anyio

THOSE = [one for one in some_students(60) if one.district.key == DISTRICT][:5]
"""Four who are there, and one who comes."""
ELEMENTS = ("identity.name", "enrollment.enrollments", "academics.current_courses")

Document = dict[str, Any]


def altered(one: SyntheticStudent, change: Callable[[Document], None]) -> Any:
    """The load of a student of whom something is said otherwise."""
    document = one.load.record.document()
    change(document)
    return one.load.model_copy(update={"record": type(one.load.record).model_validate(document)})


def called(name: str) -> Callable[[Document], None]:
    """The change of a family name."""
    return lambda document: document["identity"]["name"].update(last_1=name)


def drops_a_class(document: Document) -> None:
    document["academics"]["current_courses"].pop()


@pytest.fixture
async def consumer(alder: OneState) -> Consumer:
    """Of a node of four students."""
    for one in THOSE[:4]:
        await alder.district().load(one.load)
    await alder.tell()
    return Consumer(alder, await alder.agree(ELEMENTS))


async def load(consumer: Consumer, load: Any) -> UUID:
    loaded = await consumer.state.district().load(load)
    await consumer.state.tell()
    return loaded.id


async def of_whom(consumer: Consumer, sourced_id: str) -> SyntheticStudent:
    """Whose user this is: ids are random, so anybody may be on a page."""
    user = (await consumer.get(f"students/{sourced_id}"))["user"]
    names = {one.source_id: one.load.record.document()["identity"]["name"] for one in THOSE}
    return next(
        one
        for one in THOSE
        if (names[one.source_id]["first"], names[one.source_id]["last_1"] in user["familyName"]) == (user["givenName"], True)
    )


@pytest.mark.requirement("FORM-oneroster-pages")
@pytest.mark.parametrize("path", ["users", "enrollments", "classes"])
async def test_pages_behind_the_first_open_those_on_them_and_count_as_it_did_whoever_came(
    consumer: Consumer, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    [whole] = (await consumer.get(path, limit=1000)).values()
    total = (await consumer.send(path, limit=1)).headers["x-total-count"]
    await load(consumer, THOSE[4].load)
    with opened(monkeypatch) as counted:
        answer = await consumer.send(path, limit=2, offset=1)
        [page] = (await consumer.get(path, limit=2, offset=1)).values()
    assert max(counted) < 4
    assert (page, answer.headers["x-total-count"]) == (whole[1:3], total)
    assert (await consumer.send(path, limit=1)).headers["x-total-count"] != total  # a read that begins now has everybody


async def test_what_changed_since_the_read_began_is_told_as_it_is_now(consumer: Consumer, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (await consumer.get("users", limit=2))["users"]
    await load(consumer, altered(await of_whom(consumer, second["sourcedId"]), called("Newname")))
    with opened(monkeypatch) as counted:
        [page] = (await consumer.get("users", limit=1, offset=1))["users"]
    assert (page["sourcedId"], "Newname" in page["familyName"], counted) == (second["sourcedId"], True, [1])
    assert (await consumer.get("users", limit=1))["users"] == [first]


async def test_what_is_not_there_any_more_is_on_no_page_and_none_is_shorter_for_it(
    consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (await consumer.get("enrollments", limit=1000))["enrollments"]
    leaving = await of_whom(consumer, before[-1]["user"]["sourcedId"])
    await load(consumer, altered(leaving, drops_a_class))
    with opened(monkeypatch) as counted:
        page = (await consumer.get("enrollments", limit=len(before) - 2, offset=1))["enrollments"]
        after = await consumer.send("enrollments", limit=2, offset=len(before) - 2)
    assert len(page) == len(before) - 2
    assert after.headers["x-total-count"] == str(len(before) - 1)
    assert 4 in counted  # it was looked for through everybody, once
    assert counted.count(4) <= 2


async def test_who_is_not_what_was_asked_for_any_more_is_on_no_page(consumer: Consumer) -> None:
    asked = {"filter": "familyName!='Newname'"}
    users = (await consumer.get("users", limit=1000, **asked))["users"]
    other = await of_whom(consumer, users[1]["sourcedId"])
    only = altered(other, lambda document: document["identity"].update(name={"first": "Ana", "last_1": "Newname"}))
    await load(consumer, only)
    answer = await consumer.send("users", limit=3, offset=1, **asked)
    [page] = (await consumer.get("users", limit=3, offset=1, **asked)).values()
    assert "Newname" not in {one["familyName"] for one in page}
    assert answer.headers["x-total-count"] == "3"


async def test_a_page_is_in_the_order_asked_for_though_names_changed(consumer: Consumer) -> None:
    asked = {"sort": "familyName", "orderBy": "asc"}
    users = (await consumer.get("users", limit=1000, **asked))["users"]
    await load(consumer, altered(await of_whom(consumer, users[1]["sourcedId"]), called("Zzz")))
    page = (await consumer.get("users", limit=3, offset=1, **asked))["users"]
    assert [one["familyName"] for one in page] == sorted(one["familyName"] for one in page)


async def test_a_collection_that_was_empty_is_looked_for_again(consumer: Consumer) -> None:
    asked = {"filter": "familyName='Newname'"}
    assert (await consumer.get("users", limit=1, **asked))["users"] == []
    await load(consumer, altered(THOSE[0], lambda document: document["identity"].update(name={"first": "Ana", "last_1": "Newname"})))
    assert (await consumer.send("users", limit=1, offset=1, **asked)).headers["x-total-count"] == "1"
