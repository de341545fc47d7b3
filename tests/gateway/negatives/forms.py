"""The form of a token request (RFC 6749), its scopes, and the resource that it is for (RFC 8707)."""

from typing import Final

from tests.gateway.negatives.asked import FORM, Asked, Change, body, fields, parameters
from tests.gateway.negatives.negative import Negative, Refusal, table
from tests.gateway.negatives.scene import ODS

BEFORE_OAUTH: Final = "the door answers it with a problem of HTTP, before OAuth: there is no error code to compare"
MALFORMED = Refusal(400, "invalid_request", "malformed")
TWICE = Refusal(400, "invalid_request", "malformed", "a parameter comes twice")
NO_FORM = Refusal(400, "invalid_request", "malformed", "the body is not a form of 64 fields at the most")
CONTROL = Refusal(400, "invalid_request", "malformed", "a parameter holds a control character")
IN_THE_QUERY = Refusal(400, "invalid_request", "malformed", "parameters are sent in the body only")
GRANT = Refusal(400, "unsupported_grant_type", "grant-type")
NO_GRANT = Refusal(400, "invalid_request", "malformed", "grant_type is needed")
SCOPE = Refusal(400, "invalid_scope", "scope", "a scope is unknown, malformed, or not registered for this client")
RESOURCE = Refusal(400, "invalid_target", "resource", "resource is this node's issuer or the URL of a resource server that is registered")
NO_BODY_OF_THAT_KIND = Refusal(415, "unsupported-media-type", None)
TOO_LARGE = Refusal(413, "body-too-large", None)
NO_SUCH_METHOD = Refusal(405, "method-not-allowed", None)


def _more(text: str) -> Change:
    return body(lambda form: form + text)


def _content_type(value: str) -> Change:
    return lambda asked: setattr(asked, "content_type", (FORM[0], value))


def _query(text: str) -> Change:
    return lambda asked: setattr(asked, "query", text)


def _method(name: str) -> Change:
    return lambda asked: setattr(asked, "method", name)


def _issuer(path: str) -> Change:
    def change(asked: Asked) -> None:
        asked.parameters.update(resource=asked.party.issuer + path)

    return change


FORMS: Final[list[Negative]] = [
    *table(
        "token",
        TWICE,
        [
            ("the grant twice", _more("&grant_type=client_credentials")),
            ("a scope parameter twice", _more("&scope=decisions%3Aread&scope=decisions%3Aread")),
            ("an assertion twice", _more("&client_assertion=x")),
            ("an unknown parameter twice", _more("&x=1&x=2")),
            ("a parameter without a value", _more("&lonely"), NO_FORM),
            ("no UTF-8", _more("&x=%ff"), NO_FORM),
            ("letters that are not encoded", _more("&x=\xe4"), NO_FORM),
            ("65 parameters", _more("".join(f"&p{number}=1" for number in range(62))), NO_FORM),
            ("a line break in a value", _more("&x=%0a"), CONTROL),
            ("a zero in a value", _more("&x=a%00b"), CONTROL),
        ],
    ),
    *table(
        "token",
        IN_THE_QUERY,
        [
            ("the grant in the query too", _query("?grant_type=client_credentials")),
            ("anything in the query", _query("?x=1")),
        ],
    ),
    *table(
        "token",
        NO_BODY_OF_THAT_KIND,
        [
            ("the body is said to be JSON", _content_type("application/json")),
            ("the body is said to be of several parts", _content_type("multipart/form-data; boundary=x")),
            ("the body is said to be nothing", _content_type("")),
            ("32 KiB and more", _more("&x=" + "a" * 33_000), TOO_LARGE),
            ("by GET", _method("GET"), NO_SUCH_METHOD),
            ("by PUT", _method("PUT"), NO_SUCH_METHOD),
            ("two types of body", fields(("content-type", "application/json")), Refusal(400, "malformed-request", None)),
        ],
        not_sent=BEFORE_OAUTH,
    ),
    *table(
        "token",
        GRANT,
        [
            ("no grant", parameters(grant_type=None), NO_GRANT),
            ("an empty grant", parameters(grant_type=""), NO_GRANT),
            ("the grant of passwords", parameters(grant_type="password", username="u", password="p")),
            ("a grant that does not exist", parameters(grant_type="client-credentials")),
            ("the grant in upper case", parameters(grant_type="CLIENT_CREDENTIALS")),
        ],
    ),
    *table(
        "token",
        SCOPE,
        [
            ("a scope of others", parameters(scope="records:read:state")),
            ("a scope of one's own and one of others", parameters(scope="decisions:read records:read:state")),
            ("a scope that does not exist", parameters(scope="unknown:scope")),
            ("a scope in upper case", parameters(scope="DECISIONS:READ")),
            ("a scope twice", parameters(scope="decisions:read decisions:read")),
            ("two spaces between scopes", parameters(scope="decisions:read  exchange:request")),
            ("a space alone", parameters(scope=" ")),
            ("a space after the scope", parameters(scope="decisions:read ")),
            ("a comma between scopes", parameters(scope="decisions:read,exchange:request")),
            ("33 scopes", parameters(scope=" ".join(f"s{number}" for number in range(33)))),
            ("every scope", parameters(scope="*")),
        ],
    ),
    *table(
        "resource",
        RESOURCE,
        [
            ("a server that is not registered", parameters(resource="https://other.example")),
            ("a registered server with a slash", parameters(resource=f"{ODS}/")),
            ("a part of a registered server", parameters(resource="https://ods.alder.example")),
            ("a path under a registered server", parameters(resource=f"{ODS}/students")),
            ("a registered server in upper case", parameters(resource=ODS.replace("ods", "ODS"))),
            ("a registered server with a query", parameters(resource=f"{ODS}?x=1")),
            ("a registered server with a fragment", parameters(resource=f"{ODS}#x")),
            ("a registered server by http", parameters(resource=ODS.replace("https", "http"))),
            ("a part of the issuer", _issuer("/v1")),
            ("the issuer with a slash", _issuer("/")),
            ("no URL", parameters(resource="records")),
            ("a path alone", parameters(resource="/data/v3")),
            ("a blank", parameters(resource=" ")),
            ("two servers", _more("&resource=https%3A%2F%2Fother.example"), TWICE),
        ],
    ),
]
