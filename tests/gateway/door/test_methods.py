import pytest

from tests.gateway.by_hand import Party, ask
from tests.gateway.house import House

PATH = "/v1/exchange-requests/019a0000-0000-7000-8000-000000000000"


@pytest.mark.anyio
async def test_no_method_is_answered_but_those_of_the_table(house: House, reader: Party) -> None:
    """What echoes (TRACE), tunnels (CONNECT), asks for a cross-origin permit (OPTIONS) or means another method (HEAD) is none of them."""
    token = await house.token(reader)
    for method in ("TRACE", "CONNECT", "OPTIONS", "HEAD", "PURGE", "QUERY", "PROPFIND", "get"):
        answer = await house.call(reader, token, method, PATH, headers=[("x-planted", "echo-of-me")])
        assert (answer.status, answer.code, answer.headers["allow"]) == (405, "method-not-allowed", "GET"), method
        assert b"echo-of-me" not in answer.body
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert (await ask(house.app, method, "/v1/nothing")).code == "no-such-route"
    assert not [one for one in house.behind["records"].heard if one.path.startswith("/v1/")]
