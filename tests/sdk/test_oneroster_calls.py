"""A roster read as OneRoster by the client: page after page by the count that the node says, under the agreement of the client file."""

import json
from datetime import UTC, datetime
from uuid import UUID

import httpx2
import pytest

from safepassage.client.access import Access
from safepassage.client.client_file import ClientFile
from safepassage.client.keys import ClientKey
from safepassage.client.oneroster_calls import read_oneroster, read_roster_package
from safepassage.problems.calls import AnswerNotUnderstood

AGREEMENT = UUID(int=7)


def answer(body: object, **headers: str) -> httpx2.Response:
    return httpx2.Response(200, content=json.dumps(body).encode(), headers=headers)


def test_a_collection_is_read_page_by_page_until_its_count() -> None:
    call = read_oneroster("students", filter="familyName='Núñez'", fields=("sourcedId",), descending=True, limit=2)
    assert (call.method, call.path) == ("GET", "/ims/oneroster/rostering/v1p2/students")
    assert dict(call.query) == {"limit": "2", "offset": "0", "filter": "familyName='Núñez'", "orderBy": "desc", "fields": "sourcedId"}
    first = call.read(answer({"users": [{"sourcedId": "a"}, {"sourcedId": "b"}]}, **{"X-Total-Count": "3"}))
    assert (first.content.objects, first.content.total) == (({"sourcedId": "a"}, {"sourcedId": "b"}), 3)
    assert first.next is not None
    assert dict(first.next.query) == {**dict(call.query), "offset": "2"}
    assert first.next.read(answer({"users": [{"sourcedId": "c"}]}, **{"X-Total-Count": "3"})).next is None


def test_one_object_is_a_page_of_its_own() -> None:
    page = read_oneroster("students/a").read(answer({"user": {"sourcedId": "a"}}))
    assert (page.content.objects, page.content.total, page.next) == (({"sourcedId": "a"},), None, None)


@pytest.mark.parametrize("body", [[], 7, {}, {"users": [], "more": []}])
def test_what_is_no_collection_is_not_understood(body: object) -> None:
    with pytest.raises(AnswerNotUnderstood):
        read_oneroster("students").read(answer(body))


def test_a_package_is_asked_for_under_its_agreement() -> None:
    call = read_roster_package(AGREEMENT)
    assert (call.path, dict(call.query), call.accept) == ("/v1/roster-package", {"agreement_id": str(AGREEMENT)}, "application/zip")
    assert call.read(httpx2.Response(200, content=b"PK", headers={"etag": f'"{AGREEMENT}"'})).id == AGREEMENT
    assert (call.read(httpx2.Response(200, content=b"PK")), call.read(httpx2.Response(200, content=b"PK")).id) == (b"PK", None)
    assert dict(read_roster_package(AGREEMENT, since=AGREEMENT).query)["since"] == str(AGREEMENT)


def test_a_token_is_asked_for_under_the_agreement_of_the_client_file() -> None:
    key = ClientKey.generate()
    for agreement_id in (AGREEMENT, None):
        file = ClientFile(
            issuer="https://node.example", client_id="v", key=key.private_jwk(), purpose="instruction", agreement_id=agreement_id
        )
        form = Access.of(file).token_form(datetime(2026, 10, 20, tzinfo=UTC))
        [details] = json.loads(form["authorization_details"])
        assert details == {"type": "student_data_access", "purpose": "instruction"} | (
            {"agreement_id": str(AGREEMENT)} if agreement_id else {}
        )
