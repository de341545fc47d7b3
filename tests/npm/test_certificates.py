"""Both clients come by the certificate of a real TLS connection, to a node as its operator starts it; what they get is bound to that."""

from typing import Any

import pytest

from safepassage.wire_clients import TlsSubject
from tests.gateway.certificates import holder
from tests.gateway.house import claims_of
from tests.npm.conftest import Secure
from tests.npm.scripts import script

pytestmark = [pytest.mark.anyio, pytest.mark.npm]

SCOPE = "decisions:read"
DN = "CN=sis.oak.example,O=Oak"


@pytest.mark.requirement("DOOR-outside")
async def test_openid_client_comes_by_a_certificate_that_an_authority_issued(secure: Secure) -> None:
    own, other = holder(DN, by=secure.authority), holder("CN=sis.elm.example,O=Elm", by=secure.authority)
    subject = TlsSubject(kind="subject_dn", value=DN)
    client = await secure.node.registered(SCOPE, authentication="tls_client_auth", tls_subject=subject)
    said: dict[str, Any] = await script("openid_client_certificate.mjs", **client, **secure.told(own=own, other=other), scope=SCOPE)
    assert said["server"]["tls_client_certificate_bound_access_tokens"] is True
    assert "tls_client_auth" in said["server"]["token_endpoint_auth_methods_supported"]
    assert (said["token"]["token_type"], said["token"]["scope"], said["may"]) == ("bearer", SCOPE, 200)
    bound = {"x5t#S256": own.seen.thumbprint}
    assert claims_of(said["token"]["access_token"])["cnf"] == said["known"]["cnf"] == bound
    assert said["stolen"] == [[401, "invalid_token"], [401, "invalid_token"]], "by another's certificate, and without one"
    assert said["untaken"] == ["invalid_client", "invalid_dpop_proof"]
    assert said["proven"]["token_type"] == "dpop", "with a proof it is bound to that key instead"
    assert said["after"] == [[401, "invalid_token"], False]


@pytest.mark.requirement("DOOR-outside")
async def test_oauth4webapi_comes_by_a_certificate_that_it_signed_itself(secure: Secure) -> None:
    own = secure.self_signed
    about = {"authentication": "self_signed_tls_client_auth", "tls_certificates": (own.seen.thumbprint,)}
    client = await secure.node.registered(SCOPE, **about)
    said = await script("oauth4webapi_certificate.mjs", **client, **secure.told(own=own), scope=SCOPE)
    assert (said["token"]["token_type"], said["token"]["scope"], said["may"]) == ("bearer", SCOPE, 200)
    assert (said["known"]["active"], said["known"]["cnf"]) == (True, {"x5t#S256": own.seen.thumbprint})
    assert (said["stolen"], said["untold"], said["after"]) == ([401, "invalid_token"], "invalid_request", {"active": False})
