"""What a vendor reads of the first district as OneRoster, by an agreement of theirs that no other vendor has."""

import json
from collections.abc import AsyncIterator

from tests.isolation.coverage import operations, route_of
from tests.isolation.of_privacy import Named
from tests.isolation.two_districts import Request, TwoDistricts
from tests.records.one_state import DISTRICT
from tests.records.oneroster.conftest import PATH, SCHEDULE, STUDENTS

NONE_HERE = ("gradingPeriods", "teachers")
"""The record has no such objects, so there is none that could be another's."""
VENDOR_WITH_ROSTER = "vendor with the roster"


async def of_oneroster(two: TwoDistricts) -> AsyncIterator[Named]:
    """Each operation that names an object, with an object of its kind."""
    lines = "\n".join(one.load.model_dump_json(exclude_none=True) for one in STUDENTS).encode()
    answer = await two.state.district(DISTRICT).load_roster(lines, "application/x-ndjson")
    assert answer.status == 200, answer.body
    await two.state.tell()
    two.owners[VENDOR_WITH_ROSTER] = await two.under(two.owners["vendor"], await two.state.agree(SCHEDULE))
    for operation, (method, path) in operations().items():
        if path.startswith(PATH) and "{" in path:
            collection = path.removeprefix(f"{PATH}/").partition("/")[0]
            if collection in NONE_HERE:
                assert await _list(two, operation, collection) == []
                yield operation.partition(".")[2], "nobody", Request(method, path.replace("{", "").replace("}", ""), ())
                continue
            ids = await _some(two, operation, path.removeprefix(f"{PATH}/"))
            for name, identifier in zip([part for part in path.split("/") if part.startswith("{")], ids, strict=True):
                path = path.replace(name, identifier, 1)
            yield operation.partition(".")[2], VENDOR_WITH_ROSTER, Request(method, path, tuple(dict.fromkeys(ids)))


async def _some(two: TwoDistricts, operation: str, place: str) -> list[str]:
    """The ids of objects that a path can name; of organisations the first is the state agency, which is nobody's alone."""
    parts = place.split("/")
    if len(parts) > 4:  # a class of a school
        [one, *_] = [each for each in await _list(two, operation, "classes") if "school" in each]
        return [str(one["school"]["sourcedId"]), str(one["sourcedId"])]
    return [str((await _list(two, operation, parts[0]))[-1]["sourcedId"])]


async def _list(two: TwoDistricts, operation: str, collection: str) -> list[dict[str, dict[str, str]]]:
    request = Request("GET", f"{PATH}/{collection}", ())
    answer = await two.ask(two.owners[VENDOR_WITH_ROSTER], route_of(operation).scopes, request)
    assert answer.status == 200, answer.body
    [found] = json.loads(answer.body).values()
    return list(found)
