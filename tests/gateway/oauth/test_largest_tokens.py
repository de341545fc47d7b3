"""Whatever a token may be for, the door and the services take it: also the one that says the most."""

import json
from pathlib import Path
from uuid import uuid4

from services.gateway.oauth.authorization_details import DATATYPES, StudentDataAccess, read_details
from services.gateway.oauth.authorization_server import MOST_SCOPES
from services.gateway.oauth.scopes import SCOPES
from services.gateway.oauth.tokens import MAX_LENGTH, MOST_MADE_FROM, TYPE, AccessClaims, Acting, Confirmation, MadeFrom
from shared.app import internal_tokens
from shared.internal_token import InternalTokens
from shared.keys import SigningKey
from shared.settings import ServiceSettings
from shared.who_may_call import ServiceName
from tests.conftest import StandingClock

ISSUER = f"https://{'a' * 180}.example"
WORD = "w" * 64
DIGEST = "A" * 43


def widest_details() -> StudentDataAccess:
    """As long as any can be: every member, everything that a member may name, each of its length."""
    said = {
        "type": "student_data_access",
        "purpose": WORD,
        "actions": ["read", "load", "request"],
        "datatypes": sorted(DATATYPES),
        "legal_basis": WORD,
        "agreement_id": str(uuid4()),
        "districts": [str(uuid4()) for _ in range(100)],
        "locations": [ISSUER],
        "requestor": {"organization_id": str(uuid4()), "subject_role": WORD},
        "expires": "2026-12-31",
    }
    assert said.keys() == StudentDataAccess.model_fields.keys()
    return read_details(json.dumps([said]))


def widest_claims() -> AccessClaims:
    """Of a client that exchanged for another, for another, until it may no more."""
    acting = None
    for _ in range(MOST_MADE_FROM):
        acting = Acting(sub=str(uuid4()), act=acting)
    scopes = sorted((one for one in SCOPES if "sea" in SCOPES[one].kinds), key=len)[-MOST_SCOPES:]
    return AccessClaims(
        iss=ISSUER,
        aud=ISSUER,
        sub=DIGEST,
        client_id=str(uuid4()),
        jti=uuid4(),
        iat=2**31,
        exp=2**31,
        scope=" ".join(scopes),
        cnf=Confirmation(jkt=DIGEST),
        client_kid="k" * 128,
        client_key=DIGEST,
        organisation_id=uuid4(),
        organisation_kind="sea",
        role=WORD,
        authorization_details=(widest_details(),),
        act=acting,
        made_from=tuple(MadeFrom(jti=uuid4(), client_id=str(uuid4()), client_kid="k" * 128) for _ in range(MOST_MADE_FROM)),
        authorization_id=uuid4(),
        auth_time=2**31,
        acr="x" * 200,
    )


def test_the_largest_token_that_is_given_is_one_that_is_let_in() -> None:
    token = SigningKey.generate().sign_compact(typ=TYPE, payload=widest_claims().model_dump(mode="json", exclude_none=True))
    assert 0.8 * MAX_LENGTH < len(token) <= MAX_LENGTH


def test_a_service_that_calls_on_for_it_is_believed(node_keys: Path, clock: StandingClock) -> None:
    def of(service: ServiceName) -> InternalTokens:
        about = {"entity_id": ISSUER, "database_url": "sqlite+aiosqlite:///unused", "keys_directory": node_keys / service}
        return internal_tokens(service, ServiceSettings.model_validate(about))

    person = {"person": DIGEST, "address": "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff"}
    caller = widest_claims().caller().model_copy(update=person)
    at_records = of("records").verify(of("gateway").for_caller("records", caller, clock()), clock())
    at_privacy = of("privacy").verify(of("records").for_principal("privacy", at_records, clock()), clock())
    at_audit = of("audit").verify(of("privacy").for_principal("audit", at_privacy, clock()), clock())
    assert at_audit.caller == at_privacy.caller == caller
