"""Puts together what people's authorizations need when the process opens."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from services.gateway.oauth.agreed import Agreed
from services.gateway.oauth.authenticated import ClientAuthentication
from services.gateway.oauth.codes import code_grant, refresh_grant
from services.gateway.oauth.codes.asking import Asking
from services.gateway.oauth.codes.code_grant import CodeGrant
from services.gateway.oauth.codes.persons_tokens import PersonsTokens
from services.gateway.oauth.codes.pushing import Pushing
from services.gateway.oauth.codes.reach import Reaching
from services.gateway.oauth.codes.refresh_grant import RefreshGrant
from services.gateway.oauth.codes.refresh_tokens import RefreshTokens
from services.gateway.oauth.known_clients import KnownClients
from services.gateway.oauth.presented_proofs import PresentedProofs
from services.gateway.oauth.token_endpoint import Grant
from services.gateway.oauth.tokens import AccessTokens
from services.gateway.settings import GatewaySettings


def open_codes(
    state: Any,
    secret: bytes,
    names: bytes,
    *,
    clients: KnownClients,
    authentication: ClientAuthentication,
    proofs: PresentedProofs,
    tokens: AccessTokens,
    agreed: Agreed,
) -> Mapping[str, Grant]:
    """Put the endpoints on `state`, and give the grants of the token endpoint by `grant_type`.

    secret, names  32 bytes each of the gateway's own: of what refresh tokens are made, and people's names
    """
    settings: GatewaySettings = state.settings
    development = settings.insecure_development
    state.pushing = Pushing(state.database, state.outbox, clients, authentication, proofs, agreed, development)
    lasts, reaching = timedelta(seconds=settings.authorization_seconds), Reaching(agreed)
    state.asking = Asking(settings.entity_id, state.database, state.outbox, names, lasts, development, reaching)
    idle = timedelta(seconds=settings.refresh_idle_seconds)
    persons = PersonsTokens(
        state.database, state.outbox, tokens, RefreshTokens(secret), state.standing, development, idle, reaching, settings
    )
    return {code_grant.GRANT_TYPE: CodeGrant(persons), refresh_grant.GRANT_TYPE: RefreshGrant(persons)}
