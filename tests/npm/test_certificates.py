"""Both clients come by the certificate of a real TLS connection, to a node as its operator starts it; what they get is bound to that."""

from typing import Any

import pytest

from safepassage.wire_clients import TlsSubject
from tests.gateway.certificates import Holder, holder
from tests.gateway.house import claims_of
from tests.npm.conftest import Secure
from tests.npm.scripts import script

pytestmark = [pytest.mark.anyio, pytest.mark.npm]

SCOPE = "decisions:read"
DN = "CN=sis.oak.example,O=Oak"


async def coming(secure: Secure, kind: str) -> tuple[Holder, dict[str, Any]]:
    """A client's own certificate, and what a script is told: another's, too, which the handshake lets through."""
    if kind == "tls_client_auth":
        own, about = holder(DN, by=secure.authority), {"tls_subject": TlsSubject(kind="subject_dn", value=DN)}
    else:
        own, about = secure.self_signed, {"tls_certificates": (secure.self_signed.seen.thumbprint,)}
    other = holder("CN=sis.elm.example,O=Elm", by=secure.authority)
    client = await secure.node.registered(SCOPE, authentication=kind, **about)
    return own, {**client, **secure.told(own=own, other=other), "scope": SCOPE}


@pytest.mark.requirement("DOOR-outside")
@pytest.mark.parametrize("kind", ["tls_client_auth", "self_signed_tls_client_auth"])
async def test_openid_client_comes_by_its_certificate(secure: Secure, kind: str) -> None:
    own, told = await coming(secure, kind)
    said: dict[str, Any] = await script("openid_client_certificate.mjs", **told)
    assert said["server"]["tls_client_certificate_bound_access_tokens"] is True
    assert kind in said["server"]["token_endpoint_auth_methods_supported"]
    assert (said["token"]["token_type"], said["token"]["scope"], said["may"]) == ("bearer", SCOPE, 200)
    bound = {"x5t#S256": own.seen.thumbprint}
    assert claims_of(said["token"]["access_token"])["cnf"] == said["known"]["cnf"] == bound
    assert said["stolen"] == [[401, "invalid_token"]] * 2, "by another's certificate, and without one"
    assert said["untaken"] == ["invalid_client", "invalid_request"]
    assert said["proven"]["token_type"] == "dpop", "with a proof it is bound to that key instead"
    assert said["after"] == [[401, "invalid_token"], False]


@pytest.mark.requirement("DOOR-outside")
@pytest.mark.parametrize("kind", ["tls_client_auth", "self_signed_tls_client_auth"])
async def test_oauth4webapi_comes_by_its_certificate(secure: Secure, kind: str) -> None:
    own, told = await coming(secure, kind)
    said = await script("oauth4webapi_certificate.mjs", **told)
    assert (said["token"]["token_type"], said["token"]["scope"], said["may"]) == ("bearer", SCOPE, 200)
    assert (said["known"]["active"], said["known"]["cnf"]) == (True, {"x5t#S256": own.seen.thumbprint})
    assert (said["stolen"], said["untold"]) == ([[401, "invalid_token"]] * 2, ["invalid_client", "invalid_request"])
    assert said["after"] == {"active": False}
