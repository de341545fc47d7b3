"""A roster read as OneRoster by the client: page after page by the count that the node says, under the agreement of the client file."""

import json
from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

import httpx2
import pytest

from safepassage.client.access import Access
from safepassage.client.client_file import ClientFile
from safepassage.client.keys import ClientKey
from safepassage.client.oneroster_calls import read_oneroster, read_roster_package
from safepassage.problems import REGISTRY, SuiteError
from safepassage.problems.calls import AnswerNotUnderstood
from safepassage.problems.problem import problem_of
from safepassage.problems.requests import InternalFault, NotFound
from safepassage.status_info import problem_in
from shared.status_info import status_info
from tests.sdk.test_client import Desk, desk

__all__ = ["desk"]

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


def test_a_refusal_in_the_standard_s_form_is_the_problem_that_it_tells_of(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.client.read_oneroster("nothing")
    desk.node.faults += ["internal-fault"] * 4
    with pytest.raises(InternalFault):
        desk.client.read_oneroster("students")


def test_a_token_that_was_taken_back_is_renewed_though_the_standard_s_form_says_so(desk: Desk) -> None:
    desk.client.read_oneroster("students")
    desk.node.faults.append("token-revoked")
    assert desk.client.read_oneroster("students").content.total == 0
    assert desk.tokens_asked() == 2


def test_a_nonce_that_the_standard_s_form_wants_is_put_into_the_next_proof() -> None:
    desk = Desk(nonces=True)
    desk.client.read_oneroster("students")
    desk.node.nonce = "another"
    assert desk.client.read_oneroster("students").content.total == 0


TITLES = Counter(kind.title for kind in REGISTRY.values())


@pytest.mark.parametrize("kind", [kind for kind in REGISTRY.values() if TITLES[kind.title] == 1], ids=lambda kind: kind.code)
@pytest.mark.parametrize("detail", [None, "why. And more"])
def test_every_problem_is_found_in_the_form_that_a_node_gives_it(kind: type[SuiteError], detail: str | None) -> None:
    body = bytes(status_info(kind(detail)).body)
    assert problem_in(body) == problem_of(kind, detail, field=None)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"error":"invalid_scope"}', b'{"imsx_description":7}', b'{"imsx_description":"Not ours."}'])
def test_what_is_no_refusal_of_ours_is_no_problem(body: bytes) -> None:
    assert problem_in(body) is None
