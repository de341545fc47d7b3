"""The routes that the gateway answers itself: OAuth, what it publishes, the registry of organisations and clients."""

from dataclasses import replace
from typing import Final

from services.gateway.door.route import DEVELOPER_HEADERS, FORM, KIB, PUBLISHED_HEADERS, also_bearer, anonymous, get, page, people, send
from services.gateway.oauth.scopes import CLIENT_SCOPES

GATEWAY: Final = (
    anonymous("GET", "/livez", "gateway"),
    anonymous("GET", "/readyz", "gateway"),
    anonymous("POST", "/oauth/token", "gateway", body=32 * KIB, types=FORM),
    anonymous("POST", "/oauth/revoke", "gateway", body=32 * KIB, types=FORM),
    anonymous("POST", "/oauth/introspect", "gateway", body=32 * KIB, types=FORM),
    *also_bearer(get("/oauth/token_info", "gateway", *CLIENT_SCOPES)),
    anonymous("GET", "/oauth/jwks", "gateway"),
    anonymous("GET", "/.well-known/oauth-authorization-server", "gateway"),
    anonymous("GET", "/.well-known/oauth-protected-resource", "gateway"),
    anonymous("GET", "/.well-known/authzen-configuration", "gateway"),
    anonymous("GET", "/.well-known/safe-passage", "gateway"),
    replace(anonymous("GET", "/openapi.json", "gateway"), headers=PUBLISHED_HEADERS),
    replace(anonymous("GET", "/docs", "gateway"), headers=DEVELOPER_HEADERS),
    replace(anonymous("GET", "/docs/{asset}", "gateway"), headers=DEVELOPER_HEADERS),
    get("/v1/organisations", "gateway", "admin:organisations"),
    send("POST", "/v1/organisations", "gateway", "admin:organisations"),
    get("/v1/organisations/{organisation_id}", "gateway", "admin:organisations"),
    send("PUT", "/v1/organisations/{organisation_id}", "gateway", "admin:organisations"),
    get("/v1/clients", "gateway", "admin:clients"),
    send("POST", "/v1/clients", "gateway", "admin:clients"),
    get("/v1/clients/{client_id}", "gateway", "admin:clients"),
    send("PUT", "/v1/clients/{client_id}/grants", "gateway", "admin:clients"),
    send("PUT", "/v1/clients/{client_id}/keys", "gateway", "admin:clients"),
    get("/v1/clients/{client_id}/secrets", "gateway", "admin:clients"),
    send("POST", "/v1/clients/{client_id}/secrets", "gateway", "admin:clients", body=0, types=()),
    send("DELETE", "/v1/clients/{client_id}/secrets/{secret_id}", "gateway", "admin:clients", body=0, types=()),
    send("POST", "/v1/clients/{client_id}/disablement", "gateway", "admin:clients", body=0, types=()),
    send("DELETE", "/v1/clients/{client_id}/disablement", "gateway", "admin:clients", body=0, types=()),
    page("GET", "/assets/{version}/{name}"),
    page("GET", "/sign-in"),
    page("GET", "/sign-in/start"),
    page("GET", "/sign-in/callback"),
    page("GET", "/sign-in/link"),
    page("POST", "/sign-in/link", body=4 * KIB),
    anonymous("POST", "/sign-in/back-channel-logout", "gateway", body=32 * KIB, types=FORM),
    page("GET", "/sign-out/provider"),
    page("GET", "/signed-out"),
    people("GET", "/signed-in"),
    people("POST", "/sign-out", body=4 * KIB),
)
