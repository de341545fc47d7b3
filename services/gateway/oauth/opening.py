"""Puts together what the authorization server needs when the process opens."""

from fastapi import FastAPI

from services.gateway.door.authentication import Authentication
from services.gateway.oauth.agreed import Agreed
from services.gateway.oauth.authenticated import ClientAuthentication
from services.gateway.oauth.authorization_server import MachineServer
from services.gateway.oauth.client_certificates import Authorities
from services.gateway.oauth.codes.opening import open_codes
from services.gateway.oauth.codes.persons import Persons
from services.gateway.oauth.forged_proofs import ForgedProofs
from services.gateway.oauth.introspection import Introspection
from services.gateway.oauth.known_clients import KnownClients
from services.gateway.oauth.legacy import LegacyProfile
from services.gateway.oauth.nonces import ProofNonces
from services.gateway.oauth.presented_proofs import PresentedProofs
from services.gateway.oauth.proof_of_possession import Proofs
from services.gateway.oauth.replay import ProofStore
from services.gateway.oauth.revocation import Revocation
from services.gateway.oauth.secret_attempts import SecretAttempts
from services.gateway.oauth.token_endpoint import TokenEndpoint
from services.gateway.oauth.token_exchange import TokenExchange
from services.gateway.oauth.tokens import AccessTokens
from services.gateway.registration.opening import open_registration
from services.gateway.settings import GatewaySettings


def open_oauth(app: FastAPI, *, secret: bytes, names: bytes, nonces: ProofNonces, store: ProofStore) -> Authentication:
    """Put the endpoints on the application's state, and give what the door knows by who calls with their tokens.

    secret, names  32 bytes each of the gateway's own: of what refresh tokens are made, and people's names
    nonces, store  what nonces are given, and where used proofs are remembered
    """
    state = app.state
    settings: GatewaySettings = state.settings
    clock, database = state.clock, state.database
    tokens = AccessTokens(settings.entity_id, state.token_keys, lifetime_seconds=settings.access_token_seconds)
    proofs = Proofs()
    presented = PresentedProofs(settings.entity_id, proofs, nonces, settings.require_proof_nonce)
    clients = KnownClients(settings.entity_id, database, state.statements, open_registration(app))
    client_authentication = ClientAuthentication(settings.entity_id, clients, Authorities.of(settings.client_certificate_authorities))
    agreed, persons = Agreed(database, state.siblings), Persons(database)
    persons_grants = open_codes(
        state, secret, names, clients=clients, authentication=client_authentication, proofs=presented, tokens=tokens, agreed=agreed
    )
    state.token_endpoint = TokenEndpoint(
        settings,
        clock,
        database,
        state.outbox,
        clients,
        client_authentication,
        tokens,
        presented,
        state.refusals,
        MachineServer(),
        TokenExchange(tokens, state.standing, agreed, persons),
        LegacyProfile(database, SecretAttempts()),
        persons_grants,
    )
    state.revocation = Revocation(database, state.outbox, client_authentication, tokens, state.standing)
    state.introspection = Introspection(
        settings.entity_id, database, state.outbox, client_authentication, tokens, state.token_keys, state.standing
    )
    return Authentication(
        settings.entity_id,
        tokens,
        state.standing,
        proofs,
        ForgedProofs(),
        nonces,
        store,
        settings.require_proof_nonce,
        settings.legacy_clients,
        persons,
    )
