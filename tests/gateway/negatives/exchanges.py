"""Token exchange (RFC 8693): what is not made of a token. The right one makes a token for another client that may, narrowed already."""

import json
from typing import Any, Final

from tests.gateway.negatives import assertions, proofs
from tests.gateway.negatives.asked import Asked, Change, again, assertion, claims_of_text, parameters, proof, with_claims
from tests.gateway.negatives.asked import proofs as other_proofs
from tests.gateway.negatives.negative import Negative, Refusal, table
from tests.gateway.negatives.scene import ODS

_TYPES: Final = "urn:ietf:params:oauth:token-type:"
NO_SUCH_GRANT: Final = "oidc-provider has no token exchange (RFC 8693) of its own"
NO_SUBJECT = Refusal(400, "invalid_request", "malformed", "subject_token is an access token, and subject_token_type says so")
ANOTHER_KIND = Refusal(400, "invalid_request", "malformed", "what is made is an access token")
ANOTHER_ACTOR = Refusal(400, "invalid_request", "malformed", "the actor is the client that authenticates, and no other")
NOT_IN_FORCE = Refusal(400, "invalid_request", "subject-token", "the subject token is not one in force that the client may exchange")
ANOTHER_SERVER = Refusal(400, "invalid_target", "resource")
SCOPE = Refusal(400, "invalid_scope", "scope", "a scope is not one that both the token and the client have")


def _refused(says: str) -> Refusal:
    return Refusal(400, "invalid_authorization_details", "authorization-details", says)


PURPOSE = _refused("a token is exchanged for the purpose that it has")
WITHIN = _refused("a token is exchanged for actions and districts that it has")
DATATYPES = _refused("a token is exchanged for datatypes that it has")
SAME = _refused("a token is exchanged for the same basis, agreement, location and requestor")
LONGER = _refused("a token is not exchanged for a longer time")
MALFORMED = _refused("is an array of one student_data_access with one purpose")


def _details(**members: Any) -> Change:
    entry = {"type": "student_data_access", "purpose": "assessment", **members}
    return parameters(authorization_details=json.dumps([entry]))


def _subject(asked: Asked) -> str:
    assert asked.form is not None
    return asked.form["subject_token"]


def _changed(asked: Asked) -> None:
    parameters(subject_token=with_claims(_subject(asked), scope="records:read:state"))(asked)


def _unsigned(asked: Asked) -> None:
    parameters(subject_token=_subject(asked).rpartition(".")[0] + ".")(asked)


def _own_assertion(asked: Asked) -> None:
    parameters(subject_token=asked.party.assertion(asked.now))(asked)


def _own_proof(asked: Asked) -> None:
    parameters(subject_token=asked.party.proof(asked.now, "POST", asked.path))(asked)


def _by_another(asked: Asked) -> None:
    """By a client that is registered for no exchange of anybody's tokens."""
    stranger = asked.others["stranger"]
    jwt = asked.assertion
    jwt.header, jwt.key = {**jwt.header, "kid": stranger.kid}, stranger.key
    jwt.claims.update(claims_of_text(stranger.assertion(asked.now)))


EXCHANGES: Final[list[Negative]] = [
    *table(
        "exchange",
        NO_SUBJECT,
        [
            ("no subject token", parameters(subject_token=None)),
            ("an empty subject token", parameters(subject_token="")),
            ("no type of it", parameters(subject_token_type=None)),
            ("an id token", parameters(subject_token_type=_TYPES + "id_token")),
            ("a JWT", parameters(subject_token_type=_TYPES + "jwt")),
            ("a refresh token", parameters(subject_token_type=_TYPES + "refresh_token")),
            ("a type in upper case", parameters(subject_token_type=(_TYPES + "access_token").upper())),
            ("for a refresh token", parameters(requested_token_type=_TYPES + "refresh_token"), ANOTHER_KIND),
            ("for an id token", parameters(requested_token_type=_TYPES + "id_token"), ANOTHER_KIND),
            ("for a SAML assertion", parameters(requested_token_type=_TYPES + "saml2"), ANOTHER_KIND),
            ("with an actor token", parameters(actor_token="x", actor_token_type=_TYPES + "access_token"), ANOTHER_ACTOR),
            ("with the type of an actor token", parameters(actor_token_type=_TYPES + "access_token"), ANOTHER_ACTOR),
        ],
        not_sent=NO_SUCH_GRANT,
    ),
    *table(
        "exchange",
        NOT_IN_FORCE,
        [
            ("nonsense for a token", parameters(subject_token="nonsense")),
            ("a token that was changed", _changed),
            ("a token without a signature", _unsigned),
            ("the client's own assertion", _own_assertion),
            ("a proof", _own_proof),
            ("by a client that may not exchange it", _by_another),
        ],
        not_sent=NO_SUCH_GRANT,
    ),
    *table(
        "exchange",
        ANOTHER_SERVER,
        [
            ("for another server", parameters(resource=ODS)),
            ("for no server", parameters(resource="nowhere")),
            ("for another audience", parameters(audience=ODS)),
            ("for a list of audiences", parameters(audience=f"{ODS} https://node.example")),
        ],
        not_sent=NO_SUCH_GRANT,
    ),
    *table(
        "exchange",
        SCOPE,
        [
            ("for a scope that the token has not", parameters(scope="exchange:request")),
            ("for a scope that the client has not", parameters(scope="records:read")),
            ("for a scope more", parameters(scope="decisions:read records:read")),
            ("for a scope twice", parameters(scope="decisions:read decisions:read")),
            ("for a scope that does not exist", parameters(scope="unknown:scope")),
            ("for two spaces", parameters(scope="  ")),
        ],
        not_sent=NO_SUCH_GRANT,
    ),
    *table(
        "exchange",
        PURPOSE,
        [
            ("for another purpose", _details(purpose="instruction")),
            ("for a purpose that does not exist", _details(purpose="recruiting")),
            ("for another action", _details(actions=["read", "load"]), WITHIN),
            ("for another district", _details(districts=["019a0000-0000-7000-8000-0000000000ff"]), WITHIN),
            ("for a datatype more", _details(datatypes=["identity", "attendance"]), DATATYPES),
            ("for another section", _details(datatypes=["attendance"]), DATATYPES),
            ("for another basis", _details(legal_basis="study"), SAME),
            ("for another agreement", _details(agreement_id="019a0000-0000-7000-8000-0000000000ff"), SAME),
            ("for another location", _details(locations=[ODS]), SAME),
            ("for longer", _details(expires="2099-01-01"), LONGER),
            ("with an unknown member", _details(more=1), MALFORMED),
            ("without a type", _details(type=None), MALFORMED),
            ("with details that are no JSON", parameters(authorization_details="[{"), MALFORMED),
        ],
        not_sent=NO_SUCH_GRANT,
    ),
    *table(
        "exchange",
        assertions.NO_ASSERTION,
        [
            ("by nobody", parameters(client_assertion=None, client_assertion_type=None)),
            ("with a secret as well", parameters(client_secret="s"), assertions.SECOND_METHOD),
            ("audience is the endpoint", lambda asked: assertion(aud=asked.url)(asked), assertions.AUDIENCE),
            ("the same assertion again", again("assertion"), assertions.REPLAYED),
            ("without a proof", other_proofs(lambda _: []), proofs.ONE_IS_NEEDED),
            ("with a proof for another endpoint", lambda asked: proof(htu=asked.party.issuer + "/oauth/revoke")(asked), proofs.ELSEWHERE),
            ("the same proof again", again("proof"), proofs.REPLAYED),
        ],
        not_sent=NO_SUCH_GRANT,
    ),
]
