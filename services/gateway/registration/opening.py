"""Putting registration together for one process of the gateway."""

from fastapi import FastAPI

from services.gateway.registration.key_sets import KeySets
from services.gateway.registration.managing import Managing
from services.gateway.registration.registering import Registering


def open_registration(app: FastAPI) -> KeySets:
    """Put `registering` and `managing` on `app.state`; gives what gets key sets, for those who look clients up."""
    state = app.state
    key_sets = KeySets(state.database, state.outbox, state.siblings, state.standing)
    settings = state.settings
    issuer, development = settings.entity_id, settings.insecure_development
    certificates = settings.client_certificate_authorities is not None
    state.registering = Registering(issuer, state.database, state.outbox, key_sets, development, certificates)
    state.managing = Managing(issuer, state.database, state.outbox, key_sets, state.standing, development)
    return key_sets
