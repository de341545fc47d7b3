"""What strangers do to a door to wear it out or to confuse it: large, slow and many."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from starlette.types import Message

from safepassage.canonical import from_base64url, to_base64url
from safepassage.compact import assemble, signing_input, split
from services.gateway.door import bodies, http_protocol
from services.gateway.oauth.tokens import MAX_LENGTH, TYPE
from tests.conftest import StandingClock
from tests.gateway.by_hand import Party, ask, ask_token
from tests.gateway.door.production import serving
from tests.gateway.house import House, open_house
from tests.open_files import open_files

pytestmark = pytest.mark.anyio

IDLE = 1_500
SMALL = b"GET /livez HTTP/1.1\r\nHost: node.example\r\nConnection: close\r\n\r\n"


@pytest.fixture
async def party(house: House) -> Party:
    return await house.sea_party("decisions:read")


PATH = "/v1/decisions/019a0000-0000-7000-8000-000000000000"


@pytest.mark.requirement("DOOR-bounded")
async def test_huge_tokens_and_proofs_are_refused_before_any_of_them_is_verified(house: House, party: Party) -> None:
    token = await house.token(party)
    for length, status in ((6_600, 401), (1_000_000, 431)):  # what may be in a header at all, and what may not
        huge = "A" * length
        for authorization, proof in (
            (huge * 2, "x.y.z"),
            (f"{huge}.{huge}.{huge}", "x.y.z"),
            (token + huge * 2, "x.y.z"),
            (token, huge),
            (token, f"{huge}.{huge}.{huge}"),
            (".".join("a" * length), "x"),
        ):
            fields = [("authorization", f"DPoP {authorization}"), ("dpop", proof)]
            assert (await ask(house.app, "GET", PATH, headers=fields)).status == status
    padded = [party.proof(house.now, "GET", PATH, token=token, more="A" * length) for length in (10, 4_000)]
    answers = [await house.call(party, token, "GET", PATH, proof=one) for one in padded]
    assert [answer.status for answer in answers] == [200, 401]
    assert "permitted length" in answers[1].json["detail"]


@pytest.mark.requirement("DOOR-bounded")
async def test_a_token_that_this_node_signed_is_refused_for_its_length_alone(house: House, party: Party) -> None:
    payload = split(await house.token(party))[1]
    active, tokens = house.app.state.token_keys.current.active, []
    header, _, body = signing_input(typ=TYPE, kid=active.kid, payload=payload).partition(b".")
    for padding in range(7 * 1024, MAX_LENGTH):
        signed = header + b"." + to_base64url(from_base64url(body.decode()) + b" " * padding).encode()
        tokens.append(assemble(signed, active.sign(signed)))
        if len(tokens[-1]) > MAX_LENGTH:
            break
    answers = [await house.call(party, token, "GET", PATH) for token in tokens[-2:]]
    assert [(len(token) <= MAX_LENGTH, answer.status) for token, answer in zip(tokens[-2:], answers, strict=True)] == [
        (True, 200),
        (False, 401),
    ]
    assert answers[1].code == "access-token-not-valid"


@pytest.mark.requirement("DOOR-bounded")
async def test_details_of_a_megabyte_are_not_read_and_those_that_fit_are_refused_by_their_form(house: House, party: Party) -> None:
    for details, status in (
        ("x" * 1_000_000, 413),
        ("[" * 6_000, 400),
        ('[{"type":"student_data_access","x":"' + "y" * 6_000 + '"}]', 400),
    ):
        form = party.form(house.now, authorization_details=details)
        answer = await ask_token(house.app, party, house.now, form=form)
        assert answer.status == status, answer.body
        assert b"yyyy" not in answer.body


async def test_no_answer_is_made_of_any_name_that_a_header_says(house: House) -> None:
    """What stands beside Host gains nothing: no URL, no proof, no cookie and no redirect is made of it."""
    for path in ("/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource", PATH, "/v1/nothing"):
        answers = []
        for name in ("node.example", "evil.example", "127.0.0.1"):
            answer = await ask(house.app, "GET", path, headers=[("x-forwarded-host", name), ("forwarded", f"host={name}")])
            assert answer.status != 421
            assert b"evil" not in answer.body
            assert all("evil" not in value for _, value in answer.fields)
            answers.append((answer.status, [one for one in answer.fields if one[0] not in ("x-request-id", "ratelimit")]))
        assert answers[0] == answers[1] == answers[2]


@pytest.mark.requirement("DOOR-bounded")
async def test_many_connections_that_say_nothing_are_closed_and_keep_nobody_out(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HEADER_SECONDS", 2.0)
    with open_files(2 * IDLE + 500):
        await _crowded(tmp_path, node_keys, clock, empty_store)


async def _crowded(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> None:
    async with open_house(tmp_path, node_keys, clock, template=empty_store) as house, serving(house.app) as port:
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(IDLE)]
        for number, (_, writer) in enumerate(idle):
            writer.write(b"GET /livez HTTP/1.1\r\nX" if number % 2 else b"")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(SMALL)
        async with asyncio.timeout(5):
            assert b" 200 " in (await reader.read())[:20]
        async with asyncio.timeout(20):
            assert {await one.read() for one, _ in idle} == {b""}
        for _, one in idle:
            one.close()
        writer.close()


@pytest.mark.requirement("DOOR-bounded")
async def test_a_body_that_stops_coming_is_not_waited_for(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "IDLE_SECONDS", 0.1)
    async with open_house(tmp_path, node_keys, clock, template=empty_store) as house, serving(house.app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        fields = b"Host: node.example\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\nConnection: close\r\n"
        writer.write(b"POST /oauth/token HTTP/1.1\r\n" + fields + b"\r\ngrant_type=")
        async with asyncio.timeout(5):
            answer = await reader.read()
        writer.close()
    assert b" 503 " in answer[:20]
    assert b"the request came too slowly" in answer


@pytest.mark.requirement("DOOR-bounded")
async def test_a_body_that_comes_a_byte_now_and_then_is_not_waited_for(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "IDLE_SECONDS", 0.5)
    async with open_house(tmp_path, node_keys, clock, template=empty_store) as house, serving(house.app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        fields = b"Host: node.example\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9000\r\nConnection: close\r\n"
        writer.write(b"POST /oauth/token HTTP/1.1\r\n" + fields + b"\r\n")
        answer, sent = asyncio.create_task(_all_that_comes(reader)), 0
        async with asyncio.timeout(5):
            while not answer.done():
                writer.write(b"x")
                sent += 1
                await asyncio.sleep(0.02)  # far more often than any pause is long
        writer.close()
    assert b" 503 " in answer.result()[:20]
    assert b"the request came too slowly" in answer.result()
    assert sent < 200


async def _all_that_comes(reader: asyncio.StreamReader) -> bytes:
    """Until the other side closes. Who goes on sending to what is closed is told so by a reset, behind the answer."""
    come = b""
    with suppress(ConnectionResetError):
        while part := await reader.read(65_536):
            come += part
    return come


async def test_a_sender_is_not_blamed_for_whoever_takes_the_body_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "IDLE_SECONDS", 0.05)
    left = [b"x" * 10] * 5

    async def receive() -> Message:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": left.pop(), "more_body": bool(left)}

    async for _ in bodies.chunks(receive, limit=100):
        await asyncio.sleep(0.06)
    assert left == []
