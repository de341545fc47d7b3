"""Both clients act for a person who agreed on the node's own page, and for none who did not."""

from typing import Any

import pytest

from tests.npm.nodes import RunningNode
from tests.npm.scripts import script

pytestmark = [pytest.mark.anyio, pytest.mark.npm]

REDIRECT_URI = "http://127.0.0.1:51004/callback"
SCOPE = "alerts:read audit:operate"


async def application(node: RunningNode) -> dict[str, Any]:
    """What a script that asks a person is told: its client, and a link for the browser to come in by."""
    client = await node.client(
        *SCOPE.split(),
        redirect_uris=("http://127.0.0.1/callback",),
        grant_types=("client_credentials", "authorization_code", "refresh_token"),
    )
    return {"application": client, "link": await node.link(), "redirect_uri": REDIRECT_URI, "scope": SCOPE}


@pytest.mark.requirement("DOOR-outside")
async def test_openid_client_acts_for_a_person_who_agrees(node: RunningNode) -> None:
    said = await script("openid_client_person.mjs", **await application(node))
    assert said["parameters"] == ["client_id", "request_uri"], "the browser carries a name, and nothing that was asked for"
    assert set(said["back"]) == {"code", "state", "iss"}
    assert said["back"]["iss"] == node.issuer
    assert (said["tokens"]["scope"], said["may"]["status"], said["still"]) == (SCOPE, 200, 200)
    assert said["refreshed"]["refresh_token"] != said["tokens"]["refresh_token"]
    assert (said["takenBack"], said["over"]) == ("invalid_grant", 401), "with the refresh token all that came of it"
    assert (said["thrown"], said["refused"]) == ("OAUTH_INVALID_RESPONSE", "access_denied")


@pytest.mark.requirement("DOOR-outside")
async def test_oauth4webapi_acts_for_a_person_who_agrees_until_a_refresh_token_comes_again(node: RunningNode) -> None:
    said = await script("oauth4webapi_person.mjs", **await application(node))
    assert said["pushed"]["expires_in"] < 600
    assert (said["tokens"]["scope"], said["may"]) == (SCOPE, 200)
    held = [said[name]["refresh_token"] for name in ("tokens", "second", "third")]
    assert len(set(held)) == 3
    assert (said["reused"], said["ended"]) == ("invalid_grant", "invalid_grant")
    assert (said["takenBack"], said["over"]) == ("invalid_grant", 401)
