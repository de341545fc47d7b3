"""Revocation (RFC 7009) and introspection (RFC 7662): who is not heard. The form and the assertion are those of a token request."""

from typing import Final

from tests.gateway.by_hand import ASSERTION_TYPE, new_key
from tests.gateway.negatives import assertions, forms
from tests.gateway.negatives.asked import (
    FORM,
    Asked,
    Change,
    again,
    assertion,
    assertion_header,
    assertion_text,
    assertion_times,
    body,
    fields,
    parameters,
)
from tests.gateway.negatives.negative import Negative, Refusal, table

NO_TOKEN_TO_TAKE_BACK = Refusal(400, "invalid_request", "malformed", "the token to take back is needed")
NO_TOKEN_TO_ASK_ABOUT = Refusal(400, "invalid_request", "malformed", "the token to ask about is needed")


def _another_key(asked: Asked) -> None:
    asked.assertion.key = new_key("Ed25519")


def _endpoint(asked: Asked) -> None:
    asked.assertion.claims.update(aud=asked.url)


def _set(**about: object) -> Change:
    def change(asked: Asked) -> None:
        for name, value in about.items():
            setattr(asked, name, value)

    return change


def _of_both(given: str, no_token: Refusal) -> list[Negative]:
    return [
        *table(
            given,
            no_token,
            [
                ("no token", parameters(token=None)),
                ("an empty token", parameters(token="")),
                ("a token twice", body(lambda form: form + "&token=x"), forms.TWICE),
                ("the same assertion again", again("assertion"), assertions.REPLAYED),
                ("signed by another key", _another_key, assertions.SIGNATURE),
                ("algorithm is none", assertion_header(alg="none"), assertions.SIGNATURE),
                ("no signature", assertion_text(lambda text: text.rpartition(".")[0] + "."), assertions.SIGNATURE),
                ("audience is the endpoint", _endpoint, assertions.AUDIENCE),
                ("audience is another node", assertion(aud="https://other.example"), assertions.AUDIENCE),
                ("expired", assertion_times(iat=-60, exp=0), assertions.EXPIRED),
                ("lasts 61 seconds", assertion_times(exp=61), assertions.TOO_LONG),
                ("no jti", assertion(jti=None), assertions.JTI),
                ("an unknown kid", assertion_header(kid="two"), assertions.UNKNOWN),
                ("a client that is not there", assertion(iss=assertions.NOBODY, sub=assertions.NOBODY), assertions.UNKNOWN),
                ("client_id is another client", parameters(client_id="somebody"), assertions.SUBJECT),
                ("the token alone", parameters(client_assertion=None, client_assertion_type=None), assertions.NO_ASSERTION),
                (
                    "an assertion of SAML's type",
                    parameters(client_assertion_type=ASSERTION_TYPE.replace("jwt", "saml2")),
                    assertions.NO_ASSERTION,
                ),
                ("a secret as well", parameters(client_secret="secret"), assertions.SECOND_METHOD),
                ("Basic as well", fields(("authorization", "Basic c29tZTpzZWNyZXQ=")), assertions.SECOND_METHOD),
                ("a token in the query", _set(query="?token=x"), forms.IN_THE_QUERY),
            ],
        ),
        *table(
            given,
            forms.NO_BODY_OF_THAT_KIND,
            [
                ("the body is said to be JSON", _set(content_type=(FORM[0], "application/json"))),
                ("by GET", _set(method="GET"), forms.NO_SUCH_METHOD),
            ],
            not_sent=forms.BEFORE_OAUTH,
        ),
    ]


REVOCATIONS: Final[list[Negative]] = _of_both("revocation", NO_TOKEN_TO_TAKE_BACK)
INTROSPECTIONS: Final[list[Negative]] = [
    *_of_both("introspection", NO_TOKEN_TO_ASK_ABOUT),
    *table(
        "introspection",
        assertions.SECOND_METHOD,
        [("the token as the caller's own", lambda asked: fields(("authorization", f"DPoP {asked.form['token']}"))(asked))],
    ),
]
