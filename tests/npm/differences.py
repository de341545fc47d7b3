"""Where oidc-provider, set up for FAPI 2.0, says otherwise than the node of the same wrong request, and why."""

from typing import Final

from tests.npm.call_differences import CALL
from tests.npm.consent_differences import CONSENT
from tests.npm.difference import Difference
from tests.npm.elsewhere import ACCEPTED
from tests.npm.registration_differences import REGISTRATION

DIFFERENCES: Final[list[Difference]] = [
    Difference(
        "RFC 7523 leaves an assertion's lifetime to the server; it bounds none, we a minute, for what counts once is remembered",
        ACCEPTED,
        {
            "assertion": ("lasts 61 seconds", "lasts a day", "was issued an hour ago", "says not when it was issued and lasts 61 seconds"),
            "revocation": ("lasts 61 seconds",),
            "introspection": ("lasts 61 seconds",),
        },
    ),
    Difference(
        "it does not look at iat; we refuse what is more than ten seconds ahead, as FAPI 2.0 section 5.3.2.1 lets a server",
        ACCEPTED,
        {"assertion": ("was issued 11 seconds ahead",)},
    ),
    Difference(
        "RFC 7519 permits fractions and any size of a date; whole seconds within 34,000 years are enough",
        ACCEPTED,
        {"assertion": ("expiry is a fraction", "expiry is after all time")},
    ),
    Difference(
        "any jti that is not empty is one there; ours has at least eight characters, which somebody may have drawn, and an end",
        ACCEPTED,
        {
            "assertion": ("jti of seven characters", "jti of 129 characters"),
            "DPoP": ("jti of seven characters", "jti of 129 characters"),
            "call": ("a proof with a jti of seven characters",),
        },
    ),
    Difference(
        "members of a header that it does not need are ignored; we refuse each: a later library could begin to believe it",
        ACCEPTED,
        {
            "assertion": (
                "a key by value",
                "a key by URL",
                "a certificate by URL",
                "a certificate by value",
                "a certificate's digest",
                "a payload that is not encoded",
            ),
            "DPoP": ("a kid as well", "a key by URL as well", "a key with a certificate"),
            "call": ("a proof with a key by URL",),
        },
    ),
    Difference(
        "it tries the keys of the client that fit; for us a key has a kid, as SMART Backend Services has it, and the message names it",
        ACCEPTED,
        {"assertion": ("no kid", "kid is a number")},
    ),
    Difference(
        "it does not look at an assertion's type; we take JWT and client-authentication+jwt, so that no token of another kind is one",
        ACCEPTED,
        {"assertion": ("type is that of access tokens", "type is that of proofs", "type is that of logout tokens")},
    ),
    Difference(
        "padding is taken there; RFC 7515 section 2 has none, and one text for one signature is safer",
        ACCEPTED,
        {"assertion": ("padded",), "DPoP": ("a padded signature",)},
    ),
    Difference(
        "the length of an assertion and of a proof is bounded by the whole request there",
        ACCEPTED,
        {"assertion": ("longer than 4,096 characters",), "DPoP": ("longer than 4,096 characters",)},
    ),
    Difference(
        "what cannot be read is a wrong request there, and to us a client that did not authenticate; RFC 6749 has room for both",
        "invalid_request",
        {
            "assertion": (
                "two segments",
                "four segments",
                "five segments, as if encrypted",
                "no base64url",
                "claims are a list",
                "claims are no JSON",
                "claims hold no number",
                "client_id is another client",
            ),
            "revocation": ("client_id is another client",),
            "introspection": ("client_id is another client",),
            "PAR and PKCE": ("a client_id of another",),
        },
    ),
    Difference(
        "a client that names itself and proves nothing: we say what is missing in the request, and look for no client",
        "invalid_client",
        {"assertion": ("nothing but client_id",), "PAR and PKCE": ("no assertion",)},
    ),
    Difference(
        "client_secret is no parameter there as long as no method has it, and so it is ignored; to us it is a second way of authenticating",
        ACCEPTED,
        {
            "assertion": ("a secret as well",),
            "revocation": ("a secret as well",),
            "introspection": ("a secret as well",),
            "PAR and PKCE": ("a secret beside the assertion",),
            "code": ("a secret",),
            "refresh": ("a secret",),
        },
    ),
    Difference(
        "without a proof the grant fails there; RFC 9449 section 5 names no error for that, and invalid_dpop_proof says what to do",
        "invalid_grant",
        {"DPoP": ("no proof", "empty")},
    ),
    Difference(
        "a proof that came before is a wrong grant there, and a wrong proof with us, as RFC 9449 section 5 says",
        "invalid_grant",
        {"DPoP": ("the same proof again", "the same jti by the same key again")},
    ),
    Difference(
        "a proof counts for five minutes before and after its time there; with us for a minute, and ten seconds ahead",
        ACCEPTED,
        {
            "DPoP": ("made 61 seconds ago", "made 11 seconds ahead"),
            "call": ("a proof made 61 seconds ago", "a proof made 11 seconds ahead"),
        },
    ),
    Difference(
        "a proof of another time may be made good by a nonce there; we want both to fit",
        "use_dpop_nonce",
        {"DPoP": ("made before all time",)},
    ),
    Difference(
        "a fraction of a second is a time to it, and an empty nonce is none; our times are whole, and a nonce that is there is ours",
        ACCEPTED,
        {"DPoP": ("made at a fraction of a second", "an empty nonce")},
    ),
    Difference(
        "it resolves dots in htu before it compares; no client of ours calls such a path, and the door refuses them",
        ACCEPTED,
        {"DPoP": ("for a path that leads there",)},
    ),
    Difference(
        "it refuses a parameter that comes twice only where it knows it, and decodes what is left as well as it can; RFC 6749 section 3.2 "
        "lets no parameter come twice",
        ACCEPTED,
        {
            "form": (
                "an unknown parameter twice",
                "a parameter without a value",
                "no UTF-8",
                "letters that are not encoded",
                "65 parameters",
                "a line break in a value",
                "a zero in a value",
            )
        },
    ),
    Difference(
        "it reads the body alone and leaves a query unread; RFC 6749 section 3.2 and 2.3.1 want parameters in the body, for a query stays "
        "in logs, and who sends one there is told so",
        ACCEPTED,
        {
            "form": ("the grant in the query too", "anything in the query"),
            "revocation": ("a token in the query",),
            "introspection": ("a token in the query",),
        },
    ),
    Difference(
        "scopes that it does not know, or that are not the client's, are left out of the token; we give what was asked for or nothing: "
        "less than that looks like success",
        ACCEPTED,
        {
            "form": (
                "a scope of others",
                "a scope of one's own and one of others",
                "a scope that does not exist",
                "a scope in upper case",
                "a scope twice",
                "a comma between scopes",
                "33 scopes",
                "every scope",
            ),
            "PAR and PKCE": ("a scope of another client", "a scope that there is not", "a scope twice"),
            "refresh": ("a scope twice",),
            "legacy secret": ("0: a scope that it has not", "0: a scope that no such client has"),
        },
    ),
    Difference(
        "RFC 8707 lets resource come twice, and it refuses two for this grant; we refuse any parameter that comes twice",
        "invalid_target",
        {"form": ("two servers",)},
    ),
    Difference(
        "it looks at what every type of RFC 9396 has, and leaves the rest to whoever sets it up (here: nobody); the rest is our type",
        ACCEPTED,
        {
            "details": (
                "an empty array",
                "two purposes",
                "the same entry twice",
                "no purpose",
                "a list of purposes",
                "a purpose that is a number",
                "an unknown member",
                "a member in upper case",
                "an action that does not exist",
                "no action",
                "an action twice",
                "no datatype",
                "a datatype that is none",
                "every datatype",
                "201 datatypes",
                "a datatype that does not exist",
                "a datatype twice",
                "a district that is no id",
                "a district twice",
                "another location",
                "two locations",
                "another's organisation",
                "a requestor without a role",
                "a basis that is a list",
                "a day that has passed",
                "a day that is none",
                "an agreement that is no id",
                "an agreement that is a list",
                "a purpose that is not registered",
                "a purpose in upper case",
                "longer than 8 KiB",
            ),
            "PAR and PKCE": ("another purpose",),
            "legacy secret": ("0: another purpose",),
        },
    ),
    Difference(
        "RFC 9101 has an error of its own for who takes no request objects; to us they are parameters that a pushed request cannot have",
        "request_not_supported",
        {"PAR and PKCE": ("a request object",)},
    ),
    Difference(
        "the same of the address of a request object",
        "request_uri_not_supported",
        {"PAR and PKCE": ("a request_uri of its own", "a request_uri at another server")},
    ),
    Difference(
        "a response type that it has, but not for this client, is a wrong request there; we have none but code",
        "invalid_request",
        {"PAR and PKCE": ("response_type id_token", "response_type none")},
    ),
    Difference(
        "it answers in every mode of RFC 8414 that there is; we in the query, as FAPI 2.0 has it",
        ACCEPTED,
        {"PAR and PKCE": ("response_mode fragment", "response_mode form_post")},
    ),
    Difference(
        "state is any text there; what comes back in a header of ours is bounded, and printable ASCII (RFC 6749 appendix A.5)",
        ACCEPTED,
        {"PAR and PKCE": ("a long state", "a state that is not ASCII", "a state with a control character")},
    ),
    Difference(
        "a challenge is whatever RFC 7636 lets a verifier be there; one of S256 has 43 of base64url, and no verifier fits another",
        ACCEPTED,
        {"PAR and PKCE": ("a challenge of 44 characters", "a challenge with another alphabet")},
    ),
    Difference(
        "RFC 9449 section 10 names no error for a dpop_jkt that is not the proof's key; to us the proof is the wrong one",
        "invalid_request",
        {"PAR and PKCE": ("dpop_jkt of another key",)},
    ),
    Difference(
        "a client with one redirect_uri may leave it out there; what was pushed had one, and RFC 6749 section 4.1.3 wants it again",
        ACCEPTED,
        {"code": ("no redirect_uri",)},
    ),
    Difference(
        "a verifier that RFC 7636 section 4.1 does not know is a wrong request there; to us it is one that does not fit (section 4.6)",
        "invalid_request",
        {"code": ("a verifier of 42 characters", "a verifier of 129 characters", "a verifier with another alphabet")},
    ),
    Difference(
        "details may be asked for anew at a refresh there, if whoever sets it up gives them; ours are those that the person agreed to",
        ACCEPTED,
        {"refresh": ("details",)},
    ),
    Difference(
        "it verifies a proof wherever one comes; a token of a client with a secret is bound to nothing, and a proof means another kind",
        "invalid_dpop_proof",
        {"legacy secret": ("0: a proof",)},
    ),
    *CALL,
    *CONSENT,
    *REGISTRATION,
]


def theirs() -> dict[tuple[str, str], str]:
    """What it says, by module and negative, where that is otherwise than we do."""
    return {(module, name): one.theirs for one in DIFFERENCES for module, names in one.rows.items() for name in names}
